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
