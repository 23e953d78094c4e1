"""What the masked-truth protocol found: scores, their means, paired differences, and a verdict."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.evaluate.wallet import masked_verdicts
from segmodels.evaluate.wallet.replication import Outcome
from segmodels.evaluate.wallet.scores import BEST
from segmodels.evidence import Evidence

_CELL = ["mechanism", "n"]
_SURVEY = ["mechanism", "n", "replication"]


@dataclass(frozen=True, eq=False)
class MaskedTruth:
    """Scores of models and peers on hidden truth; see :func:`masked_truth`.

    Parameters
    ----------
    scores
        One row each: ``mechanism, n, replication, method, score, value``; what a score is says
        :func:`segmodels.evaluate.wallet.scores.wallet_scores`; ``known`` is the share of the masked customers of
        whom the method says something.
    refused
        ``mechanism, n, replication, method, reason``: who did not predict.
    flagged
        ``mechanism, n, replication, method, check``: checks of a fit that did not pass; it was scored all the same.
    surveys
        ``mechanism, n, replication, scored``: how many masked customers all methods were scored on.
    models, peers
        Names.
    customers
        In the panel.
    skipped
        Sizes not below it.
    """

    scores: pd.DataFrame = field(repr=False)
    refused: pd.DataFrame = field(repr=False)
    flagged: pd.DataFrame = field(repr=False)
    surveys: pd.DataFrame = field(repr=False)
    models: tuple[str, ...]
    peers: tuple[str, ...]
    customers: int
    skipped: tuple[int, ...]

    def summary(self, score: str | None = None) -> pd.DataFrame:
        """Means over replications.

        Parameters
        ----------
        score
            One score; all by default.

        Returns
        -------
        DataFrame
            ``mechanism, n, method, score, mean, se, replications``: the standard error is that of the mean;
            replications in which the method refused, or the score is not defined, are not among them.
        """
        by = [*_CELL, "method", "score"]
        return _means(self._of(score), "value", by, "mean")

    def paired(self, reference: str, score: str | None = None) -> pd.DataFrame:
        """Differences between each method and a reference in the same surveys.

        Parameters
        ----------
        reference
            A method.
        score
            One score; all by default.

        Returns
        -------
        DataFrame
            ``mechanism, n, method, score, difference, se, replications``: mean of method less reference, over the
            surveys in which both predicted.
        """
        if reference not in (*self.models, *self.peers):
            expected = f"one of {', '.join((*self.models, *self.peers))}"
            raise InputError(Fault("reference", repr(reference), expected, "Check the spelling."))
        scores = self._of(score)
        mine = scores["method"] == reference
        keys = [*_SURVEY, "score"]
        base = scores.loc[mine, [*keys, "value"]].rename(columns={"value": "base"})
        both = scores.loc[~mine].merge(base, on=keys, how="inner")
        both["difference"] = both["value"] - both["base"]
        return _means(both, "difference", [*_CELL, "method", "score"], "difference")

    def evidence(self, model: str, loss: str = "pinball") -> tuple[Evidence, ...]:
        """Judge a model: does it lose to the best peer, is it calibrated, did it refuse.

        Parameters
        ----------
        model
            Its name; a peer may be judged, too.
        loss
            The score to compare: one of which less is better, see :data:`segmodels.evaluate.wallet.scores.BEST`.

        Returns
        -------
        tuple of Evidence
            One for each question. Surveys that depend on what is asked (outside_spend) are shown and not judged:
            no method can know what they hide. Kinds of survey in which the model never predicted are in the tables,
            and without them there is no verdict but a bad one.

        Raises
        ------
        InputError
            For a model that is not there, or a score that is no loss.
        """
        losses = [name for name, best in BEST.items() if best == "least"]
        if loss not in losses:
            advice = "Of other scores more is better, or a figure is to be hit; paired() shows them."
            raise InputError(Fault("loss", repr(loss), f"one of {', '.join(losses)}", advice))
        kinds = pd.DataFrame(self.surveys[_CELL]).drop_duplicates(ignore_index=True)
        means, paired = self.summary(), self.paired(model, loss)
        return (
            masked_verdicts.against_peers(
                kinds, means, paired, model, [p for p in self.peers if p != model], loss
            ),
            masked_verdicts.calibration(kinds, means, model),
            masked_verdicts.refusals(self.refused, self.flagged, self.surveys, means, model, self.skipped),
        )

    def _of(self, score: str | None) -> pd.DataFrame:
        if score is None:
            return self.scores
        names = list(dict.fromkeys(self.scores["score"]))
        if score not in names:
            expected = f"one of {', '.join(names)}"
            raise InputError(Fault("score", repr(score), expected, "Check the spelling."))
        return self.scores.loc[self.scores["score"] == score]


def masked_results(
    outcomes: Iterable[Outcome],
    models: tuple[str, ...],
    peers: tuple[str, ...],
    customers: int,
    skipped: tuple[int, ...],
) -> MaskedTruth:
    """Put the outcomes of all surveys together."""
    scores, refused, flagged, surveys = [], [], [], []
    for outcome in outcomes:
        key = (outcome.survey.mechanism, outcome.survey.n, outcome.survey.replication)
        surveys.append((*key, outcome.scored))
        refused += [(*key, method, reason) for method, reason in outcome.refused.items()]
        flagged += [(*key, method, check) for method, checks in outcome.flagged.items() for check in checks]
        scores += [
            (*key, method, score, value)
            for method, each in outcome.scores.items()
            for score, value in each.items()
        ]
    return MaskedTruth(
        pd.DataFrame(scores, columns=[*_SURVEY, "method", "score", "value"]),
        pd.DataFrame(refused, columns=[*_SURVEY, "method", "reason"]),
        pd.DataFrame(flagged, columns=[*_SURVEY, "method", "check"]),
        pd.DataFrame(surveys, columns=[*_SURVEY, "scored"]),
        models,
        peers,
        customers,
        skipped,
    )


def _means(frame: pd.DataFrame, column: str, by: list[str], name: str) -> pd.DataFrame:
    groups = frame.groupby(by, sort=False)[column]
    table = pd.DataFrame({name: groups.mean(), "se": groups.sem(), "replications": groups.count()})
    return table.reset_index().astype({"replications": np.int64})
