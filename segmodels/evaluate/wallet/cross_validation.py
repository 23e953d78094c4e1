"""Do the intervals of a wallet hold? Answers are hidden from the model in turn, predicted, and compared.

A customer's probability integral transform is uniform where the prediction is right (Dawid 1984, JRSS A 147(2)). An
answer that is an interval, and the atom of nothing spent elsewhere, cover a range of it, which is counted in parts
for coverage and drawn from for the histogram (Czado, Gneiting and Held 2009, Biometrics 65(4)).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evaluate.wallet.calibration import Calibration, coverage_table, score_table
from segmodels.evaluate.wallet.interval_loss import interval_losses
from segmodels.evaluate.wallet.peers import MeanImputation
from segmodels.evaluate.wallet.replication import WalletSpec
from segmodels.evaluate.wallet.scores import PINBALL
from segmodels.inference.counter_random import customer_keys, uniforms
from segmodels.inference.settings import Setting
from segmodels.models.wallet.answered import Answered
from segmodels.models.wallet.block import WalletBlock, WalletFit
from segmodels.tables.engine import bring, is_null, keep
from segmodels.tables.wallet_audit import audit_of
from segmodels.tables.wallets import Wallets

Array = NDArray[np.float64]
# Of random numbers: which fold a customer is in, and where in its range the transform is drawn.
_FOLD, _PLACE = 1003, 1004
# Named so that no column of a user is called the same.
_HELD = "segmodels_held_out"


def cross_validated(
    spec: WalletSpec,
    wallets: Wallets,
    setting: Setting,
    *,
    folds: int = 5,
    seed: int,
    then: Callable[[WalletFit], WalletFit] | None = None,
) -> Calibration:
    """Hide the answers of one fold after another, fit without them, and compare them with what is predicted.

    The customers of a fold stay in the base; only their answers are hidden. A rounded answer is an interval to
    coverage, and to quantile losses a cell that is compared with the quantile's
    (:func:`~segmodels.evaluate.wallet.interval_loss.interval_losses`). To the mean answer, and to the quantiles of
    answers that the model is compared with, it is what the fit makes of it: its mean in the interval, and a draw from
    it. Which fold a customer is in depends on the seed and the ids alone.

    Parameters
    ----------
    spec
        A model of the wallet.
    wallets
        The customers, of one category.
    setting
        How each fold is fitted.
    folds
        How many, at least 2.
    seed
        Of the folds and the fits.
    then
        What is done to each fit before it predicts, such as smearing by the answers that it saw.

    Raises
    ------
    InputError
        For fewer than two folds or fewer answers than two a fold, several categories, and where the answers that
        are left are too few for the model, or none is above zero.
    NotConverged
        With advice.

    Examples
    --------
    >>> from segmodels.inference.settings import MAP
    >>> from segmodels.models.wallet.share import WalletShare
    >>> from segmodels.tables.simulate_wallets import simulate_wallets
    >>> frame = simulate_wallets(300, np.random.default_rng(1), answered=120, nonbuyers=0.0)
    >>> wallets = Wallets.read(frame, customer="customer_id", own="own", total="total")
    >>> found = cross_validated(WalletShare(scale=0.0), wallets, MAP(), folds=2, seed=1)
    >>> len(found.pit), found.coverage["nominal"].tolist()
    (120, [0.5, 0.8, 0.95])
    """
    _refuse(wallets, folds)
    answers = wallets.answered()
    low, high = (answers[name].to_numpy(np.float64) for name in ("low", "high"))
    _refuse_nothing(high)
    keys = customer_keys(answers["customer_id"].to_numpy())
    fold = folds_of(keys, folds, seed)
    transform, losses = np.full((len(fold), 2), np.nan), np.full((2, len(fold), len(PINBALL)), np.nan)
    mean = np.full(len(fold), np.nan)
    for k in range(folds):
        out = fold == k
        fit: WalletFit = spec.fit(without_answers(wallets, answers.loc[out]), setting, seed=seed)
        block = (fit if then is None else then(fit)).on(wallets).survey()
        transform[out] = ranges(block, low, high)[out]
        told = Answered(block.elsewhere, low, high, keys, seed)
        mean[out] = told.mean()[out]
        simple = _imputed(told.draws(np.zeros(1, np.int64))[~out, 0], len(fold))
        for row, quantiles in enumerate((block.elsewhere.quantiles(np.array(PINBALL)), simple)):
            losses[row, out] = interval_losses(low, high, quantiles, PINBALL)[out]
    known = np.isfinite(transform).all(axis=1) & np.isfinite(losses).all(axis=(0, 2))
    if not known.any():
        remedy = "Its answers tell it nothing about those who were hidden."
        raise InputError(Fault("spec", "nobody predicted", "predictions of the hidden customers", remedy))
    _refuse_nothing(mean[known])
    u = uniforms(seed, keys[known], np.zeros(1, np.int64), _PLACE)[:, 0]
    start, end = transform[known].T
    return Calibration(
        coverage_table(start, end),
        pd.DataFrame({"fold": fold[known], "pit": start + u * (end - start)}),
        score_table(losses[:, known] / mean[known].mean()),
        folds,
        int((~known).sum()),
    )


def folds_of(keys: NDArray[np.uint64], folds: int, seed: int) -> NDArray[np.int64]:
    """Put customers into folds of equal size, at random, shape (n,): the same customers, the same folds.

    Examples
    --------
    >>> np.bincount(folds_of(customer_keys(np.arange(10)), 3, seed=1)).tolist()
    [4, 3, 3]
    """
    chance = uniforms(seed, keys, np.zeros(1, np.int64), _FOLD)[:, 0]
    fold = np.empty(len(keys), np.int64)
    fold[np.argsort(chance, kind="stable")] = np.arange(len(keys)) % folds
    return fold


def ranges(block: WalletBlock, low: Array, high: Array) -> Array:
    """Range of the probability integral transform that each answer covers, shape (B, 2).

    Parameters
    ----------
    block
        What is predicted without the answers in hand.
    low, high
        The answers, shape (B,).
    """
    below = 1 - block.elsewhere.above(np.column_stack([low, high]))
    return np.column_stack([np.where(low <= 0, 0.0, below[:, 0]), below[:, 1]])


def without_answers(wallets: Wallets, of: pd.DataFrame) -> Wallets:
    """Hide the answers of some customers, who stay in the base.

    Parameters
    ----------
    of
        Has a column ``customer_id``.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": [1, 2, 3], "spend": [8.0, 5.0, 1.0], "rest": [1.0, 3.0, None]})
    >>> wallets = Wallets.read(frame, customer="id", own="spend", elsewhere="rest")
    >>> fewer = without_answers(wallets, pd.DataFrame({"customer_id": [2]}))
    >>> fewer.n_answered, len(fewer)
    (1, 3)
    """
    held = bring(pa.table({_HELD: pa.array(of["customer_id"])}), wallets.table)
    marks = keep(_blanked(wallets.marks, held, ("mark",)))
    return replace(
        wallets,
        table=keep(_blanked(wallets.table, held, ("low", "high", "total_purchases"))),
        marks=marks,
        counted=lambda: audit_of(marks, wallets.window, wallets.category),
    )


def _blanked(table: Any, held: Any, names: Sequence[str]) -> Any:
    both = table.left_join(held, table.customer_id == held[_HELD])
    known = is_null(both[_HELD])
    news = {
        name: ibis.ifelse(known, both[name], ibis.null(both[name].type()))
        for name in names
        if name in table.columns
    }
    return both.mutate(**news).drop(_HELD)


def _refuse(wallets: Wallets, folds: int) -> None:
    faults: list[Fault] = []
    if folds < 2:
        faults.append(Fault("folds", str(folds), "2 or more", "Say folds=5."))
    if len(wallets.categories) > 1:
        remedy = "Take one: wallets.of(category)."
        faults.append(Fault("wallets", "several categories", "one category", remedy))
    elif folds >= 2 and wallets.n_answered < 2 * folds:
        got, expected = f"{wallets.n_answered} answers", f"at least {2 * folds} for {folds} folds"
        faults.append(Fault("wallets", got, expected, "Ask more customers."))
    if faults:
        raise InputError(faults)


def _refuse_nothing(spend: Array) -> None:
    if not (spend > 0).any():
        remedy = "Without elsewhere spend there is nothing to compare."
        raise InputError(Fault("wallets", "no answer above zero", "some elsewhere spend", remedy))


def _imputed(seen: Array, n: int) -> Array:
    survey = pd.DataFrame({"own": np.zeros(len(seen)), "elsewhere": seen})
    base = pd.DataFrame({"own": np.zeros(n)})
    return MeanImputation().predict(survey, base, PINBALL, (), seed=0).quantiles
