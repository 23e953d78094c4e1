"""What the peers learn from: answers, own spend and further columns, as standardised numbers."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError

Array = NDArray[np.float64]


def features(survey: pd.DataFrame, base: pd.DataFrame, columns: Sequence[str]) -> tuple[Array, Array]:
    """Give the features of those who answered and of those to be predicted.

    Log own spend first; who spends 0 has the log of the least spender, and a column that says so. Then the
    columns, labels as one 0/1 column for each label but the first. All are standardised over both frames together,
    because the firm knows them of everybody.

    Parameters
    ----------
    survey, base
        With ``own`` and the columns.
    columns
        Numbers or labels.

    Returns
    -------
    tuple of ndarray
        Shapes (n, P) and (B, P).

    Raises
    ------
    InputError
        Where a column is absent or has missing values, or all customers are alike.

    Examples
    --------
    >>> survey = pd.DataFrame({"own": [0.0, 1.0], "town": ["a", "b"]})
    >>> asked, other = features(survey, pd.DataFrame({"own": [2.0], "town": ["b"]}), ["town"])
    >>> asked.shape, other.shape
    ((2, 3), (1, 3))
    """
    both = pd.concat([survey, base], ignore_index=True)
    _check(both, columns)
    own = both["own"].to_numpy(np.float64)
    buys = own > 0
    parts = [np.log(np.where(buys, own, own[buys].min() if buys.any() else 1.0)), ~buys]
    for name in columns:
        column = pd.Series(both[name])
        if pd.api.types.is_numeric_dtype(column):
            parts.append(column.to_numpy(np.float64))
        else:
            codes, labels = pd.factorize(column)
            parts += list((codes[:, None] == np.arange(1, len(labels))).T)
    matrix = np.column_stack(parts).astype(np.float64)
    matrix = matrix[:, np.ptp(matrix, axis=0) > 0]
    if not matrix.shape[1]:
        advice = "Nothing tells these customers apart; take a way that does not try to."
        raise InputError(Fault("own and columns", "the same for all", "some difference", advice))
    standard = (matrix - matrix.mean(axis=0)) / matrix.std(axis=0)
    return standard[: len(survey)], standard[len(survey) :]


def answers_of(survey: pd.DataFrame) -> Array:
    """Elsewhere spend of those who answered, shape (n,).

    Raises
    ------
    InputError
        Where nobody did.

    Examples
    --------
    >>> answers_of(pd.DataFrame({"own": [1.0], "elsewhere": [3.0]})).tolist()
    [3.0]
    """
    if not len(survey):
        raise InputError(Fault("survey", "nobody", "customers who answered", "Ask somebody."))
    return survey["elsewhere"].to_numpy(np.float64)


def _check(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    faults: list[Fault] = []
    for name in ("own", *columns):
        if name not in frame:
            faults.append(Fault(name, "no such column", "a column", f"There are {', '.join(frame.columns)}."))
        elif rows := int(frame[name].isna().to_numpy().sum()):
            faults.append(Fault(name, "missing", "a value", "Fill it knowingly or leave it out.", rows))
    if faults:
        raise InputError(faults)
