"""Mixtures of utilities in PyMC, labels marginalised, and the posterior as ArviZ knows it."""

from importlib import import_module
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.inference.mixture_fit import MixtureDraws
from segmodels.inference.posterior import versions
from segmodels.inference.settings import NUTS
from segmodels.models.needs.ranking_layout import ChoiceLayout
from segmodels.models.needs.ranking_problem import ChoiceProblem
from segmodels.models.needs.ranking_tables import class_shares

Array = NDArray[np.float64]


def pymc_model(problem: ChoiceProblem) -> Any:
    """Build the PyMC model of rankings or of best-worst choices; it has the posterior that the mode is of.

    ``theta`` is flat, and the potential ``prior`` holds the priors of :class:`ChoiceProblem`: utilities that sum
    to 0 and are normal, pseudo-respondents for shares, normal logs of scales. ``utility`` (class, item) and
    ``log_share`` (group, component) are functions of it. The class of a respondent is summed over in the
    potential ``likelihood``.

    Raises
    ------
    InputError
        Where the constants leave the prior improper.
    """
    from segmodels.inference.compiled import CompiledDensity

    constants, layout = problem.constants, problem.layout
    improper = [name for name in ("classes", "categories") if not getattr(constants, name) > 0]
    if improper:
        expected, remedy = "a number above 0", "Sampling needs a proper prior: give BayesConstants()."
        raise InputError([Fault(f"constants.{name}", "0", expected, remedy) for name in improper])
    pm: Any = import_module("pymc")
    pt: Any = import_module("pytensor.tensor")
    with pm.Model() as model:
        theta = pm.Flat("theta", shape=(layout.size,))
        utility, components, scales = _utilities(theta, layout, pt)
        log_share = _log_shares(theta, layout, problem.data.design, pt)
        pm.Deterministic("utility", utility)
        pm.Deterministic("log_share", log_share)
        spread = 0.5 * constants.categories * pt.sum((scales - pt.mean(scales)) ** 2)
        normal = 0.5 * problem.precision * pt.sum(components**2)
        pm.Potential("prior", pt.sum(problem.pseudo_members * log_share) - normal - spread)
        density: Any = CompiledDensity(problem.choices.module)
        params = pt.concatenate([components, log_share.T], axis=1)
        data = problem.data
        pm.Potential("likelihood", density(params, *problem.choices.arrays, data.group, data.weight)[0])
    return model


def _utilities(theta: Any, layout: ChoiceLayout, pt: Any) -> tuple[Any, Any, Any]:
    """Utilities of classes (K, J) and of components (M, J), and logs of the scales (S,)."""
    utility = pt.dot(theta[layout.utility_at], layout.basis.T)
    scales = pt.concatenate([pt.zeros(1), theta[layout.scale_at]])
    components = pt.exp(scales)[layout.scale_of][:, None] * utility[layout.class_of]
    return utility, components, scales


def _log_shares(theta: Any, layout: ChoiceLayout, design: Array, pt: Any) -> Any:
    """Log-probability of each component in each group, shape (G, M)."""
    free = theta[: layout.members].reshape((layout.n_classes - 1, layout.width))
    coefficients = pt.concatenate([pt.zeros((1, layout.width)), free], axis=0)
    log_pi = pt.special.log_softmax(pt.dot(design, coefficients.T), axis=1)
    logits = pt.concatenate([pt.zeros((layout.n_classes, 1)), theta[layout.share_at]], axis=1)
    log_tau = pt.special.log_softmax(logits, axis=1)
    return log_pi[:, layout.class_of] + log_tau[layout.class_of, layout.scale_of][None]


def sample(
    problem: ChoiceProblem, setting: NUTS, theta: Array, seed: int
) -> tuple[Array, dict[str, NDArray[Any]]]:
    """Run nutpie from around the mode; draws of theta (chain, draw, P), and the sampler's statistics."""
    from segmodels.inference.sample import run_nutpie, sampler_statistics

    tree = run_nutpie(pymc_model(problem), {"theta": theta}, setting, seed)
    u = tree["posterior"]["theta"].transpose("chain", "draw", ...).to_numpy()
    return u, sampler_statistics(tree)


def parameter_names(problem: ChoiceProblem) -> tuple[str, ...]:
    """Name each parameter of theta."""
    layout = problem.layout
    later = range(2, layout.n_classes + 1)
    every = range(1, layout.n_classes + 1)
    contrasts = [f"{name} against those before" for name in problem.names[1:]]
    scales = range(2, layout.n_scales + 1)
    names = [f"class {k}: {x}" for k in later for x in ("constant", *problem.coding.columns)]
    names += [f"class {k}: {contrast}" for k in every for contrast in contrasts]
    names += [f"log scale {s}" for s in scales]
    within = [f"class {k}: " for k in every] if layout.by_class else [""]
    return (*names, *(f"{own}share of scale {s}" for own in within for s in scales))


def posterior_of(
    problem: ChoiceProblem, found: MixtureDraws, classes: tuple[str, ...], attributes: dict[str, Any]
) -> xr.DataTree:
    """Class shares, utilities and scales of every draw, and theta."""
    layout, sample_dims = problem.layout, ("chain", "draw")
    shape = found.u.shape[:2]
    flat = found.u.reshape(-1, problem.size)
    coords = {"chain": np.arange(shape[0]), "draw": np.arange(shape[1])}
    shares = np.array([class_shares(problem, theta) for theta in flat])
    utilities = np.array([layout.utilities(theta) for theta in flat])
    utilities = utilities.reshape(*shape, layout.n_classes, layout.n_items)
    variables: dict[str, Any] = {
        "class_share": ((*sample_dims, "class"), shares.reshape(*shape, -1)),
        "utility": ((*sample_dims, "class", "item"), utilities),
    }
    named: dict[str, Any] = {"class": list(classes), "item": list(problem.names)}
    if layout.n_scales > 1:
        scales = np.exp([layout.log_scales(theta) for theta in flat])
        variables["scale"] = ((*sample_dims, "scale_class"), scales.reshape(*shape, -1))
        named["scale_class"] = np.arange(1, layout.n_scales + 1)
    groups = {
        "posterior": xr.Dataset(variables, coords | named),
        "unconstrained_posterior": xr.Dataset(
            {"u": ((*sample_dims, "coordinate"), found.u)},
            coords | {"coordinate": list(parameter_names(problem))},
        ),
        "sample_stats": xr.Dataset(
            {name: (sample_dims, values) for name, values in found.stats.items()}, coords
        ),
    }
    tree = xr.DataTree.from_dict(groups)
    tree.attrs.update(attributes | versions())
    return tree
