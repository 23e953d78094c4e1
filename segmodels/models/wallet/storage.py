"""A fit of the wallet on disk: posterior, specification and the answers' cells, as netCDF; no customer's id."""

import os
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from segmodels.errors import Fault, InputError
from segmodels.inference.posterior import read_tree, write_tree
from segmodels.inference.written import (
    design_of,
    design_text,
    evidence_of,
    evidence_text,
    frame_of,
    frame_text,
    spec_fields,
    spec_text,
)


def save(fit: Any, path: str | os.PathLike[str], scalars: dict[str, float]) -> Path:
    """Write a fit at once or not at all.

    Parameters
    ----------
    fit
        Has ``spec, cells, density, posterior, evidence, seed``; cells are arrays, one frame, and numbers.
    scalars
        What else the fit is rebuilt from.
    """
    arrays: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    for field in fields(fit.cells):
        value = getattr(fit.cells, field.name)
        if isinstance(value, np.ndarray):
            arrays[field.name] = (tuple(f"{field.name}_{k}" for k in range(value.ndim)), value)
        elif isinstance(value, pd.DataFrame):
            attributes[f"frame:{field.name}"] = frame_text(value)
        else:
            attributes[f"number:{field.name}"] = value
    groups = {name: node.to_dataset() for name, node in fit.posterior.children.items()}
    tree = xr.DataTree.from_dict(groups | {"cells": xr.Dataset(arrays, attrs=attributes)})
    tree.attrs.update(fit.posterior.attrs)
    tree.attrs.update(
        {
            "model": type(fit.spec).__name__,
            "spec": spec_text(fit.spec),
            "design": design_text(fit.density.design),
            "evidence": evidence_text(fit.evidence),
            "seed": str(fit.seed),
        }
        | scalars
    )
    return write_tree(tree, path)


def load(path: str | os.PathLike[str], spec_type: type[Any], cells_type: type[Any]) -> dict[str, Any]:
    """Read what :func:`save` wrote: ``spec, cells, design, posterior, evidence, seed, attributes``.

    Raises
    ------
    InputError
        Where the file holds another model.
    """
    tree = read_tree(path)
    held, wanted = tree.attrs.get("model"), spec_type.__name__
    if held != wanted or "cells" not in tree:
        raise InputError(Fault("path", f"{path}, a {held}", f"a {wanted}", "Load it with its own class."))
    node = tree["cells"]
    parts: dict[str, Any] = {str(name): values.to_numpy() for name, values in node.data_vars.items()}
    for name, value in node.attrs.items():
        kind, _, field = str(name).partition(":")
        if field:
            parts[field] = frame_of(value) if kind == "frame" else float(value)
    return {
        "spec": spec_type(**spec_fields(tree.attrs["spec"])),
        "cells": cells_type(**parts),
        "design": design_of(tree.attrs["design"]),
        "posterior": tree.filter(lambda each: each.name != "cells"),
        "evidence": evidence_of(tree.attrs["evidence"]),
        "seed": int(tree.attrs["seed"]),
        "attributes": dict(tree.attrs),
    }
