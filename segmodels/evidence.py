"""Evidence: the one answer type of every check, from R-hat to a backtest."""

from dataclasses import dataclass, field

import pandas as pd


@dataclass(frozen=True)
class Evidence:
    """What a check found.

    Parameters
    ----------
    name
        What was checked, in the field's term, such as ``"R-hat"``.
    passed
        ``True`` or ``False``; ``None`` where the check informs without judging.
    text
        One or two sentences: the finding, and what to do where it is bad.
    table
        The figures behind it.

    Examples
    --------
    >>> print(Evidence("R-hat", True, "All below 1.01."))
    R-hat: passed. All below 1.01.
    """

    name: str
    passed: bool | None
    text: str
    table: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)

    def __str__(self) -> str:
        """One line for a terminal."""
        verdict = {True: "passed", False: "NOT PASSED", None: "for information"}[self.passed]
        return f"{self.name}: {verdict}. {self.text}"
