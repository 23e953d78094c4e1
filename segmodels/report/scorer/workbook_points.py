"""The sheet of points, and how the other sheets of the workbook refer to it."""

from dataclasses import dataclass
from itertools import accumulate, pairwise
from typing import Any

import numpy as np
from xlsxwriter.format import Format
from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from segmodels.segments.typing_tool.joint import TIE
from segmodels.segments.typing_tool.tool import TypingTool
from segmodels.tables.codebook import Code, Item

SHEET = "Points"
_CODE, _CHOICE, _FIRST_COMPONENT = 3, 5, 6
_WEIGHT_ROW, _FIRST_ROW = 1, 2


@dataclass(frozen=True, eq=False)
class Points:
    """Where the points stand.

    Parameters
    ----------
    tool
        The typing tool.
    rows
        First and last row of each question, counted from 0.
    """

    tool: TypingTool
    rows: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, tool: TypingTool) -> "Points":
        """Lay the questions out one below the other."""
        ends = list(accumulate((item.size for item in tool.questions), initial=_FIRST_ROW))
        return cls(tool, tuple((first, last - 1) for first, last in pairwise(ends)))

    @property
    def n_components(self) -> int:
        """How many components there are."""
        return len(self.tool.components.log_weight)

    def _column(self, question: int, column: int) -> str:
        first, last = (xl_rowcol_to_cell(row, column, True, True) for row in self.rows[question])
        return f"{SHEET}!{first}:{last}"

    def choices(self, question: int) -> str:
        """Range of the choices that a list offers."""
        return self._column(question, _CHOICE)

    def codes(self, question: int) -> str:
        """Range of the codes."""
        return self._column(question, _CODE)

    def weight(self, component: int) -> str:
        """Cell of a log weight."""
        return f"{SHEET}!{xl_rowcol_to_cell(_WEIGHT_ROW, _FIRST_COMPONENT + component, True, True)}"

    def points(self, question: int, component: int, position: str) -> str:
        """Points of an answer: 0 where the position is 0, which means missing."""
        table = self._column(question, _FIRST_COMPONENT + component)
        return f"IF({position}=0,0,INDEX({table},{position}))"


def position(answer: str, listed: str) -> str:
    """Find the place of an answer in a list, from 1; 0 where it is blank, #N/A where it is not listed.

    EXACT tells small letters from capitals and knows no wildcards, unlike MATCH. It compares text: LibreOffice
    finds no number in a range with it.
    """
    same = f'EXACT({listed}&"",{answer}&"")'
    first = listed.rsplit("!", maxsplit=1)[-1].split(":", maxsplit=1)[0]
    place = f"SUMPRODUCT({same}*(ROW({listed})-ROW({SHEET}!{first})+1))"
    return f'=IF({answer}="",0,IF(SUMPRODUCT(--{same})=0,NA(),{place}))'


def winner(probabilities: list[str], results: list[str]) -> str:
    """Choose the result of the first segment whose probability is the largest but for a tie.

    The cells of the probabilities lie side by side or one below the other.
    """
    largest = f"MAX({probabilities[0]}:{probabilities[-1]})"
    formula = results[-1]
    for cell, result in zip(probabilities[-2::-1], results[-2::-1], strict=True):
        formula = f"IF({cell}>={largest}-{TIE:.0E},{result},{formula})"
    return formula


def choice(item: Item, at: int) -> str:
    """Write an answer as a list offers it.

    A number and a bracket in front keep it apart from other answers of the same text, and spreadsheets from
    taking it for a formula, a number or a date.

    >>> choice(Item("q", "binary", (0, 1), ("=1+1", "7")), 0)
    '1) =1+1'
    """
    return f"{at + 1}) {item.category_texts[at]}"


def write_formula(
    sheet: Worksheet, at: tuple[int, int], formula: str, value: Any, style: Format | None = None
) -> None:
    """Write a formula and the value that it has before any answer is given."""
    sheet.write_formula(*at, formula, style, value)


def write_code(sheet: Worksheet, row: int, column: int, code: Code, style: Format | None = None) -> None:
    """Write a code with its type."""
    if isinstance(code, bool):
        sheet.write_boolean(row, column, code, style)
    elif isinstance(code, str):
        sheet.write_string(row, column, code, style)
    else:
        sheet.write_number(row, column, code, style)


def write_points(sheet: Worksheet, points: Points, styles: "Styles") -> None:
    """Fill the sheet of points."""
    tool = points.tool
    for column, name in enumerate(("No.", "Item", "Question", "Code", "Answer", "Choice")):
        sheet.write_string(0, column, name, styles.head)
    sheet.write_string(_WEIGHT_ROW, _CHOICE, "log weight", styles.head)
    for m, k in enumerate(tool.components.class_of):
        sheet.write_string(0, _FIRST_COMPONENT + m, tool.names[k], styles.head)
        sheet.write_number(_WEIGHT_ROW, _FIRST_COMPONENT + m, float(tool.components.log_weight[m]))
    for j, item in enumerate(tool.questions):
        table = tool.components.log_probability[j]
        for at, code in enumerate(item.categories):
            row = points.rows[j][0] + at
            sheet.write_number(row, 0, j + 1)
            sheet.write_string(row, 1, item.name, styles.text)
            sheet.write_string(row, 2, item.wording, styles.text)
            write_code(sheet, row, _CODE, code)
            sheet.write_string(row, 4, item.category_texts[at], styles.text)
            sheet.write_string(row, _CHOICE, choice(item, at), styles.text)
            for m, value in enumerate(table[at]):
                sheet.write_number(row, _FIRST_COMPONENT + m, float(value))
    sheet.set_column(1, 1, 14)
    sheet.set_column(2, 2, 40)
    sheet.set_column(4, _CHOICE, 24)
    sheet.freeze_panes(_FIRST_ROW, 0)


@dataclass(frozen=True, eq=False)
class Styles:
    """Formats of cells."""

    title: Format
    head: Format
    text: Format
    answer: Format
    percent: Format
    strong: Format
    note: Format
    warning: Format

    @classmethod
    def of(cls, book: Workbook) -> "Styles":
        """Add the formats to a workbook."""
        line = {"bottom": 1, "bottom_color": "#9aa5b1"}
        return cls(
            title=book.add_format({"bold": True, "font_size": 16}),
            head=book.add_format({"bold": True, "text_wrap": True, "valign": "top", **line}),
            text=book.add_format({"text_wrap": True, "valign": "top"}),
            # As text, so that no spreadsheet turns what is typed into a formula or a date.
            answer=book.add_format(
                {"num_format": "@", "locked": False, "bg_color": "#fff8dc", "border": 1, "text_wrap": True}
            ),
            percent=book.add_format({"num_format": "0.0%", "valign": "top"}),
            strong=book.add_format({"bold": True, "font_size": 13, "text_wrap": True, "valign": "top"}),
            note=book.add_format({"font_color": "#5b6875", "text_wrap": True, "valign": "top"}),
            warning=book.add_format(
                {"bold": True, "font_color": "#a63c00", "text_wrap": True, "valign": "top"}
            ),
        )


def shares(tool: TypingTool) -> list[float]:
    """Probabilities of the segments before any answer, which formulas show until one is given."""
    return tool.posterior(np.full((1, len(tool.questions)), -1))[0].tolist()
