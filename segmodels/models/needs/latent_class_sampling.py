"""The latent class model in PyMC, labels marginalised, and the posterior as ArviZ knows it."""

from importlib import import_module
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from segmodels.inference.mixture_fit import MixtureDraws
from segmodels.inference.posterior import versions
from segmodels.inference.settings import NUTS
from segmodels.likelihoods import latent_class_density
from segmodels.models.needs.latent_class_problem import LatentClassProblem, even
from segmodels.models.needs.latent_class_tables import class_shares, probabilities

Array = NDArray[np.float64]


def density_arrays(problem: LatentClassProblem) -> dict[str, NDArray[Any]]:
    """Give by name, in order, everything that ``latent_class_density.total_and_gradient`` takes after theta."""
    layout, data, pseudo = problem.layout, problem.data, problem.pseudo
    return {
        "shape": np.array([layout.n_classes, layout.width], np.int64),
        "table": layout.table,
        "numbers_at": np.array(layout.numbers_at, np.int64),
        "continuous": np.array([item.scale == "continuous" for item in layout.numbers], np.int64),
        "style_at": layout.style_at,
        "class_of": layout.class_of,
        "styles": layout.styles_of,
        "log_node": layout.log_node,
        "codes": data.codes,
        "numbers": data.numbers,
        "group": data.group,
        "design": data.design,
        "weight": data.weight,
        "pseudo_counts": pseudo.counts,
        "pseudo_members": pseudo.members,
        "pseudo_moments": pseudo.moments,
    }


def pymc_model(problem: LatentClassProblem, concentration: float) -> Any:
    """Build the PyMC model: theta, and the marginal likelihood with the prior as a potential.

    The prior is Dirichlet(``concentration``) on the class shares and on the probabilities of each nominal item
    in each class; for ordinal items so many pseudo-answers stand on every category of every class. All data are
    ``pm.Data``, so that a compiled model can be given others of the same layout.
    """
    from segmodels.inference.compiled import CompiledDensity

    pm: Any = import_module("pymc")
    with pm.Model() as model:
        theta = pm.Flat("theta", shape=(problem.size,))
        arrays = density_arrays(even(problem, concentration))
        data = [pm.Data(name, values) for name, values in arrays.items()]
        density: Any = CompiledDensity(latent_class_density.__name__)
        pm.Potential("log_posterior", density(theta, *data)[0])
    return model


def sample(
    problem: LatentClassProblem, concentration: float, setting: NUTS, theta: Array, seed: int
) -> tuple[Array, dict[str, NDArray[Any]]]:
    """Run nutpie from around the mode; draws of theta (chain, draw, P), and the sampler's statistics."""
    from segmodels.inference.sample import run_nutpie, sampler_statistics

    # A probability at the boundary of the mode is no place to start from under a prior that has none there.
    initial = {"theta": np.clip(theta, -6.0, 6.0)}
    tree = run_nutpie(pymc_model(problem, concentration), initial, setting, seed)
    return tree["posterior"]["theta"].transpose("chain", "draw", ...).to_numpy(), sampler_statistics(tree)


def parameter_names(problem: LatentClassProblem) -> tuple[str, ...]:
    """Name each parameter of theta."""
    layout = problem.layout
    later = range(2, layout.n_classes + 1)
    names = [f"class {k}: {x}" for k in later for x in ("constant", *problem.coding.columns)]
    for item in layout.items:
        texts = item.category_texts[1:]
        if item.scale == "ordinal":
            names += [f"{item.name}: {text}" for text in texts] + [f"{item.name}: class {k}" for k in later]
        else:
            every = range(1, layout.n_classes + 1)
            names += [f"{item.name}: {text}, class {k}" for k in every for text in texts]
    names += [style for style, free in zip(("agreement", "extremes"), layout.free, strict=True) if free]
    for item in layout.numbers:
        kinds = ("mean", "log sd") if item.scale == "continuous" else ("log rate",)
        names += [f"{item.name}: {kind}, class {k + 1}" for kind in kinds for k in range(layout.n_classes)]
    return tuple(names)


def posterior_of(
    problem: LatentClassProblem, found: MixtureDraws, classes: tuple[str, ...], attributes: dict[str, Any]
) -> xr.DataTree:
    """Class shares and category probabilities of every draw, and theta."""
    chains, draws, _ = found.u.shape
    flat = found.u.reshape(-1, problem.size)
    shares = np.array([class_shares(problem, theta)[0] for theta in flat]).reshape(chains, draws, -1)
    values = np.array([probabilities(problem, theta) for theta in flat])
    values = values.reshape(chains, draws, problem.layout.rows, problem.layout.n_classes)
    rows = [f"{item.name}={text}" for item in problem.layout.items for text in item.category_texts]
    sample_coords = {"chain": np.arange(chains), "draw": np.arange(draws)}
    groups = {
        "posterior": xr.Dataset(
            {
                "class_share": (("chain", "draw", "class"), shares),
                "probability": (("chain", "draw", "category", "class"), values),
            },
            sample_coords | {"class": list(classes), "category": rows},
        ),
        "unconstrained_posterior": xr.Dataset(
            {"u": (("chain", "draw", "coordinate"), found.u)},
            sample_coords | {"coordinate": list(parameter_names(problem))},
        ),
        "sample_stats": xr.Dataset(
            {name: (("chain", "draw"), values) for name, values in found.stats.items()}, sample_coords
        ),
    }
    tree = xr.DataTree.from_dict(groups)
    tree.attrs.update(attributes | versions())
    return tree
