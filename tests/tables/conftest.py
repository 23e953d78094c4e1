"""Warnings of the engines' own making, which no code of ours can answer."""

import pytest

_THIRD_PARTY = (
    "ignore:fetch_arrow_table:DeprecationWarning:ibis",
    "ignore:fetch_record_batch:DeprecationWarning:ibis",
)


def pytest_configure(config: pytest.Config) -> None:
    for line in _THIRD_PARTY:
        config.addinivalue_line("filterwarnings", line)
