"""By what one table of wallets is told from another: hashes of its columns."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import pandas as pd

from segmodels.errors import Fault, InputError
from segmodels.inference.counter_random import customer_keys
from segmodels.tables.wallets import Wallets

# Columns that Wallets gives a meaning; all of them take part.
_OURS = ("customer_id", "category", "own", "low", "high", "purchases", "total_purchases")


def of_wallets(wallets: Wallets, columns: Sequence[str]) -> str:
    """Count customers and answers, and hash each column in the order of the ids; as JSON.

    Parameters
    ----------
    columns
        Those that a model uses beside the columns that every table of wallets has.

    Examples
    --------
    >>> one, two = (pd.DataFrame({"id": ids, "own": own}) for ids, own in (([2, 1], [8, 5]), ([1, 2], [5.0, 8.0])))
    >>> one, two = (Wallets.read(each, customer="id", own="own") for each in (one, two))
    >>> of_wallets(one, ()) == of_wallets(two, ())
    True
    """
    names = [*(name for name in _OURS if name in wallets.columns), *columns]
    summed = {name: sha256() for name in names}
    for frame in wallets.blocks():
        for name, value in summed.items():
            value.update(_bytes(name, frame[name]))
    hashes = {name: value.hexdigest() for name, value in summed.items()}
    return json.dumps({"rows": len(wallets), "answers": wallets.n_answered, "hashes": hashes})


def check_wallets(wallets: Any, known: str) -> None:
    """Refuse other wallets than those of :func:`of_wallets`.

    Raises
    ------
    InputError
        Says in which columns they differ.
    """
    saved = json.loads(known)
    expected = f"the {saved['rows']:,} rows with {saved['answers']:,} answers that the fit was saved with"
    remedy = "Read them as they were read for the fit; then fit.on(wallets) scores others."
    if not isinstance(wallets, Wallets):
        raise InputError(Fault("wallets", type(wallets).__name__, expected, remedy))
    missing = [name for name in saved["hashes"] if name not in wallets.columns]
    if missing:
        raise InputError(Fault("wallets", f"no column {', '.join(missing)}", expected, remedy))
    found = json.loads(of_wallets(wallets, [name for name in saved["hashes"] if name not in _OURS]))
    names = dict.fromkeys((*saved["hashes"], *found["hashes"]))
    other = [name for name in names if saved["hashes"].get(name) != found["hashes"].get(name)]
    if other:
        got = f"{found['rows']:,} rows with {found['answers']:,} answers, which differ in {', '.join(other)}"
        raise InputError(Fault("wallets", got, expected, remedy))


def _bytes(name: str, values: Any) -> bytes:
    """Values as bytes that depend on neither the engine nor the width of the column."""
    if name == "customer_id":
        return customer_keys(values).tobytes()
    if pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        numbers = values.to_numpy(np.float64, na_value=np.nan) + 0.0
        return np.where(np.isnan(numbers), np.nan, numbers).tobytes()
    return "".join(f"{len(text)}:{text}" for text in values.astype(str)).encode()
