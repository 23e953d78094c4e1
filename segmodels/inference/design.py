"""Which covariates and which segment each group of cells has."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """Covariates and segments of G groups.

    Parameters
    ----------
    covariates
        For each effect, the names of its covariates.
    matrices
        For each effect, the standardised covariates, shape (G, P).
    centre, spread
        For each effect, what was subtracted and divided by, shape (P,); weighted by customers.
    segments
        Labels of the segments, shape (S,); empty without pooling.
    codes
        Segment of each group, shape (G,).
    """

    covariates: tuple[tuple[str, ...], ...]
    matrices: tuple[Array, ...]
    centre: tuple[Array, ...]
    spread: tuple[Array, ...]
    segments: tuple[str, ...]
    codes: NDArray[np.int64]


def design(
    groups: pd.DataFrame,
    customers: Array,
    covariates: tuple[tuple[str, ...], ...],
    by: str | None,
    segments: pd.Series | None = None,
) -> Design:
    """Build the design from the distinct rows of the attributes.

    Parameters
    ----------
    groups
        One row per group, shape (G, columns).
    customers
        Customers in each group, shape (G,).
    covariates
        For each effect, the columns that shift it; numeric or boolean.
    by
        The column that holds the segment, or ``None``.
    segments
        The segments there are, where some may be in no group; by default those of the groups.

    Raises
    ------
    InputError
        Where a covariate is not numeric or is the same for every customer.

    Examples
    --------
    >>> groups = pd.DataFrame({"online": [0, 1]})
    >>> design(groups, np.array([1.0, 1.0]), (("online",), ()), None).matrices[0].ravel()
    array([-1.,  1.])
    """
    names = dict.fromkeys(name for effect in covariates for name in effect)
    faults = [fault for name in names for fault in _faults(groups, name)]
    if faults:
        raise InputError(faults)
    matrices, centres, spreads = [], [], []
    for names in covariates:
        raw = groups[list(names)].to_numpy(np.float64).reshape(len(groups), len(names))
        centre = np.average(raw, axis=0, weights=customers)
        spread = np.sqrt(np.average((raw - centre) ** 2, axis=0, weights=customers))
        matrices.append((raw - centre) / spread)
        centres.append(centre)
        spreads.append(spread)
    if by is None:
        labels, codes = (), np.zeros(len(groups), np.int64)
    else:
        known: Any = pd.Index((groups[by] if segments is None else segments).unique()).sort_values()
        codes = known.get_indexer(groups[by])
        labels = tuple(segment_labels(known).tolist())
    return Design(covariates, tuple(matrices), tuple(centres), tuple(spreads), labels, codes.astype(np.int64))


def design_like(known: Design, groups: pd.DataFrame, by: str | None) -> Design:
    """Give new groups the design of a fit: its centring, its segments.

    Raises
    ------
    InputError
        Where a segment was not among those fitted.
    """
    matrices = tuple(
        (groups[list(names)].to_numpy(np.float64).reshape(len(groups), len(names)) - centre) / spread
        for names, centre, spread in zip(known.covariates, known.centre, known.spread, strict=True)
    )
    codes = np.zeros(len(groups), np.int64)
    if by is not None:
        named: Any = groups[by]
        codes = segment_codes(known.segments, named)
        unknown = groups.loc[codes < 0, by]
        if len(unknown):
            examples = tuple(repr(value) for value in unknown.drop_duplicates().head(3))
            expected = f"one of {', '.join(known.segments)}"
            remedy = "Fit again with these segments, or give their customers a fitted one."
            raise InputError(Fault(by, "unknown segments", expected, remedy, len(unknown), examples))
    return Design(known.covariates, matrices, known.centre, known.spread, known.segments, codes)


def segment_labels(values: pd.Series | pd.Index) -> NDArray[Any]:
    """Write segments as a fit names them: each value by itself, whatever others stand in its column.

    Parameters
    ----------
    values
        Text, numbers, flags or dates, shape (G,).

    Returns
    -------
    numpy.ndarray
        Text, as objects, shape (G,).

    Examples
    --------
    >>> segment_labels(pd.Series(pd.to_datetime(["2024-01-01"])))
    array(['2024-01-01 00:00:00'], dtype=object)
    """
    codes, kinds = pd.factorize(values, use_na_sentinel=False)
    written = np.empty(len(kinds), dtype=object)
    written[:] = [str(kind) for kind in kinds]
    return written[codes]


def segment_codes(segments: tuple[str, ...], values: pd.Series) -> NDArray[np.int64]:
    """Find the places of values among the segments of a fit.

    Parameters
    ----------
    segments
        Labels, shape (S,).
    values
        As in :func:`segment_labels`, shape (G,).

    Returns
    -------
    numpy.ndarray
        Shape (G,); -1 where a value is none of the segments.

    Examples
    --------
    >>> segment_codes(("2023", "2024"), pd.Series([2024, 2025]))
    array([ 1, -1])
    """
    known: Any = pd.Index(segments, dtype=object)
    codes = known.get_indexer(segment_labels(values))
    # Dates without times, too, where the fit knew them as text.
    as_column = known.get_indexer(np.asarray(values.astype(str), dtype=object))
    return np.where(codes < 0, as_column, codes).astype(np.int64)


def _faults(groups: pd.DataFrame, name: str) -> list[Fault]:
    column = groups[name]
    if not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)):
        examples = tuple(repr(value) for value in column.drop_duplicates().head(3))
        remedy = "Code it as 0/1 columns, or give a categorical column as by=."
        return [Fault(name, f"a column of type {column.dtype}", "numbers", remedy, examples=examples)]
    wild = ~np.isfinite(column.to_numpy(np.float64))
    if wild.any():
        examples = tuple(repr(value) for value in column.loc[wild].iloc[:3])
        remedy = "Repair or cap them, or leave the column out."
        return [Fault(name, "infinite or missing", "finite numbers", remedy, examples=examples)]
    if len(set(column)) < 2:
        got = f"{column.iloc[0]} for all customers that the fit can use"
        remedy = "Leave it out. Of a survey only those who answered can be used, whatever the others have."
        return [Fault(name, got, "a covariate that varies among them", remedy)]
    return []
