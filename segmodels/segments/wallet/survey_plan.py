"""The next survey: how many answers, what they can decide, and whom to ask."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.models.wallet.arguments import check_wallet
from segmodels.models.wallet.block import WalletFit
from segmodels.segments.wallet.potential import Potential, PotentialKind, Scored, Targets, scored
from segmodels.segments.wallet.selection import Selection
from segmodels.segments.wallet.survey_size import Spread, size_table, spread
from segmodels.segments.wallet.undecided import decided_by_others
from segmodels.segments.wallet.value_grid import ValueGrid, value_grid
from segmodels.segments.wallet.whom_to_ask import gains, quotas, ranked, strata_of
from segmodels.tables.arrow import from_arrow, to_arrow

# A total whose draws spread so much more than the answers explain is said to.
_WIDER = 1.25


@dataclass(frozen=True, eq=False, repr=False)
class SurveyPlan:
    """A plan for the next survey. Made by :func:`survey_plan`.

    Parameters
    ----------
    grid
        The value grid whose undecided customers are counted.
    of
        The potential whose mean is to be known.
    error
        Relative standard error wanted.
    spread
        Coefficients of variation behind the numbers of answers.
    sizes
        Answers needed; see :func:`~segmodels.segments.wallet.survey_size.size_table`.
    strata
        ``segment, decile, status, customers, answered, wanted, quota``.
    undecided
        Number of undecided customers of the grid who have not answered.
    decided_by_others
        How many of them, at least, better parameters alone would decide: an expectation, and a limit.
    budget
        Answers that can be had; None for no limit.
    answered
        Number of answers there are.
    effective
        As how many answers drawn at random they count: fewer where they are weighted.
    left
        Identified customers who have not answered.
    """

    grid: ValueGrid
    of: Potential
    error: float
    spread: Spread
    sizes: pd.DataFrame
    strata: pd.DataFrame
    undecided: int
    decided_by_others: float
    budget: int | None
    answered: int
    effective: float
    left: int
    _whom: pd.DataFrame = field(repr=False)

    def __repr__(self) -> str:
        """Give the text."""
        return f"SurveyPlan: {self.text}"

    @property
    def whom(self) -> Any:
        """Whom to ask, in the kind of table that the wallets came in: ``rank, customer_id, reason, gain``.

        Gain is the money that a wrong placing of the customer is expected to cost; NaN where not identified.
        """
        wallets = self.grid.fit.wallets
        # `give` has the order of the customers; this list has its own.
        if wallets.kind == "ibis":
            return wallets.give(self._whom).order_by("rank")
        return from_arrow(to_arrow(self._whom), wallets.kind)

    @property
    def drawn_error(self) -> float:
        """Standard deviation of the total of identified customers over the draws of the grid, relative to its mean.

        NaN where the grid does not have the potential. It holds what the answers' number alone does not tell: unsure
        parameters, and segments that nobody answered for.
        """
        totals = self.grid.draws.pick([((0, 0), (0, 1), (1, 0), (1, 1))]).totals.get(self.of.kind)
        mean = np.nan if totals is None else float(totals.mean())
        return float(np.std(totals, ddof=1) / mean) if totals is not None and mean > 0 else np.nan

    @property
    def text(self) -> str:
        """The plan in plain words. Numbers are of answers, not of invitations."""
        others = round(self.decided_by_others)
        parts = [
            f"{self.undecided:,} customers are undecided; however many others answer, about "
            f"{self.undecided - others:,} of them can be decided only by asking them."
            if self.undecided
            else "No customer is undecided.",
            self._answers(),
        ]
        drawn, now = self.drawn_error, self.sizes["error_now"].iloc[1]
        if drawn > _WIDER * now:
            parts.append(
                f"The total itself is known to {drawn:.1%} only: parameters are unsure, or nobody answered in a "
                "segment; the strata say where to ask first."
            )
        quota = self.strata["quota"].to_numpy()
        if quota.any():
            short = np.count_nonzero(quota)
            parts.append(f"{quota.sum():,} answers are missing from {short:,} of {len(quota):,} strata.")
        if self.budget is not None and self.left:
            reached = self.sizes["error_with_budget"].iloc[1]
            if self.budget < self.left:
                parts.append(f"{self.budget:,} more answers bring the error to {reached:.1%}.")
            else:
                parts.append(
                    f"The budget of {self.budget:,} is enough for all {self.left:,} who have not answered."
                )
        return " ".join(parts)

    def _answers(self) -> str:
        if not self.left:
            return f"All identified customers answered: the mean {self.of.kind} needs no more answers."
        simple, assisted = self.sizes["more"]
        now = self.sizes["error_now"].iloc[1]
        known = f"is known to {now:.1%}" if np.isfinite(now) else "has no answers behind it"
        if self.effective < self.answered - 0.5:
            known += f" (weighted, the {self.answered:,} answers count as {self.effective:,.0f})"
        if not assisted:
            return f"The mean {self.of.kind} {known}, which meets the {self.error:.1%} wanted."
        bring = f"{assisted:,} more answers bring its standard error to {self.error:.1%}"
        if assisted >= self.left:
            bring = f"its standard error comes to {self.error:.1%} only if all {self.left:,} others answer"
        help_ = (
            f"with the model's help, {simple:,} without it"
            if simple > assisted
            else "the model saves none of them"
        )
        return f"The mean {self.of.kind} {known}; {bring}{' ' if simple > assisted else '; '}{help_}."


def survey_plan(  # noqa: PLR0913
    fit: WalletFit,
    grid: ValueGrid | None = None,
    *,
    error: float = 0.05,
    of: PotentialKind = "headroom",
    budget: int | None = None,
    by: str | None = None,
    targets: Targets | None = None,
    selection: Selection | None = None,
    fewest: int = 10,
) -> SurveyPlan:
    """Plan the next survey.

    Numbers of answers follow from n = (CV / error)², corrected for the finite base of identified customers, less
    the answers there are. These count as if drawn at random, or with a selection as so many as their weights leave
    of them, (Σw)² / Σw² (Kish); whoever is asked next is taken to be like those drawn at random.
    Of the undecided customers of the grid, it tells how many are undecided by nature: their own spread keeps
    them so however well the parameters are known. The list of whom to ask begins with the quotas of strata
    (segment × decile of value × status), then has the undecided by the money at stake. Customers who answered are
    not asked again.

    Parameters
    ----------
    fit
        Any fitted wallet.
    grid
        The value grid of this fit; by default the one that medians cut.
    error
        Relative standard error of the mean potential that is wanted.
    of
        ``"headroom"`` or ``"attainable"``.
    budget
        Number of answers that can be had: cuts the list there, and tells the error that is reached.
    by
        A column of the customers whose segments are strata.
    targets
        Target shares, for ``"attainable"``; those of the grid by default.
    selection
        Whose weights the answers have, where they have any.
    fewest
        Answers that every stratum should have.

    Raises
    ------
    InputError
        For settings out of range, a grid or selection of other customers, a grid of fewer than two draws, an unknown
        column, and where the mean potential is 0.
    """
    check_wallet(fit)
    _refuse(error, budget, fewest)
    axis = Potential(of, targets if targets is not None or grid is None else grid.potential.targets)
    grid = value_grid(fit, potential=of, targets=targets) if grid is None else grid
    _same(len(grid.scored.customer_id) == len(fit.wallets))
    customers = scored(fit, axis, _values(grid))
    _same(grid.scored.customer_id.equals(customers.customer_id))
    draws = _draws_of(grid)
    population, answered = int(customers.known.sum()), int((customers.known & customers.answered).sum())
    found = spread(fit, axis, customers, draws)
    effective = float(answered) if selection is None else _effective(selection, customers)
    left = population - answered
    sizes = size_table(
        found, error=error, population=population, answered=effective, budget=budget, left=left
    )
    strata = strata_of(fit, customers, by)
    table = quotas(strata, needed=int(sizes["needed"].iloc[1]), population=population, fewest=fewest)
    # In either row of value the high potential is the first cell.
    high = grid.probability[:, 0] + grid.probability[:, 2]
    open_ = grid.undecided & ~customers.answered
    others = decided_by_others(
        fit,
        grid.potential,
        grid.potential_cut,
        np.where(open_, high, np.nan),
        strata.segment,
        grid.sure,
        draws,
    )
    gain = gains(fit, grid.potential, grid.potential_cut, high)
    whom = ranked(
        customers, strata, table["quota"].to_numpy(), undecided=grid.undecided, gain=gain, seed=fit.seed
    )
    return SurveyPlan(
        grid,
        axis,
        error,
        found,
        sizes,
        table,
        int(open_.sum()),
        others,
        budget,
        answered,
        effective,
        left,
        whom.head(budget or len(whom)),
    )


def _effective(selection: Selection, customers: Scored) -> float:
    """As how many answers those of identified customers count with their weights."""
    ids = customers.customer_id[customers.known & customers.answered]
    weight = selection.weights.reindex(ids).to_numpy(np.float64)
    bare = int(np.isnan(weight).sum())
    if bare:
        got, remedy = "answered customers without a weight", "Make the selection from the same customers."
        raise InputError(Fault("selection", got, "one for each", remedy, bare))
    return float(weight.sum() ** 2 / (weight**2).sum()) if len(weight) else 0.0


def _values(grid: ValueGrid) -> pd.Series:
    return pd.Series(grid.scored.value, index=grid.scored.customer_id)


def _same(same: bool) -> None:  # noqa: FBT001
    if not same:
        got, expected = "a grid of other customers", "the grid of this fit"
        raise InputError(Fault("grid", got, expected, "Pass value_grid(fit)."))


def _draws_of(grid: ValueGrid) -> int:
    """Give the number of draws of a grid, if there are enough."""
    draws = grid.draws.totals["customers"].shape[2]
    if draws < 2:
        raise InputError(
            Fault("grid", f"{draws} draw", "two draws or more", "Say value_grid(fit, draws=400).")
        )
    return draws


def _refuse(error: float, budget: int | None, fewest: int) -> None:
    faults: list[Fault] = []
    if not 0 < error < 1:
        faults.append(Fault("error", str(error), "a share between 0 and 1", "Write 5 % as 0.05."))
    for name, number in (("budget", budget), ("fewest", fewest)):
        if number is not None and number < 1:
            faults.append(Fault(name, str(number), "1 or more", "Give a positive whole number."))
    if faults:
        raise InputError(faults)
