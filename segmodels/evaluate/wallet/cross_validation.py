"""Do the intervals of a wallet hold? Answers are hidden from the model in turn, predicted, and compared.

A customer's probability integral transform is uniform where the prediction is right (Dawid 1984, JRSS A 147(2)). An
answer that is an interval, and the atom of nothing spent elsewhere, cover a range of it, which is counted in parts
for coverage and drawn from for the histogram (Czado, Gneiting and Held 2009, Biometrics 65(4)).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from scipy.special import ndtri

from segmodels.errors import Fault, InputError
from segmodels.evaluate.wallet.peers import MeanImputation
from segmodels.evaluate.wallet.replication import WalletSpec
from segmodels.evaluate.wallet.scores import PINBALL, pinball
from segmodels.evidence import Evidence
from segmodels.inference.counter_random import customer_keys, uniforms
from segmodels.inference.settings import Setting
from segmodels.models.wallet.block import WalletBlock, WalletFit
from segmodels.tables.engine import bring, is_null, keep
from segmodels.tables.wallet_audit import audit_of
from segmodels.tables.wallets import Wallets

Array = NDArray[np.float64]
#: Central intervals that are looked at.
NOMINAL: tuple[float, ...] = (0.5, 0.8, 0.95)
#: Probability that a right model does not pass.
_ALPHA = 0.01
# Of random numbers: which fold a customer is in, and where in its range the transform is drawn.
_FOLD, _PLACE = 1003, 1004
# Named so that no column of a user is called the same.
_HELD = "segmodels_held_out"


@dataclass(frozen=True, eq=False, repr=False)
class Calibration:
    """How well answers that the model did not see were predicted. Made by :func:`cross_validated`.

    Parameters
    ----------
    coverage
        ``nominal, actual, low, high, customers``: central intervals, and how much of the answers they held; the ends
        are Wilson's 95 % interval of the actual coverage.
    pit
        ``fold, pit``: one row an answer, the randomised probability integral transform.
    scores
        ``quantile, model, mean_imputation, difference, standard_error``: mean quantile loss in units of the mean
        answer, of the model and of giving everybody the quantiles of the answers; the last row is the mean of all.
    folds
        How many.
    left_out
        Answers of customers of whom the model says nothing.
    """

    coverage: pd.DataFrame
    pit: pd.DataFrame
    scores: pd.DataFrame
    folds: int
    left_out: int = 0

    def __repr__(self) -> str:
        """Say the coverage."""
        return f"Calibration of {len(self.pit):,} answers: {self.text}"

    @property
    def text(self) -> str:
        """The coverage in words."""
        rows = self.coverage.to_dict("records")
        held = ", ".join(f"{row['nominal']:.0%} intervals held {row['actual']:.0%}" for row in rows)
        return f"{held} of the answers that were hidden from the model"

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Coverage, and the losses beside mean imputation."""
        return _covered(self), _scored(self)


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

    The customers of a fold stay in the base; only their answers are hidden. Of a rounded answer quantile losses take
    the middle, and coverage the interval. Which fold a customer is in depends on the seed and the ids alone.

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
    >>> frame = simulate_wallets(300, np.random.default_rng(1), answered=120)
    >>> wallets = Wallets.read(frame, customer="customer_id", own="own", total="total")
    >>> found = cross_validated(WalletShare(scale=0.0), wallets, MAP(), folds=2, seed=1)
    >>> len(found.pit), found.coverage["nominal"].tolist()
    (120, [0.5, 0.8, 0.95])
    """
    _refuse(wallets, folds)
    answers = wallets.answered()
    low, high = (answers[name].to_numpy(np.float64) for name in ("low", "high"))
    middle = (low + high) / 2
    if not (middle > 0).any():
        remedy = "Without elsewhere spend there is nothing to compare."
        raise InputError(Fault("wallets", "no answer above zero", "some elsewhere spend", remedy))
    keys = customer_keys(answers["customer_id"].to_numpy())
    fold = folds_of(keys, folds, seed)
    transform, losses = np.full((len(fold), 2), np.nan), np.full((2, len(fold), len(PINBALL)), np.nan)
    for k in range(folds):
        out = fold == k
        fit: WalletFit = spec.fit(without_answers(wallets, answers.loc[out]), setting, seed=seed)
        block = (fit if then is None else then(fit)).on(wallets).survey()
        transform[out] = ranges(block, low, high)[out]
        losses[0, out] = _losses(middle[out], block.elsewhere.quantiles(np.array(PINBALL))[out])
        losses[1, out] = _losses(middle[out], _imputed(middle[~out], int(out.sum())))
    known = np.isfinite(transform).all(axis=1) & np.isfinite(losses).all(axis=(0, 2))
    if not known.any():
        remedy = "Its answers tell it nothing about those who were hidden."
        raise InputError(Fault("spec", "nobody predicted", "predictions of the hidden customers", remedy))
    u = uniforms(seed, keys[known], np.zeros(1, np.int64), _PLACE)[:, 0]
    start, end = transform[known].T
    return Calibration(
        coverage_table(start, end),
        pd.DataFrame({"fold": fold[known], "pit": start + u * (end - start)}),
        _score_table(losses[:, known] / middle[known].mean()),
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


def coverage_table(start: Array, end: Array, nominal: Sequence[float] = NOMINAL) -> pd.DataFrame:
    """Tabulate how much of the answers lies in central intervals.

    An answer that covers a range of the transform counts by the part of the range that is inside.

    Parameters
    ----------
    start, end
        Ranges of the transform, shape (n,).
    nominal
        Probabilities of the intervals.

    Examples
    --------
    >>> table = coverage_table(np.array([0.0, 0.4, 0.99]), np.array([0.5, 0.4, 0.99]), (0.8,))
    >>> table["actual"].round(3).tolist()
    [0.6]
    """
    rows: list[dict[str, float]] = []
    n, z = len(start), 1.96
    for level in nominal:
        lower, upper = (1 - level) / 2, (1 + level) / 2
        inside = ((start >= lower) & (start <= upper)).astype(np.float64)
        part = np.clip(np.minimum(end, upper) - np.maximum(start, lower), 0.0, None)
        held = np.divide(part, end - start, out=inside, where=end > start)
        p = float(held.mean())
        centre, spread = (p + z**2 / (2 * n)) / (1 + z**2 / n), np.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
        half = z * spread / (1 + z**2 / n)
        rows.append(
            {
                "nominal": level,
                "actual": p,
                "low": max(0.0, min(p, centre - half)),
                "high": min(1.0, max(p, centre + half)),
                "customers": n,
            }
        )
    return pd.DataFrame(rows)


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


def _losses(actual: Array, quantiles: Array) -> Array:
    """Quantile loss of each customer at each level, shape (n, L)."""
    return np.column_stack([pinball(actual, quantiles[:, k], level) for k, level in enumerate(PINBALL)])


def _imputed(seen: Array, n: int) -> Array:
    survey = pd.DataFrame({"own": np.zeros(len(seen)), "elsewhere": seen})
    base = pd.DataFrame({"own": np.zeros(n)})
    return MeanImputation().predict(survey, base, PINBALL, (), seed=0).quantiles


def _score_table(losses: Array) -> pd.DataFrame:
    """Tabulate mean losses from those of each customer, shape (2, n, L)."""
    both = np.concatenate([losses, losses.mean(axis=2, keepdims=True)], axis=2)
    difference = both[0] - both[1]
    n = len(difference)
    return pd.DataFrame(
        {
            "quantile": [*(f"{level:g}" for level in PINBALL), "mean"],
            "model": both[0].mean(axis=0),
            "mean_imputation": both[1].mean(axis=0),
            "difference": difference.mean(axis=0),
            "standard_error": difference.std(axis=0, ddof=1) / np.sqrt(n) if n > 1 else np.nan,
        }
    )


def _covered(found: Calibration) -> Evidence:
    nominal, actual = (found.coverage[name].to_numpy(np.float64) for name in ("nominal", "actual"))
    n = len(found.pit)
    reach = float(ndtri(1 - _ALPHA / (2 * len(nominal)))) * np.sqrt(nominal * (1 - nominal) / n)
    away = actual - nominal
    off = np.abs(away) > reach
    text = f"{found.text[0].upper()}{found.text[1:]} ({n:,}, {found.folds}-fold cross-validation)."
    if off.any():
        side = "too narrow" if away[np.argmax(np.abs(away) / reach)] < 0 else "too wide"
        text += f" That is more than chance: intervals of single customers are {side}; try another scale or heavier tails."
    if found.left_out:
        text += f" {found.left_out:,} answers of customers of whom the model says nothing were left out."
    return Evidence("cross-validated coverage", not off.any(), text, found.coverage)


def _scored(found: Calibration) -> Evidence:
    whole = found.scores.iloc[-1]
    model, simple, error = (float(whole[name]) for name in ("model", "mean_imputation", "standard_error"))
    worse = model - simple > 2 * error
    text = (
        f"Quantile loss of hidden answers is {model:.3f} of the mean answer; giving everybody the quantiles of the "
        f"answers loses {simple:.3f}."
    )
    if worse:
        text += " The model is worse than no model: what it takes from own spend misleads it."
    return Evidence("cross-validated loss beside mean imputation", not worse, text, found.scores)
