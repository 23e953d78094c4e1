"""The Python examples of the README and of docs/ run, each document from top to bottom, as one program."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOCUMENTS = [
    path
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
    if BLOCK.search(path.read_text(encoding="utf-8"))
]


def _source(document: Path) -> str:
    """The examples of a document as one program, each line where it stands in the document."""
    text = document.read_text(encoding="utf-8")
    lines = [""] * (text.count("\n") + 1)
    for block in BLOCK.finditer(text):
        first = text[: block.start(1)].count("\n")
        code = block[1].splitlines()
        lines[first : first + len(code)] = code
    return "\n".join(lines)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_the_examples_run(document, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    program = tmp_path / document.with_suffix(".py").name
    program.write_text(_source(document), encoding="utf-8")
    runpy.run_path(str(program), run_name="__main__")
