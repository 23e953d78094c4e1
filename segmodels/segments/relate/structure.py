"""The structural part: how classes depend on covariates, and outcomes on classes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax

from segmodels.segments.relate.families import Family

Array = NDArray[np.float64]

# A logit this far from zero, in standardised covariates, has run away.
_FAR = 15.0
_HALVINGS = 30


@dataclass(frozen=True, eq=False)
class Structure:
    """log P(X = k | x) + log f(z | k) as a function of a parameter vector of shape (Q,).

    The parameters are the logits of every class but the reference, (K - 1) x m, then those of the
    outcome, K x d.

    Parameters
    ----------
    n_classes
        K.
    reference
        Class whose logits are zero.
    design
        Covariates with a first column of ones, shape (N, m); without columns classes are not modelled.
    outcome
        None: no outcome is modelled.

    Examples
    --------
    >>> shares = Structure(2, 0, np.ones((4, 1)))
    >>> theta = shares.maximise(np.repeat([[0.25, 0.75]], 4, axis=0), np.zeros(1))
    >>> np.exp(shares.log_density(theta))[0].round(6).tolist()
    [0.25, 0.75]
    """

    n_classes: int
    reference: int
    design: Array
    outcome: Family | None = None

    @property
    def free(self) -> NDArray[np.intp]:
        """Classes other than the reference, shape (K - 1,)."""
        return np.flatnonzero(np.arange(self.n_classes) != self.reference)

    @property
    def logits(self) -> int:
        """How many parameters come before those of the outcome."""
        return (self.n_classes - 1) * self.design.shape[1]

    @property
    def size(self) -> int:
        """Q."""
        return self.logits + (0 if self.outcome is None else self.n_classes * self.outcome.size)

    def coefficients(self, theta: Array) -> Array:
        """Logits of every class, zeros for the reference, shape (K, m)."""
        full = np.zeros((self.n_classes, self.design.shape[1]))
        full[self.free] = theta[: self.logits].reshape(self.n_classes - 1, self.design.shape[1])
        return full

    def of_outcome(self, theta: Array) -> Array:
        """Parameters of the outcome, shape (K, d)."""
        return theta[self.logits :].reshape(self.n_classes, -1)

    def log_shares(self, theta: Array) -> Array:
        """Log P(X = k | x), shape (N, K)."""
        return log_softmax(self.design @ self.coefficients(theta).T, axis=1)

    def log_density(self, theta: Array) -> Array:
        """Log of the probability of class and outcome, shape (N, K)."""
        shares = self.log_shares(theta)
        if self.outcome is None:
            return shares
        return shares + self.outcome.log_density(self.of_outcome(theta))

    def scores(self, theta: Array) -> Array:
        """Gradients of the log-density in theta, shape (N, K, Q)."""
        away = np.eye(self.n_classes) - np.exp(self.log_shares(theta))[:, None, :]
        own = away[:, :, self.free, None] * self.design[:, None, None, :]
        logits = own.reshape(*own.shape[:2], self.logits)
        if self.outcome is None:
            return logits
        compact = self.outcome.scores(self.of_outcome(theta))
        spread = np.eye(self.n_classes)[None, :, :, None] * compact[:, :, None, :]
        return np.concatenate([logits, spread.reshape(*compact.shape[:2], -1)], axis=2)

    def information(self, theta: Array, weights: Array) -> Array:
        """Minus the Hessian of the log-density under weights (N, K), shape (Q, Q)."""
        out = np.zeros((self.size, self.size))
        out[: self.logits, : self.logits] = self._logit_information(theta, weights.sum(axis=1))
        if self.outcome is not None:
            d = self.outcome.size
            for k, block in enumerate(self.outcome.information(self.of_outcome(theta), weights)):
                here = slice(self.logits + k * d, self.logits + (k + 1) * d)
                out[here, here] = block
        return out

    def _logit_information(self, theta: Array, weight: Array) -> Array:
        p = np.exp(self.log_shares(theta))[:, self.free]
        spread = np.eye(len(self.free)) * p[:, :, None] - p[:, :, None] * p[:, None, :]
        found = np.einsum(
            "nkl,ni,nj->kilj", spread * weight[:, None, None], self.design, self.design, optimize=True
        )
        return found.reshape(self.logits, self.logits)

    def maximise(self, weights: Array, theta: Array, steps: int = 1) -> Array:
        """Raise the log-density under weights (N, K): the outcome to its maximum, logits by Newton steps.

        Parameters
        ----------
        weights
            Sums over classes must not be negative; single weights may be.
        theta
            Where the logits start.
        """
        logits = self._raise_logits(weights, theta, steps)
        if self.outcome is None:
            return logits
        return np.concatenate([logits, self.outcome.maximise(weights).ravel()])

    def _raise_logits(self, weights: Array, theta: Array, steps: int) -> Array:
        if not self.logits:
            return theta[:0]
        if self.design.shape[1] == 1:
            # Shares in closed form; without covariates the only column is the one of ones.
            total = np.maximum(weights.sum(axis=0), 1e-12 * weights.sum())
            return np.log(total[self.free] / total[self.reference])
        logits, rows = theta[: self.logits], weights.sum(axis=1)
        value = float((weights * self.log_shares(logits)).sum())
        for _ in range(steps):
            away = weights - rows[:, None] * np.exp(self.log_shares(logits))
            slope = (away[:, self.free].T @ self.design).ravel()
            step = solve(self._logit_information(logits, rows), slope)
            if float(slope @ step) < 1e-12 * max(float(rows.sum()), 1.0):
                break
            for _ in range(_HALVINGS):
                reached = float((weights * self.log_shares(logits + step)).sum())
                if reached >= value:
                    break
                step = step / 2
            else:
                break
            logits, value = logits + step, reached
        return logits

    def stuck(self, theta: Array) -> NDArray[np.bool_]:
        """Which parameters are at a boundary or ran away, shape (Q,)."""
        far = (np.abs(self.coefficients(theta)[self.free]) > _FAR).any(axis=1)
        logits = np.repeat(far, self.design.shape[1])
        if self.outcome is None:
            return logits
        return np.concatenate([logits, self.outcome.stuck(self.of_outcome(theta)).ravel()])


def solve(matrix: Array, right: Array) -> Array:
    """Solve a symmetric system whatever its units; directions that it leaves open are left at zero.

    Negative curvature counts as positive, so that a step always goes uphill.

    Examples
    --------
    >>> solve(np.diag([4.0, 0.0]), np.array([2.0, 0.0])).tolist()
    [0.5, 0.0]
    """
    unit = np.sqrt(np.abs(np.diag(matrix)))
    unit = np.where(unit > 0, unit, 1.0)
    values, vectors = np.linalg.eigh(matrix / np.outer(unit, unit))
    usable = np.abs(values) > 1e-12 * max(float(np.abs(values).max(initial=0.0)), 1e-300)
    inverse = np.where(usable, 1 / np.where(usable, np.abs(values), 1.0), 0.0)
    columns = (right.T / unit).T
    return (((vectors * inverse) @ (vectors.T @ columns)).T / unit).T
