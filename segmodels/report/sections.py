"""The sections of the page: from frames to sentences, figures and tables of text."""

from datetime import date

import numpy as np
import pandas as pd

from segmodels.report import tables
from segmodels.report.html import Drawing, Section
from segmodels.report.plots import deciles as plot_deciles
from segmodels.report.plots import frequency as plot_frequency
from segmodels.report.plots import frequency_recency as plot_grid
from segmodels.report.plots import lorenz as plot_lorenz
from segmodels.report.plots import tracking
from segmodels.report.plots import value_curve as plot_curve
from segmodels.report.plots.frequency_recency import FrequencyRecency
from segmodels.report.plots.lorenz import Concentration
from segmodels.report.tables import Column, Table, figures, floats, words


def audit(frame: pd.DataFrame, currency: str) -> Section:
    """Show what was read, merged, netted and dropped."""
    table = Table(
        "Rows, customers and value by step",
        (
            words("Step", frame["step"]),
            *(
                figures(label, frame[name], tables.each_count)
                for name, label in (("rows", "Rows"), ("customers", "Customers"))
                if name in frame
            ),
            *(
                [figures(_unit("Value", currency), frame["value"], tables.numbers)]
                if "value" in frame
                else []
            ),
        ),
    )
    return Section(
        "audit", "Data audit", ("What was read, and what became of it before the fit.",), (), (table,)
    )


def track(frame: pd.DataFrame, unit: str, calibration_end: date | float | None, level: float) -> Section:
    """Compare actual with expected purchases over time."""
    frame = _summed(frame)
    adverb = {"day": "Daily", "week": "Weekly", "month": "Monthly"}.get(unit, f"Per {unit}")
    text = _tracked(frame, calibration_end)
    drawings = (
        Drawing(
            "tracking-cumulative",
            "Cumulative",
            f"Line chart of cumulative repeat purchases, actual and expected. {text}",
            tracking.cumulative(frame, unit=unit, calibration_end=calibration_end, level=level),
            _track_table(frame, "cumulative_", f"Cumulative repeat purchases by {unit}", unit),
        ),
        Drawing(
            "tracking-incremental",
            adverb,
            f"Line chart of repeat purchases per {unit}, actual and expected.",
            tracking.incremental(frame, unit=unit, calibration_end=calibration_end, level=level),
            _track_table(frame, "", f"Repeat purchases per {unit}", unit),
        ),
    )
    return Section("tracking", "Tracking: actual and expected purchases", (text,), drawings, paired=True)


def _summed(frame: pd.DataFrame) -> pd.DataFrame:
    """Add the sums since the start where the frame does not bring them."""
    sums = {
        f"cumulative_{name}": frame[name].cumsum()
        for name in ("actual", "expected")
        if f"cumulative_{name}" not in frame
    }
    return frame.assign(**sums)


def _tracked(frame: pd.DataFrame, split: date | float | None) -> str:
    """Say how far the forecast was off, over the time held out where there is one."""
    known = np.isfinite(floats(frame, "actual"))
    where = "over the whole time"
    if split is not None:
        later = known & tracking.after(frame, split)
        if later.any():
            known, where = later, "in the time held out from it"
    actual, expected = (float(floats(frame, name)[known].sum()) for name in ("actual", "expected"))
    made = tables.count(actual)
    forecast = tables.count(expected)
    said = f"The model expected {forecast} repeat purchases {where}; {made} were made."
    if actual == 0:
        return said
    off = expected / actual - 1
    return f"{said} The forecast is {tables.share(abs(off))} too {'high' if off > 0 else 'low'}."


def _track_table(frame: pd.DataFrame, prefix: str, caption: str, unit: str) -> Table:
    columns: list[Column] = []
    if "date" in frame:
        columns.append(words(f"End of the {unit}", frame["date"]))
    else:
        columns.append(words(unit.capitalize(), frame["period"]))
    columns.append(figures("Actual", frame[f"{prefix}actual"], tables.each_count))
    columns += [
        figures(label, frame[prefix + name], _tenths)
        for name, label in (("expected", "Expected"), ("low", "Low"), ("high", "High"))
        if prefix + name in frame
    ]
    return Table(caption, tuple(columns))


def _tenths(values: tables.Floats) -> list[str]:
    return [tables.number(value, 1) for value in values]


def frequency(frame: pd.DataFrame, level: float) -> Section:
    """Compare the histogram of repeat purchases with the model's."""
    columns = [
        words("Repeat purchases", frame["purchases"]),
        figures("Actual customers", frame["actual"], tables.each_count),
        figures("Expected customers", frame["expected"], tables.counts),
    ]
    if "low" in frame and "high" in frame:
        columns += [figures(label.title(), frame[label], tables.each_count) for label in ("low", "high")]
    actual, expected = (_first_share(floats(frame, name)) for name in ("actual", "expected"))
    made = frame["purchases"].iloc[0]
    text = f"{actual} of customers made {made} repeat purchases; the model says {expected}."
    drawing = Drawing(
        "frequency-histogram",
        "Customers by repeat purchases",
        f"Bar chart of customers by number of repeat purchases, actual beside expected. {text}",
        plot_frequency.frequency(frame, level=level),
        Table("Customers by repeat purchases", tuple(columns)),
    )
    return Section("frequency", "Frequency: how often customers came back", (text,), (drawing,))


def _first_share(values: tables.Floats) -> str:
    return tables.parts_of_one(values)[0]


def maps(grid: FrequencyRecency, unit: str) -> Section:
    """Show P(alive) and expected purchases by frequency and recency."""
    text = (
        f"Each cell is a customer first seen {grid.T:g} {unit}s ago. Up means a recent last purchase, right "
        "means many purchases. A frequent buyer who has been silent for long has probably left; a rare buyer "
        "with the same silence may only be slow."
    )
    drawings = (
        Drawing(
            "map-alive",
            "Probability of being alive",
            "Heat map of P(alive) by repeat purchases and time since the last purchase.",
            plot_grid.alive(grid, unit=unit),
            _grid_table(grid, grid.alive, unit, "P(alive)", tables.shares),
        ),
        Drawing(
            "map-purchases",
            "Expected purchases",
            "Heat map of expected purchases by repeat purchases and time since the last purchase.",
            plot_grid.purchases(grid, unit=unit),
            _grid_table(grid, grid.purchases, unit, "Expected purchases", tables.numbers),
        ),
    )
    return Section("maps", "Frequency and recency", (text,), drawings, paired=True)


def _grid_table(
    grid: FrequencyRecency, values: tables.Floats, unit: str, what: str, write: tables.Writer, most: int = 9
) -> Table:
    """Write at most ``most`` rows and columns of the grid, evenly spread and with its ends."""
    rows, columns = (np.unique(np.linspace(0, n - 1, min(n, most)).round().astype(int)) for n in values.shape)
    rows = rows[::-1]
    since = (grid.T - grid.recency)[rows]
    return Table(
        f"{what} for some pairs of repeat purchases (across) and {unit}s since the last purchase (down)",
        (
            figures(f"{unit.capitalize()}s since", since, tables.numbers),
            *(figures(tables.count(float(grid.frequency[f])), values[rows, f], write) for f in columns),
        ),
    )


def deciles(frame: pd.DataFrame, said: tuple[str, str], currency: str, level: float) -> Section:
    """Show the expected value of customers in ten equal groups; what they are sorted by, and a note."""
    basis, note = said
    value = floats(frame, "value")
    columns = [
        words("Decile", frame["decile"]),
        figures("Customers", frame["customers"], tables.each_count),
        figures(_unit("Value", currency), value, tables.moneys("", whole=True)),
        figures("Share of value", value, tables.parts_of_one),
        figures("Low", frame["low"], tables.moneys("")),
        figures("High", frame["high"], tables.moneys("")),
    ]
    if "actual" in frame:
        columns.append(figures("Actual", frame["actual"], tables.moneys("")))
    top = _first_share(value)
    text = (
        f"Customers are sorted by {basis} and cut into ten equal groups; the first one holds {top} of value."
    )
    drawing = Drawing(
        "decile-bars",
        f"Value by decile of {basis}",
        f"Bar chart of value by decile with intervals. {text}",
        plot_deciles.deciles(frame, currency=currency, level=level),
        Table(f"Value by decile of {basis}", tuple(columns)),
    )
    return Section("deciles", "Value deciles", tuple(filter(None, (text, note))), (drawing,))


def tiers(frame: pd.DataFrame, currency: str) -> Section:
    """Show the tiers with their sizes and their shares of value."""
    columns = [
        words("Tier", frame["tier"]),
        figures("Customers", frame["customers"], tables.each_count),
        figures("Share of customers", frame["customers"], tables.parts_of_one),
        figures(_unit("Lifetime value", currency), frame["value"], tables.moneys("", whole=True)),
    ]
    columns += [
        figures(label, frame[name], tables.moneys(""))
        for name, label in (("p10", "P10"), ("p90", "P90"))
        if name in frame
    ]
    columns.append(figures("Share of value", frame["value"], tables.parts_of_one))
    if "revenue" in frame:
        columns.append(figures("Share of past revenue", frame["revenue"], tables.parts_of_one))
    text = ["Tiers group customers by what they are expected to bring, not by what they brought."]
    if "probability" in frame:
        columns.append(figures("Certainty of the tier", frame["probability"], tables.shares))
        text.append("Certainty is the mean probability that a customer of the tier truly belongs to it.")
    return Section("tiers", "Tiers of lifetime value", tuple(text), (), (Table("Tiers", tuple(columns)),))


def concentration(found: Concentration) -> Section:
    """Show how unequally value is spread."""
    text = (
        f"The most valuable 20% of customers hold {tables.share(found.top_20)} of value, the top 10% hold "
        f"{tables.share(found.top_10)}; the Gini coefficient is {tables.number(found.gini, 2)}."
    )
    tenths = np.linspace(0, 1, 11)
    held = np.interp(tenths, floats(found.curve, "share_of_customers"), floats(found.curve, "share_of_value"))
    table = Table(
        "Lorenz curve",
        (
            words("Least valuable customers", [tables.share(tenth, 0) for tenth in tenths]),
            figures("Share of value", held, tables.shares),
        ),
    )
    drawing = Drawing(
        "lorenz-curve", "Lorenz curve", f"Lorenz curve. {text}", plot_lorenz.lorenz(found), table
    )
    return Section("concentration", "Concentration", (text,), (drawing,))


def value_curve(frame: pd.DataFrame, currency: str) -> Section:
    """Show the lifetime value of all customers up to each year."""
    low, middle, high = (
        tables.money_short(floats(frame, name)[-1], currency) for name in ("p10", "p50", "p90")
    )
    text = (
        f"Up to year {floats(frame, 'year')[-1]:g}, all customers together bring {middle} (P50), discounted; "
        f"{low} if it goes badly (P10), {high} if it goes well (P90)."
    )
    columns = (
        words("Up to year", [f"{year:g}" for year in frame["year"]]),
        *(
            figures(_unit(name.upper(), currency), frame[name], tables.moneys(""))
            for name in ("p10", "p50", "p90")
        ),
    )
    drawing = Drawing(
        "value-years",
        "Value by year",
        f"Line chart of lifetime value by year with P10 to P90. {text}",
        plot_curve.value_curve(frame, currency=currency),
        Table("Lifetime value of all customers", columns),
    )
    return Section("value", "Lifetime value", (text,), (drawing,))


def _hundredths(values: tables.Floats) -> list[str]:
    return [tables.number(value, 2) for value in values]


# Column of a backtest → heading, how it is written. What is not listed is written as it comes.
_SCORES: dict[str, tuple[str, tables.Writer]] = {
    "origins": ("Origins", tables.each_count),
    "actual": ("Actual", tables.each_count),
    "expected": ("Expected", tables.each_count),
    "bias": ("Bias", tables.shares),
    "mae": ("MAE", tables.numbers),
    "rmse": ("RMSE", tables.numbers),
    "correlation": ("Correlation", _hundredths),
    "lift": ("Lift of the top decile", _hundredths),
    "coverage": ("Coverage", tables.shares),
}


def backtest(frame: pd.DataFrame, level: float) -> Section:
    """Show the model beside naive baselines."""
    columns: list[Column] = []
    for name in map(str, frame.columns):
        if name in _SCORES:
            label, write = _SCORES[name]
            columns.append(figures(label, frame[name], write))
        else:
            columns += tables.written(pd.DataFrame({name.capitalize(): frame[name]}), "").columns
    text = ["Every method saw the same early data and forecast the same later time."]
    strong: tuple[int, ...] = ()
    # Squared error is what an expectation is to be judged by: absolute error favours the forecast "nothing".
    judge = next(
        (name for name in ("rmse", "mae") if name in frame and np.isfinite(floats(frame, name)).any()), ""
    )
    if judge:
        best = int(np.nanargmin(floats(frame, judge)))
        strong = (best,)
        text.append(
            f"The smallest error per customer ({judge.upper()}) is that of {frame['method'].iloc[best]}."
        )
    if "coverage" in frame:
        text.append(f"Coverage should be near {100 * level:g}% or, as purchases are whole numbers, above.")
    scores = Table("Scores", tuple(columns), strong)
    return Section("backtest", "Backtest against simple rules", (" ".join(text),), (), (scores,))


def _unit(what: str, unit: str) -> str:
    return f"{what} ({unit})" if unit else what
