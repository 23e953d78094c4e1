"""Fits on disk: netCDF that holds data and JSON, never code."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from segmodels.errors import Fault, InputError
from segmodels.inference.design import design_like
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.parametrisation import Parametrisation
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
from segmodels.tables.cells import PurchaseCells, SpendCells
from segmodels.tables.customers import Customers
from segmodels.tables.summary import Unit


def describe(spec: Any, density: GroupedPosterior, unit: str) -> dict[str, Any]:
    """Say in attributes all that is needed to rebuild the density without the customers."""
    return {
        "model": type(spec).__name__,
        "spec": spec_text(spec),
        "design": design_text(density.design),
        "scale": density.scale,
        "unit": unit,
    }


def save(fit: Any, path: str | os.PathLike[str]) -> Path:
    """Write a fit: posterior, cells, evidence."""
    groups = {name: node.to_dataset() for name, node in fit.posterior.children.items()}
    arrays = {name: ("cell", getattr(fit.cells, name)) for name in _CELL_COLUMNS[type(fit.cells).__name__]}
    groups["cells"] = xr.Dataset(
        arrays | {"start": ("edge", fit.cells.start)},
        attrs={"groups": frame_text(fit.cells.groups), "kind": type(fit.cells).__name__},
    )
    tree = xr.DataTree.from_dict(groups)
    tree.attrs.update(fit.posterior.attrs)
    tree.attrs["evidence"] = evidence_text(fit.evidence)
    return write_tree(tree, path)


_CELL_COLUMNS: dict[str, Sequence[str]] = {
    "PurchaseCells": ("frequency", "recency", "T", "count"),
    "SpendCells": ("frequency", "monetary_value", "count"),
}


def load(cls: Any, spec_type: Any, form: Parametrisation, path: Any, customers: Customers | None) -> Any:
    """Read a fit written by :func:`save`.

    Raises
    ------
    InputError
        Where the file holds another model.
    """
    tree = read_tree(path)
    attributes = tree.attrs
    if attributes["model"] != spec_type.__name__:
        got, wanted = attributes["model"], spec_type.__name__
        raise InputError(Fault("path", f"a {got}", f"a {wanted}", f"Load it with {got}Fit.load."))
    spec = spec_type(**spec_fields(attributes["spec"]))
    cells = _cells(tree["cells"], attributes["unit"])
    density = GroupedPosterior(
        form,
        tuple(getattr(spec, name) for name in form.coordinates),
        spec.coefficient,
        spec.spread,
        design_like(design_of(attributes["design"]), cells.groups, spec.by),
        cells.arrays,
        float(attributes["scale"]),
    )
    evidence = evidence_of(attributes["evidence"])
    posterior = tree.filter(lambda node: node.name != "cells")
    fit = cls(spec, cells, density, posterior, evidence, int(attributes["seed"]), None)
    return fit if customers is None else fit.on(customers)


def _cells(node: Any, unit: Unit) -> Any:
    groups = frame_of(node.attrs["groups"])
    start = node["start"].to_numpy()
    arrays = {name: node[name].to_numpy() for name in _CELL_COLUMNS[node.attrs["kind"]]}
    if node.attrs["kind"] == "PurchaseCells":
        return PurchaseCells(**arrays, start=start, groups=groups, unit=unit)
    return SpendCells(**arrays, start=start, groups=groups, left_out=0)
