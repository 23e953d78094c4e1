"""Current value against potential: four cells, and deciles by bands."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from segmodels.report import tables
from segmodels.report.plots import labels, theme
from segmodels.report.plots.segment_potential import short
from segmodels.report.tables import Floats

#: Cell → its place, across and upright.
PLACES = {
    "invest": (1, 1),
    "protect": (0, 1),
    "competitors' customers": (1, 0),
    "least appealing": (0, 0),
}
# Light enough for black text on every shade.
_SHADES = ((0.0, "#f3f7fb"), (1.0, "#93c4e0"))
_DOLLAR = "&#36;"
#: Letters of a line in a cell on a phone.
_LETTERS = 20
_LINES = {"value": "value", "headroom": "headroom", "attainable": "attainable"}


def value_grid(frame: pd.DataFrame, *, currency: str, cuts: tuple[str, str]) -> go.Figure:
    """Draw the four cells, the darker the more headroom they hold.

    Parameters
    ----------
    frame
        ``cell, customers, value, headroom`` and, where known, ``attainable``; cells without a place in the grid
        are left out.
    currency
        Sign or letters of the currency.
    cuts
        What divides value and potential, in words: ``("own spend of $500", "headroom of $800")``.

    Examples
    --------
    >>> one = pd.DataFrame({"cell": ["invest"], "customers": [12.0], "value": [900.0], "headroom": [500.0]})
    >>> figure = value_grid(one, currency="$", cuts=("own spend of $50", "headroom of $20"))
    >>> figure.layout.annotations[0].text
    '<b>Invest</b><br>12 customers<br>value &#36;900<br>headroom &#36;500'
    """
    shade = np.zeros((2, 2))
    said: dict[tuple[int, int], list[str]] = {}
    held = np.nansum(tables.floats(frame, "headroom"))
    for row in frame.to_dict("records"):
        place = PLACES.get(str(row["cell"]))
        if place is not None:
            said[place] = _said(row, currency)
            if np.isfinite(row["headroom"]) and held > 0:
                shade[place[1], place[0]] = row["headroom"] / held
    heat = go.Heatmap(
        z=shade,
        x=[0, 1],
        y=[0, 1],
        xgap=4,
        ygap=4,
        zmin=0,
        zmax=max(float(shade.max()), 0.01),
        colorscale=[list(stop) for stop in _SHADES],
        showscale=False,
        hoverinfo="skip",
    )
    value, potential = (theme.plain(short(cut, 40)) for cut in cuts)
    figure = theme.dress([heat], x=f"Potential: {potential}", y=f"Current value: {value}", height=420)
    ticks: dict[str, Any] = {
        "tickmode": "array",
        "tickvals": [0, 1],
        "ticktext": ["up to", "above"],
        "ticks": "",
    }
    figure.update_xaxes(**ticks, showline=False, range=[-0.5, 1.5])
    figure.update_yaxes(**ticks, showgrid=False, range=[-0.5, 1.5], tickangle=-90)
    notes = [_note(place, lines, 14) for place, lines in said.items()]
    figure.update_layout(annotations=notes)
    small = [_note(place, _narrowed(lines), 11) for place, lines in said.items()]
    axes = {"xaxis.title.font.size": 11, "yaxis.title.font.size": 11}
    figure.layout.meta = {"narrow": {"data": {}, "layout": {"annotations": small, **axes}}}
    return figure


def _note(place: tuple[int, int], lines: list[str], size: int) -> dict[str, Any]:
    # Between two dollar signs Plotly reads mathematics.
    name = "<br>".join(map(theme.plain, lines[0].split("\n")))
    text = "<br>".join([f"<b>{name}</b>", *map(theme.plain, lines[1:])]).replace("$", _DOLLAR)
    font = {"size": size, "color": theme.INK}
    return {"x": place[0], "y": place[1], "text": text, "showarrow": False, "font": font, "align": "center"}


def _narrowed(lines: list[str]) -> list[str]:
    """Part lines that are too long for half of a phone behind their first word; the name stays one, and bold."""
    name, *others = lines
    name = name.replace(" ", "\n", 1) if len(name) > _LETTERS else name
    return [
        name,
        *(part for line in others for part in (line.split(" ", 1) if len(line) > _LETTERS else [line])),
    ]


def _said(row: Mapping[Any, Any], currency: str) -> list[str]:
    name = str(row["cell"])
    lines = [name[:1].upper() + name[1:], f"{tables.count(float(row['customers']))} customers"]
    return lines + [
        f"{word} {tables.money_short(float(row[column]), currency)}"
        for column, word in _LINES.items()
        if column in row
    ]


def decile_bands(frame: pd.DataFrame, *, currency: str) -> go.Figure:
    """Draw headroom by decile of value and band of potential; the number of customers stands in the cell.

    Parameters
    ----------
    frame
        One row for each decile and band, in order: ``decile, band, customers, headroom``. A pair that is missing
        is left blank.
    currency
        Sign or letters of the currency.

    Examples
    --------
    >>> one = pd.DataFrame({"decile": [1], "band": ["low"], "customers": [12.0], "headroom": [500.0]})
    >>> decile_bands(one, currency="$").data[0].text.tolist()
    [['12']]
    """
    deciles, bands = (list(dict.fromkeys(frame[name])) for name in ("decile", "band"))
    customers, headroom = (_square(frame, name, deciles, bands) for name in ("customers", "headroom"))
    text = [[tables.count(value) if np.isfinite(value) else "" for value in row] for row in customers]
    hover = [
        [
            f"{theme.plain(decile)}, {theme.plain(band)}<br>{tables.count(customers[i, j])} customers"
            f"<br>headroom {theme.plain(tables.money_short(float(headroom[i, j]), currency))}"
            for j, band in enumerate(bands)
        ]
        for i, decile in enumerate(deciles)
    ]
    heat = go.Heatmap(
        z=headroom,
        text=np.array(text, object),
        customdata=np.array(hover, object),
        x=list(range(len(bands))),
        y=list(range(len(deciles))),
        texttemplate="%{text}",
        textfont={"size": 12, "color": theme.INK},
        hovertemplate="%{customdata}<extra></extra>",
        hoverongaps=False,
        xgap=2,
        ygap=2,
        zmin=0,
        colorscale=[list(stop) for stop in _SHADES],
        colorbar=_bar(theme.axis_title("Headroom", currency)),
    )
    figure = theme.dress([heat], x="Band of potential", y="Decile of current value", height=_height(deciles))
    # On a phone the names of the deciles take a quarter of the width.
    wide, phone = (
        [
            labels.wrapped(band, max(int(width / labels.LETTER / len(bands)) - 2, 6), 3).replace("$", _DOLLAR)
            for band in bands
        ]
        for width in (700, 0.75 * labels.PHONE)
    )
    figure.update_xaxes(
        tickmode="array",
        tickvals=list(range(len(bands))),
        ticktext=wide,
        tickangle=0,
        ticks="",
        showline=False,
        range=[-0.5, len(bands) - 0.5],
    )
    figure.update_yaxes(
        tickmode="array",
        tickvals=list(range(len(deciles))),
        ticktext=[theme.tick(decile, 12) for decile in deciles],
        range=[len(deciles) - 0.5, -0.5],
        showgrid=False,
    )
    figure.update_layout(margin={"t": 64})
    figure.layout.meta = {"narrow": {"data": {}, "layout": {"xaxis.ticktext": phone}}}
    return figure


def _height(deciles: list[Any]) -> int:
    return max(30 * len(deciles) + 150, theme.HEIGHT)


def _square(frame: pd.DataFrame, name: str, deciles: list[Any], bands: list[Any]) -> Floats:
    found = np.full((len(deciles), len(bands)), np.nan)
    values = tables.floats(frame, name)
    for value, decile, band in zip(values, frame["decile"], frame["band"], strict=True):
        found[deciles.index(decile), bands.index(band)] = value
    return found


def _bar(title: str) -> dict[str, Any]:
    return {
        "orientation": "h",
        "x": 0.5,
        # Placed in the container: a bar placed by the axes moves the margin that moves the axes, without end.
        "yref": "container",
        "y": 0.99,
        "yanchor": "top",
        "thickness": 10,
        "len": 1.0,
        "outlinewidth": 0,
        "ypad": 0,
        "nticks": 5,
        "separatethousands": True,
        "exponentformat": "B",
        "minexponent": 6,
        "title": {"text": title, "side": "top", "font": {"size": 13}},
    }
