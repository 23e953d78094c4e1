"""Files and functions stay small, and no room for leftovers opens."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_LINES_OF_A_FILE = 400
MOST_LINES_OF_A_FUNCTION = 60
LEFTOVERS = {"utils", "util", "helpers", "common", "misc", "base"}
ROOMS = ("segmodels", "tests", "benchmarks", "experiments")


def _hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(ROOT).parts)


# Hidden folders hold what is not ours, such as the environment of a peer.
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py") if not _hidden(path))


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _too_long(source: str) -> list[str]:
    """The functions whose body, without the docstring, is too long."""
    long = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            if lines > MOST_LINES_OF_A_FUNCTION:
                long.append(f"{node.name}: {lines} lines")
    return long


@pytest.mark.parametrize("path", FILES, ids=_name)
def test_files_and_functions_are_small(path):
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) <= MOST_LINES_OF_A_FILE
    assert not _too_long(source)


def test_a_long_function_is_noticed():
    body = "\n".join("    x = 1" for _ in range(MOST_LINES_OF_A_FUNCTION))
    assert not _too_long(f'def f():\n    """Why."""\n{body}')
    assert _too_long(f"def f():\n    y = 2\n{body}") == ["f: 61 lines"]


def test_no_room_for_leftovers():
    names = [Path(_name(path)).with_suffix("") for path in FILES]
    assert not [name.as_posix() for name in names if LEFTOVERS & set(name.parts)]
