"""How well answers that a model of the wallet did not see were predicted: coverage, transform, losses."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from segmodels.evaluate.wallet.scores import PINBALL
from segmodels.evidence import Evidence

Array = NDArray[np.float64]
#: Central intervals that are looked at.
NOMINAL: tuple[float, ...] = (0.5, 0.8, 0.95)
#: Probability that a right model does not pass.
_ALPHA = 0.01


@dataclass(frozen=True, eq=False, repr=False)
class Calibration:
    """How well answers that the model did not see were predicted.

    Made by :func:`~segmodels.evaluate.wallet.cross_validation.cross_validated`.

    Parameters
    ----------
    coverage
        ``nominal, actual, low, high, customers``: central intervals, and how much of the answers they held; the ends
        are Wilson's 95 % interval of the actual coverage.
    pit
        ``fold, pit``: one row an answer, the randomised probability integral transform.
    scores
        ``quantile, model, mean_imputation, difference, standard_error``: mean quantile loss
        (:func:`segmodels.evaluate.wallet.interval_loss.interval_losses`) in units of the mean answer, of the model
        and of giving everybody the quantiles of the answers; the last row is the mean of all.
    folds
        How many.
    left_out
        Answers of customers of whom the model says nothing.
    """

    coverage: pd.DataFrame
    pit: pd.DataFrame
    scores: pd.DataFrame
    folds: int
    left_out: int = 0

    def __repr__(self) -> str:
        """Say the coverage."""
        return f"Calibration of {len(self.pit):,} answers: {self.text}"

    @property
    def text(self) -> str:
        """The coverage in words."""
        rows = self.coverage.to_dict("records")
        held = ", ".join(f"{row['nominal']:.0%} intervals held {row['actual']:.0%}" for row in rows)
        return f"{held} of the answers that were hidden from the model"

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Coverage, and the losses beside mean imputation."""
        return _covered(self), _scored(self)


def coverage_table(start: Array, end: Array, nominal: Sequence[float] = NOMINAL) -> pd.DataFrame:
    """Tabulate how much of the answers lies in central intervals.

    An answer that covers a range of the transform counts by the part of the range that is inside.

    Parameters
    ----------
    start, end
        Ranges of the transform, shape (n,).
    nominal
        Probabilities of the intervals.

    Examples
    --------
    >>> table = coverage_table(np.array([0.0, 0.4, 0.99]), np.array([0.5, 0.4, 0.99]), (0.8,))
    >>> table["actual"].round(3).tolist()
    [0.6]
    """
    rows: list[dict[str, float]] = []
    n, z = len(start), 1.96
    for level in nominal:
        lower, upper = (1 - level) / 2, (1 + level) / 2
        inside = ((start >= lower) & (start <= upper)).astype(np.float64)
        part = np.clip(np.minimum(end, upper) - np.maximum(start, lower), 0.0, None)
        held = np.divide(part, end - start, out=inside, where=end > start)
        p = float(held.mean())
        centre, spread = (p + z**2 / (2 * n)) / (1 + z**2 / n), np.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
        half = z * spread / (1 + z**2 / n)
        rows.append(
            {
                "nominal": level,
                "actual": p,
                "low": max(0.0, min(p, centre - half)),
                "high": min(1.0, max(p, centre + half)),
                "customers": n,
            }
        )
    return pd.DataFrame(rows)


def score_table(losses: Array) -> pd.DataFrame:
    """Tabulate mean losses from those of each customer, shape (2, n, L)."""
    both = np.concatenate([losses, losses.mean(axis=2, keepdims=True)], axis=2)
    difference = both[0] - both[1]
    n = len(difference)
    return pd.DataFrame(
        {
            "quantile": [*(f"{level:g}" for level in PINBALL), "mean"],
            "model": both[0].mean(axis=0),
            "mean_imputation": both[1].mean(axis=0),
            "difference": difference.mean(axis=0),
            "standard_error": difference.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.nan,
        }
    )


def _covered(found: Calibration) -> Evidence:
    nominal, actual = (found.coverage[name].to_numpy(np.float64) for name in ("nominal", "actual"))
    n = len(found.pit)
    reach = float(ndtri(1 - _ALPHA / (2 * len(nominal)))) * np.sqrt(nominal * (1 - nominal) / n)
    away = actual - nominal
    off = np.abs(away) > reach
    text = f"{found.text[0].upper()}{found.text[1:]} ({n:,}, {found.folds}-fold cross-validation)."
    if off.any():
        side = "too narrow" if away[np.argmax(np.abs(away) / reach)] < 0 else "too wide"
        text += f" That is more than chance: intervals are {side}; try another scale or other errors."
    if found.left_out:
        text += f" {found.left_out:,} answers of customers of whom the model says nothing were left out."
    return Evidence("cross-validated coverage", not off.any(), text, found.coverage)


def _scored(found: Calibration) -> Evidence:
    whole = found.scores.iloc[-1]
    model, simple, error = (float(whole[name]) for name in ("model", "mean_imputation", "standard_error"))
    worse = model - simple > 2 * error
    text = (
        f"Quantile loss of hidden answers is {model:.3f} of the mean answer; giving everybody the quantiles of the "
        f"answers loses {simple:.3f}."
    )
    if worse:
        text += " The model is worse than no model: what it takes from own spend misleads it."
    passed = not worse if np.isfinite(error) else None
    return Evidence("cross-validated loss beside mean imputation", passed, text, found.scores)
