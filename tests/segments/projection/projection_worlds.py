"""Customer bases whose segments are known, and surveys of them."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
from scipy.special import softmax

from segmodels.models.needs.components import Components
from segmodels.tables.codebook import Codebook, Item
from segmodels.tables.responses import Responses

NAMES = ("price", "service", "status")
#: Log-odds of the segments by income, age and tenure.
EFFECTS = np.array([[0.9, 0.0, -0.9], [0.0, 0.8, -0.6], [-0.7, 0.5, 0.2]])
INTERCEPT = np.array([0.4, 0.0, -0.4])


def true_components(accuracy=0.8, items=6):
    """Binary items; each is answered with 1 by one of the classes with this probability, by others rarely."""
    book = tuple(Item(f"q{j}", "binary", (0, 1)) for j in range(items))
    yes = [np.where(np.arange(3) == j % 3, accuracy, 1 - accuracy) for j in range(items)]
    tables = tuple(np.log(np.stack([1 - p, p])) for p in yes)
    return Components(NAMES, book, np.arange(3), np.log(np.full(3, 1 / 3)), tables)


@dataclass(frozen=True)
class TrueSurvey:
    """A fit that knows the truth, so that its parameters, the shares of the classes, are certain."""

    components: Components
    responses: Responses
    fitted: bool = True

    @property
    def names(self):
        return self.components.names

    @property
    def theta(self):
        shares = np.log(self.components.class_shares)
        return shares[1:] - shares[0]

    @property
    def draws(self):
        return self.theta[None]

    @property
    def covariance(self):
        return np.zeros((2, 2))

    @property
    def problem(self):
        n = len(self.responses)
        data = SimpleNamespace(design=np.ones((1, 1)), group=np.zeros(n, np.int64))
        layout = SimpleNamespace(members=2, n_classes=3, width=1)
        return SimpleNamespace(data=data, layout=layout, of_row=np.arange(n))

    def at(self, theta):
        np.testing.assert_allclose(theta, self.theta)
        return self

    def log_joint(self):
        return self.components.log_joint_classes(self.responses.codes(self.components.item_names))


def responses_of(ids, codes, components, **given):
    """Answers as they are read from a survey."""
    answers = dict(zip(components.item_names, codes.T.astype(np.int16), strict=True))
    ones = np.ones(len(ids))
    return Responses(
        pd.Index(ids, name="customer_id"), Codebook(components.items), answers, ones, ones, **given
    )


@dataclass(frozen=True)
class World:
    """A base, the true class of every customer, and a survey of some."""

    base: pd.DataFrame
    truth: np.ndarray
    probability: np.ndarray
    survey: TrueSurvey
    rows: np.ndarray


def world(seed, n=20_000, asked=600, *, signal=1.0, bias=0.8, accuracy=0.8, items=6):
    """Simulate: customers with high income and low age answer more often (`bias`)."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 3))
    probability = softmax(INTERCEPT + signal * z @ EFFECTS, axis=1)
    truth = (rng.random(n)[:, None] > probability.cumsum(axis=1)).sum(axis=1)
    spend = np.exp(3 + 0.6 * z[:, 0] + 0.4 * rng.normal(size=n))
    propensity = 1 / (1 + np.exp(-bias * (z[:, 0] - 0.5 * z[:, 1])))
    rows = np.flatnonzero(rng.random(n) < asked * propensity / propensity.sum())
    components = true_components(accuracy, items)
    yes = np.exp(np.stack([table[1] for table in components.log_probability], axis=1))
    codes = (rng.random((len(rows), items)) < yes[truth[rows]]).astype(np.int16)
    ids = np.array([f"c{i:06d}" for i in range(n)], dtype=object)
    base = pd.DataFrame(
        {"customer_id": ids, "income": z[:, 0], "age": z[:, 1], "tenure": z[:, 2], "spend": spend}
    )
    survey = TrueSurvey(components, responses_of(ids[rows], codes, components))
    return World(base, truth, probability, survey, rows)
