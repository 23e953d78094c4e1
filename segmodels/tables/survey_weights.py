"""Sampling weights, counts and the design of a sample."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault
from segmodels.tables.survey_codes import distinct
from segmodels.tables.survey_numbers import numbers_of
from segmodels.tables.survey_rules import rows_fault
from segmodels.tables.survey_source import Sheet


@dataclass(frozen=True, eq=False)
class Sample:
    """What rows stand for.

    Parameters
    ----------
    weight
        Sampling weights with a mean of 1 over respondents, shape (N,).
    count
        How many respondents a row stands for, shape (N,).
    strata, cluster
        Codes from 0, shape (N,); clusters are told apart within strata.
    divisor
        What the weights were divided by; None without weights.
    """

    weight: NDArray[np.float64]
    count: NDArray[np.float64]
    strata: NDArray[np.int64] | None
    cluster: NDArray[np.int64] | None
    divisor: float | None


def sample_of(sheet: Sheet, columns: Mapping[str, str], ids: pd.Index) -> tuple[Sample, list[Fault]]:
    """Read weights, counts, strata and clusters, with everything wrong with them.

    Parameters
    ----------
    columns
        Argument to column, of the arguments given.
    ids
        Of the respondents, for the examples.
    """
    faults: list[Fault] = []
    count = np.ones(sheet.rows)
    if columns.get("count") in sheet.data:
        count, wrong = _numbers(sheet, "count", columns["count"], ids)
        faults += wrong
    weight, divisor = np.ones(sheet.rows), None
    if columns.get("weight") in sheet.data:
        weight, wrong = _numbers(sheet, "weight", columns["weight"], ids)
        faults += wrong
        if not faults and not weight @ count > 0:
            advice = "Give the rows that count a weight."
            faults.append(Fault("weight", "0 wherever count is not", "some above 0", advice))
        if not faults:
            divisor = float(weight @ count / count.sum())
            weight = weight / divisor
    codes: dict[str, NDArray[np.int64]] = {}
    for argument in ("strata", "cluster"):
        if columns.get(argument) in sheet.data:
            codes[argument], wrong = _groups(sheet, argument, columns[argument], ids)
            faults += wrong
    strata, cluster = codes.get("strata"), codes.get("cluster")
    if strata is not None and cluster is not None:
        # A cluster lies in one stratum; numbers that start anew in each stratum are different clusters.
        pairs = np.column_stack([strata, cluster])
        cluster = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return Sample(weight, count, strata, cluster, divisor), faults


def _numbers(
    sheet: Sheet, argument: str, column: str, ids: pd.Index
) -> tuple[NDArray[np.float64], list[Fault]]:
    values, unread, shown = numbers_of(sheet.data[column], ())
    repair = "Repair them; a row that should not count gets 0."
    faults = rows_fault(Fault(argument, "no number", "numbers", repair), unread, ids, shown)
    null = np.isnan(values) & ~unread
    faults += rows_fault(Fault(argument, "null", "a number in every row", repair), null, ids)
    infinite = np.isinf(values)
    faults += rows_fault(Fault(argument, "an infinite number", "finite numbers", repair), infinite, ids)
    finite = np.isfinite(values)
    faults += rows_fault(
        Fault(argument, "a negative number", "0 or more", repair), finite & (values < 0), ids, shown
    )
    if argument == "count":
        advice = "A count says how many respondents gave these answers; sampling weights go to weight=."
        broken = finite & (values >= 0) & (values != np.floor(values))
        faults += rows_fault(Fault(argument, "a fraction", "whole numbers", advice), broken, ids, shown)
    if not faults and not values.sum() > 0:
        faults = [Fault(argument, "0 in every row", "some above 0", repair)]
    return values, faults


def _groups(sheet: Sheet, argument: str, column: str, ids: pd.Index) -> tuple[NDArray[np.int64], list[Fault]]:
    found = distinct(sheet.data[column])
    null = np.isin(found.index, [-1, *(at for at, value in enumerate(found.levels) if value is None)])
    fault = Fault(argument, "null", "a value in every row", "Repair them, or leave the argument out.")
    codes = np.unique(found.index, return_inverse=True)[1].astype(np.int64)
    return codes, rows_fault(fault, null, ids)
