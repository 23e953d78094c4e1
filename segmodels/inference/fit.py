"""From a grouped posterior and a setting to draws."""

from dataclasses import dataclass
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from segmodels.evidence import Evidence
from segmodels.inference import diagnose
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.laplace import around, at_most, weighted_draws
from segmodels.inference.optimise import Mode, find_mode
from segmodels.inference.pooled import pooled_mode
from segmodels.inference.ridge import bends, follow, given, leading
from segmodels.inference.settings import MAP, NUTS, Laplace, Setting

Array = NDArray[np.float64]
# Above this k-hat the weights may be fit for use, and yet miss a tail; a better proposal costs little.
_GOOD = 0.5
# About what the default priors' walls leave.
_WIDEST = 5.0
# Between neighbours on the lattice of log standard deviations the shifts' own scale may not change by much.
_SPREAD_STEP = 0.6
# Customers whose mode is the first guess where there are many more cells.
_SAMPLE = 10_000


@dataclass(frozen=True)
class Draws:
    """Draws of the unconstrained coordinates.

    Parameters
    ----------
    u
        Shape (chain, draw, coordinate); one draw under :class:`MAP`.
    stats
        What the sampler says of each draw, each of shape (chain, draw).
    evidence
        Whether they can be trusted.
    """

    u: Array
    stats: dict[str, NDArray[np.generic]]
    evidence: tuple[Evidence, ...]


def infer(posterior: GroupedPosterior, setting: Setting, seed: int, starts: list[Array]) -> Draws:
    """Fit.

    Parameters
    ----------
    posterior
        What to fit.
    setting
        How.
    seed
        Of everything random; the same seed gives the same draws.
    starts
        Points to climb from, tried in turn, each of shape (size,).

    Raises
    ------
    NotConverged
        With advice, where no mode is found or the chains disagree.
    """
    mode = _mode(posterior, starts)
    walls = diagnose.walls(posterior.parametrisation.coordinates, posterior.priors, mode)
    match setting:
        case MAP():
            return Draws(mode.point[None, None, :], {"lp": np.array([[mode.value]])}, (walls,))
        case Laplace(draws=draws):
            return _laplace(posterior, mode, draws, seed, walls)
        case NUTS():
            return _nuts(posterior, mode, setting, seed, walls)


def _mode(posterior: GroupedPosterior, starts: list[Array]) -> Mode:
    if posterior.pooled:
        return pooled_mode(posterior, starts)
    *_, count, _ = posterior.cells
    rough = posterior.sampled(_SAMPLE).log_density if len(count) > 2 * _SAMPLE else None
    return find_mode(posterior.log_density, starts, rough)


def _laplace(posterior: GroupedPosterior, mode: Mode, draws: int, seed: int, walls: Evidence) -> Draws:
    """Weight draws around the mode; where they are poor, draws along the ridge that the posterior bends on."""
    # Purchases and spend are paired draw by draw as independent: one seed must not give both the same stream.
    rng = np.random.default_rng([seed, crc32(posterior.parametrisation.likelihood.encode())])
    mode = at_most(mode, _WIDEST)
    spreads = [spread for *_, spread in posterior.blocks()]
    ridge = given(mode, spreads, _SPREAD_STEP) if posterior.pooled else leading(mode)
    density = posterior.log_density
    bent = posterior.pooled or bends(density, ridge)
    proposal = follow(density, ridge) if bent else around(mode)
    weighted = weighted_draws(proposal, posterior.log_densities, draws, rng)
    if not bent and not weighted.khat < _GOOD:
        weighted = weighted_draws(follow(density, ridge), posterior.log_densities, draws, rng)
    return Draws(weighted.resample(rng)[None], {}, (walls, diagnose.importance(weighted)))


def _nuts(posterior: GroupedPosterior, mode: Mode, setting: NUTS, seed: int, walls: Evidence) -> Draws:
    from segmodels.inference.sample import sample, sampler_statistics

    tree = sample(posterior, mode.point, setting, seed ^ crc32(posterior.parametrisation.likelihood.encode()))
    u = tree["posterior"]["u"].transpose("chain", "draw", ...).to_numpy()
    stats = sampler_statistics(tree)
    divergences = int(stats["diverging"].sum())
    return Draws(u, stats, (walls, *diagnose.chains(u, posterior.names, divergences)))
