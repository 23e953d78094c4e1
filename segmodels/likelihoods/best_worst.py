"""Best-worst scaling (MaxDiff): of a few items shown, the best and the worst are chosen.

With utilities b over the set S that is shown, the pair of best i and worst j has the probability

    sequential   e^b_i / sum_S e^b   x   e^-b_j / sum_(S without i) e^-b
    joint        e^(b_i - b_j) / sum over all pairs of different items of e^(b_i - b_j)

Where a task asked for the best only, or for the worst only, that is one choice, e^b_i / sum_S e^b or
e^-b_j / sum_S e^-b, under both.

Tasks are arrays over the T distinct ones: `shown` (T, S), items with -1 to fill up at the end; `best` and
`worst` (T,), -1 where not asked; `joint` (T,), 1 where the pair is chosen jointly and 0 where sequentially.
Respondent u answered the tasks ``task[start[u]:start[u + 1]]``.

References
----------
Marley and Louviere (2005), Some probabilistic models of best, worst, and best-worst choices, Journal of
Mathematical Psychology 49(6), 464-480 (the maxdiff model is the joint form).
Vermunt and Magidson (2014), Latent GOLD technical guide (the sequential form).
"""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import ArrayLike

from segmodels.likelihoods.ranking import posterior

FloatArray = np.ndarray[Any, np.dtype[np.float64]]
IntArray = np.ndarray[Any, np.dtype[np.int64]]


@njit(cache=True, nogil=True, error_model="numpy")
def _choice(utility: FloatArray, shown: IntArray, without: int, sign: float, p: FloatArray) -> float:
    """Fill `p` (S,) with the probability of each item shown; return the log of the normalising sum."""
    highest = -np.inf
    for s in range(shown.size):
        if shown[s] >= 0 and shown[s] != without:
            highest = max(highest, sign * utility[shown[s]])
    total = 0.0
    for s in range(shown.size):
        p[s] = 0.0
        if shown[s] >= 0 and shown[s] != without:
            p[s] = np.exp(sign * utility[shown[s]] - highest)
            total += p[s]
    for s in range(shown.size):
        p[s] /= total
    return highest + np.log(total)


@njit(cache=True, nogil=True, error_model="numpy")
def _pair(utility: FloatArray, shown: IntArray, p: FloatArray) -> float:
    """Fill `p` (S, S) with the probability of each pair (best, worst); return the log of the sum."""
    low, high = np.inf, -np.inf
    for item in shown:
        if item >= 0:
            low, high = min(low, utility[item]), max(high, utility[item])
    total = 0.0
    for i in range(shown.size):
        for j in range(shown.size):
            p[i, j] = 0.0
            if i != j and shown[i] >= 0 and shown[j] >= 0:
                p[i, j] = np.exp(utility[shown[i]] - high + low - utility[shown[j]])
                total += p[i, j]
    p /= total
    return high - low + np.log(total)


@njit(cache=True, nogil=True, error_model="numpy")
def log_densities(
    utility: FloatArray, shown: IntArray, best: IntArray, worst: IntArray, joint: IntArray
) -> FloatArray:
    """Log-probability of each task's answer under each component, shape (T, M).

    Parameters
    ----------
    utility
        Of the J items in M components, shape (M, J); a constant added to a row changes nothing.
    shown, best, worst, joint
        See above.

    Examples
    --------
    >>> shown, best, worst = np.array([[0, 1, 2]] * 2), np.array([0, 0]), np.array([2, -1])
    >>> utility = np.log([[3.0, 2.0, 1.0]])
    >>> np.exp(log_densities(utility, shown, best, worst, np.zeros(2, np.int64)))[:, 0].round(4).tolist()
    [0.3333, 0.5]
    """
    p, pairs = np.empty(shown.shape[1]), np.empty((shown.shape[1], shown.shape[1]))
    out = np.zeros((shown.shape[0], utility.shape[0]))
    for t in range(shown.shape[0]):
        both = best[t] >= 0 and worst[t] >= 0
        for m in range(utility.shape[0]):
            b = utility[m]
            if both and joint[t] == 1:
                out[t, m] = b[best[t]] - b[worst[t]] - _pair(b, shown[t], pairs)
                continue
            if best[t] >= 0:
                out[t, m] += b[best[t]] - _choice(b, shown[t], -1, 1.0, p)
            if worst[t] >= 0:
                out[t, m] += -b[worst[t]] - _choice(b, shown[t], best[t] if both else -1, -1.0, p)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def _add_choice(
    sign: float, h: float, chosen: int, shown: IntArray, p: FloatArray, g: FloatArray, info: FloatArray
) -> None:
    """Add gradient and information of one choice with probabilities `p`."""
    g[chosen] += sign * h
    for i in range(shown.size):
        if p[i] > 0.0:
            g[shown[i]] -= sign * h * p[i]
            if info.size:
                info[shown[i], shown[i]] += h * p[i]
                for j in range(shown.size):
                    if p[j] > 0.0:
                        info[shown[i], shown[j]] -= h * p[i] * p[j]


@njit(cache=True, nogil=True, error_model="numpy")
def _add_pair(
    h: float, best: int, worst: int, shown: IntArray, p: FloatArray, g: FloatArray, info: FloatArray
) -> None:
    """Add gradient and information of a pair with probabilities `p`: the covariance of best less worst."""
    g[best] += h
    g[worst] -= h
    net = p.sum(axis=1) - p.sum(axis=0)
    for i in range(shown.size):
        if shown[i] < 0:
            continue
        g[shown[i]] -= h * net[i]
        if info.size:
            info[shown[i], shown[i]] += h * (p[i].sum() + p[:, i].sum())
            for j in range(shown.size):
                if shown[j] >= 0:
                    info[shown[i], shown[j]] -= h * (p[i, j] + p[j, i] + net[i] * net[j])


@njit(cache=True, nogil=True, error_model="numpy")
def _add_task(
    b: FloatArray,
    h: float,
    shown: IntArray,
    answer: tuple[int, int, int],
    pairs: FloatArray,
    g: FloatArray,
    info: FloatArray,
) -> None:
    """Add gradient and information of one task, answered (best, worst, joint); an empty `info` is left out."""
    best, worst, joint = answer
    both = best >= 0 and worst >= 0
    if both and joint == 1:
        _pair(b, shown, pairs)
        _add_pair(h, best, worst, shown, pairs, g, info)
        return
    p = pairs[0]
    if best >= 0:
        _choice(b, shown, -1, 1.0, p)
        _add_choice(1.0, h, best, shown, p, g, info)
    if worst >= 0:
        _choice(b, shown, best if both else -1, -1.0, p)
        _add_choice(-1.0, h, worst, shown, p, g, info)


@njit(cache=True, nogil=True, error_model="numpy")
def moments(
    utility: FloatArray,
    weight: FloatArray,
    shown: IntArray,
    best: IntArray,
    worst: IntArray,
    joint: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Gradient (M, J) and information (M, J, J) of the weighted sum of log-probabilities of each component.

    The information is minus the Hessian. All forms are log-concave, so it has no negative eigenvalue.

    Parameters
    ----------
    weight
        Of each task in each component, shape (T, M).
    """
    components, items = utility.shape
    gradient, information = np.zeros((components, items)), np.zeros((components, items, items))
    pairs = np.empty((shown.shape[1], shown.shape[1]))
    for m in range(components):
        for t in range(shown.shape[0]):
            if weight[t, m] > 0.0:
                answer = (best[t], worst[t], joint[t])
                _add_task(utility[m], weight[t, m], shown[t], answer, pairs, gradient[m], information[m])
    return gradient, information


@njit(cache=True, nogil=True, error_model="numpy")
def scores(
    utility: FloatArray, shown: IntArray, best: IntArray, worst: IntArray, joint: IntArray
) -> FloatArray:
    """Gradient of each log-probability with respect to the utilities of its component, shape (T, M, J)."""
    out = np.zeros((shown.shape[0], utility.shape[0], utility.shape[1]))
    pairs, none = np.empty((shown.shape[1], shown.shape[1])), np.empty((0, 0))
    for t in range(shown.shape[0]):
        for m in range(utility.shape[0]):
            _add_task(utility[m], 1.0, shown[t], (best[t], worst[t], joint[t]), pairs, out[t, m], none)
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def sum_tasks(values: FloatArray, start: IntArray, task: IntArray) -> FloatArray:
    """Sum what tasks have, shape (T, M), over those of each respondent, shape (U, M)."""
    out = np.zeros((start.size - 1, values.shape[1]))
    for u in range(start.size - 1):
        for n in range(start[u], start[u + 1]):
            for m in range(values.shape[1]):
                out[u, m] += values[task[n], m]
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def spread_tasks(values: FloatArray, start: IntArray, task: IntArray, tasks: int) -> FloatArray:
    """Sum what respondents have, shape (U, M), over those who answered each task so, shape (T, M)."""
    out = np.zeros((tasks, values.shape[1]))
    for u in range(start.size - 1):
        for n in range(start[u], start[u + 1]):
            for m in range(values.shape[1]):
                out[task[n], m] += values[u, m]
    return out


@njit(cache=True, nogil=True, error_model="numpy")
def total_and_gradient(
    params: FloatArray,
    shown: IntArray,
    best: IntArray,
    worst: IntArray,
    joint: IntArray,
    start: IntArray,
    task: IntArray,
    group: IntArray,
    weight: FloatArray,
) -> tuple[float, FloatArray]:
    """Log-likelihood of all respondents, summed over components, and its gradient.

    Parameters
    ----------
    params
        Of each component a row: the J utilities, then the log of its probability in each of the G groups of
        respondents, shape (M, J + G). With scale classes a component is a class at one scale: its utilities
        are the class's times the scale.
    group, weight
        Of each respondent, shape (U,).

    Returns
    -------
    The log-likelihood, and its derivatives in the shape of `params`; the log-probabilities are taken as free.
    """
    groups = group.max() + 1 if group.size else 1
    items = params.shape[1] - groups
    utility = np.ascontiguousarray(params[:, :items])
    r = sum_tasks(log_densities(utility, shown, best, worst, joint), start, task)
    for u in range(r.shape[0]):
        r[u] += params[:, items + group[u]]
    total = posterior(r, weight)
    gradient = np.zeros_like(params)
    for u in range(r.shape[0]):
        gradient[:, items + group[u]] += r[u]
    h = spread_tasks(r, start, task, shown.shape[0])
    pairs, none = np.empty((shown.shape[1], shown.shape[1])), np.empty((0, 0))
    for t in range(shown.shape[0]):
        for m in range(params.shape[0]):
            answer = (best[t], worst[t], joint[t])
            _add_task(utility[m], h[t, m], shown[t], answer, pairs, gradient[m, :items], none)
    return total, gradient


def best_probability(utility: ArrayLike, shown: int) -> FloatArray:
    """Probability that each item is chosen from a set of `shown` whose others are average; along the last axis.

    Utilities are centred first, so that an average item has 1 / shown. Rescaled to a sum of 100 this is the
    score that Sawtooth's programs report.

    Examples
    --------
    >>> best_probability([np.log(6.0), 0.0, -np.log(6.0)], 4).round(4).tolist()
    [0.6667, 0.25, 0.0526]
    """
    utility = np.asarray(utility, dtype=np.float64)
    worth = np.exp(utility - utility.mean(axis=-1, keepdims=True))
    return worth / (worth + shown - 1)


def analytic(shown: ArrayLike, best: ArrayLike, worst: ArrayLike) -> FloatArray:
    """Utilities by a closed form, from how often each item was shown, and chosen as best and as worst.

    The log of (shown + best - worst) / (shown - best + worst): a first look without a fit, close to the joint
    form's estimate where every item is shown equally often with every other one.

    Source: Lipovetsky and Conklin (2014), Best-worst scaling in analytical closed-form solution, Journal of
    Choice Modelling 10, 60-68.

    Examples
    --------
    >>> analytic([1400, 1400], [731, 124], [125, 808]).round(4).tolist()
    [0.9268, -1.0684]
    """
    shown, best, worst = (np.asarray(count, dtype=np.float64) for count in (shown, best, worst))
    return np.log((shown + best - worst) / (shown - best + worst))


def simulate(
    rng: np.random.Generator,
    utility: ArrayLike,
    shown: ArrayLike,
    *,
    joint: bool,
    ask_best: ArrayLike = True,
    ask_worst: ArrayLike = True,
) -> tuple[IntArray, IntArray]:
    """Draw the best and the worst item of each task.

    Parameters
    ----------
    utility
        Of the items for who answers the task, shape (tasks, J).
    shown
        Items, with -1 to fill up, shape (tasks, S).
    ask_best, ask_worst
        Whether the task asks for them, shape (tasks,); -1 is given where it does not.

    Returns
    -------
    Best and worst item of each task, shape (tasks,).

    Examples
    --------
    >>> best, worst = simulate(np.random.default_rng(1), [[0.0, 30.0, -30.0]], [[0, 1, 2]], joint=False)
    >>> best.tolist(), worst.tolist()
    ([1], [2])
    """
    shown = np.asarray(shown, dtype=np.int64)
    rows, there = np.arange(len(shown)), shown >= 0
    seen = np.take_along_axis(np.asarray(utility, dtype=np.float64), np.maximum(shown, 0), axis=1)
    ask_best, ask_worst = (
        np.broadcast_to(np.asarray(ask, bool), len(shown)) for ask in (ask_best, ask_worst)
    )
    both = ask_best & ask_worst
    first = np.where(there, seen + rng.gumbel(size=seen.shape), -np.inf).argmax(axis=1)
    left = there & ~((np.arange(seen.shape[1]) == first[:, None]) & both[:, None])
    last = np.where(left, rng.gumbel(size=seen.shape) - seen, -np.inf).argmax(axis=1)
    if joint:
        pairs = seen[:, :, None] - seen[:, None, :] + rng.gumbel(size=(*seen.shape, seen.shape[1]))
        allowed = there[:, :, None] & there[:, None, :] & ~np.eye(seen.shape[1], dtype=bool)
        picked = np.where(allowed, pairs, -np.inf).reshape(len(shown), -1).argmax(axis=1)
        together = np.divmod(picked, seen.shape[1])
        first, last = (np.where(both, pair, one) for pair, one in zip(together, (first, last), strict=True))
    return np.where(ask_best, shown[rows, first], -1), np.where(ask_worst, shown[rows, last], -1)
