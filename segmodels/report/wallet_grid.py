"""The value grid as a section of the page: current value against incremental potential."""

import numpy as np
import pandas as pd

from segmodels.report import tables
from segmodels.report.html import Drawing, Section
from segmodels.report.plots import value_grid as plot
from segmodels.report.tables import Table, figures, words
from segmodels.report.wallet_columns import measures, part, total_of
from segmodels.report.wallet_cuts import cut_notes
from segmodels.report.wallet_parts import GridPart
from segmodels.segments.wallet.value_grid import CELLS, UNKNOWN

_HOW = (
    "Invest: of high value and of high potential. Protect: of high value, and little is left to win. Competitors' "
    "customers: of low value and of high potential. Least appealing: low in both. A customer counts in each cell by "
    "its probability, so numbers of customers are expectations. Unrealised growth is what is attainable of the "
    "headroom."
)
_ALL = ("customers", "own", "value", "headroom", "attainable")


def grid(found: GridPart, currency: str, level: float) -> Section:
    """Show the four cells, who is undecided, and deciles by bands."""
    frame = _ordered(found.cells)
    cuts = tuple(
        f"{name} of {tables.money(cut, currency)}"
        for name, cut in ((found.value_name, found.value_cut), (found.potential_name, found.potential_cut))
    )
    drawings = [
        Drawing(
            "grid-cells",
            "Value grid",
            f"Four cells of current value by potential. {_described(frame)}",
            plot.value_grid(frame, currency=currency, cuts=(cuts[0], cuts[1])),
            _cell_table(frame, currency, level, _ALL, "Cells of the value grid"),
        )
    ]
    if found.bands is not None:
        drawings.append(_bands(found.bands, currency, level))
    text = [_HOW, f"The cells meet at {cuts[0]} and {cuts[1]}: more than that is high, up to that is low."]
    text += _notes(found, frame, currency)
    if found.undecided is not None:
        text.append(
            f"{tables.count(found.undecided)} customers ({part(found.undecided, _size(frame))}) are undecided: no cell "
            f"has a probability of {tables.share(found.sure, 0)} or more."
        )
    if found.top_headroom is not None and np.isfinite(found.top_headroom):
        held = tables.share(found.top_headroom, 0)
        text.append(f"The tenth of customers with the highest expected headroom holds {held} of it.")
    shown = (
        _cell_table(frame, currency, level, ("customers", "own", "value"), "Cells: customers and value"),
        _cell_table(
            frame, currency, level, ("headroom", "attainable"), "Cells: headroom and unrealised growth"
        ),
    )
    return Section("grid", _title(frame), tuple(text), tuple(drawings), shown)


def _notes(found: GridPart, frame: pd.DataFrame, currency: str) -> list[str]:
    heads = dict(zip(frame["cell"], tables.floats(frame, "customers"), strict=True))
    value, potential = (found.value_name, found.value_cut), (found.potential_name, found.potential_cut)
    return list(cut_notes(heads, value, potential, currency))


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    order = [(*CELLS, UNKNOWN).index(str(name)) for name in frame["cell"]]
    return frame.iloc[np.argsort(order, kind="stable")].reset_index(drop=True)


def _size(frame: pd.DataFrame) -> float:
    """Count the customers of whom something is known."""
    return total_of(frame.loc[frame["cell"] != UNKNOWN], "customers")


def _title(frame: pd.DataFrame) -> str:
    invest = frame.loc[frame["cell"] == "invest"]
    if invest.empty:
        return "Value grid: nobody is of high value and of high potential"
    customers, headroom = (total_of(invest, name) for name in ("customers", "headroom"))
    held = part(headroom, total_of(frame, "headroom"))
    return f"Value grid: {tables.count(customers)} customers to invest in hold {held} of headroom"


def _described(frame: pd.DataFrame) -> str:
    customers = tables.each_count(tables.floats(frame, "customers"))
    return "; ".join(f"{name}: {n} customers" for name, n in zip(frame["cell"], customers, strict=True))


def _cell_table(
    frame: pd.DataFrame, currency: str, level: float, names: tuple[str, ...], caption: str
) -> Table:
    columns = [words("Cell", frame["cell"]), *measures(frame, names, currency, level)]
    if "customers" in names:
        columns.insert(1, figures("Share of customers", frame["customers"], tables.parts_of_one))
    return Table(caption, tuple(columns))


def _bands(frame: pd.DataFrame, currency: str, level: float) -> Drawing:
    columns = [
        words("Decile of value", frame["decile"]),
        words("Band of potential", frame["band"]),
        *measures(frame, ("customers", "value", "headroom"), currency, level),
    ]
    return Drawing(
        "grid-bands",
        "Deciles of value by bands of potential",
        "Heat map of headroom by decile of current value and band of potential; cells hold numbers of customers.",
        plot.decile_bands(frame, currency=currency),
        Table("Deciles of value by bands of potential", tuple(columns)),
    )
