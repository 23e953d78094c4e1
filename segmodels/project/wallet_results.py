"""What a run on wallets found, as one frozen value."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from segmodels.evaluate.wallet.calibration import Calibration
from segmodels.evidence import Evidence
from segmodels.models.wallet.block import WalletFit
from segmodels.models.wallet.look_alikes import TargetShares
from segmodels.project.wallet_plan import WalletPlan
from segmodels.segments.wallet.bands import PotentialBands
from segmodels.segments.wallet.selection import Selection
from segmodels.segments.wallet.survey_plan import SurveyPlan
from segmodels.segments.wallet.totals import WalletTotals
from segmodels.segments.wallet.value_grid import ValueGrid
from segmodels.tables.wallets import Wallets


@dataclass(frozen=True, eq=False)
class WalletResults:
    """What a run found. All sums are of one fit and of the same draws, and so add up with each other.

    Parameters
    ----------
    plan
        What was asked for.
    wallets
        The customers.
    fit
        The model as fitted.
    level
        The fit at the level of the answers, which everything else is taken from; without answers the fit itself.
    selection
        Weights of the answers; None where there are too few.
    targets
        Target shares of look-alikes.
    customers
        One row a customer, sorted by id: wallet, share, headroom and attainable with intervals, and the grid.
    totals
        Of the segments.
    raw
        ``segment, raw_headroom, raw_share``: what the answers alone would say, the last row of all; NaN where a
        segment has none. Empty where nobody was asked.
    grid, bands
        Current value against potential.
    tipping
        One row a segment and the total; None where nobody was asked.
    ask
        Whom to ask next.
    calibration
        None where it was left out.
    evidence
        Every check, in the order of the page.
    notes
        What was left out, and why.
    """

    plan: WalletPlan
    wallets: Wallets
    fit: WalletFit
    level: WalletFit
    selection: Selection | None
    targets: TargetShares
    customers: pd.DataFrame
    totals: WalletTotals
    raw: pd.DataFrame
    grid: ValueGrid
    bands: PotentialBands
    tipping: pd.DataFrame | None
    ask: SurveyPlan
    calibration: Calibration | None
    evidence: tuple[Evidence, ...]
    notes: tuple[str, ...] = ()

    @property
    def segments(self) -> pd.DataFrame:
        """Segments and, last, the total: the table of the totals, and what the answers alone would say."""
        table = self.totals.table(self.plan.level)
        return table if self.raw.empty else table.merge(self.raw, on="segment", how="left", validate="1:1")

    @property
    def total(self) -> dict[str, Any]:
        """The row of all customers."""
        return rows_of(self.segments)[-1]


def rows_of(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Give rows by the names of their columns."""
    return [{str(name): value for name, value in row.items()} for row in frame.to_dict("records")]
