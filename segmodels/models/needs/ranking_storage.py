"""A fit of rankings or of best-worst choices as netCDF; no respondent's id is in it."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.posterior import read_tree, write_tree
from segmodels.inference.starts import Starts
from segmodels.models.needs.coding import Coding
from segmodels.models.needs.constants import BayesConstants
from segmodels.models.needs.latent_class_storage import book_text, items_of
from segmodels.tables.patterns import Patterns

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Held:
    """What a file holds of a fit.

    Parameters
    ----------
    spec
        Arguments of the specification.
    items, classes
        Names.
    coding, data
        Covariates and patterns; ``of_row`` is empty.
    theta, posterior, optima, evidence, seed
        As of the fit.
    arrays
        What the model added.
    """

    spec: dict[str, Any]
    items: tuple[str, ...]
    classes: tuple[str, ...]
    coding: Coding
    data: Patterns
    theta: Array
    posterior: xr.DataTree
    optima: pd.DataFrame
    evidence: tuple[Evidence, ...]
    seed: int
    arrays: Mapping[str, NDArray[Any]]


def save(
    fit: Any, path: str | os.PathLike[str], kind: str, more: Mapping[str, tuple[tuple[str, ...], Any]]
) -> Path:
    """Write a fit at once or not at all.

    Parameters
    ----------
    kind
        Name of the specification.
    more
        Arrays that the model adds, with their dimensions.
    """
    data, known = fit.problem.data, fit.problem.coding
    arrays = {
        "codes": (("pattern", "place"), data.codes),
        "numbers": (("pattern", "number"), data.numbers),
        "group": (("pattern",), data.group),
        "weight": (("pattern",), data.weight),
        "design": (("group_row", "column"), data.design),
        "theta": (("coordinate",), fit.theta),
        "centre": (("covariate",), known.centre),
        "scale": (("covariate",), known.scale),
    }
    tree = fit.posterior.copy()
    tree["fit"] = xr.DataTree(xr.Dataset({**arrays, **more}))
    evidence = [vars(each) | {"table": _written(each.table)} for each in fit.evidence]
    tree["fit"].attrs.update(
        {
            "kind": kind,
            "spec": json.dumps(asdict(fit.spec)),
            "items": json.dumps(fit.problem.names),
            "classes": json.dumps(fit.names),
            "covariates": json.dumps([book_text(known.explaining), known.columns]),
            "seed": str(fit.seed),
            "optima": json.dumps(_written(fit.optima)),
            "evidence": json.dumps(evidence),
        }
    )
    return write_tree(tree, path)


def load(path: str | os.PathLike[str], kind: str) -> Held:
    """Read what :func:`save` wrote.

    Raises
    ------
    InputError
        Where the file holds no fit of this kind.
    """
    tree = read_tree(path)
    if "fit" not in tree or tree["fit"].attrs.get("kind") != kind:
        remedy = "Load it with the class that wrote it."
        raise InputError(Fault("path", f"{path}, another kind of fit", f"a fit of {kind}", remedy))
    node = tree["fit"]
    told = {str(name): json.loads(text) for name, text in node.attrs.items() if name != "kind"}
    arrays: dict[str, NDArray[Any]] = {
        str(name): values.to_numpy() for name, values in node.to_dataset().data_vars.items()
    }
    covariates, columns = told["covariates"]
    centre, scale = arrays.pop("centre"), arrays.pop("scale")
    codes, numbers, group, design, weight = (
        arrays.pop(name) for name in ("codes", "numbers", "group", "design", "weight")
    )
    spec = told["spec"]
    spec |= {"constants": BayesConstants(**spec["constants"]), "starts": Starts(**spec["starts"])}
    evidence = tuple(
        Evidence(each["name"], each["passed"], each["text"], _read(each["table"]))
        for each in told["evidence"]
    )
    return Held(
        spec,
        tuple(told["items"]),
        tuple(told["classes"]),
        Coding((), (), items_of(covariates), tuple(columns), centre, scale, np.zeros(0), np.zeros(0)),
        Patterns(codes, numbers, group, design, weight, np.empty(0, np.int64)),
        arrays.pop("theta"),
        tree.filter(lambda each: each.name != "fit"),
        _read(told["optima"]),
        evidence,
        told["seed"],
        arrays,
    )


def _written(frame: pd.DataFrame) -> dict[str, Any]:
    data = frame.astype(object).to_numpy().tolist()
    return {"columns": list(frame.columns), "data": data}


def _read(held: dict[str, Any]) -> pd.DataFrame:
    return pd.DataFrame(held["data"], columns=held["columns"])
