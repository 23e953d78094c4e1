"""Names of segments as people read them: drafts carry a star."""

from collections.abc import Iterable

from segmodels.segments.draft_names import DRAFT

STAR = "*"


def is_draft(name: object) -> bool:
    """Whether a name is a draft, not yet the user's own.

    >>> is_draft("draft: low prices"), is_draft("Bargain hunters")
    (True, False)
    """
    return str(name).startswith(DRAFT)


def shown(name: object) -> str:
    """Write the name of a segment.

    >>> shown("draft: low prices"), shown(2)
    ('low prices*', '2')
    """
    return str(name).removeprefix(DRAFT) + STAR if is_draft(name) else str(name)


def all_shown(names: Iterable[object]) -> list[str]:
    """Write the names of several segments."""
    return [shown(name) for name in names]
