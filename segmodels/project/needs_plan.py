"""What is to be done with a survey, as one frozen value."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, get_args

from segmodels.errors import Fault, InputError
from segmodels.evaluate.classes.choose import Test
from segmodels.inference.settings import MAP, Setting
from segmodels.models.needs.quadrature import Style
from segmodels.tables.codebook import Codebook
from segmodels.tables.responses import Absent
from segmodels.tables.simulate_answers import SimulatedSurvey

StyleChoice = Literal["auto", "none", "agreement", "extremes", "both"]

#: Rating scales from which on a style can be told from the needs.
LEAST_SCALES = 3
_BATTERY = "How important: "
#: Columns beside those that bear the names of segments.
RESERVED = ("customer_id", "segment", "certainty", "source", "price_axis")
#: The styles that a word stands for; ``"auto"`` depends on the items.
STYLES: dict[str, tuple[Style, ...]] = {
    "none": (),
    "agreement": ("agreement",),
    "extremes": ("extremes",),
    "both": ("agreement", "extremes"),
}


@dataclass(frozen=True)
class NeedsPlan:
    """A project: which survey, which models, which questions.

    Parameters
    ----------
    source
        The survey, as :meth:`Responses.read` takes it.
    seed
        Of everything random; the same seed gives the same figures.
    customer
        Column of ids; None: respondents have none, and are numbered from 0.
    codebook
        What :meth:`Codebook.read` takes, or a codebook; None: `items` have scales.
    items
        Item to scale; with a codebook the names of the indicators. Names may be patterns, such as ``"q*"``.
    weight, strata, cluster, missing, table
        As in :meth:`Responses.read`.
    n_classes
        Numbers of classes to try.
    take
        The number to take; None: the one recommended.
    style
        Response styles; ``"auto"``: agreement, where three or more indicators are rating scales.
    setting
        How the model with the number taken is fitted. Numbers are compared at the mode.
    starts
        Random starts of each fit; a fifth of them climb to the end.
    test, replicates, folds
        As in :func:`choose_classes`.
    questions
        Most golden questions to look at.
    base
        Every customer, with columns that describe them: a path or a table. None: no projection.
    base_customer
        Its column of ids; None: as in the survey.
    features
        Its columns that describe customers; empty: all.
    value
        Its column of values.
    premium, bargain
        Items in which a high answer speaks for premium seeking, or for bargain hunting.
    currency
        A sign or letters to write beside amounts.
    names
        Of the segments: number, as text, to name; the others get drafts.
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
    >>> NeedsPlan("survey.csv", seed=1, items={"q1": "ordinal"}, n_classes=(0,))
    Traceback (most recent call last):
        ...
    segmodels.errors.InputError: classes: got 0; expected whole numbers of at least 1. Give 1-8, say.
    """

    source: Any = field(repr=False)
    seed: int
    customer: str | None = "customer_id"
    codebook: Any = field(default=None, repr=False)
    items: Mapping[str, str] | tuple[str, ...] = ()
    weight: str | None = None
    strata: str | None = None
    cluster: str | None = None
    missing: Absent = ()
    table: str | None = None
    n_classes: tuple[int, ...] = tuple(range(1, 9))
    take: int | None = None
    style: StyleChoice = "auto"
    setting: Setting = field(default_factory=MAP)
    starts: int = 50
    test: Test = "none"
    replicates: int = 99
    folds: int = 5
    questions: int = 12
    base: Any = field(default=None, repr=False)
    base_customer: str | None = None
    features: tuple[str, ...] = ()
    value: str | None = None
    premium: tuple[str, ...] = ()
    bargain: tuple[str, ...] = ()
    currency: str = ""
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    name: str = ""
    simulated: bool = False
    level: float = 0.95

    def __post_init__(self) -> None:
        faults = [*_number_faults(self), *_role_faults(self)]
        if faults:
            raise InputError(faults)

    @property
    def title(self) -> str:
        """The name of the source."""
        if self.name:
            return self.name
        return Path(self.source).name if isinstance(self.source, (str, Path)) else "a table in memory"

    @property
    def directions(self) -> dict[str, int]:
        """Item to 1 for premium seeking, or to -1 for bargain hunting."""
        return dict.fromkeys(self.premium, 1) | dict.fromkeys(self.bargain, -1)

    def known(self) -> Codebook | None:
        """Read the codebook; `InputError` with every fault. None where items have scales."""
        given = self.codebook
        return given if given is None or isinstance(given, Codebook) else Codebook.read(given)


def _number_faults(plan: NeedsPlan) -> list[Fault]:
    numbers = ",".join(map(str, plan.n_classes))
    tried = bool(plan.n_classes) and min(plan.n_classes) >= 1
    checks = (
        ("classes", numbers or "none", tried, "whole numbers of at least 1", "Give 1-8, say."),
        (
            "take",
            str(plan.take),
            plan.take is None or plan.take in plan.n_classes,
            f"one of the numbers tried: {numbers}",
            "Try it, too.",
        ),
        (
            "style",
            repr(plan.style),
            plan.style in get_args(StyleChoice),
            ", ".join(get_args(StyleChoice)),
            "Say 'auto'.",
        ),
        ("starts", str(plan.starts), plan.starts >= 1, "a whole number of at least 1", "Give 50, say."),
        ("test", repr(plan.test), plan.test in get_args(Test), "'none' or 'bootstrap'", "Leave it out."),
        (
            "replicates",
            str(plan.replicates),
            plan.replicates >= 1,
            "a whole number of at least 1",
            "Give 99, say.",
        ),
        ("folds", str(plan.folds), plan.folds == 0 or plan.folds >= 2, "0, or at least 2", "Give 5, say."),
        ("questions", str(plan.questions), plan.questions >= 1, "at least 1", "Give 12, say."),
        ("level", str(plan.level), 0 < plan.level < 1, "a probability between 0 and 1", "Give 0.95, say."),
        ("seed", str(plan.seed), plan.seed >= 0, "a whole number of at least 0", "Give 1, say."),
    )
    return [Fault(where, got, expected, remedy) for where, got, good, expected, remedy in checks if not good]


def _role_faults(plan: NeedsPlan) -> list[Fault]:
    """Find what does not go together."""
    faults: list[Fault] = []
    if plan.codebook is None and not (isinstance(plan.items, Mapping) and plan.items):
        remedy = 'Give codebook="codebook.csv", or items="q1:ordinal,q2:nominal".'
        faults.append(Fault("codebook", "neither a codebook nor scales of items", "one of them", remedy))
    if plan.codebook is not None and isinstance(plan.items, Mapping) and plan.items:
        remedy = "With a codebook items= names the indicators alone, such as q1,q2."
        faults.append(Fault("items", "scales beside a codebook", "names", remedy))
    if plan.base is None:
        given = {"base_customer": plan.base_customer, "features": plan.features, "value": plan.value}
        faults += [
            Fault(where, repr(got), "a base that has it", "Give base=, the table of all customers.")
            for where, got in given.items()
            if got
        ]
    elif plan.customer is None:
        remedy = "Name the column of ids: customer=."
        faults.append(Fault("base", "a base, but respondents without ids", "ids to join by", remedy))
    taken = [name for name in plan.names.values() if not name.strip() or name in RESERVED]
    faults += [
        Fault("names", repr(name), "a name that is no column of the tables", "Choose another.")
        for name in taken
    ]
    both = sorted(set(plan.premium) & set(plan.bargain))
    if both:
        remedy = "Leave it out of one of them."
        faults.append(Fault("premium", f"{both[0]!r}, which is of bargain, too", "one direction", remedy))
    return faults


def simulated_plan(survey: SimulatedSurvey, seed: int, **settings: Any) -> NeedsPlan:
    """Plan the demonstration, on simulated data that need no file.

    Parameters
    ----------
    survey
        Made by :func:`simulate_survey`.
    seed
        Of the run.
    settings
        Further fields of the plan.
    """
    return NeedsPlan(
        survey.answers,
        seed,
        codebook=Codebook(tuple(replace(item, label=_short(item.label)) for item in survey.codebook)),
        weight="weight",
        base=survey.customers,
        value="spend",
        premium=("importance_quality", "loyal"),
        bargain=("importance_price", "compares"),
        name=f"{len(survey.answers):,} customers of a retailer that does not exist",
        simulated=True,
        **settings,
    )


def _short(label: str) -> str:
    """Cut what the wordings of a battery have in common, which is no help in names.

    >>> _short("How important: low prices"), _short("Region")
    ('Low prices', 'Region')
    """
    text = label.removeprefix(_BATTERY)
    return text[:1].upper() + text[1:]
