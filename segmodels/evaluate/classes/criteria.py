"""Information criteria and entropies of a latent class model."""

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import xlogy

from segmodels.evaluate.classes.simulate import fitted_responses
from segmodels.models.needs.needs_fit import NeedsFit

Array = NDArray[np.float64]

#: The information criteria, of which the smallest is the best.
CRITERIA = ("AIC", "AIC3", "BIC", "CAIC", "aBIC", "ICL", "AWE")


def criteria(log_likelihood: float, parameters: int, n: float, entropy: float = math.nan) -> dict[str, float]:
    """Information criteria from their ingredients; the smallest is the best.

    Parameters
    ----------
    log_likelihood
        At the maximum.
    parameters
        How many are free.
    n
        Number of respondents.
    entropy
        Of the classification, EN; without it ICL and AWE are NaN.

    Returns
    -------
    dict
        AIC = -2 LL + 2 p; AIC3 = -2 LL + 3 p; BIC = -2 LL + p log n; CAIC = -2 LL + p (log n + 1); aBIC, the
        sample-size-adjusted BIC of Sclove (1987), = -2 LL + p log((n + 2) / 24); ICL = BIC + 2 EN (Biernacki,
        Celeux and Govaert 2000); AWE = -2 LL + 2 EN + 2 p (1.5 + log n) (Banfield and Raftery 1993).

    Examples
    --------
    >>> found = criteria(-891.143, 7, 1692)
    >>> [round(found[name], 2) for name in ("AIC", "BIC", "aBIC")]  # as Mplus prints them
    [1796.29, 1834.32, 1812.08]
    """
    deviance = -2 * log_likelihood
    bic = deviance + parameters * math.log(n)
    return {
        "AIC": deviance + 2 * parameters,
        "AIC3": deviance + 3 * parameters,
        "BIC": bic,
        "CAIC": bic + parameters,
        "aBIC": deviance + parameters * math.log((n + 2) / 24),
        "ICL": bic + 2 * entropy,
        "AWE": deviance + 2 * entropy + 2 * parameters * (1.5 + math.log(n)),
    }


def information_criteria(fit: NeedsFit) -> pd.Series:
    """Information criteria of a fit.

    Parameters
    ----------
    fit
        A latent class model of any kind.

    Returns
    -------
    Series
        ``log_likelihood, parameters, n, AIC, AIC3, BIC, CAIC, aBIC, ICL, AWE``; see :func:`criteria`.

    Notes
    -----
    The log-likelihood is that at the mode, without the prior's part, and sampling weights count in it and in
    the entropy. n is the number of respondents; weights have a mean of 1, so they leave it alone.

    Examples
    --------
    >>> import segmodels as sg
    >>> from segmodels.tables.simulate_answers import random_likert, simulate_likert
    >>> frame, _ = simulate_likert(300, random_likert(2, 5, seed=1, n_categories=3, spread=1.5), seed=2)
    >>> items = dict.fromkeys(frame.columns[1:], "ordinal")
    >>> answers = sg.Responses.read(frame, customer="customer_id", items=items)
    >>> fit = sg.LatentClass(2).fit(answers, sg.MAP(), seed=1)
    >>> information_criteria(fit)[["BIC", "aBIC", "ICL"]].round(0).astype(int).to_dict()
    {'BIC': 3061, 'aBIC': 3010, 'ICL': 3253}
    """
    weight = fitted_responses(fit).case_weight
    entropy = classification_entropy(fit.membership(), weight)
    first = {"log_likelihood": fit.log_likelihood, "parameters": fit.n_parameters, "n": fit.n}
    found = criteria(fit.log_likelihood, fit.n_parameters, fit.n, entropy)
    return pd.Series(first | found, dtype=np.float64)


def classification_entropy(posterior: Array, weight: Array) -> float:
    """Entropy of the classification, EN: minus the weighted sum of r log r; 0 where all is certain.

    Parameters
    ----------
    posterior
        Probability of each class, shape (N, K).
    weight
        Shape (N,).

    Examples
    --------
    >>> even = np.array([[0.5, 0.5], [1.0, 0.0]])
    >>> round(classification_entropy(even, np.array([2.0, 5.0])) / math.log(2), 6)
    2.0
    """
    return float(-(weight @ xlogy(posterior, posterior)).sum()) + 0.0


def entropies(fit: NeedsFit) -> pd.Series:
    """Both measures that software prints as "entropy", by their names.

    Returns
    -------
    Series
        ``entropy``: EN. ``relative_entropy``: 1 - EN / (n log K), as in Mplus. ``entropy_r_squared``:
        1 - (EN / n) / H, where H is the entropy of the class shares, as in Latent GOLD. The first compares with
        guessing among equally large classes, the second with guessing by their sizes, so it is never the larger.
        Both are 1 where all respondents are classified with certainty, and NaN for one class.

    Examples
    --------
    >>> import segmodels as sg
    >>> from segmodels.tables.simulate_answers import random_likert, simulate_likert
    >>> frame, _ = simulate_likert(300, random_likert(2, 5, seed=1, n_categories=3, spread=1.5), seed=2)
    >>> items = dict.fromkeys(frame.columns[1:], "ordinal")
    >>> answers = sg.Responses.read(frame, customer="customer_id", items=items)
    >>> fit = sg.LatentClass(2).fit(answers, sg.MAP(), seed=1)
    >>> entropies(fit)[["relative_entropy", "entropy_r_squared"]].round(2).to_dict()
    {'relative_entropy': 0.54, 'entropy_r_squared': 0.54}
    """
    weight = fitted_responses(fit).case_weight
    entropy = classification_entropy(fit.membership(), weight)
    sizes = fit.class_shares.to_numpy(np.float64)
    prior = float(-xlogy(sizes, sizes).sum())
    one = fit.n_classes == 1
    return pd.Series(
        {
            "entropy": entropy,
            "relative_entropy": math.nan if one else 1 - entropy / (fit.n * math.log(fit.n_classes)),
            "entropy_r_squared": math.nan if one else 1 - entropy / fit.n / prior,
        }
    )
