"""The tables that a run on a survey writes."""

from typing import Any

import numpy as np
import pandas as pd

from segmodels.project.evidence import evidence_frame
from segmodels.project.folder import Folder, write_table
from segmodels.project.needs_results import NeedsResults
from segmodels.tables.segmentation import Segmentation

_SIMULATED = ("survey", "base_customers")


def write_tables(results: NeedsResults, folder: Folder) -> None:
    """Write every table; those of parts that were left out are not there."""
    for name, frame in tables_of(results).items():
        folder.table(name, frame)
    if results.plan.simulated:
        for name, frame in zip(_SIMULATED, (results.plan.source, results.plan.base), strict=True):
            write_table(frame, folder.path / f"{name}.csv")
            folder.written.append(f"{name}.csv")


def tables_of(results: NeedsResults) -> dict[str, pd.DataFrame]:
    """Give the tables by the name of their files."""
    said, projection, relation = results.said, results.projection, results.relation
    found: dict[str, pd.DataFrame | None] = {
        "customers": customers(results),
        "profile": said.profile.table,
        "separation": said.profile.separation,
        "shares": shares(results),
        "residuals": results.residuals,
        "audit": results.survey.responses.audit,
        "evidence": evidence_frame(results.evidence),
        "roles": None if said.roles is None else said.roles.table,
        "opportunity": None if said.opportunity is None else said.opportunity.table,
        "price_axis": None if said.price is None else said.price.table,
        "questions": None if results.questions is None else curve(results),
    }
    if relation is not None:
        found |= {"relation": relation.outcomes, "relation_tests": relation.tests}
    if projection is not None:
        found |= {
            "base": base(projection),
            "sizes": projection.sizes,
            "lift": projection.lift,
            "values": None if projection.base.amounts is None else projection.values,  # noqa: PD011 - no frame
        }
    return {name: plain_columns(frame) for name, frame in found.items() if frame is not None}


def customers(results: NeedsResults) -> pd.DataFrame:
    """Give a row for each respondent: segment, certainty, probabilities; where known the place on the price axis."""
    table = placed(results.fit.segmentation)
    if results.said.price is not None:
        table["price_axis"] = results.said.price.scores.to_numpy()
    return table


def base(projection: Any) -> pd.DataFrame:
    """Give a row for each customer: segment, certainty, source, probabilities."""
    table = placed(projection.segmentation)
    asked = projection.base.asked
    table.insert(3, "source", np.where(asked, "asked", "projected"))
    return table


def placed(segmentation: Segmentation) -> pd.DataFrame:
    """Tabulate a segmentation: ``customer_id, segment, certainty`` and a column for each segment."""
    probabilities = segmentation.probabilities.reset_index(drop=True)
    probabilities.columns = pd.Index(list(segmentation.names))
    first = pd.DataFrame(
        {
            "customer_id": segmentation.customer_id,
            "segment": segmentation.labels.astype(str).to_numpy(),
            "certainty": segmentation.certainty.to_numpy(),
        }
    )
    return pd.concat([first, probabilities], axis=1)


def shares(results: NeedsResults) -> pd.DataFrame:
    """Give the share of each segment with its interval, its respondents, and whether its name is a draft."""
    table = results.fit.shares(results.plan.level).rename(columns={"probability": "share"})
    # Both are in the order of the classes.
    respondents = results.said.profile.sizes.to_numpy(np.float64)
    return table.assign(respondents=respondents, draft=table["class"].isin(results.draft))


def curve(results: NeedsResults) -> pd.DataFrame:
    """Give the golden questions by their number, as text with commas between."""
    found = results.questions
    table = pd.DataFrame() if found is None else found.curve
    return table.assign(questions=[", ".join(names) for names in table["questions"]])


def plain_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Make columns that hold values of several types text, which is all that Parquet knows for them."""
    out = frame.reset_index(drop=True)
    for name in out.columns:
        column = out[name]
        if column.dtype == object and len({type(value) for value in column}) > 1:
            out[name] = [None if value is None else str(value) for value in column]
    return out
