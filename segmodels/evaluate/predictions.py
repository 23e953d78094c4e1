"""What a fitted model says of each customer's future, beside what came."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.evaluate.scores import crps
from segmodels.likelihoods import gamma_gamma
from segmodels.models.value.gamma_gamma import GammaGammaFit
from segmodels.models.value.predictive import simulated_counts
from segmodels.models.value.purchase_fit import PurchaseFit
from segmodels.models.value.scoring import Block, CellArrays, blocks, reduce_blocks

Array = NDArray[np.float64]
_FUTURES = 1_000
COLUMNS = ("expected", "low", "high", "mass", "crps")


@dataclass(frozen=True)
class Prediction:
    """Forecasts of one method at one origin.

    Parameters
    ----------
    customers
        For each target a frame with one row per customer: ``expected``, ``low``, ``high``; ``mass``: the
        probability that the model itself gives to [low, high], which for counts is more than the level; and
        ``crps``. A naive forecast has only ``expected``.
    totals
        For each target the interval of the sum over customers; empty for a naive forecast.
    """

    customers: dict[str, pd.DataFrame]
    totals: dict[str, tuple[float, float]]


def predict(
    fit: PurchaseFit,
    spend: GammaGammaFit | None,
    known: pd.DataFrame,
    actual: dict[str, Array],
    horizon: float,
    level: float,
) -> Prediction:
    """Forecast every customer with 1,000 simulated futures, a thousand customers or so at a time.

    Parameters
    ----------
    fit, spend
        The fitted models; without `spend` purchases only.
    known
        The customers with the columns that the models use.
    actual
        What came: ``purchases`` and perhaps ``spend``, each of shape (N,).
    horizon
        In the unit of the fit.
    level
        Probability of the intervals, central and equal-tailed.
    """
    u = _evenly(fit.u, _FUTURES)
    copies = -(-_FUTURES // len(u))
    arrays = CellArrays(
        *(known[name].to_numpy(np.float64) for name in ("frequency", "recency", "T")),
        group=_codes(known, fit.spec.columns, fit.cells.groups),
    )
    targets = ("purchases",) if spend is None else ("purchases", "spend")
    drawn = None if spend is None else _Spend.of(spend, known, len(u) * copies)
    out = {target: np.empty((len(known), len(COLUMNS))) for target in targets}
    sums = {target: np.zeros(len(u) * copies) for target in targets}
    ends = np.array([horizon])

    def reduce(block: Block) -> dict[str, tuple[Array, Array]]:
        given = block.given_alive(block.likelihood.expected_given_alive, ends)[..., 0]
        expected = np.broadcast_to(block.alive() * given, given.shape).mean(axis=1)
        counts = simulated_counts(block, ends, fit.seed, copies)[..., 0].astype(np.float64)
        found = {"purchases": (_columns(expected, counts, actual["purchases"][block.rows], level), counts)}
        if drawn is not None:
            spent = drawn.simulate(fit.seed, block, counts)
            mean = expected * drawn.expected[block.rows]
            found["spend"] = (_columns(mean, spent, actual["spend"][block.rows], level), spent)
        return {target: (columns, futures.sum(axis=0)) for target, (columns, futures) in found.items()}

    for block, found in reduce_blocks(blocks(arrays, fit.density, u, copies, 1_000_000), reduce):
        for target, (columns, summed) in found.items():
            out[target][block.rows] = columns
            sums[target] += summed
    levels = ((1 - level) / 2, (1 + level) / 2)
    totals = {target: tuple(map(float, np.quantile(sums[target], levels))) for target in targets}
    return Prediction(
        {target: pd.DataFrame(out[target], columns=list(COLUMNS)) for target in targets},
        {target: (low, high) for target, (low, high) in totals.items()},
    )


@dataclass(frozen=True)
class _Spend:
    """Spend per purchase: its expectation per customer, (N,), and draws of p, q, v for each group."""

    expected: Array
    mean: Array
    group: NDArray[np.int64]
    parameters: tuple[Array, ...]

    @classmethod
    def of(cls, fit: GammaGammaFit, known: pd.DataFrame, futures: int) -> "_Spend":
        columns = list(fit.spec.columns)
        chosen = known[columns].drop_duplicates(ignore_index=True) if columns else None
        groups = pd.DataFrame(chosen, index=None if columns else [0])
        group = _codes(known, fit.spec.columns, groups)
        values = np.moveaxis(fit.group_parameters(groups), -1, 0).swapaxes(1, 2)  # (3, groups, draws)
        x, mean = (known[name].to_numpy(np.float64) for name in ("frequency", "monetary_value"))
        expected = np.empty(len(known))
        for start in range(0, len(known), 1_000):
            rows = slice(start, start + 1_000)
            intercept, slope = gamma_gamma.posterior_mean_coefficients(x[rows, None], *values[:, group[rows]])
            expected[rows] = (intercept + slope * mean[rows, None]).mean(axis=1)
        at = np.linspace(0, values.shape[2] - 1, futures).round().astype(np.int64)
        return cls(expected, mean, group, tuple(values[:, :, at]))

    def simulate(self, seed: int, block: Block, counts: Array) -> Array:
        """Spend over simulated purchases, shape (C, F)."""
        rng = np.random.default_rng([seed, int(block.rows[0]), len(block.rows), 1])
        parameters = (values[self.group[block.rows]] for values in self.parameters)
        mean = self.mean[block.rows, None]
        return gamma_gamma.simulate_future(rng, counts, block.frequency, mean, *parameters)


def _columns(expected: Array, futures: Array, actual: Array, level: float) -> Array:
    """Columns of a prediction, shape (C, 5), from futures of shape (C, F)."""
    levels = ((1 - level) / 2, (1 + level) / 2)
    low, high = np.quantile(futures, levels, axis=1, method="inverted_cdf")
    mass = ((futures >= low[:, None]) & (futures <= high[:, None])).mean(axis=1)
    return np.column_stack([expected, low, high, mass, crps(futures, actual)])


def _codes(known: pd.DataFrame, columns: tuple[str, ...], groups: pd.DataFrame) -> NDArray[np.int64]:
    """Which row of ``groups`` each customer belongs to."""
    if not columns:
        return np.zeros(len(known), np.int64)
    names = list(columns)
    index = pd.MultiIndex.from_frame(pd.DataFrame(groups[names]))
    return index.get_indexer(pd.MultiIndex.from_frame(pd.DataFrame(known[names]))).astype(np.int64)


def _evenly(u: Array, most: int) -> Array:
    return u if len(u) <= most else u[np.linspace(0, len(u) - 1, most).round().astype(np.int64)]
