"""What the labels of a battery of items all begin with, such as "How important: "."""

from collections.abc import Sequence

_ENDS = (": ", " – ", " - ", "… ", "... ")


def shared_start(labels: Sequence[str]) -> str:
    """Find the beginning that all labels share, up to a colon or the like; empty where there is none.

    >>> shared_start(["How important: safe payment", "How important: low prices"])
    'How important: '
    >>> shared_start(["Low prices", "Low costs"]), shared_start(["Region: north"])
    ('', '')
    """
    if len(set(labels)) < 2:
        return ""
    first = labels[0]
    ends = [at + len(mark) for mark in _ENDS for at in range(len(first)) if first.startswith(mark, at)]
    shared = [end for end in ends if all(each.startswith(first[:end]) and len(each) > end for each in labels)]
    return first[: max(shared, default=0)]


def without(label: str, start: str) -> str:
    """Leave the beginning out, and begin with a capital.

    >>> without("How important: low prices", "How important: "), without("age", "")
    ('Low prices', 'age')
    """
    rest = label.removeprefix(start)
    return rest[:1].upper() + rest[1:] if start else rest
