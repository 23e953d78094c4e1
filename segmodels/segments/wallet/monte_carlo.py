"""Whether a mean over draws is one: it rests on many of them, and lies within its own interval."""

import numpy as np
import pandas as pd

from segmodels.evidence import Evidence
from segmodels.models.wallet.block import Array

#: A mean whose Monte Carlo standard error is a larger part of it rests on few draws.
MOST_ERROR = 0.05
#: Segments with less of the sum are looked at, but decide nothing.
LEAST_PART = 0.05


def draws_suffice(names: tuple[str, ...], draws: Array, interval: float = 0.9) -> Evidence:
    """Check the means of segments and, last, of their total.

    Parameters
    ----------
    names
        Of the S segments.
    draws
        Their sums, shape (S, D).
    interval
        Probability of the central interval that a mean should lie in.

    Returns
    -------
    Evidence
        Table ``segment, mean, low, high, error, part``: error is the standard error of the mean over draws, relative to
        it, and part that of the segment in the total. It does not pass where the total, or a segment with a twentieth
        of it, has an error above 5 % or a mean outside its interval; with fewer than two draws nothing is said.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> draws_suffice(("a", "b"), rng.gamma(50.0, 2.0, (2, 400))).passed
    True
    >>> draws_suffice(("a", "b"), np.exp(4 * rng.normal(size=(2, 400)))).passed
    False
    """
    every = np.vstack([draws, draws.sum(axis=0)])
    mean, count = every.mean(axis=1), every.shape[1]
    low, high = np.quantile(every, [(1 - interval) / 2, (1 + interval) / 2], axis=1)
    spread = every.std(axis=1, ddof=1) / np.sqrt(count) if count > 1 else np.full(len(every), np.nan)
    error = np.divide(spread, mean, out=np.zeros(len(mean)), where=mean > 0)
    part = np.divide(mean, mean[-1], out=np.zeros(len(mean)), where=mean[-1] > 0)
    table = pd.DataFrame(
        {"segment": [*names, "total"], "mean": mean, "low": low, "high": high, "error": error, "part": part}
    )
    if count < 2:
        return Evidence("Draws suffice", None, "One draw: there is nothing to average over.", table)
    outside = (mean < low) | (mean > high)
    bad = ((error > MOST_ERROR) | outside) & (part >= LEAST_PART)
    if not bad.any():
        text = f"{count:,} draws give the mean of the total to {error[-1]:.1%} (at most {MOST_ERROR:.0%} wanted)."
        return Evidence("Draws suffice", True, text, table)
    shown = "; ".join(
        f"{row['segment']!r}: mean {row['mean']:,.6g}, interval {row['low']:,.6g} to {row['high']:,.6g}, error "
        f"{row['error']:.0%}"
        for row in table.loc[bad].tail(3).to_dict("records")
    )
    text = (
        f"The mean of {count:,} draws rests on a few large ones: {shown}. Use the interval, not the mean. More draws "
        "help little where nobody of a segment answered, or an answer is far off: ask there, or look at the answers."
    )
    return Evidence("Draws suffice", False, text, table)
