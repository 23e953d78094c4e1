"""Names of the cells of the value grid, and of its rows beside them."""

#: Current value above the cut or up to it, potential above the cut or up to it.
CELLS = ("invest", "protect", "competitors' customers", "least appealing")
#: The row of customers of whom nothing is known; IDENTIFIED is that of the others, and ALL that of both.
UNKNOWN, IDENTIFIED, ALL = "not identified", "identified", "all"
