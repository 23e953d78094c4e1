"""How the segments relate to what lies outside the model: profile items, and columns of the base."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from segmodels.errors import Infeasible, InputError, NotConverged
from segmodels.evidence import Evidence
from segmodels.models.needs.latent_class import LatentClassFit
from segmodels.project.needs_read import Survey
from segmodels.segments.projection.projected import ProjectionFit
from segmodels.segments.relate.figures import Method
from segmodels.segments.relate.relate import relate
from segmodels.segments.relate.tests_of_difference import benjamini_hochberg, holm

#: Categories from which on a column of the base names customers more than it describes them.
_MOST_CATEGORIES = 12
METHOD = (
    "numbers by BCH, which supposes nothing of how they are distributed within a segment; categories by three-step "
    "maximum likelihood, which keeps shares within 0 and 1"
)


@dataclass(frozen=True, eq=False)
class Relations:
    """How the segments relate to what lies outside.

    Parameters
    ----------
    outcomes, tests, differences
        As of :class:`Relation`; p-values of `tests` are adjusted over all variables.
    reference
        The segment that the others are compared with.
    evidence
        What to know before relying on it.
    """

    outcomes: pd.DataFrame
    tests: pd.DataFrame
    differences: pd.DataFrame
    reference: str
    evidence: tuple[Evidence, ...]


def outside(
    survey: Survey, fit: LatentClassFit, projection: ProjectionFit | None
) -> tuple[Relations | None, tuple[str, ...]]:
    """Relate the segments to profile items and to columns of the base, without the bias of assigning first.

    Returns
    -------
    relations, notes
        None where there is nothing to relate; notes say what was left out, and why.
    """
    if fit.n_classes < 2:
        return None, ()
    columns = _profile_columns(survey)
    if projection is not None:
        columns |= _base_columns(survey, projection)
    table = pd.DataFrame(columns, index=pd.Index(survey.responses.customer_id, name="customer_id"))
    number = [name for name in table if pd.api.types.is_numeric_dtype(table[name].dtype)]
    notes: list[str] = []
    parts: list[Any] = []
    methods: tuple[tuple[Method, list[Any]], ...] = (
        ("bch", number),
        ("ml", [name for name in table if name not in number]),
    )
    for method, names in methods:
        if names:
            part = table.loc[:, names]
            kinds: Any = dict.fromkeys(names, "categorical") if method == "ml" else None
            what = f"How segments relate to {', '.join(map(str, names))}"
            parts.append(or_note(notes, what, _relating(fit, part, kinds, method)))
    found = [part for part in parts if part is not None]
    return (_together(found) if found else None), tuple(notes)


def _relating(fit: LatentClassFit, table: pd.DataFrame, kinds: Any, method: Method) -> Callable[[], Any]:
    return lambda: relate(fit, outcomes=table, kinds=kinds, method=method, missing="omit")


def _together(parts: list[Any]) -> Relations:
    """Put relations of several variables together; a check that both made is there once if it says the same."""
    tests = pd.concat([part.tests for part in parts], ignore_index=True)
    p = tests["p"].to_numpy(np.float64)
    evidence = {(each.name, each.text): each for part in parts for each in part.evidence}
    return Relations(
        pd.concat([part.outcomes for part in parts], ignore_index=True),
        tests.assign(p_holm=holm(p), p_bh=benjamini_hochberg(p)),
        pd.concat([part.differences for part in parts], ignore_index=True),
        parts[0].reference,
        tuple(evidence.values()),
    )


def _profile_columns(survey: Survey) -> dict[str, Any]:
    """Answers to the items that describe respondents, as texts or numbers; those of one value tell nothing."""
    found: dict[str, Any] = {}
    for item in survey.responses.codebook:
        if item.dimension != "profile":
            continue
        values = survey.responses.answers[item.name]
        known = values[values >= 0] if item.coded else values[~np.isnan(values)]
        if len(np.unique(known)) > 1:
            texts = np.array([*item.category_texts, None], dtype=object)
            found[item.name] = texts[values] if item.coded else values
    return found


def _base_columns(survey: Survey, projection: ProjectionFit) -> dict[str, Any]:
    """Columns of the base of the respondents, in the order of the survey."""
    customers, places = projection.base.customers, projection.base.places
    found: dict[str, Any] = {}
    for name in customers.features:
        column = customers.features[name].iloc[places]
        several = column.dropna().nunique()
        if several > 1 and (pd.api.types.is_numeric_dtype(column.dtype) or several <= _MOST_CATEGORIES):
            # An item of the survey may bear the same name.
            label = f"{name} (base)" if name in survey.responses.codebook else str(name)
            found[label] = column.to_numpy()
    return found


def or_note[Found](notes: list[str], what: str, find: Callable[[], Found]) -> Found | None:
    """Find something, or note why it can not be found."""
    try:
        return find()
    except (InputError, Infeasible, NotConverged) as error:
        said = " ".join(str(error).split())
        notes.append(f"{what}: left out. {said}")
        return None
