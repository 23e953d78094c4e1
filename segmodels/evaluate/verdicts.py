"""What a backtest says, as Evidence."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

from segmodels.evaluate.results import PER_PURCHASE, Forecast, by_decile
from segmodels.evidence import Evidence

Array = NDArray[np.float64]
_CLEAR = 2.0
_MATTERS = 0.01
_SLACK = 0.02
_RARE = 0.05
_OFF = 0.1


def judge(forecasts: Sequence[Forecast], level: float) -> tuple[Evidence, ...]:
    """Judge models against naive forecasts, and their intervals, for each target."""
    found: list[Evidence] = []
    for target in dict.fromkeys(forecast.target for forecast in forecasts):
        mine = [forecast for forecast in forecasts if forecast.target == target]
        if any(forecast.kind == "baseline" for forecast in mine):
            found.append(better_than_naive(mine))
        found.append(intervals_hold(mine, level))
    if any(forecast.target == "spend" for forecast in forecasts):
        found.append(spend_of_the_best(forecasts))
    return tuple(found)


def better_than_naive(forecasts: Sequence[Forecast]) -> Evidence:
    """Compare the best model with the best naive forecast, both by mean squared error.

    Squared error is what an expectation is to be judged by; absolute error favours medians, which for most
    customers are 0 (Gneiting 2011, JASA 106). The standard error is of the paired difference over customers; one who
    counts at several origins counts as one. It does not count that the best of several was picked.
    """
    model, naive = (
        _best([forecast for forecast in forecasts if forecast.kind == kind]) for kind in ("model", "baseline")
    )
    rows = []
    for score in ("squared error", "absolute error", "CRPS"):
        one, other = (_losses(group, score) for group in (model, naive))
        rows.append((score, _mean(one, "loss"), _mean(other, "loss"), *_paired(one, other)))
    columns = ["score", "model", "baseline", "difference", "standard_error"]
    _, _, loss, difference, error = rows[0]
    less = f"{abs(difference) / loss if loss else 0.0:.0%} {'lower' if difference < 0 else 'higher'}"
    errors = abs(difference) / error if error else 0.0
    text = (
        f"The mean squared error per customer of the best model, {model[0].method}, is {less} than that of the best "
        f"naive forecast, {naive[0].method} ({errors:.1f} standard errors)."
    )
    clear = errors > _CLEAR and abs(difference) > _MATTERS * loss
    if not clear:
        text += " That may be chance, or too little to matter."
    elif difference > 0:
        text += " Use the naive forecast, or find out why the model fails."
    passed = difference < 0 if clear else None
    table = pd.DataFrame(rows, columns=columns)
    return Evidence(f"Better than naive forecasts: {forecasts[0].target}", passed, text, table)


def intervals_hold(forecasts: Sequence[Forecast], level: float) -> Evidence:
    """Compare how often intervals hold what came with how often they should, for each model.

    A customer's interval of a count holds more than the level by itself (0 to 0 may hold 90 per cent), so coverage is
    compared with the mass that the model gives to the interval. Customers pass if coverage falls short by at most
    two standard errors and 2 percentage points; sums over customers, unless so few would lie within by chance
    in less than 5 per cent of cases (binomial, as if origins were independent); with too few origins to tell, sums
    that all lie outside leave the verdict open.
    """
    rows, failed, none_inside = [], [], []
    for name in dict.fromkeys(forecast.method for forecast in forecasts if forecast.total is not None):
        mine = [forecast for forecast in forecasts if forecast.method == name]
        short = pd.concat([_excess(forecast) for forecast in mine], ignore_index=True)
        excess, error = _mean_over_customers(short)
        totals = [float(str(forecast.scores()["total_inside"])) for forecast in mine]
        chance = float(binom.cdf(sum(totals), len(totals), level))
        if excess < -(_CLEAR * error + _SLACK):
            failed.append(f"{name} for customers ({-excess:.1%} too few inside)")
        if chance < _RARE:
            failed.append(f"{name} for the sum ({sum(totals):.0f} of {len(totals)} inside)")
        elif not sum(totals):
            none_inside.append(name)
        rows.append(
            {
                "model": name,
                "coverage": _mean(short, "inside"),
                "coverage_own": _mean(short, "mass"),
                "excess": excess,
                "standard_error": error,
                "totals_inside": sum(totals),
                "origins": len(totals),
            }
        )
    table = pd.DataFrame(rows)
    held = ", ".join(
        f"{row['model']} {row['coverage']:.0%} of customers (it expected {row['coverage_own']:.0%}) "
        f"and {row['totals_inside']:.0f} of {row['origins']} sums"
        for row in rows
    )
    text = f"Intervals of {level:.0%} held: {held}."
    if failed:
        text += (
            f" Too narrow: {'; '.join(failed)}. Behaviour changed more than the model allows (or, under MAP(), what is"
            " unknown of the parameters is left out): take the intervals for too narrow."
        )
    elif none_inside:
        text += f" No sum lay inside for {', '.join(none_inside)}; that may be chance: take more origins."
    passed = False if failed else None if none_inside else True
    return Evidence(f"Intervals hold: {forecasts[0].target}", passed, text, table)


def spend_of_the_best(forecasts: Sequence[Forecast]) -> Evidence:
    """Say how far spend per purchase of those expected to buy most is off; the models take it for independent."""
    best = _best([f for f in forecasts if f.target == "spend" and f.kind == "model"])[0].method
    table = by_decile([forecast for forecast in forecasts if forecast.method == best])
    table = table.loc[table["target"] == PER_PURCHASE].reset_index(drop=True)
    off = float(table["bias"].to_numpy()[0])
    actual, expected = (float(table[name].to_numpy()[0]) for name in ("actual", "expected"))
    text = (
        f"The tenth that {best} expects to buy most spent {actual:,.2f} per purchase; {expected:,.2f} was expected, "
        f"{abs(off):.0%} too {'much' if off > 0 else 'little'}."
    )
    if abs(off) > _OFF:
        text += " Spend goes with frequency, which the model does not know: the value of the best is biased."
    return Evidence("Spend of the best customers", None, text, table)


def _best(forecasts: Sequence[Forecast]) -> list[Forecast]:
    """Pick the forecasts, over origins, of the method with the lowest mean squared error."""
    methods = dict.fromkeys(forecast.method for forecast in forecasts)
    each = {name: [forecast for forecast in forecasts if forecast.method == name] for name in methods}
    return min(each.values(), key=lambda group: _mean(_losses(group, "squared error"), "loss"))


def _losses(forecasts: Sequence[Forecast], score: str) -> pd.DataFrame:
    """One row per origin and customer: ``customer_id, loss``."""
    parts = []
    for forecast in forecasts:
        error = forecast.expected - forecast.actual
        loss = {"squared error": error**2, "absolute error": np.abs(error), "CRPS": forecast.crps}[score]
        parts.append(pd.DataFrame({"customer_id": forecast.customer_id, "loss": loss}))
    return pd.concat(parts, ignore_index=True)


def _paired(one: pd.DataFrame, other: pd.DataFrame) -> tuple[float, float]:
    return _mean_over_customers(one.assign(excess=one["loss"] - other["loss"]))


def _excess(forecast: Forecast) -> pd.DataFrame:
    inside = forecast.inside.astype(np.float64)
    mass = forecast.customers["mass"].to_numpy(np.float64)
    return pd.DataFrame(
        {"customer_id": forecast.customer_id, "inside": inside, "mass": mass, "excess": inside - mass}
    )


def _mean(frame: pd.DataFrame, column: str) -> float:
    return float(frame[column].to_numpy(np.float64).mean())


def _mean_over_customers(frame: pd.DataFrame) -> tuple[float, float]:
    """Mean of ``excess`` and its standard error, with the rows of a customer taken together."""
    mean = _mean(frame, "excess")
    codes, _ = pd.factorize(frame["customer_id"])
    sums = np.bincount(codes, weights=frame["excess"].to_numpy(np.float64) - mean)
    return mean, float(np.sqrt((sums**2).sum()) / len(frame))
