"""The workbook, recalculated by LibreOffice, scores every pattern as Python does; no text becomes a formula."""

import csv
import re
import shutil
import subprocess
import zipfile
from xml.sax.saxutils import escape

import numpy as np
import pytest

from segmodels.errors import InputError
from segmodels.models.needs.components import Components
from segmodels.report.scorer import workbook
from segmodels.report.scorer.workbook_points import choice
from segmodels.segments.typing_tool.tool import typing_tool
from segmodels.tables.codebook import Item

OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
# Every sheet as CSV, numbers in full precision; and always recalculate what is loaded.
CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,false,false,false,false,-1"
SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>"""


def cell(place, value, style=""):
    if isinstance(value, bool):
        return f'<c r="{place}"{style} t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        text = escape(value)
        return f'<c r="{place}"{style} t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'
    return f'<c r="{place}"{style}><v>{value!r}</v></c>'


def typed(source, target, sheet, change):
    """Copy a workbook with something typed into a sheet, and without any result that was stored."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.startswith("xl/worksheets/sheet"):
                text = re.sub(r"(</f>)<v>.*?</v>", r"\1", content.decode())
                content = (change(text) if name.endswith(f"sheet{sheet}.xml") else text).encode()
            new.writestr(name, content)


def answer_one(texts):
    """Type answers into the yellow cells of the first sheet."""

    def change(xml):
        for j, text in enumerate(texts):
            if text is not None:
                xml, times = re.subn(
                    rf'<c r="C{6 + j}"( s="\d+")/>',
                    lambda m, j=j, text=text: cell(f"C{6 + j}", text, m[1]),
                    xml,
                )
                assert times == 1
        return xml

    return change


def answer_many(rows):
    """Type ids and codes into the second sheet; a row that is None stays blank."""

    def change(xml):
        for at, row in enumerate(rows):
            if row is None:
                continue
            cells = [cell(f"{'ABCDE'[j]}{4 + at}", value) for j, value in enumerate(row) if value is not None]
            xml, times = re.subn(
                rf'(<row r="{4 + at}"[^>]*>)', lambda m, cells=cells: m[1] + "".join(cells), xml
            )
            assert times == 1
        return xml

    return change


def recalculated(paths, folder):
    """Let LibreOffice work the workbooks out, all in one start: by stem and sheet the rows as text."""
    profile = folder / "profile" / "user"
    profile.mkdir(parents=True)
    (profile / "registrymodifications.xcu").write_text(SETTINGS, encoding="utf-8")
    command = [OFFICE, f"-env:UserInstallation={(folder / 'profile').as_uri()}", "--headless"]
    command += ["--convert-to", CSV, "--outdir", folder / "csv", *paths]
    subprocess.run(command, check=True, capture_output=True, timeout=240)
    found = {}
    for path in (folder / "csv").iterdir():
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem] = list(csv.reader(file))
    return found


def number(text):
    """Read a number of a CSV, where shares stand as per cent."""
    return float(text[:-1]) / 100 if text.endswith("%") else float(text)


needs_office = pytest.mark.skipif(OFFICE is None, reason="no LibreOffice here to recalculate with")


@pytest.fixture(scope="module")
def sheets(tool, answers, tmp_path_factory):
    """Recalculated sheets: ``batch`` with every pattern and some faults, ``one0``, ``one1`` … of single persons."""
    folder = tmp_path_factory.mktemp("office")
    plain = workbook.write(tool, folder / "plain.xlsx", title="=2+3", rows=200)
    rows = [[f"p{at}", *row.values()] for at, row in enumerate(answers)]
    full = rows[-1]
    rows += [["u1", "It's", *full[2:]], ["u2", full[1], 4, True, 0.25], None]
    rows += [[None, *full[1:]], ["text", full[1], "3", *full[3:]], ["*", "**", *full[2:]]]
    typed(plain, folder / "batch.xlsx", 2, answer_many(rows))
    paths = [folder / "batch.xlsx"]
    for at, texts in enumerate(single_persons(tool)):
        paths.append(folder / f"one{at}.xlsx")
        typed(plain, paths[-1], 1, answer_one(texts))
    return recalculated(paths, folder)


def single_persons(tool):
    """Choices of single persons: some patterns, then none, then texts that are in no list."""
    rng = np.random.default_rng(1)
    chosen = []
    for _ in range(8):
        places = [rng.integers(-1, item.size) for item in tool.questions]
        chosen.append(
            [None if at < 0 else choice(q, at) for at, q in zip(places, tool.questions, strict=True)]
        )
    good = [choice(item, 1) for item in tool.questions]
    return [*chosen, [None] * 4, [good[0].upper(), *good[1:]], ["1) *", *good[1:]], [" ", *good[1:]]]


@needs_office
def test_every_pattern_in_rows(sheets, tool, answers, expected):
    probabilities, segments = expected
    rows = sheets["batch-Batch"][3:]
    for at, answered in enumerate(answers):
        row = rows[at]
        assert row[0] == f"p{at}"
        assert row[5] == segments[at]
        assert number(row[6]) == pytest.approx(probabilities[at].max(), abs=1e-12)
        assert int(row[7]) == sum(code is not None for code in answered.values())
        assert row[8] == ""
        assert [number(value) for value in row[9:12]] == pytest.approx(probabilities[at], abs=1e-12)
    assert sheets["batch-Batch"][2][9:12] == list(tool.names)


@needs_office
def test_rows_with_unknown_codes_have_no_result_and_say_so(sheets, tool, answers, expected):
    first, second, _, fourth = (item.name for item in tool.questions)
    bad, two, unused, nameless, as_text, wild, rest = sheets["batch-Batch"][3 + len(answers) :][:7]
    assert bad[5:12] == ["", "", "", f"unknown code: {first}", "", "", ""]
    assert two[5:12] == ["", "", "", f"unknown code: {second} {fourth}", "", "", ""]
    assert wild[8] == f"unknown code: {first}"
    assert unused[5:12] == rest[5:12] == [""] * 7
    # An id is not needed, and a number that arrives as text is that number.
    for row in (nameless, as_text):
        assert row[5] == expected[1][-1]
        assert number(row[9]) == pytest.approx(expected[0][-1, 0], abs=1e-12)


@needs_office
def test_one_person_by_choosing_from_lists(sheets, tool):
    for at, texts in enumerate(single_persons(tool)[:9]):
        places = [-1 if text is None else int(text.split(")")[0]) - 1 for text in texts]
        posterior = tool.posterior(np.array([places]))
        sheet = sheets[f"one{at}-Score"]
        found = [number(row[5]) for row in sheet[5:8]]
        assert found == pytest.approx(posterior[0], abs=1e-12)
        assert sheet[1][4] == tool.names[tool.place(posterior)[0]]
        assert number(sheet[1][5]) == pytest.approx(posterior.max(), abs=1e-12)
        assert int(sheet[2][5]) == sum(place >= 0 for place in places)
        assert sheet[2][0] == ""
        assert [row[4] for row in sheet[5:8]] == list(tool.names)


@needs_office
def test_an_answer_in_no_list_gives_no_result(sheets):
    for at in (9, 10, 11):
        sheet = sheets[f"one{at}-Score"]
        assert sheet[2][0].startswith("An answer is not in its list")
        assert [sheet[1][4], sheet[1][5], sheet[2][5], *(row[5] for row in sheet[5:8])] == [""] * 6


@needs_office
def test_texts_arrive_as_they_are(sheets, tool):
    score = sheets["one8-Score"]
    assert score[0][0] == "=2+3"
    assert [row[1] for row in score[5:9]] == [item.wording for item in tool.questions]
    points = sheets["one8-Points"]
    assert [row[4] for row in points[2:]] == [text for q in tool.questions for text in q.category_texts]


def test_no_text_of_the_survey_is_a_formula(tool, tmp_path):
    path = workbook.write(tool, tmp_path / "tool.xlsx", title="=1+1", rows=2)
    with zipfile.ZipFile(path) as book:
        names = [name for name in book.namelist() if name.startswith("xl/worksheets/sheet")]
        formulas = [f for name in names for f in re.findall(r"<f>(.*?)</f>", book.read(name).decode())]
        links = [name for name in book.namelist() if "externalLink" in name or "hyperlink" in name]
    assert len(formulas) > 50
    assert not links
    for formula in formulas:
        assert re.match(r"(IF|EXP|MAX|Points!)", formula)
        assert not re.search(r"SUM\(1\)|HYPERLINK|alert|DROP|1\+1|2\+3", formula)


def test_stored_results_are_those_of_no_answer(tool, tmp_path):
    path = workbook.write(tool, tmp_path / "tool.xlsx", rows=1)
    with zipfile.ZipFile(path) as book:
        xml = book.read("xl/worksheets/sheet1.xml").decode()
    stored = [float(value) for value in re.findall(r'<c r="F[678]"[^>]*><f>.*?</f><v>(.*?)</v>', xml)]
    assert stored == pytest.approx(tool.components.class_shares, abs=1e-12)
    assert [entry.name for entry in tmp_path.iterdir()] == ["tool.xlsx"]


def test_what_no_sheet_can_hold_is_refused(tmp_path):
    items = tuple(Item(f"q{j}", "binary", (0, 1)) for j in range(101))
    names = tuple(map(str, range(61)))
    table = np.log(np.full((2, 61), 0.5))
    large = typing_tool(Components(names, items, np.arange(61), np.full(61, -np.log(61)), (table,) * 101))
    with pytest.raises(InputError) as caught:
        workbook.write(large, tmp_path / "tool.xlsx", title="x" * 40_000, rows=-1)
    assert [fault.where for fault in caught.value.faults] == ["title", "tool", "tool", "rows"]
    assert not list(tmp_path.iterdir())
