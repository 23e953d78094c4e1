"""Names of the columns of the table of customers, which no segment column may have."""

import re

from segmodels.segments.wallet.cell_names import CELLS

#: Cell of the grid → column of its probability.
P_CELLS = {cell: "p_" + cell.replace("'", "").replace(" ", "_") for cell in CELLS}
_FIXED = {
    "customer_id",
    "own",
    "value",
    "answered",
    "status",
    "p_full_share",
    "target_share",
    "cell",
    "undecided",
    *P_CELLS.values(),
}
_MEASURES = re.compile(r"(wallet|share|headroom|attainable)_(mean|q\d[\d_]*)")


def is_taken(name: str) -> bool:
    """Whether the table of customers may have a column of this name itself.

    >>> is_taken("status"), is_taken("share_q05"), is_taken("share_quality"), is_taken("segment")
    (True, True, False, False)
    """
    return name in _FIXED or _MEASURES.fullmatch(name) is not None
