"""What the segments say: from frames to sentences, figures and tables of text."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from segmodels.evidence import Evidence
from segmodels.report import levels, tables
from segmodels.report.html import Drawing, Section
from segmodels.report.interval_columns import ends_column, listed, ranged, written_column
from segmodels.report.plots.profile_heatmap import ABOVE, BELOW, profile_heatmap
from segmodels.report.segment_names import all_shown
from segmodels.report.shared_start import shared_start, without
from segmodels.report.tables import Table, figures, words

_DIMENSIONS = {
    "benefit": "Benefits",
    "attitude": "Attitudes and motivations",
    "decision_style": "Decision style",
    "emotional_driver": "Emotional drivers",
    "satisfaction": "Satisfaction",
    "profile": "Who they are",
}
_KANO = {
    "M": "must-be",
    "O": "one-dimensional",
    "A": "attractive",
    "I": "indifferent",
    "R": "reverse",
    "Q": "questionable",
}
#: Rows of one map, headings among them: what a page of paper holds.
_MOST_ROWS = 22


# --- profile ------------------------------------------------------------------------------------------------


def heat_rows(frame: pd.DataFrame) -> pd.DataFrame:
    """Choose what the map shows of each item, and label it.

    Parameters
    ----------
    frame
        A table of :class:`~segmodels.segments.profile.Profile`. Of a binary item the last category is taken,
        of an ordinal item the top box, of a ranking the first places, of numbers the mean, of a nominal item
        every category.

    Examples
    --------
    >>> row = {"item": "q", "label": "Cheap", "dimension": "benefit", "scale": "binary", "segment": "a"}
    >>> both = pd.DataFrame([{**row, "statistic": "probability", "category": c} for c in ("no", "yes")])
    >>> heat_rows(both)[["group", "label", "category"]].to_numpy().tolist()
    [['Benefits', 'Cheap', 'yes']]
    """
    keys = ["item", "segment", "statistic"]
    last = ~frame.duplicated(keys, keep="last")
    scale, statistic = frame["scale"], frame["statistic"]
    kept = (
        ((scale == "binary") & (statistic == "probability") & last)
        | (scale.isin(["ordinal", "rank"]) & (statistic == "top box"))
        | ((scale == "nominal") & (statistic == "probability"))
        | (scale.isin(["continuous", "count", "best_worst"]) & (statistic == "mean"))
    )
    rows: pd.DataFrame = frame.loc[kept]
    group = [_DIMENSIONS.get(str(name), str(name) or "Items") for name in rows["dimension"]]
    rows = rows.assign(group=group, proportion=(rows["statistic"] != "mean"))
    rows = rows.sort_values("group", key=_first_seen, kind="stable").reset_index(drop=True)
    pieces = [_labelled(part, str(name)) for name, part in rows.groupby("group", sort=False)]
    return pd.concat(pieces, ignore_index=True)


def _labelled(rows: pd.DataFrame, group: str) -> pd.DataFrame:
    """Label the rows of a group; with what all labels begin with in the heading instead."""
    start = shared_start([str(text) for text in rows["label"]])
    heading = f"{group} – {start.rstrip(': ')}" if start else group
    label = [
        f"{text}: {category}" if category and not _plain(scale, category) else text
        for text, scale, category in zip(
            (without(str(text), start) for text in rows["label"]),
            rows["scale"],
            rows["category"],
            strict=True,
        )
    ]
    return rows.assign(label=label, group=heading)


def _plain(scale: str, category: str) -> bool:
    """Whether a category of a binary item goes without saying."""
    return scale == "binary" and str(category).lower() in ("yes", "1", "true", "1.0", "y")


def _first_seen(values: pd.Series) -> pd.Series:
    return pd.Series(pd.factorize(values)[0], index=values.index)


def profile(frame: pd.DataFrame, sizes: Mapping[str, str], level: float) -> Section:
    """Show what segments answer, item by item."""
    rows = heat_rows(frame)
    drawings = [
        Drawing(
            f"profile-{number}",
            heading,
            f"Heat map of {len(part) // len(set(part['segment']))} items by segment: {heading.lower()}.",
            profile_heatmap(part, sizes),
            _profile_table(part, heading, level),
        )
        for number, (heading, part) in enumerate(_batteries(rows), start=1)
    ]
    text = (
        "A cell is the share of the segment that gave one of the top answers, or that said so; of numbers it is the "
        "mean. Its colour is the index: 100 times the segment over all respondents, blue above and orange below. "
        f"{ABOVE} and {BELOW} mark what differs from the rest of the respondents beyond chance, with a false "
        "discovery rate of 5%."
    )
    return Section("profile", "Profiles: what the segments say", (text,), tuple(drawings))


def _batteries(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """Part the rows into maps that can be read: dimensions together as long as they are few rows."""
    size = len(set(rows["segment"]))
    together: list[pd.DataFrame] = []
    for group, part in rows.groupby("group", sort=False):
        many = len(part) // size + 1
        if together and sum(len(each) // size + 1 for each in together) + many > _MOST_ROWS:
            yield _heading(together), pd.concat(together)
            together = []
        if many <= _MOST_ROWS:
            together.append(part)
            continue
        pieces = -(-many // _MOST_ROWS)
        step = size * -(-(many - 1) // pieces)
        for piece in range(pieces):
            heading = f"{group} ({tables.count(piece + 1)} of {tables.count(pieces)})"
            yield heading, part.iloc[piece * step : (piece + 1) * step]
    if together:
        yield _heading(together), pd.concat(together)


def _heading(parts: list[pd.DataFrame]) -> str:
    """Name a map by its groups, each without what its labels begin with where there are several."""
    names = [str(part["group"].iloc[0]) for part in parts]
    if len(names) == 1:
        return names[0]
    first, *others = (name.split(" – ")[0] for name in names)
    return ", ".join([first, *(name[:1].lower() + name[1:] for name in others)])


def _profile_table(rows: pd.DataFrame, heading: str, level: float) -> Table:
    share = rows["proportion"].to_list()
    columns = [
        words("Item", rows["label"]),
        words("Segment", all_shown(rows["segment"])),
        written_column("Share or mean", levels.mixed(rows["estimate"], share)),
    ]
    columns += ends_column(rows, ("low", "high"), level, lambda values: levels.mixed(values, share))
    columns += [
        written_column("All", levels.mixed(rows["total"], share)),
        figures("Index", rows["index"], tables.each_count),
    ]
    ends = ("index_low", "index_high")
    columns += ends_column(rows, ends, level, tables.each_count, "Interval of the index")
    if "q_value" in rows:
        columns.append(figures("q against the rest", rows["q_value"], levels.p_values))
    return Table(f"Profiles: {heading.lower()}", tuple(columns))


# --- roles --------------------------------------------------------------------------------------------------

_ROLES = ("base expectation", "differential benefit", "tie-breaker", "neither")


def roles(frame: pd.DataFrame, evidence: tuple[Evidence, ...], level: float) -> Section:
    """Show which needs all have, on which segments differ, and which decide."""
    order = [_ROLES.index(role) if role in _ROLES else len(_ROLES) for role in frame["role"]]
    rows = frame.iloc[np.argsort(order, kind="stable")]
    every = [str(text) for text in rows["label"]]
    start = shared_start(every)
    labels = [without(text, start) for text in every]
    text = [
        (
            "Base expectations are important to nearly all in every segment: meet them, but do not expect to win "
            "by them. Differential benefits are what segments differ on. Tie-breakers are of moderate stated "
            "importance, and still decide."
        )
    ]
    for role in _ROLES[:3]:
        named = [str(name) for name, its in zip(labels, rows["role"], strict=True) if its == role]
        text.append(f"{role.capitalize()}{'s' if len(named) != 1 else ''}: {listed(named)}.")
    columns = [words(f"Need ({start.rstrip(': ').lower()})" if start else "Need", labels)]
    columns.append(words("Role", rows["role"]))
    columns += [
        *ranged(rows, "stated", "Stated by all", level, tables.shares),
        *ranged(rows, "lowest", "Where it is lowest", level, tables.shares),
    ]
    if "lowest_segment" in rows:
        columns.append(words("Lowest in", all_shown(rows["lowest_segment"])))
    columns += [
        *ranged(rows, "eta2", "Between segments (η²)", level, levels.thousandths),
        *ranged(rows, "derived", "Derived importance", level, levels.thousandths),
    ]
    if "q_value" in rows:
        columns.append(figures("q of the difference", rows["q_value"], levels.p_values))
    if "borderline" in rows:
        columns.append(words("Could have another role", rows["borderline"].astype(bool)))
    title = "Roles: what all expect, what segments want, what decides"
    table = Table("Role of each need", tuple(columns))
    return Section("roles", title, tuple(text), (), (table,), evidence)


def kano(frame: pd.DataFrame, level: float) -> Section:
    """Show what features are to segments by Kano's method."""
    columns = [
        words("Feature", frame["feature"]),
        words("Segment", all_shown(frame["segment"])),
        words("Kano category", [_KANO.get(str(letter), str(letter)) for letter in frame["category"]]),
    ]
    if "clear" in frame:
        columns.append(words("Clear (Fong's test)", frame["clear"].astype(bool)))
    columns += [
        *ranged(frame, "better", "Better if there", level, levels.hundredths),
        *ranged(frame, "worse", "Worse if not", level, levels.hundredths),
    ]
    text = (
        "A must-be is not noticed until it is missing; of a one-dimensional feature more is better; an attractive "
        "one delights and is not missed. “Better” is how far satisfaction rises where the feature is there, "
        "“worse” how far it falls where it is not."
    )
    table = Table("Features by segment", tuple(columns))
    return Section("kano", "Kano: what a feature is to a segment", (text,), (), (table,))
