"""A table worked by hand, and published diagnostics."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from segmodels.evaluate.classes.classification import classification


@dataclass
class Double:
    """What the table needs of a fit."""

    posterior: np.ndarray
    weight: np.ndarray
    class_shares: pd.Series
    fitted: bool = True

    @property
    def names(self):
        return tuple(self.class_shares.index)

    @property
    def n_classes(self):
        return len(self.class_shares)

    @property
    def responses(self):
        return SimpleNamespace(case_weight=self.weight)

    def membership(self):
        return self.posterior


def test_a_table_worked_by_hand():
    fit = Double(
        np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]),
        np.array([1.0, 2.0, 1.0]),
        pd.Series([0.6, 0.4], index=["a", "b"]),
    )
    found = classification(fit)
    # Assigned to a: rows 1 and 2 (twice). Probably a among them: .9 + 2 x .6; b: .1 + 2 x .4.
    assert found.table.loc["a"].tolist() == pytest.approx([2.1, 0.2])
    assert found.table.loc["b"].tolist() == pytest.approx([0.9, 0.8])
    assert found.accuracy == pytest.approx(2.9 / 4)
    assert found.error == pytest.approx(1.1 / 4)
    assert found.reduction_of_errors == pytest.approx(1 - (1.1 / 4) / 0.4)
    a, b = found.classes.to_dict("records")
    assert (a["n"], a["modal_n"], a["modal_share"]) == pytest.approx((2.3, 3.0, 0.75))
    assert a["AvePP"] == pytest.approx(0.7)
    assert a["OCC"] == pytest.approx((0.7 / 0.3) / (0.6 / 0.4))
    assert b["AvePP"] == pytest.approx(0.8)
    assert b["OCC"] == pytest.approx((0.8 / 0.2) / (0.4 / 0.6))
    assert b["recall"] == pytest.approx(0.8 / 1.7)


def test_a_class_to_which_nobody_is_assigned_has_no_avepp():
    fit = Double(np.array([[0.9, 0.1], [0.6, 0.4]]), np.ones(2), pd.Series([0.75, 0.25], index=["a", "b"]))
    empty = classification(fit).classes.iloc[1]
    assert empty["modal_n"] == 0
    assert np.isnan(empty["AvePP"])
    assert np.isnan(empty["OCC"])


def test_certainty_has_infinite_odds():
    fit = Double(np.eye(2), np.ones(2), pd.Series([0.5, 0.5], index=["a", "b"]))
    assert classification(fit).classes["OCC"].tolist() == [np.inf, np.inf]
    assert classification(fit).error == 0


@pytest.mark.parametrize(
    ("name", "n_classes", "avepp"),
    [
        ("carcinoma", 3, [0.9954, 0.9804, 0.8846]),
        ("cheating", 2, [0.9647, 0.7755]),
        ("gss82", 3, [0.8825, 0.9477, 0.7965]),
    ],
)
def test_published_avepp(fitted, name, n_classes, avepp):
    found = classification(fitted(name, n_classes))
    assert found.classes["AvePP"].tolist() == pytest.approx(avepp, abs=1e-4)
    assert found.table.to_numpy().sum() == pytest.approx(fitted(name, n_classes).n)


def test_published_odds_of_correct_classification_and_error(fitted):
    found = classification(fitted("carcinoma", 3))
    assert found.classes["OCC"].tolist() == pytest.approx([269.7, 84.1, 34.5], abs=0.06)
    assert found.error == pytest.approx(0.0318, abs=1e-4)
