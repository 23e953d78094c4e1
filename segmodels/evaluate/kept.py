"""Finished parts of a backtest on disk, so that one that was stopped goes on where it was."""

import json
import os
import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import segmodels
from segmodels.evaluate.predictions import Prediction

_TOTALS = b"segmodels.totals"


def fingerprint(table: pd.DataFrame) -> str:
    """Digest a table, every cell of it (numbers to seven digits) and the names of its columns.

    Examples
    --------
    >>> one = pd.DataFrame({"customer_id": [1, 2], "frequency": [0, 3]})
    >>> fingerprint(one) == fingerprint(one.copy()), fingerprint(one) == fingerprint(one.assign(frequency=1))
    (True, False)
    """
    # An engine that adds in another order differs in the last digits, which is no other table.
    floats = dict.fromkeys(table.select_dtypes("float64").columns, np.float32)
    hashed: Any = pd.util.hash_pandas_object(table.astype(floats), index=False)  # pyright: ignore[reportAttributeAccessIssue]
    rows = hashed.to_numpy()
    return sha256(repr(list(table.columns)).encode() + rows.tobytes()).hexdigest()


def path_of(folder: Path, key: Mapping[str, object]) -> Path:
    """Name the file of a part by everything that it depends on."""
    text = json.dumps({"version": segmodels.__version__, **key}, sort_keys=True, default=str)
    return folder / f"{sha256(text.encode()).hexdigest()[:32]}.parquet"


def write(path: Path, prediction: Prediction) -> None:
    """Write a prediction, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    frames = [frame.add_prefix(f"{target}.") for target, frame in prediction.customers.items()]
    table = pa.Table.from_pandas(pd.concat(frames, axis=1), preserve_index=False)
    totals = json.dumps(prediction.totals).encode()
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), _TOTALS: totals})
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    os.close(descriptor)
    try:
        pq.write_table(table, temporary)
        Path(temporary).replace(path)
    finally:
        Path(temporary).unlink(missing_ok=True)


def read(path: Path, customers: int) -> Prediction | None:
    """Read a prediction; ``None`` where there is none, or none that is whole."""
    if not path.is_file():
        return None
    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid:
        return None
    if table.num_rows != customers:
        return None
    totals = json.loads((table.schema.metadata or {})[_TOTALS])
    frame = table.to_pandas()
    parts = {}
    for target in totals:
        named = [name for name in frame.columns if name.startswith(f"{target}.")]
        parts[target] = frame[named].rename(columns=lambda name: str(name).split(".", 1)[1])
    return Prediction(parts, {target: (low, high) for target, (low, high) in totals.items()})
