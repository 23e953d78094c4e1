"""One function writes every kind of scorer, by the ending of its name."""

import json
import zipfile

import pytest

from segmodels.errors import InputError
from segmodels.report.scorer.files import write_scorer


def test_the_ending_decides(tied, tmp_path):
    paths = [
        write_scorer(tied, tmp_path / f"tool{ending}", title="Who?", table=("s", "t"), customer="id")
        for ending in (".json", ".SQL", ".xlsx", ".html")
    ]
    assert json.loads(paths[0].read_text(encoding="utf-8"))["segments"] == ["a", "b", "c"]
    assert 'FROM "s"."t"' in paths[1].read_text(encoding="utf-8")
    assert zipfile.is_zipfile(paths[2])
    assert "<title>Who?</title>" in paths[3].read_text(encoding="utf-8")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == sorted(path.name for path in paths)


@pytest.mark.parametrize("name", ["tool.pdf", "tool", "none/tool.json"])
def test_no_such_kind_or_folder(tied, tmp_path, name):
    with pytest.raises(InputError, match="path"):
        write_scorer(tied, tmp_path / name)
