"""The posterior as ArviZ knows it: a DataTree with dimensions chain and draw."""

import os
import platform
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from segmodels.errors import Fault, InputError
from segmodels.inference.fit import Draws
from segmodels.inference.grouped import GroupedPosterior


def posterior_tree(posterior: GroupedPosterior, draws: Draws, attributes: dict[str, Any]) -> xr.DataTree:
    """Natural parameters, coefficients and shifts in ``posterior``; raw coordinates beside them."""
    coords: dict[str, Any] = {
        "chain": np.arange(draws.u.shape[0]),
        "draw": np.arange(draws.u.shape[1]),
        "coordinate": list(posterior.names),
    }
    sample = ("chain", "draw")
    natural = posterior.parametrisation.forward(draws.u[..., : posterior.base], posterior.scale)
    variables: dict[str, Any] = {
        name: (sample, natural[..., k]) for k, name in enumerate(posterior.parametrisation.parameters)
    }
    for k, (effect, coefficients, shifts, spread) in enumerate(posterior.blocks()):
        if posterior.design.covariates[k]:
            dimension = f"{effect.name}_covariate"
            coords[dimension] = list(posterior.design.covariates[k])
            variables[f"{effect.name}_coefficient"] = ((*sample, dimension), draws.u[..., coefficients])
        if posterior.pooled:
            coords["segment"] = list(posterior.design.segments)
            variables[f"{effect.name}_shift"] = ((*sample, "segment"), draws.u[..., shifts])
            variables[f"{effect.name}_sd"] = (sample, np.exp(draws.u[..., spread]))
    named = {key: value for key, value in coords.items() if key != "coordinate"}
    groups = {
        "posterior": xr.Dataset(variables, named),
        "unconstrained_posterior": xr.Dataset(
            {"u": ((*sample, "coordinate"), draws.u)},
            {key: coords[key] for key in ("chain", "draw", "coordinate")},
        ),
        "sample_stats": xr.Dataset(
            {name: (sample, values) for name, values in draws.stats.items()},
            {key: coords[key] for key in sample},
        ),
    }
    tree = xr.DataTree.from_dict(groups)
    tree.attrs.update(attributes | versions())
    return tree


def versions() -> dict[str, str]:
    """Name what the figures were made with."""
    packages = ("segmodels", "numpy", "scipy", "numba", "pymc", "arviz", "nutpie")
    return {"python": platform.python_version()} | {
        f"{package}_version": version(package) for package in packages
    }


def write_tree(tree: xr.DataTree, path: str | os.PathLike[str]) -> Path:
    """Write netCDF at once or not at all."""
    target = Path(path)
    if not target.parent.is_dir() or target.is_dir():
        raise InputError(
            Fault("path", str(target), "a file in a folder that exists", "Make the folder first.")
        )
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".partial")
    os.close(handle)
    try:
        tree.to_netcdf(temporary, engine="h5netcdf")
        os.replace(temporary, target)  # noqa: PTH105
    finally:
        Path(temporary).unlink(missing_ok=True)
    return target


def read_tree(path: str | os.PathLike[str]) -> xr.DataTree:
    """Read a posterior written by :func:`write_tree`.

    Raises
    ------
    InputError
        Where the file is none of segmodels.
    """
    source = Path(path)
    if not source.exists():
        raise InputError(Fault("path", f"no file {source}", "a saved fit", "Check the path."))
    try:
        with xr.open_datatree(source, engine="h5netcdf") as tree:
            loaded = tree.load()
    except OSError as error:
        remedy = "It is empty, cut short or another kind of file; fit again."
        raise InputError(Fault("path", f"{source}, which can not be read", "a saved fit", remedy)) from error
    if "segmodels_version" not in loaded.attrs:
        raise InputError(
            Fault(
                "path", f"{source}, not written by segmodels", "a saved fit", "Give a file from fit.save()."
            )
        )
    return loaded
