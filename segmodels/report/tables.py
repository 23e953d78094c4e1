"""From draws to intervals, and from numbers to the text that people read.

Everything upstream keeps its full precision and its draws; this is the only place that summarises and rounds.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

type Floats = NDArray[np.float64]
type Writer = Callable[[Floats], list[str]]

MISSING = "–"
_MINUS = "−"
_LARGE = (
    (1e18, "quintillion"),
    (1e15, "quadrillion"),
    (1e12, "trillion"),
    (1e9, "billion"),
    (1e6, "million"),
)


def floats(frame: pd.DataFrame, name: str) -> Floats:
    """Take a column of a frame as float64, missing as NaN.

    >>> floats(pd.DataFrame({"n": pd.array([1, None], dtype="Int64")}), "n").tolist()
    [1.0, nan]
    """
    return frame[name].to_numpy(np.float64, na_value=np.nan)


# --- draws to intervals -------------------------------------------------------------------------------------


def _quantiles(draws: Floats, at: Sequence[float], weights: ArrayLike | None) -> Floats:
    """Quantiles over the first axis, shape (len(at), ...)."""
    if weights is None:
        return np.quantile(draws, at, axis=0)
    return np.quantile(draws, at, axis=0, weights=np.asarray(weights, float), method="inverted_cdf")


def percentiles(draws: ArrayLike, weights: ArrayLike | None = None) -> pd.DataFrame:
    """P10, P50 and P90 of draws.

    Parameters
    ----------
    draws
        Shape (D,) for one quantity or (D, G) for G of them; the draw comes first.
    weights
        Shape (D,), not negative; ``None`` counts every draw alike.

    Returns
    -------
    pandas.DataFrame
        One row per quantity; columns ``p10``, ``p50``, ``p90`` in the unit of the draws.

    Examples
    --------
    >>> percentiles(range(101)).iloc[0].tolist()
    [10.0, 50.0, 90.0]
    """
    found = _quantiles(np.asarray(draws, float), (0.1, 0.5, 0.9), weights)
    return pd.DataFrame(found.reshape(3, -1).T, columns=["p10", "p50", "p90"])


def interval_table(
    draws: Mapping[str, ArrayLike], level: float = 0.8, weights: ArrayLike | None = None
) -> pd.DataFrame:
    """Mean, standard deviation and equal-tailed interval of named draws.

    Parameters
    ----------
    draws
        Name to array of shape (D,), or (D, G) where a parameter differs by segment.
    level
        Probability inside the interval, between 0 and 1.
    weights
        Shape (D,), not negative; ``None`` counts every draw alike.

    Returns
    -------
    pandas.DataFrame
        Columns ``parameter``, ``mean``, ``sd``, ``low``, ``high``; and ``segment`` (0 … G-1) where draws are
        2-D.

    Examples
    --------
    >>> table = interval_table({"r": [1.0, 2.0, 3.0]}, level=0.5)
    >>> table[["parameter", "mean", "low", "high"]].to_numpy().tolist()
    [['r', 2.0, 1.5, 2.5]]
    """
    tails = ((1 - level) / 2, (1 + level) / 2)
    rows: list[dict[str, Any]] = []
    for name, values in draws.items():
        array = np.asarray(values, float)
        columns = array.reshape(len(array), -1)
        low, high = _quantiles(columns, tails, weights)
        mean = np.average(columns, axis=0, weights=None if weights is None else np.asarray(weights, float))
        sd = np.sqrt(np.average((columns - mean) ** 2, axis=0, weights=weights))  # pyright: ignore[reportCallIssue, reportArgumentType]
        for g in range(columns.shape[1]):
            label = {"parameter": name} | ({"segment": g} if array.ndim > 1 else {})
            rows.append(label | {"mean": mean[g], "sd": sd[g], "low": low[g], "high": high[g]})
    return pd.DataFrame(rows)


# --- one number to text -------------------------------------------------------------------------------------


def decimals(values: ArrayLike, significant: int = 3) -> int:
    """Decimals that show the largest of the values with ``significant`` digits; 0 from there up, 12 at most.

    >>> decimals([0.2426, 4.4136]), decimals([1234.5]), decimals([1e-9])
    (2, 0, 11)
    """
    array = np.abs(np.asarray(values, float))
    largest = float(np.max(array, initial=0.0, where=np.isfinite(array)))
    if largest == 0:
        return 0
    return int(np.clip(significant - 1 - np.floor(np.log10(largest)), 0, 12))


def number(value: float, places: int | None = None) -> str:
    """Write a number with thousands separators and a true minus sign.

    >>> number(1234567.8), number(-0.24259), number(float("nan"))
    ('1,234,568', '−0.243', '–')
    """
    if not np.isfinite(value):
        return MISSING
    places = decimals(value) if places is None else places
    text = f"{abs(value):,.{places}f}"
    return _MINUS + text if value < 0 and any(digit in text for digit in "123456789") else text


def count(value: float) -> str:
    """Write a number of things: whole, with thousands separators.

    >>> count(2357), count(1653.41)
    ('2,357', '1,653')
    """
    return number(value, 0)


def length(value: float) -> str:
    """Write a length of time: whole where it is, else with one decimal.

    >>> length(39.0), length(14.2857)
    ('39', '14.3')
    """
    return number(value, 0 if value == round(value) else 1)


def share(value: float, places: int = 1) -> str:
    """Write a part of one as a percentage, never as a false 0 or 100.

    >>> share(0.6612), share(0.00001), share(0.99999), share(1.0), share(-0.121)
    ('66.1%', '<0.1%', '>99.9%', '100.0%', '−12.1%')
    """
    step = 10.0**-places
    if 0 < value < step / 200:
        return f"<{step:.{places}f}%"
    if 1 - step / 200 < value < 1:
        return f">{100 - step:.{places}f}%"
    written = number(100 * value, places)
    return written if written == MISSING else f"{written}%"


def with_currency(text: str, currency: str) -> str:
    """Put a currency sign before the figure, or a currency's letters after it.

    >>> with_currency("−12", "$"), with_currency("12", "EUR"), with_currency("12", "")
    ('−$12', '12 EUR', '12')
    """
    if not currency or text == MISSING:
        return text
    if currency.isalnum() or len(currency) > 3:
        return f"{text} {currency}"
    return f"{_MINUS}{currency}{text[1:]}" if text.startswith(_MINUS) else f"{currency}{text}"


def money(value: float, currency: str = "", places: int | None = None) -> str:
    """Write an amount: cents below one hundred, whole units from there.

    >>> money(1234.56, "$"), money(35.168, "$"), money(0.00012, "EUR")
    ('$1,235', '$35.17', '0.000120 EUR')
    """
    return with_currency(number(value, _money_places(value) if places is None else places), currency)


def money_short(value: float, currency: str = "") -> str:
    """Write an amount for a headline, with three digits that count.

    >>> money_short(1_234_567, "$"), money_short(84_312, "$"), money_short(-2.5e9, "EUR")
    ('$1.23 million', '$84,300', '−2.50 billion EUR')
    """
    if not np.isfinite(value) or value == 0:
        return money(value, currency)
    coarse = float(f"{value:.3g}")
    for size, name in _LARGE:
        if abs(coarse) >= size:
            return with_currency(f"{number(coarse / size, decimals(coarse / size))} {name}", currency)
    return money(coarse, currency)


def _money_places(values: ArrayLike) -> int:
    places = decimals(values)
    return 2 if 0 < places <= 4 else places


# --- many numbers to text -----------------------------------------------------------------------------------


def largest_remainder(parts: ArrayLike, step: float = 1.0) -> Floats:
    """Round parts to multiples of ``step`` so that they add up to the rounded total.

    Parameters
    ----------
    parts
        Shape (N,). Where one is not finite, each is rounded by itself.
    step
        The size that is written, such as 1 or 0.001.

    Returns
    -------
    numpy.ndarray
        Shape (N,); each part is less than one step from what it was.

    Examples
    --------
    >>> largest_remainder([1.4, 1.4, 1.4]).tolist()
    [2.0, 1.0, 1.0]
    """
    steps = np.asarray(parts, float) / step
    if not np.isfinite(steps).all():
        return np.round(steps) * step
    floors = np.floor(steps)
    missing = round(float(steps.sum())) - int(floors.sum())
    order = np.argsort(floors - steps, kind="stable")
    floors[order[: max(missing, 0)]] += 1
    return floors * step


def counts(values: Floats) -> list[str]:
    """Write a column of counts whose rounded parts add up."""
    return [count(value) for value in largest_remainder(values)]


def each_count(values: Floats) -> list[str]:
    """Write a column of counts, each by itself."""
    return [count(value) for value in values]


def shares(values: Floats) -> list[str]:
    """Write a column of shares, each by itself."""
    return [share(value) for value in values]


def parts_of_one(values: Floats) -> list[str]:
    """Write a column as shares of its sum; what is written adds up to 100.0%.

    >>> parts_of_one(np.array([1.0, 1.0, 1.0]))
    ['33.4%', '33.3%', '33.3%']
    """
    total = float(np.sum(values))
    if not np.isfinite(total) or total == 0:
        return [MISSING] * len(values)
    return [share(value) for value in largest_remainder(values / total, 0.001)]


def numbers(values: Floats) -> list[str]:
    """Write a column with the same decimals throughout.

    >>> numbers(np.array([0.2426, 4.4136]))
    ['0.243', '4.414']
    """
    places = decimals(values, 4)
    return [number(value, places) for value in values]


def moneys(currency: str, *, whole: bool = False) -> Writer:
    """Make the writer of a column of amounts; with ``whole``, amounts that are parts of a total and add up.

    >>> moneys("$")(np.array([12.345, 1234.5]))
    ['$12', '$1,234']
    """

    def write(values: Floats) -> list[str]:
        places = _money_places(values)
        rounded = largest_remainder(values, 10.0**-places) if whole else values
        return [money(value, currency, places) for value in rounded]

    return write


# --- tables of text -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Column:
    """A heading and its cells, as text; ``numeric`` ones stand at the right."""

    label: str
    cells: tuple[str, ...]
    numeric: bool


@dataclass(frozen=True)
class Table:
    """A table ready to be shown.

    Parameters
    ----------
    caption
        What the table holds.
    columns
        All of the same length; the first one names the rows.
    strong
        Positions of rows to be stressed.
    """

    caption: str
    columns: tuple[Column, ...]
    strong: tuple[int, ...] = ()

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The cells, row by row."""
        return list(zip(*(column.cells for column in self.columns), strict=True))


def figures(label: str, values: ArrayLike, write: Writer = numbers) -> Column:
    """Make a column of numbers.

    >>> figures("Customers", [1234, 5], counts).cells
    ('1,234', '5')
    """
    return Column(label, tuple(write(np.asarray(values, float))), numeric=True)


def words(label: str, values: Iterable[Any]) -> Column:
    """Make a column of text; dates lose their midnight, truth values become words.

    >>> words("Day", pd.to_datetime(["1997-09-30"])).cells
    ('1997-09-30',)
    """
    return Column(label, tuple(_word(value) for value in values), numeric=False)


def _word(value: Any) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return MISSING
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return value.strftime("%Y-%m-%d")
    return str(value)


def written(frame: pd.DataFrame, caption: str) -> Table:
    """Write any frame: whole numbers as counts, others with four digits, the rest as text.

    >>> written(pd.DataFrame({"r_hat": [1.0012], "draws": [4000]}), "Convergence").rows
    [('1.001', '4,000')]
    """
    shown = frame if isinstance(frame.index, pd.RangeIndex) else frame.reset_index()
    columns: list[Column] = []
    for position, name in enumerate(shown.columns):
        values = shown.iloc[:, position]
        label = str(name).replace("_", " ")
        if pd.api.types.is_bool_dtype(values) or not pd.api.types.is_numeric_dtype(values):
            columns.append(words(label, values.tolist()))
        elif pd.api.types.is_integer_dtype(values):
            columns.append(figures(label, values.to_numpy(float, na_value=np.nan), each_count))
        else:
            columns.append(figures(label, values.to_numpy(float, na_value=np.nan)))
    return Table(caption, tuple(columns))
