"""A base of 1,000,000 customers scored from a survey of 1,000: wallet, share, headroom and attainable, with quantiles.

The peer is what a practitioner would run for the same quantiles of elsewhere spend alone: scikit-learn's boosted
quantile regression, one model for each level. It gives no status, no share and no attainable potential.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from measure import CACHE, Clock, main, measure, write

from segmodels.tables.simulate_wallets import simulate_wallets

CUSTOMERS, ANSWERS, DRAWS = 1_000_000, 1_000, 2_000
LEVELS = (0.05, 0.1, 0.5, 0.9, 0.95)
TABLE = CACHE / "wallets.parquet"
AT_MOST_SECONDS, AT_MOST_MB = 60, 2000
COVARIATES = ("x1", "x2", "x3")


def tables() -> None:
    """Write the base: four segments, three covariates."""
    CACHE.mkdir(exist_ok=True)
    frame = simulate_wallets(
        CUSTOMERS,
        np.random.default_rng(20261128),
        answered=ANSWERS,
        segments=(0.3, 0.0, -0.2, 0.1),
        covariates=(0.3, -0.2, 0.0),
        scale=0.1,
    )
    frame.drop(columns="true_elsewhere").to_parquet(TABLE, index=False)


def ours() -> Mapping[str, object]:
    import segmodels as sg
    from segmodels.models.wallet.share import WalletShare
    from segmodels.tables.wallets import Wallets

    with Clock() as reading:
        wallets = Wallets.read(pd.read_parquet(TABLE), customer="customer_id", own="own", total="total")
    with Clock() as fitting:
        fit = WalletShare(by="segment", covariates=COVARIATES).fit(wallets, sg.Laplace(draws=DRAWS), seed=1)
    with Clock() as clock:
        table = fit.predict(levels=LEVELS)
    answer = {
        "rows": len(table),
        "columns": len(table.columns),
        "headroom": float(table["headroom_mean"].sum()),
        "reading_wall": reading.wall,
        "fitting_wall": fitting.wall,
    }
    return {**clock.seconds, **answer}


def boosted() -> Mapping[str, object]:
    from sklearn.ensemble import HistGradientBoostingRegressor

    frame = pd.read_parquet(TABLE)
    inputs = (
        frame[["own", *COVARIATES]].assign(segment=frame["segment"].astype("category").cat.codes).to_numpy()
    )
    known = frame["total"].notna().to_numpy()
    elsewhere = (frame["total"] - frame["own"]).to_numpy()[known]
    with Clock() as clock:
        scores = [
            HistGradientBoostingRegressor(loss="quantile", quantile=level, random_state=1)
            .fit(inputs[known], elsewhere)
            .predict(inputs)
            for level in LEVELS
        ]
    return {**clock.seconds, "rows": len(scores[0]), "columns": len(scores)}


def drive() -> None:
    tables()
    measure(__file__, "ours", name="warm the compile cache", runs=1)
    whole = measure(__file__, "ours", name="WalletShare, predict")
    peer = measure(__file__, "boosted", name="boosted quantile regression, fit and predict")
    part, other = whole.part_wall or 0.0, peer.part_wall or 1.0
    findings = {
        f"wall time of predict (at most {AT_MOST_SECONDS} s)": f"{part:.1f} s",
        "reading and fitting": f"{whole.answer['reading_wall']:.1f} s, {whole.answer['fitting_wall']:.1f} s",
        f"wall time of the whole process (at most {AT_MOST_SECONDS} s)": f"{whole.wall:.1f} s",
        f"peak memory of the whole process (at most {AT_MOST_MB} MB)": f"{whole.peak_mb:.0f} MB",
        "predict over the peer's five quantiles, wall": f"{part / other:.2f}",
        "answer": f"{whole.answer['rows']:,} rows, {whole.answer['columns']} columns",
    }
    title = f"{CUSTOMERS:,} customers scored from a survey of {ANSWERS:,}"
    write("wallet_scoring", title, [whole, peer], findings, ("numba", "duckdb", "scikit-learn"))


if __name__ == "__main__":
    main({"ours": ours, "boosted": boosted}, drive)
