"""How a model is fitted: the mode, a Laplace approximation, or NUTS."""

from dataclasses import dataclass
from numbers import Integral

from segmodels.errors import Fault, InputError


def _require_positive(name: str, value: object) -> None:
    if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
        raise InputError(Fault(name, repr(value), "a whole number of at least 1", f"Give {name}=1 or more."))


@dataclass(frozen=True)
class MAP:
    """The posterior mode; with the default priors it is the maximum-likelihood estimate to many digits.

    With partial pooling the mode is taken after the effects are integrated out (by Laplace's method), because
    the joint mode of effects and their spread is no estimate of anything.

    Examples
    --------
    >>> MAP()
    MAP()
    """


@dataclass(frozen=True)
class Laplace:
    """Mode, Hessian, draws, and Pareto-smoothed importance weights (Vehtari et al. 2024, JMLR 25).

    Parameters
    ----------
    draws
        Number of posterior draws. They are resampled by their weights, so all count the same.

    Examples
    --------
    >>> Laplace(draws=1000)
    Laplace(draws=1000)
    """

    draws: int = 4000

    def __post_init__(self) -> None:
        _require_positive("draws", self.draws)


@dataclass(frozen=True)
class NUTS:
    """The No-U-Turn sampler, run by nutpie on the PyMC model.

    Parameters
    ----------
    draws, tune
        Kept and warm-up draws per chain.
    chains
        Number of chains.
    progress
        Show nutpie's progress bar.

    Examples
    --------
    >>> NUTS(chains=2)
    NUTS(draws=1000, tune=1000, chains=2, progress=False)
    """

    draws: int = 1000
    tune: int = 1000
    chains: int = 4
    progress: bool = False

    def __post_init__(self) -> None:
        for name in ("draws", "tune", "chains"):
            _require_positive(name, getattr(self, name))


Setting = MAP | Laplace | NUTS
