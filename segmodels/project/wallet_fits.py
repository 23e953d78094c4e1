"""Fits of wallets, and their cross-validation, that outlive the run."""

import json
from hashlib import sha256
from typing import Any

import pandas as pd
from pandas.util import hash_pandas_object

from segmodels import __version__
from segmodels.errors import InputError, NotConverged
from segmodels.evaluate.wallet.calibration import Calibration
from segmodels.evaluate.wallet.cross_validation import cross_validated
from segmodels.models.wallet.arguments import FEWEST_ANSWERS
from segmodels.models.wallet.block import WalletFit
from segmodels.project.folder import Folder, digest, write_json
from segmodels.project.wallet_models import MODELS, spec_of
from segmodels.project.wallet_plan import WalletPlan
from segmodels.segments.wallet.selection import Selection, respondents
from segmodels.segments.wallet.smearing import smeared
from segmodels.tables.wallets import Wallets

WALLET = "wallet.nc"
CALIBRATION = "calibration.json"
# Typed as an object by the stubs of pandas.
_hash: Any = hash_pandas_object
_FRAMES = ("coverage", "pit", "scores")


def key_of(plan: WalletPlan, wallets: Wallets, more: tuple[Any, ...] = ()) -> str:
    """Name a fit by all that decides it: customers and answers, model, setting, seed, version."""
    what = [__version__, repr(spec_of(plan)), repr(plan.setting), plan.seed, repr(more)]
    summed = sha256(json.dumps(what).encode())
    for frame in wallets.blocks():
        summed.update(json.dumps(list(frame.columns)).encode())
        summed.update(_hash(frame, index=False).to_numpy().tobytes())
    return summed.hexdigest()


def fit_wallet(plan: WalletPlan, wallets: Wallets, key: str, folder: Folder) -> WalletFit:
    """Fit, or take up the fit that the folder holds."""
    if _held(folder, WALLET, key):
        return MODELS[plan.model].load(folder.path / WALLET, wallets)
    fit = spec_of(plan).fit(wallets, plan.setting, seed=plan.seed)
    fit.save(folder.path / WALLET)
    # netCDF is written by way of a temporary file, which only its owner may read.
    (folder.path / WALLET).chmod(0o644)
    _keep(folder, WALLET, key)
    return fit


def level_of_answers(plan: WalletPlan, fit: WalletFit) -> tuple[WalletFit, Selection | None, str]:
    """Weight the answers, and bring the fit to their level; of too few answers say that it was not done."""
    n = fit.wallets.n_answered
    if n < FEWEST_ANSWERS:
        why = "Nobody was asked" if n == 0 else f"Only {n} customers answered"
        return fit, None, f"{why}: the level of all wallets is that of the model alone."
    chosen = respondents(fit, (*plan.covariates, *plan.response), by=plan.by)
    return smeared(fit, chosen, by=plan.by), chosen, ""


def calibrate(plan: WalletPlan, wallets: Wallets, key: str, folder: Folder) -> tuple[Calibration | None, str]:
    """Cross-validate, or take up what the folder holds; or say why there is nothing."""
    if not plan.folds:
        return None, "Calibration: left out, as no folds were asked for."
    if wallets.n_answered == 0:
        return None, ""
    if _held(folder, CALIBRATION, key):
        held = json.loads((folder.path / CALIBRATION).read_text(encoding="utf-8"))
        frames = {name: pd.DataFrame(held[name]) for name in _FRAMES}
        return Calibration(**frames, folds=held["folds"], left_out=held["left_out"]), ""
    try:
        found = cross_validated(
            spec_of(plan),
            wallets,
            plan.setting,
            folds=plan.folds,
            seed=plan.seed,
            then=lambda fit: level_of_answers(plan, fit)[0],
        )
    except (InputError, NotConverged) as error:
        return None, f"Calibration: left out, as a fold without its answers could not be fitted. {error}"
    content = {name: getattr(found, name).to_dict("list") for name in _FRAMES}
    write_json(content | {"folds": found.folds, "left_out": found.left_out}, folder.path / CALIBRATION)
    _keep(folder, CALIBRATION, key)
    return found, ""


def _held(folder: Folder, name: str, key: str) -> bool:
    known = folder.state.get("fits", {}).get(name, {})
    if known.get("key") != key or known.get("sha256") != digest(folder.path / name):
        return False
    folder.written.append(name)
    return True


def _keep(folder: Folder, name: str, key: str) -> None:
    fits = folder.state.get("fits", {}) | {name: {"key": key, "sha256": digest(folder.path / name)}}
    folder.remember(fits=fits)
    folder.written.append(name)
