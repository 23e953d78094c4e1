"""What the segments say, by the parts that the survey asks for; and what lies outside."""

from dataclasses import replace

import pandas as pd

from segmodels.models.needs.latent_class import LatentClassFit
from segmodels.project.needs_outside import or_note
from segmodels.project.needs_plan import NeedsPlan
from segmodels.project.needs_read import Survey, base_frame
from segmodels.project.needs_results import Said
from segmodels.segments.draft_names import draft_names
from segmodels.segments.needs_roles import NeedsRoles, needs_roles
from segmodels.segments.opportunity import Opportunity, opportunity
from segmodels.segments.personas import personas
from segmodels.segments.price_axis import price_axis
from segmodels.segments.profile import profile
from segmodels.segments.projection.projected import ProjectionFit
from segmodels.segments.projection.projection import Projection
from segmodels.segments.soft_segments import SoftSegments, soft_segments

_ORDERED = ("binary", "ordinal")


def named(plan: NeedsPlan, fit: LatentClassFit) -> tuple[LatentClassFit, SoftSegments, tuple[str, ...]]:
    """Name the segments: as the user says, the others by drafts.

    Returns
    -------
    fit, segments, drafts
        The fit and the segments with their names, and the names that are drafts.
    """
    segments = soft_segments(fit, plan.seed)
    fit.rename(plan.names)
    drafts = draft_names(profile(segments, fit.spec.indicators(segments.responses), seed=plan.seed))
    given = {number: plan.names.get(number, drafts[number]) for number in fit.names}
    other = fit.rename(given)
    kept = tuple(name for number, name in given.items() if number not in plan.names)
    return other, replace(segments, names=other.names, fit=other), kept


def what_they_say(
    plan: NeedsPlan, survey: Survey, segments: SoftSegments, values: pd.Series | None
) -> tuple[Said, tuple[str, ...]]:
    """Profile the segments, and everything that the codebook has items for.

    Returns
    -------
    said, notes
        Notes say what was left out, and why.
    """
    book, seed, notes = survey.responses.codebook, plan.seed, []
    found = profile(segments, seed=seed, level=plan.level)
    roles: NeedsRoles | None = None
    if any(item.scale in _ORDERED and item.dimension == "benefit" for item in book):
        roles = or_note(notes, "Roles of needs", lambda: needs_roles(segments, seed=seed, level=plan.level))
    score: Opportunity | None = None
    if not book.benefits.dropna().empty:
        score = or_note(
            notes,
            "Opportunity scores",
            lambda: opportunity(segments, seed=seed, values=values, level=plan.level),
        )
    axis = None
    if plan.directions:
        axis = price_axis(segments, plan.directions, seed=seed, level=plan.level)
    cards = personas(found, score, axis)
    return Said(found, roles, score, axis, cards), tuple(notes)


def project(plan: NeedsPlan, survey: Survey, fit: LatentClassFit) -> tuple[ProjectionFit | None, str]:
    """Project the segments to the base, where there is one; or say why not."""
    if survey.base is None:
        return None, ""
    if fit.n_classes < 2:
        return None, "One class has nothing to project: all customers are of it."
    spec = Projection(features=plan.features or None, level=plan.level)
    frame = base_frame(survey.base, plan.value)
    return spec.fit(fit, frame, values=plan.value, seed=plan.seed), ""


def values_of(plan: NeedsPlan, survey: Survey) -> pd.Series | None:
    """Give the value of each customer of the base, by id; None where there is none."""
    if survey.base is None or plan.value is None:
        return None
    return pd.Series(survey.base.numbers[plan.value], index=survey.base.customer_id, name=plan.value)
