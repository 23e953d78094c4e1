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
    from segmodels.evaluate.classes.bootstrap_test import (
        bootstrap_likelihood_ratio as bootstrap_likelihood_ratio,
    )
    from segmodels.evaluate.classes.choose import choose_classes as choose_classes
    from segmodels.evaluate.classes.classification import classification as classification
    from segmodels.evaluate.classes.criteria import information_criteria as information_criteria
    from segmodels.evaluate.classes.residuals import bivariate_residuals as bivariate_residuals
    from segmodels.evaluate.classes.residuals import goodness_of_fit as goodness_of_fit
    from segmodels.evaluate.tracking import tracking as tracking
    from segmodels.evaluate.wallet.masked_truth import masked_truth as masked_truth
    from segmodels.evidence import Evidence as Evidence
    from segmodels.inference.priors import Flat as Flat
    from segmodels.inference.priors import Normal as Normal
    from segmodels.inference.priors import SoftBox as SoftBox
    from segmodels.inference.priors import StudentT as StudentT
    from segmodels.inference.settings import MAP as MAP
    from segmodels.inference.settings import NUTS as NUTS
    from segmodels.inference.settings import Laplace as Laplace
    from segmodels.inference.starts import Starts as Starts
    from segmodels.models.needs.best_worst import BestWorst as BestWorst
    from segmodels.models.needs.best_worst import BestWorstFit as BestWorstFit
    from segmodels.models.needs.constants import BayesConstants as BayesConstants
    from segmodels.models.needs.latent_class import LatentClass as LatentClass
    from segmodels.models.needs.latent_class import LatentClassFit as LatentClassFit
    from segmodels.models.needs.ranked_needs import RankedNeeds as RankedNeeds
    from segmodels.models.needs.ranked_needs import RankedNeedsFit as RankedNeedsFit
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
    from segmodels.models.wallet.categories import WalletCategories as WalletCategories
    from segmodels.models.wallet.categories import WalletCategoriesFit as WalletCategoriesFit
    from segmodels.models.wallet.counts import WalletCounts as WalletCounts
    from segmodels.models.wallet.counts import WalletCountsFit as WalletCountsFit
    from segmodels.models.wallet.frontier import WalletFrontier as WalletFrontier
    from segmodels.models.wallet.frontier import WalletFrontierFit as WalletFrontierFit
    from segmodels.models.wallet.frontier_anchor import MeanShare as MeanShare
    from segmodels.models.wallet.look_alikes import target_shares as target_shares
    from segmodels.models.wallet.predictive_checks import wallet_checks as wallet_checks
    from segmodels.models.wallet.share import WalletShare as WalletShare
    from segmodels.models.wallet.share import WalletShareFit as WalletShareFit
    from segmodels.report.scorer.files import write_scorer as write_scorer
    from segmodels.segments.concentration import concentration as concentration
    from segmodels.segments.derived_importance import derived_importance as derived_importance
    from segmodels.segments.draft_names import draft_names as draft_names
    from segmodels.segments.kano import KanoAnswers as KanoAnswers
    from segmodels.segments.kano import KanoFeature as KanoFeature
    from segmodels.segments.kano import kano as kano
    from segmodels.segments.needs_roles import needs_roles as needs_roles
    from segmodels.segments.opportunity import opportunity as opportunity
    from segmodels.segments.personas import personas as personas
    from segmodels.segments.price_axis import price_axis as price_axis
    from segmodels.segments.profile import profile as profile
    from segmodels.segments.projection.projection import Projection as Projection
    from segmodels.segments.relate.relate import relate as relate
    from segmodels.segments.rfm import rfm as rfm
    from segmodels.segments.soft_segments import SoftSegments as SoftSegments
    from segmodels.segments.tiers import lifetime_tiers as lifetime_tiers
    from segmodels.segments.tiers import value_tiers as value_tiers
    from segmodels.segments.typing_tool.selection import golden_questions as golden_questions
    from segmodels.segments.typing_tool.tool import TypingTool as TypingTool
    from segmodels.segments.typing_tool.tool import typing_tool as typing_tool
    from segmodels.segments.typing_tool.validation import validate_typing_tool as validate_typing_tool
    from segmodels.segments.value import value_deciles as value_deciles
    from segmodels.segments.wallet.bands import potential_bands as potential_bands
    from segmodels.segments.wallet.selection import respondents as respondents
    from segmodels.segments.wallet.smearing import smeared as smeared
    from segmodels.segments.wallet.survey_plan import survey_plan as survey_plan
    from segmodels.segments.wallet.tipping_points import tipping_points as tipping_points
    from segmodels.segments.wallet.totals import wallet_totals as wallet_totals
    from segmodels.segments.wallet.value_grid import value_grid as value_grid
    from segmodels.tables.attributes import Attributes as Attributes
    from segmodels.tables.codebook import Codebook as Codebook
    from segmodels.tables.codebook import Item as Item
    from segmodels.tables.customers import Customers as Customers
    from segmodels.tables.responses import Responses as Responses
    from segmodels.tables.segmentation import Segmentation as Segmentation
    from segmodels.tables.simulate_answers import simulate_survey as simulate_survey
    from segmodels.tables.simulate_wallets import simulate_wallets as simulate_wallets
    from segmodels.tables.transactions import Transactions as Transactions
    from segmodels.tables.wallets import Wallets as Wallets

__version__ = "0.1.0"

_HOMES = {
    "Attributes": "segmodels.tables.attributes",
    "BGNBD": "segmodels.models.value.bg_nbd",
    "BGNBDFit": "segmodels.models.value.bg_nbd",
    "BayesConstants": "segmodels.models.needs.constants",
    "BestWorst": "segmodels.models.needs.best_worst",
    "BestWorstFit": "segmodels.models.needs.best_worst",
    "Codebook": "segmodels.tables.codebook",
    "Customers": "segmodels.tables.customers",
    "Evidence": "segmodels.evidence",
    "Flat": "segmodels.inference.priors",
    "GammaGamma": "segmodels.models.value.gamma_gamma",
    "GammaGammaFit": "segmodels.models.value.gamma_gamma",
    "Infeasible": "segmodels.errors",
    "InputError": "segmodels.errors",
    "Item": "segmodels.tables.codebook",
    "KanoAnswers": "segmodels.segments.kano",
    "KanoFeature": "segmodels.segments.kano",
    "Laplace": "segmodels.inference.settings",
    "LatentClass": "segmodels.models.needs.latent_class",
    "LatentClassFit": "segmodels.models.needs.latent_class",
    "LifetimeValue": "segmodels.models.value.lifetime_value",
    "MAP": "segmodels.inference.settings",
    "MBGNBD": "segmodels.models.value.mbg_nbd",
    "MBGNBDFit": "segmodels.models.value.mbg_nbd",
    "MeanShare": "segmodels.models.wallet.frontier_anchor",
    "NUTS": "segmodels.inference.settings",
    "Normal": "segmodels.inference.priors",
    "NotConverged": "segmodels.errors",
    "ParetoNBD": "segmodels.models.value.pareto_nbd",
    "ParetoNBDFit": "segmodels.models.value.pareto_nbd",
    "Projection": "segmodels.segments.projection.projection",
    "RankedNeeds": "segmodels.models.needs.ranked_needs",
    "RankedNeedsFit": "segmodels.models.needs.ranked_needs",
    "Responses": "segmodels.tables.responses",
    "Segmentation": "segmodels.tables.segmentation",
    "SoftBox": "segmodels.inference.priors",
    "SoftSegments": "segmodels.segments.soft_segments",
    "Starts": "segmodels.inference.starts",
    "StudentT": "segmodels.inference.priors",
    "Transactions": "segmodels.tables.transactions",
    "TypingTool": "segmodels.segments.typing_tool.tool",
    "WalletCategories": "segmodels.models.wallet.categories",
    "WalletCategoriesFit": "segmodels.models.wallet.categories",
    "WalletCounts": "segmodels.models.wallet.counts",
    "WalletCountsFit": "segmodels.models.wallet.counts",
    "WalletFrontier": "segmodels.models.wallet.frontier",
    "WalletFrontierFit": "segmodels.models.wallet.frontier",
    "WalletShare": "segmodels.models.wallet.share",
    "WalletShareFit": "segmodels.models.wallet.share",
    "Wallets": "segmodels.tables.wallets",
    "backtest": "segmodels.evaluate.backtest",
    "bivariate_residuals": "segmodels.evaluate.classes.residuals",
    "bootstrap_likelihood_ratio": "segmodels.evaluate.classes.bootstrap_test",
    "choose_classes": "segmodels.evaluate.classes.choose",
    "classification": "segmodels.evaluate.classes.classification",
    "compare": "segmodels.evaluate.choice",
    "concentration": "segmodels.segments.concentration",
    "derived_importance": "segmodels.segments.derived_importance",
    "draft_names": "segmodels.segments.draft_names",
    "golden_questions": "segmodels.segments.typing_tool.selection",
    "goodness_of_fit": "segmodels.evaluate.classes.residuals",
    "information_criteria": "segmodels.evaluate.classes.criteria",
    "kano": "segmodels.segments.kano",
    "lifetime_tiers": "segmodels.segments.tiers",
    "lifetime_value": "segmodels.models.value.lifetime_value",
    "loo": "segmodels.evaluate.choice",
    "masked_truth": "segmodels.evaluate.wallet.masked_truth",
    "needs_roles": "segmodels.segments.needs_roles",
    "opportunity": "segmodels.segments.opportunity",
    "personas": "segmodels.segments.personas",
    "potential_bands": "segmodels.segments.wallet.bands",
    "price_axis": "segmodels.segments.price_axis",
    "profile": "segmodels.segments.profile",
    "relate": "segmodels.segments.relate.relate",
    "respondents": "segmodels.segments.wallet.selection",
    "rfm": "segmodels.segments.rfm",
    "simulate_survey": "segmodels.tables.simulate_answers",
    "simulate_wallets": "segmodels.tables.simulate_wallets",
    "smeared": "segmodels.segments.wallet.smearing",
    "survey_plan": "segmodels.segments.wallet.survey_plan",
    "target_shares": "segmodels.models.wallet.look_alikes",
    "tipping_points": "segmodels.segments.wallet.tipping_points",
    "tracking": "segmodels.evaluate.tracking",
    "typing_tool": "segmodels.segments.typing_tool.tool",
    "validate_typing_tool": "segmodels.segments.typing_tool.validation",
    "value_deciles": "segmodels.segments.value",
    "value_grid": "segmodels.segments.wallet.value_grid",
    "value_tiers": "segmodels.segments.tiers",
    "wallet_checks": "segmodels.models.wallet.predictive_checks",
    "wallet_totals": "segmodels.segments.wallet.totals",
    "write_scorer": "segmodels.report.scorer.files",
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
