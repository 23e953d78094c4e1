"""The README's two commands, CI's use of them, and what must not be in the repository."""

import re
import subprocess
import tomllib
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import segmodels

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
SET_UP = "python3 -m pip install"
# Put together here, so that this file does not hold what it looks for.
HOSTS = [
    "[.]".join(parts)
    for parts in (("pypi", "org"), ("files", "pythonhosted"), ("deb", "debian"), ("npmjs", "org"))
]
FOLDERS = [f"/{name}/" for name in ("work", "root", "home")]
NOT_IN_THE_REPOSITORY = re.compile("|".join(HOSTS + FOLDERS))


def _commands() -> list[str]:
    return [line.strip() for line in README.splitlines() if SET_UP in line]


def _requirements() -> list[Requirement]:
    project = PYPROJECT["project"]
    extras = [line for lines in project["optional-dependencies"].values() for line in lines]
    return [
        Requirement(line)
        for line in [*project["dependencies"], *extras, *PYPROJECT["dependency-groups"]["dev"]]
    ]


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a clone, so there is no list of files")
    return [ROOT / name for name in listed.stdout.splitlines() if (ROOT / name).is_file()]


def test_two_commands_set_up_and_go():
    first, second = _commands()
    assert first.endswith("segmodels demo")
    assert second.endswith("pytest")
    assert first.split("&&")[0] == second.split("&&")[0]


def test_ci_runs_the_test_command_of_the_readme():
    lines = [line.removesuffix("|| exit").strip() for line in (ROOT / ".ci/run").read_text().splitlines()]
    assert _commands()[1] in lines


def test_python_version_is_one_that_the_package_supports():
    assert (ROOT / ".python-version").read_text().strip() == "3.13"
    assert PYPROJECT["project"]["requires-python"] == ">=3.12"


@pytest.mark.parametrize("requirement", _requirements(), ids=lambda requirement: requirement.name)
def test_direct_dependencies_have_both_bounds_and_the_pin_lies_within(requirement):
    operators = {specifier.operator for specifier in requirement.specifier}
    assert operators == {">=", "<"}
    assert _pins()[canonicalize_name(requirement.name)] in requirement.specifier


def _pins() -> dict[str, str]:
    pins = [Requirement(line) for line in PYPROJECT["tool"]["uv"]["constraint-dependencies"]]
    assert all(pin.url is None and [s.operator for s in pin.specifier] == ["=="] for pin in pins)
    return {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in pins}


def test_every_package_that_comes_along_is_pinned():
    wanted, seen = [Requirement("segmodels"), *_requirements()], set()
    while wanted:
        requirement = wanted.pop()
        for extra in {"", *requirement.extras}:
            key = (canonicalize_name(requirement.name), extra)
            if key not in seen:
                seen.add(key)
                wanted += _required_by(*key)
    assert {name for name, _ in seen} - {"segmodels"} <= set(_pins())


def _required_by(name: str, extra: str) -> list[Requirement]:
    needs = [Requirement(line) for line in requires(name) or []]
    return [need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})]


def test_no_registry_and_no_path_of_a_machine_is_in_the_repository():
    found = []
    for path in _tracked():
        text = path.read_bytes().decode("utf-8", errors="ignore")
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in NOT_IN_THE_REPOSITORY.finditer(text)]
    assert not found


def test_no_lock_file_is_in_the_repository():
    assert "uv.lock" not in {path.name for path in _tracked()}


def test_the_version_is_the_same_everywhere():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert segmodels.__version__ == version("segmodels") == PYPROJECT["project"]["version"]
    assert f"\nversion: {segmodels.__version__}\n" in citation


@pytest.mark.parametrize("name", [name for name in segmodels.__all__ if name != "__version__"])
def test_public_names_are_documented(name):
    thing = getattr(segmodels, name)
    assert (thing.__doc__ or "").strip(), f"{name} has no docstring"


def test_links_within_the_documents_lead_somewhere():
    documents = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    links = [
        (document, link.split("#")[0])
        for document in documents
        for link in re.findall(r"\]\(([^)#\s]+(?:#[^)]*)?)\)", document.read_text(encoding="utf-8"))
        if "://" not in link
    ]
    assert not [
        f"{document.name}: {link}" for document, link in links if not (document.parent / link).exists()
    ]
