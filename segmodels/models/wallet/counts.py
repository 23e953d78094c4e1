"""WalletCounts: NBD-Dirichlet purchases here and elsewhere, times spend per purchase.

For surveys that ask how often, besides how much. Who never buys here and who buys nowhere else are part of the
model, and what own purchases say of the rest may have either sign.

Source: Goodhardt, Ehrenberg and Chatfield (1984), The Dirichlet: a comprehensive model of buying behaviour, JRSS A
147(5), 621-655.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.counter_random import customer_keys
from segmodels.inference.design import Design, design, design_like
from segmodels.inference.fit import infer
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.posterior import posterior_tree
from segmodels.inference.priors import Prior
from segmodels.inference.settings import Setting
from segmodels.likelihoods.nbd_dirichlet import CATEGORY_BUYERS, OWN_BUYERS, UNANSWERED
from segmodels.models.value.covariates import mean_coordinates
from segmodels.models.wallet import counts_evidence, counts_priors, storage
from segmodels.models.wallet.arguments import check_wallet_fit, check_wallets
from segmodels.models.wallet.block import EXTRAPOLATED, IDENTIFIED, NOT_IDENTIFIED, Array, WalletBlock
from segmodels.models.wallet.counts_cells import (
    FRAMES,
    CountsCells,
    answered_counts,
    cells_of,
    check_purchases,
    counted_answers,
    unanswered_counts,
)
from segmodels.models.wallet.counts_elsewhere import CountsElsewhere
from segmodels.models.wallet.counts_form import NBD_DIRICHLET
from segmodels.models.wallet.counts_spend import SpendElsewhere, log_own_spend, own_spend, spend_elsewhere
from segmodels.models.wallet.group_columns import segment_labels
from segmodels.models.wallet.look_alikes import TargetShares
from segmodels.models.wallet.predict import predict
from segmodels.models.wallet.scored_block import scored_block
from segmodels.models.wallet.support import FEWEST_NONBUYERS
from segmodels.tables.wallets import Wallets

_STARTS = ((0.0, 0.0, 0.0), (-1.0, -1.0, 1.0), (1.0, 1.0, 2.0), (-2.0, -2.0, 1.0))


@dataclass(frozen=True)
class WalletCounts:
    """The NBD-Dirichlet with spend per purchase.

    Parameters
    ----------
    r, alpha, phi, mu
        Priors on log r, on log alpha (times the mean category purchases), on log phi and on logit mu. Category
        purchases are negative binomial with shape r and rate alpha; the share of them that is ours is beta with
        mean mu and concentration phi.
    coefficient
        Prior of each coefficient of a standardised covariate.
    spread
        Scale of the half-normal prior on the standard deviation of the segments' shifts.
    covariates
        Numeric columns that shift the log category rate.
    share_covariates
        Numeric columns that shift logit mu.
    by
        Column that holds the segment; rate and share are partially pooled over its segments.
    frame
        Whom the table of customers holds: everybody, buyers of the category only, or only those who bought here.
    use_unanswered
        Whether own purchases of customers without an answer take part in the fit. They sharpen it little, and let
        a wrong model in.

    Examples
    --------
    >>> WalletCounts(by="region", share_covariates=("age",)).columns
    ('age', 'region')
    """

    r: Prior = counts_priors.SHAPE
    alpha: Prior = counts_priors.RATE
    phi: Prior = counts_priors.CONCENTRATION
    mu: Prior = counts_priors.SHARE
    coefficient: Prior = counts_priors.COEFFICIENT
    spread: float = counts_priors.SPREAD
    covariates: tuple[str, ...] = ()
    share_covariates: tuple[str, ...] = ()
    by: str | None = None
    frame: Literal["all customers", "category buyers", "own buyers"] = "category buyers"
    use_unanswered: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the customers that the model uses besides purchases and spend."""
        segment = () if self.by is None else (self.by,)
        return tuple(dict.fromkeys((*self.covariates, *self.share_covariates, *segment)))

    @property
    def all_priors(self) -> tuple[Prior, ...]:
        """Give the priors in the order of the coordinates."""
        return self.r, self.alpha, self.phi, self.mu

    def fit(self, wallets: Wallets, setting: Setting, *, seed: int) -> "WalletCountsFit":
        """Fit to the answers: those about purchases only count as to purchases.

        Raises
        ------
        InputError
            Where purchases are missing, contradict the frame, or fewer than 30 customers answered.
        NotConverged
            With advice.
        """
        _check(self)
        check_wallet_fit(
            wallets, setting, seed, (*self.all_priors, self.coefficient), self.columns, by=self.by
        )
        code, asked = FRAMES.index(self.frame), counted_answers(wallets)
        check_purchases(asked, code)
        answered = asked.dropna(subset=["high"], ignore_index=True)
        counted, others = (
            answered_counts(asked, self.columns),
            unanswered_counts(wallets, self.columns, code),
        )
        if self.use_unanswered:
            counted = pd.concat([counted, others], ignore_index=True)
        cells = cells_of(counted, self.columns, code)
        segments = None if self.by is None else segment_labels(wallets, self.by)
        effects = (tuple(self.covariates), tuple(self.share_covariates))
        known = design(cells.groups, cells.group_sizes, effects, self.by, segments)
        density = _density(self, cells, known)
        draws = infer(density, setting, seed, _starts(density))
        attributes = {"model": "WalletCounts", "setting": repr(setting), "seed": seed, "frame": self.frame}
        tree = posterior_tree(density, draws, attributes)
        spend = spend_elsewhere(answered, own_spend(wallets, seed))
        u = draws.u.reshape(-1, draws.u.shape[-1])
        evidence = (
            *draws.evidence,
            counts_evidence.sign(density, u),
            _of_others(self, density, u, others, seed),
            *counts_evidence.answers(answered, spend, only=len(asked) - len(answered)),
        )
        return WalletCountsFit(self, cells, density, spend, tree, evidence, seed, wallets, wallets)


@dataclass(frozen=True, eq=False, repr=False)
class WalletCountsFit:
    """A fitted WalletCounts.

    Parameters
    ----------
    spec, cells, density, spend, posterior, evidence, seed
        What was fitted, to what, and what came out.
    wallets
        The customers that are scored.
    base
        The customers that were fitted, among whom look-alikes are found whoever is scored.
    """

    spec: WalletCounts
    cells: CountsCells
    density: GroupedPosterior
    spend: SpendElsewhere
    posterior: xr.DataTree
    evidence: tuple[Evidence, ...]
    seed: int
    wallets: Wallets
    base: Wallets

    def __repr__(self) -> str:
        """Model, size, parameters and checks."""
        bad = [item.name for item in self.evidence if item.passed is False]
        values = ", ".join(f"{name} {value:.3g}" for name, value in self.params.items())
        checks = f"not passed: {', '.join(bad)}" if bad else "all checks passed"
        answers = self.cells.count[self.cells.answered].sum()
        return f"WalletCountsFit of {answers:,.0f} answers\n  {values}\n  {checks}"

    @property
    def u(self) -> Array:
        """All draws of the coordinates, shape (draws, k)."""
        u = self.posterior["unconstrained_posterior"]["u"].to_numpy()
        return u.reshape(-1, u.shape[-1])

    @property
    def params(self) -> pd.Series:
        """Posterior means of r, alpha, phi and mu (the mode under MAP), at the mean of the covariates."""
        values = NBD_DIRICHLET.forward(self.u[:, : self.density.base], self.density.scale)
        return pd.Series(values.mean(axis=0), index=list(NBD_DIRICHLET.parameters), name="WalletCounts")

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the purchases at ``params``."""
        return self.density.log_likelihood(mean_coordinates(self.density, self.u))

    @cached_property
    def _answered_segments(self) -> NDArray[np.bool_]:
        """Which segments have an answer, shape (S,)."""
        held = np.bincount(self.cells.group, self.cells.count * self.cells.answered, len(self.cells.groups))
        codes = self.density.design.codes
        return np.bincount(codes, held, max(1, len(self.density.design.segments))) > 0

    def on(self, wallets: Wallets) -> Self:
        """Return the same posterior, ready to score other customers."""
        check_wallets(wallets)
        return replace(self, wallets=wallets)

    def blocks(self, size: int = 100_000) -> Iterator[WalletBlock]:
        """Walk all customers in the order of their ids."""
        for frame in self.wallets.blocks(size):
            yield self._block(frame, answers=True)

    def survey(self) -> WalletBlock:
        """Give the customers who answered, with what the model says of them without their own answer in hand."""
        return self._block(self.wallets.answered(), answers=False)

    def _block(self, frame: pd.DataFrame, *, answers: bool) -> WalletBlock:
        own, ids = frame["own"].to_numpy(np.float64), frame["customer_id"].to_numpy()
        keys = customer_keys(ids)
        told = frame.get("total_purchases") if answers else None
        N = np.full(len(own), UNANSWERED) if told is None else told.fillna(UNANSWERED).to_numpy(np.int64)
        model, status = self._model(frame.assign(total_purchases=N), own, keys)
        return scored_block(frame, model, status, self.seed, answers=answers)

    def _model(
        self, frame: pd.DataFrame, own: Array, keys: NDArray[np.uint64]
    ) -> tuple[CountsElsewhere, NDArray[np.int8]]:
        """Say what is known of the customers without their spend elsewhere, and how far it can be relied on."""
        names = [*self.spec.columns, "purchases", "total_purchases"]
        code = frame.groupby(names, sort=True, dropna=False).ngroup().to_numpy(np.int64)
        kinds = frame[names].iloc[np.unique(code, return_index=True)[1]].reset_index(drop=True)
        same = design_like(self.density.design, kinds, self.spec.by)
        k, N = (kinds[name].to_numpy(np.int64) for name in names[-2:])
        first = np.maximum(k, 1) if self.spec.frame == FRAMES[CATEGORY_BUYERS] else k
        x, t = log_own_spend(k[code].astype(np.float64), own, self.spend.own)
        status = self._status(k[code], same.codes[code], x)
        density, known = replace(self.density, design=same), status != NOT_IDENTIFIED
        rest = (code, x, t, known, self.spend, keys, self.seed)
        return CountsElsewhere(density, self.u, k, first, N, *rest), status

    def _status(self, k: NDArray[np.int64], segment: NDArray[np.int64], x: Array) -> NDArray[np.int8]:
        """Judge each customer, shape (B,).

        Extrapolated is who buys more often, or at a spend per purchase beyond, than all who answered; whose segment
        has no answer; and who buys nothing here where fewer than five such customers answered. Who buys nothing
        here is not identified where the frame holds own buyers only.
        """
        of_answers = self.cells.answered
        nonbuyers = self.cells.count[of_answers & (self.cells.k == 0)].sum()
        beyond = (k > self.cells.k[of_answers].max()) | ~self._answered_segments[segment]
        beyond |= (k > 0) & ((x < self.spend.low - 1e-9) | (x > self.spend.high + 1e-9))
        beyond |= (k == 0) & (nonbuyers < FEWEST_NONBUYERS)
        outside = (k == 0) & (self.spec.frame == FRAMES[OWN_BUYERS])
        return np.where(outside, NOT_IDENTIFIED, np.where(beyond, EXTRAPOLATED, IDENTIFIED)).astype(np.int8)

    def predict(
        self,
        levels: tuple[float, ...] = (0.05, 0.1, 0.5, 0.9, 0.95),
        tau: float = 0.8,
        targets: TargetShares | None = None,
    ) -> Any:
        """Wallet, share, headroom and attainable potential of every customer; see :func:`predict.predict`."""
        return predict(self, levels, self.spec.by, tau, targets)

    def pymc_model(self) -> Any:
        """Build the PyMC model that NUTS runs."""
        from segmodels.inference.sample import pymc_model

        return pymc_model(self.density)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write posterior, specification and cells as netCDF; no customer's id is in it."""
        return storage.write(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], wallets: Wallets) -> Self:
        """Read a fit written by ``save``, with the wallets that it was saved with.

        Raises
        ------
        InputError
            Where the file is damaged, or of another model or version, or the wallets are others.
        """
        return storage.read(
            cls, path, wallets, lambda held: _density(held["spec"], held["cells"], held["design"])
        )


def _density(spec: WalletCounts, cells: CountsCells, known: Design) -> GroupedPosterior:
    of_answers = cells.answered
    mean = np.average(cells.N[of_answers], weights=cells.count[of_answers])
    rest = (spec.coefficient, spec.spread, known, cells.arrays, 1 / max(float(mean), 1e-3))
    return GroupedPosterior(NBD_DIRICHLET, spec.all_priors, *rest)


def _starts(density: GroupedPosterior) -> list[Array]:
    k, N, _, _, count, _ = density.cells
    asked = N >= 0
    share = (count[asked] @ k[asked] + 0.5) / (count[asked] @ N[asked] + 1)
    starts = [np.zeros(density.size) for _ in _STARTS]
    for start, base in zip(starts, _STARTS, strict=True):
        start[:4] = (*base, np.log(share / (1 - share)))
    return starts


def _of_others(
    spec: WalletCounts, density: GroupedPosterior, u: Array, counted: pd.DataFrame, seed: int
) -> Evidence:
    if not len(counted):
        return counts_evidence.of_others(density, u, None, seed, used=spec.use_unanswered)
    others = cells_of(counted, spec.columns, FRAMES.index(spec.frame))
    same = replace(density, design=design_like(density.design, others.groups, spec.by))
    return counts_evidence.of_others(same, u, others, seed, used=spec.use_unanswered)


def _check(spec: WalletCounts) -> None:
    faults: list[Fault] = []
    if spec.frame not in FRAMES:
        expected = f"one of {', '.join(map(repr, FRAMES))}"
        faults.append(Fault("frame", repr(spec.frame), expected, "Say whom the table of customers holds."))
    for name in ("covariates", "share_covariates"):
        value = getattr(spec, name)
        if isinstance(value, str):
            got, remedy = repr(value), f"Give {name}=({value!r},)."
            faults.append(Fault(name, got, "a tuple of column names", remedy))
    if faults:
        raise InputError(faults)
