"""What a latent class model refuses, all faults together."""

from numbers import Integral
from typing import Any

import numpy as np

from segmodels.errors import Fault, InputError
from segmodels.inference.settings import MAP, NUTS, Laplace
from segmodels.models.needs.coding import other_items
from segmodels.models.needs.quadrature import STYLES
from segmodels.tables.responses import Responses


def check_spec(spec: Any) -> None:
    """Refuse settings that make no model."""
    faults: list[Fault] = []
    if isinstance(spec.n_classes, bool) or not isinstance(spec.n_classes, Integral) or spec.n_classes < 1:
        faults.append(
            Fault("n_classes", repr(spec.n_classes), "a whole number of at least 1", "Give 4, say.")
        )
    for name in ("items", "covariates", "style"):
        if isinstance(getattr(spec, name), str):
            value = getattr(spec, name)
            faults.append(
                Fault(name, f"the text {value!r}", "a tuple of names", f"Give {name}=({value!r},).")
            )
    unknown = [] if isinstance(spec.style, str) else [each for each in spec.style if each not in STYLES]
    faults += [Fault("style", repr(each), f"of {', '.join(STYLES)}", "Check the name.") for each in unknown]
    if not 3 <= spec.nodes <= 51:
        faults.append(Fault("nodes", repr(spec.nodes), "3 to 51", "Give 9, say."))
    if not 0 < spec.concentration < np.inf:
        got = repr(spec.concentration)
        faults.append(Fault("concentration", got, "a number above 0", "1 is even over all probabilities."))
    if faults:
        raise InputError(faults)


def check_numbers(responses: Any, setting: Any, seed: Any) -> None:
    """Refuse what is no survey, no setting or no seed."""
    faults: list[Fault] = []
    if not isinstance(responses, Responses):
        remedy = "Make them with sg.Responses.read(table, customer=..., items=...)."
        faults.append(Fault("responses", f"a {type(responses).__name__}", "Responses", remedy))
    if not isinstance(setting, MAP | Laplace | NUTS):
        got = getattr(setting, "__name__", repr(setting))
        faults.append(Fault("setting", got, "sg.MAP(), sg.Laplace() or sg.NUTS()", "Give sg.MAP(), say."))
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        faults.append(Fault("seed", repr(seed), "a whole number of at least 0", "Give seed=1, say."))
    if faults:
        raise InputError(faults)


def check_answers(spec: Any, names: tuple[str, ...], responses: Responses) -> None:
    """Refuse items that the model can not use."""
    there = responses.codebook.names
    faults = [
        Fault("items", f"no item {name!r}", f"one of: {', '.join(there)}", "Check the name.")
        for name in (*names, *spec.covariates)
        if name not in there
    ]
    known = [responses.codebook[name] for name in names if name in there]
    if not names:
        faults.append(
            Fault("items", "no indicator", "at least one item", "Name items that tell needs apart.")
        )
    faults += [
        Fault("items", f"{item.name!r} of scale {item.scale}", "answers to one question", f"Use {other}.")
        for item in known
        for scale, other in (("rank", "sg.RankedNeeds"), ("best_worst", "sg.BestWorst"))
        if item.scale == scale
    ]
    faults += [
        Fault("covariates", f"{name!r}, which is an indicator", "other items", "Leave it out of one of them.")
        for name in spec.covariates
        if name in names
    ]
    for item in known:
        faults += _variation(item, responses) if item.scale not in ("rank", "best_worst") else []
    if spec.style and not any(item.scale == "ordinal" for item in known):
        remedy = "Read rating scales as 'ordinal', or leave style out."
        faults.append(Fault("style", "no ordinal item", "a rating scale", remedy))
    if faults:
        raise InputError(faults)


def _variation(item: Any, responses: Responses) -> list[Fault]:
    values = responses.answers[item.name]
    seen = values[values >= 0] if item.coded else values[~np.isnan(values)]
    distinct = np.unique(seen)
    if len(distinct) > 1:
        return []
    got = "no answer at all" if not len(distinct) else "the same answer everywhere"
    remedy = "Leave it out of items=; it tells no classes apart."
    return [Fault(item.name, got, "answers that differ", remedy, len(seen))]


def check_same(known: Any, responses: Responses) -> None:
    """Refuse answers to other items, or under another codebook, than those of the fit."""
    faults = other_items((*known.items, *known.numbers, *known.explaining), responses)
    if faults:
        raise InputError(faults)


def require_coded(layout: Any) -> None:
    """Refuse a model with items answered in numbers where only categories will do."""
    if layout.numbers:
        names = ", ".join(item.name for item in layout.numbers)
        remedy = "Fit without them, or read them as ordinal."
        raise InputError(Fault("items", f"answers in numbers ({names})", "coded items only", remedy))
