"""Imports go one way through the rooms of the package, and PyMC and the plots stay behind doors."""

import ast
from pathlib import Path

import pytest

import segmodels

PACKAGE = Path(segmodels.__file__).parent
ROOMS = (
    ("errors", "evidence"),
    ("likelihoods",),
    ("tables",),
    ("inference",),
    ("models",),
    ("segments",),
    ("evaluate",),
    ("decide",),
    ("report",),
    ("project",),
    ("cli", "__main__"),
)
RANK = {room: rank for rank, rooms in enumerate(ROOMS) for room in rooms}
NOT_IN_LIKELIHOODS = {"pandas", "polars", "pyarrow", "ibis", "duckdb", "xarray", "pymc", "pytensor", "arviz"}
FILES = sorted(path for path in PACKAGE.rglob("*.py") if path != PACKAGE / "__init__.py")


def _modules(tree: ast.Module, package: str) -> list[tuple[int, str]]:
    """Every module that a file imports, at any depth of the code, with its line."""
    found: list[tuple[int, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            home = ".".join([*parents, *([node.module] if node.module else [])])
            found += [(node.lineno, f"{home}.{alias.name}") for alias in node.names]
    return found


def _imports(path: Path) -> list[tuple[int, str]]:
    package = ".".join((PACKAGE.name, *path.relative_to(PACKAGE).parent.parts))
    return _modules(ast.parse(path.read_text(encoding="utf-8")), package)


def _room(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _backward(room: str, imports: list[tuple[int, str]]) -> list[str]:
    """The imports of a file in `room` that go to a room on its right."""
    ours = [(line, name.split(".")[1]) for line, name in imports if name.startswith(f"{PACKAGE.name}.")]
    return [f"line {line}: {to}" for line, to in ours if RANK.get(to, -1) > RANK[room]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_file_imports_from_its_own_room_and_those_to_its_left(path):
    assert _room(path) in RANK, f"{_room(path)} is not a room: see docs/where-new-code-goes.md"
    assert not _backward(_room(path), _imports(path))


@pytest.mark.parametrize("path", sorted((PACKAGE / "likelihoods").rglob("*.py")), ids=lambda path: path.name)
def test_likelihoods_know_no_table_and_no_model(path):
    assert not {name.split(".")[0] for _, name in _imports(path)} & NOT_IN_LIKELIHOODS


@pytest.mark.parametrize(
    "code",
    [
        "import segmodels.report.plots",
        "from segmodels import report",
        "from segmodels.report.page import write",
        "from ..report import page",
        "def f():\n    from .. import report",
    ],
)
def test_the_walk_sees_an_import_to_the_right(code):
    assert len(_backward("tables", _modules(ast.parse(code), "segmodels.tables"))) == 1


def test_the_walk_lets_imports_to_the_left_pass():
    code = "import numpy\nfrom ..errors import Fault\nfrom ..likelihoods import bg_nbd\nfrom . import cells"
    assert not _backward("tables", _modules(ast.parse(code), "segmodels.tables"))
