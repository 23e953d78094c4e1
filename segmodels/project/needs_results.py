"""What a run on a survey found, as one frozen value."""

from dataclasses import dataclass

import pandas as pd

from segmodels.evidence import Evidence
from segmodels.models.needs.latent_class import LatentClassFit
from segmodels.project.needs_fits import Chosen
from segmodels.project.needs_outside import Relations
from segmodels.project.needs_plan import NeedsPlan
from segmodels.project.needs_read import Survey
from segmodels.segments.needs_roles import NeedsRoles
from segmodels.segments.opportunity import Opportunity
from segmodels.segments.personas import Persona
from segmodels.segments.price_axis import PriceAxis
from segmodels.segments.profile import Profile
from segmodels.segments.projection.projected import ProjectionFit
from segmodels.segments.typing_tool.selection import GoldenQuestions


@dataclass(frozen=True, eq=False)
class Said:
    """What the segments say; None where the survey does not ask for it.

    Parameters
    ----------
    profile
        What the segments answer.
    roles
        Of needs.
    opportunity
        Importance against satisfaction.
    price
        Premium seeking against bargain hunting.
    personas
        A card a segment.
    """

    profile: Profile
    roles: NeedsRoles | None
    opportunity: Opportunity | None
    price: PriceAxis | None
    personas: tuple[Persona, ...]


@dataclass(frozen=True, eq=False)
class NeedsResults:
    """What a run found.

    Parameters
    ----------
    plan
        What was asked for.
    survey
        The respondents, and the base.
    chosen
        The number of classes, and why.
    fit
        The fit taken, with the names of its segments.
    draft
        Names that are drafts.
    residuals
        Pairs of items whose association the classes do not explain.
    style
        Why there is a response style.
    said
        What the segments say.
    projection
        The segments of the base; None where there is no base.
    relation
        How the segments relate to what lies outside.
    questions
        Golden questions.
    notes
        What was left out, and why.
    """

    plan: NeedsPlan
    survey: Survey
    chosen: Chosen
    fit: LatentClassFit
    draft: tuple[str, ...]
    residuals: pd.DataFrame | None
    style: tuple[Evidence, ...]
    said: Said
    projection: ProjectionFit | None
    relation: Relations | None
    questions: GoldenQuestions | None
    notes: tuple[str, ...]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Every check, in the order of the page."""
        found = [*self.chosen.evidence, *self.style]
        for part in (self.said.roles, self.said.price, self.relation, self.projection):
            found += [] if part is None else list(part.evidence)
        return tuple(found)
