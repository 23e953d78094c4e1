"""A typing tool as one SELECT of standard SQL."""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from segmodels.errors import Fault, InputError
from segmodels.report.atomic import whole
from segmodels.segments.typing_tool.joint import TIE
from segmodels.segments.typing_tool.tool import TypingTool
from segmodels.tables.codebook import Code, Item

#: Below it exp would be 0 anyway, and some engines call that an error.
_SMALLEST = -700

#: A name, and the SELECT that it stands for.
type _Level = tuple[str, str]


def select(tool: TypingTool, *, table: str | Sequence[str], customer: str) -> str:
    """Write a SELECT that scores a table of answers.

    It uses nothing but CASE, arithmetic, comparisons, EXP, COUNT and common table expressions. The largest score is
    taken off before EXP, so that any number of questions can be scored.

    Parameters
    ----------
    tool
        The typing tool.
    table
        Name of the table of answers, one row a respondent and a column of codes for every question; or schema
        and name, ``("survey", "answers")``.
    customer
        Name of the column of ids.

    Returns
    -------
    str
        The statement, without a semicolon: it can stand in a view. Its columns are the id, a probability per
        segment under the segment's name, ``segment``, ``probability`` (of that segment), ``answered`` (how
        many questions) and ``problem``. NULL is a missing answer, and so is blank text. A row with a code that
        is not in the codebook gets NULL for everything and a ``problem`` that names the questions.

    Raises
    ------
    InputError
        Where two columns of the result would have the same name, or a text holds a null character.

    Examples
    --------
    >>> from segmodels.models.needs.components import Components
    >>> two = Components(
    ...     ("a", "b"),
    ...     (Item("q", "binary", (0, 1)),),
    ...     np.arange(2),
    ...     np.log([0.5, 0.5]),
    ...     (np.log([[0.9, 0.2], [0.1, 0.8]]),),
    ... )
    >>> print(select(TypingTool(two), table="answers", customer="id").splitlines()[3])
        CASE WHEN "q" IS NULL THEN 0 WHEN "q" = 0 THEN 1 WHEN "q" = 1 THEN 2 END AS c1,
    """
    source = (table,) if isinstance(table, str) else tuple(table)
    faults = _faults(tool, source, customer)
    if faults:
        raise InputError(faults)
    rounds = _largest(tool)
    start = [_coded(tool, source, customer), _scored(tool), *rounds]
    levels = [*start, _weighted(tool, rounds[-1][0]), _shared(tool)]
    ctes = ",\n".join(f"{name} AS (\n{body}\n)" for name, body in levels)
    return f"WITH {ctes}\n{_final(tool, customer)}"


def write(
    tool: TypingTool, path: str | os.PathLike[str], *, table: str | Sequence[str], customer: str
) -> Path:
    """Write the SELECT to a file, whole or not at all, and give its path."""
    text = select(tool, table=table, customer=customer)
    with whole(path) as part:
        part.write_text(text + ";\n", encoding="utf-8")
    return Path(path)


def identifier(name: str) -> str:
    """Quote a name of a table or column.

    >>> identifier('5" pipe')
    '"5"" pipe"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """Quote a text.

    >>> literal("it's")
    "'it''s'"
    """
    return "'" + text.replace("'", "''") + "'"


def _number(value: float) -> str:
    """Write a double exactly; with an exponent, as without one it would be a decimal number."""
    return f"{value:.17e}"


def _code(code: Code) -> str:
    if isinstance(code, bool):
        return "TRUE" if code else "FALSE"
    if isinstance(code, str):
        return literal(code)
    return str(code) if isinstance(code, int) else _number(code)


def _position(item: Item) -> str:
    """Place of the code counted from 1, 0 where missing, NULL where unknown."""
    column = identifier(item.name)
    texts = [isinstance(code, str) for code in item.categories]
    missing = f"{column} IS NULL"
    if any(texts):
        # Codes of mixed kinds are compared as text, since a column has one type.
        compared = column if all(texts) else f"CAST({column} AS VARCHAR(4000))"
        codes = [literal(str(code)) for code in item.categories]
        missing = f"{missing} OR TRIM({compared}) = ''"
    else:
        compared, codes = column, [_code(code) for code in item.categories]
    whens = " ".join(f"WHEN {compared} = {code} THEN {at}" for at, code in enumerate(codes, 1))
    return f"CASE WHEN {missing} THEN 0 {whens} END"


def _columns(letter: str, n: int) -> list[str]:
    return [f"{letter}{at}" for at in range(1, n + 1)]


def _coded(tool: TypingTool, source: Sequence[str], customer: str) -> _Level:
    name = ".".join(identifier(part) for part in source)
    columns = [f"{_position(item)} AS c{j}" for j, item in enumerate(tool.questions, 1)]
    return _level("coded", [f"{identifier(customer)} AS id", *columns], name)


def _scored(tool: TypingTool) -> _Level:
    """Add up the points of each component; NULL where a code is unknown."""
    parts = tool.components
    positions = _columns("c", len(tool.questions))
    scores: list[str] = []
    for m, weight in enumerate(parts.log_weight):
        points = [
            _points(place, table[:, m]) for place, table in zip(positions, parts.log_probability, strict=True)
        ]
        scores.append(f"{' + '.join([_number(weight), *points])} AS a{m + 1}")
    return _level("scored", ["id", *positions, *scores], "coded")


def _points(position: str, points: NDArray[np.float64]) -> str:
    whens = " ".join(f"WHEN {at} THEN {_number(value)}" for at, value in enumerate(points, 1))
    return f"CASE {position} WHEN 0 THEN 0e0 {whens} END"


def _largest(tool: TypingTool) -> list[_Level]:
    """Find the largest score in a tournament, as no function for it is the same everywhere."""
    kept = [*_columns("c", len(tool.questions)), *_columns("a", len(tool.components.log_weight))]
    players = _columns("a", len(tool.components.log_weight))
    levels: list[_Level] = []
    before = "scored"
    while len(players) > 1 or not levels:
        pairs = [(players[g], players[min(g + 1, len(players) - 1)]) for g in range(0, len(players), 2)]
        # The last round names its winner "best".
        winners = ["best"] if len(pairs) == 1 else _columns(f"r{len(levels) + 1}_", len(pairs))
        games = [
            f"CASE WHEN {one} >= {other} THEN {one} ELSE {other} END AS {winner}"
            for (one, other), winner in zip(pairs, winners, strict=True)
        ]
        levels.append(_level(f"round{len(levels) + 1}", ["id", *kept, *games], before))
        players, before = winners, levels[-1][0]
    return levels


def _weighted(tool: TypingTool, before: str) -> _Level:
    """Take the largest score off, and exponentiate."""
    weights = [
        f"CASE WHEN {score} - best < {_SMALLEST} THEN 0e0 ELSE EXP({score} - best) END AS e{m}"
        for m, score in enumerate(_columns("a", len(tool.components.log_weight)), 1)
    ]
    return _level("weighted", ["id", *_columns("c", len(tool.questions)), *weights], before)


def _shared(tool: TypingTool) -> _Level:
    """Sum by segment, and divide by the sum of all."""
    own = tool.components.class_of
    every = " + ".join(_columns("e", len(own)))
    columns = ["id", *_columns("c", len(tool.questions))]
    for k in range(len(tool.names)):
        mine = " + ".join(f"e{m}" for m in np.flatnonzero(own == k) + 1) or "0e0"
        columns.append(f"({mine}) / ({every}) AS p{k + 1}")
    return _level("shared", columns, "weighted")


def _level(name: str, columns: Sequence[str], source: str) -> _Level:
    """Make one step of the statement.

    Some engines (SQLite, PostgreSQL) put the expressions of one step into the next wherever a column is used,
    and in the end work them out thousands of times. They do not do so with a step that has a window function,
    and as no one uses its column, most engines do not even work it out.
    """
    return name, _select([*columns, f"COUNT(*) OVER () AS {name}_rows"], source)


def _final(tool: TypingTool, customer: str) -> str:
    columns = [f"id AS {identifier(customer)}"]
    columns += [f"p{k} AS {identifier(name)}" for k, name in enumerate(tool.names, 1)]
    columns.append(f"{_winner(tool, [literal(name) for name in tool.names])} AS segment")
    columns.append(f"{_winner(tool, [f'p{k + 1}' for k in range(len(tool.names))])} AS probability")
    asked = [f"CASE WHEN c{j} > 0 THEN 1 ELSE 0 END" for j in range(1, len(tool.questions) + 1)]
    known = "p1 IS NOT NULL"
    columns.append(f"CASE WHEN {known} THEN {' + '.join(asked)} END AS answered")
    named = [
        f"CASE WHEN c{j} IS NULL THEN {literal(' ' + item.name)} ELSE '' END"
        for j, item in enumerate(tool.questions, 1)
    ]
    columns.append(f"CASE WHEN {known} THEN NULL ELSE 'unknown code:' || {' || '.join(named)} END AS problem")
    return _select(columns, "shared", indent="")


def _winner(tool: TypingTool, results: Iterable[str]) -> str:
    """Choose the first segment that no other beats by more than a tie."""
    size = len(tool.names)
    whens: list[str] = []
    for k, result in enumerate(results, 1):
        beaten = [f"p{k} >= p{other} - {_number(TIE)}" for other in range(1, size + 1) if other != k]
        whens.append(f"WHEN {' AND '.join(beaten) or f'p{k} >= 0'} THEN {result}")
    return f"CASE {' '.join(whens)} END"


def _select(columns: Sequence[str], source: str, indent: str = "  ") -> str:
    lines = ",\n".join(f"{indent}  {column}" for column in columns)
    return f"{indent}SELECT\n{lines}\n{indent}FROM {source}"


def _faults(tool: TypingTool, source: Sequence[str], customer: str) -> list[Fault]:
    taken = [customer, *tool.names, "segment", "probability", "answered", "problem"]
    folded = [name.casefold() for name in taken]
    twice = [name for name in taken if folded.count(name.casefold()) > 1]
    faults: list[Fault] = []
    if twice:
        # Engines hold "Price" and "price" for the same column.
        got, remedy = (
            f"{', '.join(map(repr, twice))}",
            "Rename the segments of the fit, or the column of ids.",
        )
        faults.append(Fault("names", got, "names that differ in more than case", remedy))
    texts = [*source, customer, *tool.names]
    texts += [item.name for item in tool.questions]
    texts += [code for item in tool.questions for code in item.categories if isinstance(code, str)]
    if any("\0" in text for text in texts):
        faults.append(Fault("names", "a null character", "text that SQL can hold", "Take it out."))
    if not source or not all([*source, customer]):
        faults.append(Fault("table", "an empty name", "names of a table and a column", "Name them."))
    return faults
