"""Mixtures to make typing tools of."""

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp

from segmodels.models.needs.components import Components
from segmodels.tables.codebook import Item
from segmodels.tables.responses import Responses


def mixture(sizes, class_of, seed, concentration=0.7):
    """Random tables: items with so many categories each, components of the classes given."""
    rng = np.random.default_rng(seed)
    class_of = np.asarray(class_of)
    items = tuple(Item(f"q{j + 1}", "nominal", tuple(range(1, size + 1))) for j, size in enumerate(sizes))
    tables = tuple(
        np.log(rng.dirichlet(np.full(size, concentration), len(class_of)).T + 1e-9) for size in sizes
    )
    names = tuple("ABCDEFG"[: class_of.max() + 1])
    weight = rng.dirichlet(np.full(len(class_of), 4.0))
    normalised = tuple(table - logsumexp(table, axis=0) for table in tables)
    return Components(names, items, class_of, np.log(weight), normalised)


@pytest.fixture(name="mixture", scope="session")
def mixture_():
    """Give the maker of random mixtures."""
    return mixture


@pytest.fixture(scope="session")
def four_classes():
    """Give the maker of maximum-likelihood fits of four classes: names, yes and no, seed, starts, steps."""

    def fit(names, yes, seed, starts, steps):
        return as_components(names, *expectation_maximisation(yes, 4, seed, starts, steps)[1:])

    return fit


@pytest.fixture
def plain():
    """Three classes, five items."""
    return mixture((2, 3, 2, 4, 2), (0, 1, 2), seed=1)


@pytest.fixture
def styled():
    """Three classes of two nodes of a response style each, four items."""
    return mixture((3, 2, 4, 3), (0, 0, 1, 1, 2, 2), seed=2)


def expectation_maximisation(yes, n_classes, seed, starts=5, steps=2000):
    """Maximum likelihood of a latent class model of yes and no, the tiniest way."""
    patterns, count = np.unique(yes, axis=0, return_counts=True)
    best = (-np.inf, np.empty(0), np.empty(0))
    for child in np.random.SeedSequence(seed).spawn(starts):
        rng = np.random.default_rng(child)
        share, p, before = np.full(n_classes, 1 / n_classes), rng.random((n_classes, yes.shape[1])), -np.inf
        for _ in range(steps):
            joint = np.log(share) + patterns @ np.log(p).T + (1 - patterns) @ np.log1p(-p).T
            each = logsumexp(joint, axis=1)
            r = np.exp(joint - each[:, None]) * count[:, None]
            share = r.sum(axis=0) / count.sum()
            p = np.clip(r.T @ patterns / r.sum(axis=0)[:, None], 1e-12, 1 - 1e-12)
            if count @ each - before < 1e-8:
                break
            before = count @ each
        best = max(best, (before, share, p), key=lambda found: found[0])
    return best


def as_components(names, share, p):
    """Components of yes and no items, the largest class first."""
    order = np.argsort(-share)
    share, p = share[order], p[order]
    items = tuple(Item(name, "binary", ("No", "Yes")) for name in names)
    tables = tuple(np.log([1 - p[:, j], p[:, j]]) for j in range(len(names)))
    labels = tuple(str(k + 1) for k in range(len(share)))
    return Components(labels, items, np.arange(len(share)), np.log(share), tables)


@pytest.fixture(scope="session")
def mcdonalds(shared_data):
    """McDonald's perceptions: respondents, and the maximum-likelihood fit of four classes."""
    frame = pd.read_csv(shared_data / "mcdonalds" / "mcdonalds.csv")
    names = list(frame.columns[:11])
    log_likelihood, share, p = expectation_maximisation((frame[names] == "Yes").to_numpy(int), 4, seed=1)
    assert log_likelihood == pytest.approx(-7111.108, abs=1e-3)
    fit = as_components(names, share, p)
    return fit, Responses.read(frame, customer=None, items=list(fit.items))
