"""The three numbers that are confused: agreement with the battery, cross-validated, and true accuracy."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from segmodels.evidence import Evidence
from segmodels.models.needs.components import Components
from segmodels.segments.typing_tool.accuracy import Accuracy, accuracy
from segmodels.segments.typing_tool.agreement import Agreement, implied_agreement, tabulate
from segmodels.segments.typing_tool.answers import codes_of
from segmodels.segments.typing_tool.cross_validation import CrossValidation, FitOn, Select, cross_validate
from segmodels.segments.typing_tool.fitted import Fitted, components_of, membership_of
from segmodels.segments.typing_tool.joint import EFFORT, Effort, winners
from segmodels.segments.typing_tool.selection import golden_questions
from segmodels.segments.typing_tool.tool import TypingTool
from segmodels.tables.responses import Responses

#: Norms of practice: good from these on, usable for profiling from the third on.
GOOD, GOOD_WORST, PROFILING = 0.80, 0.65, 0.70


@dataclass(frozen=True, eq=False, repr=False)
class TypingReport:
    """How well a typing tool does, by every number that is quoted. Made by :func:`validate_typing_tool`.

    Parameters
    ----------
    true
        What the model implies for people placed by their answers to all the questions.
    ceiling
        The same for all items: the segments themselves are no clearer than this.
    agreement
        Of the questions with the full battery, over the respondents with their weights and with the answers
        that they gave, missing ones included. This is the number that vendors quote; it says nothing of whether
        the battery itself is right.
    implied
        The same agreement as the model implies it.
    cross_validation
        Respondents placed by tools that had not seen them; None where it was not asked for.
    """

    true: Accuracy
    ceiling: Accuracy
    agreement: Agreement
    implied: Agreement
    cross_validation: CrossValidation | None

    @property
    def numbers(self) -> pd.DataFrame:
        """Every number beside the others: ``number, value, standard_error, worst_segment, worst_recall, of``.

        The standard error is that of simulation for what the model implies (0 where every pattern was
        enumerated) and that of sampling for what respondents show. The baselines place everyone in the
        largest segment, or at random in proportion to the shares.
        """
        shares = self.ceiling.table.sum(axis=1)
        nan = float("nan")
        rows: list[tuple[str, float, float, tuple[str, float], str]] = [
            (
                "true accuracy",
                self.true.overall,
                self.true.standard_error,
                self.true.worst,
                "people who answer every question, placed in the segment that they are of",
            ),
            (
                "ceiling",
                self.ceiling.overall,
                self.ceiling.standard_error,
                self.ceiling.worst,
                "the same with all items asked",
            ),
            (
                "agreement",
                self.agreement.overall,
                self.agreement.standard_error,
                self.agreement.worst,
                "respondents placed as by all items",
            ),
            (
                "implied agreement",
                self.implied.overall,
                self.implied.standard_error,
                self.implied.worst,
                "the same, by the model",
            ),
        ]
        if self.cross_validation is not None:
            found = self.cross_validation.agreement
            rows.append(
                (
                    "cross-validated agreement",
                    found.overall,
                    found.standard_error,
                    found.worst,
                    "respondents not seen, placed as by all items of the full fit",
                )
            )
            rows.append(
                (
                    "cross-validated accuracy",
                    self.cross_validation.accuracy,
                    nan,
                    ("", nan),
                    "respondents not seen, by their probabilities given all items",
                )
            )
        none = ("", nan)
        rows.append(("largest share", float(shares.max()), nan, none, "everyone in the largest segment"))
        rows.append(("proportional chance", float((shares**2).sum()), nan, none, "at random by the shares"))
        table = pd.DataFrame(rows, columns=["number", "value", "standard_error", "worst", "of"])
        table.insert(3, "worst_segment", [name for name, _ in table["worst"]])
        table.insert(4, "worst_recall", [recall for _, recall in table["worst"]])
        return table.drop(columns="worst")

    @property
    def per_segment(self) -> pd.DataFrame:
        """One row per segment: its share, and recall and precision by every number."""
        table = pd.DataFrame(
            {
                "segment": list(self.true.names),
                "share": self.ceiling.table.sum(axis=1),
                "recall": self.true.recall.to_numpy(),
                "precision": self.true.precision.to_numpy(),
                "ceiling_recall": self.ceiling.recall.to_numpy(),
                "agreement_recall": self.agreement.recall.to_numpy(),
                "agreement_precision": self.agreement.precision.to_numpy(),
            }
        )
        if self.cross_validation is None:
            return table
        found = self.cross_validation.agreement
        return table.assign(
            cross_validated_recall=found.recall.to_numpy(),
            cross_validated_precision=found.precision.to_numpy(),
        )

    @property
    def confusion(self) -> pd.DataFrame:
        """Shares of people: true segments in rows, segments placed in as columns; sums to 1."""
        return self.true.confusion

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The verdicts, with the norms of practice and the baselines."""
        found = [self._judged("True accuracy", self.true.overall, self.true.worst)]
        if self.cross_validation is not None:
            held = self.cross_validation.agreement
            found.append(self._judged("Cross-validated agreement", held.overall, held.worst))
        gap = self.ceiling.overall - self.true.overall
        text = (
            f"Respondents are placed as by all items in {self.agreement.overall:.1%}, the number usually "
            f"quoted; people are placed in their true segment in {self.true.overall:.1%}, and would be in "
            f"{self.ceiling.overall:.1%} with all items, {100 * gap:.1f} points more."
        )
        found.append(Evidence("Agreement is not accuracy", None, text, self.numbers))
        return tuple(found)

    def _judged(self, name: str, overall: float, worst: tuple[str, float]) -> Evidence:
        shares = self.ceiling.table.sum(axis=1)
        passed, verdict = _verdict(overall, worst[1])
        text = (
            f"{overall:.1%}, worst segment {worst[0]!r} {worst[1]:.1%} (largest share {shares.max():.1%}, "
            f"proportional chance {(shares**2).sum():.1%}; norms: {GOOD:.0%} with the worst at {GOOD_WORST:.0%} "
            f"is good, {PROFILING:.0%} will do for profiling): {verdict}"
        )
        return Evidence(f"Typing tool: {name.lower()}", passed, text, self.per_segment)

    def __repr__(self) -> str:
        """Print the numbers."""
        return self.numbers.to_string(index=False)


def _verdict(overall: float, worst: float) -> tuple[bool | None, str]:
    """Judge by the norms.

    >>> [_verdict(*pair)[0] for pair in ((0.85, 0.7), (0.85, 0.5), (0.75, 0.7), (0.6, 0.6))]
    [True, None, None, False]
    """
    if overall >= GOOD and worst >= GOOD_WORST:
        return True, "good."
    if overall >= GOOD:
        return None, "good but for the worst segment; there, work with the probabilities."
    if overall >= PROFILING:
        return None, "usable for profiling."
    return False, "recruit only with the probabilities, or ask more questions."


def validate_typing_tool(
    fit: Fitted | Components,
    tool: TypingTool,
    responses: Responses,
    *,
    seed: int,
    fit_on: FitOn | None = None,
    select: Select | None = None,
    folds: int = 10,
    effort: Effort = EFFORT,
) -> TypingReport:
    """Work out every number that is quoted of a typing tool.

    Parameters
    ----------
    fit
        The fit that the tool was made of.
    tool
        The typing tool.
    responses
        The respondents that it was fitted to, with their weights.
    seed
        Of simulated answers and of folds.
    fit_on
        Fits some respondents with a seed, and chooses the number of classes anew if it was chosen by looking
        at the data, such as ``lambda part, seed: spec.fit(part, sg.MAP(), seed=seed)``. None: no
        cross-validation.
    select
        Chooses the questions in each fold. None: as many as the tool has, by :func:`golden_questions` for
        accuracy. Give it where the tool was made otherwise.
    folds
        Number of folds; respondents of one cluster stay together.
    effort
        Bounds of enumeration and simulation.

    Returns
    -------
    TypingReport
    """
    components = components_of(fit)
    questions = tool.components.item_names
    placed = winners(tool.posterior(codes_of(tool.questions, responses)).T)
    reference = winners(membership_of(fit, responses).T)
    held = None
    if fit_on is not None:

        def choose(refit: Fitted | Components, seed: int) -> tuple[str, ...]:
            q = min(len(questions), len(components_of(refit).items))
            return golden_questions(refit, [q], seed=seed, effort=effort).questions(q)

        held = cross_validate(fit, responses, fit_on, select or choose, folds=folds, seed=seed)
    return TypingReport(
        accuracy(components, questions, seed=seed, effort=effort),
        accuracy(components, seed=seed, effort=effort),
        tabulate(components.names, reference, placed, np.asarray(responses.case_weight)),
        implied_agreement(components, questions, seed=seed, effort=effort),
        held,
    )
