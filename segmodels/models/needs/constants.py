"""Pseudo-answers that keep probabilities off 0 and 1.

Source: Galindo-Garre and Vermunt (2006), Behaviormetrika 33(1); Latent GOLD calls them Bayes constants.
"""

from dataclasses import dataclass

from segmodels.errors import Fault, InputError


@dataclass(frozen=True)
class BayesConstants:
    """How many respondents the prior is worth, spread evenly over the classes.

    Parameters
    ----------
    classes
        Pseudo-respondents for the class shares.
    categories
        For each coded item, pseudo-answers distributed as the answers of the whole sample.
    numbers
        For each item answered in numbers, pseudo-answers with the mean and variance of the whole sample.

    Examples
    --------
    >>> BayesConstants.none()
    BayesConstants(classes=0.0, categories=0.0, numbers=0.0)
    """

    classes: float = 1.0
    categories: float = 1.0
    numbers: float = 1.0

    def __post_init__(self) -> None:
        faults = [
            Fault(name, repr(value), "a number of at least 0", "Give 0 for maximum likelihood, 1 as a rule.")
            for name, value in vars(self).items()
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < float("inf")
        ]
        if faults:
            raise InputError(faults)

    @classmethod
    def none(cls) -> "BayesConstants":
        """Give plain maximum likelihood, where probabilities may end at 0 or 1."""
        return cls(0.0, 0.0, 0.0)
