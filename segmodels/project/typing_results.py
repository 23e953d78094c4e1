"""What was found of golden questions, as one frozen value."""

from dataclasses import dataclass

import pandas as pd

from segmodels.evidence import Evidence
from segmodels.project.typing_plan import TypingPlan
from segmodels.segments.typing_tool.accuracy import Accuracy
from segmodels.segments.typing_tool.selection import GoldenQuestions
from segmodels.segments.typing_tool.tool import TypingTool
from segmodels.segments.typing_tool.validation import TypingReport


@dataclass(frozen=True, eq=False)
class TypingResults:
    """What was found.

    Parameters
    ----------
    plan
        What was asked for.
    golden
        The best questions of each number; None where the questions were named.
    tool
        The questions taken, and the probabilities of the segments given their answers.
    true, ceiling
        Accuracy that the model implies for the questions taken, and for all.
    report
        Agreement and cross-validation, too; None without the survey.
    numbers
        Every number that is quoted of a typing tool, under its name.
    segments
        Recall and precision by segment.
    evidence
        The verdicts.
    notes
        What was left out, and why.
    """

    plan: TypingPlan
    golden: GoldenQuestions | None
    tool: TypingTool
    true: Accuracy
    ceiling: Accuracy
    report: TypingReport | None
    numbers: pd.DataFrame
    segments: pd.DataFrame
    evidence: tuple[Evidence, ...]
    notes: tuple[str, ...]
