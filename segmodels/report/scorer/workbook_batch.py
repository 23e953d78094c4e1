"""The sheet of the workbook for many people, and the hidden one where their points add up."""

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from segmodels.report.scorer.workbook_points import Points, Styles, position, winner, write_formula

SHEET, WORK = "Batch", "'Batch work'"
_FIRST = 3


def _answers(row: int, points: Points) -> str:
    """Range of the id and the answers of a row."""
    return f"{xl_rowcol_to_cell(row, 0, False, True)}:{xl_rowcol_to_cell(row, len(points.rows), False, True)}"


def _work(row: int, column: int) -> str:
    return f"{WORK}!{xl_rowcol_to_cell(row, column, False, True)}"


def _span(row: int, first: int, last: int) -> str:
    return f"{_work(row, first)}:{xl_rowcol_to_cell(row, last, False, True)}"


def write_work(sheet: Worksheet, points: Points, rows: int) -> None:
    """Add up: a row per person; positions, then the score of each component, then the largest score."""
    tool, n, size = points.tool, len(points.rows), points.n_components
    start = tool.components.log_weight
    for m, k in enumerate(tool.components.class_of):
        sheet.write_number(0, n + m, int(k) + 1)
    for row in range(_FIRST, _FIRST + rows):
        for j in range(n):
            answer = f"{SHEET}!{xl_rowcol_to_cell(row, j + 1, False, True)}"
            write_formula(sheet, (row, j), position(answer, points.codes(j)), 0)
        for m in range(size):
            parts = [points.points(j, m, xl_rowcol_to_cell(row, j, False, True)) for j in range(n)]
            formula = f"={'+'.join([points.weight(m), *parts])}"
            write_formula(sheet, (row, n + m), formula, float(start[m]))
        first, last = (xl_rowcol_to_cell(row, n + m, False, True) for m in (0, size - 1))
        write_formula(sheet, (row, n + size), f"=MAX({first}:{last})", float(start.max()))


def write_batch(sheet: Worksheet, points: Points, styles: Styles, rows: int) -> None:
    """Write an id and codes on the left; the segment, its probability and those of all segments follow."""
    tool, n = points.tool, len(points.rows)
    how = "One person a row: an id and the codes of the answers, blank where not answered."
    sheet.write_string(0, 0, how)
    sheet.write_string(_FIRST - 1, 0, "id", styles.head)
    for j, item in enumerate(tool.questions):
        sheet.write_string(_FIRST - 2, j + 1, item.wording, styles.note)
        sheet.write_string(_FIRST - 1, j + 1, item.name, styles.head)
        error = "Give one of the codes in the list, or leave the cell blank."
        options = {"validate": "list", "source": f"={points.codes(j)}", "error_message": error}
        sheet.data_validation(_FIRST, j + 1, _FIRST + rows - 1, j + 1, options)
    for column, head in enumerate(("segment", "probability", "answered", "problem"), n + 1):
        sheet.write_string(_FIRST - 1, column, head, styles.head)
    for k, name in enumerate(tool.names):
        sheet.write_string(_FIRST - 1, n + 5 + k, name, styles.head)
    for row in range(_FIRST, _FIRST + rows):
        _write_row(sheet, points, row, styles)
    sheet.set_column(0, n, 12)
    sheet.set_column(n + 1, n + 1, 24)
    sheet.set_column(n + 2, n + 4 + len(tool.names), 14)
    sheet.freeze_panes(_FIRST, 1)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_FIRST - 1)


def _write_row(sheet: Worksheet, points: Points, row: int, styles: Styles) -> None:
    tool, n, size = points.tool, len(points.rows), points.n_components
    unused = f"COUNTA({_answers(row, points)})=0"
    positions = _span(row, 0, n - 1)
    unknown = f"SUMPRODUCT(--ISNA({positions}))>0"
    either = f"OR({unused},{unknown})"
    classes = f"{WORK}!{xl_rowcol_to_cell(0, n, True, True)}:{xl_rowcol_to_cell(0, n + size - 1, True, True)}"
    above = f"EXP({_span(row, n, n + size - 1)}-{_work(row, n + size)})"
    cells = [xl_rowcol_to_cell(row, n + 5 + k, False, True) for k in range(len(tool.names))]
    names = [xl_rowcol_to_cell(_FIRST - 1, n + 5 + k, True, True) for k in range(len(tool.names))]
    for k in range(len(tool.names)):
        share = f"SUMPRODUCT(({classes}={k + 1})*{above})/SUMPRODUCT({above})"
        write_formula(sheet, (row, n + 5 + k), f'=IF({either},"",{share})', "", styles.percent)
    write_formula(sheet, (row, n + 1), f'=IF({either},"",{winner(cells, names)})', "")
    write_formula(sheet, (row, n + 2), f'=IF({either},"",{winner(cells, cells)})', "", styles.percent)
    answered = f'=IF({either},"",SUMPRODUCT(--({positions}>0)))'
    write_formula(sheet, (row, n + 3), answered, "")
    named = "&".join(
        f'IF(ISNA({_work(row, j)})," "&{xl_rowcol_to_cell(_FIRST - 1, j + 1, True, True)},"")'
        for j in range(n)
    )
    problem = f'=IF({unused},"",IF({unknown},"unknown code:"&{named},""))'
    write_formula(sheet, (row, n + 4), problem, "", styles.warning)
