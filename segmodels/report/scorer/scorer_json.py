"""A typing tool as JSON that a short program in any language can score with.

The document holds

``format``, ``version``
    ``"segmodels typing tool"`` and 1; another version has another layout.
``formula``
    How to score, in words.
``segments``
    Names, in order.
``tie``
    Segments whose probabilities differ by less count as equally probable; the first one wins.
``questions``
    In the order of asking: ``name``, ``wording``, ``scale``, ``codes`` and their ``texts``, and ``points``, a row
    for each code with a number for each component: the log-probability of the answer.
``components``
    ``class_of`` (position of the segment of each component) and ``log_weight``.

The score of a component is its log weight plus the points of the answers given. The probability of a segment
is the sum over its components of exp(score - largest score), divided by the same sum over all components. A
missing answer (null, or not there) adds nothing. An answer that is not among the codes is an error.
"""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from segmodels.errors import Fault, InputError
from segmodels.models.needs.components import Components
from segmodels.report.atomic import whole
from segmodels.segments.typing_tool.joint import TIE
from segmodels.segments.typing_tool.tool import TypingTool
from segmodels.tables.codebook import Item

FORMAT, VERSION = "segmodels typing tool", 1
_FORMULA = (
    "score[m] = log_weight[m] + sum over answered questions of points[position of the code][m]; "
    "weight[m] = exp(score[m] - max(score)); "
    "probability[k] = sum of weight[m] with class_of[m] = k, divided by the sum of all weights; "
    "segment = first k whose probability is at least max(probability) - tie. "
    "A missing answer adds nothing; a code that is not listed is an error."
)


def document(tool: TypingTool) -> dict[str, Any]:
    """Lay the tool out in plain lists, numbers and texts.

    Parameters
    ----------
    tool
        The typing tool.

    Returns
    -------
    dict
        As described at the top of this module. Numbers are of full precision: JSON gives them back exactly.

    Examples
    --------
    >>> two = Components(
    ...     ("a", "b"),
    ...     (Item("q", "binary", (0, 1)),),
    ...     np.arange(2),
    ...     np.log([0.5, 0.5]),
    ...     (np.log([[0.9, 0.2], [0.1, 0.8]]),),
    ... )
    >>> document(TypingTool(two))["questions"][0]["codes"]
    [0, 1]
    """
    parts = tool.components
    return {
        "format": FORMAT,
        "version": VERSION,
        "formula": _FORMULA,
        "segments": list(tool.names),
        "tie": TIE,
        "components": {"class_of": parts.class_of.tolist(), "log_weight": parts.log_weight.tolist()},
        "questions": [
            {
                "name": item.name,
                "wording": item.wording,
                "scale": item.scale,
                "codes": list(item.categories),
                "texts": list(item.category_texts),
                "points": table.tolist(),
            }
            for item, table in zip(tool.questions, parts.log_probability, strict=True)
        ],
    }


def write(tool: TypingTool, path: str | os.PathLike[str]) -> Path:
    """Write the JSON scorer, whole or not at all, and give its path."""
    text = json.dumps(document(tool), indent=1, ensure_ascii=False, allow_nan=False)
    with whole(path) as part:
        part.write_text(text + "\n", encoding="utf-8")
    return Path(path)


def read(path: str | os.PathLike[str]) -> TypingTool:
    """Read a JSON scorer back as a typing tool with the same probabilities.

    Raises
    ------
    InputError
        Where the file is no such document, or of another version.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
        if content["format"] != FORMAT or content["version"] != VERSION:
            raise _unreadable(f"{content['format']!r}, version {content['version']!r}")
        return TypingTool(_components(content))
    except (OSError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise _unreadable(f"{type(error).__name__}: {error}") from error


def _unreadable(got: str) -> InputError:
    expected = f"a file of format {FORMAT!r}, version {VERSION}"
    return InputError(Fault("path", got, expected, "Write it anew with this version of segmodels."))


def _components(content: dict[str, Any]) -> Components:
    items = tuple(
        Item(each["name"], each["scale"], tuple(each["codes"]), tuple(each["texts"]), each["wording"])
        for each in content["questions"]
    )
    tables = tuple(np.array(each["points"], np.float64) for each in content["questions"])
    parts = content["components"]
    class_of, log_weight = np.array(parts["class_of"], np.int64), np.array(parts["log_weight"], np.float64)
    shapes = [table.shape for table in tables]
    if shapes != [(item.size, len(log_weight)) for item in items] or class_of.shape != log_weight.shape:
        raise _unreadable("tables of other sizes than codes and components")
    return Components(tuple(content["segments"]), items, class_of, log_weight, tables)
