"""One replication of the masked-truth protocol: draw a survey, hide the rest, predict it, score it."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from segmodels.errors import Fault, InputError, NotConverged
from segmodels.evaluate.wallet.mechanisms import MECHANISMS, Mechanism, select
from segmodels.evaluate.wallet.peers import Peer
from segmodels.evaluate.wallet.scores import LEVELS, Predicted, wallet_scores
from segmodels.inference.settings import Setting
from segmodels.models.wallet.block import WalletFit
from segmodels.tables.wallets import Wallets

Array = NDArray[np.float64]


class WalletSpec(Protocol):
    """The frozen specification of a model of the wallet."""

    def fit(self, wallets: Wallets, setting: Setting, *, seed: int) -> WalletFit:
        """Fit to the answers; :class:`InputError` or :class:`NotConverged` count as a refusal."""
        ...


@dataclass(frozen=True)
class Survey:
    """Which survey: its mechanism, its size, and the number of the replication, from 0."""

    mechanism: Mechanism
    n: int
    replication: int


@dataclass(frozen=True, eq=False)
class Outcome:
    """What came of one survey.

    Parameters
    ----------
    survey
        Which.
    scores
        By method and score; ``known``: share of the masked customers of whom the method says something.
    refused
        By method, why it did not predict.
    flagged
        By model, names of the checks of its fit that did not pass.
    scored
        Masked customers whom every method that predicted knows, and on whom all are scored.
    """

    survey: Survey
    scores: dict[str, dict[str, float]]
    refused: dict[str, str]
    flagged: dict[str, tuple[str, ...]]
    scored: int


@dataclass(frozen=True, eq=False)
class Replication:
    """Runs one survey.

    Parameters
    ----------
    truth
        ``customer_id, own, elsewhere``, perhaps ``purchases, total_purchases``, and further columns, sorted by id.
    models, peers
        By name.
    setting
        How models are fitted.
    segment
        Column of the segments, if their totals are scored.
    columns
        What peers may predict from besides own spend.
    seed
        Of the whole study; the draws of a survey do not depend on which others are made.
    """

    truth: pd.DataFrame
    models: dict[str, WalletSpec]
    peers: dict[str, Peer]
    setting: Setting
    segment: str | None
    columns: tuple[str, ...]
    seed: int

    def __call__(self, survey: Survey) -> Outcome:
        """Draw, mask, predict and score; on one thread, so that no machine changes the sums."""
        key = [self.seed, MECHANISMS.index(survey.mechanism), survey.n, survey.replication]
        drawn, fitted = np.random.SeedSequence(key).spawn(2)
        own, elsewhere = (self.truth[name].to_numpy(np.float64) for name in ("own", "elsewhere"))
        rows = select(survey.mechanism, own, elsewhere, survey.n, np.random.default_rng(drawn))
        asked = np.zeros(len(own), np.bool_)
        asked[rows] = True
        with threadpool_limits(limits=1):
            return self._score(survey, asked, int(fitted.generate_state(1)[0]))

    def _score(self, survey: Survey, asked: NDArray[np.bool_], seed: int) -> Outcome:
        predicted: dict[str, Predicted] = {}
        refused: dict[str, str] = {}
        flagged: dict[str, tuple[str, ...]] = {}
        for name in (*self.models, *self.peers):
            try:
                if name in self.models:
                    predicted[name], flagged[name] = self._model(name, asked, seed)
                else:
                    predicted[name] = self._peer(name, asked, seed)
            except (InputError, NotConverged) as reason:
                refused[name] = str(reason)
        common = np.ones(int((~asked).sum()), np.bool_)
        for each in predicted.values():
            common &= each.known
        masked = self.truth.loc[~asked]
        if predicted and not common.any():
            got, advice = "no customer", "Leave out a method that knows few."
            raise InputError(Fault("methods", got, "customers whom every method knows", advice))
        rest = masked.loc[common]
        segment = None if self.segment is None else rest[self.segment]
        scores = {
            name: wallet_scores(each.take(common), rest["own"], rest["elsewhere"], segment)
            | {"known": float(each.known.mean())}
            for name, each in predicted.items()
        }
        return Outcome(survey, scores, refused, flagged, int(common.sum()))

    def _model(self, name: str, asked: NDArray[np.bool_], seed: int) -> tuple[Predicted, tuple[str, ...]]:
        wallets = masked_wallets(self.truth, asked)
        fit = self.models[name].fit(wallets, self.setting, seed=seed)
        found = predicted_of(fit, self.truth.loc[~asked, "customer_id"])
        if not found.known.any():
            raise InputError(_unknown(name, found))
        return found, tuple(item.name for item in fit.evidence if item.passed is False)

    def _peer(self, name: str, asked: NDArray[np.bool_], seed: int) -> Predicted:
        seen = ["own", *self.columns]
        survey, base = self.truth.loc[asked, [*seen, "elsewhere"]], self.truth.loc[~asked, seen]
        return self.peers[name].predict(survey, base, LEVELS, self.columns, seed)


def masked_wallets(truth: pd.DataFrame, asked: NDArray[np.bool_]) -> Wallets:
    """Give all customers, with the answers of those asked alone.

    Examples
    --------
    >>> truth = pd.DataFrame({"customer_id": [1, 2], "own": [5.0, 3.0], "elsewhere": [1.0, 9.0]})
    >>> masked_wallets(truth, np.array([True, False])).n_answered
    1
    """
    hidden = {name: truth[name].where(asked) for name in ("elsewhere", "total_purchases") if name in truth}
    counts: dict[str, Any] = {
        name: name for name in ("purchases", "total_purchases") if "total_purchases" in truth
    }
    return Wallets.read(
        truth.assign(**hidden), customer="customer_id", own="own", elsewhere="elsewhere", **counts
    )


def _unknown(name: str, found: Predicted) -> Fault:
    """Say why nobody's prediction can be scored."""
    if infinite := int(np.isinf(found.mean).sum()):
        advice = "Take normal errors, or a scale above 0: Student errors of a logarithm have no mean."
        return Fault(name, "an infinite expected elsewhere spend", "a finite one", advice, infinite)
    advice = "Its survey tells it nothing about them."
    return Fault(name, "nobody identified", "predictions of the masked customers", advice)


def predicted_of(fit: WalletFit, customers: pd.Series) -> Predicted:
    """Collect what a fit says of these customers; NaN where it says nothing."""
    index, levels = pd.Index(customers), np.array(LEVELS)
    n = len(index)
    found = Predicted(np.full((n, len(LEVELS)), np.nan), np.full(n, np.nan), np.full(n, np.nan))
    for block in fit.blocks():
        place = index.get_indexer(pd.Index(block.customer_id))
        here, to = place >= 0, place[place >= 0]
        found.quantiles[to] = block.elsewhere.quantiles(levels)[here]
        found.mean[to] = block.elsewhere.mean()[here]
        found.none[to] = block.elsewhere.none()[here]
    return found
