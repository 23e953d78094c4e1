"""Errors that say what was got, what was expected and what to do."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Fault:
    """One thing wrong with an input.

    Parameters
    ----------
    where
        The column or argument.
    got, expected, remedy
        Short phrases for the reader of the message.
    rows
        Number of rows concerned; ``None`` where the fault is not about rows.
    examples
        Up to three offending values, as text.
    """

    where: str
    got: str
    expected: str
    remedy: str
    rows: int | None = None
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line of the message."""
        rows = "" if self.rows is None else f" in {self.rows:,} row{'' if self.rows == 1 else 's'}"
        examples = f" (for example {', '.join(self.examples[:3])})" if self.examples else ""
        return f"{self.where}: got {self.got}{rows}{examples}; expected {self.expected}. {self.remedy}"


class SegmodelsError(Exception):
    """Every error that segmodels raises on purpose."""


class InputError(SegmodelsError, ValueError):
    """The input can not be used as it is; all faults are reported together.

    Examples
    --------
    >>> print(InputError(Fault("date", "null", "a date", "Repair them.", 2, ("row 3", "row 9"))))
    date: got null in 2 rows (for example row 3, row 9); expected a date. Repair them.
    """

    def __init__(self, faults: "list[Fault] | tuple[Fault, ...] | Fault") -> None:
        self.faults = (faults,) if isinstance(faults, Fault) else tuple(faults)
        lines = [str(fault) for fault in self.faults]
        super().__init__(lines[0] if len(lines) == 1 else "".join(f"\n  - {line}" for line in lines))


class NotConverged(SegmodelsError, RuntimeError):
    """A fit ended without an answer that can be trusted."""

    def __init__(self, message: str, advice: str) -> None:
        self.advice = advice
        super().__init__(f"{message} {advice}")


class Infeasible(SegmodelsError, ValueError):
    """What was asked for can not be had under the constraints given."""
