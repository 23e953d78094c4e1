"""New names of classes."""

from collections.abc import Mapping

from segmodels.errors import Fault, InputError


def renamed(names: tuple[str, ...], given: Mapping[str, str]) -> tuple[str, ...]:
    """Replace names; raise ``InputError`` for unknown ones and for names given twice.

    Examples
    --------
    >>> renamed(("1", "2"), {"2": "Bargain hunters"})
    ('1', 'Bargain hunters')
    """
    faults = [
        Fault("names", f"no class {old!r}", f"one of: {', '.join(names)}", "Check the name.")
        for old in given
        if old not in names
    ]
    found = tuple(str(given.get(name, name)) for name in names)
    twice = {name for name in found if found.count(name) > 1}
    faults += [
        Fault("names", f"{name!r} twice", "each name once", "Give every class its own name.")
        for name in sorted(twice)
    ]
    if faults:
        raise InputError(faults)
    return found
