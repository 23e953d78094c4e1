"""The mean share that WalletFrontier is told from outside."""

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit

from segmodels.errors import Fault, InputError
from segmodels.inference.priors import Normal

Array = NDArray[np.float64]
WHERE_FROM = (
    "Own spend does not tell the wallet. A mean share can be had from market size divided by the number of "
    "customers, from a panel supplier, or from official household expenditure statistics: "
    "MeanShare(0.38, source='market report 2025')."
)


@dataclass(frozen=True)
class MeanShare:
    """The mean over the buying customers of own spend divided by wallet, from a source outside.

    It is the mean of the customers' shares, not the share of their spend: where those who spend much in the
    category spend it mostly elsewhere, the latter is smaller. The fit reports both.

    Parameters
    ----------
    value
        Between 0 and 1; or one for each segment, by its label or by the value in the column of segments.
    sd_log
        How sure it is: the standard deviation of the logarithm of its odds m / (1 - m). At 0.25 a share of 0.38
        lies between 0.27 and 0.50 with probability 0.95.
    source
        Who says so; reports repeat it.

    Examples
    --------
    >>> MeanShare(0.38, source="market report 2025").priors(())
    (Normal(mean=-0.4895..., sd=0.25),)
    """

    value: float | Mapping[str, float]
    sd_log: float = 0.25
    source: str = "source not stated"

    def __post_init__(self) -> None:
        given: dict[Any, Any] = dict(self.value) if isinstance(self.value, Mapping) else {"": self.value}
        advice = "Give it as a fraction; 38 % is 0.38."
        faults = [
            Fault(
                f"mean_share{f'[{label}]' if label else ''}", repr(value), "a share between 0 and 1", advice
            )
            for label, value in given.items()
            if not _is_number(value) or not 0 < value < 1
        ]
        if not given:
            faults.append(Fault("mean_share", "no segment", "a share for each segment", WHERE_FROM))
        if len({str(label) for label in given}) < len(given):
            got, remedy = "two shares for one segment", "Name each segment once: 1 and '1' are the same."
            faults.append(Fault("mean_share", got, "one share for each segment", remedy))
        if not _is_number(self.sd_log) or self.sd_log <= 0:
            remedy = "0.25 is a rough report, 0.1 a good one."
            faults.append(Fault("sd_log", repr(self.sd_log), "a positive number", remedy))
        if faults:
            raise InputError(faults)
        if isinstance(self.value, Mapping):
            # a copy of its own, under the labels that a fit gives to segments
            object.__setattr__(self, "value", {str(label): share for label, share in given.items()})

    def of(self, labels: tuple[str, ...]) -> Array:
        """Give the share of each label, shape (S,); the one share, shape (1,), where there is but one.

        Raises
        ------
        InputError
            Where a share is of no label.
        """
        if not isinstance(self.value, Mapping):
            return np.array([self.value], np.float64)
        unknown = tuple(repr(label) for label in self.value if label not in labels)
        if unknown:
            got = f"a share of {', '.join(unknown[:3])}{' …' if len(unknown) > 3 else ''}"
            expected = f"shares of the segments there are: {', '.join(labels[:10])}"
            raise InputError(Fault("mean_share", got, expected, "Check the spelling, or leave it out."))
        return np.array([self.value[label] for label in labels], np.float64)

    def priors(self, labels: tuple[str, ...]) -> tuple[Normal, ...]:
        """Priors on the logit of the mean share, one for each of `of`."""
        return tuple(Normal(float(np.log(m / (1 - m))), self.sd_log) for m in self.of(labels))

    def scaled(self, factor: float) -> "MeanShare":
        """Return another mean share, times the factor."""
        if isinstance(self.value, Mapping):
            return MeanShare(
                {name: share * factor for name, share in self.value.items()}, self.sd_log, self.source
            )
        return MeanShare(self.value * factor, self.sd_log, self.source)


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and bool(np.isfinite(float(value)))


def with_answers(prior: Normal, answered: Array) -> Normal:
    """Update the prior of the logit of the mean share by the shares of customers who answered, shape (n,).

    Their mean is taken as normal around the mean share m. Its variance is that of Beta(m / (1 - m), 1) over n,
    which no other share of the model with that mean exceeds. The posterior is replaced by the normal at its mode.

    Examples
    --------
    >>> with_answers(Normal(0.0, 0.25), np.full(100, 0.3)).mean < -0.5
    True
    """
    n = len(answered)
    if n == 0:
        return prior
    middle = float(answered.mean())

    def loss(logit: float) -> float:
        m = float(expit(logit))
        variance = m * (1 - m) / (m / (1 - m) + 2) / n
        return (
            0.5 * (middle - m) ** 2 / variance
            + 0.5 * np.log(variance)
            + 0.5 * ((logit - prior.mean) / prior.sd) ** 2
        )

    bounds = (prior.mean - 12 * prior.sd, prior.mean + 12 * prior.sd)
    found: Any = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-8})
    at, step = float(found.x), 1e-3
    curvature = (loss(at + step) - 2 * loss(at) + loss(at - step)) / step**2
    return Normal(at, float(curvature**-0.5))
