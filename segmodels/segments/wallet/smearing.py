"""Smearing: the level of a wallet as the answers have it, the differences between customers as the model has them.

A mean taken from a model of logarithms, or of any other scale, is biased where the law of its errors is not quite
right, and totals are sums of such means. The ratio of what the answered said to what the model expected of them
repairs the level without a law of errors: Duan (1983), Journal of the American Statistical Association 78:605-610,
in the form of the ratio estimator of survey sampling (Särndal, Swensson and Wretman 1992). Its uncertainty is that
of the Bayesian bootstrap (Rubin 1981, Annals of Statistics 9:130-134). Segments have ratios of their own, drawn
towards that of all by as much as their answers leave them unsure (Fay and Herriot 1979, Journal of the American
Statistical Association 74:269-277).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.counter_random import customer_keys
from segmodels.models.wallet.answered import Answered
from segmodels.models.wallet.arguments import check_wallet
from segmodels.models.wallet.block import Array, Elsewhere, WalletBlock, WalletFit
from segmodels.models.wallet.categories_elsewhere import CategoriesElsewhere
from segmodels.models.wallet.group_columns import ALL, Groups, groups_of
from segmodels.models.wallet.look_alikes import TargetShares
from segmodels.models.wallet.predict import predict
from segmodels.segments.wallet.ratios import Ratios
from segmodels.segments.wallet.selection import Selection
from segmodels.tables.wallets import Wallets

#: A factor so many standard errors away from 1 says that the means of the model are off.
FAR = 3.0
#: One answer should not move the factor of all by more than this part of it.
MOST_ONE = 0.15


@dataclass(frozen=True, eq=False)
class Scaled:
    """Elsewhere spend times the factor of the customer's segment.

    Parameters
    ----------
    model
        What is scaled.
    ratios
        The factors.
    code
        Segment of each customer, shape (B,); −1 where nothing is to be scaled.
    """

    model: Elsewhere
    ratios: Ratios
    code: NDArray[np.int64]

    @property
    def _point(self) -> Array:
        return np.where(self.code < 0, 1.0, self.ratios.factor[self.code])

    @property
    def _fixed(self) -> Array:
        """Answers about some of several categories, which are not scaled, shape (B,)."""
        # only a sum over categories has answers without being answered
        return self.model.fixed if isinstance(self.model, CategoriesElsewhere) else np.zeros(len(self.code))

    def none(self) -> Array:
        """Probability that C is 0, shape (B,): no factor changes it."""
        return self.model.none()

    def mean(self) -> Array:
        """Give expected C, shape (B,)."""
        return _scaled(self.model.mean(), self._point, self._fixed)

    def means(self, numbers: NDArray[np.int64]) -> Array:
        """Mean of C under the draws of these numbers, each with its own factor, shape (B, D)."""
        return _scaled(self.model.means(numbers), self._drawn(numbers), self._fixed[:, None])

    def above(self, threshold: Array) -> Array:
        """Probability that C > threshold, shape (B, K)."""
        fixed, point = self._fixed[:, None], self._point[:, None]
        return self.model.above(np.maximum(_scaled(threshold, 1 / point, fixed), 0.0))

    def quantiles(self, levels: Array) -> Array:
        """Quantiles of C, shape (B, L)."""
        return _scaled(self.model.quantiles(levels), self._point[:, None], self._fixed[:, None])

    def draws(self, numbers: NDArray[np.int64]) -> Array:
        """C under the draws of these numbers, each with its own factor, shape (B, D)."""
        return _scaled(self.model.draws(numbers), self._drawn(numbers), self._fixed[:, None])

    def take(self, rows: slice | NDArray[np.int64]) -> "Scaled":
        """Take some of the customers."""
        return Scaled(self.model.take(rows), self.ratios, self.code[rows])

    def _drawn(self, numbers: NDArray[np.int64]) -> Array:
        return np.where(self.code[:, None] < 0, 1.0, self.ratios.drawn(numbers)[self.code])


def _scaled(amount: Array, factor: Array, fixed: Array) -> Array:
    """Scale all but what is fixed."""
    return np.where(fixed > 0, fixed + factor * (amount - fixed), factor * amount)


@dataclass(frozen=True, eq=False, repr=False)
class SmearedWallet:
    """A fitted wallet at the level of its answers. Made by :func:`smeared`.

    Parameters
    ----------
    fit
        The wallet as fitted.
    ratios
        Its factors.
    table
        ``segment, answers, factor, low, high, standard_error, reliability``: intervals hold 95 %; the standard error
        is of the logarithm; reliability is how much of its own deviation from all a segment keeps, between 0 and 1.
    """

    fit: WalletFit
    ratios: Ratios
    table: pd.DataFrame
    _groups: Groups = field(repr=False)
    _findings: tuple[Evidence, ...] = field(repr=False)

    def __repr__(self) -> str:
        """Say the factor."""
        return f"SmearedWallet: elsewhere spend times {self.ratios.factor[-1]:.3f} over {self.fit!r}"

    @property
    def wallets(self) -> Wallets:
        """The customers that are scored."""
        return self.fit.wallets

    @property
    def base(self) -> Wallets:
        """The customers that were fitted."""
        return self.fit.base

    @property
    def evidence(self) -> Sequence[Evidence]:
        """What the fit found out about itself, how far the factors are from 1, and whom they hang on."""
        return (*self.fit.evidence, *self._findings)

    @property
    def seed(self) -> int:
        """Of the draws."""
        return self.fit.seed

    def blocks(self, size: int = 100_000) -> Iterator[WalletBlock]:
        """Walk all customers in the order of their ids; answers are not scaled."""
        for block in self.fit.blocks(size):
            yield self._scaled(block, np.where(block.answered, -1, self._codes(block)))

    def survey(self) -> WalletBlock:
        """Give the customers who answered, with what is said of them without their own answer in hand."""
        block = self.fit.survey()
        return self._scaled(block, self._codes(block))

    def on(self, wallets: Wallets) -> Self:
        """Return the same factors over the same posterior, ready to score other customers."""
        return replace(self, fit=self.fit.on(wallets))

    def predict(
        self,
        levels: tuple[float, ...] = (0.05, 0.1, 0.5, 0.9, 0.95),
        by: str | None = None,
        tau: float = 0.8,
        targets: TargetShares | None = None,
    ) -> Any:
        """Wallet, share, headroom and attainable of every customer; see ``models.wallet.predict.predict``."""
        return predict(self, levels, by, tau, targets)

    def _codes(self, block: WalletBlock) -> NDArray[np.int64]:
        return self._groups.codes(block.columns, len(block))

    def _scaled(self, block: WalletBlock, code: NDArray[np.int64]) -> WalletBlock:
        return replace(block, elsewhere=Scaled(block.elsewhere, self.ratios, code))


def smeared(fit: WalletFit, selection: Selection | None = None, *, by: str | None = None) -> SmearedWallet:
    """Bring expected elsewhere spend to the level of the answers.

    Elsewhere spend of every customer who did not answer is multiplied by the sum of answers over the sum of what the
    model expects of the same customers; with a `selection` each answer counts for those who did not answer and are
    like it. Means, quantiles and probabilities use this factor. Each draw has one of its own: with other weights of the
    answers, and against what the draw's own parameters expect of the answered, so that the level of the draws is that
    of the answers, too. Of a rounded answer its mean is taken, given what the model says within its bounds. Answers of
    customers of whose like the model says nothing are left out and counted.

    Parameters
    ----------
    fit
        Any fitted wallet with answers.
    selection
        Whose weights the answers get; without, all count alike.
    by
        A column of the customers whose segments get a factor each: their own, drawn towards that of all by as much as
        their answers leave it unsure.

    Raises
    ------
    InputError
        Where nobody answered, no answer is above zero, the model expects infinitely much, or an answered customer has
        no weight.
    """
    check_wallet(fit)
    groups = groups_of(fit, by)
    block = fit.survey()
    code = groups.codes(block.columns, len(block))
    ratios, known = _ratios(fit, block, code, len(groups), selection)
    table = _table(ratios, groups)
    findings = _finding(table, int((~known).sum())), _influence(ratios, np.asarray(block.customer_id)[known])
    return SmearedWallet(fit, ratios, table, groups, findings)


def _ratios(
    fit: WalletFit, block: WalletBlock, code: NDArray[np.int64], groups: int, selection: Selection | None
) -> tuple[Ratios, NDArray[np.bool_]]:
    """Pair what was said with what was expected, where the model says anything of the like."""
    ids, keys = pd.Index(block.customer_id), customer_keys(np.asarray(block.customer_id))
    asked = fit.wallets.answered().set_index("customer_id").reindex(ids)
    low, high = (asked[name].to_numpy(np.float64) for name in ("low", "high"))
    answered, expected = Answered(block.elsewhere, low, high, keys, fit.seed).mean(), block.elsewhere.mean()
    weight = np.ones(len(ids)) if selection is None else selection.odds.reindex(ids).to_numpy(np.float64)
    known = ~np.isnan(expected)
    faults = _faults(answered[known], expected[known], weight)
    if faults:
        raise InputError(faults)
    if not weight[known].any():
        # Everybody answered: there is nobody to stand for.
        weight = np.ones(len(ids))
    weight = weight / weight[known].mean()
    model = block.elsewhere.take(np.flatnonzero(known))
    rest = code[known], groups, keys[known], fit.seed, model
    return Ratios(answered[known], expected[known], weight[known], *rest), known


def _faults(answered: Array, expected: Array, weight: Array) -> list[Fault]:
    faults: list[Fault] = []
    if not (answered > 0).any() or not (expected > 0).any():
        got = "no answer above zero of a customer of whom the model says anything"
        faults.append(Fault("fit", got, "some", "Use the fit as it is."))
    infinite = int(np.isinf(expected).sum())
    if infinite:
        remedy = (
            "Fit normal errors, or on a Box-Cox scale above 0: Student errors of a logarithm have no mean."
        )
        faults.append(Fault("fit", "an infinite expected elsewhere spend", "a finite one", remedy, infinite))
    bare = int(np.isnan(weight).sum())
    if bare:
        remedy = "Make the selection from the same customers."
        faults.append(Fault("selection", "answered customers without a weight", "one for each", remedy, bare))
    return faults


def _table(ratios: Ratios, groups: Groups) -> pd.DataFrame:
    factor, error = ratios.factor, ratios.standard_error
    table = pd.DataFrame(
        {
            "segment": [*groups.names, ALL],
            "answers": [
                *np.bincount(ratios.code, minlength=len(groups) + 1)[: len(groups)],
                len(ratios.code),
            ],
            "factor": factor,
            "low": factor * np.exp(-1.96 * error),
            "high": factor * np.exp(1.96 * error),
            "standard_error": error,
            "reliability": np.append(ratios.reliability, 1.0),
        }
    )
    # Without segments the first row is that of all.
    return table.iloc[1:].reset_index(drop=True) if groups.by is None else table


def _finding(table: pd.DataFrame, left_out: int) -> Evidence:
    logs, errors = np.log(table["factor"].to_numpy(np.float64)), table["standard_error"].to_numpy(np.float64)
    far = np.abs(logs) > FAR * errors
    whole, segments = table.iloc[-1], table.iloc[:-1]
    text = (
        f"The answered spend {whole['factor']:.3f} times elsewhere what the model expects of them (95 %: "
        f"{whole['low']:.3f} to {whole['high']:.3f}); customers who were not asked are scaled "
    )
    text += (
        f"by the factor of their segment, {segments['factor'].min():.3f} to {segments['factor'].max():.3f}."
        if len(segments)
        else "by this."
    )
    if far.any():
        named = ", ".join(f"{name!r}" for name in table.loc[far, "segment"])
        text += (
            f" More than {FAR:g} standard errors from 1: {named}. The means of the model are off; totals are repaired, "
            "but intervals of single customers keep the shape of its errors: try another scale or heavier tails."
        )
    if left_out:
        text += f" {left_out:,} answers are of customers of whose like the model says nothing; they have no part in it."
    return Evidence("smearing factor", not far.any(), text, table)


def _influence(ratios: Ratios, ids: NDArray[Any]) -> Evidence:
    """Name the answers that the factor hangs on."""
    change = ratios.without / ratios.whole - 1
    first = np.argsort(-np.abs(np.nan_to_num(change, nan=np.inf)), kind="stable")[:10]
    table = pd.DataFrame(
        {
            "customer_id": ids[first],
            "answered": ratios.answered[first],
            "expected": ratios.expected[first],
            "weight": ratios.weight[first],
            "factor_without": ratios.without[first],
            "change": change[first],
        }
    )
    heavy = table.loc[~(table["change"].abs() <= MOST_ONE)]
    if heavy.empty:
        text = (
            f"No single answer moves the factor by more than {MOST_ONE:.0%}: without customer {ids[first[0]]!s}, whose "
            f"answer counts most, it were {table['factor_without'].iloc[0]:.3f}."
        )
        return Evidence("single answers", True, text, table)
    named = "; ".join(
        f"customer {who!s} answered {answered:,.6g} where {expected:,.6g} was expected, and without it the factor were "
        f"{without:.3f}"
        for who, answered, expected, without in zip(
            *(heavy[name].iloc[:3] for name in ("customer_id", "answered", "expected", "factor_without")),
            strict=True,
        )
    )
    text = (
        f"The factor {ratios.whole:.3f} hangs on single answers: {named}. Look at them, {len(heavy):,} in all, before "
        "any total is used: mistyped, other window, other currency? Correct or remove them, or ask more customers."
    )
    return Evidence("single answers", False, text, table)
