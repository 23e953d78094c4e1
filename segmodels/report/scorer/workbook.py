"""A typing tool as an Excel workbook that scores as one types: one person on a sheet, or many in rows.

Its sheets: ``Score`` (one person, answers chosen from lists), ``Batch`` (codes of many people), ``Points`` (the table
of log-probabilities), and ``Score work`` and ``Batch work``, hidden, where the formulas add up.
"""

import os
from pathlib import Path

import xlsxwriter

from segmodels.errors import Fault, InputError
from segmodels.report.atomic import whole
from segmodels.report.scorer import workbook_batch, workbook_score
from segmodels.report.scorer.workbook_points import Points, Styles, choice, write_points
from segmodels.segments.typing_tool.tool import TypingTool

_LONGEST_TEXT = 32_767
#: More would not fit into one formula.
_MOST_QUESTIONS = 100
_MOST_ROWS = 100_000
#: Excel nests 64 functions at most.
_MOST_SEGMENTS = 60
_SHEETS = ("Score", "Batch", "Points", "Score work", "Batch work")


def write(
    tool: TypingTool, path: str | os.PathLike[str], *, title: str = "Typing tool", rows: int = 200
) -> Path:
    """Write the workbook, whole or not at all, and give its path.

    Every text of the survey is written as text, never as a formula. An answer that is not in its list gets no
    result and a message; a blank one counts as missing.

    Parameters
    ----------
    tool
        The typing tool.
    path
        Of the workbook, ``.xlsx``.
    title
        Heading of the sheet.
    rows
        How many people the sheet ``Batch`` takes; 0 leaves it without rows.

    Raises
    ------
    InputError
        Where a text is longer than a cell can hold, or there are too many segments, questions or rows for a
        sheet.
    """
    faults = _faults(tool, title, rows)
    if faults:
        raise InputError(faults)
    points = Points.of(tool)
    with whole(path) as part:
        options = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
        book = xlsxwriter.Workbook(str(part), options)
        sheets = {name: book.add_worksheet(name) for name in _SHEETS}
        styles = Styles.of(book)
        write_points(sheets["Points"], points, styles)
        workbook_score.write_work(sheets["Score work"], points)
        workbook_score.write_score(sheets["Score"], points, title, styles)
        workbook_batch.write_work(sheets["Batch work"], points, rows)
        workbook_batch.write_batch(sheets["Batch"], points, styles, rows)
        for name in ("Score work", "Batch work"):
            sheets[name].hide()
        book.close()
    return Path(path)


def _faults(tool: TypingTool, title: str, rows: int) -> list[Fault]:
    faults: list[Fault] = []
    texts = {"title": title, **{f"segment {name[:40]!r}": name for name in tool.names}}
    for item in tool.questions:
        longest = max((choice(item, at) for at in range(item.size)), key=len)
        codes = max((str(code) for code in item.categories), key=len)
        texts[f"item {item.name[:40]!r}"] = max(item.name, item.wording, longest, codes, key=len)
    faults += [
        Fault(
            where, f"{len(text):,} characters", f"{_LONGEST_TEXT:,} at most", "Shorten it for the workbook."
        )
        for where, text in texts.items()
        if len(text) > _LONGEST_TEXT
    ]
    if len(tool.names) > _MOST_SEGMENTS:
        expected = f"{_MOST_SEGMENTS} segments at most"
        faults.append(Fault("tool", f"{len(tool.names)} segments", expected, "Use the JSON or SQL scorer."))
    if len(tool.questions) > _MOST_QUESTIONS:
        expected = f"{_MOST_QUESTIONS} questions at most"
        faults.append(Fault("tool", f"{len(tool.questions)} questions", expected, "Choose fewer questions."))
    if not 0 <= rows <= _MOST_ROWS:
        faults.append(
            Fault("rows", f"{rows:,}", f"0 to {_MOST_ROWS:,}", "Use the JSON or SQL scorer for more.")
        )
    return faults
