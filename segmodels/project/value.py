"""The part of a run that needs values: lifetime value, value segments, concentration."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.models.value.gamma_gamma import GammaGammaFit
from segmodels.models.value.lifetime_value import LifetimeValue, lifetime_value
from segmodels.models.value.purchase_fit import PurchaseFit
from segmodels.project.plan import Plan
from segmodels.project.scores import as_pandas
from segmodels.report.plots.lorenz import Concentration
from segmodels.segments.concentration import concentration, lorenz
from segmodels.segments.draw_grid import Block, Blocks
from segmodels.segments.rfm import rfm_inputs, rfm_scores, rfm_segments
from segmodels.segments.tiers import value_tiers
from segmodels.segments.value import DECILES, value_deciles
from segmodels.tables.segmentation import Segmentation
from segmodels.tables.transactions import Transactions

Array = NDArray[np.float64]
NIL_NOTE = "Customers who spent nothing in the year before, if any, stand apart as nil."
#: All draws of all customers are kept in memory up to this size, 512 MB; above, they are walked again.
_MOST = 64_000_000


@dataclass(frozen=True, eq=False)
class Value:
    """What customers are worth, and the segments they fall in.

    Parameters
    ----------
    spend
        The fitted spend model.
    lifetime
        Lifetime value.
    scores
        One row per customer, indexed by customer_id, sorted as the walk over draws goes: value and its
        percentiles, total so far, past-year spend, segments.
    deciles, rfm, tiers
        Segmentations: of past-year spend, of RFM scores, of expected lifetime value.
    decile_table, rfm_table, tier_table
        One row per segment, with lifetime value and its interval.
    concentration
        Gini coefficient and top shares, of past-year spend and of lifetime value.
    lorenz
        Of expected lifetime value.
    """

    spend: GammaGammaFit
    lifetime: LifetimeValue
    scores: pd.DataFrame
    deciles: Segmentation
    rfm: Segmentation
    tiers: Segmentation
    decile_table: pd.DataFrame
    rfm_table: pd.DataFrame
    tier_table: pd.DataFrame
    concentration: pd.DataFrame
    lorenz: Concentration


def value_customers(
    plan: Plan, transactions: Transactions, purchases: PurchaseFit, spend: GammaGammaFit, total: pd.Series
) -> Value:
    """Value customers and cut them into segments.

    Parameters
    ----------
    total
        Value so far of each customer, indexed by customer_id.
    """
    lifetime = lifetime_value(
        purchases, spend, plan.months, annual_discount=plan.annual_discount, margin=plan.margin
    )
    figures = lifetime.customers[["customer_id"]].merge(
        as_pandas(lifetime.table), on="customer_id", validate="one_to_one"
    )
    scores = figures.set_index("customer_id")
    worth: pd.Series = scores["value"]  # pyright: ignore[reportAssignmentType]
    draws, blocks = _draws(lifetime)
    deciles = value_deciles(transactions, plan.until)
    rfm_scored = rfm_scores(rfm_inputs(transactions, plan.until)).set_index("customer_id", drop=False)
    rfm = rfm_segments(rfm_scored)
    tiers = value_tiers(worth, draws=blocks if draws is None else draws)
    parts = (deciles, rfm, tiers)
    codes = [part.labels.reindex(scores.index).cat.codes.to_numpy() for part in parts]
    sums = _sums(blocks(), codes, [len(part.names) for part in parts])
    tables = [_table(part, of, total, worth, plan.level) for part, of in zip(parts, sums, strict=True)]
    scores = scores.assign(
        decile=deciles.labels.astype(str).reindex(scores.index),
        rfm_segment=rfm.labels.astype(str).reindex(scores.index),
        rfm_cell=rfm_scored["cell"].reindex(scores.index),
        tier=tiers.labels.astype(str),
        tier_probability=tiers.certainty,
    )
    return Value(
        spend=spend,
        lifetime=lifetime,
        scores=scores,
        deciles=deciles,
        rfm=rfm,
        tiers=tiers,
        decile_table=tables[0],
        rfm_table=tables[1],
        tier_table=tables[2],
        concentration=_concentrations(worth, total),
        lorenz=_lorenz(worth),
    )


def _draws(lifetime: LifetimeValue) -> tuple[Array | None, Blocks]:
    """Give all draws where they fit, shape (N, D), and a function that walks them in blocks."""
    size = len(lifetime.customers)
    if size * lifetime.total.sizes["draw"] > _MOST:
        return None, lifetime.draw_blocks
    draws = np.concatenate([values for _, _, values in lifetime.draw_blocks()])
    return draws, lambda: [(0, size, draws)]


def _sums(blocks: Iterable[Block], codes: list[NDArray[np.integer]], sizes: list[int]) -> list[Array]:
    """Sum every draw within the segments of each segmentation, shapes (S, D), in one walk."""
    sums: list[Array] = []
    for start, stop, values in blocks:
        sums = sums or [np.zeros((size, values.shape[1])) for size in sizes]
        for total, code in zip(sums, codes, strict=True):
            mine = code[start:stop]
            for segment in np.unique(mine):
                total[segment] += values[mine == segment].sum(axis=0)
    return sums


def _table(
    part: Segmentation, draws: Array, total: pd.Series, value: pd.Series, level: float
) -> pd.DataFrame:
    """Tabulate a segmentation: sizes, value so far, lifetime value with P10, P50, P90 and an interval."""
    table = part.summary(total)
    p10, p50, p90, low, high = np.quantile(draws, (0.1, 0.5, 0.9, (1 - level) / 2, (1 + level) / 2), axis=1)
    codes, size = part.codes, len(part.names)
    sizes = np.maximum(part.sizes.to_numpy(), 1)
    expected = value.reindex(part.customer_id).to_numpy(np.float64)
    return table.assign(
        value=np.bincount(codes, weights=expected, minlength=size),
        p10=p10,
        p50=p50,
        p90=p90,
        low=low,
        high=high,
        certainty=np.bincount(codes, weights=part.certainty.to_numpy(), minlength=size) / sizes,
    )


def _concentrations(value: pd.Series, total: pd.Series) -> pd.DataFrame:
    """Tabulate concentration of what was spent and of what is expected, where there is any."""
    tables = [
        concentration(np.maximum(amounts.to_numpy(np.float64), 0.0)).assign(of=of)
        for of, amounts in (("spend so far", total), ("expected lifetime value", value))
        if (amounts > 0).any()
    ]
    table: Any = pd.concat(tables, ignore_index=True)[["of", "quantity", "value"]]
    return table


def _lorenz(value: pd.Series) -> Concentration:
    amounts = value.to_numpy(np.float64)
    found = concentration(amounts)["value"].to_list()
    return Concentration(lorenz(amounts), *found)


def shown_deciles(value: Value) -> pd.DataFrame:
    """Give the deciles as the page wants them: ``decile, customers, value, low, high``; empty ones left out."""
    frame: Any = value.decile_table.assign(decile=[*range(1, len(DECILES)), "nil"])
    shown: Any = frame.loc[frame["customers"] > 0, ["decile", "customers", "value", "low", "high"]]
    return shown


def shown_tiers(value: Value) -> pd.DataFrame:
    """Give the tiers as the page wants them; empty ones left out."""
    frame: Any = value.tier_table.rename(columns={"segment": "tier", "certainty": "probability"})
    columns = ["tier", "customers", "value", "p10", "p90", "revenue", "probability"]
    return frame.loc[frame["customers"] > 0, columns].reset_index(drop=True)
