"""What covariates and segments do to the rates: effects, margins, shrinkage."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.optimise import find_mode
from segmodels.inference.priors import Normal

Array = NDArray[np.float64]
_UNPOOLED_SD = 10.0
_ELEMENTS = 2_000_000


def mean_coordinates(density: GroupedPosterior, u: Array) -> Array:
    """Coordinates at which the base parameters take their posterior means; the rest is averaged.

    With segments all coordinates are averaged: base and shifts are told apart only by their sums, and the mean
    of an exponential would move the one without the other.
    """
    form, base = density.parametrisation, density.base
    centre = u.mean(axis=0)
    if density.pooled:
        return centre
    centre[:base] = form.inverse(form.forward(u[:, :base], density.scale).mean(axis=0), density.scale)
    return centre


def effects(
    density: GroupedPosterior, u: Array, customers: Array, levels: tuple[float, float]
) -> pd.DataFrame:
    """Summarise covariate effects.

    Parameters
    ----------
    density, u
        The fit and its draws, shape (draws, k).
    customers
        Customers in each group, shape (G,).
    levels
        Quantiles of the interval.

    Returns
    -------
    pandas.DataFrame
        One row per effect and covariate: the coefficient per standard deviation with its interval and the
        probability that it is positive; the multiplier per unit of the covariate (of the mean purchase rate,
        of the odds of dropping out under BG/NBD, of the mean death rate under Pareto/NBD, of mean spend); and
        the average marginal effect of one unit on that mean quantity.
    """
    rows: list[dict[str, object]] = []
    for k, (effect, coefficients, _, _) in enumerate(density.blocks()):
        average = _average_slope(density, u, effect.name, customers)
        for j, covariate in enumerate(density.design.covariates[k]):
            draws = u[:, coefficients][:, j]
            low, high = np.quantile(draws, levels)
            unit = draws / density.design.spread[k][j]
            rows.append(
                {
                    "effect": effect.name,
                    "covariate": covariate,
                    "coefficient": draws.mean(),
                    "low": low,
                    "high": high,
                    "probability_positive": (draws > 0).mean(),
                    "multiplier_per_unit": np.exp(unit).mean(),
                    "average_marginal_effect": (unit * average).mean(),
                }
            )
    if not rows:
        raise InputError(
            Fault("effects", "a fit without covariates", "covariates", "Fit with purchase_covariates=(...).")
        )
    return pd.DataFrame(rows)


def _average_slope(density: GroupedPosterior, u: Array, effect: str, customers: Array) -> Array:
    """Average over customers of the derivative of the mean quantity by its coordinate, shape (draws,)."""
    pieces = []
    for part in np.array_split(u, -(-len(u) * len(customers) // _ELEMENTS)):
        level = _mean_quantity(density, part, effect)
        slope = level * (1 - level) if effect == "dropout" and "phi" in density.names else level
        pieces.append(np.average(slope, axis=1, weights=customers))
    return np.concatenate(pieces)


def _mean_quantity(density: GroupedPosterior, u: Array, effect: str) -> Array:
    """Mean purchase rate, dropout probability or death rate, or spend of each group, shape (draws, G)."""
    values = dict(
        zip(density.parametrisation.parameters, np.moveaxis(density.parameters(u), -1, 0), strict=True)
    )
    if effect == "purchase":
        return values["r"] / values["alpha"]
    if effect == "spend":
        return values["p"] * values["v"] / (values["q"] - 1)
    if "a" in values:
        return values["a"] / (values["a"] + values["b"])
    return values["s"] / values["beta"]


def shrinkage(density: GroupedPosterior, centre: Array, customers: Array) -> pd.DataFrame:
    """Compare each segment's own estimate with its pooled one.

    The own estimate maximises the likelihood over the segment's shifts with everything else held (under a
    normal prior ten wide, so that a segment without a repeat buyer stays finite).

    Returns
    -------
    pandas.DataFrame
        One row per effect and segment: ``customers, overall, own, pooled`` (mean quantities of the segment)
        and ``shrinkage``: the weight of the whole in the pooled estimate, v / (v + sd^2), with v the sampling
        variance of the segment's own shift and sd the standard deviation of the shifts. 1 is pooled fully.
    """
    if not density.pooled:
        raise InputError(Fault("shrinkage", "a fit without segments", "segments", "Fit with by='column'."))
    places = np.concatenate([np.arange(shifts.start, shifts.stop) for _, _, shifts, _ in density.blocks()])
    wide = Normal(0.0, _UNPOOLED_SD)

    def likelihood(shifts: Array) -> tuple[float, Array]:
        u = centre.copy()
        u[places] = shifts
        value, gradient = density.log_density(u)
        held = density.log_prior(u)
        prior, slope = wide.log_density(shifts)
        return value - held[0] + prior.sum(), gradient[places] - held[1][places] + slope

    found = find_mode(likelihood, [centre[places], np.zeros(len(places))])
    own, variance = centre.copy(), np.zeros(len(centre))
    own[places], variance[places] = found.point, np.diag(np.linalg.inv(found.precision))
    none = centre.copy()
    none[places] = 0.0
    segments = density.design.segments
    sizes = np.bincount(density.design.codes, customers, len(segments))
    frames = []
    for effect, _, shifts, spread in density.blocks():
        table = {"effect": effect.name, "segment": segments, "customers": sizes}
        for name, u in (("overall", none), ("own", own), ("pooled", centre)):
            level = _mean_quantity(density, u[None], effect.name)[0]
            with np.errstate(invalid="ignore"):  # a segment without a customer who tells has no figure
                table[name] = np.bincount(density.design.codes, level * customers, len(segments)) / sizes
        table["shrinkage"] = variance[shifts] / (variance[shifts] + np.exp(2 * centre[spread]))
        frames.append(pd.DataFrame(table))
    return pd.concat(frames, ignore_index=True)
