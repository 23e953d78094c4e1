"""What models of rankings and of best-worst choices refuse, and what their fits say against themselves."""

from collections.abc import Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.evidence import Evidence
from segmodels.inference.louis import information
from segmodels.models.needs.constants import BayesConstants
from segmodels.tables.codebook import Scale
from segmodels.tables.responses import Responses

_SMALL, _FEW = 0.05, 30
# Eigenvalues of the information, relative to the largest, below which a direction is not determined.
_FLAT = 1e-9


def count_fault(name: str, value: Any) -> list[Fault]:
    """Refuse what is no number of classes."""
    if isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= 1:
        return []
    return [Fault(name, repr(value), "a whole number of at least 1", f"Give {name}=2, say.")]


def names_faults(spec: Any) -> list[Fault]:
    """Refuse one text where a tuple of names is asked for."""
    found = [(name, getattr(spec, name)) for name in ("items", "covariates")]
    return [
        Fault(name, f"the text {value!r}", "a tuple of names", f"Give {name}=({value!r},).")
        for name, value in found
        if isinstance(value, str)
    ]


def choose_items(
    responses: Responses, asked: Sequence[str] | None, scale: Scale, covariates: Sequence[str]
) -> tuple[str, ...]:
    """Name the items of one scale that utilities are of.

    Parameters
    ----------
    asked
        Names; None: all items of the scale.

    Raises
    ------
    InputError
        With every fault: unknown items, items of other scales, fewer than two, covariates that are unknown or
        indicators.
    """
    book = responses.codebook
    names = tuple(item.name for item in book if item.scale == scale) if asked is None else tuple(asked)
    there = ", ".join(book.names)
    faults = [
        Fault(where, f"no item {name!r}", f"one of: {there}", "Check the name.")
        for where, wanted in (("items", names), ("covariates", covariates))
        for name in wanted
        if name not in book.names
    ]
    faults += [
        Fault("items", f"{name!r} of scale {book[name].scale}", f"items of scale {scale}", "Leave it out.")
        for name in names
        if name in book.names and book[name].scale != scale
    ]
    faults += [
        Fault("covariates", f"{name!r}, which is ranked or chosen", "other items", "Leave it out.")
        for name in covariates
        if name in names
    ]
    if len(set(names)) < max(len(names), 2):
        remedy = "Read rankings with Responses.read_orderings and tasks with Responses.read_tasks."
        faults.append(Fault("items", f"{len(set(names))} of scale {scale}", "two or more, each once", remedy))
    if faults:
        raise InputError(faults)
    return names


def choice_evidence(fit: Any) -> tuple[Evidence, ...]:
    """Collect what the classes of a fit say against themselves."""
    return (_smallest(fit), _identified(fit))


def _smallest(fit: Any) -> Evidence:
    shares = fit.class_shares
    least, people = float(shares.min()), float(shares.min() * fit.n)
    passed = least >= _SMALL and people >= _FEW
    advice = "" if passed else " Estimates of so small a class move from sample to sample: try fewer classes."
    text = f"Class {shares.idxmin()} is {least:.1%} of respondents, about {people:,.0f}.{advice}"
    return Evidence("Smallest class", passed, text, shares.reset_index())


def _identified(fit: Any) -> Evidence:
    """Count the directions of theta that the answers, without the prior, do not determine."""
    answers = replace(fit.problem, constants=BayesConstants.none())
    values = np.linalg.eigvalsh(information(answers, fit.theta)[0])
    flat = int((values < _FLAT * max(float(values[-1]), 1e-300)).sum())
    text = (
        "The answers determine all parameters."
        if not flat
        else f"{flat} of {len(values)} directions are set by the prior alone: try fewer classes, or more items a task."
    )
    return Evidence("Identified", not flat, text, pd.DataFrame({"eigenvalue": values}))


def few_alternatives(n_classes: int, n_items: int) -> tuple[Evidence, ...]:
    """Warn where a mixture of rankings is known not to be identified for all parameters.

    Source: Zhao, Piech and Xia (2016), Learning mixtures of Plackett-Luce models, ICML: K components over at most
    2K - 1 alternatives.
    """
    if n_classes == 1 or n_items > 2 * n_classes - 1:
        return ()
    text = (
        f"{n_classes} Plackett-Luce classes of {n_items} alternatives are not identified for all parameters; "
        f"{2 * n_classes} alternatives are needed to be. See 'Identified' and 'Best optimum replicated' for this fit."
    )
    return (Evidence("Alternatives for so many classes", None, text),)
