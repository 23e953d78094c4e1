"""The real logs that the installed ``lifetimes`` package carries.

They are read as files: importing ``lifetimes.datasets`` fails under recent pandas.
"""

import importlib.util
from pathlib import Path

import pandas as pd

from segmodels.errors import Fault, InputError


def cdnow() -> pd.DataFrame:
    """CDs bought at CDNOW from January 1997 to June 1998, by a tenth of the customers who came early in 1997.

    Returns
    -------
    DataFrame
        6,919 rows of 2,357 customers: ``customer_id`` (int64, as in :func:`cdnow_master`), ``date``
        (datetime64), ``quantity`` (int64, CDs), ``value`` (float64, US dollars). 8 rows have the value 0.
        The literature numbers the sample's customers 1, 2, 3 … in the order in which they first appear:
        its customer 1516 is ``cdnow()["customer_id"].unique()[1515]``.

    Raises
    ------
    InputError
        If ``lifetimes`` is not installed.

    References
    ----------
    Fader, Hardie and Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2).

    Examples
    --------
    >>> cdnow().head(2)
       customer_id       date  quantity  value
    0            4 1997-01-01         2  29.33
    1            4 1997-01-18         2  29.73
    """
    return _read("CDNOW_sample.txt", ["customer_id", "sample_id", "date", "quantity", "value"], header=False)


def cdnow_master() -> pd.DataFrame:
    """CDs bought at CDNOW by all 23,570 customers; :func:`cdnow` is a part of it.

    Returns
    -------
    DataFrame
        69,659 rows; columns as in :func:`cdnow`.

    Raises
    ------
    InputError
        If ``lifetimes`` is not installed.

    Examples
    --------
    >>> cdnow_master().shape
    (69659, 4)
    """
    return _read("CDNOW_master.txt", ["customer_id", "date", "quantity", "value"], header=True)


def _read(name: str, columns: list[str], *, header: bool) -> pd.DataFrame:
    frame = pd.read_csv(
        _folder() / name,
        sep=r"\s+",
        names=columns,
        skiprows=1 if header else 0,
        dtype={"customer_id": "int64", "date": "str", "quantity": "int64", "value": "float64"},
    )
    frame["date"] = pd.to_datetime(frame["date"], format="%Y%m%d")
    return frame.loc[:, ["customer_id", "date", "quantity", "value"]]


def _folder() -> Path:
    spec = importlib.util.find_spec("lifetimes")
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    if not places:
        raise InputError(
            Fault(
                "lifetimes",
                "no such package",
                "the package that carries the data",
                "Run: pip install lifetimes",
            )
        )
    return Path(places[0]) / "datasets"
