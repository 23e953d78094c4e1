"""Names of classes."""

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


def place_of(names: tuple[str, ...], name: str) -> int:
    """Find a class by its name; raise ``InputError`` where there is none.

    Examples
    --------
    >>> place_of(("1", "Bargain hunters"), "Bargain hunters")
    1
    """
    if name not in names:
        raise InputError(Fault("reference", f"{name!r}", f"one of: {', '.join(names)}", "Check the name."))
    return names.index(name)
