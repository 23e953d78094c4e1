"""netCDF with a seal: a hash of the file at its end, where HDF5 does not look.

What is damaged is found before HDF5 opens it, which may take damaged figures for sound ones, or never end.
"""

import os
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import xarray as xr

from segmodels.errors import Fault, InputError
from segmodels.inference.posterior import read_tree, write_tree

_LABEL = b"segmodels sha256 "
_LENGTH = len(_LABEL) + 64


def write_sealed(tree: xr.DataTree, path: str | os.PathLike[str]) -> Path:
    """Write netCDF and its seal at once or not at all.

    Raises
    ------
    InputError
        Where the folder is not there.
    """
    target = Path(path)
    if not target.parent.is_dir() or target.is_dir():
        remedy = "Make the folder first."
        raise InputError(Fault("path", str(target), "a file in a folder that exists", remedy))
    with TemporaryDirectory(dir=target.parent, suffix=".partial") as folder:
        partial = write_tree(tree, Path(folder) / "tree.nc")
        seal = _seal(partial.read_bytes())
        with partial.open("ab") as file:
            file.write(seal)
        os.replace(partial, target)  # noqa: PTH105
    return target


def read_sealed(path: str | os.PathLike[str], model: str) -> xr.DataTree:
    """Read what :func:`write_sealed` wrote of a model.

    Raises
    ------
    InputError
        Where the file is damaged, without a seal, or of another model.
    """
    source = Path(path)
    content = source.read_bytes() if source.is_file() else b""
    body, seal = content[:-_LENGTH], content[-_LENGTH:]
    damaged = InputError(Fault("path", f"{source}, which is damaged", "a saved fit", "Fit again."))
    if seal.startswith(_LABEL) and seal != _seal(body):
        raise damaged
    tree = read_tree(source)
    held = tree.attrs.get("model")
    if held != model:
        remedy = f"Load it with {held}Fit.load."
        raise InputError(Fault("path", f"{source}, a {held}", f"a {model}", remedy))
    if not seal.startswith(_LABEL):
        got = f"{source}, which has no seal"
        remedy = "It is damaged, or an older version saved it; fit again."
        raise InputError(Fault("path", got, "a saved fit", remedy))
    return tree


def _seal(body: bytes) -> bytes:
    return _LABEL + sha256(body).hexdigest().encode()
