"""A latent class fit as netCDF: posterior, specification, codebook and patterns; no respondent's id is in it."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.posterior import read_tree, write_tree
from segmodels.inference.starts import Starts
from segmodels.models.needs.coding import Coding
from segmodels.models.needs.constants import BayesConstants
from segmodels.tables.codebook import Codebook, Item
from segmodels.tables.patterns import Patterns

_KIND = "LatentClass"


def save(fit: Any, path: str | os.PathLike[str]) -> Path:
    """Write a fit at once or not at all."""
    data, known = fit.problem.data, fit.problem.coding
    arrays = xr.Dataset(
        {
            "codes": (("pattern", "item"), data.codes),
            "numbers": (("pattern", "number"), data.numbers),
            "group": ("pattern", data.group),
            "weight": ("pattern", data.weight),
            "design": (("group_row", "column"), data.design),
            "theta": ("coordinate", fit.theta),
            "centre": ("covariate", known.centre),
            "scale": ("covariate", known.scale),
            "mean": ("number", known.mean),
            "sd": ("number", known.sd),
        }
    )
    tree = fit.posterior.copy()
    tree["fit"] = xr.DataTree(arrays)
    tree["fit"].attrs.update(
        {
            "kind": _KIND,
            "spec": json.dumps(asdict(fit.spec)),
            "items": book_text(known.items),
            "number_items": book_text(known.numbers),
            "covariates": book_text(known.explaining),
            "columns": json.dumps(known.columns),
            "names": json.dumps(fit.names),
            "seed": str(fit.seed),
            "optima": _written(fit.optima),
            "evidence": json.dumps(
                [
                    {
                        "name": each.name,
                        "passed": each.passed,
                        "text": each.text,
                        "table": _written(each.table),
                    }
                    for each in fit.evidence
                ]
            ),
        }
    )
    return write_tree(tree, path)


def load(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what :func:`save` wrote: the fields that a fit is rebuilt from.

    Raises
    ------
    InputError
        Where the file holds no latent class fit.
    """
    tree = read_tree(path)
    if "fit" not in tree or tree["fit"].attrs.get("kind") != _KIND:
        remedy = "Load it with the class that wrote it."
        raise InputError(Fault("path", f"{path}, another kind of fit", "a latent class fit", remedy))
    node = tree["fit"]
    attributes, arrays = node.attrs, {str(name): values.to_numpy() for name, values in node.data_vars.items()}
    known = Coding(
        items_of(attributes["items"]),
        items_of(attributes["number_items"]),
        items_of(attributes["covariates"]),
        tuple(json.loads(attributes["columns"])),
        centre=arrays["centre"],
        scale=arrays["scale"],
        mean=arrays["mean"],
        sd=arrays["sd"],
    )
    observed = {name: arrays[name] for name in ("codes", "numbers", "group", "design", "weight")}
    told = json.loads(attributes["spec"])
    told |= {"constants": BayesConstants(**told["constants"]), "starts": Starts(**told["starts"])}
    evidence = tuple(
        Evidence(each["name"], each["passed"], each["text"], _read(each["table"]))
        for each in json.loads(attributes["evidence"])
    )
    return {
        "spec": told,
        "coding": known,
        "data": Patterns(**observed, of_row=np.empty(0, np.int64)),
        "theta": arrays["theta"],
        "posterior": tree.filter(lambda each: each.name != "fit"),
        "names": tuple(json.loads(attributes["names"])),
        "optima": _read(attributes["optima"]),
        "evidence": evidence,
        "seed": int(attributes["seed"]),
    }


def book_text(items: tuple[Item, ...]) -> str:
    """Write items as text."""
    # A codebook has items, and yet a model need not have any of a kind.
    return Codebook(items).to_json() if items else ""


def items_of(text: str) -> tuple[Item, ...]:
    """Read items that :func:`book_text` wrote."""
    return Codebook.from_json(text).items if text else ()


def _written(frame: pd.DataFrame) -> str:
    data = frame.astype(object).to_numpy().tolist()
    return json.dumps({"columns": list(frame.columns), "data": data}, default=str)


def _read(text: str) -> pd.DataFrame:
    held = json.loads(text)
    return pd.DataFrame(held["data"], columns=held["columns"])
