"""How far totals are off, under a random survey and one that favours big spenders, with and without smearing.

    python -m experiments.studies.wallet_totals DATA

from the root of the repository. Elsewhere spend of those who were not asked is compared with the truth: in total,
and segment by segment (fifths of own spend, each weighed by its true elsewhere spend). Writes
``results/wallet_totals.md``.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.datasets.wallet_panels import PANELS, WalletPanel
from segmodels import Laplace, Wallets, WalletShare, respondents, smeared
from segmodels.evaluate.wallet.mechanisms import select
from segmodels.models.wallet.block import WalletFit
from segmodels.report.atomic import whole

HERE = Path(__file__).parents[1]
WAYS = ("model alone", "smeared", "smeared, weighted")


def replications(panel: WalletPanel, mechanism: str, size: int, runs: int) -> Iterator[pd.DataFrame]:
    """Give the estimates of each replication: ``way, total, segments`` over the truth."""
    own, total = panel.frame["own"].to_numpy(np.float64), panel.frame["total"].to_numpy(np.float64)
    truth = np.maximum(total - own, 0.0)
    fifth = pd.qcut(pd.Series(own).rank(method="first"), 5, labels=False).to_numpy()
    ids = np.arange(len(own))
    for run in range(runs):
        rng = np.random.default_rng([run, len(own)])
        asked = np.isin(ids, select(mechanism, own, truth, size, rng))
        frame = pd.DataFrame({"id": ids, "own": own, "rest": np.where(asked, truth, np.nan)})
        wallets = Wallets.read(frame, customer="id", own="own", elsewhere="rest")
        fit = WalletShare().fit(wallets, Laplace(draws=500), seed=run)
        fits = dict(zip(WAYS, (fit, smeared(fit), smeared(fit, respondents(fit))), strict=True))
        yield pd.DataFrame(
            [{"way": way, **_errors(each, truth, fifth, ~asked)} for way, each in fits.items()]
        )


def _errors(fit: WalletFit, truth: np.ndarray, fifth: np.ndarray, hidden: np.ndarray) -> dict[str, float]:
    mean = np.concatenate([block.elsewhere.mean() for block in fit.blocks()])
    known = hidden & np.isfinite(mean)
    sums = [np.bincount(fifth[known], each[known], 5) for each in (mean, truth)]
    return {"total": sums[0].sum() / sums[1].sum()} | {
        f"fifth {k + 1}": sums[0][k] / sums[1][k] for k in range(5)
    }


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", type=Path, default=os.environ.get("SEGMODELS_DATA"))
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--replications", type=int, default=20)
    arguments = parser.parse_args()
    lines = [
        "# Totals of elsewhere spend over the truth",
        "",
        f"Those who were not asked, {arguments.size} answers, {arguments.replications} replications; mean over the",
        "replications (standard error), and the same by fifth of own spend. Own spend is the only input.",
        "",
        "| panel | survey | way | total | " + " | ".join(f"fifth {k}" for k in range(1, 6)) + " |",
        "|---|---|---|---:|" + "---:|" * 5,
    ]
    for name, build in PANELS.items():
        panel = build(Path(arguments.data))
        for mechanism in ("random", "own_spend"):
            found = pd.concat(replications(panel, mechanism, arguments.size, arguments.replications))
            for way, part in found.groupby("way", sort=False):
                rest = part.drop(columns="way")
                mean, error = rest.mean(), rest.std() / np.sqrt(len(rest))
                cells = [f"{mean[key]:.3f} ({error[key]:.3f})" for key in rest.columns]
                lines.append(f"| {name} | {mechanism} | {way} | " + " | ".join(cells) + " |")
        sys.stderr.write(f"{name}\n")
    with whole(HERE / "results" / "wallet_totals.md") as path:
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
