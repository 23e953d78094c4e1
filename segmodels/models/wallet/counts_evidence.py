"""What a fit of WalletCounts found out about itself."""

import numpy as np
import pandas as pd

from segmodels.errors import NotConverged
from segmodels.evidence import Evidence
from segmodels.inference.grouped import GroupedPosterior
from segmodels.likelihoods import nbd_dirichlet
from segmodels.models.wallet.block import Array
from segmodels.models.wallet.counts_cells import CountsCells
from segmodels.models.wallet.counts_spend import SpendElsewhere, disagreeing

_SURE = 0.95
_MOST_DISAGREEING = 0.05
_FEW_SPENDS = 30
_DRAWS, _GROUPS = 200, 100
_FEWEST_EXPECTED = 5.0
_P_VALUE, _TOTAL_VARIATION = 0.01, 0.03
_NAME = "Own purchases of the others"


def sign(density: GroupedPosterior, u: Array) -> Evidence:
    """Say what own purchases tell of purchases elsewhere: the sign of phi - r; ``u`` has shape (draws, k)."""
    values = density.parametrisation.forward(u[:, : density.base], density.scale)
    r, phi = values[:, 0], values[:, 2]
    above = float((phi > r).mean())
    covariance = nbd_dirichlet.rate_covariance(*np.moveaxis(values, -1, 0))
    table = pd.DataFrame(
        {
            "r": [r.mean()],
            "phi": [phi.mean()],
            "probability_phi_above_r": [above],
            "covariance_of_rates": [covariance.mean()],
        }
    )
    figures = f"phi is {phi.mean():.3g} and r {r.mean():.3g}"
    unsure = len(u) > 1 and 1 - _SURE < above < _SURE
    close = abs(np.log(phi / r).mean()) < 0.1
    if unsure or close:
        text = (
            f"{figures}, so close that who buys more here buys neither clearly more nor less elsewhere: own "
            "purchases say almost nothing of the rest, and every customer gets about the same forecast."
        )
    elif above > 0.5:
        text = f"{figures}: who buys more here tends to buy more elsewhere, too, as heavy buyers do."
    else:
        text = f"{figures}: who buys more here tends to buy less elsewhere, as loyal buyers do."
    return Evidence("Own and elsewhere purchases", None, text, table)


def answers(answered: pd.DataFrame, spend: SpendElsewhere, *, only: int) -> tuple[Evidence, ...]:
    """Judge whether purchases and spend agree, and describe spend per purchase elsewhere.

    Parameters
    ----------
    answered
        Answers about spend.
    only
        How many more are about purchases only.
    """
    wrong = disagreeing(answered)
    part = float(wrong.mean())
    text = (
        f"{wrong.sum():,} of {len(answered):,} answers name purchases elsewhere without spend, or spend without "
        "purchases; they count as to purchases, and not as to spend per purchase."
        if wrong.any()
        else f"In all {len(answered):,} answers purchases and spend elsewhere go together."
    )
    text += f" A further {only:,} name purchases only, and count as to purchases." if only else ""
    # no ids: evidence is saved with the fit
    examples = (
        answered.loc[wrong, ["purchases", "total_purchases", "low", "high"]].head(3).reset_index(drop=True)
    )
    agree = Evidence("Purchases and spend agree", part <= _MOST_DISAGREEING, text, examples)
    sd = np.sqrt(spend.rate / (spend.shape - 1))
    slope, error = spend.coefficients[1], sd * np.sqrt(spend.covariance[1, 1])
    text = (
        f"{spend.answers:,} answers name purchases and spend elsewhere. Twice the spend per purchase here goes with "
        f"{2**slope - 1:+.0%} elsewhere; around that it varies by a factor of about {np.exp(sd):.2f}."
    )
    few = spend.answers < _FEW_SPENDS
    text += " So few answers leave much to the prior." if few else ""
    figures = {
        "answers": spend.answers,
        "slope": slope,
        "slope_sd": error,
        "log_sd": sd,
        "part": spend.part,
        "unsure": spend.unsure,
    }
    return agree, Evidence(
        "Spend per purchase elsewhere", False if few else None, text, pd.DataFrame([figures])
    )


def of_others(
    density: GroupedPosterior, u: Array, others: CountsCells | None, seed: int, *, used: bool
) -> Evidence:
    """Judge whether the posterior explains how often customers without an answer buy here.

    Chi-square of their own purchases k against the mean prediction L(k), beside that of replicates, one for each
    posterior draw. A difference below a total variation of 0.03 is passed even where many customers make it
    significant.

    Parameters
    ----------
    density
        The posterior, with the design of the others' groups.
    u
        Draws, shape (draws, k).
    others
        Customers of the frame without an answer.
    used
        Whether they took part in the fit.
    """
    if others is None or not others.count.sum():
        return Evidence(_NAME, None, "There are no customers without an answer to compare with.")
    picked = u[np.linspace(0, len(u) - 1, min(len(u), _DRAWS)).astype(np.int64)]
    observed, expected = _tabulated(density, picked, others)
    observed, expected = _pooled(observed, expected)
    if len(observed) < 2:
        return Evidence(_NAME, None, "There are too few customers without an answer to compare with.")
    n, mean = observed.sum(), expected.mean(axis=0)
    rng = np.random.default_rng([seed, 3])
    replicates = rng.multinomial(int(n), expected / expected.sum(axis=1, keepdims=True))
    chi_square = float(((observed - mean) ** 2 / mean).sum())
    p_value = float((((replicates - mean) ** 2 / mean).sum(axis=1) >= chi_square).mean())
    distance = float(np.abs(observed - mean).sum() / n / 2)
    passed = None if used or len(u) == 1 else bool(p_value >= _P_VALUE or distance < _TOTAL_VARIATION)
    text = (
        f"Predicted and observed numbers of own purchases of the customers without an answer differ by a total "
        f"variation of {distance:.3f} (p {p_value:.2g})."
    )
    text += " They took part in the fit." if used else ""
    text += " One point of the posterior says nothing of its own error." if len(u) == 1 and not used else ""
    if passed is False:
        text += " Those who answered buy otherwise: the survey is selective, or frame= or the model is wrong."
    return Evidence(_NAME, passed, text, pd.DataFrame({"observed": observed, "expected": mean}))


def _tabulated(density: GroupedPosterior, u: Array, others: CountsCells) -> tuple[Array, Array]:
    """Count customers by k, shape (K,), and those expected under each draw, shape (draws, K); the last k is open."""
    sizes, group = others.group_sizes, others.group
    chosen = np.unique(np.linspace(0, len(sizes) - 1, min(len(sizes), _GROUPS)).astype(np.int64))
    rows = np.isin(group, chosen)
    top = int(others.k[rows].max())
    observed = np.bincount(others.k[rows], others.count[rows], top + 1)
    parameters = density.parameters(u, chosen)[:, :, None, :]
    k = np.arange(top)
    pmf = np.exp(
        nbd_dirichlet.log_density(k, -1, *np.moveaxis(parameters, -1, 0), frame=int(others.frame[0]))
    )
    if not np.isfinite(pmf).all():
        raise NotConverged("Under some draws the purchases have no end.", "Give informative priors.")
    expected = np.einsum("g,dgk->dk", sizes[chosen], pmf)
    rest = np.maximum(sizes[chosen].sum() - expected.sum(axis=1, keepdims=True), 0.0)
    return observed, np.concatenate([expected, rest], axis=1)


def _pooled(observed: Array, expected: Array) -> tuple[Array, Array]:
    """Join neighbouring k until five customers are expected in each."""
    mean = expected.mean(axis=0)
    starts: list[int] = []
    held = _FEWEST_EXPECTED
    for k, value in enumerate(mean):
        if held >= _FEWEST_EXPECTED:
            starts.append(k)
            held = 0.0
        held += value
    if held < _FEWEST_EXPECTED and len(starts) > 1:
        starts.pop()
    places = np.array(starts, np.int64)
    return np.add.reduceat(observed, places), np.add.reduceat(expected, places, axis=1)
