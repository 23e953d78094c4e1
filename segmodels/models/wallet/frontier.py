"""WalletFrontier: the wallet without a survey, from own spend and a mean share stated from outside.

Log own spend is a normal log wallet less the exponential distance from the highest share. The distances tell
the customers apart; how high the highest share is, own spend can not tell, and the stated mean share does.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Self

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
from segmodels.inference.priors import Normal, Prior, SoftBox
from segmodels.inference.settings import Setting
from segmodels.models.wallet import frontier_evidence, storage
from segmodels.models.wallet.arguments import check_wallet_fit, check_wallets
from segmodels.models.wallet.block import EXTRAPOLATED, IDENTIFIED, NOT_IDENTIFIED, Array, WalletBlock
from segmodels.models.wallet.frontier_anchor import WHERE_FROM, MeanShare
from segmodels.models.wallet.frontier_answers import AnsweredBuyers, answered_buyers
from segmodels.models.wallet.frontier_cells import FrontierCells, frontier_cells
from segmodels.models.wallet.frontier_elsewhere import FrontierElsewhere, FrontierPosterior
from segmodels.models.wallet.frontier_form import frontier_form, shares
from segmodels.models.wallet.group_columns import segment_labels
from segmodels.models.wallet.look_alikes import TargetShares
from segmodels.models.wallet.predict import predict
from segmodels.models.wallet.scored_block import scored_block
from segmodels.tables.wallets import Wallets

_LEVEL, _SIGMA, _CEILING, _COEFFICIENT = (
    SoftBox(-9.0, 9.0),
    SoftBox(-7.0, 4.0),
    Normal(0.0, 2.0),
    Normal(0.0, 1.0),
)
_FEWEST_ANSWERS = 30


@dataclass(frozen=True)
class WalletFrontier:
    """The frontier model of own spend.

    Own spend is wallet times share: ``log own = level + v - u``, ``v ~ N(0, sigma^2)``, ``u ~ Exp(a)``, and
    ``share = ceiling exp(-u)``, so that share over ceiling is Beta(a, 1).

    Parameters
    ----------
    mean_share
        The mean share of the buyers, from a source outside; required.
    level, sigma
        Priors on the level, relative to the median own spend, and on log sigma.
    ceiling
        Prior on the coordinate that moves the highest share between the mean share and 1. Answers then update the
        mean share, and the skewness of own spend does not. ``None`` puts the highest share at 1: answers are
        observations of u, and the skewness of own spend pulls at the level, rightly only if shares are Beta(a, 1).
    coefficient
        Prior of each coefficient of a standardised covariate.
    spread
        Scale of the half-normal prior on the standard deviation of the segments' shifts.
    covariates
        Numeric columns that shift the level.
    by
        Column that holds the segment: levels are partially pooled over segments. Needed where the mean share is
        given for each segment.

    Raises
    ------
    InputError
        Without a mean share: the message says where one can be had.

    Examples
    --------
    >>> WalletFrontier(MeanShare(0.38, source="market report 2025"), covariates=("age",)).columns
    ('age',)
    """

    mean_share: MeanShare | None = None
    level: Prior = _LEVEL
    sigma: Prior = _SIGMA
    ceiling: Prior | None = _CEILING
    coefficient: Prior = _COEFFICIENT
    spread: float = 0.5
    covariates: tuple[str, ...] = ()
    by: str | None = None

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        if not isinstance(self.mean_share, MeanShare):
            faults.append(Fault("mean_share", repr(self.mean_share), "a MeanShare", WHERE_FROM))
        elif isinstance(self.mean_share.value, Mapping) and self.by is None:
            remedy = "Name the column of the segments, or give one share for all."
            faults.append(Fault("by", "None with a mean share for each segment", "a column", remedy))
        if isinstance(self.covariates, str):
            remedy = f"Give covariates=({self.covariates!r},)."
            faults.append(Fault("covariates", repr(self.covariates), "a tuple of column names", remedy))
        if faults:
            raise InputError(faults)

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the customers that the model uses besides own spend."""
        return tuple(dict.fromkeys((*self.covariates, *(() if self.by is None else (self.by,)))))

    @property
    def anchor(self) -> MeanShare:
        """The stated mean share."""
        if self.mean_share is None:
            raise InputError(Fault("mean_share", "None", "a MeanShare", WHERE_FROM))
        return self.mean_share

    def fit(self, wallets: Wallets, setting: Setting, *, seed: int) -> "WalletFrontierFit":
        """Fit to the customers who buy, whether they answered or not.

        Raises
        ------
        InputError
            For unusable arguments, a segment without a mean share, or hardly any own spend.
        NotConverged
            With advice.
        """
        others = (
            self.level,
            self.sigma,
            *(() if self.ceiling is None else (self.ceiling,)),
            self.coefficient,
        )
        check_wallet_fit(wallets, setting, seed, others, self.columns, fewest=0, by=self.by)
        cells = frontier_cells(wallets, self.columns, answers=self.ceiling is None)
        segments: Any = None if self.by is None else segment_labels(wallets, self.by)
        known = design(cells.groups, cells.group_sizes, (self.covariates,), self.by, segments)
        answers = answered_buyers(wallets, self.by)
        density = _density(self, cells, known, answers)
        draws = infer(density, setting, seed, starts(density))
        attributes = {"model": "WalletFrontier", "setting": repr(setting), "seed": seed}
        attributes |= {"mean_share": repr(self.mean_share), "money": cells.money}
        tree = posterior_tree(density, draws, attributes)
        fit = WalletFrontierFit(self, cells, density, tree, draws.evidence, seed, wallets, wallets, answers)
        return replace(fit, evidence=(*draws.evidence, *frontier_evidence.of_fit(fit)))


def _density(
    spec: WalletFrontier, cells: FrontierCells, known: Design, answers: AnsweredBuyers
) -> GroupedPosterior:
    _check_segments(spec, known.segments)
    count = len(known.segments) if isinstance(spec.anchor.value, Mapping) else 1
    stated = spec.anchor.priors(known.segments)
    ceiling: tuple[Prior, ...] = () if spec.ceiling is None else (spec.ceiling,)
    used = answers.update(stated, known.segments) if ceiling else stated
    kind = known.codes if count > 1 else np.zeros(len(known.codes), np.int64)
    return GroupedPosterior(
        frontier_form(count, ceiling=bool(ceiling)),
        (spec.level, spec.sigma, *used, *ceiling),
        spec.coefficient,
        spec.spread,
        known,
        cells.arrays(kind),
        cells.money,
    )


def _check_segments(spec: WalletFrontier, segments: tuple[str, ...]) -> None:
    if not isinstance(spec.anchor.value, Mapping):
        return
    missing = [label for label in segments if label not in spec.anchor.value]
    if missing:
        expected, examples = "a share for each segment", tuple(missing[:3])
        raise InputError(
            Fault("mean_share", "segments without a share", expected, WHERE_FROM, None, examples)
        )


def starts(density: GroupedPosterior) -> list[Array]:
    """Points to climb from: the stated mean share, and spread that is mostly wallet, or mostly share."""
    y, *_, count, _ = density.cells
    middle = np.average(y, weights=count)
    spread = np.sqrt(np.average((y - middle) ** 2, weights=count))
    points: list[Array] = []
    for part, ceiling in ((0.7, 0.0), (0.3, 0.0), (0.7, 2.0), (0.95, 3.0)):
        u = np.zeros(density.size)
        for k, prior in enumerate(density.priors[2:], start=2):
            u[k] = getattr(prior, "mean", 0.0)
        if density.parametrisation.coordinates[-1] == "ceiling":
            u[density.base - 1] = ceiling
        a = density.parametrisation.forward(u[: density.base], density.scale)[2:].mean()
        u[0], u[1] = middle + 1 / a, np.log(part * spread)
        points.append(u)
    return points


@dataclass(frozen=True, eq=False, repr=False)
class WalletFrontierFit:
    """A fitted WalletFrontier.

    Parameters
    ----------
    spec, cells, density, posterior, evidence, seed
        What was fitted, to what, and what came out.
    wallets
        The customers that are scored.
    base
        The customers that were fitted, among whom look-alikes are found whoever is scored.
    answers
        Buyers who answered when the model was fitted.
    """

    spec: WalletFrontier
    cells: FrontierCells
    density: GroupedPosterior
    posterior: xr.DataTree
    evidence: tuple[Evidence, ...]
    seed: int
    wallets: Wallets
    base: Wallets
    answers: AnsweredBuyers

    def __repr__(self) -> str:
        """Model, size, parameters and checks."""
        bad = [item.name for item in self.evidence if item.passed is False]
        values = ", ".join(f"{name} {value:.3g}" for name, value in self.params.items())
        checks = f"not passed: {', '.join(bad)}" if bad else "all checks passed"
        return f"WalletFrontierFit of {self.cells.count.sum():,.0f} buyers\n  {values}\n  {checks}"

    @property
    def u(self) -> Array:
        """All draws of the coordinates, shape (draws, k)."""
        u = self.posterior["unconstrained_posterior"]["u"].to_numpy()
        return u.reshape(-1, u.shape[-1])

    @cached_property
    def frontier(self) -> FrontierPosterior:
        """The posterior as the customers' distributions take it."""
        count = len(self.density.parametrisation.parameters) - 2
        return FrontierPosterior(self.density, self.u, count, self.spec.ceiling is not None)

    @property
    def mean_share(self) -> pd.DataFrame:
        """Draws of the mean share: a column for each segment that has its own, or one column."""
        mean, _ = shares(self.u, self.frontier.count, ceiling=self.frontier.ceiling)
        names = self.density.design.segments if self.frontier.count > 1 else ("mean_share",)
        return pd.DataFrame(mean, columns=list(names))

    @property
    def params(self) -> pd.Series:
        """Posterior means (the mode under MAP) of the parameters, mean share and ceiling."""
        form, base = self.density.parametrisation, self.u[:, : self.density.base]
        values = form.forward(base, self.density.scale).mean(axis=0)
        mean, highest = shares(base, self.frontier.count, ceiling=self.frontier.ceiling)
        named = dict(zip(form.parameters, values, strict=True))
        suffixes = [name.removeprefix("a") for name in form.parameters[2:]]
        named |= {f"mean_share{each}": mean[:, k].mean() for k, each in enumerate(suffixes)}
        named |= {f"ceiling{each}": highest[:, k].mean() for k, each in enumerate(suffixes)}
        return pd.Series(named, name="WalletFrontier")

    @property
    def log_likelihood(self) -> float:
        """Log-likelihood of the buyers at the posterior mean of the coordinates."""
        return self.density.log_likelihood(self.u.mean(axis=0))

    def on(self, wallets: Wallets) -> Self:
        """Return the same posterior, ready to score other customers."""
        check_wallets(wallets)
        return replace(self, wallets=wallets)

    def blocks(self, size: int = 100_000) -> Iterator[WalletBlock]:
        """Walk all customers in the order of their ids."""
        for frame in self.wallets.blocks(size):
            yield self._block(frame, answers=True)

    def survey(self) -> WalletBlock:
        """Return the customers who answered, with what the model says of them without their own answer in hand."""
        return self._block(self.wallets.answered(), answers=False)

    def _block(self, frame: pd.DataFrame, *, answers: bool) -> WalletBlock:
        own, ids = frame["own"].to_numpy(np.float64), frame["customer_id"].to_numpy()
        same, keys = design_like(self.density.design, frame, self.spec.by), customer_keys(ids)
        model = FrontierElsewhere(self.frontier, own, same.matrices[0], same.codes, keys, self.seed)
        return scored_block(frame, model, self._status(own, same.codes), self.seed, answers=answers)

    def _status(self, own: Array, code: NDArray[np.int64]) -> NDArray[np.int8]:
        """Where at least 30 answered the level is known within the range of their own spend.

        A mean share of a segment's own is known by the answers of that segment only.
        """
        reached = np.zeros(len(own), np.bool_)
        each = self.density.design.segments if self.frontier.count > 1 else (None,)
        for k, label in enumerate(each):
            answers = self.answers if label is None else self.answers.of(label)
            rows = np.ones(len(own), np.bool_) if label is None else code == k
            if len(answers) >= _FEWEST_ANSWERS:
                reached |= rows & answers.within(own)
        status = np.where(reached, IDENTIFIED, EXTRAPOLATED)
        return np.where(own > 0, status, NOT_IDENTIFIED).astype(np.int8)

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
            cls,
            path,
            wallets,
            lambda held: _density(held["spec"], held["cells"], held["design"], held["answers"]),
        )
