"""What the page on wallets can show, in parts: plain frames and figures in full precision."""

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite, nan
from typing import Literal

import pandas as pd

from segmodels.errors import Fault
from segmodels.segments.wallet.value_grid import CELLS, UNKNOWN


@dataclass(frozen=True)
class Estimate:
    """A figure and its interval; an end that is not known is NaN.

    >>> Estimate(3.0).known, Estimate(3.0, 2.0, 5.0).known
    (False, True)
    """

    value: float
    low: float = nan
    high: float = nan

    @property
    def known(self) -> bool:
        """Whether the interval has both ends."""
        return isfinite(self.low) and isfinite(self.high)


@dataclass(frozen=True)
class WalletHeadline:
    """What is known of the whole base and what is not.

    Parameters
    ----------
    customers
        In the base.
    answered
        Of them, those with a survey answer.
    own
        Spend with us, of all customers.
    wallet, headroom
        Own and elsewhere spend, and elsewhere spend alone, of all customers but those not identified.
    share
        Of wallet, between 0 and 1: the ratio of sums, of the same customers.
    identified, extrapolated, not_identified
        Customers by status.
    attainable
        What would come if customers gave the share that the best of their look-alikes give; where known.
    own_not_identified
        The part of ``own`` that is in no figure of wallet and share.
    target_quantile
        Of the share among look-alikes that is taken as attainable.
    censored
        Answers that were smaller than own spend, read as next to nothing elsewhere.
    rounded
        Answers that were round figures, read as intervals.
    window, category
        Of the spend, in words, such as ``"12 months to 2025-12-31"``; empty where not stated.
    assumptions
        Of the model, a sentence each.
    anchored
        Whether the share of wallet comes from outside, and answers do no more than correct it.
    told
        What customers were asked for: spend ``"in all"``, or spend ``"elsewhere"``.
    fixed
        Whether the intervals hold the parameters of the model fixed, as those of a posterior mode do.
    target_of_all
        Part of the buyers whose target share, which attainable takes, is 100%.
    """

    customers: int
    answered: int
    own: float
    wallet: Estimate
    share: Estimate
    headroom: Estimate
    identified: int
    extrapolated: int
    not_identified: int
    attainable: Estimate | None = None
    own_not_identified: float = 0.0
    target_quantile: float = 0.8
    censored: int = 0
    rounded: int = 0
    window: str = ""
    category: str = ""
    assumptions: tuple[str, ...] = ()
    anchored: bool = False
    told: Literal["in all", "elsewhere"] = "in all"
    fixed: bool = False
    target_of_all: float = 0.0


@dataclass(frozen=True, eq=False)
class GridPart:
    """The value grid.

    Parameters
    ----------
    cells
        One row a cell of ``CELLS`` of :mod:`segmodels.segments.wallet.value_grid`, and one of its ``UNKNOWN``
        where there are such customers: ``cell, customers, value, headroom``; and where known ``own, attainable``
        and the ends of intervals, such as ``customers_low``. Headroom and attainable of the unknown are NaN.
    value_cut, potential_cut
        In money; more than the cut is high.
    value_name, potential_name
        What the two axes are.
    undecided
        Customers of whom no cell has a probability of ``sure``; None where not counted.
    sure
        Probability from which on a customer counts as decided.
    bands
        One row for each value decile and band of potential, in the order of the figure, the best decile and the
        lowest band first: ``decile, band, customers, headroom``; and where known ``value`` and the ends of
        intervals.
    top_headroom
        Share of all headroom held by the tenth of customers with the highest expected headroom; where known.
    """

    cells: pd.DataFrame
    value_cut: float
    potential_cut: float
    value_name: str = "own spend"
    potential_name: str = "headroom"
    undecided: float | None = None
    sure: float = 0.8
    bands: pd.DataFrame | None = None
    top_headroom: float | None = None


@dataclass(frozen=True, eq=False)
class SharePart:
    """Share of wallet against own spend.

    Parameters
    ----------
    curve
        Of the model, ascending: ``own`` (above 0), ``median``; and where known ``low, high``.
    answers
        One row a customer who answered: ``own, share``; None where nobody did.
    band
        Probability between ``low`` and ``high``: of the share of one customer, not of the median.
    """

    curve: pd.DataFrame
    answers: pd.DataFrame | None = None
    band: float = 0.8


@dataclass(frozen=True, eq=False)
class SegmentPart:
    """Potential by segment.

    Parameters
    ----------
    table
        One row a segment: ``segment, customers, own, headroom``, which is NaN where nobody is identified; and where
        known ``answered, wallet, share,
        attainable, extrapolated, not_identified`` (customers), ``extrapolated_share`` (of headroom),
        ``raw_headroom, raw_share`` (what the answers alone would say), and the ends of intervals, such as
        ``headroom_low``.
    total
        One row for all, with the same columns but ``segment``; its interval is of the sum, not the sum of
        intervals.
    """

    table: pd.DataFrame
    total: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class CalibrationPart:
    """How often intervals held the truth.

    Parameters
    ----------
    coverage
        ``nominal, actual`` (between 0 and 1); and where known ``low, high`` (what chance in the choice of
        customers lets one expect), ``customers``.
    pit
        ``pit``: one row a customer, the randomised probability integral transform, between 0 and 1; where known.
    how
        How customers were hidden from the model, to follow "by": ``"10-fold cross-validation"``.
    """

    coverage: pd.DataFrame
    pit: pd.DataFrame | None = None
    how: str = "cross-validation"


@dataclass(frozen=True, eq=False)
class TippingPart:
    """What if those who did not answer differ from what the model says of them.

    Parameters
    ----------
    headroom
        One row for each segment and delta: ``segment, delta, headroom``. Elsewhere spend of those who did not
        answer is taken times exp(delta).
    points
        One row a segment: ``segment, words``; and where known ``threshold_delta`` and ``rank_delta``, the delta of
        those of this segment alone at which it crosses the cut of the grid or changes its rank, NaN for never.
    """

    headroom: pd.DataFrame
    points: pd.DataFrame


@dataclass(frozen=True, eq=False)
class AskPart:
    """Whom to ask next.

    Parameters
    ----------
    text
        Of the plan, in sentences.
    sizes
        ``error`` (relative standard error of the mean headroom), ``still`` (answers still to be got, with the
        model); and where known ``needed`` (in all) and ``simple`` (still, without the model).
    whom
        In the order of asking, the quotas first: ``customer_id, reason``; and where known ``gain``, in money. The
        reason of those who stand there for their gain is ``UNDECIDED`` of
        :mod:`segmodels.segments.wallet.whom_to_ask`.
    quota
        ``stratum, ask``; and where known ``customers, answered, reason``.
    most
        Customers shown in each list; all are in the results.
    error
        The relative standard error that was asked for; None: the smallest one of ``sizes`` that takes answers.
    """

    text: tuple[str, ...] = ()
    sizes: pd.DataFrame | None = None
    whom: pd.DataFrame | None = None
    quota: pd.DataFrame | None = None
    most: int = 10
    error: float | None = None


#: Part of the page → its frames → the columns that each must have.
REQUIRED: dict[str, dict[str, tuple[str, ...]]] = {
    "grid": {
        "cells": ("cell", "customers", "value", "headroom"),
        "bands": ("decile", "band", "customers", "headroom"),
    },
    "share": {"curve": ("own", "median"), "answers": ("own", "share")},
    "segments": {
        "table": ("segment", "customers", "own", "headroom"),
        "total": ("customers", "own", "headroom"),
    },
    "calibration": {"coverage": ("nominal", "actual"), "pit": ("pit",)},
    "tipping": {"headroom": ("segment", "delta", "headroom"), "points": ("segment", "words")},
    "ask": {"sizes": ("error", "still"), "whom": ("customer_id", "reason"), "quota": ("stratum", "ask")},
}


def frame_faults(page: object) -> Iterator[Fault]:
    """Find frames that lack a column or are empty."""
    for part, of_part in REQUIRED.items():
        holder: object = getattr(page, part)
        for name, required in of_part.items():
            frame: pd.DataFrame | None = getattr(holder, name, None)
            if frame is None:
                continue
            where, missing = f"{part}.{name}", [column for column in required if column not in frame]
            if missing:
                expected = ", ".join(required)
                yield Fault(where, f"no column {', '.join(missing)}", expected, "Add what is missing.")
            elif frame.empty:
                yield Fault(where, "an empty table", "one row at least", "Pass None to leave it out.")


def grid_faults(grid: GridPart | None) -> Iterator[Fault]:
    """Find cells that the grid does not have, or has twice."""
    if grid is None or "cell" not in grid.cells:
        return
    names = [str(name) for name in grid.cells["cell"]]
    if len(set(names)) < len(names) or not set(names) <= {*CELLS, UNKNOWN}:
        expected = f"each once at most of {', '.join((*CELLS, UNKNOWN))}"
        yield Fault("grid.cells", f"cells {', '.join(names)}", expected, "Give one row a cell.")


def segment_faults(segments: SegmentPart | None, tipping: TippingPart | None) -> Iterator[Fault]:
    """Find segments that stand twice, tipping points of other segments, and more than one total."""
    named: dict[str, set[str]] = {}
    for where, frame in (
        ("segments.table", None if segments is None else segments.table),
        ("tipping.points", None if tipping is None else tipping.points),
    ):
        if frame is not None and "segment" in frame:
            names = [str(name) for name in frame["segment"]]
            named[where] = set(names)
            if len(set(names)) < len(names):
                yield Fault(where, "a segment twice", "one row a segment", "Add the rows up before.")
    if tipping is not None and "segment" in tipping.headroom:
        named["tipping.headroom"] = {str(name) for name in tipping.headroom["segment"]}
    if named:
        first, *others = named
        for where in others:
            if named[where] != named[first]:
                got = f"segments {', '.join(sorted(named[where]))}"
                expected = f"those of {first}: {', '.join(sorted(named[first]))}"
                yield Fault(where, got, expected, "Make all parts from one segmentation.")
    if segments is not None and segments.total is not None and len(segments.total) > 1:
        yield Fault("segments.total", f"{len(segments.total)} rows", "one row", "Give the total alone.")
