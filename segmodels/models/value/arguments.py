"""What callers of fits and forecasts may pass; everything else is one clear error."""

from collections.abc import Sequence
from itertools import pairwise
from numbers import Integral, Real
from typing import Any, Literal, get_args

import numpy as np

from segmodels.errors import Fault, InputError
from segmodels.inference.priors import Prior
from segmodels.inference.settings import Setting
from segmodels.tables.customers import Customers

Of = Literal["prediction", "expectation"]


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, Real) and not isinstance(value, bool | np.bool_) and bool(np.isfinite(float(value)))
    )


def check_fit(spec: Any, priors: Sequence[Any], customers: Any, setting: Any, seed: Any) -> None:
    """Refuse what can not be fitted, all faults together."""
    faults: list[Fault] = []
    if not isinstance(customers, Customers):
        remedy = "Make them with Transactions.customers() or Customers.read()."
        faults.append(Fault("customers", type(customers).__name__, "Customers", remedy))
    if not isinstance(setting, get_args(Setting)):
        got = (
            repr(setting)
            if isinstance(setting, str)
            else getattr(setting, "__name__", type(setting).__name__)
        )
        faults.append(Fault("setting", got, "MAP(), Laplace() or NUTS()", "Mind the brackets."))
    if not isinstance(seed, Integral) or isinstance(seed, bool) or seed < 0:
        faults.append(Fault("seed", repr(seed), "a whole number of at least 0", "Give seed=1, say."))
    faults += [
        Fault(
            "prior",
            repr(prior),
            "Normal, StudentT, SoftBox or Flat",
            "Priors stand on the log or logit scale.",
        )
        for prior in (*priors, spec.coefficient)
        if not isinstance(prior, get_args(Prior))
    ]
    for name in ("purchase_covariates", "dropout_covariates", "spend_covariates"):
        columns = getattr(spec, name, ())
        if isinstance(columns, str):
            faults.append(
                Fault(name, repr(columns), "a tuple of column names", f"Give {name}=({columns!r},).")
            )
        elif isinstance(customers, Customers):
            faults += [
                _no_column(name, column, customers) for column in columns if column not in customers.columns
            ]
    if faults:
        raise InputError(faults)


def _no_column(name: str, column: Any, customers: Customers) -> Fault:
    expected = f"one of {', '.join(customers.columns)}"
    return Fault(name, f"no column {column!r}", expected, "Join it first: customers.with_attributes(table).")


def check_customers(customers: Any) -> None:
    """Refuse anything but Customers."""
    if not isinstance(customers, Customers):
        remedy = "Make them with Transactions.customers() or Customers.read()."
        raise InputError(Fault("customers", type(customers).__name__, "Customers", remedy))


def levels(interval: Any) -> tuple[float, float]:
    """Quantiles of a central interval.

    Examples
    --------
    >>> levels(0.5)
    (0.25, 0.75)
    """
    if not _is_number(interval) or not 0 < interval < 1:
        raise InputError(Fault("interval", repr(interval), "a probability between 0 and 1", "Give 0.8, say."))
    return (1 - interval) / 2, (1 + interval) / 2


def require_positive(name: str, value: Any) -> None:
    """Refuse what is no positive, finite number."""
    if not _is_number(value) or value <= 0:
        raise InputError(Fault(name, repr(value), "a positive number", "Give it in the unit of the fit."))


def require_not_negative(name: str, value: Any) -> None:
    """Refuse what is no finite number of at least 0."""
    if not _is_number(value) or value < 0:
        raise InputError(
            Fault(name, repr(value), "a number of at least 0", "Give it in the unit of the fit.")
        )


def require_of(of: Any) -> None:
    """Refuse what is neither "prediction" nor "expectation"."""
    if of not in get_args(Of):
        raise InputError(Fault("of", repr(of), "'prediction' or 'expectation'", "Check the spelling."))


def checked_horizons(horizons: Any) -> tuple[float, ...]:
    """Give ascending, positive horizons; one number is a sequence of one.

    Examples
    --------
    >>> checked_horizons([13, 26])
    (13.0, 26.0)
    """
    given = (horizons,) if _is_number(horizons) else horizons
    usable = (
        isinstance(given, Sequence | np.ndarray)
        and not isinstance(given, str)
        and all(map(_is_number, given))
    )
    ends = tuple(float(end) for end in given) if usable else ()
    if not ends or ends[0] <= 0 or not all(a < b for a, b in pairwise(ends)):
        raise InputError(
            Fault("horizons", repr(horizons), "positive, ascending numbers", "Give [13, 26], say.")
        )
    return ends
