"""What the page on needs can show, in parts: plain frames in full precision."""

from dataclasses import dataclass

import pandas as pd

from segmodels.evidence import Evidence


@dataclass(frozen=True)
class NeedsHeadline:
    """The figures that a reader takes away.

    Parameters
    ----------
    respondents
        How many answered.
    segments
        How many there are.
    recommended
        How many are recommended, where it was asked.
    customers
        In the whole base, where it was projected.
    """

    respondents: float
    segments: int
    recommended: int | None = None
    customers: int | None = None


@dataclass(frozen=True, eq=False)
class ClassNumber:
    """How many classes.

    Parameters
    ----------
    table
        One row for each number: ``n_classes``; and any of ``log_likelihood, parameters, AIC, AIC3, BIC, CAIC,
        aBIC, ICL, held_out, held_out_se, relative_entropy, entropy_r_squared, accuracy, typing_accuracy,
        smallest_share, smallest_AvePP, times_found, climbs, largest_residual, bootstrap_p``. Other columns are
        shown as they are.
    best
        The number recommended.
    reasons
        Why, in sentences.
    """

    table: pd.DataFrame
    best: int | None = None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Outside:
    """How classes relate to what lies outside the survey.

    Parameters
    ----------
    method
        Of the estimates, in words.
    coefficients
        ``class, covariate, category, odds_ratio, odds_ratio_low, odds_ratio_high``; where known
        ``coefficient, standard_error, p``.
    outcomes
        ``outcome, category, class, estimate, low, high``; the category is empty for means.
    tests
        ``variable, role, wald, df, p``; where known ``p_holm``.
    differences
        ``variable, category, class, other_class, difference, standard_error, p``; where known ``p_holm``.
    reference
        The class that the others are compared with.
    evidence
        What to know before relying on it.
    """

    method: str = ""
    coefficients: pd.DataFrame | None = None
    outcomes: pd.DataFrame | None = None
    tests: pd.DataFrame | None = None
    differences: pd.DataFrame | None = None
    reference: str = ""
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, eq=False)
class Typing:
    """The golden questions.

    Parameters
    ----------
    curve
        ``q, accuracy``; where known ``worst_recall, worst_segment, standard_error, value_lost, questions``.
    questions
        Those chosen, as they are worded, in the order of asking.
    numbers
        ``number, value``; where known ``standard_error, worst_segment, worst_recall, of``: accuracy, its
        ceiling, agreement, and baselines beside each other.
    segments
        ``segment, recall, precision``; where known ``share, ceiling_recall, agreement_recall,
        cross_validated_recall``.
    confusion
        Shares of people: true segments in rows, segments placed in as columns.
    evidence
        The verdicts.
    """

    curve: pd.DataFrame | None = None
    questions: tuple[str, ...] = ()
    numbers: pd.DataFrame | None = None
    segments: pd.DataFrame | None = None
    confusion: pd.DataFrame | None = None
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, eq=False)
class WholeBase:
    """The segments of every customer, projected from the survey.

    Parameters
    ----------
    verdict
        Whether there is a signal at all.
    sizes
        ``segment, customers, low, high``.
    value
        ``segment, value, low, high``; where known ``mean_value``.
    lift
        Of held-out respondents: ``segment, decile, predicted, observed, lift``; where known ``respondents,
        captured``.
    evidence
        Whether calibration, totals, weights and the reach of the survey hold up.
    """

    verdict: Evidence | None = None
    sizes: pd.DataFrame | None = None
    value: pd.DataFrame | None = None
    lift: pd.DataFrame | None = None
    evidence: tuple[Evidence, ...] = ()


#: Part of the page → its frames → the columns that each must have.
REQUIRED: dict[str, dict[str, tuple[str, ...]]] = {
    "classes": {"table": ("n_classes",)},
    "outside": {
        "coefficients": (
            "class",
            "covariate",
            "category",
            "odds_ratio",
            "odds_ratio_low",
            "odds_ratio_high",
        ),
        "outcomes": ("outcome", "category", "class", "estimate", "low", "high"),
        "tests": ("variable", "role", "wald", "df", "p"),
        "differences": (
            "variable",
            "category",
            "class",
            "other_class",
            "difference",
            "standard_error",
            "p",
        ),
    },
    "typing": {
        "curve": ("q", "accuracy"),
        "numbers": ("number", "value"),
        "segments": ("segment", "recall", "precision"),
        "confusion": (),
    },
    "base": {
        "sizes": ("segment", "customers", "low", "high"),
        "value": ("segment", "value", "low", "high"),
        "lift": ("segment", "decile", "predicted", "observed", "lift"),
    },
}
