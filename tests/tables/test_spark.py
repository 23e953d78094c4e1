"""The same answers on PySpark, in local mode, as on DuckDB."""

import shutil
from collections.abc import Iterator
from typing import Any

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from segmodels.errors import InputError
from segmodels.tables.attributes import Attributes
from segmodels.tables.cells import join_scores, purchase_cells, spend_cells
from segmodels.tables.customers import Customers
from segmodels.tables.datasets import cdnow
from segmodels.tables.engine import fetch
from segmodels.tables.transactions import Transactions

pyspark = pytest.importorskip("pyspark", reason="needs the extra: pip install segmodels[spark]")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("java") is None, reason="needs a Java runtime: apt install default-jre-headless"
    ),
    pytest.mark.filterwarnings("ignore::FutureWarning:pyspark", "ignore::FutureWarning:ibis"),
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pyspark", "ignore::DeprecationWarning:ibis"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    patch = pytest.MonkeyPatch()
    patch.setenv("SPARK_LOCAL_IP", "127.0.0.1")
    settings = {
        "spark.driver.memory": "1g",
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "4",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.session.timeZone": "UTC",
    }
    builder = SparkSession.builder.master("local[2]")
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    yield ibis.pyspark.connect(session)
    session.stop()
    patch.undo()


@pytest.fixture(scope="module")
def log(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    path = tmp_path_factory.mktemp("spark") / "cdnow.parquet"
    data = cdnow()
    data["date"] = data["date"].dt.date
    pa.parquet.write_table(pa.Table.from_pandas(data, preserve_index=False), path)
    return spark.read_parquet(str(path))


@pytest.fixture(scope="module")
def both(log: Any) -> tuple[Customers, Customers]:
    given = {"customer": "customer_id", "date": "date", "value": "value", "zero": "keep"}
    ours = Transactions.read(cdnow(), **given).customers("1997-09-30")
    return ours, Transactions.read(log, **given).customers("1997-09-30")


def test_summary_is_the_same(both: tuple[Customers, Customers]) -> None:
    here, there = (each.to_pandas() for each in both)
    exact = ["customer_id", "frequency", "recency", "T", "first_date", "last_date"]
    pd.testing.assert_frame_equal(here[exact], there[exact], check_exact=True, check_dtype=False)
    np.testing.assert_allclose(
        here[["monetary_value", "total"]], there[["monetary_value", "total"]], rtol=1e-12
    )
    pd.testing.assert_frame_equal(both[0].audit, both[1].audit)


def test_cells_are_the_same_bit_for_bit(both: tuple[Customers, Customers]) -> None:
    here, there = (purchase_cells(each) for each in both)
    for name in ("frequency", "recency", "T", "count", "start"):
        assert getattr(here, name).tobytes() == getattr(there, name).tobytes()
    assert spend_cells(both[1]).n_customers == spend_cells(both[0]).n_customers


def test_scores_join_back_on_spark(both: tuple[Customers, Customers]) -> None:
    there = both[1]
    cells = purchase_cells(there)
    keys = {"frequency": cells.frequency, "recency": cells.recency, "T": cells.T}
    scores = pd.DataFrame({**keys, "score": np.arange(len(cells.count)) / 7})
    results = [fetch(join_scores(each, scores, on=tuple(keys))).to_pandas() for each in both]
    here, spark = (each.sort_values("customer_id", ignore_index=True)["score"] for each in results)
    assert len(spark) == 2357
    np.testing.assert_array_equal(here, spark)
    with pytest.raises(InputError, match="without a score"):
        join_scores(there, scores.iloc[1:], on=tuple(keys))


def test_holdout_and_attributes_on_spark(log: Any) -> None:
    transactions = Transactions.read(log, customer="customer_id", date="date", value="value", zero="keep")
    split = transactions.holdout("1997-09-30")
    future = split.to_pandas()
    assert future["frequency_holdout"].sum() == 1882
    assert future["total_holdout"].sum() == pytest.approx(70976.39, abs=0.005)
    ids = split.calibration.to_pandas()["customer_id"]
    channel = pd.DataFrame({"customer_id": ids, "channel": np.where(ids % 2 == 0, "web", "shop")})
    customers = split.calibration.with_attributes(Attributes.read(channel, customer="customer_id"))
    cells = purchase_cells(customers, by=("channel",))
    assert cells.groups["channel"].to_list() == ["shop", "web"]
    assert cells.n_customers == 2357


def test_faults_are_found_on_spark(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("spark") / "bad.parquet"
    bad = pa.table(
        {
            "who": ["a", "", "c", None],
            "day": ["1997-13-01", "1997-01-02", "x", None],
            "paid": ["$1", "2", "inf", "0"],
        }
    )
    pa.parquet.write_table(bad, path)
    with pytest.raises(InputError) as caught:
        Transactions.read(spark.read_parquet(str(path)), customer="who", date="day", value="paid")
    found = {(fault.where, fault.got): fault.rows for fault in caught.value.faults}
    assert found == {
        ("customer", "no id"): 2,
        ("date", "no date"): 1,
        ("date", "text that is no date"): 2,
        ("value", "text"): 1,
        ("value", "an infinite number"): 1,
        ("value", "zero"): 1,
    }
