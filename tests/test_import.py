"""`import segmodels` is light, and every public name loads when it is first used."""

import json
import subprocess
import sys

import pytest

import segmodels


def _loaded_after(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in json.loads(done.stdout)}


def test_importing_the_package_loads_none_of_its_dependencies():
    loaded = _loaded_after("import segmodels; dir(segmodels)") - _loaded_after("pass")
    assert loaded - sys.stdlib_module_names == {"segmodels"}


@pytest.mark.parametrize("name", segmodels.__all__)
def test_every_public_name_loads(name):
    assert getattr(segmodels, name) is not None
    assert name in dir(segmodels)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'BGNDB'"):
        _ = segmodels.BGNDB
