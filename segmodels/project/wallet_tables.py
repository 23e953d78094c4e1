"""The tables that a run on wallets writes: customers as Parquet, everything else as CSV, evidence as JSON."""

import pandas as pd
import pyarrow as pa

from segmodels.project.folder import Folder, write_json, write_table
from segmodels.project.scores import as_pandas
from segmodels.project.summary import listed
from segmodels.project.wallet_models import trusted
from segmodels.project.wallet_results import WalletResults
from segmodels.project.wallet_summary import wallet_words
from segmodels.report.atomic import whole
from segmodels.tables.engine import fetch

EVIDENCE = "evidence.json"
SUMMARY = "summary.txt"


def write_tables(results: WalletResults, folder: Folder) -> None:
    """Write every table; those of parts that were left out are not there."""
    like = _id_type(results)
    folder.table("customers", results.customers, like)
    for name, frame in tables_of(results).items():
        write_table(frame, folder.path / f"{name}.csv", like if name == "whom" else None)
        folder.written.append(f"{name}.csv")
    write_json({"evidence": listed(results.evidence), "notes": results.notes}, folder.path / EVIDENCE)
    with whole(folder.path / SUMMARY) as part:
        part.write_text("\n".join(wallet_words(results)) + "\n", encoding="utf-8")
    folder.written.extend((EVIDENCE, SUMMARY))


def tables_of(results: WalletResults) -> dict[str, pd.DataFrame]:
    """Give the tables by the name of their files, those of customers apart."""
    plan, ask = results.plan, results.ask
    found: dict[str, pd.DataFrame | None] = {
        "segments": trusted(plan, results.segments),
        "grid": trusted(plan, results.grid.cells(plan.level)),
        "bands": trusted(plan, results.bands.table(plan.level)),
        "tipping_points": None if results.tipping is None else trusted(plan, results.tipping),
        "targets": results.targets.table,
        "whom": whom(results),
        "strata": ask.strata,
        "sizes": ask.sizes,
        "audit": results.wallets.audit,
        "weights": None if results.selection is None else results.selection.balance,
        "coverage": None if results.calibration is None else results.calibration.coverage,
        "simulated": plan.source if plan.simulated else None,
    }
    return {name: frame for name, frame in found.items() if frame is not None}


def whom(results: WalletResults) -> pd.DataFrame:
    """Whom to ask, the first first."""
    table = as_pandas(results.ask.whom).sort_values("rank", kind="stable")
    return table.reset_index(drop=True)


def _id_type(results: WalletResults) -> pa.DataType:
    """Give the type of the ids, as it came in."""
    ids = fetch(results.wallets.table.select("customer_id").limit(0))
    return ids.schema.field("customer_id").type
