"""Does the model hold? Bivariate residuals of pairs of items, and the fit to the whole table of patterns."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.evaluate.classes.crosstabs import Pairs, pairs_of
from segmodels.evaluate.classes.order import in_order, spawned
from segmodels.evaluate.classes.search import soon
from segmodels.evaluate.classes.simulate import fitted_responses, problem_of, respondents, simulate
from segmodels.evaluate.classes.whole_table import whole_table
from segmodels.models.needs.components import Components
from segmodels.models.needs.latent_class import LatentClassFit
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]
Refit = Literal["warm", "none"]


def bivariate_residuals(
    fit: LatentClassFit,
    *,
    replicates: int = 0,
    refit: Refit = "warm",
    seed: int | None = None,
    workers: int | None = None,
) -> pd.DataFrame:
    """Pairs of items whose association the classes do not explain.

    Parameters
    ----------
    fit
        A latent class model; its coded items are looked at.
    replicates
        Samples drawn from the fit for the p-values, B; without them there are none.
    refit
        ``"warm"``: each sample is fitted again, from the parameters that it was drawn from. ``"none"``: it is
        compared with those parameters as they are, the "lazy bootstrap" of van Kollenburg and others; faster,
        and p comes out too large, because a fit adapts to its sample.
    seed
        Of the samples; needed for p-values.
    workers
        Threads over samples; by default one per core. p does not depend on it.

    Returns
    -------
    DataFrame
        One row per pair, the largest residual first: ``item``, ``other_item``, ``X2`` (Pearson's, of observed and
        expected two-way tables), ``df`` ((C - 1)(D - 1)), ``residual`` (X2 / df; well above 1 to 4 asks for a
        look), ``n`` (respondents who answered both, weighted) and, with replicates, ``p`` and ``p_adjusted`` (of the
        largest residual of each sample: it holds for whichever pair one looks at; Westfall and Young 1993).

    Notes
    -----
    X2 is not chi-squared distributed, because parameters were fitted to the same answers: hence the bootstrap,
    p = (1 + #{X2_b >= X2}) / (B + 1). The table of a pair counts those who answered both; where answers are
    missing not at random but depending on other answers, they are not a fair sample, and residuals may be too
    large. Components of a response style count in what is expected. A large residual calls for one more class,
    a response style, or one of the two items to be left out.

    Examples
    --------
    >>> import segmodels as sg
    >>> from segmodels.tables.simulate_answers import random_likert, simulate_likert
    >>> frame, _ = simulate_likert(300, random_likert(2, 5, seed=1, n_categories=3, spread=1.5), seed=2)
    >>> items = dict.fromkeys(frame.columns[1:], "ordinal")
    >>> answers = sg.Responses.read(frame, customer="customer_id", items=items)
    >>> fit = sg.LatentClass(2).fit(answers, sg.MAP(), seed=1)
    >>> table = bivariate_residuals(fit)
    >>> table[["item", "other_item", "df", "residual"]].round(1).head(2)
      item other_item  df  residual
    0   q2         q5   4       1.5
    1   q3         q4   4       1.2
    """
    _check(fit, replicates, seed, refit)
    responses = fitted_responses(fit)
    components = fit.components
    pairs = pairs_of(components)
    observed = pairs.observed(responses.codes(components.item_names), responses.case_weight)
    found = pairs.chi_squared(components, observed)
    df = pairs.df.astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        residual = np.where(df > 0, found / df, np.nan)
    table = pairs.frame({"X2": found, "df": pairs.df, "residual": residual})
    table["n"] = pairs.blocks(observed)[pairs.upper]
    if seed is not None and replicates:
        work = _Sampler(fit, pairs, respondents(responses), refit)
        every = np.array(list(in_order(work, spawned(seed, replicates), workers)))
        # Sums in another order differ in the last digits, which is no smaller value.
        as_large = every >= found * (1 - 1e-9)
        table["p"] = (1 + as_large.sum(axis=0)) / (replicates + 1)
        with np.errstate(divide="ignore", invalid="ignore"):
            largest = np.nan_to_num(np.where(df > 0, every / df, np.nan)).max(axis=1)
        beaten = largest[:, None] >= residual * (1 - 1e-9)
        table["p_adjusted"] = (1 + beaten.sum(axis=0)) / (replicates + 1)
    return table.sort_values("residual", ascending=False, kind="stable", ignore_index=True)


def goodness_of_fit(fit: LatentClassFit) -> pd.Series:
    """G² and X² of the table of all answer patterns.

    Parameters
    ----------
    fit
        A latent class model of coded items only, without covariates, with at most 100,000 possible patterns.

    Returns
    -------
    Series
        ``G2`` and ``X2``; ``df``, the smaller of cells - 1 and n, less the parameters; ``p_G2`` and ``p_X2``, of
        chi-squared, which hold only where most patterns are expected five times or more; ``dissimilarity``, the
        share of respondents that would have to answer otherwise for a perfect fit; ``cells``; ``n``.

    Raises
    ------
    InputError
        Where the model has covariates or numbers, or there are too many patterns.

    Notes
    -----
    Where answers are missing, the observed table is its maximum-likelihood estimate without any model (Fuchs
    1982, Journal of the American Statistical Association 77), so G2 is twice the difference in log-likelihood
    between the saturated model and this one, and does not test why answers are missing.

    Examples
    --------
    >>> import segmodels as sg
    >>> from segmodels.tables.simulate_answers import random_likert, simulate_likert
    >>> frame, _ = simulate_likert(300, random_likert(2, 5, seed=1, n_categories=3, spread=1.5), seed=2)
    >>> items = dict.fromkeys(frame.columns[1:], "ordinal")
    >>> answers = sg.Responses.read(frame, customer="customer_id", items=items)
    >>> fit = sg.LatentClass(2).fit(answers, sg.MAP(), seed=1)
    >>> goodness_of_fit(fit)[["G2", "df", "cells"]].round(0).astype(int).to_dict()
    {'G2': 253, 'df': 226, 'cells': 243}
    """
    responses = fitted_responses(fit)
    faults = [
        Fault("fit", got, "coded items without covariates", "See bivariate_residuals(fit).")
        for got, there in (
            ("covariates", bool(fit.spec.covariates)),
            ("items answered in numbers", bool(fit.problem.layout.numbers)),
        )
        if there
    ]
    if faults:
        raise InputError(faults)
    components = fit.components
    codes = responses.codes(components.item_names)
    return whole_table(components, codes, responses.case_weight, fit.n_parameters)


@dataclass(frozen=True, eq=False)
class _Sampler:
    """Draws a sample by a seed, and gives X² of each pair, shape (pairs,)."""

    fit: LatentClassFit
    pairs: Pairs
    responses: Responses
    refit: Refit

    def __call__(self, seed: int) -> Array:
        sample = simulate(self.fit, self.responses, np.random.default_rng(seed))
        observed = self.pairs.observed(sample.codes(self.pairs.names), sample.case_weight)
        return self.pairs.chi_squared(self._components(sample), observed)

    def _components(self, sample: Responses) -> Components:
        if self.refit == "none":
            return self.fit.components
        problem = problem_of(self.fit.spec, sample)
        return self.fit.at(soon(problem, [self.fit.theta])).components


def _check(fit: object, replicates: int, seed: int | None, refit: str) -> None:
    faults: list[Fault] = []
    if not isinstance(fit, LatentClassFit):
        got = f"a {type(fit).__name__}"
        faults.append(Fault("fit", got, "a fit of LatentClass", "Choices have no pairs of items."))
    if replicates < 0:
        faults.append(Fault("replicates", str(replicates), "0 or more", "Give replicates=99, say."))
    if replicates > 0 and seed is None:
        faults.append(Fault("seed", "none", "a whole number", "p-values are drawn: give seed=1, say."))
    if refit not in ("warm", "none"):
        faults.append(Fault("refit", repr(refit), "'warm' or 'none'", "Leave it out for 'warm'."))
    if faults:
        raise InputError(faults)
