"""Advice in the words of the command line: options, where the package speaks of arguments of functions."""

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from types import MappingProxyType

from segmodels.errors import Fault, InputError, NotConverged

#: Argument → option.
OPTIONS = {
    name: "--" + name.replace("_", "-")
    for name in (
        *("customer", "own", "answers", "total", "elsewhere", "window", "category", "only", "table", "by"),
        *("response", "model", "errors", "mean_share", "mean_share_source", "mean_share_sd", "purchases"),
        *("total_purchases", "frame", "rounding", "setting", "draws", "value", "value_cut", "potential_cut"),
        *("potential", "tau", "folds", "budget", "currency", "seed", "answers_table", "most_below"),
    )
} | {
    "covariate": "--covariate",
    "covariates": "--covariate",
    "sd_log": "--mean-share-sd",
    "base": "BASE",
    "source": "BASE",
}

_NAMED = re.compile(r"\b(\w+)=(\w+\(\)|'[^']*'|[\w.]*\w)?")
_ROLE = re.compile(r"(^|: |, )(own|total|elsewhere|purchases|total_purchases) (?!spend of )")
_COLUMNS = re.compile(r"columns\[(\d+)\]")
#: Advice that Python can follow and the command line can not, and what it is there; none where there is nothing.
_ADVICE = (
    (re.compile(r"MeanShare\(([\d.]+), source='([^']*)'\)"), r'--mean-share \1 --mean-share-source "\2"'),
    (re.compile(r"Give money, or Quantile\(0\.5\)\."), "Write an amount, or 50% for the median."),
    (
        re.compile(r"add one, such as table\.assign\((\w+)='([^']*)'\), and say \w+='\w+'"),
        r"add one of that name to the file, with '\2' in each row, and say --\1 \1",
    ),
    (re.compile(r"Say None where answers are exact\."), "Leave --rounding out where answers are exact."),
    (re.compile(r",? or leave (it|the column) out with columns=\."), " or leave it out."),
    (re.compile(r", or give scale=[\d.]+"), ""),
    (re.compile(r"\ba positive number, a column, 'auto' or None\b"), "a positive number, a column, or auto"),
    (re.compile(r"\b(MAP|Laplace|NUTS)\(\)"), lambda found: f"--setting {found[1].lower()}"),
)
#: What follows is meant for Python.
_PYTHON = " for Python: "


@contextmanager
def in_options(
    columns: Sequence[str] = (), named: Mapping[str, str] = MappingProxyType({})
) -> Generator[None]:
    """Say what the package advises in options.

    Parameters
    ----------
    columns
        Option of each further column, in the order in which they are read.
    named
        Argument → the user's column.
    """
    try:
        yield
    except InputError as error:
        raise InputError([translated(fault, columns, named) for fault in error.faults]) from error
    except NotConverged as error:
        message = str(error).removesuffix(f" {error.advice}")
        raise NotConverged(message, said(error.advice)) from error


def translated(
    fault: Fault, columns: Sequence[str] = (), named: Mapping[str, str] = MappingProxyType({})
) -> Fault:
    """Say a fault in options, and with the columns that they name.

    Examples
    --------
    >>> fault = Fault("by", "no column 'x'", "one of the columns there are: a, b", "Say columns[0]= and one of these.")
    >>> print(translated(fault, ["--by"]))
    --by: got no column 'x'; expected one of the columns there are: a, b. Say --by and one of these.
    >>> print(translated(Fault("own", "text", "numbers", "Repair.", 1, ("customer 3: own x",)), named={"own": "spend"}))
    --own spend: got text in 1 row (for example customer 3: spend x); expected numbers. Repair.
    """

    def placed(text: str) -> str:
        return _COLUMNS.sub(lambda at: _place(columns, int(at[1])), text)

    where = _where(placed(fault.where))
    option = where.partition(" (")[0]
    role = fault.where.removeprefix("answers: ")
    if role in named and not fault.got.startswith("no column"):
        where = where.replace(option, f"{option} {named[role]}", 1)
    remedy = re.sub(r"^Say [^=]*= and one of these\.$", f"Say {option} and one of these.", fault.remedy)
    return replace(
        fault,
        where=where,
        got=placed(fault.got),
        expected=said(placed(fault.expected)),
        remedy=said(placed(remedy)),
        examples=tuple(_with_columns(example, named) for example in fault.examples),
    )


def _with_columns(example: str, named: Mapping[str, str]) -> str:
    """Call amounts in an example by their columns; after ``customer 3:``, or at the beginning where nobody is named.

    >>> _with_columns("customer 3: total 9.0, own 10.0", {"own": "spend", "total": "said"})
    'customer 3: said 9.0, spend 10.0'
    """
    return _ROLE.sub(lambda found: f"{found[1]}{named.get(found[2], found[2])} ", example)


def _place(columns: Sequence[str], at: int) -> str:
    return columns[at] if at < len(columns) else "a further column"


def _where(where: str) -> str:
    """Name the option in which a fault lies.

    >>> _where("covariates"), _where("answers: customer"), _where("window of the answer"), _where("x1")
    ('--covariate', '--customer (in --answers)', '--window (of the answer)', 'x1')
    """
    if where.startswith("answers: "):
        return f"{_where(where.removeprefix('answers: '))} (in --answers)"
    name, of, rest = where.partition(" of ")
    if of and name in OPTIONS:
        return f"{OPTIONS[name]} (of {rest})"
    return OPTIONS.get(where, where)


def said(text: str) -> str:
    """Write advice in options.

    >>> said("Name it: total= or elsewhere=. Without a survey there is model='frontier'.")
    'Name it: --total or --elsewhere. Without a survey there is --model frontier.'
    """
    text, python, rest = text.partition(_PYTHON)
    for pattern, there in _ADVICE:
        text = pattern.sub(there, text)
    return _NAMED.sub(_option, text) + python + rest


def _option(found: re.Match[str]) -> str:
    name, value = found[1], (found[2] or "").strip("'")
    if name not in OPTIONS:
        return found[0]
    return f"{OPTIONS[name]} {value}" if value else OPTIONS[name]
