"""What segments answer, item by item, beside all respondents."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from segmodels.report import tables
from segmodels.report.levels import levels
from segmodels.report.plots import labels, theme
from segmodels.report.segment_names import shown

# Blue above and orange below average: told apart under every common colour blindness. On grey paper both are
# dark; there the marks tell above from below.
SCALE = ((0.0, "#b34700"), (0.25, "#f2b27f"), (0.5, "#f7f7f7"), (0.75, "#86bbdf"), (1.0, "#00568c"))
ABOVE, BELOW = "▲", "▼"
_TICKS = {50: "≤50", 71: "71", 100: "index 100", 141: "141", 200: "≥200"}
_ALL = "All"
#: Pixels between rows on a narrow screen, where names stand above their rows.
_GAP = 28


def profile_heatmap(
    frame: pd.DataFrame, sizes: Mapping[str, str] | None = None, *, alpha: float = 0.05
) -> go.Figure:
    """Draw a map of items by segments, coloured by the index.

    Parameters
    ----------
    frame
        One row for each label and segment, in order: ``group``, ``label``, ``segment``, ``estimate``,
        ``total`` (of all respondents), ``index`` (100 times the one over the other), ``proportion`` (whether
        they are shares). Where known ``z`` and ``q_value`` (against the rest), and ``low``, ``high``.
    sizes
        By segment, what stands under its name.
    alpha
        Segments whose q-value is at most so much are marked as above or below the rest.

    Examples
    --------
    >>> row = {"group": "Benefits", "label": "Low prices", "total": 0.4, "proportion": True}
    >>> two = [{"segment": "a", "estimate": 0.8, "index": 200.0}, {"segment": "b", "estimate": 0.2, "index": 50.0}]
    >>> figure = profile_heatmap(pd.DataFrame([{**row, **one} for one in two]))
    >>> figure.data[0].text[0].tolist(), figure.data[0].z[0].tolist()
    (['80%', '20%', '40%'], [1.0, -1.0, 0.0])
    """
    segments = list(dict.fromkeys(frame["segment"]))
    rows = _rows(frame, len(segments), alpha)
    columns = [*segments, _ALL]
    heat = go.Heatmap(
        z=np.array([row["z"] for row in rows], np.float64),
        text=np.array([row["text"] for row in rows], object),
        customdata=np.array([row["hover"] for row in rows], object),
        x=list(range(len(columns))),
        y=list(range(len(rows))),
        texttemplate="%{text}",
        textfont={"size": 12},
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        xgap=2,
        ygap=2,
        zmin=-1,
        zmax=1,
        colorscale=[list(stop) for stop in SCALE],
        colorbar=_colour_bar(),
    )
    names, headings = [row["label"] for row in rows], [row["heading"] for row in rows]
    axis, narrow = labels.rows_of(names, headings, lowered=_GAP // 2 - 1)
    figure = theme.dress([heat], x="Segment (name)", y="Item (share or mean)", height=_height(rows, 34, 150))
    figure.update_yaxes(axis, title_text="")
    _name_columns(figure, columns, sizes or {})
    figure.update_layout(margin={"b": 56, "t": 8})
    across = int(labels.PHONE / labels.LETTER / len(columns))
    upright = across < 11
    names = [labels.wrapped(shown(c), 24 if upright else across - 2, 1 if upright else 3) for c in columns]
    figure.layout.meta = {
        "narrow": {
            "data": {"ygap": _GAP, "textfont.size": 9 if len(columns) > 8 else 11},
            "layout": {
                **narrow,
                "height": _height(rows, 52, 210),
                "xaxis.tickangle": -90 if upright else 0,
                "xaxis.ticktext": names,
            },
        }
    }
    return figure


def _height(rows: Sequence[Any], row: int, around: int) -> int:
    return max(row * len(rows) + around, theme.HEIGHT)


def _rows(frame: pd.DataFrame, size: int, alpha: float) -> list[dict[str, Any]]:
    """Cells and label of each row, a heading before each group."""
    blank: dict[str, Any] = {
        "z": [np.nan] * (size + 1),
        "text": [""] * (size + 1),
        "hover": [""] * (size + 1),
    }
    found: list[dict[str, Any]] = []
    # A heading over all rows would say no more than that of the figure.
    group = None if len(set(frame["group"])) > 1 else frame["group"].iloc[0]
    for start in range(0, len(frame), size):
        part = frame.iloc[start : start + size]
        if part["group"].iloc[0] != group:
            group = part["group"].iloc[0]
            found.append({**blank, "label": str(group), "heading": True})
        found.append({**_cells(part, alpha), "label": str(part["label"].iloc[0]), "heading": False})
    return found


def _cells(part: pd.DataFrame, alpha: float) -> dict[str, Any]:
    estimate = np.append(tables.floats(part, "estimate"), tables.floats(part, "total")[0])
    index = tables.floats(part, "index")
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.clip(np.log2(index / 100), -1, 1)
    said = levels(estimate, proportion=bool(part["proportion"].iloc[0]))
    marks = [*_marks(part, alpha), ""]
    return {
        "z": [*z.tolist(), 0.0 if np.isfinite(estimate[-1]) else np.nan],
        "text": [
            f"{text}{mark}" if text != tables.MISSING else "" for text, mark in zip(said, marks, strict=True)
        ],
        "hover": [
            *_hovers(part, said),
            f"{theme.plain(part['label'].iloc[0])}<br>All respondents: {said[-1]}",
        ],
    }


def _marks(part: pd.DataFrame, alpha: float) -> list[str]:
    if "q_value" not in part or "z" not in part:
        return [""] * len(part)
    differs = tables.floats(part, "q_value") <= alpha
    return [
        (ABOVE if up else BELOW) if there else ""
        for there, up in zip(differs, tables.floats(part, "z") > 0, strict=True)
    ]


def _hovers(part: pd.DataFrame, said: list[str]) -> list[str]:
    label = labels.wrapped(part["label"].iloc[0], 50, 3)
    indices = [tables.number(value, 0) for value in tables.floats(part, "index")]
    hovers = [
        f"<b>{label}</b><br>{theme.plain(shown(segment))}: {text} (all: {said[-1]})<br>index {index}"
        for segment, text, index in zip(part["segment"], said, indices, strict=False)
    ]
    if "low" not in part or "high" not in part:
        return hovers
    proportion = bool(part["proportion"].iloc[0])
    ends = [levels(tables.floats(part, name), proportion=proportion) for name in ("low", "high")]
    return [f"{text}<br>interval {low} to {high}" for text, low, high in zip(hovers, *ends, strict=True)]


def _name_columns(figure: go.Figure, columns: list[Any], sizes: Mapping[str, str]) -> None:
    letters = max(int(680 / labels.LETTER / len(columns)) - 2, 6)
    texts = [labels.wrapped(shown(column), letters, 3) for column in columns]
    beneath = [theme.plain(sizes.get(str(column), "")) for column in columns]
    figure.update_xaxes(
        side="top",
        tickmode="array",
        tickvals=list(range(len(columns))),
        ticktext=[f"{t}<br>{s}" if s else t for t, s in zip(texts, beneath, strict=True)],
        tickangle=0,
        range=[-0.5, len(columns) - 0.5],
        showgrid=False,
        showline=False,
        ticks="",
        title_text="",
    )


def _colour_bar() -> dict[str, Any]:
    return {
        "orientation": "h",
        "thickness": 10,
        "len": 0.9,
        "lenmode": "fraction",
        "x": 0.5,
        "y": 0,
        "yref": "container",
        "yanchor": "bottom",
        "outlinewidth": 0,
        "tickmode": "array",
        "tickvals": np.log2(np.array(list(_TICKS)) / 100).tolist(),
        "ticktext": list(_TICKS.values()),
    }
