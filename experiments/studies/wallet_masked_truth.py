"""Compare models of the wallet with simple ways by their predictions of hidden spend, on real panels.

    python -m experiments.studies.wallet_masked_truth DATA --workers 2

from the root of the repository, DATA being the folder of data sets (or the environment variable SEGMODELS_DATA).
Writes ``results/wallet_masked_truth.md`` and ``.csv``. Each panel's scores are kept in ``.cache`` as soon as it is
done: a study that was stopped goes on with the next panel, and one with other arguments starts anew.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from experiments.datasets.wallet_panels import PANELS, WalletPanel
from experiments.studies.wallet_masked_page import page, table
from segmodels import Laplace
from segmodels.evaluate.wallet.masked_results import MaskedTruth
from segmodels.evaluate.wallet.masked_truth import PEERS, masked_truth
from segmodels.evaluate.wallet.mechanisms import MECHANISMS
from segmodels.evaluate.wallet.replication import WalletSpec
from segmodels.report.atomic import whole

HERE = Path(__file__).parents[1]
NAME = "wallet_masked_truth"
_FRAMES = ("scores", "refused", "flagged", "surveys")


def wallet_share(_: WalletPanel, covariates: tuple[str, ...]) -> WalletSpec | None:
    """WalletShare, for any panel."""
    from segmodels.models.wallet.share import WalletShare

    return WalletShare(covariates=covariates)


def wallet_counts(panel: WalletPanel, covariates: tuple[str, ...]) -> WalletSpec | None:
    """WalletCounts, where the panel has counts; its customers have all bought."""
    from segmodels.models.wallet.counts import WalletCounts

    if "total_purchases" not in panel.frame:
        return None
    return WalletCounts(covariates=covariates, frame="own buyers")


#: How to set up a model for a panel; None where it cannot be.
MODELS: Mapping[str, Callable[[WalletPanel, tuple[str, ...]], WalletSpec | None]] = MappingProxyType(
    {"WalletShare": wallet_share, "WalletCounts": wallet_counts}
)


def run(panel: WalletPanel, arguments: argparse.Namespace) -> MaskedTruth:
    """Run the protocol on one panel."""
    covariates = _covariates(panel, arguments)
    made = {name: MODELS[name](panel, covariates) for name in arguments.models}
    return masked_truth(
        panel.frame,
        {name: spec for name, spec in made.items() if spec is not None},
        seed=arguments.seed,
        mechanisms=arguments.mechanisms,
        sizes=arguments.sizes,
        replications=arguments.replications,
        setting=Laplace(draws=arguments.draws),
        segment=panel.segment,
        columns=covariates,
        workers=arguments.workers,
    )


def keep(found: MaskedTruth, settings: Mapping[str, Any], folder: Path) -> None:
    """Keep what was found, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
    try:
        for name in _FRAMES:
            getattr(found, name).to_csv(part / f"{name}.csv", index=False)
        rest = {item.name: getattr(found, item.name) for item in fields(found) if item.name not in _FRAMES}
        text = json.dumps({"settings": settings, "rest": rest}, indent=1)
        (part / "study.json").write_text(text + "\n", encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def kept(settings: Mapping[str, Any], folder: Path) -> MaskedTruth | None:
    """Read what was kept under the same settings."""
    if not (folder / "study.json").is_file():
        return None
    study = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    if study["settings"] != settings:
        return None
    frames = {name: pd.read_csv(folder / f"{name}.csv") for name in _FRAMES}
    rest = {name: tuple(value) if isinstance(value, list) else value for name, value in study["rest"].items()}
    return MaskedTruth(**frames, **rest)


def settings_of(panel: WalletPanel, arguments: argparse.Namespace) -> dict[str, Any]:
    """Give all that decides a panel's scores, apart from the code."""
    covariates = _covariates(panel, arguments)
    made = {name: repr(MODELS[name](panel, covariates)) for name in arguments.models}
    chosen = {name: getattr(arguments, name) for name in ("seed", "replications", "draws", "covariates")}
    lists = {name: list(getattr(arguments, name)) for name in ("sizes", "mechanisms")}
    return {"models": made, "peers": {name: repr(peer) for name, peer in PEERS.items()}} | chosen | lists


def parse(words: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    folder = os.environ.get("SEGMODELS_DATA")
    parser.add_argument("data", type=Path, nargs="?" if folder else None, default=folder and Path(folder))
    parser.add_argument("--panels", nargs="+", choices=PANELS, default=list(PANELS))
    parser.add_argument("--models", nargs="*", choices=MODELS, default=list(MODELS))
    parser.add_argument("--mechanisms", nargs="+", choices=MECHANISMS, default=list(MECHANISMS))
    parser.add_argument("--sizes", nargs="+", type=int, default=[50, 200, 1000])
    parser.add_argument("--replications", type=int, default=20)
    parser.add_argument("--draws", type=int, default=1000, help="of Laplace")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1, help="processes; no result depends on it")
    parser.add_argument("--covariates", action="store_true", help="give models and peers the covariates")
    parser.add_argument("--again", action="store_true", help="do not take up what is kept")
    parser.add_argument("--results", type=Path, default=HERE / "results")
    parser.add_argument("--cache", type=Path, default=HERE / ".cache" / NAME)
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> None:
    """Run the panels asked for, and write the page and the table."""
    arguments = parse(words)
    ending = "_covariates" if arguments.covariates else ""
    found: dict[str, tuple[WalletPanel, MaskedTruth]] = {}
    for name in arguments.panels:
        panel = PANELS[name](arguments.data)
        if arguments.covariates and not panel.covariates:
            _say(f"{name}: has no covariates, left out")
            continue
        settings, folder = settings_of(panel, arguments), arguments.cache / f"{name}{ending}"
        study = None if arguments.again else kept(settings, folder)
        if study is None:
            start = time.perf_counter()
            study = run(panel, arguments)
            keep(study, settings, folder)
            _say(f"{name}: {time.perf_counter() - start:.0f} s")
        else:
            _say(f"{name}: taken up")
        found[name] = panel, study
    arguments.results.mkdir(parents=True, exist_ok=True)
    target = arguments.results / f"{NAME}{ending}"
    with whole(target.with_suffix(".csv")) as part:
        table(found).to_csv(part, index=False, float_format="%.4g")
    with whole(target.with_suffix(".md")) as part:
        part.write_text(page(found, vars(arguments)), encoding="utf-8")
    _say(f"wrote {target.name}.md and .csv")


def _covariates(panel: WalletPanel, arguments: argparse.Namespace) -> tuple[str, ...]:
    return panel.covariates if arguments.covariates else ()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
