"""Class profiles: what each segment answers, beside all and beside the rest, with intervals and tests."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.segments.item_statistics import divergence_parts, item_divergence, separation, statistics
from segmodels.segments.posterior_tabulation import Tabulation, by_segment
from segmodels.segments.proportions import false_discovery
from segmodels.segments.soft_segments import SoftSegments, soft_segments
from segmodels.tables.codebook import Item

Array = NDArray[np.float64]

_FIGURES = ("estimate", "index")


@dataclass(frozen=True, eq=False, repr=False)
class Profile:
    """What the segments answer.

    Parameters
    ----------
    names
        Of the segments.
    shares
        Of the segments among respondents, by name.
    sizes
        Respondents in each segment, expected, by name.
    table
        One row for each item, statistic, category and segment: ``item, label, phrase, dimension, scale, statistic``
        (``"probability"`` of a category, ``"top box"`` or ``"mean"``), ``category, segment, estimate, se, low,
        high, total`` (of all respondents), ``index, index_low, index_high`` (100 times estimate over total),
        ``z, p_value, q_value`` (against the rest of the respondents), ``base`` (respondents who answered) and
        ``method`` (``"model"`` or ``"posterior-weighted"``).
    separation
        One row an item: ``item, label, statistic, eta2, eta2_low, eta2_high, wald, df, p_value, q_value``, the
        share of the answers' variance that lies between segments (for nominal items Goodman and Kruskal's
        tau, without interval) and the test that no segment differs.
    divergence
        Items in rows, segments in columns: Kullback-Leibler divergence, in nats, of a segment's answers from
        those of all; of numbers, that of normal distributions with the spread of all.
    """

    names: tuple[str, ...]
    shares: pd.Series
    sizes: pd.Series
    table: pd.DataFrame
    separation: pd.DataFrame
    divergence: pd.DataFrame

    def __repr__(self) -> str:
        """Name items and segments."""
        return f"Profile of {len(self.separation)} items in {len(self.names)} segments"

    def wide(self, figure: str = "estimate", statistic: str | None = None) -> pd.DataFrame:
        """Put segments beside each other.

        Parameters
        ----------
        figure
            A column of the table, such as ``"estimate"`` or ``"index"``.
        statistic
            Keep only this one.

        Returns
        -------
        pandas.DataFrame
            Indexed by item, statistic and category; one column a segment and, for ``"estimate"`` and
            ``"index"``, a last one ``all``.
        """
        kept = np.ones(len(self.table), bool) if statistic is None else self.table["statistic"] == statistic
        rows: pd.DataFrame = self.table.loc[kept]
        keys = ["item", "statistic", "category"]
        first: pd.DataFrame = rows.loc[rows["segment"] == self.names[0]].set_index(keys)
        out = pd.DataFrame(
            {name: rows.loc[rows["segment"] == name, figure].to_numpy() for name in self.names},
            index=first.index,
        )
        if figure in _FIGURES:
            out["all"] = first["total"] if figure == "estimate" else 100.0
        return out

    def differentiators(
        self, most: int = 5, alpha: float = 0.05, dimensions: Sequence[str] | None = None
    ) -> pd.DataFrame:
        """Give the items that tell each segment from all respondents, the most telling first.

        Parameters
        ----------
        most
            Items a segment.
        alpha
            Rate of false discoveries allowed: items whose q-value is above are left out.
        dimensions
            Keep items of these dimensions only; by default all but the profile.

        Returns
        -------
        pandas.DataFrame
            ``segment, rank, item, label, phrase, statistic, category, estimate, total, index, direction`` (1 above,
            -1 below the rest), ``divergence, q_value``. An item stands for itself by its last category where
            it is binary, by its top box where it is ordinal, by its mean where it is a number, and by the
            category that adds most to the divergence where it is nominal.
        """
        rows: pd.DataFrame = self.table.loc[self._telling()]
        if dimensions is None:
            rows = rows.loc[rows["dimension"] != "profile"]
        else:
            rows = rows.loc[rows["dimension"].isin(list(dimensions))]
        found = self.divergence.reset_index().melt("item", var_name="segment", value_name="divergence")
        rows = rows.merge(found, on=["item", "segment"])
        rows = rows.loc[rows["q_value"] <= alpha]
        rows = rows.assign(
            direction=np.sign(rows["z"]).astype(int),
            segment=pd.Categorical(rows["segment"], categories=list(self.names), ordered=True),
            # Ties are settled by the order of the items, whatever the last digits.
            size=-rows["divergence"].round(10),
        ).sort_values(["segment", "size"], kind="stable")
        rows = rows.assign(rank=rows.groupby("segment", observed=True).cumcount() + 1)
        named = ["segment", "rank", "item", "label", "phrase", "statistic", "category"]
        columns = [*named, "estimate", "total", "index"]
        out = rows.loc[rows["rank"] <= most, [*columns, "direction", "divergence", "q_value"]]
        return out.assign(segment=out["segment"].astype(str)).reset_index(drop=True)

    def _telling(self) -> Array:
        """Mark the rows by which an item speaks for itself, shape (rows,)."""
        table = self.table
        part = divergence_parts(table["estimate"].to_numpy(), table["total"].to_numpy())
        probability = table["statistic"] == "probability"
        nominal = pd.Series(np.where(probability, np.abs(part), -1.0), index=table.index)
        largest = nominal.groupby([table["item"], table["segment"]]).transform("idxmax") == table.index
        last = ~table.duplicated(["item", "statistic", "segment"], keep="last")
        several = table["scale"] == "nominal"
        ordered = table["statistic"].isin(["top box", "mean"]) & ~(
            (table["statistic"] == "mean") & (table["scale"] == "ordinal")
        )
        binary = (table["scale"] == "binary") & probability & last
        return (ordered | binary | (several & probability & largest)).to_numpy()


def profile(
    of: NeedsFit | SoftSegments,
    items: Sequence[str] = (),
    *,
    seed: int,
    top: int = 2,
    level: float = 0.95,
) -> Profile:
    """Profile segments by every item, indicators and profile items alike.

    Parameters
    ----------
    of
        A fit, or soft segments. Probabilities of the coded items of a fit are the model's, with errors by the
        delta method from its covariance (or from its draws). All others are weighted by membership; their
        errors are those of the sampling design, plus how much they vary over the segments' draws. Weighting
        by membership pulls segments towards each other where they are not certain: to relate segments to
        what lies outside the model without this bias, use the three-step or BCH estimators.
    items
        Names; by default all of the codebook.
    seed
        Of the draws of parameters; unused where `of` needs none.
    top
        Categories of an ordinal item that are its top box: see ``top_box``.
    level
        Of the intervals.

    Notes
    -----
    Intervals of shares are Wilson's with the effective sample size that the standard error speaks of, at most
    the respondents of the segment; those of indices follow by the method of variance estimates recovery.
    The z-test compares a segment with all the rest; q-values are Benjamini and Hochberg's over the table.

    Examples
    --------
    >>> from segmodels.tables.codebook import Codebook
    >>> from segmodels.tables.responses import Responses
    >>> book = Codebook((Item("q", "binary", (0, 1)),))
    >>> answers = Responses(
    ...     pd.RangeIndex(4), book, {"q": np.array([0, 1, 1, 1], np.int16)}, np.ones(4), np.ones(4)
    ... )
    >>> found = profile(SoftSegments(answers, ("a", "b"), np.eye(2)[[0, 0, 1, 1]]), seed=1)
    >>> found.wide("index").round(1).to_numpy().tolist()
    [[200.0, 0.0, 100.0], [66.7, 133.3, 100.0]]
    """
    segments = soft_segments(of, seed)
    book = segments.responses.codebook
    chosen = [book[name] for name in (items or book.names)]
    parts: list[pd.DataFrame] = []
    facts: list[dict[str, object]] = []
    divergence: dict[str, Array] = {}
    for item in chosen:
        found = list(statistics(segments, item, top))
        parts += [_rows(segments, item, name, text, one, level) for name, text, one in found]
        facts.append(separation(item, found, level))
        divergence[item.name] = item_divergence(found)
    table = pd.concat(parts, ignore_index=True)
    after = list(table.columns).index("p_value") + 1
    table.insert(after, "q_value", false_discovery(table["p_value"]))
    apart = pd.DataFrame(facts)
    apart["q_value"] = false_discovery(apart["p_value"])
    index = pd.Index(segments.names, name="segment")
    size = segments.responses.count @ segments.memberships
    return Profile(
        segments.names,
        pd.Series(segments.shares, index, name="share"),
        pd.Series(size, index, name="respondents"),
        table,
        apart,
        pd.DataFrame(divergence, index=index).T.rename_axis("item"),
    )


def _rows(
    segments: SoftSegments, item: Item, statistic: str, category: str, found: Tabulation, level: float
) -> pd.DataFrame:
    low, high = found.interval(level)
    index, index_low, index_high = found.index(level)
    figures = by_segment(
        segments,
        {
            "estimate": found.value,
            "se": found.error,
            "low": low,
            "high": high,
            "total": np.full(len(low), found.total),
            "index": index,
            "index_low": index_low,
            "index_high": index_high,
            "z": found.against_rest(),
            "p_value": found.p_values(),
            "base": found.in_segment,
        },
    )
    named = {
        "item": item.name,
        "label": item.wording,
        "phrase": item.phrase,
        "dimension": item.dimension or "",
        "scale": item.scale,
        "statistic": statistic,
        "category": category,
    }
    method = "model" if found.modelled else "posterior-weighted"
    return pd.DataFrame(named, index=figures.index).join(figures).assign(method=method)
