"""The role of each need: base expectation, differential benefit or tie-breaker."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.segments.derived_importance import derived_importance
from segmodels.segments.posterior_tabulation import box_text, scores_of, tabulate_item, top_box
from segmodels.segments.proportions import false_discovery
from segmodels.segments.soft_segments import SoftSegments, soft_segments
from segmodels.tables.codebook import Item

Array = NDArray[np.float64]

BASE, DIFFERENTIAL, TIE_BREAKER, NEITHER = (
    "base expectation",
    "differential benefit",
    "tie-breaker",
    "neither",
)
_FIGURES = "derived", "derived_low", "derived_high"
_ETA2 = "eta2", "eta2_low", "eta2_high"


@dataclass(frozen=True)
class RoleLimits:
    """Where the roles begin.

    Parameters
    ----------
    high
        Share of the top box that a base expectation reaches in every segment.
    same
        eta² between segments below which segments count as agreeing, and from which they differ.
    moderate
        Range of the share of the top box, of all respondents, of a tie-breaker.
    foremost
        Share of the items, best first, whose derived importance is that of a tie-breaker.
    alpha
        Rate of false discoveries of the Wald tests of differential benefits.
    respondents
        With fewer who can choose between suppliers that meet the base expectations, choices are not used.
    """

    high: float = 0.7
    same: float = 0.05
    moderate: tuple[float, float] = (0.3, 0.7)
    foremost: float = 0.25
    alpha: float = 0.05
    respondents: int = 50


@dataclass(frozen=True, eq=False, repr=False)
class NeedsRoles:
    """Roles of needs with the figures behind them.

    Parameters
    ----------
    table
        One row an item: ``item, label, benefit, role, borderline`` (whether the intervals allow another
        role), ``why``; ``lowest, lowest_low, lowest_high, lowest_segment`` (share of the top box where it is
        lowest), ``stated, stated_low, stated_high`` (of all respondents), ``eta2, eta2_low, eta2_high, wald,
        df, p_value, q_value``, ``derived, derived_low, derived_high`` (importance derived from choices, or
        eta² where there are none), ``boxes`` (the categories in the top box).
    evidence
        What derived importance was taken from.
    """

    table: pd.DataFrame
    evidence: tuple[Evidence, ...]

    def __repr__(self) -> str:
        """Count the roles."""
        counts = ", ".join(f"{n} {role}" for role, n in self.table["role"].value_counts().items())
        return f"NeedsRoles: {counts}"


def needs_roles(
    of: NeedsFit | SoftSegments,
    items: Sequence[str] = (),
    *,
    seed: int,
    choices: pd.DataFrame | None = None,
    met: float = 4.0,
    top: int = 2,
    limits: RoleLimits | None = None,
    level: float = 0.95,
) -> NeedsRoles:
    """Tell base expectations, differential benefits and tie-breakers apart.

    Base expectations are important to nearly all in every segment. On differential benefits segments differ.
    Tie-breakers are of moderate stated importance, and yet foremost in deciding between suppliers that both
    meet the base expectations; without choices they are the differential benefits of moderate importance
    that separate segments most, and the evidence says so.

    Parameters
    ----------
    of
        A fit, or soft segments.
    items
        Ordinal or binary items on importance; by default those of the codebook's benefits or, if it pairs
        none, of the dimension ``"benefit"``.
    seed
        Of the draws of parameters, and of the orders of a Shapley value of more than 8 benefits.
    choices
        ``customer_id, supplier, chosen``, and a rating of the supplier for each item, in a column named by its
        benefit or by itself. Only suppliers count that meet every base expectation in the respondent's eyes,
        and only respondents who chose among two or more of them.
    met
        Rating from which a supplier meets a need.
    top
        Categories in the top box: see ``top_box``.
    limits
        Where the roles begin; by default ``RoleLimits()``.
    level
        Of the intervals.

    Raises
    ------
    InputError
        Where there are no such items, or their categories have no order.

    Examples
    --------
    >>> from segmodels.tables.codebook import Codebook
    >>> from segmodels.tables.responses import Responses
    >>> book = Codebook((Item("safe", "binary", (0, 1)), Item("cheap", "binary", (0, 1))))
    >>> safe, cheap = np.ones(200, np.int16), np.repeat([0, 1], 100).astype(np.int16)
    >>> people = Responses(
    ...     pd.RangeIndex(200), book, {"safe": safe, "cheap": cheap}, np.ones(200), np.ones(200)
    ... )
    >>> two = SoftSegments(people, ("a", "b"), np.eye(2)[cheap])
    >>> needs_roles(two, ["safe", "cheap"], seed=1).table["role"].tolist()
    ['base expectation', 'tie-breaker']
    """
    segments = soft_segments(of, seed)
    limits = limits or RoleLimits()
    chosen = _items(segments, items, top)
    table = pd.DataFrame([_figures(segments, item, top, level) for item in chosen])
    table["q_value"] = false_discovery(table["p_value"])
    base = ((table["lowest"] >= limits.high) & (table["eta2"].fillna(0) < limits.same)).to_numpy()
    derived, evidence = _derived(segments, table, base, choices, (met, limits, seed, level))
    table = table.join(derived).assign(by_choice=evidence.passed is True)
    roles = [_role(row, limits, cut=_cut(table, base, limits)) for row in table.to_dict("records")]
    columns = [
        *("item", "label", "benefit", "role", "borderline", "why"),
        *("lowest", "lowest_low", "lowest_high", "lowest_segment", "stated", "stated_low", "stated_high"),
        *("eta2", "eta2_low", "eta2_high", "wald", "df", "p_value", "q_value", *_FIGURES, "boxes"),
    ]
    named = pd.DataFrame(roles, columns=["role", "borderline", "why"])
    return NeedsRoles(table.join(named).loc[:, columns], (evidence,))


def _items(segments: SoftSegments, names: Sequence[str], top: int) -> list[Item]:
    book = segments.responses.codebook
    paired = [str(name) for name in book.benefits["importance"].dropna()]
    if not names:
        names = paired or [item.name for item in book if item.dimension == "benefit"]
    if not names:
        fault = Fault(
            "items", "none", "items on the importance of benefits", "Name them, or set their dimension."
        )
        raise InputError(fault)
    faults: list[Fault] = []
    found: list[Item] = []
    for name in names:
        try:
            found.append(book[name])
            top_box(book[name], top)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return found


def _figures(segments: SoftSegments, item: Item, top: int, level: float) -> dict[str, object]:
    """Give the figures of one item."""
    box = top_box(item, top)
    share = tabulate_item(segments, item.name, box, proportion=True)
    low, high = share.interval(level)
    ordinal = item.scale == "ordinal"
    score = tabulate_item(segments, item.name, scores_of(item), proportion=False) if ordinal else share
    everyone = SoftSegments(segments.responses, ("all",), np.ones((len(segments.responses), 1)))
    stated = tabulate_item(everyone, item.name, box, proportion=True)
    ends = stated.interval(level)
    wald, df = score.wald()
    eta_low, eta_high = score.eta2_interval(level)
    return {
        "item": item.name,
        "label": item.wording,
        "benefit": item.benefit or item.name,
        "lowest": float(np.nanmin(share.value)),
        "lowest_low": float(np.nanmin(low)),
        "lowest_high": float(np.nanmin(high)),
        "lowest_segment": segments.names[int(np.nanargmin(share.value))],
        "stated": float(stated.value[0]),
        "stated_low": float(ends[0][0]),
        "stated_high": float(ends[1][0]),
        "eta2": score.eta2,
        "eta2_low": eta_low,
        "eta2_high": eta_high,
        "wald": wald,
        "df": df,
        "p_value": score.wald_p(),
        "boxes": box_text(item, box),
    }


def _derived(
    segments: SoftSegments,
    table: pd.DataFrame,
    base: NDArray[np.bool_],
    choices: pd.DataFrame | None,
    settings: tuple[float, RoleLimits, int, float],
) -> tuple[pd.DataFrame, Evidence]:
    """Give the derived importance of each item, and say what it was taken from."""
    met, limits, seed, level = settings
    name = "Tie-breakers"
    separation = pd.DataFrame({to: table[of] for to, of in zip(_FIGURES, _ETA2, strict=True)})
    if choices is None:
        text = (
            "No choices between suppliers were given: derived importance is the separation of the segments."
        )
        return separation, Evidence(name, None, text)
    columns = [b if b in choices else i for b, i in zip(table["benefit"], table["item"], strict=True)]
    others = [column for column, is_base in zip(columns, base, strict=True) if not is_base]
    kept = _equal_suppliers(choices, [column for column in columns if column not in others], met)
    n = len(set(kept["customer_id"]))
    figures = pd.DataFrame({"respondents": [len(set(choices["customer_id"]))], "able_to_choose": [n]})
    if n < limits.respondents or not others:
        text = (
            f"Only {n} respondents chose among suppliers that meet the base expectations, {limits.respondents} "
            "are asked for: derived importance is the separation of the segments instead."
        )
        return separation, Evidence(name, False, text, figures)
    responses = segments.responses
    weight = pd.Series(responses.case_weight, responses.customer_id)
    found = derived_importance(kept, others, seed=seed, weight=weight, level=level).set_index("benefit")
    # What draws customers away breaks no tie in its favour.
    found.loc[found["coefficient"] <= 0, "derived"] = 0.0
    text = f"Derived from the choices of {n} respondents among suppliers that meet the base expectations."
    figure = found.reindex(columns).loc[:, list(_FIGURES)].reset_index(drop=True)
    return figure, Evidence(name, True, text, figures)


def _equal_suppliers(choices: pd.DataFrame, base: list[str], met: float) -> pd.DataFrame:
    """Keep suppliers that meet every base expectation, of respondents who chose among two or more."""
    needed = {"customer_id", "supplier", "chosen", *base}
    absent = sorted(needed - set(choices.columns))
    if absent:
        raise InputError(
            Fault("choices", f"no column {', '.join(absent)}", "ratings of base expectations", "Add them.")
        )
    meets = (choices.loc[:, base].to_numpy(np.float64) >= met).all(axis=1)
    kept = choices.loc[meets]
    by = kept.groupby("customer_id")["chosen"]
    fine = (by.transform("size") >= 2) & (by.transform("sum") == 1)
    return kept.loc[fine.to_numpy(bool)]


def _cut(table: pd.DataFrame, base: NDArray[np.bool_], limits: RoleLimits) -> float:
    """Find the derived importance from which an item is among the foremost."""
    others = np.sort(table["derived"].to_numpy(np.float64)[~base])[::-1]
    others = others[np.isfinite(others)]
    if not len(others):
        return float("inf")
    return float(others[max(int(np.ceil(limits.foremost * len(others))) - 1, 0)])


def _role(row: dict[str, object], limits: RoleLimits, cut: float) -> tuple[str, bool, str]:
    """Give the role of an item, whether another is possible, and the reason."""
    figure = {name: float(value) for name, value in row.items() if isinstance(value, int | float)}
    eta2, q_value = float(np.nan_to_num(figure["eta2"])), figure["q_value"]
    inside = limits.moderate[0] <= figure["stated"] <= limits.moderate[1]
    base = figure["lowest"] >= limits.high and eta2 < limits.same
    differs = eta2 >= limits.same and q_value <= limits.alpha
    decides = figure["derived_low"] > 0 if row["by_choice"] else differs
    foremost = figure["derived"] >= cut and decides
    unsure_high = figure["lowest_low"] < limits.high <= figure["lowest_high"]
    unsure_same = figure["eta2_low"] < limits.same <= figure["eta2_high"]
    unsure_inside = any(figure["stated_low"] < end < figure["stated_high"] for end in limits.moderate)
    unsure_cut = figure["derived_low"] < cut < figure["derived_high"]
    least = (
        f"top box {figure['lowest']:.0%} in {row['lowest_segment']!r}, where it is lowest; eta² {eta2:.3f}"
    )
    if base:
        return BASE, unsure_high or unsure_same, least
    could_be_base = (unsure_high or figure["lowest"] >= limits.high) and (unsure_same or eta2 < limits.same)
    stated = f"stated by {figure['stated']:.0%}; derived importance {figure['derived']:.3f}"
    if inside and foremost:
        return TIE_BREAKER, could_be_base or unsure_inside or unsure_cut, stated
    unsure = could_be_base or unsure_same
    if differs:
        return DIFFERENTIAL, unsure, f"eta² {eta2:.3f}, q = {q_value:.2g}; {least.split(';', maxsplit=1)[0]}"
    return NEITHER, unsure, f"{least}; {stated}"
