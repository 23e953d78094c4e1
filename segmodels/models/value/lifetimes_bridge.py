"""From fitted lifetimes objects to fits of segmodels, so that users of that package can move."""

from typing import Any

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.design import design
from segmodels.inference.fit import Draws
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.parametrisation import Parametrisation
from segmodels.inference.posterior import posterior_tree
from segmodels.inference.settings import Setting
from segmodels.models.value.purchases import grouped_density
from segmodels.models.value.storage import describe
from segmodels.tables.cells import purchase_cells, spend_cells
from segmodels.tables.customers import Customers
from segmodels.tables.summary import Unit


def purchases(
    cls: Any, spec: Any, form: Parametrisation, fitter: Any, kind: str, unit: Unit, setting: Setting
) -> Any:
    """Make a purchase fit of a fitter's parameters and customers."""
    frame = _customers(fitter, kind, ("frequency", "recency", "T"))
    customers = Customers.read(frame, unit=unit)
    cells = purchase_cells(customers, ())
    known = design(cells.groups, cells.group_sizes, ((), ()), None)
    priors = tuple(getattr(spec, name) for name in form.coordinates)
    density = grouped_density(form, spec, priors, cells, known)
    return cls(spec, cells, density, *_posterior(density, fitter, spec, unit, setting), 0, customers)


def spend(
    cls: Any, spec: Any, form: Parametrisation, fitter: Any, kind: str, unit: Unit, setting: Setting
) -> Any:
    """Make a Gamma-Gamma fit of a fitter's parameters and customers."""
    frame = _customers(fitter, kind, ("frequency", "monetary_value"))
    if not fitter.params_["q"] > 1:
        got, remedy = f"q = {fitter.params_['q']:.4g}", "Fit it again with q_constraint=True."
        raise InputError(Fault("fitter", got, "q above 1, where mean spend exists", remedy))
    frame["recency"], frame["T"] = 1.0, 1.0
    customers = Customers.read(frame, unit=unit)
    cells = spend_cells(customers, ())
    known = design(cells.groups, cells.group_sizes, ((),), None)
    priors = tuple(getattr(spec, name) for name in form.coordinates)
    scale = float(np.median(np.repeat(cells.monetary_value, cells.count.astype(np.int64))))
    density = GroupedPosterior(form, priors, spec.coefficient, spec.spread, known, cells.arrays, scale)
    return cls(spec, cells, density, *_posterior(density, fitter, spec, unit, setting), 0, customers)


def _customers(fitter: Any, kind: str, columns: tuple[str, ...]) -> pd.DataFrame:
    parameters = getattr(fitter, "params_", None)
    if type(fitter).__name__ != kind or parameters is None:
        got = type(fitter).__name__ if type(fitter).__name__ != kind else f"a {kind} that is not fitted"
        raise InputError(
            Fault("fitter", got, f"a fitted {kind}", "Fit it, and take the class of the same model.")
        )
    data = fitter.data
    weights = np.asarray(data["weights"] if "weights" in data else np.ones(len(data)))
    counts = weights.astype(np.int64)
    if not np.array_equal(counts, weights):
        raise InputError(
            Fault("fitter", "fractional weights", "whole numbers of customers", "Fit again with counts.")
        )
    frame = data[list(columns)].loc[data.index.repeat(counts)].reset_index(drop=True).astype(float)
    return frame.assign(customer_id=np.arange(len(frame)))


def _posterior(
    density: GroupedPosterior, fitter: Any, spec: Any, unit: Unit, setting: Setting
) -> tuple[Any, Any]:
    values = np.array([float(fitter.params_[name]) for name in density.parametrisation.parameters])
    u = density.parametrisation.inverse(values, density.scale)[None, None]
    penalty = float(getattr(fitter, "penalizer_coef", 0.0))
    text = (
        "Parameters taken from a lifetimes fitter; they are a point estimate, so intervals lack their doubt. "
        f"Its times are taken to be in units of a {unit}, which lifetimes does not keep."
    )
    if penalty:
        text += f" It was fitted with penalizer_coef={penalty}, whose strength depends on unit and sample."
    evidence = (Evidence("Taken from lifetimes", None, text),)
    draws = Draws(u, {}, evidence)
    attributes = describe(spec, density, unit) | {"setting": repr(setting), "seed": 0}
    return posterior_tree(density, draws, attributes), evidence
