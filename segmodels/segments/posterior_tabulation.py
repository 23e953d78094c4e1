"""Shares and means of answers by segment, weighted by membership, with the covariance of their estimates."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2, norm

from segmodels.errors import Fault, InputError
from segmodels.segments.proportions import noncentrality, ratio_interval, rest_test, two_sided, wilson
from segmodels.segments.sampling_errors import influence_covariance
from segmodels.segments.soft_segments import SoftSegments
from segmodels.tables.codebook import Item

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Tabulation:
    """One quantity in K segments, in the rest of the respondents for each, and in all.

    Parameters
    ----------
    value, rest
        Shape (K,); NaN where nobody answered.
    total
        In all segments together.
    spread
        Variance of the quantity among respondents.
    weight
        Share of each segment among those who answered, shape (K,).
    covariance
        Of `value`, followed by `rest` and `total`, shape (2K + 1, 2K + 1).
    base
        Respondents who answered, in each segment, in the rest for each, and in all, shape (2K + 1,).
    proportion
        Whether it is a share, between 0 and 1.
    modelled
        Whether it is the model's estimate rather than a weighted tabulation.
    """

    value: Array
    rest: Array
    total: float
    spread: float
    weight: Array
    covariance: Array
    base: Array
    proportion: bool
    modelled: bool = False

    @property
    def error(self) -> Array:
        """Standard error in each segment, shape (K,)."""
        return self._errors[: len(self.value)]

    @property
    def in_segment(self) -> Array:
        """Respondents who answered, in each segment, shape (K,)."""
        return self.base[: len(self.value)]

    @property
    def _errors(self) -> Array:
        return np.sqrt(np.maximum(np.diag(self.covariance), 0))

    def interval(self, level: float) -> tuple[Array, Array]:
        """Interval in each segment: Wilson's of a share, normal of a mean."""
        return self._interval(self.value, self.error, self.in_segment, level)

    def _interval(self, value: Array, error: Array, base: Array, level: float) -> tuple[Array, Array]:
        if self.proportion:
            return wilson(value, error, base, level)
        half = norm.ppf((1 + level) / 2) * error
        return value - half, value + half

    def index(self, level: float) -> tuple[Array, Array, Array]:
        """100 times value over total, with its interval; NaN where the total is not above 0."""
        k = len(self.value)
        errors = self._errors
        if not self.total > 0 or np.nanmin(np.append(self.value, self.rest)) < 0:
            nothing = np.full(k, np.nan)
            return nothing, nothing, nothing
        own = (self.value, *self.interval(level))
        every = self._interval(np.full(k, self.total), errors[-1:], self.base[-1:], level)
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation = self.covariance[:k, -1] / (errors[:k] * errors[-1])
        correlation = np.clip(np.nan_to_num(correlation, posinf=0, neginf=0), -1, 1)
        low, high = ratio_interval(own, (np.full(k, self.total), *every), correlation)
        return 100 * self.value / self.total, 100 * np.maximum(low, 0), 100 * high

    @property
    def _between(self) -> Array:
        """Covariance of value and rest, shape (K,)."""
        k = len(self.value)
        return np.diagonal(self.covariance[:k, k : 2 * k])

    def against_rest(self) -> Array:
        """Test the value against the rest: z, shape (K,); NaN with one segment."""
        k = len(self.value)
        variance = np.diag(self.covariance)[: 2 * k].reshape(2, k)
        difference = np.maximum(variance.sum(axis=0) - 2 * self._between, 0)
        if self.proportion:
            shares = (self.value, self.rest, np.full(k, self.total))
            bases = self.base[: 2 * k].reshape(2, k)
            z = rest_test(shares, (variance[0], variance[1], difference), (bases[0], bases[1]))
        else:
            with np.errstate(divide="ignore", invalid="ignore"):
                z = (self.value - self.rest) / np.sqrt(difference)
        return np.where(np.isfinite(z), z, np.nan)

    def p_values(self) -> Array:
        """Two-sided p-values against the rest, shape (K,)."""
        return two_sided(self.against_rest())

    @property
    def eta2(self) -> float:
        """Share of the variance among respondents that lies between segments; NaN without variance."""
        if not self.spread > 0:
            return float("nan")
        return float(np.nansum(self.weight * (self.value - self.total) ** 2) / self.spread)

    def wald(self) -> tuple[float, int]:
        """Wald statistic of equality in all segments, and its degrees of freedom."""
        there = np.flatnonzero(np.isfinite(self.value))
        if len(there) < 2:
            return float("nan"), 0
        contrast = np.eye(len(there))[1:] - np.eye(len(there))[:1]
        difference = contrast @ self.value[there]
        own = self.covariance[np.ix_(there, there)] + np.diag(self._shortfall[there])
        covariance = contrast @ own @ contrast.T + np.eye(len(contrast)) * (1e-12 * self.spread + 1e-300)
        return float(difference @ np.linalg.solve(covariance, difference)), len(there) - 1

    @property
    def _shortfall(self) -> Array:
        """What the variance of shares at 0 or 1, which comes out as 0, lacks of that of half a respondent."""
        n = np.maximum(self.in_segment, 1)
        edge = self.proportion & (np.minimum(self.value, 1 - self.value) * n < 0.5)
        honest = (0.5 / (n + 1)) * (1 - 0.5 / (n + 1)) / n
        return np.where(edge, np.maximum(honest - self.error**2, 0), 0)

    def wald_p(self) -> float:
        """p-value of the Wald statistic."""
        statistic, df = self.wald()
        return float(chi2.sf(statistic, df)) if df else float("nan")

    def eta2_interval(self, level: float) -> tuple[float, float]:
        """Interval of eta², scaled from that of the noncentrality of the Wald statistic.

        Steiger's (2004, Psychological Methods 9(2)) inversion, with the statistic that knows weights, design
        and uncertain membership in place of F.
        """
        statistic, df = self.wald()
        if not df or not np.isfinite(statistic) or not statistic > 0 or np.isnan(self.eta2):
            return float("nan"), float("nan")
        low, high = noncentrality(statistic, df, level)
        return self.eta2 * low / statistic, min(self.eta2 * high / statistic, 1.0)


def tabulate(segments: SoftSegments, values: Array, *, proportion: bool) -> Tabulation:
    """Tabulate numbers by segment, weighted by membership.

    The estimate is sum(w r y) / sum(w r) over those who answered; its errors are those of the sampling design
    by linearisation, plus the spread over the segments' draws.

    Parameters
    ----------
    values
        One number a respondent, NaN where missing, shape (N,).
    proportion
        Whether the numbers are 0 or 1.

    Examples
    --------
    >>> import pandas as pd
    >>> from segmodels.tables.codebook import Codebook
    >>> from segmodels.tables.responses import Responses
    >>> book = Codebook((Item("y", "continuous"),))
    >>> y = np.array([1.0, 2.0, 6.0, 7.0])
    >>> answers = Responses(pd.RangeIndex(4), book, {"y": y}, np.ones(4), np.ones(4))
    >>> found = tabulate(
    ...     SoftSegments(answers, ("a", "b"), np.eye(2)[[0, 0, 1, 1]]), y, proportion=False
    ... )
    >>> found.value.tolist(), found.total, round(found.eta2, 4)
    ([1.5, 6.5], 4.0, 0.9615)
    """
    responses = segments.responses
    there = np.isfinite(values)
    weight = responses.case_weight * there
    y = np.where(there, values, 0.0)
    pairs = _columns(segments.memberships)
    sums = weight @ pairs
    estimate = _ratio((weight * y) @ pairs, sums)
    centred = np.where(sums > 0, y[:, None] - np.nan_to_num(estimate), 0)
    influence = (responses.weight * there)[:, None] * pairs * centred / np.where(sums > 0, sums, 1)
    covariance = influence_covariance(influence, responses)
    if segments.draws:
        drawn = np.stack([_drawn(weight, weight * y, one) for one in segments.draws])
        deviation = np.zeros((len(drawn), len(sums)))
        deviation[:, :-1] = np.nan_to_num(drawn - drawn.mean(axis=0))
        covariance = covariance + deviation.T @ deviation / max(len(drawn) - 1, 1)
    k = segments.n_segments
    whole = weight.sum()
    total = float(weight @ y / whole) if whole > 0 else float("nan")
    spread = float(weight @ (y - total) ** 2 / whole) if whole > 0 else float("nan")
    base = (responses.count * there) @ pairs
    share = sums[:k] / whole if whole > 0 else segments.shares
    return Tabulation(estimate[:k], estimate[k : 2 * k], total, spread, share, covariance, base, proportion)


def _columns(memberships: Array) -> Array:
    """Say how far each belongs to each segment, to the rest for each, and to all, shape (N, 2K + 1)."""
    # Rounding can leave less than nothing for the rest.
    rest = np.maximum(1 - memberships, 0)
    return np.hstack([memberships, rest, np.ones((len(memberships), 1))])


def _drawn(weight: Array, weighted: Array, memberships: Array) -> Array:
    """Values in each segment and in the rest for each under other memberships, shape (2K,)."""
    part, whole = weighted @ memberships, weight @ memberships
    return _ratio(np.append(part, weighted.sum() - part), np.append(whole, weight.sum() - whole))


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 1e-12)


def tabulate_item(segments: SoftSegments, name: str, score: Array, *, proportion: bool) -> Tabulation:
    """Tabulate the score of a coded item: by the model where it has the item, weighted otherwise.

    Parameters
    ----------
    score
        Of each category, shape (C,); 1 and 0 for a share of respondents.
    """
    if segments.modelled(name):
        return _from_model(segments, name, score, proportion=proportion)
    codes = segments.responses.answers[name]
    return tabulate(segments, np.append(score, np.nan)[codes], proportion=proportion)


def _from_model(segments: SoftSegments, name: str, score: Array, *, proportion: bool) -> Tabulation:
    """Tabulate by the model's probabilities, with errors by the delta method or from its draws."""
    tables = segments.tables
    assert tables is not None  # noqa: S101 - known by the caller
    rows = tables.rows(name)
    share, table = tables.shares, tables.probability[rows]
    value = score @ table
    total = float(share @ value)
    spread = float(share @ (score**2 @ table) - total**2)
    remainder = 1 - share
    alone = remainder < 1e-12
    left = np.where(alone, 1, remainder)
    rest = np.where(alone, np.nan, (total - share * value) / left)
    moved = np.einsum("c,rck->rk", score, tables.deviation[0][:, rows])
    shifted = tables.deviation[1]
    whole = moved @ share + shifted @ value
    rest_moved = (whole[:, None] - share * moved - shifted * value + np.nan_to_num(rest) * shifted) / left
    deviation = np.hstack([moved, np.where(alone, 0, rest_moved), whole[:, None]])
    answered = segments.responses.count * (segments.responses.answers[name] >= 0)
    base = answered @ _columns(segments.memberships)
    covariance = deviation.T @ deviation
    return Tabulation(
        value, rest, total, max(spread, 0.0), share, covariance, base, proportion, modelled=True
    )


def scores_of(item: Item) -> Array:
    """Scores of the categories of an ordinal item: its codes where all are increasing numbers, else 1 to C.

    Examples
    --------
    >>> scores_of(Item("q", "ordinal", ("no", "rather", "yes"))).tolist()
    [1.0, 2.0, 3.0]
    """
    numbers = all(isinstance(code, int | float) and not isinstance(code, bool) for code in item.categories)
    if numbers:
        codes = np.array(item.categories, np.float64)
        if (np.diff(codes) > 0).all():
            return codes
    return np.arange(1.0, item.size + 1)


def top_box(item: Item, top: int) -> Array:
    """Mark the top boxes of an item, shape (C,): its last `top` categories, but at most half of them.

    So two of four, five, seven and ten categories are top boxes, and one of two or three.

    Raises
    ------
    InputError
        For an item whose categories have no order, or less than one box.

    Examples
    --------
    >>> top_box(Item("q", "ordinal", (1, 2, 3, 4, 5)), 2).tolist()
    [0.0, 0.0, 0.0, 1.0, 1.0]
    """
    if item.scale not in ("ordinal", "binary") or not item.size:
        fault = Fault(
            item.name, f"scale {item.scale!r}", "ordinal or binary", "Top boxes need ordered categories."
        )
        raise InputError(fault)
    if top < 1:
        raise InputError(Fault("top", str(top), "1 or more", "Say how many categories count as the top."))
    boxes = min(top, item.size // 2)
    return (np.arange(item.size) >= item.size - boxes).astype(np.float64)


def box_text(item: Item, box: Array) -> str:
    """Name the categories in a box.

    Examples
    --------
    >>> box_text(Item("q", "ordinal", (1, 2, 3, 4, 5)), np.array([0, 0, 0, 1, 1]))
    '4, 5'
    """
    return ", ".join(text for text, inside in zip(item.category_texts, box, strict=True) if inside)


def by_segment(segments: SoftSegments, columns: dict[str, Array]) -> pd.DataFrame:
    """Put arrays of shape (K,) into a table with a row for each segment."""
    return pd.DataFrame({"segment": list(segments.names), **columns})
