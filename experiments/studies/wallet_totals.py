"""How far totals of segments are off, under a random survey and one that favours big spenders.

    python -m experiments.studies.wallet_totals DATA --workers 2

from the root of the repository. Elsewhere spend of those who were not asked is compared with the truth, in total and
segment by segment: for fifths of own spend, and for kinds of households where a panel knows them. Writes
``results/wallet_totals.md``.
"""

import argparse
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd

from experiments.datasets.wallet_panels import PANELS, WalletPanel
from segmodels import Laplace, Wallets, WalletShare, respondents, smeared
from segmodels.evaluate.wallet.mechanisms import select
from segmodels.models.wallet.block import WalletFit
from segmodels.report.atomic import whole

HERE = Path(__file__).parents[1]
MECHANISMS = ("random", "own_spend")
FIFTHS, HOUSEHOLDS = "fifths of own spend", "households"
#: Off by no more than this, a segment's total counts as right.
NEAR = 0.05


@dataclass(frozen=True)
class Task:
    """Surveys of one panel by one mechanism."""

    data: Path
    panel: str
    mechanism: str
    size: int
    runs: int

    def __call__(self) -> pd.DataFrame:
        """Give ``panel, mechanism, segments, way, run, segment, ratio, weight`` of all surveys."""
        panel = PANELS[self.panel](self.data)
        rows = pd.concat([_survey(panel, self.mechanism, self.size, run) for run in range(self.runs)])
        return rows.assign(panel=self.panel, mechanism=self.mechanism)


def _survey(panel: WalletPanel, mechanism: str, size: int, run: int) -> pd.DataFrame:
    own, total = panel.frame["own"].to_numpy(np.float64), panel.frame["total"].to_numpy(np.float64)
    truth = np.maximum(total - own, 0.0)
    rng = np.random.default_rng([run, len(own)])
    asked = np.isin(np.arange(len(own)), select(mechanism, own, truth, size, rng))
    fifth = pd.qcut(pd.Series(own).rank(method="first"), 5, labels=False).astype(str)
    kinds = {FIFTHS: fifth.to_numpy()}
    if panel.segment:
        kinds[HOUSEHOLDS] = panel.frame[panel.segment].astype(str).to_numpy()
    found: list[pd.DataFrame] = []
    for kind, segment in kinds.items():
        frame = pd.DataFrame({"id": np.arange(len(own)), "own": own, "segment": segment})
        frame["rest"] = np.where(asked, truth, np.nan)
        for way, predicted in _ways(frame, kind, run):
            found.append(_compare(predicted, truth, segment, ~asked).assign(segments=kind, way=way, run=run))
    return pd.concat(found)


def _ways(frame: pd.DataFrame, kind: str, run: int) -> Iterator[tuple[str, np.ndarray]]:
    """Predict elsewhere spend of every customer, shape (N,), in each way."""
    wallets = Wallets.read(frame, customer="id", own="own", elsewhere="rest", columns=["segment"])
    yield (
        "answers alone",
        frame.groupby("segment")["rest"].transform("mean").fillna(frame["rest"].mean()).to_numpy(),
    )
    # Fifths of own spend are in own spend already; kinds of households are not.
    spec = WalletShare(by=None if kind == FIFTHS else "segment")
    fit = spec.fit(wallets, Laplace(draws=500), seed=run)
    yield "model alone", _means(fit)
    chosen = respondents(fit, by=spec.by)
    yield "smeared", _means(smeared(fit, chosen))
    yield "smeared by segment", _means(smeared(fit, chosen, by="segment"))


def _means(fit: WalletFit) -> np.ndarray:
    return np.concatenate([block.elsewhere.mean() for block in fit.blocks()])


def _compare(
    predicted: np.ndarray, truth: np.ndarray, segment: np.ndarray, hidden: np.ndarray
) -> pd.DataFrame:
    table = pd.DataFrame({"segment": segment, "predicted": predicted, "truth": truth})[hidden]
    sums = table.groupby("segment")[["predicted", "truth"]].sum()
    sums.loc["total"] = sums.sum()
    ratio = sums["predicted"] / sums["truth"]
    return pd.DataFrame({"ratio": ratio, "weight": sums["truth"]}).rename_axis("segment").reset_index()


def summary(rows: pd.DataFrame) -> pd.DataFrame:
    """Reduce surveys to one row for each panel, mechanism, segments and way.

    ``total`` is the mean ratio over the surveys and ``total_se`` its standard error; ``near`` the part of elsewhere
    spend that lies in segments whose mean ratio is within 5 %; ``furthest`` the mean ratio of the segment that is
    furthest off, among those with a twentieth of elsewhere spend; ``one_survey`` the root mean square of the relative
    error of a segment in a single survey, weighted by elsewhere spend.
    """
    keys = ["panel", "mechanism", "segments", "way"]
    result: list[dict[str, object]] = []
    for key, part in rows.groupby(keys, sort=False):
        whole_ = part.loc[part["segment"] == "total", "ratio"]
        parts = part[part["segment"] != "total"]
        mean = parts.groupby("segment").agg(ratio=("ratio", "mean"), weight=("weight", "mean"))
        share = mean["weight"] / mean["weight"].sum()
        large = mean.loc[share >= NEAR, "ratio"]
        square = np.average((parts["ratio"] - 1) ** 2, weights=parts["weight"])
        result.append(
            dict(zip(keys, key, strict=True))
            | {
                "total": whole_.mean(),
                "total_se": whole_.std() / np.sqrt(len(whole_)),
                "near": share[(mean["ratio"] - 1).abs() <= NEAR].sum(),
                "furthest": large.iloc[int((large - 1).abs().argmax())] if len(large) else np.nan,
                "one_survey": np.sqrt(square),
            }
        )
    return pd.DataFrame(result)


def page(rows: pd.DataFrame, size: int, runs: int) -> str:
    """Write the study as Markdown."""
    lines = [
        "# Totals of elsewhere spend over the truth",
        "",
        f"Those who were not asked; {size} answers, {runs} surveys, Laplace with 500 draws, seeds 0 to {runs - 1}.",
        "Own spend and, for households, their kind are the only inputs. *Total*: mean ratio of predicted to true",
        "(standard error). *Near*: part of elsewhere spend in segments whose mean ratio is within 5 %. *Furthest*:",
        "mean ratio of the segment furthest off, of those with 5 % of elsewhere spend. *One survey*: how far a segment",
        "is off in a single survey, root mean square. *Answers alone*: mean of the segment's answers (of all, where it",
        "has none).",
        "",
    ]
    for kind, part in summary(rows).groupby("segments", sort=False):
        lines += [f"## {str(kind).capitalize()}", ""]
        lines += [
            "| panel | survey | way | total | near | furthest | one survey |",
            "|---|---|---|---:|---:|---:|---:|",
        ]
        lines += [
            f"| {row['panel']} | {row['mechanism']} | {row['way']} | {row['total']:.3f} ({row['total_se']:.3f}) | "
            f"{row['near']:.2f} | {row['furthest']:.3f} | {row['one_survey']:.3f} |"
            for row in part.to_dict("records")
        ]
        lines.append("")
    lines += ["## Fifths of own spend, one by one", "", "Mean ratio (standard error).", ""]
    lines += ["| panel | survey | way | 1 | 2 | 3 | 4 | 5 |", "|---|---|---|" + "---:|" * 5]
    fifths = rows[(rows["segments"] == FIFTHS) & (rows["segment"] != "total")]
    for (panel, mechanism, way), part in fifths.groupby(["panel", "mechanism", "way"], sort=False):
        groups = part.groupby("segment")["ratio"]
        cells = [
            f"{m:.3f} ({s / np.sqrt(runs):.3f})" for m, s in zip(groups.mean(), groups.std(), strict=True)
        ]
        lines.append(f"| {panel} | {mechanism} | {way} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the study."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", nargs="?", type=Path, default=os.environ.get("SEGMODELS_DATA"))
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--replications", type=int, default=20)
    parser.add_argument("--panels", nargs="+", default=list(PANELS), choices=list(PANELS))
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args()
    tasks = [
        Task(Path(given.data), name, mechanism, given.size, given.replications)
        for name in given.panels
        for mechanism in MECHANISMS
    ]
    found: list[pd.DataFrame] = []
    with ProcessPoolExecutor(given.workers, get_context("spawn")) as pool:
        for task, rows in zip(tasks, pool.map(Task.__call__, tasks), strict=True):
            sys.stderr.write(f"{task.panel}, {task.mechanism}\n")
            found.append(rows)
    with whole(HERE / "results" / "wallet_totals.md") as path:
        path.write_text(page(pd.concat(found), given.size, given.replications), encoding="utf-8")


if __name__ == "__main__":
    main()
