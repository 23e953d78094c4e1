"""What relating classes to the outside found, as labelled tables."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit, logit

from segmodels.evidence import Evidence
from segmodels.segments.relate.figures import Figures, Method
from segmodels.segments.relate.join import Kind
from segmodels.segments.relate.tests_of_difference import (
    against_first,
    benjamini_hochberg,
    holm,
    two_sided,
    wald,
)

Array = NDArray[np.float64]

#: Standard errors either side of an estimate in a 95 per cent interval.
WIDTH = 1.959963984540054


@dataclass(frozen=True, eq=False, repr=False)
class Relation:
    """How classes depend on covariates, and outcomes on classes. Made by :func:`relate`.

    Parameters
    ----------
    method
        ``"ml"``, ``"bch"``, ``"two-step"`` or ``"naive"``.
    assignment
        ``"modal"`` or ``"proportional"``.
    reference
        Class whose coefficients are zero.
    coefficients
        Multinomial logit of class on covariates: ``class, covariate, category, coefficient, standard_error,
        z, p, odds_ratio, odds_ratio_low, odds_ratio_high``. `category` is that of a dummy, compared with the
        first category; empty for numbers. The reference class has no rows.
    outcomes
        ``outcome, category, class, estimate, standard_error, low, high``: means of numbers, shares of
        categories.
    tests
        Whether classes differ: ``variable, role, wald, df, p, p_holm, p_bh``; adjusted over the variables.
    differences
        Every pair of classes: ``variable, role, category, class, other_class, difference, standard_error, z,
        p, p_holm, p_bh``; adjusted over the pairs and categories of a variable. For covariates differences of
        coefficients.
    classification
        P(assigned | true): true classes in rows, assigned ones in columns.
    evidence
        What to know before relying on it.
    covariances
        By variable (``"coefficients"`` for all covariates together) the covariance of its figures, with class
        and category in rows and columns.
    """

    method: Method
    assignment: str
    reference: str
    coefficients: pd.DataFrame
    outcomes: pd.DataFrame
    tests: pd.DataFrame
    differences: pd.DataFrame
    classification: pd.DataFrame
    evidence: tuple[Evidence, ...]
    covariances: Mapping[str, pd.DataFrame]

    def __repr__(self) -> str:
        """Show the tests, and what was not passed."""
        lines = [f"Relation by {self.method} ({self.assignment} assignment)"]
        lines += [
            f"{row['role']} {row['variable']}: Wald {row['wald']:.2f} on {row['df']} df, p = {row['p']:.4g}"
            for row in self.tests.to_dict("records")
        ]
        return "\n".join(lines + [str(one) for one in self.evidence if one.passed is False])


@dataclass(frozen=True, eq=False)
class Part:
    """Figures of one variable: an outcome, or the coefficients of a covariate."""

    name: str
    role: str
    kind: Kind
    figures: Figures


def coefficient_table(parts: list[Part], names: tuple[str, ...], reference: int) -> pd.DataFrame:
    """One row for each class but the reference and each coefficient."""
    rows: list[dict[str, object]] = []
    for k, name in enumerate(names):
        for part in parts if k != reference else []:
            error = part.figures.error
            for c, category in enumerate(part.figures.labels):
                b, se = part.figures.estimate[k, c], error[k, c]
                rows.append(
                    {
                        "class": name,
                        "covariate": part.name,
                        "category": category,
                        "coefficient": b,
                        "standard_error": se,
                    }
                )
    columns = ["class", "covariate", "category", "coefficient", "standard_error"]
    table = _with_z(pd.DataFrame(rows, columns=columns), "coefficient")
    with np.errstate(over="ignore"):
        return table.assign(
            odds_ratio=np.exp(table["coefficient"]),
            odds_ratio_low=np.exp(table["coefficient"] - WIDTH * table["standard_error"]),
            odds_ratio_high=np.exp(table["coefficient"] + WIDTH * table["standard_error"]),
        )


def outcome_table(parts: list[Part], names: tuple[str, ...], *, bounded: bool) -> pd.DataFrame:
    """One row for each outcome, category and class.

    Parameters
    ----------
    bounded
        Whether shares and rates can not leave their range; then their intervals do not, either.
    """
    columns = ["outcome", "category", "class", "estimate", "standard_error", "low", "high"]
    rows: list[tuple[object, ...]] = []
    for part in parts:
        low, high = interval(
            part.figures.estimate, part.figures.error, part.kind if bounded else "continuous"
        )
        for c, category in enumerate(part.figures.labels):
            for k, name in enumerate(names):
                figure = part.figures.estimate[k, c], part.figures.error[k, c]
                rows.append((part.name, category, name, *figure, low[k, c], high[k, c]))
    return pd.DataFrame(rows, columns=columns)


def interval(estimate: Array, error: Array, kind: Kind) -> tuple[Array, Array]:
    """95 per cent interval: on the logit scale for shares, on the log scale for rates, else symmetric.

    Examples
    --------
    >>> low, high = interval(np.array([0.5]), np.array([0.1]), "categorical")
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.313], [0.687])
    """
    if kind == "categorical":
        inside = np.clip(estimate, 1e-300, 1 - 1e-16)
        away = WIDTH * error / (inside * (1 - inside))
        return expit(logit(inside) - away), expit(logit(inside) + away)
    if kind == "count":
        away = WIDTH * error / np.maximum(estimate, 1e-300)
        return estimate * np.exp(-away), estimate * np.exp(away)
    return estimate - WIDTH * error, estimate + WIDTH * error


def wald_table(parts: list[Part]) -> pd.DataFrame:
    """One row for each variable: whether the classes are alike."""
    rows: list[tuple[object, ...]] = []
    for part in parts:
        k, width = part.figures.estimate.shape
        # The last category follows from the others.
        free = list(range(width - 1 if part.role == "outcome" and part.kind == "categorical" else width))
        found = wald(part.figures.estimate.ravel(), part.figures.covariance, against_first(k, free, width))
        rows.append((part.name, part.role, found.statistic, found.df, found.p))
    table = pd.DataFrame(rows, columns=["variable", "role", "wald", "df", "p"])
    p = table["p"].to_numpy(np.float64)
    return table.assign(p_holm=holm(p), p_bh=benjamini_hochberg(p))


def difference_table(parts: list[Part], names: tuple[str, ...]) -> pd.DataFrame:
    """One row for each variable, category and pair of classes."""
    tables = [_differences(part, names) for part in parts]
    columns = [
        "variable",
        "role",
        "category",
        "class",
        "other_class",
        "difference",
        "standard_error",
        "z",
        "p",
    ]
    return (
        pd.concat(tables, ignore_index=True) if tables else pd.DataFrame(columns=[*columns, "p_holm", "p_bh"])
    )


def _differences(part: Part, names: tuple[str, ...]) -> pd.DataFrame:
    estimate, error = part.figures.estimate, part.figures.error
    k, width = estimate.shape
    spread = part.figures.covariance.reshape(k, width, k, width)
    rows: list[tuple[object, ...]] = []
    for c, category in enumerate(part.figures.labels):
        for a in range(k):
            for b in range(a + 1, k):
                variance = spread[a, c, a, c] + spread[b, c, b, c] - 2 * spread[a, c, b, c]
                # Next to a figure without error a difference has none, either.
                known = not np.isnan(error[a, c] + error[b, c])
                se = float(np.sqrt(max(variance, 0.0))) if known else float("nan")
                difference = estimate[a, c] - estimate[b, c]
                rows.append((part.name, part.role, category, names[a], names[b], difference, se))
    columns = ["variable", "role", "category", "class", "other_class", "difference", "standard_error"]
    table = _with_z(pd.DataFrame(rows, columns=columns), "difference")
    p = table["p"].to_numpy(np.float64)
    return table.assign(p_holm=holm(p), p_bh=benjamini_hochberg(p))


def _with_z(table: pd.DataFrame, estimate: str) -> pd.DataFrame:
    error = table["standard_error"].to_numpy(np.float64)
    figure = table[estimate].to_numpy(np.float64)
    z = np.divide(figure, error, out=np.full(len(table), np.nan), where=error > 0)
    return table.assign(z=z, p=two_sided(z))


def covariance_frame(figures: Figures, names: tuple[str, ...], labels: tuple[str, ...]) -> pd.DataFrame:
    """Covariance with class and label in rows and columns."""
    index = pd.MultiIndex.from_product([names, labels], names=["class", "category"])
    return pd.DataFrame(figures.covariance, index=index, columns=index)
