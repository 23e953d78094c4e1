"""The models of the wallet that a plan can name: how each is specified, loaded, and what it takes for granted."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from segmodels.inference.settings import MAP
from segmodels.models.wallet.counts import WalletCounts, WalletCountsFit
from segmodels.models.wallet.counts_cells import FRAMES
from segmodels.models.wallet.frontier import WalletFrontier, WalletFrontierFit
from segmodels.models.wallet.share import WalletShare, WalletShareFit
from segmodels.project.wallet_plan import WalletPlan
from segmodels.tables.wallets import Wallets

Load = Callable[[Path, Wallets], Any]


@dataclass(frozen=True)
class WalletModel:
    """A model of the wallet.

    Parameters
    ----------
    title
        Its name, and what it is.
    spec
        Makes the specification that a plan asks for.
    assumptions
        What it takes for granted, a sentence each.
    load
        Reads a fit that was saved, with the customers it was fitted to.
    anchored
        Whether the share of wallet comes from outside, and answers do no more than correct it.
    """

    title: str
    spec: Callable[[WalletPlan], Any]
    assumptions: Callable[[WalletPlan], tuple[str, ...]]
    load: Load
    anchored: bool = False


def spec_of(plan: WalletPlan) -> Any:
    """Specify the model that a plan asks for.

    Examples
    --------
    >>> spec_of(WalletPlan("base.csv", 1, total="total", by="region")).by
    'region'
    """
    return MODELS[plan.model].spec(plan)


def _share(plan: WalletPlan) -> WalletShare:
    return WalletShare(by=plan.by, covariates=plan.covariates, errors=plan.errors)


def _counts(plan: WalletPlan) -> WalletCounts:
    frame: Any = plan.frame or FRAMES[1]
    return WalletCounts(by=plan.by, covariates=plan.covariates, frame=frame)


def _frontier(plan: WalletPlan) -> WalletFrontier:
    return WalletFrontier(plan.anchor, by=plan.by, covariates=plan.covariates)


def _answers(plan: WalletPlan) -> str:
    seen = ["spend with us", *(["segment"] if plan.by else []), *plan.covariates, *plan.response]
    return (
        "Those who did not answer spend elsewhere like those who did and have the same "
        f"{', '.join(seen[:-1]) + ' and ' + seen[-1] if len(seen) > 1 else seen[0]}."
    )


def _of_share(plan: WalletPlan) -> tuple[str, ...]:
    return (
        _answers(plan),
        (
            "Some customers spend nothing elsewhere. Of the others, a power of the amount is normal around a "
            "curve in the logarithm of own spend, which is flat beyond the middle 95 % of the answers."
        ),
    )


def _of_counts(plan: WalletPlan) -> tuple[str, ...]:
    return (
        _answers(plan),
        "Purchases in the category are negative binomial, and the share of them that is ours is beta (NBD-Dirichlet).",
        f"The table holds: {plan.frame or FRAMES[1]}.",
    )


def _of_frontier(plan: WalletPlan) -> tuple[str, ...]:
    stated = plan.mean_share
    share = f"{stated:.0%}" if isinstance(stated, (int, float)) else "given for each segment"
    return (
        f"The mean share of wallet of the buyers is {share}, by a source outside: {plan.mean_share_source}.",
        (
            "Wallets are lognormal, and how far shares lie below the highest one is exponential; own spend can not "
            "tell whether that is so."
        ),
    )


#: Name in a plan → model.
MODELS: dict[str, WalletModel] = {
    "share": WalletModel("hurdle and Box-Cox normal (WalletShare)", _share, _of_share, WalletShareFit.load),
    "counts": WalletModel(
        "NBD-Dirichlet with spend per purchase (WalletCounts)", _counts, _of_counts, WalletCountsFit.load
    ),
    "frontier": WalletModel(
        "frontier of own spend (WalletFrontier)",
        _frontier,
        _of_frontier,
        WalletFrontierFit.load,
        anchored=True,
    ),
}


def trusted(plan: WalletPlan, frame: pd.DataFrame) -> pd.DataFrame:
    """Drop intervals that leave out what matters most: those of a frontier whose parameters are held fixed.

    How sure the mean share from outside is decides how sure the sums are, and a posterior mode does not have it.

    Examples
    --------
    >>> frame = pd.DataFrame({"headroom": [2.0], "headroom_low": [1.0], "headroom_high": [3.0]})
    >>> plan = WalletPlan("base.csv", 1, model="frontier", mean_share=0.4, setting=MAP())
    >>> list(trusted(plan, frame))
    ['headroom']
    """
    if not (MODELS[plan.model].anchored and isinstance(plan.setting, MAP)):
        return frame
    ends = [name for name in frame.columns if str(name).endswith(("_low", "_high"))]
    return frame.drop(columns=ends)
