"""What pages share: sections with their figures and tables, and one self-contained HTML document."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from segmodels.evidence import Evidence
from segmodels.report import embed, tables
from segmodels.report.atomic import whole
from segmodels.report.tables import Table


@dataclass(frozen=True)
class Provenance:
    """Where the page comes from.

    Parameters
    ----------
    source
        What was read, such as a file name.
    model
        What was fitted and how, such as ``"BG/NBD and Gamma–Gamma, Laplace, 4,000 draws"``.
    made
        When.
    seed
        Of the run; the same seed gives the same figures.
    versions
        Pairs of package and version.
    first_date, last_date
        Of the transactions, where known.
    """

    source: str
    model: str
    made: datetime
    seed: int
    versions: tuple[tuple[str, str], ...] = ()
    first_date: date | None = None
    last_date: date | None = None


@dataclass(frozen=True)
class Drawing:
    """A figure, what a reader who can not see it is told, and the table behind it.

    Where the figure's layout has a ``meta`` with ``narrow``, a dictionary of attributes as Plotly's relayout
    takes them, the page gives it these attributes on a screen that is narrow.
    """

    key: str
    heading: str
    label: str
    figure: go.Figure
    table: Table


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Parameters
    ----------
    key, title
        Its anchor and its heading; the list of contents has what stands before a colon.
    text
        What it says in words.
    drawings, tables, folded, evidence
        Shown in this order; folded tables open when asked for.
    paired
        Whether figures stand two abreast where there is room.
    """

    key: str
    title: str
    text: tuple[str, ...]
    drawings: tuple[Drawing, ...] = ()
    tables: tuple[Table, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    folded: tuple[Table, ...] = ()
    paired: bool = False


@dataclass(frozen=True)
class Card:
    """A figure that a reader takes away: what it is, the figure, and what stands beneath it."""

    label: str
    figure: str
    beneath: str = ""


def document(
    template: str, *, sections: Sequence[Section], styles: Sequence[str] = ("page.css",), **content: Any
) -> str:
    """Write a page as HTML that fetches nothing.

    Parameters
    ----------
    template
        A file of the folder of templates that extends ``layout.html.j2``.
    sections
        Of the page, in order.
    styles
        Files of the folder of templates.
    content
        What the template names: all of its text is taken as text, never as markup.

    Returns
    -------
    str
        About 5 MB where figures are drawn, most of it Plotly's library, once.
    """
    environment = Environment(
        loader=PackageLoader("segmodels.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    drawn = any(section.drawings for section in sections)
    programs = (get_plotlyjs(), embed.template_text("page.js")) if drawn else ()
    scripts = [embed.script(text) for text in programs]
    return environment.get_template(template).render(
        sections=sections,
        scripts=scripts,
        script_hashes=[embed.script_hash(script) for script in scripts],
        style=Markup("\n".join(map(embed.template_text, styles))),  # noqa: S704 - files of this package
        figure_json=figure_json,
        behind=_behind,
        **content,
    )


def write_document(html: str, path: str | os.PathLike[str]) -> Path:
    """Write a page to a file, whole or not at all; an older one is replaced."""
    target = Path(path)
    with whole(target) as part:
        part.write_text(html, encoding="utf-8", newline="\n")
    return target


def figure_json(figure: go.Figure) -> Markup:
    r"""Write a figure as JSON that can stand inside a script element.

    >>> figure_json(go.Figure(layout_title_text="<b>")).endswith(r'{"text":"\u003cb\u003e"}}}')
    True
    """
    return embed.inside_script(str(figure.to_json(engine="json")))


def _behind(evidence: Evidence) -> Table | None:
    if evidence.table.empty:
        return None
    return tables.written(evidence.table, f"Figures behind: {evidence.name}")
