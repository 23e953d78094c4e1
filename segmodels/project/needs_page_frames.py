"""From results on needs to the page."""

from datetime import datetime
from importlib.metadata import version

import pandas as pd

from segmodels.inference.settings import NUTS
from segmodels.models.needs.latent_class import LatentClassFit
from segmodels.project.needs_outside import METHOD, Relations
from segmodels.project.needs_results import NeedsResults
from segmodels.project.page import in_words
from segmodels.report.html import Provenance
from segmodels.report.needs_notes import needs_notes
from segmodels.report.needs_page import NeedsPage
from segmodels.report.needs_parts import ClassNumber, NeedsHeadline, Outside, Typing, WholeBase
from segmodels.segments.projection.projected import ProjectionFit
from segmodels.segments.typing_tool.selection import GoldenQuestions

SIMULATED = (
    "These data are simulated: no survey was read, no customer is real, and nothing on this page is true of anybody. "
    "It shows what the page looks like."
)
#: Share of the ceiling from which on more questions add little.
_ENOUGH = 0.95
_PACKAGES = ("segmodels", "numpy", "scipy", "pandas", "scikit-learn")
_PACKAGES_OF_NUTS = ("pymc", "nutpie", "arviz")


def needs_page(results: NeedsResults, made: datetime) -> NeedsPage:
    """Assemble the page.

    Parameters
    ----------
    results
        Of a run.
    made
        When.
    """
    plan, said = results.plan, results.said
    chosen, projection = results.chosen, results.projection
    title = f"What customers need: {plan.title}"
    return NeedsPage(
        title=f"Simulated data. {title}" if plan.simulated else title,
        provenance=provenance(results, made),
        currency=plan.currency,
        level=plan.level,
        headline=NeedsHeadline(
            respondents=results.fit.n,
            segments=results.fit.n_classes,
            recommended=chosen.recommended if len(plan.n_classes) > 1 else None,
            customers=None if projection is None else len(projection.base.customers),
        ),
        personas=said.personas,
        profile=said.profile.table,
        roles=None if said.roles is None else said.roles.table,
        roles_evidence=() if said.roles is None else said.roles.evidence,
        opportunity=None if said.opportunity is None else said.opportunity.table,
        price=None if said.price is None else said.price.table,
        price_evidence=() if said.price is None else said.price.evidence,
        outside=_outside(results.relation),
        typing=_typing(results.questions, results.fit),
        base=_base(projection),
        classes=ClassNumber(chosen.table, chosen.recommended, _reasons(results)),
        evidence=(*results.style, *chosen.evidence[1:]),
        audit=results.survey.responses.audit,
        notes=_notes(results),
    )


def provenance(results: NeedsResults, made: datetime) -> Provenance:
    """Say where the page comes from."""
    plan, style = results.plan, results.fit.spec.style
    classes = results.fit.n_classes
    words = f"{classes} latent class{'' if classes == 1 else 'es'}"
    if style:
        words += f" with a response style ({' and '.join(style)})"
    packages = (*_PACKAGES, *(_PACKAGES_OF_NUTS if isinstance(plan.setting, NUTS) else ()))
    return Provenance(
        source=plan.title,
        model=f"{words}, {in_words(plan.setting)}",
        made=made,
        seed=plan.seed,
        versions=tuple((name, version(name)) for name in packages),
    )


def _reasons(results: NeedsResults) -> tuple[str, ...]:
    taken, recommended = results.fit.n_classes, results.chosen.recommended
    asked = (f"{taken} were asked for.",) if taken != recommended else ()
    return (*asked, *results.chosen.reasons)


def _outside(found: Relations | None) -> Outside | None:
    if found is None:
        return None
    return Outside(
        method=METHOD,
        outcomes=found.outcomes,
        tests=found.tests,
        differences=_some(found.differences),
        reference=found.reference,
        evidence=found.evidence,
    )


def _typing(found: GoldenQuestions | None, fit: LatentClassFit) -> Typing | None:
    """Show the curve, and the fewest questions that come near the ceiling."""
    if found is None:
        return None
    enough = found.fewest(_ENOUGH)
    true, items = found.sets[enough], {item.name: item for item in fit.components.items}
    shares = found.ceiling.table.sum(axis=1)
    numbers = pd.DataFrame(
        [
            ("true accuracy", true.overall, *true.worst),
            ("ceiling", found.ceiling.overall, *found.ceiling.worst),
            ("largest share", float(shares.max()), "", float("nan")),
        ],
        columns=["number", "value", "worst_segment", "worst_recall"],
    )
    return Typing(
        curve=found.curve,
        questions=tuple(items[name].wording for name in true.questions),
        numbers=numbers,
        segments=pd.DataFrame(
            {
                "segment": list(true.names),
                "share": shares,
                "recall": true.recall.to_numpy(),
                "precision": true.precision.to_numpy(),
                "ceiling_recall": found.ceiling.recall.to_numpy(),
            }
        ),
        confusion=true.confusion,
    )


def _base(found: ProjectionFit | None) -> WholeBase | None:
    if found is None:
        return None
    return WholeBase(
        verdict=found.verdict,
        sizes=found.sizes,
        value=None if found.base.amounts is None else found.values,  # noqa: PD011 - no frame
        lift=_some(found.lift),
        evidence=tuple(each for each in found.evidence if each is not found.verdict),
    )


def _some(frame: pd.DataFrame) -> pd.DataFrame | None:
    """Give a table that has rows."""
    return None if frame.empty else frame


def _notes(results: NeedsResults) -> tuple[str, ...]:
    survey = results.survey
    style = bool(results.fit.spec.style) if survey.scales else None
    always = needs_notes(
        response_style=style,
        stated=results.said.opportunity is not None,
        projected=results.projection is not None,
    )
    first = (SIMULATED,) if results.plan.simulated else ()
    return (*first, *results.notes, *always)
