"""Backtest: forecasts made at past days, beside what came and beside naive forecasts."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evaluate import kept, verdicts
from segmodels.evaluate.baselines import naive_forecasts
from segmodels.evaluate.predictions import Prediction, predict
from segmodels.evaluate.results import Forecast, by_decile, by_origin, over_origins
from segmodels.evidence import Evidence
from segmodels.inference.settings import Setting
from segmodels.models.value.gamma_gamma import GammaGamma
from segmodels.tables.attributes import Attributes
from segmodels.tables.customers import Contractual
from segmodels.tables.summary import DAYS_PER, Occasion, Unit, as_day
from segmodels.tables.transactions import Transactions

Array = NDArray[np.float64]
Day = str | dt.date
_PAGE = ("method", "origins", "actual", "expected", "bias", "mae", "rmse", "correlation", "lift", "coverage")


@dataclass(frozen=True)
class Backtest:
    """What :func:`backtest` found.

    Parameters
    ----------
    by_origin
        One row for each target ("purchases", "spend"), origin and method: ``target, origin, method, kind`` ("model" or
        "baseline"), ``customers``; the scores of :func:`~segmodels.evaluate.scores.point_scores`; ``crps``; and of
        models ``coverage`` (share of customers within their interval), ``coverage_own`` (the share that the model
        itself expects there: for counts it is above the level), ``width`` (mean), ``total_low``, ``total_high`` and
        ``total_inside`` (whether the sum over customers lies between).
    by_decile
        Lift table over all origins: ``target, method, decile`` (1: the highest forecasts), ``customers`` (per origin),
        ``actual`` and ``expected`` (per customer), ``bias``, ``lift``. The target "spend per purchase" has customers
        sorted by expected purchases: it shows whether spend rises with frequency.
    evidence
        Does a model beat the naive forecasts? Do intervals hold their level? Does the spend of the best hold?
    level
        Probability of the intervals.
    """

    by_origin: pd.DataFrame
    by_decile: pd.DataFrame
    evidence: tuple[Evidence, ...]
    level: float

    @property
    def table(self) -> pd.DataFrame:
        """One row for each target and method: means over origins.

        ``bias`` is of the sums over origins; ``total_coverage`` is the share of origins whose sum over customers lies
        within its interval.
        """
        return over_origins(self.by_origin)

    def summary(self, target: str = "purchases") -> pd.DataFrame:
        """One row per method with the columns that a page shows."""
        table = self.table
        return table.loc[table["target"] == target, list(_PAGE)].reset_index(drop=True)


def rolling_origins(first: Day, step: float, count: int, unit: Unit = "week") -> tuple[dt.date, ...]:
    """List origins at equal distances.

    Parameters
    ----------
    first
        The first origin.
    step
        From one origin to the next, in `unit`, rounded to whole days.
    count
        How many.

    Examples
    --------
    >>> [str(day) for day in rolling_origins("1997-06-30", 13, 2)]
    ['1997-06-30', '1997-09-29']
    """
    start = as_day(first, "first")
    return tuple(start + dt.timedelta(days=round(k * step * DAYS_PER[unit])) for k in range(count))


def backtest(  # noqa: PLR0913
    transactions: Transactions,
    specs: Any,
    setting: Setting,
    *,
    origins: Day | Sequence[Day],
    horizon: float,
    seed: int,
    unit: Unit = "week",
    occasion: Occasion = "day",
    spend: GammaGamma | None = None,
    attributes: Attributes | None = None,
    contractual: Contractual = "refuse",
    level: float = 0.8,
    baselines: bool = True,
    cache: str | Path | None = None,
    progress: Callable[[int, int, str], None] | None = None,
) -> Backtest:
    """Fit models to what was known at past days, and compare forecasts with what came.

    Parameters
    ----------
    transactions
        The log.
    specs
        Purchase models, by the names to show; without names they bear those of their classes. Or just one.
    setting, seed
        How each is fitted. With ``MAP()`` intervals leave out what is unknown of the parameters.
    origins
        Last days known; see :func:`rolling_origins`. At each, models see the customers as of that day.
    horizon
        How far to forecast, in `unit`; every origin plus horizon has to lie within the log.
    unit, occasion
        As for ``Transactions.customers``.
    spend
        A spend model, to forecast spend beside purchases: expected purchases times expected spend per purchase.
    attributes
        Covariates and segments that the models use.
    contractual
        As for ``Transactions.customers``: whether a log that looks contractual is refused.
    level
        Probability of the predictive intervals, of each customer and of the sum.
    baselines
        Whether to add naive forecasts; see :func:`~segmodels.evaluate.baselines.naive_forecasts`.
    cache
        A folder that keeps each finished forecast (origin by model), written whole or not at all. A later call with
        the same data, model, setting, seed and version takes it from there.
    progress
        Called after each forecast with the number done, the number of all, and what was done.

    Returns
    -------
    Backtest

    Raises
    ------
    InputError
        Where origins do not fit into the log; all faults together.
    NotConverged
        Where a model can not be fitted at an origin. What was finished is in the cache.

    Examples
    --------
    >>> import segmodels as sg
    >>> from segmodels.tables.datasets import cdnow
    >>> log = sg.Transactions.read(cdnow(), customer="customer_id", date="date")
    >>> tested = backtest(log, {"BG/NBD": sg.BGNBD()}, sg.MAP(), origins="1997-09-30", horizon=39, seed=1)
    >>> tested.summary()[["method", "actual", "expected", "mae"]].round(3)
            method  actual  expected    mae
    0       BG/NBD  1882.0  1653.408  0.785
    1     own rate  1882.0  2930.101  1.024
    2  last period  1882.0  2457.000  0.897
    3  hiatus rule  1882.0   984.602  0.765
    4  mean of all  1882.0  2928.946  1.382
    """
    named = _named(specs)
    days = _origins(transactions, origins, horizon, unit)
    _require_level(level)
    forecasts: list[Forecast] = []
    steps = len(days) * len(named)
    for origin in days:
        past = _Past.at(transactions, origin, horizon, unit, occasion, attributes, contractual)
        for name, spec in named.items():
            key = _key(spec, spend, setting, seed, past, level)
            path = None if cache is None else kept.path_of(Path(cache), key)
            prediction = None if path is None else kept.read(path, len(past.known))
            if prediction is None:
                prediction = _predicted(past, spec, spend, setting, seed, level)
                if path is not None:
                    kept.write(path, prediction)
            forecasts += past.forecasts(name, "model", prediction)
            if progress is not None:
                progress(
                    len({(f.origin, f.method) for f in forecasts if f.kind == "model"}),
                    steps,
                    f"{name}, {origin}",
                )
        if baselines:
            forecasts += past.naive(transactions, occasion, with_spend=spend is not None)
    return Backtest(by_origin(forecasts), by_decile(forecasts), verdicts.judge(forecasts, level), level)


@dataclass(frozen=True)
class _Past:
    """What was known at an origin, and what came."""

    origin: dt.date
    horizon: float
    unit: Unit
    customers: Any
    known: pd.DataFrame
    actual: dict[str, Array]

    @classmethod
    def at(
        cls,
        transactions: Transactions,
        origin: dt.date,
        horizon: float,
        unit: Unit,
        occasion: Occasion,
        attributes: Attributes | None,
        contractual: Contractual,
    ) -> "_Past":
        end = origin + dt.timedelta(days=round(horizon * DAYS_PER[unit]))
        split = transactions.holdout(origin, end, unit, occasion, contractual)
        customers = split.calibration if attributes is None else split.calibration.with_attributes(attributes)
        came = split.to_pandas()
        actual = {"purchases": came["frequency_holdout"].to_numpy(np.float64)}
        if "total_holdout" in came:
            actual["spend"] = came["total_holdout"].to_numpy(np.float64)
        return cls(origin, horizon, unit, customers, customers.to_pandas(), actual)

    def forecasts(self, method: str, kind: str, prediction: Prediction) -> Iterator[Forecast]:
        ids = self.known["customer_id"].to_numpy()
        for target, frame in prediction.customers.items():
            total = prediction.totals.get(target)
            yield Forecast(target, self.origin, method, kind, ids, self.actual[target], frame, total)

    def naive(
        self, transactions: Transactions, occasion: Occasion, *, with_spend: bool
    ) -> Iterator[Forecast]:
        rules = naive_forecasts(transactions, self.known, self.origin, self.horizon, self.unit, occasion)
        targets = ("purchases", "spend") if with_spend else ("purchases",)
        for name, rule in rules.items():
            frames = {target: pd.DataFrame({"expected": rule[target]}) for target in targets}
            yield from self.forecasts(name, "baseline", Prediction(frames, {}))


def _predicted(
    past: _Past, spec: Any, spend: GammaGamma | None, setting: Setting, seed: int, level: float
) -> Prediction:
    fit = spec.fit(past.customers, setting, seed=seed)
    spent = None if spend is None else spend.fit(past.customers, setting, seed=seed)
    return predict(fit, spent, past.known, past.actual, past.horizon, level)


def _key(
    spec: Any, spend: GammaGamma | None, setting: Setting, seed: int, past: _Past, level: float
) -> dict[str, object]:
    data = past.known.assign(**{f"{name} that came": values for name, values in past.actual.items()})
    return {
        "spec": repr(spec),
        "spend": repr(spend),
        "setting": repr(setting),
        "seed": seed,
        "level": level,
        "origin": past.origin,
        "horizon": past.horizon,
        "unit": past.unit,
        "data": kept.fingerprint(data),
    }


def _named(specs: Any) -> dict[str, Any]:
    if isinstance(specs, Mapping):
        named = dict(specs)
    else:
        several = specs if isinstance(specs, Sequence) else (specs,)
        named = {type(spec).__name__: spec for spec in several}
        if len(named) < len(several):
            got = "two models of one class"
            raise InputError(Fault("specs", got, "a name for each", "Pass a dict of names and models."))
    if not named:
        raise InputError(Fault("specs", "no model", "at least one", "Pass {'BG/NBD': BGNBD()}, say."))
    wrong = [spec for spec in named.values() if isinstance(spec, GammaGamma) or not hasattr(spec, "fit")]
    if wrong:
        got, remedy = ", ".join(map(repr, wrong)), "Pass BGNBD(), say; a model of spend goes to spend=."
        raise InputError(Fault("specs", got, "models of purchases", remedy))
    return named


def _origins(
    transactions: Transactions, origins: Day | Sequence[Day], horizon: float, unit: Unit
) -> list[dt.date]:
    told: Any = origins
    given = list(told) if isinstance(told, Iterable) and not isinstance(told, str) else [told]
    if not (np.isfinite(horizon) and horizon * DAYS_PER[unit] >= 1):
        raise InputError(Fault("horizon", repr(horizon), "one day at least", f"Give it in {unit}s."))
    days = sorted({as_day(origin, "origins") for origin in given})
    length = dt.timedelta(days=round(horizon * DAYS_PER[unit]))
    first, last = transactions.first_date, transactions.last_date - length
    if last < first:
        whole = (transactions.last_date - first).days / DAYS_PER[unit]
        expected = f"at most the {whole:.4g} {unit}s of the log, from {first} to {transactions.last_date}"
        raise InputError(Fault("horizon", f"{horizon:g} {unit}s", expected, "Choose a shorter one."))
    faults = [
        Fault(
            "origins",
            str(day),
            f"a day from {first} to {last}",
            "Choose another origin, or a shorter horizon.",
        )
        for day in days
        if not first <= day <= last
    ]
    if faults:
        raise InputError(faults)
    if not days:
        raise InputError(Fault("origins", "none", "at least one day", "See rolling_origins."))
    return days


def _require_level(level: float) -> None:
    if not 0 < level < 1:
        raise InputError(Fault("level", repr(level), "a probability between 0 and 1", "Give 0.8, say."))
