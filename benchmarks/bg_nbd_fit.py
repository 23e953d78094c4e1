"""BG/NBD on 1,000,000 simulated customers, beside the `BetaGeoFitter` of lifetimes.

Two tables of the same customers: purchases to the day, as a shop records them (many customers share a
history), and to the instant, so that no two rows are the same. What is timed is the fit: of lifetimes from
the columns of a frame, of segmodels from `Customers`, with the grouping. `Customers.read`, which copies and
checks the frame and which lifetimes has no counterpart of, is timed by itself. Outside, for both: loading
the frame, importing, and a first fit of a few customers, which loads what is compiled.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from measure import CACHE, Clock, Measurement, main, measure, write

from segmodels.tables.simulate import simulate_bg_nbd

CUSTOMERS = 1_000_000
FEW = 1_000
R, ALPHA, A, B = 0.2426, 4.4136 * 7, 0.7929, 2.4259  # CDNOW, in days
FIRST, LAST = 27 * 7, 39 * 7
DAILY, DISTINCT = "daily.parquet", "distinct.parquet"


def simulate(rng: np.random.Generator, customers: int = CUSTOMERS) -> pd.DataFrame:
    """Histories under BG/NBD, to the instant."""
    return simulate_bg_nbd(customers, R, ALPHA, A, B, rng.uniform(FIRST, LAST, customers), rng)


def to_the_day(exact: pd.DataFrame) -> pd.DataFrame:
    """The same histories as a table made from a log shows them: whole days, at most one occasion a day."""
    days = exact.assign(recency=np.ceil(exact["recency"]), T=np.ceil(exact["T"]))
    return days.assign(frequency=np.minimum(days["frequency"], days["recency"]).astype(np.int64))


def tables() -> None:
    """Write both tables, once."""
    CACHE.mkdir(exist_ok=True)
    if all((CACHE / name).exists() for name in (DAILY, DISTINCT)):
        return
    exact = simulate(np.random.default_rng(20260101))
    exact.to_parquet(CACHE / DISTINCT, index=False)
    to_the_day(exact).to_parquet(CACHE / DAILY, index=False)


def lifetimes(table: str) -> Mapping[str, object]:
    from lifetimes import BetaGeoFitter

    rows = pd.read_parquet(table)
    few = rows.head(FEW)
    BetaGeoFitter(penalizer_coef=0.1).fit(few["frequency"], few["recency"], few["T"])
    with Clock() as clock:
        fitter = BetaGeoFitter().fit(rows["frequency"], rows["recency"], rows["T"])
    # lifetimes fits in a time of its own, T / max(T), and says the mean log-likelihood there.
    mean, scale = -fitter._negative_log_likelihood_, fitter._scale
    log_likelihood = float(mean * len(rows) + rows["frequency"].sum() * np.log(scale))
    return {**clock.seconds, "params": fitter.params_.to_dict(), "log_likelihood": log_likelihood}


def read(table: str) -> Mapping[str, object]:
    import segmodels as sg

    rows = pd.read_parquet(table)
    sg.Customers.read(rows.head(FEW), unit="day")
    with Clock() as clock:
        customers = sg.Customers.read(rows, unit="day")
    return {**clock.seconds, "customers": len(customers)}


def ours(table: str, setting: str) -> Mapping[str, object]:
    import segmodels as sg

    settings = {"map": sg.MAP(), "laplace": sg.Laplace(draws=4000)}
    model = sg.BGNBD()
    rows = pd.read_parquet(table)
    model.fit(sg.Customers.read(rows.head(FEW), unit="day"), settings[setting], seed=1)
    customers = sg.Customers.read(rows, unit="day")
    with Clock() as clock:
        fit = model.fit(customers, settings[setting], seed=1)
    log_likelihood = float(fit.log_likelihood)
    return {**clock.seconds, "params": fit.params.to_dict(), "log_likelihood": log_likelihood}


def drive() -> None:
    tables()
    runs = 3
    measurements, findings = [], {}
    for name, kind in ((DAILY, "to the day"), (DISTINCT, "no two rows alike")):
        path = CACHE / name
        measure(__file__, "ours", path, "map", name="warm the compile cache", runs=1)
        peer = measure(__file__, "lifetimes", path, name=f"lifetimes BetaGeoFitter, {kind}", runs=runs)
        reading = measure(__file__, "read", path, name=f"segmodels Customers.read, {kind}", runs=runs)
        mode = measure(__file__, "ours", path, "map", name=f"segmodels MAP(), {kind}", runs=runs)
        draws = measure(
            __file__, "ours", path, "laplace", name=f"segmodels Laplace(draws=4000), {kind}", runs=runs
        )
        measurements += [peer, reading, mode, draws]
        findings |= {
            f"MAP, {kind}, faster than lifetimes (CPU)": f"{peer.part_cpu / mode.part_cpu:.1f} ×",
            f"Customers.read and MAP, {kind}, faster than lifetimes (CPU)": (
                f"{peer.part_cpu / (reading.part_cpu + mode.part_cpu):.1f} ×"
            ),
            f"Laplace, {kind}, of lifetimes' time (CPU)": f"{draws.part_cpu / peer.part_cpu:.2f}",
            f"log-likelihood, {kind}, MAP less lifetimes": f"{_less(mode, peer):.4f}",
            f"peak memory, {kind}, MAP and Laplace": f"{mode.peak_mb:.0f} and {draws.peak_mb:.0f} MB",
        }
    title = f"BG/NBD on {CUSTOMERS:,} simulated customers"
    write("bg_nbd_fit", title, measurements, findings, ("lifetimes", "numba", "duckdb"))


def _less(ours: Measurement, peer: Measurement) -> float:
    return ours.answer["log_likelihood"] - peer.answer["log_likelihood"]


if __name__ == "__main__":
    main({"lifetimes": lifetimes, "read": read, "ours": ours}, drive)
