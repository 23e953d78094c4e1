"""Gradient, information and scores of coded items, styles and membership, were the classes known."""

from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from segmodels.likelihoods.adjacent_category import ORDINAL, log_probabilities, scores
from segmodels.models.needs import membership, numbers
from segmodels.models.needs.layout import Layout

Array = NDArray[np.float64]
Codes = NDArray[np.int16]
Index = NDArray[np.int64]


def directions_of(layout: Layout, j: int, m: int) -> tuple[Index, Array]:
    """Parameters of item j in component m, and the linear scores of its categories along them, (C, p)."""
    kind, size, _, at = (int(value) for value in layout.table[j])
    k = int(layout.class_of[m])
    unit = np.eye(size)[:, 1:]
    if kind != ORDINAL:
        return np.arange(at + k * (size - 1), at + (k + 1) * (size - 1)), unit
    points = scores(size)
    places, columns = [np.arange(at, at + size - 1)], [unit]
    if k > 0:
        places.append(np.array([at + size - 2 + k]))
        columns.append(points[0][:, None])
    for s in range(2):
        if layout.style_at[s] >= 0:
            places.append(layout.style_at[s : s + 1])
            columns.append((points[s] * layout.styles_of[s, m])[:, None])
    return np.concatenate(places), np.hstack(columns)


class Statistics(Protocol):
    """Expected counts of categories (rows, M), members of groups (G, M), moments of numbers (L, 3, M)."""

    @property
    def counts(self) -> Array: ...  # noqa: D102
    @property
    def members(self) -> Array: ...  # noqa: D102
    @property
    def moments(self) -> Array: ...  # noqa: D102


def gradient(theta: Array, layout: Layout, design: Array, given: Statistics) -> Array:
    """Gradient of the complete-data log-likelihood of given statistics, shape (P,)."""
    out = numbers.gradient(theta, layout, given.moments)
    log_pi = membership.log_shares(theta, layout, design)
    members = membership.by_class(layout, given.members)
    out[: layout.members] = membership.gradient(members, log_pi, design)
    p = np.exp(_log_p(theta, layout))
    for j, (_, size, row, _) in enumerate(layout.table):
        block = slice(row, row + size)
        for m in range(len(layout.class_of)):
            places, directions = directions_of(layout, j, m)
            column = given.counts[block, m]
            out[places] += directions.T @ (column - column.sum() * p[block, m])
    return out


def information(theta: Array, layout: Layout, design: Array, given: Statistics) -> Array:
    """Minus the Hessian of the same, shape (P, P)."""
    out = np.zeros((layout.size, layout.size))
    numbers.add_information(out, theta, layout, given.moments)
    if layout.members:
        log_pi = membership.log_shares(theta, layout, design)
        members = membership.by_class(layout, given.members)
        out[: layout.members, : layout.members] = membership.curvature(members, log_pi, design)
    p = np.exp(_log_p(theta, layout))
    for j, (_, size, row, _) in enumerate(layout.table):
        block = slice(row, row + size)
        for m in range(len(layout.class_of)):
            places, directions = directions_of(layout, j, m)
            centred = directions - p[block, m] @ directions
            weight = given.counts[block, m].sum()
            out[np.ix_(places, places)] += weight * (centred.T * p[block, m]) @ centred
    return out


def _log_p(theta: Array, layout: Layout) -> Array:
    return log_probabilities(
        theta, layout.table, layout.class_of, layout.style_at, layout.styles_of, layout.rows
    )


@dataclass(frozen=True, eq=False)
class Scorer:
    """Complete-data scores of patterns at one theta.

    Parameters
    ----------
    theta, layout, design
        Parameters, where they stand, and the covariates of membership.
    log_p, log_prior
        The tables at theta.
    """

    theta: Array
    layout: Layout
    design: Array
    log_p: Array
    log_prior: Array

    @cached_property
    def width(self) -> int:
        """Numbers that one pattern takes."""
        return self.layout.size + sum(len(self.layout.places(m)) for m in range(len(self.layout.class_of)))

    @cached_property
    def _tables(self) -> list[list[tuple[Index, Array]]]:
        """By component and item: parameters, and the score for each category and, last, for none, (C + 1, p)."""
        found: list[list[tuple[Index, Array]]] = []
        for m in range(len(self.layout.class_of)):
            of_items: list[tuple[Index, Array]] = []
            for j, (_, size, row, _) in enumerate(self.layout.table):
                places, directions = directions_of(self.layout, j, m)
                centred = directions - np.exp(self.log_p[row : row + size, m]) @ directions
                of_items.append((places, np.vstack([centred, np.zeros(directions.shape[1])])))
            found.append(of_items)
        return found

    def __call__(self, codes: Codes, values: Array, group: Index) -> list[tuple[Index, Array]]:
        """Parameters and scores (b, p) of each component."""
        layout = self.layout
        shares = np.exp(membership.log_shares(self.theta, layout, self.design))[group][:, 1:]
        covariates = self.design[group]
        found: list[tuple[Index, Array]] = []
        for m, of_items in enumerate(self._tables):
            k = int(layout.class_of[m])
            places = layout.places(m)
            at = {int(place): position for position, place in enumerate(places)}
            out = np.zeros((len(codes), len(places)))
            residual = (np.arange(1, layout.n_classes) == k) - shares
            member = residual[:, :, None] * covariates[:, None, :]
            out[:, : layout.members] = member.reshape(len(codes), -1)
            for j, (own, table) in enumerate(of_items):
                out[:, [at[int(place)] for place in own]] += table[codes[:, j]]
            if layout.numbers:
                part = numbers.scores(self.theta, layout, values, k)
                out[:, len(places) - part.shape[1] :] = part
            found.append((places, out))
        return found
