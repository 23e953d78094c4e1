"""Names of classes."""

from collections.abc import Mapping

from segmodels.errors import Fault, InputError

#: Names that columns of tables bear, and which a class may therefore not.
RESERVED = ("all", "customer_id", "probability", "segment")


def renamed(names: tuple[str, ...], given: Mapping[str, str]) -> tuple[str, ...]:
    """Replace names; raise ``InputError`` for unknown ones, names given twice, and names that can not be used.

    Examples
    --------
    >>> renamed(("1", "2"), {"2": "Bargain hunters"})
    ('1', 'Bargain hunters')
    """
    told: object = given
    if not isinstance(told, Mapping):
        remedy = 'Give {"1": "Bargain hunters"}, say.'
        raise InputError(Fault("names", f"a {type(told).__name__}", "present names to new ones", remedy))
    faults = [
        Fault("names", f"no class {old!r}", f"one of: {', '.join(names)}", "Check the name.")
        for old in given
        if old not in names
    ]
    for new in given.values():
        text: object = new
        if not isinstance(text, str) or not text.strip():
            faults.append(Fault("names", repr(new), "a text that is not empty", "Give a name."))
        elif text.strip().lower() in RESERVED:
            expected = f"a name other than {', '.join(RESERVED)}, which columns bear"
            faults.append(Fault("names", repr(new), expected, "Give another name."))
    found = tuple(given.get(name, name) for name in names)
    twice = {name for name in found if found.count(name) > 1}
    faults += [
        Fault("names", f"{name!r} twice", "each name once", "Give every class its own name.")
        for name in sorted(map(str, twice))
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
