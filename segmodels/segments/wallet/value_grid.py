"""The value grid: what customers are worth today against what they could be worth in addition.

Current value is known, potential is not: a customer is in a cell with a probability, and cells have customers
and money with intervals. A customer is *placed* in its most probable cell; elsewhere spend is skewed, so fewer
are placed high than are expected to be high, and cells are told by what is expected of them.
"""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.arguments import check_wallet
from segmodels.models.wallet.block import STATUS, Array, WalletFit
from segmodels.segments.wallet.cell_names import ALL, CELLS, IDENTIFIED, UNKNOWN
from segmodels.segments.wallet.grid_table import CellDraws, cell_draws, interval_columns
from segmodels.segments.wallet.potential import Potential, PotentialKind, Scored, Targets, scored
from segmodels.tables.segmentation import Segmentation


@dataclass(frozen=True)
class Quantile:
    """A cut that leaves this share of the customers at or below it."""

    level: float

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise InputError(
                Fault("Quantile", str(self.level), "a share between 0 and 1", "Say Quantile(0.5).")
            )

    def of(self, values: Array) -> float:
        """Give the cut in money.

        Examples
        --------
        >>> Quantile(0.5).of(np.array([1.0, 2.0, 6.0]))
        2.0
        """
        return float(np.quantile(values, self.level))


MEDIAN = Quantile(0.5)


def _money(amount: float) -> str:
    """Write an amount to the cent, a tiny one to three digits."""
    return f"{amount:,.2f}" if abs(amount) >= 0.1 or amount == 0 else f"{amount:.3g}"


@dataclass(frozen=True, eq=False, repr=False)
class ValueGrid:
    """Customers in four cells of value and potential. Made by :func:`value_grid`.

    ``invest``: more value and more potential than the cuts; ``protect``: value, little potential;
    ``competitors' customers``: little value, much potential; ``least appealing``: little of both.

    Parameters
    ----------
    fit
        The wallet.
    potential
        What the potential is, headroom or attainable.
    value_cut, potential_cut
        Amounts of money; more than the cut is high.
    scored
        Value and expected potential of the N customers.
    probability
        Of the cells in the order of :data:`CELLS`, shape (N, 4); NaN where potential is not identified.
    draws
        Totals by row of value (low, high) and band of potential (low, high, not identified).
    sure
        A customer whose most probable cell is less probable than this is undecided.
    """

    fit: WalletFit
    potential: Potential
    value_cut: float
    potential_cut: float
    scored: Scored
    probability: Array = field(repr=False)
    draws: CellDraws = field(repr=False)
    sure: float

    def __repr__(self) -> str:
        """Give the text."""
        return f"ValueGrid: {self.text}"

    @property
    def text(self) -> str:
        """The cuts and what they leave open, in words."""
        known, n = int(self.scored.known.sum()), len(self.scored)
        unknown = f" {n - known:,} are not identified." if known < n else ""
        return (
            f"High value is more than {_money(self.value_cut)}, high potential more than {_money(self.potential_cut)} "
            f"of {self.potential.kind}. {int(self.undecided.sum()):,} of {known:,} customers are undecided: no cell "
            f"has a probability of {self.sure:g}.{unknown}"
        )

    @property
    def undecided(self) -> np.ndarray:
        """Whether no cell of an identified customer is as probable as `sure`, shape (N,)."""
        return self.scored.known & ~(self.probability.max(axis=1) >= self.sure)

    @cached_property
    def segmentation(self) -> Segmentation:
        """Soft memberships of the identified customers in the four cells."""
        known = self.scored.known
        ids = self.scored.customer_id[known]
        return Segmentation(ids, CELLS, self.probability[known], basis=f"value and {self.potential.kind}")

    @cached_property
    def placed(self) -> np.ndarray:
        """Most probable cell of each customer, a position in :data:`CELLS`; 4 where not identified, shape (N,)."""
        best = np.where(self.scored.known[:, None], self.probability, 0.0).argmax(axis=1)
        return np.where(self.scored.known, best, len(CELLS))

    @property
    def customers(self) -> Any:
        """One row per customer, in the kind of table that the wallets came in.

        ``customer_id, value, potential`` (expected), the four probabilities, ``cell`` (the most probable, or "not
        identified"), ``undecided, status, answered``.
        """
        of = self.scored
        cell = np.array((*CELLS, UNKNOWN), dtype=object)[self.placed]
        frame = pd.DataFrame({"customer_id": of.customer_id, "value": of.value, "potential": of.expected})
        frame[list(CELLS)] = self.probability
        frame["cell"], frame["undecided"] = cell, self.undecided
        frame["status"] = np.array(STATUS, dtype=object)[of.status]
        frame["answered"] = of.answered
        return self.fit.wallets.give(frame)

    def cells(self, interval: float = 0.8) -> pd.DataFrame:
        """Tabulate the cells.

        Parameters
        ----------
        interval
            Probability of the central intervals.

        Returns
        -------
        pandas.DataFrame
            One row for each of the four cells, ``identified`` (their sum), ``not identified`` and ``all``.
            ``customers, value, headroom``, with targets ``attainable``, and where value is not own spend ``own``:
            expected number or sum of money with ``_low`` and ``_high``, all from the same draws, so that rows
            add up in every draw. ``placed``: customers whose most probable cell it is; of these ``undecided``
            and ``extrapolated``. Headroom of customers who are not identified is NaN, and with it that of all.
        """
        pairs = ((1, 1), (1, 0), (0, 1), (0, 0))
        unknown = ((0, 2), (1, 2))
        rows = self.draws.pick([*([pair] for pair in pairs), pairs, unknown, (*pairs, *unknown)])
        names = pd.DataFrame({"cell": [*CELLS, IDENTIFIED, UNKNOWN, ALL]})
        table = pd.concat([names, interval_columns(rows, interval)], axis=1)
        counted = {
            "placed": np.ones(len(self.scored), bool),
            "undecided": self.undecided,
            "extrapolated": self.scored.status == STATUS.index("extrapolated"),
        }
        for name, mask in counted.items():
            count = np.bincount(self.placed[mask], minlength=5)
            table[name] = [*count[:4], count[:4].sum(), count[4], count.sum()]
        return table


def value_grid(
    fit: WalletFit,
    *,
    value: Any = None,
    value_cut: float | Quantile = MEDIAN,
    potential_cut: float | Quantile = MEDIAN,
    potential: PotentialKind = "headroom",
    targets: Targets | None = None,
    draws: int = 1000,
    sure: float = 0.8,
) -> ValueGrid:
    """Place customers by current value and by incremental potential, with probabilities.

    Probabilities of cells are those of the fit's distribution of elsewhere spend, without draws; the totals of
    cells come from draws.

    Parameters
    ----------
    fit
        Any fitted wallet.
    value
        Current or forecast value of each customer: a Series indexed by customer_id, or a table with columns
        ``customer_id`` and ``value``. None: own spend.
    value_cut, potential_cut
        Amounts of money, or quantiles: of value over all customers, of expected potential over those identified.
    potential
        ``"headroom"``, all that is spent elsewhere, or ``"attainable"``, the part within reach of `targets`.
    targets
        Target shares; with them, the table has attainable potential besides.
    draws
        Numbers 0 to `draws` − 1 are taken.
    sure
        The probability that decides a customer, above a half.

    Raises
    ------
    InputError
        For settings out of range, values that do not fit the customers, where no customer is identified, and where
        the model expects infinitely much of one.
    """
    check_wallet(fit)
    _refuse(value_cut, potential_cut, draws, sure)
    axis = Potential(potential, targets)
    customers = scored(fit, axis, value)
    cut = value_cut.of(customers.value) if isinstance(value_cut, Quantile) else float(value_cut)
    expected = customers.expected[customers.known]
    edge = potential_cut.of(expected) if isinstance(potential_cut, Quantile) else float(potential_cut)
    high = customers.value > cut
    upper = np.concatenate([axis.above(block, np.array([edge]))[:, 0] for block in fit.blocks()])
    upper = np.where(customers.known, upper, np.nan)
    both = np.column_stack([upper, 1 - upper])
    # NaN stays in the cells of the other row, too: nothing is known of such a customer.
    none = np.where(np.isnan(both), np.nan, 0.0)
    probability = np.where(high[:, None], np.hstack([both, none]), np.hstack([none, both]))
    amounts = {"value": customers.value} | ({} if value is None else {"own": customers.own})
    totals = cell_draws(fit, axis, np.array([edge]), high.astype(np.int64), amounts, draws=draws)
    return ValueGrid(fit, axis, cut, edge, customers, probability, totals, sure)


def _refuse(value_cut: float | Quantile, potential_cut: float | Quantile, draws: int, sure: float) -> None:
    faults: list[Fault] = []
    if not isinstance(value_cut, Quantile) and not np.isfinite(value_cut):
        faults.append(Fault("value_cut", str(value_cut), "an amount", "Give money, or Quantile(0.5)."))
    if not isinstance(potential_cut, Quantile) and not 0 <= potential_cut < np.inf:
        remedy = "Give money, or Quantile(0.5)."
        faults.append(Fault("potential_cut", str(potential_cut), "an amount of 0 or more", remedy))
    if draws < 1:
        faults.append(Fault("draws", str(draws), "1 or more", "Give a positive whole number."))
    if not 0.5 < sure <= 1:
        faults.append(Fault("sure", str(sure), "a probability above 0.5, at most 1", "Say sure=0.8."))
    if faults:
        raise InputError(faults)
