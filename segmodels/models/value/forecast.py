"""One curve over horizons for every customer: purchases, alive, counts, discounted purchases."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.models.value.scoring import Block

Array = NDArray[np.float64]
_NODES = 24
_COSTLY_DRAWS = 400


@dataclass(frozen=True)
class Curve:
    """What a forecast asks of each cell.

    Parameters
    ----------
    horizons
        Ascending, in the unit of the fit, shape (H,).
    counts
        The n of P(X = n).
    rate
        Continuous discount rate per unit of time.
    """

    horizons: tuple[float, ...]
    counts: tuple[int, ...]
    rate: float

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns at each horizon."""
        fixed = (
            "expected_purchases",
            "alive",
            "alive_at_horizon",
            "at_least_one",
            "discounted_purchases",
            "discounted_purchases_infinite",
        )
        return fixed + tuple(f"probability_{n}" for n in self.counts)

    def evaluate(self, block: Block) -> Array:
        """Posterior means, shape (cells, H, columns).

        The infinite horizon, which is costly, is averaged over at most 400 evenly spaced draws: its Monte
        Carlo error is at most a twentieth of the posterior standard deviation.
        """
        alive = block.alive()
        likelihood = block.likelihood
        ends = np.asarray(self.horizons, np.float64)
        expected = block.given_alive(likelihood.expected_given_alive, ends)
        none = block.given_alive(likelihood.none_given_alive, ends)
        some = block.thinned(_COSTLY_DRAWS)
        infinite = (some.alive() * some.given_alive(likelihood.residual_given_alive, self.rate)).mean(axis=1)
        out = np.empty((len(alive), len(ends), len(self.columns)))
        out[..., 0] = (alive[..., None] * expected).mean(axis=1)
        out[..., 1] = alive.mean(axis=1)[:, None]
        out[..., 3] = (alive[..., None] * (1 - none)).mean(axis=1)
        out[..., 5] = infinite[:, None]
        for h, end in enumerate(ends):
            out[:, h, 2] = block.alive(end).mean(axis=1)
            out[:, h, 4] = (alive * discounted_given_alive(block, float(end), self.rate)).mean(axis=1)
            for k, n in enumerate(self.counts):
                given = block.given_alive(likelihood.pmf_given_alive, n, float(end))
                probability = alive * given + ((1 - alive) if n == 0 else 0.0)
                out[:, h, 6 + k] = probability.mean(axis=1)
        return out


def discounted_given_alive(block: Block, horizon: float, rate: float) -> Array:
    """Continuously discounted purchases up to the horizon, given alive, shape (C, D).

    By parts, the integral of exp(-rate t) dE(t) is exp(-rate h) E(h) + rate times the integral of
    exp(-rate t) E(t), which is smooth: Gauss-Legendre.
    """
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    times = horizon * (nodes + 1) / 2
    expected = block.given_alive(block.likelihood.expected_given_alive, np.append(times, horizon))
    inner = expected[..., :-1] @ (weights * horizon / 2 * np.exp(-rate * times))
    return np.exp(-rate * horizon) * expected[..., -1] + rate * inner


def new_customer(
    likelihood: Any, curve: Curve, parameters: tuple[Array, ...], levels: tuple[float, float]
) -> list[dict[str, float]]:
    """Evaluate the curve for somebody who has just made a first purchase; one row per horizon."""
    rows: list[dict[str, float]] = []
    for end in curve.horizons:
        expected = likelihood.expected_new(end, *parameters)
        low, high = np.quantile(expected, levels)
        alive = likelihood.alive(0.0, 0.0, 0.0, *parameters, end)
        row = {"horizon": end, "expected_purchases": expected.mean(), "low": low, "high": high}
        row |= {"alive_at_horizon": alive.mean()}
        row |= {"at_least_one": 1 - likelihood.pmf_new(0, end, *parameters).mean()}
        row |= {f"probability_{n}": likelihood.pmf_new(n, end, *parameters).mean() for n in curve.counts}
        rows.append({name: float(value) for name, value in row.items()})
    return rows
