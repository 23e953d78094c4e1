"""What is to be done with own spend and a survey of wallets, as one frozen value."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, get_args

import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.inference.settings import Laplace, Setting
from segmodels.models.wallet.counts_cells import FRAMES
from segmodels.models.wallet.frontier_anchor import WHERE_FROM, MeanShare
from segmodels.project.wallet_names import is_taken
from segmodels.segments.wallet.potential import PotentialKind
from segmodels.segments.wallet.value_grid import MEDIAN, Quantile

ModelName = Literal["share", "counts", "frontier"]
Errors = Literal["normal", "t"]
#: Of whom the demonstration is.
_SIMULATED = "customers of a retailer that does not exist"


@dataclass(frozen=True)
class WalletPlan:
    """A project: whose wallets, which model, which questions.

    Parameters
    ----------
    source
        Every customer with own spend, as :meth:`Wallets.read` takes it.
    seed
        Of everything random; the same seed gives the same figures.
    customer, own, total, elsewhere, window, category, purchases, total_purchases, rounding, below, most_below, table,
    answers_table
        As in :meth:`Wallets.read`.
    answers
        The survey, where it is a table of its own.
    only
        The category to look at, where there are several.
    model
        ``"share"``; ``"counts"``, where the survey asks how often as well; ``"frontier"``, with a mean share from
        outside.
    by
        Column of the segments, by a name that the table of customers does not have for something else.
    covariates
        Numeric columns that tell of elsewhere spend.
    response
        Further columns that may decide who answers: the answers are weighted by them.
    errors
        Of model ``"share"``: ``"normal"``, or ``"t"`` where a few answers are far off.
    frame
        Of model ``"counts"``: whom the table holds.
    mean_share, mean_share_sd, mean_share_source
        Of model ``"frontier"``: the mean share or one for each segment, how sure it is, and who says so; see
        :class:`MeanShare`.
    setting
        How the model is fitted.
    draws
        Of sums over segments, cells and bands, which all take the same ones and so add up.
    value
        Column of current or forecast value, for the grid; None: own spend.
    value_cut, potential_cut, potential, bands, sure
        Of the grid and the bands; see :func:`value_grid` and :func:`potential_bands`.
    levels
        Of the quantiles of each customer.
    tau
        Attainable is the share that this quantile of the look-alikes reaches.
    folds
        Of the cross-validation; 0 leaves it out.
    error, budget
        Of the survey plan; see :func:`survey_plan`.
    currency
        A sign or letters to write beside amounts.
    name
        Of the source, for the page; default: the file's name.
    simulated
        Whether the data are simulated, which the page says.
    level
        Probability inside intervals.

    Raises
    ------
    InputError
        With every fault of the settings.

    Examples
    --------
    >>> WalletPlan("base.csv", seed=1, own="spend", model="frontier")
    Traceback (most recent call last):
        ...
    segmodels.errors.InputError: mean_share: got none; expected the mean share of wallet, from outside. Own spend ...
    """

    source: Any = field(repr=False)
    seed: int
    customer: str = "customer_id"
    own: str = "own"
    total: str | None = None
    elsewhere: str | None = None
    answers: Any = field(default=None, repr=False)
    window: str | tuple[str, str] | None = None
    category: str | tuple[str, str] | None = None
    only: str | None = None
    purchases: str | None = None
    total_purchases: str | None = None
    rounding: float | str | None = None
    below: float = 0.05
    most_below: float = 0.10
    table: str | None = None
    answers_table: str | None = None
    model: ModelName = "share"
    by: str | None = None
    covariates: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    errors: Errors = "normal"
    frame: str | None = None
    mean_share: float | Mapping[str, float] | None = None
    mean_share_sd: float = 0.25
    mean_share_source: str = "source not stated"
    setting: Setting = field(default_factory=Laplace)
    draws: int = 400
    value: str | None = None
    value_cut: float | Quantile = MEDIAN
    potential_cut: float | Quantile = MEDIAN
    potential: PotentialKind = "headroom"
    bands: int | tuple[float, ...] = 4
    sure: float = 0.8
    levels: tuple[float, ...] = (0.05, 0.1, 0.5, 0.9, 0.95)
    tau: float = 0.8
    folds: int = 5
    error: float = 0.05
    budget: int | None = None
    currency: str = ""
    name: str = ""
    simulated: bool = False
    level: float = 0.9

    def __post_init__(self) -> None:
        faults = [*_number_faults(self), *_model_faults(self), *_share_faults(self)]
        if faults:
            raise InputError(faults)

    @property
    def title(self) -> str:
        """The name of the source."""
        if self.name:
            return self.name
        return Path(self.source).name if isinstance(self.source, (str, Path)) else "a table in memory"

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the customers that are needed beside the roles."""
        single = [name for name in (self.by, self.value) if name is not None]
        return tuple(dict.fromkeys((*single, *self.covariates, *self.response)))

    @property
    def anchor(self) -> MeanShare | None:
        """The mean share from outside, where one was given."""
        if self.mean_share is None:
            return None
        return MeanShare(self.mean_share, self.mean_share_sd, self.mean_share_source)


def _number_faults(plan: WalletPlan) -> Generator[Fault]:
    rising = list(plan.levels) == sorted(set(plan.levels)) and all(0 < q < 1 for q in plan.levels)
    checks = (
        ("seed", plan.seed, plan.seed >= 0, "a whole number of at least 0", "Give 1, say."),
        ("draws", plan.draws, plan.draws >= 2, "a whole number of at least 2", "Give 400, say."),
        ("folds", plan.folds, plan.folds == 0 or plan.folds >= 2, "0, or at least 2", "Give 5, say."),
        ("level", plan.level, 0 < plan.level < 1, "a probability between 0 and 1", "Give 0.9, say."),
        ("tau", plan.tau, 0 < plan.tau < 1, "a share between 0 and 1", "Give 0.8, say."),
        ("sure", plan.sure, 0.5 < plan.sure <= 1, "a probability above 0.5, at most 1", "Give 0.8, say."),
        ("error", plan.error, 0 < plan.error < 1, "a share between 0 and 1", "Write 5 % as 0.05."),
        ("budget", plan.budget, plan.budget is None or plan.budget >= 1, "1 or more", "Leave it out."),
        (
            "levels",
            plan.levels,
            bool(plan.levels) and rising,
            "ascending numbers between 0 and 1",
            "Give (0.1, 0.5, 0.9), say.",
        ),
        _choice("model", plan.model, get_args(ModelName)),
        _choice("errors", plan.errors, get_args(Errors)),
        _choice("potential", plan.potential, get_args(PotentialKind)),
        _choice("frame", plan.frame, (None, *FRAMES)),
    )
    for where, got, good, expected, remedy in checks:
        if not good:
            yield Fault(where, repr(got), expected, remedy)


def _choice(where: str, got: Any, choices: Sequence[Any]) -> tuple[str, Any, bool, str, str]:
    expected = "one of " + ", ".join(repr(each) for each in choices if each is not None)
    return where, got, got in choices, expected, "Check the spelling."


def _model_faults(plan: WalletPlan) -> Generator[Fault]:
    """Find what the model needs and does not get, and what it can not use."""
    if plan.model != "frontier" and plan.total is None and plan.elsewhere is None:
        got = "no column of answers"
        remedy = "Name it: total= or elsewhere=. Without a survey there is model='frontier'."
        yield Fault("total", got, "what customers say they spend", remedy)
    if plan.model == "counts" and (plan.purchases is None or plan.total_purchases is None):
        remedy = "Name both columns: purchases= and total_purchases=."
        yield Fault(
            "purchases", "no numbers of purchases", "own and all purchases, for model 'counts'", remedy
        )
    if plan.by is not None and plan.by in (*plan.covariates, plan.value):
        yield Fault(
            "by", f"{plan.by!r}, which is a number, too", "a column of its own", "Leave one of them out."
        )
    if plan.by is not None and is_taken(plan.by):
        got = f"{plan.by!r}, which the table of customers has for something else"
        yield Fault("by", got, "a column of another name", "Rename it, for example to 'segment'.")
    unused = {
        "errors": (plan.errors != "normal", "share"),
        "frame": (plan.frame is not None, "counts"),
        "mean_share": (plan.mean_share is not None, "frontier"),
    }
    for where, (given, model) in unused.items():
        if given and plan.model != model:
            got = f"{getattr(plan, where)!r} with model {plan.model!r}"
            yield Fault(where, got, f"model {model!r}", "Leave it out, or take that model.")


def _share_faults(plan: WalletPlan) -> Generator[Fault]:
    """Find what is wrong with the mean share from outside."""
    if plan.mean_share is None:
        if plan.model == "frontier":
            yield Fault("mean_share", "none", "the mean share of wallet, from outside", WHERE_FROM)
        return
    if isinstance(plan.mean_share, Mapping) and plan.by is None:
        remedy = "Name the column of the segments: by=."
        yield Fault("by", "no column, and a mean share for each segment", "segments", remedy)
    try:
        _ = plan.anchor
    except InputError as error:
        yield from error.faults


def simulated_wallet_plan(customers: pd.DataFrame, seed: int, **settings: Any) -> WalletPlan:
    """Plan the demonstration, on simulated data that need no file.

    Parameters
    ----------
    customers
        Made by :func:`simulate_wallets`, with segments and one covariate.
    seed
        Of the run.
    settings
        Further fields of the plan.
    """
    about: dict[str, Any] = {
        "total": "total",
        "by": "segment",
        "covariates": ("x1",),
        "name": f"{len(customers):,} {_SIMULATED}",
    }
    if settings.get("model") == "frontier":
        # Nobody is asked, which is what this model is for.
        about |= {"total": None, "mean_share": 0.55, "mean_share_source": "made up for the demonstration"}
    return WalletPlan(customers, seed, simulated=True, **(about | settings))
