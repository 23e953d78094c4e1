"""Fits on disk: netCDF that holds data and JSON, never code."""

import json
import os
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference import priors as prior_types
from segmodels.inference.design import Design
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.parametrisation import Parametrisation
from segmodels.inference.posterior import read_tree, write_tree
from segmodels.tables.cells import PurchaseCells, SpendCells
from segmodels.tables.customers import Customers
from segmodels.tables.summary import Unit

_PRIORS = {
    kind.__name__: kind
    for kind in (prior_types.Normal, prior_types.StudentT, prior_types.SoftBox, prior_types.Flat)
}


def describe(spec: Any, density: GroupedPosterior, unit: str) -> dict[str, Any]:
    """Say in attributes all that is needed to rebuild the density without the customers."""
    known = density.design
    return {
        "model": type(spec).__name__,
        "spec": json.dumps({field.name: _plain(getattr(spec, field.name)) for field in fields(spec)}),
        "design": json.dumps(
            {
                "covariates": known.covariates,
                "centre": [values.tolist() for values in known.centre],
                "spread": [values.tolist() for values in known.spread],
                "segments": known.segments,
            }
        ),
        "scale": density.scale,
        "unit": unit,
    }


def _plain(value: Any) -> Any:
    if type(value).__name__ in _PRIORS:
        return {"prior": type(value).__name__} | {f.name: getattr(value, f.name) for f in fields(value)}
    return value


def _rebuilt(value: Any) -> Any:
    if isinstance(value, dict):
        rest = {str(name): number for name, number in value.items() if name != "prior"}
        return _PRIORS[value["prior"]](**rest)
    return tuple(value) if isinstance(value, list) else value


def save(fit: Any, path: str | os.PathLike[str]) -> Path:
    """Write a fit: posterior, cells, evidence."""
    groups = {name: node.to_dataset() for name, node in fit.posterior.children.items()}
    arrays = {name: ("cell", getattr(fit.cells, name)) for name in _CELL_COLUMNS[type(fit.cells).__name__]}
    groups["cells"] = xr.Dataset(
        arrays | {"start": ("edge", fit.cells.start)},
        attrs={"groups": _split(fit.cells.groups), "kind": type(fit.cells).__name__},
    )
    tree = xr.DataTree.from_dict(groups)
    tree.attrs.update(fit.posterior.attrs)
    tree.attrs["evidence"] = json.dumps([_evidence(item) for item in fit.evidence])
    return write_tree(tree, path)


_CELL_COLUMNS: dict[str, Sequence[str]] = {
    "PurchaseCells": ("frequency", "recency", "T", "count"),
    "SpendCells": ("frequency", "monetary_value", "count"),
}


def _evidence(item: Evidence) -> dict[str, Any]:
    return {
        "name": item.name,
        "passed": item.passed,
        "text": item.text,
        "table": _split(item.table),
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
    spec = spec_type(**{name: _rebuilt(value) for name, value in json.loads(attributes["spec"]).items()})
    cells = _cells(tree["cells"], attributes["unit"])
    known = json.loads(attributes["design"])
    empty = Design(
        tuple(tuple(names) for names in known["covariates"]),
        (),
        tuple(np.asarray(values) for values in known["centre"]),
        tuple(np.asarray(values) for values in known["spread"]),
        tuple(known["segments"]),
        np.zeros(0, np.int64),
    )
    from segmodels.inference.design import design_like

    density = GroupedPosterior(
        form,
        tuple(getattr(spec, name) for name in form.coordinates),
        spec.coefficient,
        spec.spread,
        design_like(empty, cells.groups, spec.by),
        cells.arrays,
        float(attributes["scale"]),
    )
    evidence = tuple(
        Evidence(item["name"], item["passed"], item["text"], _frame(item["table"]))
        for item in json.loads(attributes["evidence"])
    )
    posterior = tree.filter(lambda node: node.name != "cells")
    fit = cls(spec, cells, density, posterior, evidence, int(attributes["seed"]), None)
    return fit if customers is None else fit.on(customers)


def _split(frame: pd.DataFrame) -> str:
    """Write a frame as JSON, floats to the last bit (pandas' own JSON rounds)."""
    data = frame.astype(object).to_numpy().tolist()
    return json.dumps({"columns": list(frame.columns), "index": list(frame.index), "data": data}, default=str)


def _frame(text: str) -> pd.DataFrame:
    split = json.loads(text)
    return pd.DataFrame(split["data"], split["index"], split["columns"])


def _cells(node: Any, unit: Unit) -> Any:
    groups = _frame(node.attrs["groups"])
    start = node["start"].to_numpy()
    arrays = {name: node[name].to_numpy() for name in _CELL_COLUMNS[node.attrs["kind"]]}
    if node.attrs["kind"] == "PurchaseCells":
        return PurchaseCells(**arrays, start=start, groups=groups, unit=unit)
    return SpendCells(**arrays, start=start, groups=groups, left_out=0)
