"""The masked-truth protocol: a panel whose wallets are known, surveys drawn from it, the rest hidden and predicted."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from multiprocessing import get_context
from types import MappingProxyType

import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.evaluate.wallet.known_truth import known_truth
from segmodels.evaluate.wallet.masked_results import MaskedTruth, masked_results
from segmodels.evaluate.wallet.mechanisms import MECHANISMS, Mechanism
from segmodels.evaluate.wallet.peers import DecileMeans, MeanImputation, NearestNeighbours, OwnOverShare, Peer
from segmodels.evaluate.wallet.quantile_peers import BoostedQuantile, LinearQuantile
from segmodels.evaluate.wallet.replication import Outcome, Replication, Survey, WalletSpec
from segmodels.inference.settings import Laplace, Setting
from segmodels.tables.wallets import Wallets

#: The ways that a model has to beat.
PEERS: Mapping[str, Peer] = MappingProxyType(
    {
        "mean imputation": MeanImputation(),
        "own over share": OwnOverShare(),
        "decile means": DecileMeans(),
        "nearest neighbours": NearestNeighbours(),
        "linear quantiles": LinearQuantile(),
        "boosted quantiles": BoostedQuantile(),
    }
)


def masked_truth(  # noqa: PLR0913
    truth: Wallets | pd.DataFrame,
    models: Mapping[str, WalletSpec],
    *,
    seed: int,
    peers: Mapping[str, Peer] = PEERS,
    mechanisms: Sequence[Mechanism] = MECHANISMS,
    sizes: Sequence[int] = (50, 200, 1000),
    replications: int = 20,
    setting: Setting = Laplace(draws=1000),  # noqa: B008
    segment: str | None = None,
    columns: Sequence[str] = (),
    workers: int = 1,
) -> MaskedTruth:
    """Draw surveys from a panel of known wallets, hide what the others spend elsewhere, predict and score it.

    Parameters
    ----------
    truth
        Everybody's wallet, exactly: :class:`Wallets` of one category in which all answered, or a frame of
        ``customer_id``, ``own``, and ``elsewhere`` or ``total``; perhaps ``purchases`` and ``total_purchases``;
        and further columns.
    models
        Specifications by name. They know their own covariates, which are columns of `truth`.
    seed
        Of surveys and fits. A survey depends on it, its mechanism, its size and its number alone.
    peers
        Ways to beat, by name; all of :data:`PEERS` by default.
    mechanisms
        How customers come to answer; see :func:`segmodels.evaluate.wallet.mechanisms.log_weights`.
    sizes
        Customers who answer. Sizes not below the panel's are skipped, and the result says so.
    replications
        Surveys of each mechanism and size.
    setting
        How models are fitted.
    segment
        Column of labels, to score segments' totals.
    columns
        What peers may predict from besides own spend: numbers or labels.
    workers
        Processes; their number changes no result.

    Returns
    -------
    MaskedTruth
        Only customers who did not answer are scored, and within a survey all methods on the same ones.

    Raises
    ------
    InputError
        Where the truth is not known of all, or an argument is no good. A method that raises it, or
        :class:`NotConverged`, for a survey is entered among those refused instead.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> own = rng.lognormal(3, 1, size=300)
    >>> panel = pd.DataFrame({"customer_id": np.arange(300), "own": own, "elsewhere": 2 * own})
    >>> ways = {"mean imputation": MeanImputation(), "own over share": OwnOverShare()}
    >>> study = masked_truth(panel, {}, seed=1, peers=ways, mechanisms=("random",), sizes=(50,), replications=3)
    >>> study.summary("spearman")["mean"].round(6).tolist()
    [0.0, 1.0]
    """
    frame = known_truth(truth)
    _check(frame, models, peers, mechanisms, sizes, replications, segment, columns, workers)
    kept = [size for size in dict.fromkeys(sizes) if size < len(frame)]
    skipped = tuple(size for size in dict.fromkeys(sizes) if size >= len(frame))
    surveys = [
        Survey(mechanism, size, number)
        for mechanism, size, number in product(dict.fromkeys(mechanisms), kept, range(replications))
    ]
    run = Replication(frame, dict(models), dict(peers), setting, segment, tuple(columns), seed)
    return masked_results(_run(run, surveys, workers), tuple(models), tuple(peers), len(frame), skipped)


def _run(run: Replication, surveys: list[Survey], workers: int) -> Iterator[Outcome]:
    if workers == 1:
        yield from map(run, surveys)
        return
    # Forked processes would inherit the locks of threads that they do not have.
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        yield from pool.map(run, surveys, chunksize=max(len(surveys) // (8 * workers), 1))


def _check(  # noqa: PLR0913, PLR0917
    frame: pd.DataFrame,
    models: Mapping[str, WalletSpec],
    peers: Mapping[str, Peer],
    mechanisms: Sequence[str],
    sizes: Sequence[int],
    replications: int,
    segment: str | None,
    columns: Sequence[str],
    workers: int,
) -> None:
    faults = _methods(models, peers) + _names("mechanisms", mechanisms, MECHANISMS)
    if not mechanisms:
        faults.append(
            Fault("mechanisms", "none", f"some of {', '.join(MECHANISMS)}", "Leave it out for all.")
        )
    numbers = [("replications", replications), ("workers", workers), *(("sizes", size) for size in sizes)]
    faults += [
        Fault(name, str(value), "1 or more", "Give a whole number.") for name, value in numbers if value < 1
    ]
    if all(size >= len(frame) for size in sizes):
        got, expected = f"{list(sizes)}", f"one below the panel's {len(frame):,} customers"
        faults.append(Fault("sizes", got, expected, "Somebody has to be left to predict."))
    known = [str(name) for name in frame.columns if name not in _ROLES]
    faults += _names("segment", () if segment is None else (segment,), known)
    if segment in known and (missing := int(frame[segment].isna().to_numpy().sum())):
        advice = "Give those without a segment one of their own."
        faults.append(Fault("segment", "missing labels", "a label for every customer", advice, missing))
    faults += _names("columns", columns, known)
    if faults:
        raise InputError(faults)


def _methods(models: Mapping[str, WalletSpec], peers: Mapping[str, Peer]) -> list[Fault]:
    if both := sorted(set(models) & set(peers)):
        return [Fault("models", f"{both[0]!r}, also a peer", "names of their own", "Rename it.")]
    if not models and not peers:
        return [Fault("models", "none, and no peers", "something to score", "Give a model or a peer.")]
    return []


def _names(where: str, names: Sequence[str], known: Sequence[str]) -> list[Fault]:
    expected = f"one of {', '.join(known)}" if known else "none, for the panel has no further columns"
    return [Fault(where, repr(name), expected, "Check the spelling.") for name in names if name not in known]


# What is hidden, or is no covariate.
_ROLES = ("customer_id", "own", "elsewhere", "total_purchases")
