"""A typing tool as a file, of the kind that its name ends in."""

import os
from collections.abc import Sequence
from pathlib import Path

from segmodels.errors import Fault, InputError
from segmodels.report.scorer import form, scorer_json, sql
from segmodels.segments.typing_tool.tool import TypingTool

_ENDINGS = (".json", ".sql", ".xlsx", ".html")


def write_scorer(
    tool: TypingTool,
    path: str | os.PathLike[str],
    *,
    title: str = "Typing tool",
    table: str | Sequence[str] = "answers",
    customer: str = "customer_id",
) -> Path:
    """Write a typing tool that scores without Python; all kinds give the same probabilities.

    Parameters
    ----------
    tool
        The typing tool.
    path
        Of the file; an older one is replaced. It ends in ``.json`` (for programs), ``.sql`` (a SELECT),
        ``.xlsx`` (a workbook, for one person or many) or ``.html`` (a form).
    title
        Heading of the workbook or the form.
    table, customer
        For SQL: the table of answers, or schema and table, and its column of ids.

    Returns
    -------
    pathlib.Path
        The path written.

    Raises
    ------
    InputError
        Where the ending is another, there is no such folder, or the tool does not fit the kind of file.

    Examples
    --------
    >>> import numpy as np
    >>> from tempfile import TemporaryDirectory
    >>> from segmodels.models.needs.components import Components
    >>> from segmodels.tables.codebook import Item
    >>> two = Components(
    ...     ("a", "b"),
    ...     (Item("q", "binary", (0, 1)),),
    ...     np.arange(2),
    ...     np.log([0.5, 0.5]),
    ...     (np.log([[0.9, 0.2], [0.1, 0.8]]),),
    ... )
    >>> with TemporaryDirectory() as folder:
    ...     write_scorer(TypingTool(two), f"{folder}/tool.sql").name
    'tool.sql'
    """
    target = Path(path)
    ending = target.suffix.lower()
    if ending not in _ENDINGS:
        expected = f"a name that ends in {', '.join(_ENDINGS)}"
        raise InputError(Fault("path", repr(target.name), expected, "Rename it."))
    if not target.parent.is_dir():
        remedy = "Make the folder, or name another."
        raise InputError(Fault("path", f"no folder {target.parent}", "a folder that is there", remedy))
    if ending == ".json":
        return scorer_json.write(tool, target)
    if ending == ".sql":
        return sql.write(tool, target, table=table, customer=customer)
    if ending == ".html":
        return form.write(tool, target, title=title)
    from segmodels.report.scorer import workbook

    return workbook.write(tool, target, title=title)
