"""Which customers answer a survey: mechanisms of selection for the masked-truth protocol."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from segmodels.errors import Fault, InputError

Array = NDArray[np.float64]
Mechanism = Literal["random", "own_spend", "outside_spend"]
#: In the order of their codes.
MECHANISMS: tuple[Mechanism, ...] = ("random", "own_spend", "outside_spend")


def select(
    mechanism: Mechanism, own: ArrayLike, elsewhere: ArrayLike, size: int, rng: np.random.Generator
) -> NDArray[np.intp]:
    """Choose who answers.

    Parameters
    ----------
    mechanism
        See :func:`log_weights`.
    own, elsewhere
        Spend with us and the true spend elsewhere of N customers, currency, shape (N,).
    size
        How many answer, below N.
    rng
        Source of chance.

    Returns
    -------
    ndarray
        Positions, ascending, shape (size,).

    Raises
    ------
    InputError
        Where the mechanism is unknown, or nobody would be left to predict.

    Notes
    -----
    Successive draws without replacement, the next customer with a probability proportional to its weight among
    those left: the highest log weights plus Gumbel noise (Efraimidis and Spirakis 2006, Information Processing
    Letters 97(5)).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> len(select("own_spend", [1, 2, 3, 400], [4, 3, 2, 1], 2, rng))
    2
    """
    weights = log_weights(mechanism, own, elsewhere)
    if not 1 <= size < len(weights):
        expected = f"1 to {len(weights) - 1}"
        raise InputError(Fault("size", str(size), expected, "Somebody has to be left to predict."))
    keys = weights + rng.gumbel(size=len(weights))
    return np.sort(np.argpartition(-keys, size - 1)[:size])


def log_weights(mechanism: Mechanism, own: ArrayLike, elsewhere: ArrayLike) -> Array:
    """Give the log of each customer's weight of being drawn next, shape (N,).

    - random: all alike.
    - own_spend: z(log own), standardised over the customers with own spend above 0; those with 0, who have no
      logarithm, have the weight of the least spender. Ignorable once own spend is in the model.
    - outside_spend: z(elsewhere). Not ignorable: the answers depend on what is asked.

    Examples
    --------
    >>> log_weights("own_spend", [0, 1, np.e**2], [9, 9, 9]).tolist()
    [-1.0, -1.0, 1.0]
    """
    y, c = np.asarray(own, np.float64), np.asarray(elsewhere, np.float64)
    match mechanism:
        case "random":
            return np.zeros(len(y))
        case "own_spend":
            if not (y > 0).any():
                raise InputError(Fault("own", "no spend", "some spend", "Take mechanism random."))
            return _z(np.log(np.maximum(y, y[y > 0].min())), y > 0)
        case "outside_spend":
            return _z(c, np.ones(len(c), np.bool_))
    got, names = repr(mechanism), ", ".join(MECHANISMS)
    raise InputError(Fault("mechanism", got, f"one of {names}", "Choose one of them."))


def _z(values: Array, among: NDArray[np.bool_]) -> Array:
    """Standardise by those among whom; alike for all where they do not differ."""
    centred = values - values[among].mean()
    spread = values[among].std()
    return centred / spread if spread > 0 else np.zeros_like(centred)
