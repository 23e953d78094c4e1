"""Which needs of segments are underserved, and what segments will pay: sections of the page."""

import numpy as np
import pandas as pd

from segmodels.evidence import Evidence
from segmodels.report import levels, tables
from segmodels.report.html import Drawing, Section
from segmodels.report.interval_columns import cut, ends_column, listed, ranged
from segmodels.report.plots import importance_satisfaction as plot_map
from segmodels.report.plots.interval_dots import Dots, interval_dots
from segmodels.report.plots.theme import interval_name
from segmodels.report.segment_names import all_shown, shown
from segmodels.report.tables import Column, Table, figures, floats, words

_MOST_RANKED = 12


# --- opportunity --------------------------------------------------------------------------------------------


def opportunity(frame: pd.DataFrame, currency: str, level: float) -> Section:
    """Rank the needs of segments by how far they are underserved, and by the money behind them."""
    table = _opportunity_table(frame, currency, level)
    by_score = _foremost(frame, "opportunity")
    text = [
        (
            "The score is importance plus what satisfaction lacks of it, each the share in the top boxes times 10 "
            f"within the segment. From 10 on a need is underserved. Lines show the {interval_name(level)}."
        )
    ]
    for top in by_score.head(1).to_dict("records"):
        score = tables.number(float(top["opportunity"]), 1)
        text.append(f"The highest is {top['benefit']} in {shown(top['segment'])}: {score}.")
    marks = ((10.0, "10"), (12.0, "12"), (15.0, "15"))
    drawings = [
        Drawing(
            "opportunity-score",
            "By opportunity score",
            f"Dots with intervals: opportunity scores of the {len(by_score)} most underserved needs of segments.",
            interval_dots(
                _dots(
                    by_score, "opportunity", ("low", "high"), levels.tenths(floats(by_score, "opportunity"))
                ),
                x="Opportunity score (0 to 20)",
                marks=marks,
            ),
            table,
        )
    ]
    if "money" in frame:
        by_money = _foremost(frame, "money")
        said = [tables.money_short(value, currency) for value in floats(by_money, "money")]
        dots = _dots(by_money, "money", ("money_low", "money_high"), said)
        x = f"Value of those not satisfied ({currency or 'money'})"
        drawings.append(
            Drawing(
                "opportunity-money",
                "By the money behind it",
                "Dots with intervals: value of the customers to whom a need is important and who are not satisfied.",
                interval_dots(dots, x=x, zero=True),
                table,
            )
        )
    title = "Opportunities: underserved needs"
    return Section("opportunity", title, tuple(text), tuple(drawings))


def _foremost(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """Give the rows with the highest figures; those without one are left to the table."""
    known: pd.DataFrame = frame.loc[np.isfinite(floats(frame, name))]
    return known.sort_values(name, ascending=False, kind="stable").head(_MOST_RANKED)


def _dots(frame: pd.DataFrame, name: str, ends: tuple[str, str], said: list[str]) -> Dots:
    names = [
        f"{cut(str(benefit), 38)}: {shown(segment)}"
        for benefit, segment in zip(frame["benefit"], frame["segment"], strict=True)
    ]
    there = all(end in frame for end in ends)
    low, high = (floats(frame, end) if there else None for end in ends)
    return Dots(names, floats(frame, name), said, low, high, (floats(frame, "opportunity") >= 10).tolist())


def _opportunity_table(frame: pd.DataFrame, currency: str, level: float) -> Table:
    rows = frame.sort_values("opportunity", ascending=False, kind="stable")
    columns = [words("Need", rows["benefit"]), words("Segment", all_shown(rows["segment"]))]
    columns += [
        column
        for name, label in (("importance", "Importance"), ("satisfaction", "Satisfaction"))
        for column in ranged(rows, name, label, level, levels.tenths)
    ]
    columns.append(figures("Opportunity", rows["opportunity"], levels.tenths))
    columns += ends_column(rows, ("low", "high"), level, levels.tenths)
    if "band" in rows:
        columns.append(words("Band", rows["band"]))
    for name, label, write in (
        ("band_certainty", "Certainty of the band", tables.shares),
        ("unmet_share", "Important and not satisfied", tables.shares),
        ("base", "Respondents asked", tables.each_count),
    ):
        if name in rows:
            columns.append(figures(label, rows[name], write))
    columns += ranged(rows, "money", f"Money ({currency})" if currency else "Money", level, tables.moneys(""))
    return Table("Opportunity by need and segment", tuple(columns))


def maps(frame: pd.DataFrame, currency: str, level: float) -> Section:
    """Show importance against satisfaction, a map a segment."""
    importance, satisfaction = (floats(frame, name) for name in ("importance", "satisfaction"))
    known = np.isfinite(importance) & np.isfinite(satisfaction)
    centre = (
        (float(importance[known].mean()), float(satisfaction[known].mean())) if known.any() else (5.0, 5.0)
    )
    drawings: list[Drawing] = []
    text = [
        (
            "Needs to the lower right are important and not met. In the shaded corner the opportunity score is 10 "
            "or more; the dotted lines are the averages over all needs and segments, the same in every map."
        )
    ]
    for number, (segment, part) in enumerate(frame.groupby("segment", sort=False, observed=True), start=1):
        under = part.loc[part["opportunity"] >= 10].sort_values("opportunity", ascending=False, kind="stable")
        named = [
            f"{benefit} ({tables.number(score, 1)})"
            for benefit, score in zip(under["benefit"], floats(under, "opportunity"), strict=True)
        ]
        said = f"{shown(segment)}: underserved {listed(named, 6)}."
        text.append(said)
        drawings.append(
            Drawing(
                f"map-{number}",
                shown(segment),
                f"Map of importance and satisfaction. {said}",
                plot_map.importance_satisfaction(part, centre=centre),
                _opportunity_table(part, currency, level),
            )
        )
    return Section(
        "maps", "Importance and satisfaction", tuple(text), tuple(drawings), paired=len(drawings) > 1
    )


def price(frame: pd.DataFrame, evidence: tuple[Evidence, ...], level: float) -> Section:
    """Show where segments stand between bargain hunting and premium seeking."""
    columns: list[Column] = [words("Segment", all_shown(frame["segment"])), words("Side", frame["side"])]
    columns.append(figures("Mean", frame["mean"], levels.hundredths))
    columns += ends_column(frame, ("low", "high"), level, levels.hundredths)
    for name, label in (
        ("premium_share", "Premium seekers"),
        ("between_share", "In between"),
        ("bargain_share", "Bargain hunters"),
    ):
        if name in frame:
            columns.append(figures(label, frame[name], tables.shares))
    there = "low" in frame and "high" in frame
    low, high = (floats(frame, end) if there else None for end in ("low", "high"))
    middle = floats(frame, "mean")
    drawing = Drawing(
        "price-axis",
        "Mean of each segment",
        "Dots with intervals: position of each segment between bargain hunting, below 0, and premium seeking, above 0.",
        interval_dots(
            Dots(all_shown(frame["segment"]), middle, levels.hundredths(middle), low, high),
            x="Bargain below 0, premium above (standard deviations)",
            marks=((0.0, "all"),),
        ),
        Table("Position between bargain hunting and premium seeking", tuple(columns)),
    )
    text = "Scores have mean 0 and standard deviation 1 over all respondents; above 0 speaks for premium seeking."
    return Section("price", "Premium seeking and bargain hunting", (text,), (drawing,), (), evidence)
