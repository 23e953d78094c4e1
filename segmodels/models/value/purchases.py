"""From a purchase spec and customers to what a fit is made of."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.design import Design, design
from segmodels.inference.fit import Draws, infer
from segmodels.inference.grouped import GroupedPosterior
from segmodels.inference.parametrisation import Parametrisation
from segmodels.inference.posterior import posterior_tree
from segmodels.inference.priors import Prior
from segmodels.inference.settings import Setting
from segmodels.models.value.arguments import check_fit
from segmodels.models.value.storage import describe
from segmodels.tables.cells import PurchaseCells, purchase_cells
from segmodels.tables.customers import Customers

Array = NDArray[np.float64]
_STARTS = ((-1.0, -1.0, -1.0, 0.7), (0.0, 0.0, -3.0, 3.0), (-2.0, -2.0, 0.0, 0.0), (2.0, 2.0, -5.0, 5.0))


@dataclass(frozen=True)
class Parts:
    """What a fit is made of; see :class:`~segmodels.models.value.purchase_fit.PurchaseFit`."""

    cells: PurchaseCells
    density: GroupedPosterior
    posterior: xr.DataTree
    evidence: tuple[Evidence, ...]


def covariate_columns(purchase: tuple[str, ...], dropout: tuple[str, ...], by: str | None) -> tuple[str, ...]:
    """Columns of the customers that the cells are grouped by.

    Examples
    --------
    >>> covariate_columns(("age",), ("age", "online"), None)
    ('age', 'online')
    """
    return tuple(dict.fromkeys((*purchase, *dropout, *(() if by is None else (by,)))))


def time_scale(cells: PurchaseCells) -> float:
    """Mean age of the customers; 1 where nobody has any age."""
    mean = float(np.average(cells.T, weights=cells.count))
    return mean if mean > 0 else 1.0


def grouped_density(
    form: Parametrisation, spec: Any, priors: tuple[Prior, ...], cells: PurchaseCells, known: Design
) -> GroupedPosterior:
    """Put form, priors and cells together."""
    return GroupedPosterior(
        form, priors, spec.coefficient, spec.spread, known, cells.arrays, time_scale(cells)
    )


def fit_purchases(
    form: Parametrisation,
    spec: Any,
    priors: tuple[Prior, ...],
    customers: Customers,
    setting: Setting,
    seed: int,
) -> Parts:
    """Group, fit and describe.

    Raises
    ------
    InputError
        Where there is no customer, a covariate does not vary, or the data look contractual.
    NotConverged
        With advice.
    """
    check_fit(spec, priors, customers, setting, seed)
    setting_evidence = () if customers.setting is None else (customers.setting,)
    cells = purchase_cells(customers, spec.columns)
    _require_customers(cells)
    covariates = (tuple(spec.purchase_covariates), tuple(spec.dropout_covariates))
    known = design(cells.groups, cells.group_sizes, covariates, spec.by)
    density = grouped_density(form, spec, priors, cells, known)
    starts = [np.zeros(density.size) for _ in _STARTS]
    for start, base in zip(starts, _STARTS, strict=True):
        start[:4] = base
    draws = infer(density, setting, seed, starts)
    evidence = (*setting_evidence, *draws.evidence)
    return Parts(cells, density, _tree(density, draws, spec, cells, setting, seed), evidence)


def _tree(
    density: GroupedPosterior, draws: Draws, spec: Any, cells: PurchaseCells, setting: Setting, seed: int
) -> xr.DataTree:
    attributes = describe(spec, density, cells.unit) | {"setting": repr(setting), "seed": seed}
    return posterior_tree(density, draws, attributes)


def _require_customers(cells: PurchaseCells) -> None:
    if not len(cells.count):
        raise InputError(
            Fault("customers", "none", "at least one customer", "Check the date given as until.")
        )


def one_time_buyers(cells: PurchaseCells) -> tuple[float, float]:
    """Share and number of customers who bought once."""
    once = float(cells.count[cells.frequency == 0].sum())
    return once / float(cells.count.sum()), once
