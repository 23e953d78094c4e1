"""Deciles of current value, subdivided by incremental potential; and how few customers hold the potential."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.arguments import check_wallet
from segmodels.models.wallet.block import Array, WalletFit
from segmodels.segments.concentration import lorenz
from segmodels.segments.value import DECILES, deciles
from segmodels.segments.wallet.cell_names import UNKNOWN
from segmodels.segments.wallet.grid_table import CellDraws, cell_draws, interval_columns
from segmodels.segments.wallet.potential import Potential, PotentialKind, Scored, Targets, scored


@dataclass(frozen=True, eq=False, repr=False)
class PotentialBands:
    """Deciles of value × bands of potential. Made by :func:`potential_bands`.

    Parameters
    ----------
    potential
        What the bands are of.
    cuts
        Upper ends of the bands but the last, in money, ascending, shape (K − 1,); a potential equal to a cut is
        below it.
    scored
        Value and expected potential of the N customers.
    draws
        Totals by decile (1 is the best, then those without value) and band.
    top
        Which share of the identified customers these are.
    """

    potential: Potential
    cuts: Array
    scored: Scored
    draws: CellDraws = field(repr=False)
    top: float

    def __repr__(self) -> str:
        """Give the text."""
        return f"PotentialBands: {self.text}"

    @property
    def held(self) -> Array:
        """Share of all potential that the `top` customers by expected potential hold in each draw, shape (D,)."""
        identified = self.draws.totals[self.potential.kind][:, :-1].sum(axis=(0, 1))
        top = np.zeros_like(identified) if self.draws.weighted is None else self.draws.weighted
        return np.divide(top, identified, out=np.full(len(top), np.nan), where=identified > 0)

    @property
    def text(self) -> str:
        """How few hold how much, in words."""
        low, high = np.quantile(self.held, (0.1, 0.9))
        return (
            f"The {self.top:.0%} of customers with the highest expected {self.potential.kind} hold "
            f"{self.held.mean():.0%} of it (80 % interval {low:.0%} to {high:.0%})."
        )

    def table(self, interval: float = 0.8) -> pd.DataFrame:
        """Tabulate deciles and bands.

        Parameters
        ----------
        interval
            Probability of the central intervals.

        Returns
        -------
        pandas.DataFrame
            One row for each decile and band, the band that is not identified included, empty ones too: ``decile,
            band, potential_from, potential_to``, then ``customers, value, headroom`` and, with targets,
            ``attainable``, each with ``_low`` and ``_high``. All rows add up to all customers, in every draw.
        """
        edges = np.concatenate([[0.0], self.cuts, [np.inf]])
        bands = [*(f"band {k}" for k in range(1, len(edges))), UNKNOWN]
        deciles_shown = len(DECILES)
        names = pd.DataFrame(
            {
                "decile": np.repeat(np.array(DECILES, dtype=object), len(bands)),
                "band": np.tile(np.array(bands, dtype=object), deciles_shown),
                "potential_from": np.tile([*edges[:-1], np.nan], deciles_shown),
                "potential_to": np.tile([*edges[1:], np.nan], deciles_shown),
            }
        )
        return pd.concat([names, interval_columns(self.draws, interval)], axis=1)

    def concentration(self, interval: float = 0.8) -> pd.DataFrame:
        """Give the share of all potential that the `top` customers hold: ``quantity, mean, low, high``."""
        low, high = np.quantile(self.held, ((1 - interval) / 2, (1 + interval) / 2))
        name = f"share of {self.potential.kind} of the top {100 * self.top:.1f} %"
        return pd.DataFrame({"quantity": [name], "mean": self.held.mean(), "low": low, "high": high})

    def lorenz(self, at: Sequence[float] = tuple(np.linspace(0, 1, 101).tolist())) -> pd.DataFrame:
        """Give the Lorenz curves of value and of expected potential, over the identified customers.

        Returns
        -------
        pandas.DataFrame
            ``share_of_customers, share_of_value, share_of_potential``; each curve has its own order of customers,
            the poorest first. Expectations are more even than what customers turn out to spend elsewhere.

        Raises
        ------
        InputError
            Where a value is negative, or all are 0.
        """
        known = self.scored.known
        curves = [lorenz(of[known], at=np.asarray(at)) for of in (self.scored.value, self.scored.expected)]
        return curves[0].assign(share_of_potential=curves[1]["share_of_value"])


def potential_bands(
    fit: WalletFit,
    *,
    value: Any = None,
    cuts: Sequence[float] | int = 4,
    potential: PotentialKind = "headroom",
    targets: Targets | None = None,
    draws: int = 1000,
    top: float = 0.1,
) -> PotentialBands:
    """Sort customers into deciles of value and, within them, by the potential they have in each draw.

    Parameters
    ----------
    fit
        Any fitted wallet.
    value
        As for :func:`~segmodels.segments.wallet.value_grid.value_grid`; deciles are those of
        :func:`~segmodels.segments.value.deciles`: decile 1 is the best, customers without value are apart.
    cuts
        Money amounts that part the bands, or the number of bands: then the cuts are quantiles of expected
        potential over the identified customers, with as many of them in each band. What customers turn out to
        have is wider than what is expected of them, so the expected numbers of the bands differ.
    potential, targets
        What the bands are of.
    draws
        Numbers 0 to `draws` − 1 are taken.
    top
        Share of customers, best first, whose part of the potential is told.

    Raises
    ------
    InputError
        For cuts that do not ascend from 0 up, settings out of range, values that do not fit the customers, where no
        customer is identified, and where the model expects infinitely much of one.
    """
    check_wallet(fit)
    _refuse(cuts, draws, top)
    axis = Potential(potential, targets)
    customers = scored(fit, axis, value)
    edges = _edges(customers.expected[customers.known], cuts)
    decile = deciles(pd.Series(customers.value, index=customers.customer_id)).codes.astype(np.int64)
    totals = cell_draws(
        fit,
        axis,
        edges,
        decile,
        {"value": customers.value},
        draws=draws,
        rows=len(DECILES),
        weight=_top_weight(customers, top),
    )
    return PotentialBands(axis, edges, customers, totals, top)


def _refuse(cuts: Sequence[float] | int, draws: int, top: float) -> None:
    faults: list[Fault] = []
    if isinstance(cuts, int):
        if cuts < 1:
            faults.append(Fault("cuts", str(cuts), "1 band or more", "Say cuts=4."))
    else:
        edges = np.asarray(cuts, np.float64)
        rising = edges.ndim == 1 and np.isfinite(edges).all() and (np.diff(edges, prepend=-1e-300) > 0).all()
        if not rising:
            faults.append(Fault("cuts", str(list(cuts)), "ascending amounts of 0 or more", "Sort them."))
    if draws < 1:
        faults.append(Fault("draws", str(draws), "1 or more", "Give a positive whole number."))
    if not 0 < top < 1:
        faults.append(Fault("top", str(top), "a share between 0 and 1", "Write 10 % as 0.1."))
    if faults:
        raise InputError(faults)


def _edges(expected: Array, cuts: Sequence[float] | int) -> Array:
    if not isinstance(cuts, int):
        return np.asarray(cuts, np.float64)
    # Equal expectations make equal quantiles; between these no customer could be.
    return np.unique(np.quantile(expected, np.arange(1, cuts) / cuts))


def _top_weight(customers: Scored, top: float) -> Array:
    """Part in which each customer belongs to the top, by expected potential, shape (N,); the last one in part."""
    expected = np.where(customers.known, customers.expected, -np.inf)
    rank = np.empty(len(expected))
    rank[np.argsort(-expected, kind="stable")] = np.arange(len(expected))
    return np.clip(top * customers.known.sum() - rank, 0.0, 1.0)
