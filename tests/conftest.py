"""What the tests share."""

from pathlib import Path

import hypothesis
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
