"""WalletShare: a hurdle for nothing elsewhere, and a Box-Cox normal for how much, given own spend.

Own and elsewhere spend of a buyer are bivariate normal on the log and the Box-Cox scale. The bivariate normal
factorises into own spend, which everybody's is known, and elsewhere spend given own; so customers without an
answer say nothing about the second factor, and a fit sees the answers alone.

Sources: Cragg (1971), Some statistical models for limited dependent variables, Econometrica 39(5); Box and Cox
(1964), An analysis of transformations, JRSS B 26(2).
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

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.counter_random import customer_keys
from segmodels.inference.design import Design, design, design_like
from segmodels.inference.fit import infer
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.posterior import posterior_tree
from segmodels.inference.priors import Prior
from segmodels.inference.settings import Setting
from segmodels.likelihoods.wallet_share import PARAMETERS
from segmodels.models.wallet import priors, share_evidence, share_scale, storage
from segmodels.models.wallet.arguments import check_wallet_fit, check_wallets
from segmodels.models.wallet.block import NOT_IDENTIFIED, Array, WalletBlock
from segmodels.models.wallet.group_columns import segment_labels
from segmodels.models.wallet.look_alikes import TargetShares
from segmodels.models.wallet.predict import predict
from segmodels.models.wallet.scored_block import scored_block
from segmodels.models.wallet.share_cells import ShareCells, share_cells
from segmodels.models.wallet.share_elsewhere import ShareElsewhere
from segmodels.models.wallet.share_form import NORMAL_ERRORS, T_ERRORS
from segmodels.models.wallet.share_lines import Lines, features_of, lines_of
from segmodels.models.wallet.support import Support, support
from segmodels.tables.wallets import Wallets

_STARTS = (-1.0, -3.0)
# Between the logarithm and this power, powers of money can not be told apart and overflow.
_LEAST_SCALE = 0.01


@dataclass(frozen=True)
class WalletShare:
    """The hurdle Box-Cox-normal model of elsewhere spend.

    Parameters
    ----------
    level, slope, bend, sigma
        Priors on the location at mean log own spend; on its slope in log own spend, whose sign is free; on its bend,
        what the ends of the middle 95 % of the answers are above the line; and on the logarithm of the errors'
        spread; on the Box-Cox scale, elsewhere spend in units of its geometric mean.
    hurdle, hurdle_slope, hurdle_bend
        Priors on logit P(nothing elsewhere) at mean log own spend, on its slope and its bend.
    nonbuyer_level, nonbuyer_hurdle
        Priors on what is added for customers without own spend.
    spread_slope
        Prior on the slope of the errors' log spread in log own spend. Slopes and bends end where the middle 95 % of
        the answered buyers do: beyond, all is as it is there.
    nu
        Prior on log(degrees of freedom - 2) of t errors; not used with normal ones.
    coefficient
        Prior of each coefficient of a standardised covariate.
    spread
        Scale of the half-normal prior on the standard deviation of the segments' shifts.
    covariates
        Numeric columns that shift location and hurdle.
    by
        Column that holds the segment; level, slope and hurdle are partially pooled over its segments.
    scale
        Box-Cox exponent, 0 for the logarithm, up to 1; None chooses it by marginal likelihood.
    errors
        ``"normal"``, or ``"t"`` where a few answers are far off.

    Examples
    --------
    >>> WalletShare(by="region", covariates=("age",)).columns
    ('age', 'region')
    """

    level: Prior = priors.LEVEL
    slope: Prior = priors.SLOPE
    bend: Prior = priors.BEND
    sigma: Prior = priors.LOG_SIGMA
    hurdle: Prior = priors.HURDLE
    hurdle_slope: Prior = priors.SLOPE
    hurdle_bend: Prior = priors.HURDLE_BEND
    nonbuyer_level: Prior = priors.LEVEL
    nonbuyer_hurdle: Prior = priors.HURDLE
    spread_slope: Prior = priors.SPREAD_SLOPE
    nu: Prior = priors.LOG_NU
    coefficient: Prior = priors.COEFFICIENT
    spread: float = priors.SPREAD
    covariates: tuple[str, ...] = ()
    by: str | None = None
    scale: float | None = None
    errors: Literal["normal", "t"] = "normal"

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the customers that the model uses besides own spend."""
        return tuple(dict.fromkeys((*self.covariates, *(() if self.by is None else (self.by,)))))

    @property
    def all_priors(self) -> tuple[Prior, ...]:
        """Give the priors in the order of the coordinates."""
        names = (T_ERRORS if self.errors == "t" else NORMAL_ERRORS).coordinates
        return tuple(getattr(self, name) for name in names)

    def fit(self, wallets: Wallets, setting: Setting, *, seed: int) -> "WalletShareFit":
        """Fit to the answers.

        Raises
        ------
        InputError
            Where there are fewer than 30 answers, or none above zero.
        NotConverged
            With advice.
        """
        _check(self)
        check_wallet_fit(
            wallets, setting, seed, (*self.all_priors, self.coefficient), self.columns, by=self.by
        )
        answered = wallets.answered()
        if not (answered["high"].to_numpy(np.float64) > 0).any():
            got, remedy = "no answer above zero", "Without elsewhere spend there is nothing to model."
            raise InputError(Fault("wallets", got, "some elsewhere spend", remedy))
        cells = share_cells(answered, self.columns)
        segments = None if self.by is None else segment_labels(wallets, self.by)
        # segments of the base that nobody answered for have shifts, too
        known = design(
            cells.groups, cells.group_sizes, (self.covariates, (), self.covariates), self.by, segments
        )

        def density(scale: float) -> GroupedPosterior:
            return _density(self, cells, known, scale)

        starts = [np.zeros(density(0.0).size) for _ in _STARTS]
        for start, hurdle in zip(starts, _STARTS, strict=True):
            start[PARAMETERS.index("hurdle")] = hurdle
        table = None if self.scale is not None else share_scale.choose_scale(density, starts)
        scale = share_scale.best(table) if table is not None else float(self.scale or 0.0)
        chosen = density(scale)
        draws = infer(chosen, setting, seed, starts)
        attributes = {"model": "WalletShare", "setting": repr(setting), "seed": seed, "box_cox": scale}
        tree = posterior_tree(
            chosen, draws, attributes | {"money": cells.money, "centre": cells.own_spend.centre}
        )
        evidence = (*draws.evidence, *share_evidence.of_fit(self, cells, chosen, draws.u, scale, table))
        return WalletShareFit(self, cells, chosen, scale, tree, evidence, seed, wallets, wallets)


@dataclass(frozen=True, eq=False, repr=False)
class WalletShareFit:
    """A fitted WalletShare.

    Parameters
    ----------
    spec, cells, density, scale, posterior, evidence, seed
        What was fitted, to what, on which Box-Cox scale, and what came out.
    wallets
        The customers that are scored.
    base
        The customers that were fitted, among whom look-alikes are found whoever is scored.
    """

    spec: WalletShare
    cells: ShareCells
    density: GroupedPosterior
    scale: float
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
        return f"WalletShareFit of {len(self.cells.own):,} answers\n  {values}\n  {checks}"

    @property
    def u(self) -> Array:
        """All draws of the coordinates, shape (draws, k)."""
        # numbers beside each other come from different chains, so that a few stand for all
        u = self.posterior["unconstrained_posterior"]["u"].transpose("draw", "chain", ...).to_numpy()
        return u.reshape(-1, u.shape[-1])

    @property
    def params(self) -> pd.Series:
        """Posterior means (the mode under MAP), and the Box-Cox scale."""
        form = self.density.parametrisation
        values = form.forward(self.u[:, : self.density.base], self.density.scale).mean(axis=0)
        named = dict(zip(form.parameters, values[: len(form.parameters)], strict=True))
        return pd.Series(named | {"scale": self.scale}, name="WalletShare")

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the answers at the posterior mean of the coordinates."""
        return self.density.log_likelihood(self.u.mean(axis=0))

    @cached_property
    def lines(self) -> Lines:
        """The posterior as lines in the customers' features."""
        return lines_of(self.density, self.u, self.scale, self.cells.own_spend)

    @cached_property
    def support(self) -> Support:
        """What the answers span."""
        rows, cells, known = self.cells.group, self.cells, self.density.design
        y, buyer = cells.own_spend.logs(cells.own)
        features = features_of(cells.own, cells.own_spend, known.matrices[0][rows])
        return support(y, ~buyer, features, known.codes[rows], len(known.segments))

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
        same = design_like(self.density.design, frame, self.spec.by)
        features = features_of(own, self.cells.own_spend, same.matrices[0])
        y, buyer = self.cells.own_spend.logs(own)
        status = self.support.status(y, ~buyer, features, same.codes)
        keys, known = customer_keys(ids), status != NOT_IDENTIFIED
        model = ShareElsewhere(self.lines, features, same.codes, known, keys, self.seed)
        return scored_block(frame, model, status, self.seed, answers=answers)

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
        """Write posterior, specification and answers as netCDF; no customer's id is in it."""
        return storage.write(self, path)

    @classmethod
    def load(cls, path: storage.Source, wallets: Wallets) -> Self:
        """Read a fit written by ``save``, with the wallets that it was saved with.

        Raises
        ------
        InputError
            Where the file is damaged, or of another model or version, or the wallets are others.
        """
        return storage.read(
            cls,
            path,
            wallets,
            lambda held: _density(held["spec"], held["cells"], held["design"], held["scale"]),
        )


def _density(spec: WalletShare, cells: ShareCells, known: Design, scale: float) -> GroupedPosterior:
    form = T_ERRORS if spec.errors == "t" else NORMAL_ERRORS
    rest = (spec.coefficient, spec.spread, known, cells.arrays(scale), cells.money)
    return GroupedPosterior(form, spec.all_priors, *rest)


def _check(spec: WalletShare) -> None:
    faults: list[Fault] = []
    if spec.errors not in ("normal", "t"):
        faults.append(Fault("errors", repr(spec.errors), "'normal' or 't'", "Check the spelling."))
    if spec.scale is not None and spec.scale != 0 and not _LEAST_SCALE <= spec.scale <= 1:
        remedy = "0 is the logarithm, 1 no transformation; None chooses."
        faults.append(Fault("scale", repr(spec.scale), "0, a number from 0.01 to 1, or None", remedy))
    if not spec.spread > 0:
        remedy = "It is the scale of a half-normal prior on how much segments differ."
        faults.append(Fault("spread", repr(spec.spread), "a number above 0", remedy))
    if isinstance(spec.covariates, str):
        got, remedy = repr(spec.covariates), f"Give covariates=({spec.covariates!r},)."
        faults.append(Fault("covariates", got, "a tuple of column names", remedy))
    if faults:
        raise InputError(faults)
