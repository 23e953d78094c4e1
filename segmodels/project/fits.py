"""Fits that outlive the run: found again where data, model, setting and seed are the same."""

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from segmodels import __version__
from segmodels.errors import Fault, InputError
from segmodels.inference.posterior import read_tree
from segmodels.inference.settings import Setting
from segmodels.models.value.gamma_gamma import GammaGamma, GammaGammaFit
from segmodels.models.value.purchase_fit import PurchaseFit
from segmodels.project.folder import Folder, digest
from segmodels.project.plan import MODELS
from segmodels.tables.cells import PurchaseCells, SpendCells, purchase_cells, spend_cells
from segmodels.tables.customers import Customers

PURCHASES = "purchases.nc"
SPEND = "spend.nc"


def fit_purchases(
    folder: Folder, customers: Customers, model: str, setting: Setting, seed: int
) -> PurchaseFit:
    """Fit a purchase model, or take up the fit that the folder holds."""
    spec = MODELS[model].spec()
    key = _key(purchase_cells(customers, spec.columns), spec, setting, seed, customers)
    if _held(folder, PURCHASES, key):
        return MODELS[model].fit.load(folder.path / PURCHASES, customers)
    return _keep(folder, PURCHASES, key, spec.fit(customers, setting, seed=seed))


def fit_spend(folder: Folder, customers: Customers, setting: Setting, seed: int) -> GammaGammaFit:
    """Fit the spend model, or take up the fit that the folder holds."""
    spec = GammaGamma()
    key = _key(spend_cells(customers, spec.columns), spec, setting, seed, customers)
    if _held(folder, SPEND, key):
        return GammaGammaFit.load(folder.path / SPEND, customers)
    return _keep(folder, SPEND, key, spec.fit(customers, setting, seed=seed))


def _key(
    cells: PurchaseCells | SpendCells, spec: Any, setting: Setting, seed: int, customers: Customers
) -> str:
    """Name a fit by all that decides it: the cells, the model, the setting, the seed, the version."""
    what = [__version__, repr(spec), repr(setting), seed, customers.unit, customers.contractual]
    summed = sha256(json.dumps(what).encode())
    match cells:
        case PurchaseCells():
            summed.update(repr(cells.groups.to_dict("list")).encode())
            arrays = (cells.frequency, cells.count, cells.start, cells.recency, cells.T)
        case SpendCells():
            arrays = _to_ten_digits(cells)
    for array in arrays:
        summed.update(np.ascontiguousarray(array).tobytes())
    return summed.hexdigest()


def _to_ten_digits(cells: SpendCells) -> tuple[Any, ...]:
    """Merge cells whose mean spend agrees to ten digits.

    An engine adds in parallel, so the last bits of a sum differ from run to run.
    """
    size = 10.0 ** (9 - np.floor(np.log10(cells.monetary_value)))
    rounded = np.round(cells.monetary_value * size) / size
    pairs, which = np.unique(np.column_stack([cells.frequency, rounded]), axis=0, return_inverse=True)
    return pairs, np.bincount(which.reshape(-1), weights=cells.count), np.array([cells.left_out])


def _held(folder: Folder, name: str, key: str) -> bool:
    known = folder.state.get("fits", {}).get(name, {})
    if known.get("key") != key or known.get("sha256") != digest(folder.path / name):
        return False
    folder.written.append(name)
    return True


def _keep(folder: Folder, name: str, key: str, fit: Any) -> Any:
    fit.save(folder.path / name)
    # netCDF is written by way of a temporary file, which only its owner may read.
    (folder.path / name).chmod(0o644)
    fits = folder.state.get("fits", {}) | {name: {"key": key, "sha256": digest(folder.path / name)}}
    folder.remember(fits=fits)
    folder.written.append(name)
    return fit


def load_purchases(path: str | os.PathLike[str]) -> tuple[str, PurchaseFit]:
    """Load whatever purchase model a file holds: its name (as ``"bg-nbd"``) and the fit, without customers.

    Raises
    ------
    InputError
        Where the file is none, or holds another model.
    """
    kind = _attributes(path).get("model")
    for name, model in MODELS.items():
        if kind == model.spec.__name__:
            return name, model.fit.load(path)
    expected = ", ".join(model.title for model in MODELS.values())
    raise InputError(Fault("fit", f"a {kind}", f"one of {expected}", f"Give the folder, or its {PURCHASES}."))


def _attributes(path: str | os.PathLike[str]) -> dict[str, Any]:
    try:
        return {str(name): value for name, value in read_tree(path).attrs.items()}
    except OSError as error:
        raise InputError(
            Fault(
                "fit", f"{Path(path).name}, which is no netCDF file", "a saved fit", "Give a file from fit."
            )
        ) from error
