"""One row of figures for each number of classes."""

import math
from collections.abc import Mapping
from typing import Any, TypeGuard

import numpy as np
import pandas as pd

from segmodels.evaluate.classes.bootstrap_test import BootstrapTest
from segmodels.evaluate.classes.classification import classification
from segmodels.evaluate.classes.criteria import entropies, information_criteria
from segmodels.evaluate.classes.held_out import HeldOut, compare
from segmodels.evaluate.classes.residuals import bivariate_residuals
from segmodels.models.needs.latent_class import LatentClassFit
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.segments.typing_tool.joint import Effort
from segmodels.segments.typing_tool.selection import golden_questions

#: Enough for a comparison of numbers of classes; the typing tool itself searches harder.
_EFFORT = Effort(patterns=20_000, search_patterns=5_000, draws=10_000, search_draws=5_000, exhaustive=0)


def table_of(
    fits: Mapping[int, NeedsFit],
    missed: Mapping[int, float],
    scores: Mapping[int, HeldOut],
    tests: Mapping[int, BootstrapTest],
    typing: tuple[int, int],
) -> pd.DataFrame:
    """One row for each number of classes; see :class:`~segmodels.evaluate.classes.choose.ClassChoice`.

    Parameters
    ----------
    fits, missed, scores
        By the number of classes: the fits, by how much they miss their best optimum, and held-out scores, of which
        there may be none.
    tests
        By K, of K classes against K + 1.
    typing
        How many golden questions the typing accuracy is of, and the seed of simulated answers for it.
    """
    rows = [{"n_classes": k, **_figures(fit, *typing)} for k, fit in sorted(fits.items())]
    table = pd.DataFrame(rows).set_index("n_classes")
    table["missed_by"] = [missed[int(k)] for k in table.index]
    held = compare(dict(scores)) if scores else pd.DataFrame(index=table.index)
    missing = ["held_out", "held_out_se", "held_out_difference", "held_out_difference_se"]
    table = table.join(held.reindex(columns=missing))
    tested = {test.n_classes + 1: test.p for test in tests.values()}
    table["bootstrap_p"] = [tested.get(int(k), math.nan) for k in table.index]
    return table.reset_index()


def _figures(fit: NeedsFit, questions: int, seed: int) -> dict[str, float]:
    found = classification(fit)
    classes = {name: found.classes[name].to_numpy(np.float64) for name in ("share", "AvePP", "OCC")}
    times = fit.optima["times"].to_numpy(np.int64)
    return {
        **information_criteria(fit).drop("n").to_dict(),
        "parameters": fit.n_parameters,
        **entropies(fit).drop("entropy").to_dict(),
        "classification_error": found.error,
        "accuracy": found.accuracy,
        "typing_accuracy": _typing_accuracy(fit, questions, seed),
        "smallest_share": float(classes["share"].min()),
        "smallest_n": float(classes["share"].min()) * fit.n,
        # NaN, where nobody is assigned to a class, stays.
        "smallest_AvePP": float(classes["AvePP"].min()),
        "smallest_OCC": float(classes["OCC"].min()),
        "times_found": int(times[0]),
        "climbs": int(times.sum()),
        "largest_residual": _largest_residual(fit),
    }


def _largest_residual(fit: NeedsFit) -> float:
    """Largest bivariate residual; NaN where there are no pairs of coded items, or numbers beside them."""
    return (
        float(bivariate_residuals(fit)["residual"].to_numpy(np.float64)[0]) if _has_pairs(fit) else math.nan
    )


def residual_p(fit: NeedsFit, replicates: int, seed: int, workers: int | None) -> float:
    """Bootstrap p of the largest residual of all pairs; NaN where there is none, or no replicates."""
    if not replicates or not _has_pairs(fit):
        return math.nan
    found = bivariate_residuals(fit, replicates=replicates, seed=seed, workers=workers)
    return float(found["p_adjusted"].to_numpy(np.float64)[0])


def _has_pairs(fit: NeedsFit) -> TypeGuard[LatentClassFit]:
    return (
        isinstance(fit, LatentClassFit)
        and len(fit.problem.layout.items) > 1
        and not fit.problem.layout.numbers
    )


def _typing_accuracy(fit: NeedsFit, questions: int, seed: int) -> float:
    """Model-implied accuracy of the best few questions; NaN where answers are not coded items."""
    if not isinstance(fit, LatentClassFit) or fit.problem.layout.numbers:
        return math.nan
    components: Any = fit.components
    most = min(questions, len(components.items))
    found = golden_questions(components, [most], seed=seed, effort=_EFFORT)
    return found.sets[most].overall
