"""The logs that lifetimes carries, read without importing it."""

import importlib.util
import sys

import pytest

from segmodels.errors import InputError
from segmodels.tables.datasets import cdnow, cdnow_master


def test_cdnow_is_whole() -> None:
    log = cdnow()
    assert log.shape == (6919, 4)
    assert log["customer_id"].nunique() == 2357
    assert (log["value"] == 0).sum() == 8
    assert str(log["date"].max().date()) == "1998-06-30"
    assert "lifetimes.datasets" not in sys.modules


def test_the_master_holds_the_sample() -> None:
    master = cdnow_master()
    assert master["customer_id"].nunique() == 23570
    assert set(cdnow()["customer_id"]) <= set(master["customer_id"])


def test_a_missing_lifetimes_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(InputError, match="pip install lifetimes"):
        cdnow()
