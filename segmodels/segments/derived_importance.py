"""What decides between suppliers: importance derived from choices, not from what people say."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import factorial

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from segmodels.errors import Fault, InputError
from segmodels.segments.proportions import two_sided

Array = NDArray[np.float64]
Coalition = frozenset[int]

_EXACT = 8
_ORDERS = 200
_RIDGE = 1e-3
_NEWTON_STEPS = 50


@dataclass(frozen=True, eq=False)
class Choices:
    """Choices between suppliers: R rows, one for each supplier that a respondent considers.

    Parameters
    ----------
    start
        First row of each respondent, shape (N,); rows of a respondent follow each other.
    x
        Performance of the supplier on each benefit, standardised, shape (R, J).
    chosen
        Whether it was chosen, one supplier a respondent, shape (R,).
    weight
        Of each respondent, shape (N,).
    """

    start: NDArray[np.int64]
    x: Array
    chosen: NDArray[np.bool_]
    weight: Array

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Suppliers of each respondent, shape (N,)."""
        return np.diff(np.append(self.start, len(self.x)))


def derived_importance(
    choices: pd.DataFrame,
    benefits: Sequence[str],
    *,
    seed: int,
    weight: pd.Series | None = None,
    level: float = 0.95,
) -> pd.DataFrame:
    """Derive the importance of benefits from choices between suppliers.

    A conditional logit model explains the choice by how the respondent rates each supplier. The importance of
    a benefit is its Shapley value: the log-likelihood that it adds, averaged over all orders in which the
    benefits can enter; so benefits that go together share what they explain.

    Parameters
    ----------
    choices
        Columns ``customer_id, supplier, chosen`` (true for one supplier of each respondent) and one number
        for each benefit.
    benefits
        Columns.
    seed
        Of the orders, where there are more than 8 benefits and 200 orders are drawn; of no effect else.
    weight
        Weights of respondents by customer_id; 1 by default.
    level
        Of the intervals.

    Returns
    -------
    pandas.DataFrame
        ``benefit, coefficient`` (per standard deviation), ``se, z, p_value, derived, derived_low,
        derived_high`` (share of the log-likelihood gained) and ``respondents``.

    Raises
    ------
    InputError
        Where columns are missing, numbers are not finite, or a respondent chose no or several suppliers.

    Notes
    -----
    At its maximum a log-likelihood does not change with the coefficients to first order; so what each
    respondent adds to a Shapley value is its influence on it, and gives the interval.

    Examples
    --------
    >>> rows = [(i, s, s == i % 2, float(s == i % 2), 1.0) for i in range(20) for s in (0, 1)]
    >>> table = pd.DataFrame(rows, columns=["customer_id", "supplier", "chosen", "speed", "price"])
    >>> derived_importance(table, ["speed", "price"], seed=1)["derived"].round(3).tolist()
    [1.0, 0.0]
    """
    found = _read(choices, benefits, weight)
    values: dict[Coalition, Array] = {}

    def value(members: Coalition) -> Array:
        if members not in values:
            values[members] = _log_likelihoods(found, sorted(members))[0]
        return values[members]

    parts = _shapley(value, len(benefits), seed)
    total = (found.weight[:, None] * parts).sum(axis=0)
    gained = float(total.sum())
    share = total / gained if gained > 0 else np.full(len(total), np.nan)
    n = len(found.start)
    influence = found.weight[:, None] * (parts - share * parts.sum(axis=1, keepdims=True))
    error = np.sqrt((influence**2).sum(axis=0) * n / max(n - 1, 1)) / gained if gained > 0 else share
    half = norm.ppf((1 + level) / 2) * error
    _, beta, covariance = _log_likelihoods(found, list(range(len(benefits))))
    se = np.sqrt(np.diag(covariance))
    z = np.divide(beta, se, out=np.zeros(len(se)), where=se > 0)
    return pd.DataFrame(
        {
            "benefit": list(benefits),
            "coefficient": beta,
            "se": se,
            "z": z,
            "p_value": two_sided(z),
            "derived": share,
            "derived_low": np.maximum(share - half, 0),
            "derived_high": np.minimum(share + half, 1),
            "respondents": n,
        }
    )


def _read(choices: pd.DataFrame, benefits: Sequence[str], weight: pd.Series | None) -> Choices:
    needed = ["customer_id", "supplier", "chosen", *benefits]
    absent = [name for name in needed if name not in choices.columns]
    if absent or not benefits:
        got = f"no column {', '.join(absent)}" if absent else "no benefits"
        raise InputError(Fault("choices", got, f"columns {', '.join(needed)}", "Add or rename them."))
    table = choices.sort_values("customer_id", kind="stable")
    x = table[list(benefits)].to_numpy(np.float64)
    faults: list[Fault] = []
    bad = ~np.isfinite(x).all(axis=1)
    if bad.any():
        rows = int(bad.sum())
        faults.append(Fault("choices", "no finite number", "a rating", "Fill or drop the suppliers.", rows))
    ids, start = np.unique(table["customer_id"].to_numpy(), return_index=True)
    chosen = table["chosen"].to_numpy(bool)
    times = np.add.reduceat(chosen.astype(np.int64), start) if len(start) else np.zeros(0, np.int64)
    if not len(start) or (times != 1).any():
        examples = tuple(f"customer {name}" for name in ids[times != 1][:3])
        got, rows = "no or several suppliers chosen", int((times != 1).sum())
        faults.append(
            Fault("chosen", got, "one supplier a respondent", "Keep one choice each.", rows, examples)
        )
    own = np.ones(len(ids)) if weight is None else weight.reindex(ids).to_numpy(np.float64)
    if not np.isfinite(own).all():
        rows = int((~np.isfinite(own)).sum())
        faults.append(Fault("weight", "none", "a weight for each respondent", "Add them.", rows))
    if faults:
        raise InputError(faults)
    spread = x.std(axis=0)
    return Choices(start, (x - x.mean(axis=0)) / np.where(spread > 0, spread, 1), chosen, own)


def _log_likelihoods(choices: Choices, members: list[int]) -> tuple[Array, Array, Array]:
    """Log-likelihood of each respondent (N,) at the best coefficients (J,), with their covariance (J, J)."""
    x = choices.x[:, members]
    beta = np.zeros(len(members))
    rows = np.repeat(choices.weight, choices.sizes)
    log_p = _log_probability(choices, x @ beta)
    hessian = np.eye(len(members))
    for _ in range(_NEWTON_STEPS if members else 0):
        p = np.exp(log_p)
        slope = (rows * (choices.chosen - p)) @ x - _RIDGE * beta
        centred = x - np.repeat(_group_sums(choices, p[:, None] * x), choices.sizes, axis=0)
        hessian = (centred * (rows * p)[:, None]).T @ centred + _RIDGE * np.eye(len(members))
        step = np.linalg.solve(hessian, slope)
        # The objective is concave; long first steps from a distance are shortened.
        beta = beta + step * min(1.0, 5 / max(float(np.abs(step).max()), 1e-300))
        log_p = _log_probability(choices, x @ beta)
        if np.abs(step).max() < 1e-9:
            break
    score = _group_sums(choices, (choices.chosen - np.exp(log_p))[:, None] * x) * choices.weight[:, None]
    bread = np.linalg.inv(hessian)
    return log_p[choices.chosen], beta, bread @ (score.T @ score) @ bread


def _log_probability(choices: Choices, utility: Array) -> Array:
    largest = np.repeat(np.maximum.reduceat(utility, choices.start), choices.sizes)
    whole = np.add.reduceat(np.exp(utility - largest), choices.start)
    return utility - largest - np.repeat(np.log(whole), choices.sizes)


def _group_sums(choices: Choices, values: Array) -> Array:
    return np.add.reduceat(values, choices.start, axis=0)


def _shapley(value: Callable[[Coalition], Array], players: int, seed: int) -> Array:
    """Shapley value of each player for each respondent, shape (N, J): exact for few, over drawn orders else."""
    columns = [np.zeros(len(value(frozenset()))) for _ in range(players)]
    for share, player, before in _entries(players, seed):
        columns[player] = columns[player] + share * (value(before | {player}) - value(before))
    return np.column_stack(columns)


def _entries(players: int, seed: int) -> Iterator[tuple[float, int, Coalition]]:
    """Walk who enters, after whom, and how often that is so."""
    if players <= _EXACT:
        for player in range(players):
            others = [other for other in range(players) if other != player]
            for size in range(players):
                share = factorial(size) * factorial(players - size - 1) / factorial(players)
                for before in combinations(others, size):
                    yield share, player, frozenset(before)
        return
    rng = np.random.default_rng(np.random.SeedSequence(seed))
    for _ in range(_ORDERS):
        order = [int(player) for player in rng.permutation(players)]
        for place, player in enumerate(order):
            yield 1 / _ORDERS, player, frozenset(order[:place])
