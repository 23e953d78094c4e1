"""What the tests share."""

from functools import cache
from pathlib import Path

import hypothesis
import pandas as pd
import pytest

# A shared machine is sometimes slow, which is no fault of the code.
hypothesis.settings.register_profile("segmodels", deadline=None)
hypothesis.settings.load_profile("segmodels")

# Ibis 12 calls what DuckDB 2 renames: a warning between two libraries, about nothing that is ours.
NOT_OURS = (
    "ignore:fetch_arrow_table:DeprecationWarning:ibis",
    "ignore:fetch_record_batch:DeprecationWarning:ibis",
)


def pytest_configure(config):
    for line in NOT_OURS:
        config.addinivalue_line("filterwarnings", line)


@pytest.fixture(scope="session")
def shared_data():
    """The folder of real and simulated data sets that lies beside the repository, where it does."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder shared/data is not beside the repository")
    return folder


@pytest.fixture(scope="session")
def cdnow_split():
    """The tenth of CDNOW in weeks: 39 weeks to fit, 39 to forecast."""
    import segmodels as sg
    from segmodels.tables import datasets

    log = sg.Transactions.read(
        datasets.cdnow(), customer="customer_id", date="date", value="value", zero="keep"
    )
    return log.holdout(until="1997-09-30", unit="week")


@pytest.fixture(scope="session")
def cdnow_customers(cdnow_split):
    """CDNOW's 2,357 customers as known on 30 September 1997, in weeks."""
    return cdnow_split.calibration


POLCA_ITEMS = {"cheating": ["LIEEXAM", "LIEPAPER", "FRAUD", "COPYEXAM"]}


@pytest.fixture(scope="session")
def survey(shared_data):
    """A set that poLCA ships, its items nominal; of election the respondents who answered all."""
    import segmodels as sg

    @cache
    def read(name):
        if name == "election":
            frame = pd.read_parquet(shared_data / "polca_election" / "election.parquet").iloc[:, :12].dropna()
        else:
            frame = pd.read_csv(shared_data / f"polca_{name}" / f"{name}.csv")
        items = POLCA_ITEMS.get(name, list(frame.columns))
        return sg.Responses.read(frame[items], customer=None, items=dict.fromkeys(items, "nominal"))

    return read


@pytest.fixture(scope="session")
def fitted(survey):
    """The maximum-likelihood fit of such a set with so many classes."""
    import segmodels as sg

    @cache
    def fit(name, n_classes):
        spec = sg.LatentClass(n_classes, constants=sg.BayesConstants.none())
        return spec.fit(survey(name), sg.MAP(), seed=1)

    return fit
