"""Rankings and best-worst tasks whose true classes are known."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from segmodels.errors import Fault, InputError
from segmodels.likelihoods import best_worst, ranking

Classes = NDArray[np.int64]


def simulate_rankings(
    n: int,
    utility: ArrayLike,
    share: ArrayLike,
    *,
    seed: int,
    places: int | None = None,
    partial: float = 0.0,
) -> tuple[pd.DataFrame, Classes]:
    """Draw rankings of a mixture of Plackett-Luce models.

    Parameters
    ----------
    utility
        Of each alternative in each class, shape (K, J): logs of worths.
    share
        Of the classes, shape (K,); sums to 1.
    places
        How many places there are; None: one for each alternative.
    partial
        Share of respondents who fill only some places, from the first, each number of them equally often.

    Returns
    -------
    tuple
        A frame of ``customer_id`` and ``Rank_1``, ``Rank_2`` …, each the number of the alternative put there,
        1 to J, and 0 where the place is empty; and the true class of each row.

    Examples
    --------
    >>> frame, classes = simulate_rankings(2, [[9.0, 0.0, -9.0]], [1.0], seed=1, places=2)
    >>> frame.to_numpy().tolist()
    [[1, 1, 2], [2, 1, 2]]
    """
    check_numbers(n=n)
    check_share(partial)
    utility, rng = np.asarray(utility, dtype=np.float64), np.random.default_rng(seed)
    classes = rng.choice(len(utility), n, p=np.asarray(share, dtype=np.float64))
    many = utility.shape[1] if places is None else places
    order = ranking.simulate(rng, utility[classes])[:, :many] + 1
    filled = np.where(rng.random(n) < partial, rng.integers(1, max(many, 2), n), many)
    order = np.where(np.arange(many) < filled[:, None], order, 0)
    columns = {f"Rank_{place + 1}": order[:, place] for place in range(many)}
    return pd.DataFrame({"customer_id": np.arange(1, n + 1), **columns}), classes


def balanced_design(
    n_items: int, shown: int, tasks: int, *, seed: int, versions: int = 1
) -> NDArray[np.int64]:
    """Draw which items each task of a best-worst questionnaire shows.

    Within a version all items are shown equally often, or as nearly as it can be, and those that were together
    least are put together next.

    Parameters
    ----------
    n_items, shown, tasks
        Items there are, items in a task, tasks in a version.
    versions
        Number of versions.

    Returns
    -------
    ndarray
        Items from 0, shape (versions, tasks, shown).

    Raises
    ------
    InputError
        If a task would show fewer than two items, or more than there are.

    Examples
    --------
    >>> design = balanced_design(8, 4, 6, seed=1)
    >>> np.bincount(design.ravel()).tolist()
    [3, 3, 3, 3, 3, 3, 3, 3]
    """
    check_numbers(tasks=tasks, versions=versions)
    if not 2 <= shown <= n_items:
        raise InputError(Fault("shown", repr(shown), f"from 2 to {n_items}", "Show some of the items."))
    rng = np.random.default_rng(seed)
    design = np.empty((versions, tasks, shown), np.int64)
    for version in range(versions):
        times, together = np.zeros(n_items), np.zeros((n_items, n_items))
        for task in range(tasks):
            chosen: list[int] = []
            for _ in range(shown):
                taken = np.isin(np.arange(n_items), chosen)
                keys = (rng.random(n_items), together[:, chosen].sum(axis=1), times, taken)
                chosen.append(int(np.lexsort(keys)[0]))
            times[chosen] += 1
            together[np.ix_(chosen, chosen)] += 1
            design[version, task] = rng.permutation(chosen)
    return design


def simulate_best_worst(
    n: int, utility: ArrayLike, share: ArrayLike, design: ArrayLike, *, seed: int
) -> tuple[pd.DataFrame, Classes]:
    """Draw best-worst choices of a mixture: the best by a logit, then the worst of the others.

    Parameters
    ----------
    utility
        Of each item in each class, shape (K, J).
    share
        Of the classes, shape (K,); sums to 1.
    design
        Items of each task, shape (versions, tasks, shown), as of `balanced_design`; respondents take the
        versions in turn.

    Returns
    -------
    tuple
        A long frame of ``customer_id``, ``task`` and ``item`` (from 1) and ``choice`` (1 best, -1 worst,
        0 shown), and the true class of each respondent.

    Examples
    --------
    >>> frame, _ = simulate_best_worst(1, [[9.0, 0.0, -9.0]], [1.0], [[[2, 0, 1]]], seed=1)
    >>> frame.to_numpy().tolist()
    [[1, 1, 3, -1], [1, 1, 1, 1], [1, 1, 2, 0]]
    """
    check_numbers(n=n)
    utility, rng = np.asarray(utility, dtype=np.float64), np.random.default_rng(seed)
    classes = rng.choice(len(utility), n, p=np.asarray(share, dtype=np.float64))
    versions = np.asarray(design, dtype=np.int64)
    seen = versions[np.arange(n) % len(versions)]
    _, tasks, shown = seen.shape
    flat = seen.reshape(-1, shown)
    best, worst = best_worst.simulate(rng, np.repeat(utility[classes], tasks, axis=0), flat, joint=False)
    choice = (flat == best[:, None]).astype(np.int64) - (flat == worst[:, None])
    frame = pd.DataFrame(
        {
            "customer_id": np.repeat(np.arange(1, n + 1), tasks * shown),
            "task": np.tile(np.repeat(np.arange(1, tasks + 1), shown), n),
            "item": flat.ravel() + 1,
            "choice": choice.ravel(),
        }
    )
    return frame, classes


def check_numbers(**numbers: int) -> None:
    """Refuse what is no whole number from 1."""
    faults = [
        Fault(name, repr(value), "a whole number from 1", "Ask for one or more.")
        for name, value in numbers.items()
        if not isinstance(value, (int, np.integer)) or value < 1
    ]
    if faults:
        raise InputError(faults)


def check_share(share: float) -> None:
    """Refuse what is no share of answers or respondents."""
    if not 0 <= share <= 1:
        raise InputError(Fault("share", repr(share), "from 0 to 1", "Give a share."))
