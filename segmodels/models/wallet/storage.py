"""Fits of the wallet on disk: posterior, specification and cells, as netCDF; no customer's id.

A fit is stored field by field, each as what it is: an array, a frame, a number, or again a value with fields. So a
model needs no list of its own. The customers stay out of the file, which knows them by hashes of their columns.
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from segmodels.errors import Fault, InputError
from segmodels.inference.design import design_like
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.posterior import versions
from segmodels.inference.written import design_of, design_text
from segmodels.models.wallet import fingerprint
from segmodels.models.wallet.sealed_file import read_sealed, write_sealed
from segmodels.models.wallet.value_text import text_of, value_of
from segmodels.tables.wallets import Wallets

type Source = str | os.PathLike[str] | xr.DataTree
# Group that holds the fit beside the groups that ArviZ knows.
_FIT = "fit"


def write(fit: Any, path: str | os.PathLike[str]) -> Path:
    """Write a fit at once or not at all.

    Parameters
    ----------
    fit
        A frozen dataclass with ``spec``, ``seed``, ``wallets`` and ``base``; a file knows the base, whoever is scored.
    """
    tree = _tree(fit)
    columns = [str(name) for name in fit.spec.columns]
    tree.children[_FIT].attrs["wallets"] = fingerprint.of_wallets(fit.base, columns)
    return write_sealed(tree, path)


def read[T](
    kind: type[T],
    source: Source,
    wallets: Wallets,
    density: Callable[[Mapping[str, Any]], GroupedPosterior],
) -> T:
    """Read a fit that :func:`write` wrote.

    Parameters
    ----------
    kind
        The class of the fit.
    source
        A file; or the tree of one fit out of a file that holds several, which is not checked again.
    wallets
        The customers that the fit was written with.
    density
        Builds the density from the other fields of the fit, and ``design``.

    Raises
    ------
    InputError
        Where the file is damaged, or of another model or version, or the wallets are others.
    """
    held = opened(kind, source, wallets)
    parts: dict[str, Any] = {name: held[name] for name in held if name != "design"}
    return kind(**parts | {"density": density(held)})


def opened(kind: Any, source: Source, wallets: Wallets) -> dict[str, Any]:
    """Check a file and read all fields of a fit, with ``design`` in place of ``density``.

    Fits of several categories come as trees, by name; see :func:`read` for the rest.
    """
    types = _types(kind)
    model = types["spec"].__name__
    if isinstance(source, xr.DataTree):
        tree = source
    else:
        tree = read_sealed(source, model)
        fingerprint.check_wallets(wallets, tree.children[_FIT].attrs["wallets"])
    try:
        held = _values(tree.children[_FIT], types)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _other_version(source) from error
    if "posterior" in types:
        groups = {str(name): node.to_dataset() for name, node in tree.children.items() if name != _FIT}
        held["posterior"] = xr.DataTree.from_dict(groups)
        held["posterior"].attrs.update(tree.attrs)
    return held | {"wallets": wallets, "base": wallets}


def _other_version(source: Source) -> InputError:
    what = "a part" if isinstance(source, xr.DataTree) else source
    got = f"{what}, written by another version of segmodels"
    return InputError(Fault("path", got, "a fit saved by this version", "Fit again."))


def _tree(fit: Any) -> xr.DataTree:
    """Put the posterior as ArviZ knows it, if the fit has one, and the fit's other fields beside it."""
    posterior: xr.DataTree | None = getattr(fit, "posterior", None)
    if posterior is None:
        posterior = xr.DataTree(xr.Dataset(attrs={"model": type(fit.spec).__name__} | versions()))
    groups = {str(name): node.copy() for name, node in posterior.children.items()}
    return xr.DataTree(xr.Dataset(attrs=posterior.attrs), children=groups | {_FIT: _node(fit)})


def _node(value: Any) -> xr.DataTree:
    arrays: dict[str, Any] = {}
    attributes: dict[str, str] = {}
    children: dict[str, xr.DataTree] = {}
    for name, each in ((field.name, getattr(value, field.name)) for field in fields(value)):
        if isinstance(each, Wallets | xr.DataTree):
            continue
        if isinstance(each, np.ndarray):
            arrays[name] = (tuple(f"{name}_{k}" for k in range(each.ndim)), each)
        elif isinstance(each, Mapping):
            parts = {str(k): _tree(fit) for k, fit in enumerate(each.values())}
            children[name] = xr.DataTree(xr.Dataset(attrs={"names": json.dumps(list(each))}), children=parts)
        elif isinstance(each, GroupedPosterior):
            attributes[name] = design_text(each.design)
        elif name != "spec" and is_dataclass(each):
            children[name] = _node(each)
        else:
            attributes[name] = text_of(each)
    return xr.DataTree(xr.Dataset(arrays, attrs=attributes), children=children)


def _types(kind: Any) -> dict[str, Any]:
    return {field.name: field.type for field in fields(kind)}


def _values(node: xr.DataTree, types: Mapping[str, Any]) -> dict[str, Any]:
    held: dict[str, Any] = {}
    for name, kind in types.items():
        if name in node.data_vars:
            values = node[name].to_numpy()
            held[name] = values if values.dtype.kind in "biuf" else values.astype(np.str_)
        elif name in node.children and "names" in node.children[name].attrs:
            names = json.loads(node.children[name].attrs["names"])
            held[name] = {each: node.children[name].children[str(k)] for k, each in enumerate(names)}
        elif name in node.children:
            held[name] = kind(**_values(node.children[name], _types(kind)))
        elif kind is GroupedPosterior:
            known = design_of(node.attrs[name])
            held["design"] = design_like(known, held["cells"].groups, held["spec"].by)
        elif kind not in (Wallets, xr.DataTree):
            held[name] = value_of(node.attrs[name], kind)
    return held
