"""10,000,000 transactions in Parquet to one row for each customer: ours beside a hand-written DuckDB query.

Run: python benchmarks/transactions_to_customers.py [rows]

Ours opens the file, checks every row and summarises; the query only summarises. Both leave a table in DuckDB.
Times are the median of three runs each, taken in turn; answers must agree.
"""

import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import ibis
import numpy as np
import pandas as pd

from segmodels.tables.transactions import Transactions

QUERY = """
CREATE OR REPLACE TABLE customers AS
WITH occasions AS (
    SELECT customer_id, date, sum(value) AS value FROM '{path}' GROUP BY customer_id, date
), each AS (
    SELECT customer_id, count(*) - 1 AS frequency, min(date) AS first_date, max(date) AS last_date,
           sum(value) AS total, sum(value) - arg_min(value, date) AS repeated
    FROM occasions GROUP BY customer_id
)
SELECT customer_id, frequency,
       (last_date - first_date) / 7.0::DOUBLE AS recency,
       ((SELECT max(date) FROM '{path}') - first_date) / 7.0::DOUBLE AS T,
       coalesce(repeated / nullif(frequency, 0), 0) AS monetary_value, first_date, last_date, total
FROM each
"""


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "transactions.parquet"
        simulate(path, rows)
        size = path.stat().st_size / 1e6
        print(
            f"{rows:,} transactions, {size:.0f} MB of Parquet; Python {platform.python_version()}, "
            f"DuckDB {duckdb.__version__}, Ibis {ibis.__version__}, pandas {pd.__version__}"
        )
        con = duckdb.connect()
        times: dict[str, list[tuple[float, float]]] = {"ours": [], "query": []}
        for _ in range(3):
            times["query"].append(clock(lambda: con.execute(QUERY.format(path=path))))
            times["ours"].append(clock(lambda: ours(path)))
        compare(ours(path), con.sql("SELECT * FROM customers ORDER BY customer_id").df())
        report(times)


def ours(path: Path):
    return Transactions.read(path, customer="customer_id", date="date", value="value").customers()


def clock(run: Callable[[], object]) -> tuple[float, float]:
    """Seconds of wall and of CPU time."""
    before, start = cpu(), time.perf_counter()
    run()
    return time.perf_counter() - start, cpu() - before


def cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def simulate(path: Path, rows: int, seed: int = 7) -> None:
    """Gamma purchase rates, uniform dates in two years, log-normal values in cents; a million customers."""
    rng = np.random.default_rng(seed)
    rate = rng.gamma(0.6, size=max(rows // 10, 1))
    customer = rng.permutation(np.repeat(np.arange(len(rate)), rng.multinomial(rows, rate / rate.sum())))
    day = np.datetime64("2022-01-01") + rng.integers(0, 730, rows).astype("timedelta64[D]")
    frame = pd.DataFrame(  # noqa: F841 (DuckDB reads it by name)
        {"customer_id": customer, "date": day, "value": np.round(rng.lognormal(3.0, 0.8, rows), 2)}
    )
    con = duckdb.connect()
    con.sql("SELECT customer_id, date::DATE AS date, value FROM frame").write_parquet(str(path))


def compare(customers, expected: pd.DataFrame) -> None:
    got = customers.to_pandas()
    assert len(got) == len(expected)
    for name in ("customer_id", "frequency", "recency", "T"):
        assert (got[name].to_numpy() == expected[name].to_numpy()).all(), name
    for name in ("monetary_value", "total"):
        np.testing.assert_allclose(got[name], expected[name], rtol=1e-9, atol=1e-9, err_msg=name)
    print(f"The answers agree: {len(got):,} customers, {got['frequency'].sum():,} repeat purchases.")


def report(times: dict[str, list[tuple[float, float]]]) -> None:
    wall = {name: statistics.median(each[0] for each in runs) for name, runs in times.items()}
    cpu_ = {name: statistics.median(each[1] for each in runs) for name, runs in times.items()}
    for name in times:
        print(f"{name:6} wall {wall[name]:6.2f} s   CPU {cpu_[name]:6.2f} s")
    ratios = wall["ours"] / wall["query"], cpu_["ours"] / cpu_["query"]
    print(f"ratio  wall {ratios[0]:6.2f}     CPU {ratios[1]:6.2f}     (target 1.5)")


if __name__ == "__main__":
    main()
