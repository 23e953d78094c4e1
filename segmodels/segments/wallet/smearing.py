"""Smearing: the level of a wallet as the answers have it, the differences between customers as the model has them.

A mean taken from a model of logarithms, or of any other scale, is biased where the law of its errors is not quite
right, and totals are sums of such means. The ratio of what the answered said to what the model expected of them
repairs the level without a law of errors: Duan (1983), Journal of the American Statistical Association 78:605-610,
in the form of the ratio estimator of survey sampling (Särndal, Swensson and Wretman 1992). Its uncertainty is that
of the Bayesian bootstrap (Rubin 1981, Annals of Statistics 9:130-134).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.counter_random import customer_keys, uniforms
from segmodels.models.wallet.block import Array, Elsewhere, WalletBlock, WalletFit
from segmodels.models.wallet.group_columns import ALL, Groups, groups_of
from segmodels.models.wallet.predict import predict
from segmodels.segments.wallet.selection import Selection
from segmodels.tables.wallets import Wallets

#: A segment with fewer answers has the factor of all.
FEWEST = 20
#: A factor so many standard errors away from 1 says that the means of the model are off.
FAR = 3.0
#: Of the random numbers, far from those that models use.
_STREAM = 10_000


@dataclass(frozen=True, eq=False)
class Ratios:
    """Ratios of what was answered to what was expected, by segment.

    Parameters
    ----------
    answered, expected
        Elsewhere spend of the n answered customers, shape (n,).
    weight
        Shape (n,).
    code
        Segment of each, shape (n,): 0 .. G - 1, or G where it has none.
    groups
        Number of segments, G.
    keys, seed
        Of the random numbers.

    Examples
    --------
    >>> one = np.ones(40)
    >>> Ratios(3 * one, 2 * one, one, np.zeros(40, np.int64), 1, np.arange(40, dtype=np.uint64), 1).factor.tolist()
    [1.5, 1.5]
    """

    answered: Array
    expected: Array
    weight: Array
    code: NDArray[np.int64]
    groups: int
    keys: NDArray[np.uint64]
    seed: int

    @property
    def rows(self) -> NDArray[np.bool_]:
        """Which answers make each factor, shape (G + 1, n): all, where a segment has too few. The last is all."""
        mine = self.code == np.arange(self.groups + 1)[:, None]
        known = (mine & (self.answered > 0)).any(axis=1) & (mine & (self.expected > 0)).any(axis=1)
        enough = (mine.sum(axis=1) >= FEWEST) & known
        enough[-1] = False
        return np.where(enough[:, None], mine, True)

    @property
    def factor(self) -> Array:
        """One for each segment and, last, one for all, shape (G + 1,)."""
        return (self.rows @ (self.weight * self.answered)) / (self.rows @ (self.weight * self.expected))

    @property
    def standard_error(self) -> Array:
        """Of the logarithm of the factors, linearised, shape (G + 1,)."""
        rows, factor = self.rows, self.factor
        away = self.weight * (self.answered - factor[:, None] * self.expected) * rows
        n = rows.sum(axis=1)
        spread = np.sqrt((away**2).sum(axis=1) * n / np.maximum(n - 1, 1))
        return spread / (rows @ (self.weight * self.answered))

    def drawn(self, numbers: NDArray[np.int64]) -> Array:
        """Give the factors of the Bayesian bootstrap, shape (G + 1, D): gaps between answers are drawn anew."""
        gaps = -np.log(uniforms(self.seed, self.keys, numbers, _STREAM)) * self.weight[:, None]
        rows = self.rows.astype(np.float64)
        return (rows @ (gaps * self.answered[:, None])) / (rows @ (gaps * self.expected[:, None]))


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

    def none(self) -> Array:
        """Probability that C is 0, shape (B,): no factor changes it."""
        return self.model.none()

    def mean(self) -> Array:
        """Give expected C, shape (B,)."""
        return self._point * self.model.mean()

    def above(self, threshold: Array) -> Array:
        """Probability that C > threshold, shape (B, K)."""
        return self.model.above(threshold / self._point[:, None])

    def quantiles(self, levels: Array) -> Array:
        """Quantiles of C, shape (B, L)."""
        return self._point[:, None] * self.model.quantiles(levels)

    def draws(self, numbers: NDArray[np.int64]) -> Array:
        """C under the draws of these numbers, each with its own factor, shape (B, D)."""
        factor = np.where(self.code[:, None] < 0, 1.0, self.ratios.drawn(numbers)[self.code])
        return factor * self.model.draws(numbers)

    def take(self, rows: slice | NDArray[np.int64]) -> "Scaled":
        """Take some of the customers."""
        return Scaled(self.model.take(rows), self.ratios, self.code[rows])


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
        ``segment, answers, factor, low, high, standard_error, from``: intervals hold 95 %; the standard error is of
        the logarithm; ``from`` says whether the answers were the ``segment``'s or of ``all``.
    """

    fit: WalletFit
    ratios: Ratios
    table: pd.DataFrame
    _groups: Groups = field(repr=False)
    _finding: Evidence = field(repr=False)

    def __repr__(self) -> str:
        """Say the factor."""
        return f"SmearedWallet: elsewhere spend times {self.ratios.factor[-1]:.3f} over {self.fit!r}"

    @property
    def wallets(self) -> Wallets:
        """The customers that are scored."""
        return self.fit.wallets

    @property
    def evidence(self) -> Sequence[Evidence]:
        """What the fit found out about itself, and how far the factors are from 1."""
        return (*self.fit.evidence, self._finding)

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
    ) -> Any:
        """Wallet, share, headroom and attainable of every customer; see ``models.wallet.predict.predict``."""
        return predict(self, levels, by, tau)

    def _codes(self, block: WalletBlock) -> NDArray[np.int64]:
        return self._groups.codes(block.columns, len(block))

    def _scaled(self, block: WalletBlock, code: NDArray[np.int64]) -> WalletBlock:
        return replace(block, elsewhere=Scaled(block.elsewhere, self.ratios, code))


def smeared(fit: WalletFit, selection: Selection | None = None, *, by: str | None = None) -> SmearedWallet:
    """Bring expected elsewhere spend to the level of the answers.

    Elsewhere spend of every customer who did not answer is multiplied by the sum of answers over the sum of what the
    model expects of the same customers. Means, quantiles and probabilities use this factor; each draw has one of its
    own, with other weights of the answers. The draws of the model vary in their level, too, and the factor is drawn
    apart from that: intervals of totals are wider than they need be, by up to two fifths where the model's errors are
    right, and more where they are far too wide. Of a rounded answer the middle is taken. Answers of customers of whose
    like the model says nothing are left out and counted.

    Parameters
    ----------
    fit
        Any fitted wallet with answers.
    selection
        Whose weights the answers get; without, all count alike.
    by
        A column of the customers whose segments get a factor each, where they have 20 answers or more.

    Raises
    ------
    InputError
        Where nobody answered, no answer is above zero, the model expects infinitely much, or an answered customer has
        no weight.
    """
    groups = groups_of(fit, by)
    block = fit.survey()
    code = groups.codes(block.columns, len(block))
    ratios, left_out = _ratios(fit, block, code, len(groups), selection)
    table = _table(ratios, groups)
    return SmearedWallet(fit, ratios, table, groups, _finding(table, left_out))


def _ratios(
    fit: WalletFit, block: WalletBlock, code: NDArray[np.int64], groups: int, selection: Selection | None
) -> tuple[Ratios, int]:
    """Pair what was said with what was expected; count the answers of whose like the model says nothing."""
    asked = fit.wallets.answered()
    middle = (asked["low"].to_numpy(np.float64) + asked["high"].to_numpy(np.float64)) / 2
    ids = pd.Index(block.customer_id)
    answered = pd.Series(middle, index=pd.Index(asked["customer_id"])).reindex(ids).to_numpy(np.float64)
    expected = block.elsewhere.mean()
    one = np.ones(len(ids))
    weight = one if selection is None else selection.weights.reindex(ids).to_numpy(np.float64)
    known = ~np.isnan(expected)
    faults = _faults(answered[known], expected[known], weight)
    if faults:
        raise InputError(faults)
    weight = weight / weight[known].mean()
    keys = customer_keys(np.asarray(block.customer_id)[known])
    found = Ratios(answered[known], expected[known], weight[known], code[known], groups, keys, fit.seed)
    return found, int((~known).sum())


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
    factor, error, rows = ratios.factor, ratios.standard_error, ratios.rows
    names = [*groups.names, ALL]
    answers = [*np.bincount(ratios.code, minlength=len(groups) + 1)[: len(groups)], len(ratios.code)]
    origin = np.where(rows.all(axis=1), "all", "segment")
    table = pd.DataFrame(
        {
            "segment": names,
            "answers": answers,
            "factor": factor,
            "low": factor * np.exp(-1.96 * error),
            "high": factor * np.exp(1.96 * error),
            "standard_error": error,
            "from": origin,
        }
    )
    # Without segments the first row is that of all.
    return table.iloc[1:].reset_index(drop=True) if groups.by is None else table


def _finding(table: pd.DataFrame, left_out: int) -> Evidence:
    logs, errors = np.log(table["factor"].to_numpy(np.float64)), table["standard_error"].to_numpy(np.float64)
    far = np.abs(logs) > FAR * errors
    whole = table.iloc[-1]
    text = (
        f"The answered spend {whole['factor']:.3f} times elsewhere what the model expects of them (95 %: "
        f"{whole['low']:.3f} to {whole['high']:.3f}); customers who were not asked are scaled by this."
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
