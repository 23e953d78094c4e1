"""What the cuts of the value grid do, in words: whom they part, and where they part nobody."""

from collections.abc import Iterator, Mapping

from segmodels.report import tables

#: Expected customers that are nobody.
_NOBODY = 0.5
_VALUE = {"invest": True, "protect": True, "competitors' customers": False, "least appealing": False}
_POTENTIAL = {"invest": True, "protect": False, "competitors' customers": True, "least appealing": False}


def cut_notes(
    customers: Mapping[str, float], value: tuple[str, float], potential: tuple[str, float], currency: str
) -> Iterator[str]:
    """Say where a cut parts nobody, and what a cut at 0 means.

    Parameters
    ----------
    customers
        Expected number of each cell; cells that are not there have none.
    value, potential
        What is cut, in words, and where.
    currency
        Of the amounts.

    Examples
    --------
    >>> one = {"least appealing": 12.0}
    >>> list(cut_notes(one, ("own spend", 90.0), ("headroom", 0.0), "$"))[0]
    'The cut of own spend at $90.00 separates nobody: no customer is above it. Choose another cut.'
    """
    for (name, cut), sides in ((value, _VALUE), (potential, _POTENTIAL)):
        above, below = (
            sum(customers.get(cell, 0.0) for cell, side in sides.items() if side is wanted)
            for wanted in (True, False)
        )
        at = f"The cut of {name} at {tables.money(cut, currency)}"
        if above < _NOBODY or below < _NOBODY:
            who = "no customer is above it" if above < _NOBODY else "all customers are above it"
            yield f"{at} separates nobody: {who}. Choose another cut."
        elif cut == 0:
            yield f"The cut of {name} is at 0: every customer with any of it is high."
