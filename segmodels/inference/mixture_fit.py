"""From a mixture and a setting to parameters and their draws."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.evidence import Evidence
from segmodels.inference import diagnose
from segmodels.inference.laplace import around, at_most, weighted_draws
from segmodels.inference.louis import information
from segmodels.inference.mixture import MixtureProblem
from segmodels.inference.optimise import Mode
from segmodels.inference.relabel import membership, relabel
from segmodels.inference.settings import MAP, NUTS, Laplace, Setting
from segmodels.inference.starts import Starts, find_optimum

Array = NDArray[np.float64]
# No direction of the normal approximation is wider, on the scale of logits.
_WIDEST = 5.0
# Patterns times components times draws above which importance weights cost more than they tell.
_AFFORDABLE = 5e9
_KHAT = 0.7


@dataclass(frozen=True, eq=False)
class MixtureDraws:
    """A fitted mixture.

    Parameters
    ----------
    theta
        The mode, classes ordered by size, shape (P,).
    u
        Draws of theta, shape (chain, draw, P); under :class:`MAP` the mode alone.
    stats
        What the sampler says of each draw, each of shape (chain, draw).
    optima
        As of :func:`find_optimum`.
    evidence
        Whether all this can be trusted.
    """

    theta: Array
    u: Array
    stats: dict[str, NDArray[Any]]
    optima: pd.DataFrame
    evidence: tuple[Evidence, ...]


def infer_mixture(
    problem: MixtureProblem,
    starts: Starts,
    setting: Setting,
    seed: int,
    sampled: Callable[[NUTS, Array, int], tuple[Array, dict[str, NDArray[Any]]]],
    names: tuple[str, ...],
) -> MixtureDraws:
    """Find the best optimum, put its classes in order of size, and draw around it.

    Parameters
    ----------
    problem, starts, setting, seed
        What to fit, and how.
    sampled
        Runs NUTS from a theta with a seed; gives draws (chain, draw, P) and the sampler's statistics.
    names
        Of the parameters.
    """
    optimum = find_optimum(problem, starts, seed)
    theta = problem.permute(optimum.theta, order_by_size(problem, optimum.theta))
    optima, evidence = optimum.table, optimum.evidence
    match setting:
        case MAP():
            return MixtureDraws(theta, theta[None, None], {}, optima, evidence)
        case Laplace(draws=draws):
            u, found = _laplace(problem, theta, draws, seed)
            return MixtureDraws(theta, u, {}, optima, (*evidence, *found))
        case NUTS():
            raw, stats = sampled(setting, theta, seed)
            found = _relabelled(problem, theta, raw, names)
            checks = diagnose.chains(*found.checked, int(stats["diverging"].sum()))
            return MixtureDraws(theta, found.u, stats, optima, (*evidence, found.evidence, *checks))


def order_by_size(problem: MixtureProblem, theta: Array) -> NDArray[np.int64]:
    """Classes by their share of the respondents, the largest first, shape (K,)."""
    shares = problem.weight @ membership(problem, theta)
    return np.argsort(-shares, kind="stable").astype(np.int64)


def _laplace(
    problem: MixtureProblem, theta: Array, draws: int, seed: int
) -> tuple[Array, tuple[Evidence, ...]]:
    """Draw from the normal approximation at the mode; weight the draws where that is affordable and works."""
    rng = np.random.default_rng([seed, problem.size])
    mode = at_most(Mode(theta, problem.objective(theta), information(problem, theta)[0], 0.0), _WIDEST)
    cost = draws * len(problem.weight) * len(problem.class_of)
    if cost <= _AFFORDABLE:
        weighted = weighted_draws(around(mode), lambda u: _objectives(problem, u), draws, rng)
        if weighted.khat < _KHAT:
            return weighted.resample(rng)[None], (diagnose.importance(weighted),)
        good: bool | None = False
        said = f"Importance weights can not correct it (k-hat {weighted.khat:.2f})."
    else:
        good = None
        said = "Importance weights would need too long."
    root = np.linalg.cholesky(np.linalg.inv(mode.precision))
    u = theta + rng.standard_normal((draws, problem.size)) @ root.T
    text = f"Draws are of the normal approximation at the mode. {said} NUTS() samples the posterior itself."
    return u[None], (Evidence("Normal approximation", good, text),)


def _objectives(problem: MixtureProblem, u: Array) -> Array:
    return np.array([problem.objective(row) for row in u])


@dataclass(frozen=True, eq=False)
class _Renamed:
    """Draws after relabelling, what R-hat is to be taken of with its names, and what was done."""

    u: Array
    checked: tuple[Array, tuple[str, ...]]
    evidence: Evidence


def _relabelled(problem: MixtureProblem, theta: Array, raw: Array, names: tuple[str, ...]) -> _Renamed:
    """Bring the classes of every draw into the order of the mode's."""
    found = relabel(problem, theta, raw.reshape(-1, raw.shape[-1]))
    u = found.draws.reshape(raw.shape)
    shares = np.array([problem.weight @ membership(problem, row) for row in found.draws])
    shares = (shares / problem.weight.sum()).reshape(*raw.shape[:2], -1)
    wanted = tuple(f"share of class {k + 1}" for k in range(shares.shape[-1]))
    text = (
        f"Classes of {found.moved:,} of {len(found.draws):,} draws were renamed to those of the "
        f"mode, in {found.rounds} rounds; R-hat is of the renamed draws."
    )
    # One class has a share of 1 in every draw, of which there is nothing to check.
    whole = shares.shape[-1] == 1
    checked = (u, names) if whole else (np.concatenate([shares, u], axis=-1), (*wanted, *names))
    return _Renamed(u, checked, Evidence("Label switching", None, text))
