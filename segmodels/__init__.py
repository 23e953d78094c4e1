"""segmodels: customer segmentation with probability models.

The public names load when first used, so that ``import segmodels`` stays light.
"""

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_HOMES = {
    "Attributes": "segmodels.tables.attributes",
    "BGNBD": "segmodels.models.value.bg_nbd",
    "BGNBDFit": "segmodels.models.value.bg_nbd",
    "Customers": "segmodels.tables.customers",
    "Evidence": "segmodels.evidence",
    "Flat": "segmodels.inference.priors",
    "GammaGamma": "segmodels.models.value.gamma_gamma",
    "GammaGammaFit": "segmodels.models.value.gamma_gamma",
    "Infeasible": "segmodels.errors",
    "InputError": "segmodels.errors",
    "Laplace": "segmodels.inference.settings",
    "MAP": "segmodels.inference.settings",
    "MBGNBD": "segmodels.models.value.mbg_nbd",
    "MBGNBDFit": "segmodels.models.value.mbg_nbd",
    "NUTS": "segmodels.inference.settings",
    "Normal": "segmodels.inference.priors",
    "NotConverged": "segmodels.errors",
    "ParetoNBD": "segmodels.models.value.pareto_nbd",
    "ParetoNBDFit": "segmodels.models.value.pareto_nbd",
    "SoftBox": "segmodels.inference.priors",
    "StudentT": "segmodels.inference.priors",
    "Transactions": "segmodels.tables.transactions",
    "lifetime_value": "segmodels.models.value.lifetime_value",
}

__all__ = ["__version__", *_HOMES]  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    """Load a public name from its home (PEP 562)."""
    if name not in _HOMES:
        raise AttributeError(f"module 'segmodels' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
