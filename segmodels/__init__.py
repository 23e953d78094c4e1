"""segmodels: customer segmentation with probability models.

The public names load when first used, so that ``import segmodels`` stays light.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from segmodels.errors import Infeasible as Infeasible
    from segmodels.errors import InputError as InputError
    from segmodels.errors import NotConverged as NotConverged
    from segmodels.evaluate.backtest import backtest as backtest
    from segmodels.evaluate.choice import compare as compare
    from segmodels.evaluate.choice import loo as loo
    from segmodels.evaluate.tracking import tracking as tracking
    from segmodels.evidence import Evidence as Evidence
    from segmodels.inference.priors import Flat as Flat
    from segmodels.inference.priors import Normal as Normal
    from segmodels.inference.priors import SoftBox as SoftBox
    from segmodels.inference.priors import StudentT as StudentT
    from segmodels.inference.settings import MAP as MAP
    from segmodels.inference.settings import NUTS as NUTS
    from segmodels.inference.settings import Laplace as Laplace
    from segmodels.inference.starts import Starts as Starts
    from segmodels.models.needs.constants import BayesConstants as BayesConstants
    from segmodels.models.needs.latent_class import LatentClass as LatentClass
    from segmodels.models.needs.latent_class import LatentClassFit as LatentClassFit
    from segmodels.models.value.bg_nbd import BGNBD as BGNBD
    from segmodels.models.value.bg_nbd import BGNBDFit as BGNBDFit
    from segmodels.models.value.gamma_gamma import GammaGamma as GammaGamma
    from segmodels.models.value.gamma_gamma import GammaGammaFit as GammaGammaFit
    from segmodels.models.value.lifetime_value import LifetimeValue as LifetimeValue
    from segmodels.models.value.lifetime_value import lifetime_value as lifetime_value
    from segmodels.models.value.mbg_nbd import MBGNBD as MBGNBD
    from segmodels.models.value.mbg_nbd import MBGNBDFit as MBGNBDFit
    from segmodels.models.value.pareto_nbd import ParetoNBD as ParetoNBD
    from segmodels.models.value.pareto_nbd import ParetoNBDFit as ParetoNBDFit
    from segmodels.segments.concentration import concentration as concentration
    from segmodels.segments.rfm import rfm as rfm
    from segmodels.tables.segmentation import Segmentation as Segmentation
    from segmodels.segments.tiers import lifetime_tiers as lifetime_tiers
    from segmodels.segments.tiers import value_tiers as value_tiers
    from segmodels.segments.value import value_deciles as value_deciles
    from segmodels.tables.attributes import Attributes as Attributes
    from segmodels.tables.codebook import Codebook as Codebook
    from segmodels.tables.codebook import Item as Item
    from segmodels.tables.customers import Customers as Customers
    from segmodels.tables.responses import Responses as Responses
    from segmodels.tables.transactions import Transactions as Transactions

__version__ = "0.1.0"

_HOMES = {
    "Attributes": "segmodels.tables.attributes",
    "BayesConstants": "segmodels.models.needs.constants",
    "BGNBD": "segmodels.models.value.bg_nbd",
    "BGNBDFit": "segmodels.models.value.bg_nbd",
    "Codebook": "segmodels.tables.codebook",
    "Customers": "segmodels.tables.customers",
    "Evidence": "segmodels.evidence",
    "Flat": "segmodels.inference.priors",
    "GammaGamma": "segmodels.models.value.gamma_gamma",
    "GammaGammaFit": "segmodels.models.value.gamma_gamma",
    "Infeasible": "segmodels.errors",
    "InputError": "segmodels.errors",
    "Item": "segmodels.tables.codebook",
    "Laplace": "segmodels.inference.settings",
    "LatentClass": "segmodels.models.needs.latent_class",
    "LatentClassFit": "segmodels.models.needs.latent_class",
    "LifetimeValue": "segmodels.models.value.lifetime_value",
    "MAP": "segmodels.inference.settings",
    "MBGNBD": "segmodels.models.value.mbg_nbd",
    "MBGNBDFit": "segmodels.models.value.mbg_nbd",
    "NUTS": "segmodels.inference.settings",
    "Normal": "segmodels.inference.priors",
    "NotConverged": "segmodels.errors",
    "ParetoNBD": "segmodels.models.value.pareto_nbd",
    "ParetoNBDFit": "segmodels.models.value.pareto_nbd",
    "Responses": "segmodels.tables.responses",
    "Segmentation": "segmodels.tables.segmentation",
    "SoftBox": "segmodels.inference.priors",
    "Starts": "segmodels.inference.starts",
    "StudentT": "segmodels.inference.priors",
    "Transactions": "segmodels.tables.transactions",
    "backtest": "segmodels.evaluate.backtest",
    "compare": "segmodels.evaluate.choice",
    "concentration": "segmodels.segments.concentration",
    "lifetime_tiers": "segmodels.segments.tiers",
    "lifetime_value": "segmodels.models.value.lifetime_value",
    "loo": "segmodels.evaluate.choice",
    "rfm": "segmodels.segments.rfm",
    "tracking": "segmodels.evaluate.tracking",
    "value_deciles": "segmodels.segments.value",
    "value_tiers": "segmodels.segments.tiers",
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
