"""The sets that poLCA ships, and their maximum-likelihood fits, each made once."""

from functools import cache

import pandas as pd
import pytest
from class_worlds import maximum_likelihood, nominal

from segmodels.inference.settings import MAP

ITEMS = {
    "carcinoma": None,
    "cheating": ["LIEEXAM", "LIEPAPER", "FRAUD", "COPYEXAM"],
    "values": None,
    "gss82": None,
}


@pytest.fixture(scope="session")
def survey(shared_data):
    @cache
    def read(name):
        if name == "election":
            frame = pd.read_parquet(shared_data / "polca_election" / "election.parquet").iloc[:, :12]
            return nominal(frame.dropna().reset_index(drop=True))
        frame = pd.read_csv(shared_data / f"polca_{name}" / f"{name}.csv")
        return nominal(frame if ITEMS[name] is None else frame[ITEMS[name]])

    return read


@pytest.fixture(scope="session")
def fitted(survey):
    """The maximum-likelihood fit of a set with so many classes."""

    @cache
    def fit(name, n_classes):
        return maximum_likelihood(n_classes).fit(survey(name), MAP(), seed=1)

    return fit
