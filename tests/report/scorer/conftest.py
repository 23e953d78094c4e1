"""A small typing tool whose texts are as nasty as can be, and every way of answering it."""

from itertools import product

import numpy as np
import pandas as pd
import pytest
from scipy.special import logsumexp

from segmodels.models.needs.components import Components
from segmodels.segments.typing_tool.tool import typing_tool
from segmodels.tables.codebook import Item

NASTY = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028%{x}&amp;\"'"
ITEMS = (
    Item("q '1\"; DROP TABLE answers--", "nominal", ("it's", "IT'S", "*"), ("Yes", "yes", NASTY), NASTY),
    Item("=1+1", "ordinal", (1, 2, 3), (), "@SUM(1)"),
    Item("flag", "binary", (False, True), ("=HYPERLINK(1)", "+1"), "x" * 200),
    Item("<b>", "nominal", (0.5, -1, 2), ("same", "same", "1. May"), "-2+3"),
)
SEGMENTS = ("=1+1", NASTY, 'O\'Brien "& sons"')


@pytest.fixture(scope="session")
def components():
    """Three segments, each of two nodes of a response style that do not lie side by side."""
    rng = np.random.default_rng(7)
    class_of = np.array([2, 0, 1, 0, 2, 1])
    tables = [np.log(rng.dirichlet(np.full(item.size, 0.6), 6).T + 1e-9) for item in ITEMS]
    tables = tuple(table - logsumexp(table, axis=0) for table in tables)
    return Components(SEGMENTS, ITEMS, class_of, np.log(rng.dirichlet(np.full(6, 3.0))), tables)


@pytest.fixture(scope="session")
def tool(components):
    """The typing tool of all four items."""
    return typing_tool(components)


@pytest.fixture(scope="session")
def patterns(tool):
    """Every pattern of positions, -1 where missing, shape (192, 4)."""
    return np.array(list(product(*(range(-1, item.size) for item in tool.questions))))


@pytest.fixture(scope="session")
def answers(tool, patterns):
    """Every pattern of codes, None where missing: a list of dicts."""
    return [
        {
            item.name: None if at < 0 else item.categories[at]
            for item, at in zip(tool.questions, row, strict=True)
        }
        for row in patterns
    ]


@pytest.fixture(scope="session")
def expected(tool, answers):
    """What Python says of every pattern: probabilities of shape (192, 3), and the segments."""
    frame = pd.DataFrame(answers, dtype=object)
    return tool.probabilities(frame).to_numpy(), tool.classify(frame)["segment"].tolist()


@pytest.fixture(scope="session")
def tied():
    """Two segments that no answer tells apart, but for the last bit of a sum."""
    like, other = np.array([[0.3], [0.7]]), np.array([[0.1], [0.9]])
    items = tuple(Item(f"q{j}", "binary", (0, 1)) for j in range(1, 4))
    tables = tuple(np.hstack([np.log(like), np.log(like) + j * 1e-16, np.log(other)]) for j in range(3))
    weight = np.log([0.1 + 0.2, 0.3, 0.4])
    return typing_tool(Components(("a", "b", "c"), items, np.arange(3), weight, tables))
