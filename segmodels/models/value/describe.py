"""How fits print."""

from typing import Any


def describe_fit(fit: Any, what: str) -> str:
    """Model and size, parameters, and checks, in three lines."""
    parameters = ", ".join(f"{name} {value:.4g}" for name, value in fit.params.items())
    judged = [item for item in fit.evidence if item.passed is not None]
    failed = [item.name for item in judged if not item.passed]
    checks = f"{len(judged) - len(failed)} of {len(judged)} checks passed"
    return (
        f"{type(fit).__name__}: {what}, {len(fit.u):,} draw{'' if len(fit.u) == 1 else 's'}\n"
        f"  {parameters}; log-likelihood {fit.log_likelihood:,.2f}\n"
        f"  {checks}{'' if not failed else '; not passed: ' + ', '.join(failed)}"
    )
