"""The PyMC model of a grouped posterior, and its run by nutpie."""

from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.settings import NUTS

Array = NDArray[np.float64]


def pymc_model(posterior: GroupedPosterior) -> Any:
    """Build the PyMC model: priors, effects, and the cell likelihood as a potential.

    Shifts of segments are non-centred. The deterministic ``u`` holds all coordinates in the order of
    ``posterior.names``.
    """
    from segmodels.inference.compiled import CompiledDensity

    pm: Any = import_module("pymc")
    pt: Any = import_module("pytensor.tensor")
    with pm.Model() as model:
        names = posterior.parametrisation.coordinates
        base = [prior.variable(f"u_{name}", ()) for name, prior in zip(names, posterior.priors, strict=True)]
        columns: list[Any] = [pt.ones(len(posterior.design.codes)) * value for value in base]
        coefficients, shifts, spreads = [], [], []
        for k, (effect, places, _, _) in enumerate(posterior.blocks()):
            if places.stop > places.start:
                slope = posterior.coefficient.variable(
                    f"{effect.name}_coefficient", (places.stop - places.start,)
                )
                columns[effect.coordinate] += effect.sign * pt.dot(posterior.design.matrices[k], slope)
                coefficients.append(slope)
            if posterior.pooled:
                sd = pm.HalfNormal(f"{effect.name}_sd", posterior.spread)
                shift = sd * pm.Normal(f"{effect.name}_z", shape=(len(posterior.design.segments),))
                columns[effect.coordinate] += effect.sign * shift[posterior.design.codes]
                shifts.append(shift)
                spreads.append(pt.log(sd))
        parameters = posterior.parametrisation.tensors(pt.stack(columns, axis=1), posterior.scale)
        likelihood: Any = CompiledDensity(posterior.parametrisation.likelihood)
        pm.Potential("likelihood", likelihood(parameters, *posterior.cells)[0])
        pieces = [pt.stack(base), *coefficients, *shifts]
        pm.Deterministic("u", pt.concatenate(pieces + ([pt.stack(spreads)] if spreads else [])))
    return model


def sample(posterior: GroupedPosterior, start: Array, setting: NUTS, seed: int) -> Any:
    """Run nutpie from around the mode; returns its DataTree, with ``u`` among the variables."""
    names = posterior.parametrisation.coordinates
    initial = {f"u_{name}": float(start[k]) for k, name in enumerate(names)}
    return run_nutpie(pymc_model(posterior), initial, setting, seed)


def run_nutpie(model: Any, initial: dict[str, Any], setting: NUTS, seed: int) -> Any:
    """Sample a PyMC model by nutpie from around initial values; returns its DataTree."""
    nutpie: Any = import_module("nutpie")
    compiled = nutpie.compile_pymc_model(model, initial_points=initial, jitter_rvs=set(model.free_RVs))
    return nutpie.sample(
        compiled,
        draws=setting.draws,
        tune=setting.tune,
        chains=setting.chains,
        seed=seed,
        progress_bar=setting.progress,
        save_warmup=False,
    )


def sampler_statistics(tree: Any) -> dict[str, NDArray[Any]]:
    """Collect what the sampler says of each draw, each of shape (chain, draw)."""
    names = ("diverging", "energy", "n_steps", "step_size")
    return {name: tree["sample_stats"][name].to_numpy() for name in names if name in tree["sample_stats"]}
