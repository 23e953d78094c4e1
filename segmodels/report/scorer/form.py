"""A typing tool as a form: one HTML file that fetches nothing and sends nothing."""

import os
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from segmodels.report import embed
from segmodels.report.atomic import whole
from segmodels.report.scorer.scorer_json import document
from segmodels.segments.typing_tool.tool import TypingTool


def render(tool: TypingTool, *, title: str = "Typing tool", introduction: str = "") -> str:
    """Write the form as HTML.

    The page shows the probabilities of the segments while one answers. Its program also offers
    ``typingTool.score({question: code, …})``, which gives ``segment``, ``probabilities`` and ``answered``, and
    throws an error for a code or a question that it does not know.

    Parameters
    ----------
    tool
        The typing tool.
    title
        Of the page.
    introduction
        A sentence or two above the questions; empty: how to fill in the form.

    Returns
    -------
    str
        One document. All text of the survey is taken as text, never as markup.

    Examples
    --------
    >>> import numpy as np
    >>> from segmodels.models.needs.components import Components
    >>> from segmodels.tables.codebook import Item
    >>> two = Components(
    ...     ("a", "b"),
    ...     (Item("q", "binary", (0, 1), ("no", "<b>yes</b>"), "Cheap?"),),
    ...     np.arange(2),
    ...     np.log([0.5, 0.5]),
    ...     (np.log([[0.9, 0.2], [0.1, 0.8]]),),
    ... )
    >>> html = render(TypingTool(two))
    >>> "<b>" in html, "&lt;b&gt;yes&lt;/b&gt;" in html
    (False, True)
    """
    environment = Environment(
        loader=PackageLoader("segmodels.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    program = embed.script(embed.template_text("typing_form.js"))
    return environment.get_template("typing_form.html.j2").render(
        title=title,
        introduction=introduction,
        questions=tool.questions,
        segments=tool.names,
        scorer=embed.data(document(tool)),
        program=program,
        program_hash=embed.script_hash(program),
        style=Markup(embed.template_text("typing_form.css")),  # noqa: S704 - a file of this package
    )


def write(
    tool: TypingTool,
    path: str | os.PathLike[str],
    *,
    title: str = "Typing tool",
    introduction: str = "",
) -> Path:
    """Write the form to a file, whole or not at all, and give its path."""
    html = render(tool, title=title, introduction=introduction)
    with whole(path) as part:
        part.write_text(html, encoding="utf-8", newline="\n")
    return Path(path)
