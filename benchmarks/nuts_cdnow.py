"""CDNOW: from a fresh process to a NUTS posterior of BG/NBD, imports and compilation counted, and a peer.

pymc-marketing asks for other versions of PyMC and NumPy, so it gets an environment of its own, in
`benchmarks/.cache`; both sample with nutpie, 4 chains of 1,000 draws after 1,000 of tuning, on the same
table. Cold: the compile caches are empty. Warm: they are those of the process before.
"""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from measure import CACHE, Clock, Measurement, main, measure, write

PEER = CACHE / "pymc-marketing"
PEER_PACKAGES = ("pymc-marketing==1.3.0", "nutpie==0.16.11", "pyarrow==26.0.1")
TABLE = CACHE / "cdnow.parquet"
UNTIL = "1997-09-30"
RUNS = 3


def table() -> None:
    """Write the customers of CDNOW, in weeks, for both."""
    import segmodels as sg
    from segmodels.tables.datasets import cdnow

    CACHE.mkdir(exist_ok=True)
    log = sg.Transactions.read(cdnow(), customer="customer_id", date="date", value="value", zero="keep")
    rows = log.customers(until=UNTIL, unit="week").to_pandas()
    rows[["customer_id", "frequency", "recency", "T"]].to_parquet(TABLE, index=False)


def environment_of_the_peer() -> Path:
    """Make the peer's environment, once; from elsewhere, since this project's pins are not for it."""
    python = PEER / "bin" / "python"
    if not python.exists():
        uv = shutil.which("uv", path=Path(__file__).parents[1] / ".uv" / "bin") or "uv"
        with tempfile.TemporaryDirectory() as elsewhere:
            make = [uv, "venv", "-q", "--python", sys.executable, str(PEER)]
            subprocess.run(make, check=True, cwd=elsewhere)
            install = [uv, "pip", "install", "-q", "--python", str(python), *PEER_PACKAGES]
            subprocess.run(install, check=True, cwd=elsewhere)
    return python


def peer(path: str) -> Mapping[str, object]:
    from pymc_marketing.clv import BetaGeoModel

    model = BetaGeoModel()
    with Clock() as clock:
        model.fit(
            data=pd.read_parquet(path),
            method="mcmc",
            nuts_sampler="nutpie",
            draws=1000,
            tune=1000,
            chains=4,
            random_seed=1,
            progressbar=False,
        )
    return {**clock.seconds, **_summary(model.idata.posterior)}


def ours(path: str) -> Mapping[str, object]:
    import segmodels as sg

    with Clock() as clock:
        customers = sg.Customers.read(pd.read_parquet(path), unit="week")
        fit = sg.BGNBD().fit(customers, sg.NUTS(draws=1000, tune=1000, chains=4), seed=1)
    return {**clock.seconds, **_summary(fit.posterior.posterior)}


def _summary(posterior) -> dict[str, object]:
    names = ("r", "alpha", "a", "b")
    shape = dict(posterior["r"].sizes)
    return {
        "shape": shape,
        "mean": {name: float(posterior[name].mean()) for name in names},
        "sd": {name: float(posterior[name].std()) for name in names},
    }


def _cold_and_warm(step: str, name: str, python: str | Path) -> list[Measurement]:
    """A run with empty compile caches, and the runs after it."""
    with tempfile.TemporaryDirectory() as caches:
        flags = {"PYTENSOR_FLAGS": f"base_compiledir={caches}/pytensor", "NUMBA_CACHE_DIR": f"{caches}/numba"}
        how = {"python": python, "environment": flags}
        cold = measure(__file__, step, TABLE, name=f"{name}, cold", runs=1, **how)
        return [cold, measure(__file__, step, TABLE, name=f"{name}, warm", runs=RUNS, **how)]


def drive() -> None:
    table()
    theirs = _cold_and_warm("peer", "pymc-marketing BetaGeoModel", environment_of_the_peer())
    mine = _cold_and_warm("ours", "segmodels BGNBD", sys.executable)
    findings = {
        f"of pymc-marketing's time, {cache}": f"{a.wall / b.wall:.2f}"
        for cache, a, b in zip(("cold", "warm"), mine, theirs, strict=True)
    }
    findings |= {f"posterior means, {m.step}": _line(m.answer["mean"]) for m in (theirs[0], mine[0])}
    title = "CDNOW, from a fresh process to 4 × 1,000 draws"
    write("nuts_cdnow", title, theirs + mine, findings, ("pymc", "pytensor", "nutpie", "numba"))


def _line(means: object) -> str:
    return ", ".join(f"{name} {value:.4f}" for name, value in means.items())


if __name__ == "__main__":
    main({"peer": peer, "ours": ours}, drive)
