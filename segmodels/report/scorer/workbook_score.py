"""The sheet of the workbook for one person, and the hidden one where its points add up."""

import numpy as np
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from segmodels.report.scorer.workbook_points import Points, Styles, position, shares, winner, write_formula

SHEET, WORK = "Score", "'Score work'"
_FIRST = 5
_ANSWER, _SEGMENT, _PROBABILITY = 2, 4, 5


def _work(row: int, column: int) -> str:
    return f"{WORK}!{xl_rowcol_to_cell(row, column, True, True)}"


def _across(row: int, points: Points) -> str:
    last = xl_rowcol_to_cell(row, points.n_components, True, True)
    return f"{_work(row, 1)}:{last}"


def _positions(points: Points) -> str:
    return f"{_work(1, 0)}:{xl_rowcol_to_cell(len(points.rows), 0, True, True)}"


def write_work(sheet: Worksheet, points: Points) -> None:
    """Add up: a row per question, then the scores, then the weights; a column per component."""
    tool, n = points.tool, len(points.rows)
    score, weight = n + 1, n + 2
    start = tool.components.log_weight
    sheet.write_string(0, 0, "position")
    sheet.write_string(score, 0, "score")
    sheet.write_string(weight, 0, "weight")
    for j in range(n):
        answer = f"{SHEET}!{xl_rowcol_to_cell(_FIRST + j, _ANSWER, True, True)}"
        write_formula(sheet, (j + 1, 0), position(answer, points.choices(j)), 0)
    for m, k in enumerate(tool.components.class_of):
        column = m + 1
        sheet.write_number(0, column, int(k) + 1)
        for j in range(n):
            formula = points.points(j, m, xl_rowcol_to_cell(j + 1, 0, False, True))
            write_formula(sheet, (j + 1, column), f"={formula}", 0)
        first, last = xl_rowcol_to_cell(1, column), xl_rowcol_to_cell(n, column)
        formula = f"={points.weight(m)}+SUM({first}:{last})"
        write_formula(sheet, (score, column), formula, float(start[m]))
        best = f"MAX({_across(score, points)})"
        formula = f"=EXP({xl_rowcol_to_cell(score, column)}-{best})"
        write_formula(sheet, (weight, column), formula, float(np.exp(start[m] - start.max())))


def write_score(sheet: Worksheet, points: Points, title: str, styles: Styles) -> None:
    """Write questions with lists of answers on the left, segments and their probabilities on the right."""
    tool = points.tool
    n, size = len(tool.questions), len(tool.names)
    sheet.write_string(0, 0, title, styles.title)
    how = "Choose an answer to each question in the yellow cells; leave blank what was not answered."
    sheet.write_string(1, 0, how)
    for column, head in ((0, "No."), (1, "Question"), (_ANSWER, "Answer")):
        sheet.write_string(_FIRST - 1, column, head, styles.head)
    for j, item in enumerate(tool.questions):
        sheet.write_number(_FIRST + j, 0, j + 1, styles.text)
        sheet.write_string(_FIRST + j, 1, item.wording, styles.text)
        sheet.write_blank(_FIRST + j, _ANSWER, None, styles.answer)
        sheet.data_validation(
            _FIRST + j,
            _ANSWER,
            _FIRST + j,
            _ANSWER,
            {
                "validate": "list",
                "source": f"={points.choices(j)}",
                "error_title": "Not in the list",
                "error_message": "Choose one of the answers in the list, or leave the cell blank.",
            },
        )
    unknown = f"SUMPRODUCT(--ISNA({_positions(points)}))>0"
    _write_result(sheet, points, unknown, styles)
    sheet.conditional_format(
        _FIRST,
        _PROBABILITY,
        _FIRST + size - 1,
        _PROBABILITY,
        {
            "type": "data_bar",
            "bar_color": "#56b4e9",
            "bar_solid": True,
            "min_type": "num",
            "min_value": 0,
            "max_type": "num",
            "max_value": 1,
        },
    )
    sheet.set_column(0, 0, 5)
    sheet.set_column(1, 1, 48)
    sheet.set_column(_ANSWER, _ANSWER, 30)
    sheet.set_column(3, 3, 3)
    sheet.set_column(_SEGMENT, _SEGMENT, 30)
    sheet.set_column(_PROBABILITY, _PROBABILITY, 20)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.print_area(0, 0, _FIRST + max(n, size), _PROBABILITY)
    sheet.protect()


def _write_result(sheet: Worksheet, points: Points, unknown: str, styles: Styles) -> None:
    tool, weight = points.tool, len(points.rows) + 2
    before = shares(tool)
    every, classes = _across(weight, points), _across(0, points)
    names = [xl_rowcol_to_cell(_FIRST + k, _SEGMENT) for k in range(len(tool.names))]
    cells = [xl_rowcol_to_cell(_FIRST + k, _PROBABILITY) for k in range(len(tool.names))]
    for k, name in enumerate(tool.names):
        sheet.write_string(_FIRST + k, _SEGMENT, name, styles.text)
        share = f"SUMIF({classes},{k + 1},{every})/SUM({every})"
        formula = f'=IF({unknown},"",{share})'
        write_formula(sheet, (_FIRST + k, _PROBABILITY), formula, before[k], styles.percent)
    sheet.write_string(_FIRST - 1, _SEGMENT, "Segment", styles.head)
    sheet.write_string(_FIRST - 1, _PROBABILITY, "Probability", styles.head)
    first = int(tool.place(np.array([before]))[0])
    sheet.write_string(0, _SEGMENT, "Most probable segment", styles.note)
    best = f'=IF({unknown},"",{winner(cells, names)})'
    write_formula(sheet, (1, _SEGMENT), best, tool.names[first], styles.strong)
    likely = f'=IF({unknown},"",{winner(cells, cells)})'
    write_formula(sheet, (1, _PROBABILITY), likely, before[first], styles.percent)
    answered = f'=IF({unknown},"",SUMPRODUCT(--({_positions(points)}>0)))'
    sheet.write_string(2, _SEGMENT, "Questions answered", styles.note)
    write_formula(sheet, (2, _PROBABILITY), answered, 0)
    message = '"An answer is not in its list: choose one from the list, or clear the cell."'
    write_formula(sheet, (2, 0), f'=IF({unknown},{message},"")', "", styles.warning)
