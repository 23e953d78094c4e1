"""The 36-month value of 100,000 customers × 4,000 draws: intervals per customer, every draw per segment.

No peer in the same run: none gives both, and as one array customers × draws alone are 3.2 GB.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from bg_nbd_fit import simulate, to_the_day
from measure import CACHE, Clock, main, measure, write

from segmodels.tables.simulate import simulate_gamma_gamma

CUSTOMERS, DRAWS, MONTHS = 100_000, 4_000, 36
P, Q, V = 6.25, 3.74, 15.44  # spend per purchase as of CDNOW
SEGMENTS = 6
TABLE = CACHE / "with_spend.parquet"
LABELS = CACHE / "labels.parquet"
AT_MOST_SECONDS, AT_MOST_MB = 60, 1000


def tables() -> None:
    """Write the customers, to the day, with their mean spend, and a segment for each."""
    CACHE.mkdir(exist_ok=True)
    rng = np.random.default_rng(20260102)
    rows = to_the_day(simulate(rng, CUSTOMERS))
    spend = simulate_gamma_gamma(rows["frequency"], P, Q, V, rng)
    rows["monetary_value"] = spend["monetary_value"]
    rows.to_parquet(TABLE, index=False)
    labels = pd.DataFrame(
        {"customer_id": rows["customer_id"], "segment": rng.integers(SEGMENTS, size=CUSTOMERS)}
    )
    labels.to_parquet(LABELS, index=False)


def ours() -> Mapping[str, object]:
    import segmodels as sg

    laplace = sg.Laplace(draws=DRAWS)
    with Clock() as fitting:
        customers = sg.Customers.read(pd.read_parquet(TABLE), unit="day")
        purchases = sg.BGNBD().fit(customers, laplace, seed=1)
        spend = sg.GammaGamma().fit(customers, laplace, seed=1)
    labels = pd.read_parquet(LABELS).set_index("customer_id")["segment"]
    with Clock() as clock:
        value = sg.lifetime_value(purchases, spend, months=MONTHS, annual_discount=0.1, margin=0.3)
        rows = value.table
        draws = value.by(labels)
    answer = {
        "rows": len(rows),
        "columns": list(rows.columns),
        "mean value": float(rows["value"].mean()),
        "segments × draws": list(draws.shape),
        "fitting_wall": fitting.wall,
    }
    return {**clock.seconds, **answer}


def drive() -> None:
    tables()
    measure(__file__, "ours", name="warm the compile cache", runs=1)
    whole = measure(__file__, "ours", name="lifetime_value, intervals and segments")
    findings = {
        f"wall time of the value (at most {AT_MOST_SECONDS} s)": f"{whole.part_wall:.1f} s",
        f"peak memory of the whole process (at most {AT_MOST_MB} MB)": f"{whole.peak_mb:.0f} MB",
        "answer": f"{whole.answer['rows']:,} rows, segments × draws {whole.answer['segments × draws']}",
    }
    title = f"{MONTHS}-month value of {CUSTOMERS:,} customers × {DRAWS:,} draws"
    write("value_draws", title, [whole], findings, ("numba", "duckdb", "arviz"))


if __name__ == "__main__":
    main({"ours": ours}, drive)
