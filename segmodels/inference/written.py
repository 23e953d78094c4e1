"""Specifications, designs, evidence and frames as text, for files that hold data and never code."""

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import pandas as pd

from segmodels.evidence import Evidence
from segmodels.inference import priors as prior_types
from segmodels.inference.design import Design

_PRIORS = {
    kind.__name__: kind
    for kind in (prior_types.Normal, prior_types.StudentT, prior_types.SoftBox, prior_types.Flat)
}


def spec_text(spec: Any) -> str:
    """Write a frozen specification: its fields are priors, numbers, texts, and tuples of them."""
    return json.dumps({field.name: _plain(getattr(spec, field.name)) for field in fields(spec)})


def spec_fields(text: str) -> dict[str, Any]:
    """Read the fields that :func:`spec_text` wrote."""
    return {name: _rebuilt(value) for name, value in json.loads(text).items()}


def design_text(known: Design) -> str:
    """Write what new groups need of a design: names, centring, segments."""
    return json.dumps(
        {
            "covariates": known.covariates,
            "centre": [values.tolist() for values in known.centre],
            "spread": [values.tolist() for values in known.spread],
            "segments": known.segments,
        }
    )


def design_of(text: str) -> Design:
    """Read a design without groups, ready for ``design_like``."""
    known = json.loads(text)
    return Design(
        tuple(tuple(names) for names in known["covariates"]),
        (),
        tuple(np.asarray(values) for values in known["centre"]),
        tuple(np.asarray(values) for values in known["spread"]),
        tuple(known["segments"]),
        np.zeros(0, np.int64),
    )


def evidence_text(items: Sequence[Evidence]) -> str:
    """Write what checks found."""
    return json.dumps(
        [
            {"name": item.name, "passed": item.passed, "text": item.text, "table": frame_text(item.table)}
            for item in items
        ]
    )


def evidence_of(text: str) -> tuple[Evidence, ...]:
    """Read what :func:`evidence_text` wrote."""
    return tuple(
        Evidence(item["name"], item["passed"], item["text"], frame_of(item["table"]))
        for item in json.loads(text)
    )


def frame_text(frame: pd.DataFrame) -> str:
    """Write a frame as JSON, floats to the last bit (pandas' own JSON rounds)."""
    data = frame.astype(object).to_numpy().tolist()
    return json.dumps({"columns": list(frame.columns), "index": list(frame.index), "data": data}, default=str)


def frame_of(text: str) -> pd.DataFrame:
    """Read a frame that :func:`frame_text` wrote."""
    split = json.loads(text)
    return pd.DataFrame(split["data"], split["index"], split["columns"])


def _plain(value: Any) -> Any:
    if type(value).__name__ in _PRIORS:
        return {"prior": type(value).__name__} | {f.name: getattr(value, f.name) for f in fields(value)}
    return value


def _rebuilt(value: Any) -> Any:
    if isinstance(value, dict):
        rest = {str(name): number for name, number in value.items() if name != "prior"}
        return _PRIORS[value["prior"]](**rest)
    return tuple(value) if isinstance(value, list) else value
