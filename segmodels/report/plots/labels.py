"""Text in and beside figures: cut into lines, set above its row where there is no room beside it, kept apart."""

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.report.plots import theme

type Floats = NDArray[np.float64]
#: What a letter of 12 pixels takes, on average.
LETTER = 6.4
#: Width of a figure on a phone, in pixels.
PHONE = 350


def wrapped(text: object, width: int, lines: int = 2) -> str:
    """Give text to Plotly as text, in at most so many lines of so many letters.

    >>> wrapped("Goods that are in stock", 12)
    'Goods that<br>are in stock'
    >>> wrapped("Goods that are <i>always</i> in stock", 12)
    'Goods that<br>are…'
    """
    words = " ".join(str(text).split())
    return "<br>".join(
        theme.plain(line) for line in textwrap.wrap(words, max(width, 2), max_lines=lines, placeholder="…")
    )


def rows_of(
    labels: Sequence[str], strong: Sequence[bool] = (), *, width: int = 40, lines: int = 1, lowered: int = 6
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Name rows beside the figure and, on a narrow screen, each above itself across the whole width.

    Parameters
    ----------
    labels
        Of the rows, which stand at 0, 1, 2 … from the top.
    strong
        Which of them are headings.
    width
        Letters beside the figure.
    lines
        Of a name on a narrow screen.
    lowered
        Pixels by which a name on a narrow screen reaches into its row.

    Returns
    -------
    tuple
        Attributes of the y axis, and attributes of the layout for a narrow screen.

    Examples
    --------
    >>> axis, narrow = rows_of(["Low prices"])
    >>> axis["ticktext"], narrow["annotations"][0]["text"]
    (['Low prices'], 'Low prices')
    """
    heavy = list(strong) or [False] * len(labels)
    places = list(range(len(labels)))
    axis = {
        "tickmode": "array",
        "tickvals": places,
        "ticktext": [_said(text, width, 2, bold) for text, bold in zip(labels, heavy, strict=True)],
        "range": [len(labels) - 0.5, -0.5],
        "showgrid": False,
        "ticks": "",
        "automargin": True,
    }
    letters = int(0.85 * PHONE / LETTER)
    annotations = [
        {
            "x": 0,
            "xref": "paper",
            "xanchor": "left",
            "y": place if bold else place - 0.5,
            "yanchor": "middle" if bold else "bottom",
            "yshift": 0 if bold else -lowered,
            "text": _said(text, letters, lines, bold),
            "align": "left",
            "showarrow": False,
            "font": {"size": 12, "color": theme.INK},
        }
        for place, text, bold in zip(places, labels, heavy, strict=True)
    ]
    narrow = {"yaxis.showticklabels": False, "yaxis.range": [len(labels) - 0.5, -0.75]}
    return axis, {**narrow, "annotations": annotations}


def _said(text: object, width: int, lines: int, bold: bool) -> str:  # noqa: FBT001
    said = wrapped(text, width, lines)
    return f"<b>{said}</b>" if bold and said else said


def apart(
    x: Floats,
    y: Floats,
    texts: Sequence[str],
    first: Iterable[int],
    *,
    plot: tuple[float, float] = (270.0, 300.0),
    line: float = 15.0,
) -> dict[int, tuple[str, str]]:
    """Find a place beside each point where its label covers neither another label nor a point.

    Parameters
    ----------
    x, y
        Of all points, as parts of the width and the height of the figure, shape (N,).
    texts
        Labels, of lines parted by ``<br>``.
    first
        The points to be labelled, in order; one whose label finds no place has none.
    plot
        Least width and height, in pixels: a larger figure only moves points apart.
    line
        Height of a line.

    Returns
    -------
    dict
        By point the anchors of its label, across and upright.

    Examples
    --------
    >>> apart(np.array([0.1, 0.12]), np.array([0.5, 0.5]), ["left", "right"], [0, 1])
    {0: ('center', 'bottom'), 1: ('left', 'middle')}
    """
    across, up = plot
    points = [(px - 6, px + 6, py - 6, py + 6) for px, py in zip(x * across, y * up, strict=True)]
    taken: list[tuple[float, float, float, float]] = []
    found: dict[int, tuple[str, str]] = {}
    for place in first:
        lines = texts[place].split("<br>")
        size = LETTER * max(map(len, lines)), line * len(lines)
        others = [*taken, *(box for at, box in enumerate(points) if at != place)]
        for anchors in _ANCHORS:
            box = _box((float(x[place]) * across, float(y[place]) * up), size, anchors)
            inside = box[0] >= 0 and box[1] <= across and box[2] >= 0 and box[3] <= up
            if inside and not any(_meet(box, other) for other in others):
                found[place] = anchors
                taken.append(box)
                break
    return found


_ANCHORS = (
    ("left", "middle"),
    ("right", "middle"),
    ("center", "bottom"),
    ("center", "top"),
    ("left", "bottom"),
    ("left", "top"),
    ("right", "bottom"),
    ("right", "top"),
)
#: Pixels between a point and its label.
GAP = 9
_ACROSS = {"left": (0, 1), "center": (0.5, 0), "right": (1, -1)}
_UPRIGHT = {"bottom": (0, 1), "middle": (0.5, 0), "top": (1, -1)}


def shifts(anchors: tuple[str, str]) -> tuple[int, int]:
    """Pixels by which a label with these anchors stands off its point, across and upright."""
    return GAP * _ACROSS[anchors[0]][1], GAP * _UPRIGHT[anchors[1]][1]


def _box(
    at: tuple[float, float], size: tuple[float, float], anchors: tuple[str, str]
) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of a label."""
    dx, dy = shifts(anchors)
    left = at[0] + dx - _ACROSS[anchors[0]][0] * size[0]
    bottom = at[1] + dy - _UPRIGHT[anchors[1]][0] * size[1]
    return left, left + size[0], bottom, bottom + size[1]


def _meet(a: tuple[float, float, float, float], b: tuple[float, float, float, float]) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
