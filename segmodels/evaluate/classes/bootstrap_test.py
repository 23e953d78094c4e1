"""Bootstrap likelihood-ratio test: K classes against K + 1."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError, NotConverged
from segmodels.evaluate.classes.order import in_order, spawned
from segmodels.evaluate.classes.search import MISSED, log_likelihood, soon
from segmodels.evaluate.classes.simulate import fitted_responses, problem_of, respondents, simulate
from segmodels.evaluate.classes.split import split
from segmodels.evidence import Evidence
from segmodels.inference.mixture import MixtureProblem
from segmodels.models.needs.needs_fit import NeedsFit
from segmodels.tables.responses import Responses

Array = NDArray[np.float64]
_RETRIES = 3
_SLACK = 1e-4
_STARTS_OF_K = 5


@dataclass(frozen=True, eq=False)
class BootstrapTest:
    """Whether K + 1 classes fit better than K would let one expect; see :func:`bootstrap_likelihood_ratio`.

    Parameters
    ----------
    n_classes
        K, of the hypothesis.
    statistic
        Twice the gain in log-likelihood from K to K + 1 classes.
    missed_by
        How much larger the log-likelihood of K + 1 classes is than that of the fit given, because the search made
        in every sample finds a better optimum of the answers, too; 0: it does not.
    p
        Share of samples from K classes whose gain is as large.
    stopped
        Whether the test stopped early, because it was clear that p is not small.
    replicates
        One row per sample drawn: ``replicate``, ``log_likelihood``, ``log_likelihood_more`` (with K + 1 classes),
        ``statistic``, ``retries`` (how often more starts were needed, because K + 1 classes fitted worse).
    """

    n_classes: int
    statistic: float
    missed_by: float
    p: float
    stopped: bool
    replicates: pd.DataFrame

    @property
    def exceedances(self) -> int:
        """How many samples had a gain as large as the one observed."""
        return int((self.replicates["statistic"].to_numpy(np.float64) >= self.statistic).sum())

    @property
    def evidence(self) -> Evidence:
        """Passed: K classes are enough at the 5 per cent level."""
        enough = self.p > 0.05
        verdict = "are enough" if enough else "are too few"
        text = (
            f"{self.n_classes} classes {verdict}: twice the gain of one class more is {self.statistic:.2f}, and "
            f"{self.exceedances} of {len(self.replicates)} samples of the model had as much (p = {self.p:.3f})."
        )
        if self.missed_by > MISSED:
            missed = f"missed its best optimum by {self.missed_by:.2f}"
            text += f" The fit with one class more had {missed}: give it more starts."
        return Evidence("Bootstrap likelihood-ratio test", enough, text, self.replicates)


def bootstrap_likelihood_ratio(
    fit: NeedsFit,
    more: NeedsFit,
    *,
    seed: int,
    replicates: int = 99,
    stop_after_exceedances: int = 10,
    starts: int = 10,
    workers: int | None = None,
) -> BootstrapTest:
    """Test K classes against K + 1 by samples drawn from the fit with K.

    Parameters
    ----------
    fit, more
        Fits with K and K + 1 classes to the same answers, from enough starts.
    seed
        Of the samples; p does not depend on the number of workers.
    replicates
        Samples at the most, B.
    stop_after_exceedances
        Stop when so many had a gain as large as the one observed (Besag and Clifford 1991, Biometrika 78(2)).
    starts
        Random starts for K + 1 classes in each sample, besides one split of each of the K classes.
    workers
        Threads over samples; by default one per core.

    Returns
    -------
    BootstrapTest
        p = (1 + exceedances) / (B + 1) or, where it stopped after h exceedances in b samples, h / b.

    Raises
    ------
    InputError
        Where the fits are not of K and K + 1 classes and the same respondents.
    NotConverged
        Where K + 1 classes fit worse than K.

    Notes
    -----
    McLachlan (1987), Applied Statistics 36(3); Nylund, Asparouhov and Muthén (2007), Structural Equation
    Modeling 14(4). Each sample has the same respondents, weights, covariates and missing answers; answers are
    drawn independently, so clusters of respondents are not honoured. K classes start from the parameters that
    the sample was drawn from. A sample in which K + 1 classes fit worse than K has not been fitted well: it is
    fitted again with four times the starts, up to three times over. The answers themselves are searched as the
    samples are, so that a missed optimum does not make the test conservative; see ``missed_by``.

    Examples
    --------
    >>> import segmodels as sg
    >>> from segmodels.tables.simulate_answers import random_likert, simulate_likert
    >>> frame, _ = simulate_likert(300, random_likert(2, 5, seed=1, n_categories=3, spread=1.5), seed=2)
    >>> items = dict.fromkeys(frame.columns[1:], "ordinal")
    >>> answers = sg.Responses.read(frame, customer="customer_id", items=items)
    >>> two, three = (sg.LatentClass(k).fit(answers, sg.MAP(), seed=1) for k in (2, 3))
    >>> test = bootstrap_likelihood_ratio(two, three, seed=1, stop_after_exceedances=5)
    >>> test.p > 0.05, test.stopped
    (True, True)
    """
    responses = _check(
        fit,
        more,
        {"replicates": replicates, "stop_after_exceedances": stop_after_exceedances, "starts": starts},
    )
    if more.log_likelihood < fit.log_likelihood - _SLACK:
        message = f"{more.n_classes} classes fit worse than {fit.n_classes}: the log-likelihood falls."
        raise NotConverged(message, f"Fit {more.n_classes} classes with more starts.")
    first, *seeds = spawned(seed, 1 + replicates)
    missed = _missed(fit, more, starts, first)
    statistic = 2 * (more.log_likelihood + missed - fit.log_likelihood)
    test = _Sampler(fit, more.spec, respondents(responses), starts)
    rows: list[_Row] = []
    exceedances = 0
    for row in in_order(test, seeds, workers):
        rows.append(row)
        exceedances += row.statistic >= statistic
        if exceedances >= stop_after_exceedances:
            break
    stopped = exceedances >= stop_after_exceedances
    p = exceedances / len(rows) if stopped else (1 + exceedances) / (replicates + 1)
    columns = ["replicate", "log_likelihood", "log_likelihood_more", "statistic", "retries"]
    table = pd.DataFrame(
        [
            (b + 1, row.log_likelihood, row.log_likelihood_more, row.statistic, row.retries)
            for b, row in enumerate(rows)
        ],
        columns=columns,
    )
    return BootstrapTest(fit.n_classes, statistic, missed, p, stopped, table)


@dataclass(frozen=True)
class _Row:
    """One sample: both log-likelihoods, and how often more starts were needed."""

    log_likelihood: float
    log_likelihood_more: float
    retries: int

    @property
    def statistic(self) -> float:
        """Twice the gain."""
        return 2 * (self.log_likelihood_more - self.log_likelihood)


@dataclass(frozen=True, eq=False)
class _Sampler:
    """Draws a sample by a seed, and fits K and K + 1 classes to it."""

    fit: NeedsFit
    spec: Any
    responses: Responses
    starts: int

    def __call__(self, seed: int) -> _Row:
        rng = np.random.default_rng(seed)
        sample = simulate(self.fit, self.responses, rng)
        problem, bigger = problem_of(self.fit.spec, sample), problem_of(self.spec, sample)
        theta = soon(problem, [self.fit.theta, *(problem.start(rng) for _ in range(_STARTS_OF_K))])
        base = log_likelihood(problem, theta)
        best = -np.inf
        for attempt in range(_RETRIES + 1):
            begun = _starts(self.fit, theta, bigger, self.starts * 4**attempt, rng)
            best = max(best, log_likelihood(bigger, soon(bigger, begun)))
            if best >= base - _SLACK:
                return _Row(base, best, attempt)
        return _Row(base, best, _RETRIES)


def _starts(
    fit: NeedsFit, theta: Array, bigger: MixtureProblem, random: int, rng: np.random.Generator
) -> list[Array]:
    """Give starts for one class more: a split of each class at theta, and some at random."""
    begun = [split(fit.problem.layout, theta, k, rng) for k in range(fit.n_classes)]
    return begun + [bigger.start(rng) for _ in range(random)]


def _missed(fit: NeedsFit, more: NeedsFit, starts: int, seed: int) -> float:
    """Log-likelihood that the fit with one class more has missed, by the search made in every sample."""
    begun = _starts(fit, fit.theta, more.problem, starts, np.random.default_rng(seed))
    found = soon(more.problem, begun)
    if more.problem.objective(found) <= more.log_posterior + MISSED:
        return 0.0
    return max(log_likelihood(more.problem, found) - more.log_likelihood, 0.0)


def _check(fit: NeedsFit, more: NeedsFit, numbers: dict[str, int]) -> Responses:
    faults: list[Fault] = []
    if more.n_classes != fit.n_classes + 1:
        got = f"{fit.n_classes} and {more.n_classes} classes"
        faults.append(Fault("more", got, "one class more", "Fit K and K + 1 classes."))
    if abs(more.n - fit.n) > 1e-6 * fit.n:
        advice = "Fit both to the same answers."
        faults.append(Fault("more", f"{more.n:g} respondents", f"{fit.n:g}", advice))
    for name, value in numbers.items():
        if value < 1:
            faults.append(Fault(name, str(value), "at least 1", f"Give {name}=10, say."))
    if faults:
        raise InputError(faults)
    return fitted_responses(fit)
