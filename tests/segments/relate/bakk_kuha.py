"""The simulation design of Bakk and Kuha (2018), and a latent class model of binary items written out.

Six yes/no items, three classes: the first likely to say yes to all, the second to the first three, the third
to none. "Likely" is a probability of .7, .8 or .9. An outcome has means -1, 1 and 0 and variance 1; or a
covariate, uniform on 1..5, shifts the classes with slopes 0, -1 and 1.
"""

import numpy as np
import pandas as pd
from scipy.special import logsumexp, softmax

from segmodels.segments.relate.measurement import FirstStep, Measurement
from segmodels.segments.relate.sandwich import Sample

MEANS = np.array([-1.0, 1.0, 0.0])
SLOPES = np.array([0.0, -1.0, 1.0])
INTERCEPTS = np.array([0.0, 2.34459467, -3.65540533])


def likely(separation):
    """Probability of yes, shape (6 items, 3 classes)."""
    high = np.array([[1, 1, 0]] * 3 + [[1, 0, 0]] * 3, dtype=bool)
    return np.where(high, separation, 1 - separation)


def answers(rng, classes, separation):
    return (rng.random((len(classes), 6)) < likely(separation).T[classes]).astype(float)


def with_outcome(rng, n, separation):
    """Items, true classes and the outcome."""
    classes = rng.integers(3, size=n)
    return answers(rng, classes, separation), classes, rng.normal(MEANS[classes])


def with_covariate(rng, n, separation):
    """Items, true classes and the covariate."""
    x = rng.integers(1, 6, size=n).astype(float)
    p = softmax(INTERCEPTS + x[:, None] * SLOPES, axis=1)
    classes = (rng.random(n)[:, None] > p.cumsum(axis=1)).sum(axis=1)
    return answers(rng, classes, separation), classes, x


def fit(y, start, sample, pseudo=0.05, tolerance=1e-10):
    """Maximum likelihood of K classes by EM from given probabilities (J, K): shares and probabilities.

    So many pseudo-answers each way keep probabilities off 0 and 1.
    """
    w = sample.case_weight
    p, shares = start.copy(), np.full(start.shape[1], 1 / start.shape[1])
    before = -np.inf
    for _ in range(20_000):
        joint = _log_joint(y, shares, p)
        total = logsumexp(joint, axis=1)
        if w @ total - before < tolerance:
            break
        before = w @ total
        r = np.exp(joint - total[:, None]) * w[:, None]
        shares, p = r.sum(axis=0) / w.sum(), (y.T @ r + pseudo) / (r.sum(axis=0) + 2 * pseudo)
    return shares, p


def _log_joint(y, shares, p):
    return np.log(shares) + y @ np.log(p) + (1 - y) @ np.log1p(-p)


def measurement(y, shares, p, sample=None, ids=None, *, known=False):
    """What the later steps need; `known` leaves the uncertainty of the parameters out."""
    sample = sample or Sample(np.ones(len(y)), np.ones(len(y)))
    ids = pd.RangeIndex(len(y)) if ids is None else ids
    joint = _log_joint(y, shares, p)
    names = tuple("abcdef"[: len(shares)])
    first = None if known else _first_step(y, shares, p, sample, softmax(joint, axis=1))
    return Measurement(names, pd.Index(ids, name="customer_id"), joint, np.log(shares)[None], sample, first)


def measured(y, separation, sample=None, **how):
    sample = sample or Sample(np.ones(len(y)), np.ones(len(y)))
    return measurement(y, *fit(y, likely(separation), sample, **how), sample)


def table(**columns):
    frame = pd.DataFrame(columns)
    frame.insert(0, "customer_id", np.arange(len(frame)))
    return frame


def _first_step(y, shares, p, sample, r):
    k, w = len(shares), sample.case_weight
    of_share = (np.eye(k) - shares)[:, :-1]  # (K, K - 1): of class k in the ratio of class l
    own = y[:, :, None] - p  # (N, J, K)
    n, size = len(y), k - 1 + p.size

    def complete(c):
        items = np.zeros((n, *p.shape))
        items[:, :, c] = own[:, :, c]
        return np.concatenate([np.repeat(of_share[c][None], n, 0), items.reshape(n, -1)], axis=1)

    observed = sum(r[:, [c]] * complete(c) for c in range(k))
    information = np.zeros((size, size))
    information[: k - 1, : k - 1] = w.sum() * (np.diag(shares) - np.outer(shares, shares))[:-1, :-1]
    spread = (w @ r) * p * (1 - p)
    information[k - 1 :, k - 1 :] = np.diag(spread.ravel())
    for c in range(k):
        s = complete(c) * np.sqrt(w * r[:, c])[:, None]
        information -= s.T @ s
    s = observed * np.sqrt(w)[:, None]
    information += s.T @ s

    def pull_prior(g):
        return np.concatenate([g.sum(axis=1) @ of_share, np.zeros((len(g), p.size))], axis=1)

    def pull_joint(g):
        items = np.einsum("qnk,njk->qjk", g, own, optimize=True)
        return np.concatenate([g.sum(axis=1) @ of_share, items.reshape(len(g), -1)], axis=1)

    influence = np.linalg.solve(information, (sample.weight[:, None] * observed).T).T
    return FirstStep(influence, pull_joint, pull_prior)
