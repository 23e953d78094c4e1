"""Are the classes what they seem? Small ones, probabilities at the boundary, and classes that mirror a style."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.evidence import Evidence
from segmodels.inference.settings import MAP, Setting
from segmodels.models.needs.latent_class_tables import probabilities
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]
_SMALL = 0.05
_FEW = 30
_BOUNDARY = 1e-3
_MIRROR = 0.75
_LEAST_ITEMS = 3
# Average correlation between ratings above which a style may pass for needs.
_COMMON = 0.2


def class_evidence(fit: Any) -> tuple[Evidence, ...]:
    """Collect what the classes of a latent class fit say against themselves."""
    return (_smallest(fit), _boundary(fit), *_response_style(fit))


def weighted(responses: Responses) -> bool:
    """Whether respondents differ in weight, or were sampled by strata or clusters."""
    designed = responses.strata is not None or responses.cluster is not None
    return designed or not np.allclose(responses.weight, 1.0)


def design_evidence(responses: Responses, setting: Setting) -> tuple[Evidence, ...]:
    """Say that draws know nothing of the sampling design, where there is one."""
    if isinstance(setting, MAP) or not weighted(responses):
        return ()
    text = (
        "The draws take weights for counts and leave strata and clusters out: their intervals are too narrow or too "
        "wide. Tables of errors use the sandwich, which honours the design, unless told otherwise."
    )
    return (Evidence("Sampling design", False, text),)


def _smallest(fit: Any) -> Evidence:
    shares = fit.class_shares
    least, people = float(shares.min()), float(shares.min() * fit.n)
    passed = least >= _SMALL and people >= _FEW
    advice = "" if passed else " Estimates of so small a class move from sample to sample: try fewer classes."
    text = f"Class {shares.idxmin()} is {least:.1%} of respondents, about {people:,.0f}.{advice}"
    return Evidence("Smallest class", passed, text, shares.reset_index())


def _boundary(fit: Any) -> Evidence:
    value = probabilities(fit.problem, fit.theta)
    at = (value < _BOUNDARY) | (value > 1 - _BOUNDARY)
    text = f"{int(at.sum()):,} of {at.size:,} category probabilities are within {_BOUNDARY} of 0 or 1."
    if at.any():
        text += " Their standard errors say little; larger BayesConstants keep them away."
    return Evidence("Boundary", None, text)


def _response_style(fit: Any) -> tuple[Evidence, ...]:
    """Tell how much of what separates the classes is a common level of all rating scales."""
    ordinal = [j for j, item in enumerate(fit.problem.layout.items) if item.scale == "ordinal"]
    if len(ordinal) < _LEAST_ITEMS:
        return ()
    people = _person_means(fit, ordinal)
    found = (people,)
    if fit.n_classes > 1:
        found = (people, _mirror(fit, ordinal))
    return found


def _person_means(fit: Any, ordinal: list[int]) -> Evidence:
    """Share of the variance of standardised ratings that lies between respondents' own means."""
    codes, weight = fit.problem.data.codes[:, ordinal].astype(np.float64), fit.problem.weight
    codes[codes < 0] = np.nan
    seen = ~np.isnan(codes)
    mass = weight[:, None] * seen
    answered = seen.sum(axis=1)
    kept = answered >= _LEAST_ITEMS
    if not weight[kept].sum() > 0:
        text = f"Nobody answered {_LEAST_ITEMS} rating scales, so there is no telling."
        return Evidence("Response style", None, text)
    whole = np.maximum(mass.sum(axis=0), 1e-300)
    mean = np.nansum(mass * np.nan_to_num(codes), axis=0) / whole
    spread = np.sqrt(np.nansum(mass * (np.nan_to_num(codes) - mean) ** 2, axis=0) / whole)
    z = np.where(seen, (np.nan_to_num(codes) - mean) / np.where(spread > 0, spread, 1.0), 0.0)
    own = z[kept].sum(axis=1) / answered[kept]
    between = float(np.average(own**2, weights=weight[kept]))
    # Were answers to different items independent, a mean of J of them had 1 / J of the variance of one.
    chance = float(np.average(1 / answered[kept], weights=weight[kept]))
    common = max((between - chance) / (1 - chance), 0.0)
    distinct = np.array([len(set(row[known])) for row, known in zip(codes[kept], seen[kept], strict=True)])
    straight = float(np.average(distinct == 1, weights=weight[kept]))
    styled = any(place >= 0 for place in fit.problem.layout.style_at)
    doubtful = common > _COMMON and not styled
    advice = (
        " Respondents differ mostly in how high they rate everything: fit with style=('agreement',) and compare BIC."
        if doubtful
        else ""
    )
    text = (
        f"The average correlation between ratings is {common:.2f}; {straight:.1%} of respondents gave one and the "
        f"same answer to all {len(ordinal)} scales.{advice}"
    )
    table = pd.DataFrame({"common_variance": [common], "straight_lining": [straight]})
    return Evidence("Response style", not doubtful, text, table)


def _mirror(fit: Any, ordinal: list[int]) -> Evidence:
    """Share of the differences between classes that is the same for all items: classes high or low on everything."""
    means = standardised_means(fit, ordinal)
    share = fit.class_shares.to_numpy()
    centred = means - share @ means
    level = centred.mean(axis=1)
    whole = float(share @ (centred**2).mean(axis=1))
    common = float(share @ level**2) / whole if whole > 0 else 0.0
    styled = fit.problem.layout.style_at[0] >= 0
    mirrored = common > _MIRROR
    advice = ""
    if mirrored:
        advice = (
            " They differ in level even after the agreement style: look whether that is need or habit."
            if styled
            else " Such segments mirror how people use the scale: fit with style=('agreement',)."
        )
    text = f"{common:.0%} of what separates the classes is that one rates everything higher.{advice}"
    table = pd.DataFrame({"class": list(fit.names), "level": level})
    return Evidence("Mirror segments", not mirrored, text, table)


def standardised_means(fit: Any, ordinal: list[int]) -> Array:
    """Mean score of each class on each ordinal item, in standard deviations of the item, shape (K, items)."""
    value = probabilities(fit.problem, fit.theta)
    share, columns = fit.class_shares.to_numpy(), []
    for j in ordinal:
        _, size, row, _ = (int(part) for part in fit.problem.layout.table[j])
        p, score = value[row : row + size], np.arange(size, dtype=np.float64)
        mean = score @ p
        whole = p @ share
        sd = np.sqrt(score**2 @ whole - (score @ whole) ** 2)
        columns.append(mean / sd if sd > 0 else mean)
    return np.column_stack(columns)
