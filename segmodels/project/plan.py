"""What is to be done, as one frozen value."""

import datetime as dt
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import duckdb
import pyarrow as pa

from segmodels.errors import Fault, InputError
from segmodels.inference.settings import Laplace, Setting
from segmodels.models.value.bg_nbd import BGNBD, BGNBDFit
from segmodels.models.value.mbg_nbd import MBGNBD, MBGNBDFit
from segmodels.models.value.pareto_nbd import ParetoNBD, ParetoNBDFit
from segmodels.tables.datasets import cdnow
from segmodels.tables.summary import DAYS_PER, Unit, as_day
from segmodels.tables.transactions import Negative, Transactions, Zero

ModelName = Literal["bg-nbd", "mbg-nbd", "pareto-nbd"]


@dataclass(frozen=True)
class Model:
    """A purchase model: how it is written, how it is specified, and what its fits are."""

    title: str
    spec: Callable[[], Any]
    fit: Any


MODELS: dict[str, Model] = {
    "bg-nbd": Model("BG/NBD", BGNBD, BGNBDFit),
    "mbg-nbd": Model("MBG/NBD", MBGNBD, MBGNBDFit),
    "pareto-nbd": Model("Pareto/NBD", ParetoNBD, ParetoNBDFit),
}

#: A quarter, half a year and a year.
HORIZONS: dict[str, tuple[float, ...]] = {"day": (91, 182, 365), "week": (13, 26, 52), "month": (3, 6, 12)}


@dataclass(frozen=True)
class Plan:
    """A project: which log, which model, which questions.

    Parameters
    ----------
    source
        What :meth:`Transactions.read` takes: a path, a glob, a frame.
    seed
        Of everything random; the same seed gives the same figures.
    customer, date, value, table, zero, negative, date_format, today
        As in :meth:`Transactions.read`.
    name
        Of the source, for the page; default: the file's name.
    until
        Last day that the fit sees; default: the last of the log. What comes later is held out.
    end
        Last day of the holdout; default: the last of the log.
    unit
        ``"day"``, ``"week"`` or ``"month"``: of ``T`` and of the horizons.
    model, setting
        The purchase model, and how all models are fitted.
    horizons
        Of the forecast, in `unit`; default: a quarter, half a year, a year.
    months, annual_discount, margin
        Of the lifetime value.
    currency
        A sign or letters to write beside amounts.
    level
        Probability inside intervals.
    contractual
        ``"refuse"`` logs that look like payments under a contract, or ``"allow"`` them.

    Raises
    ------
    InputError
        With every fault of the settings.

    Examples
    --------
    >>> Plan("log.csv", seed=1, customer="who", date="day", months=0)
    Traceback (most recent call last):
        ...
    segmodels.errors.InputError: months: got 0; expected a whole number of at least 1. Give 36, say.
    """

    source: Any = field(repr=False)
    seed: int
    customer: str = "customer_id"
    date: str = "date"
    value: str | None = None
    table: str | None = None
    zero: Zero | None = None
    negative: Negative | None = None
    date_format: str | None = None
    today: dt.date | None = None
    name: str = ""
    until: dt.date | None = None
    end: dt.date | None = None
    unit: Unit = "week"
    model: ModelName = "bg-nbd"
    setting: Setting = field(default_factory=Laplace)
    horizons: tuple[float, ...] = ()
    months: int = 36
    annual_discount: float = 0.10
    margin: float = 1.0
    currency: str = ""
    level: float = 0.8
    contractual: Literal["refuse", "allow"] = "refuse"

    def __post_init__(self) -> None:
        checks = (
            ("model", self.model, self.model in MODELS, f"one of {', '.join(MODELS)}", "Say model='bg-nbd'."),
            ("unit", self.unit, self.unit in HORIZONS, "day, week or month", "Say unit='week'."),
            ("months", self.months, self.months >= 1, "a whole number of at least 1", "Give 36, say."),
            ("margin", self.margin, 0 < self.margin <= 1, "a share above 0, up to 1", "Give 0.3, say."),
            (
                "annual_discount",
                self.annual_discount,
                -1 < self.annual_discount <= 1,
                "a rate above -1, up to 1",
                "Ten per cent a year is 0.10.",
            ),
            ("level", self.level, 0 < self.level < 1, "a probability between 0 and 1", "Give 0.8, say."),
            ("seed", self.seed, self.seed >= 0, "a whole number of at least 0", "Give 1, say."),
        )
        faults = [
            Fault(where, repr(got), expected, remedy)
            for where, got, good, expected, remedy in checks
            if not good
        ]
        rising = all(a < b for a, b in zip((0.0, *self.horizons), self.horizons, strict=False))
        if not rising or not all(end < float("inf") for end in self.horizons):
            got = ", ".join(f"{end:g}" for end in self.horizons)
            faults.append(Fault("horizons", got, "rising numbers above 0", "Give 13,26,52, say."))
        if faults:
            raise InputError(faults)

    @property
    def title(self) -> str:
        """The name of the source."""
        if self.name:
            return self.name
        return Path(self.source).name if isinstance(self.source, (str, Path)) else "a table in memory"

    @property
    def ends(self) -> tuple[float, ...]:
        """The horizons of the forecast."""
        return self.horizons or HORIZONS[self.unit]

    def read(self) -> Transactions:
        """Read the log; `InputError` with every fault."""
        with readable():
            return Transactions.read(
                self.source,
                customer=self.customer,
                date=self.date,
                value=self.value,
                table=self.table,
                zero=self.zero,
                negative=self.negative,
                date_format=self.date_format,
                today=self.today,
            )

    def holdout_end(self, transactions: Transactions) -> dt.date | None:
        """Last day of the holdout; None where nothing is held out."""
        if self.until is None:
            return None
        end = transactions.last_date if self.end is None else self.end
        if self.end is not None and end <= self.until:
            remedy = "Choose an earlier until= or a later end=."
            raise InputError(Fault("end", str(end), f"a day after until={self.until}", remedy))
        return end if end > self.until else None

    def horizon(self, transactions: Transactions) -> float:
        """Horizon of the headline: the length of the holdout or, without one, the longest of the forecast."""
        end = self.holdout_end(transactions)
        if end is None or self.until is None:
            return self.ends[-1]
        return (end - self.until).days / DAYS_PER[self.unit]


@contextmanager
def readable() -> Generator[None]:
    """Say in one line what an engine says of a file that it can not read."""
    try:
        yield
    except (duckdb.Error, pa.ArrowInvalid) as error:
        said = str(error).strip().splitlines()[0]
        raise InputError(
            Fault("source", f"what can not be read ({said})", "a whole file of its kind", "Write it anew.")
        ) from error


def demo(setting: Setting, seed: int) -> Plan:
    """Plan the demonstration: CDNOW, 39 weeks to fit and 39 weeks held out.

    Examples
    --------
    >>> demo(Laplace(), seed=1).until
    datetime.date(1997, 9, 30)
    """
    return Plan(
        cdnow(),
        seed,
        value="value",
        zero="keep",
        name="CDNOW, sample of 1 in 10 customers",
        until=as_day("1997-09-30", "until"),
        end=as_day("1998-06-30", "end"),
        setting=setting,
        currency="$",
    )
