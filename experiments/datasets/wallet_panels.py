"""Household panels in which the whole wallet is known: what was spent on one "firm", and in the whole category.

Each function takes the folder of data sets and gives the customers of the firm: households that spent something
on it, because others are in no firm's files. Money is in cents' precision, so that nothing elsewhere is exactly 0.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

# The stores drawn give the 1,335 customers of the first study of this panel; its draw itself was not kept.
_STORES_SEED = 11
_LEAST_LINES = 10
_NOT_GROCERIES = ("FUEL", "MISCELLANEOUS")
_NOT_KNOWN = "not known"


@dataclass(frozen=True, eq=False)
class WalletPanel:
    """Customers of a firm, and their whole wallets.

    Parameters
    ----------
    name
        Of the panel.
    frame
        ``customer_id, own, total`` (of the category, own included); perhaps ``purchases, total_purchases``; the
        covariates; the segment.
    households
        In the source, with those who never bought from the firm.
    covariates
        Numeric columns, complete, that the firm could know.
    segment
        Column of labels, where there is one.
    """

    name: str
    frame: pd.DataFrame = field(repr=False)
    households: int
    covariates: tuple[str, ...] = ()
    segment: str | None = None

    @property
    def none(self) -> float:
        """Share of customers who spend nothing elsewhere."""
        return float((self.frame["own"] == self.frame["total"]).mean())


def half_stores(data: Path) -> WalletPanel:
    """Groceries in a fixed random half of the stores, of groceries in all of them; counts are visits."""
    lines = _groceries(data)
    stores = np.sort(lines["store_id"].unique())
    ours = np.random.default_rng(_STORES_SEED).choice(stores, len(stores) // 2, replace=False)
    return _journey("half_stores", data, lines, lines["store_id"].isin(ours), "basket_id")


def private_label(data: Path) -> WalletPanel:
    """Private labels, of all groceries; counts are lines of the bill."""
    lines = _groceries(data)
    return _journey("private_label", data, lines, lines["brand"] == "Private", None)


def drug_gm(data: Path) -> WalletPanel:
    """Department DRUG GM, of all groceries; counts are lines of the bill."""
    lines = _groceries(data)
    return _journey("drug_gm", data, lines, lines["department"] == "DRUG GM", None)


def tuna_starkist(data: Path) -> WalletPanel:
    """Starkist, in water and in oil, of five brands of canned tuna."""
    chosen = _chosen(pd.read_parquet(data / "brand_panels2" / "tuna_purchases.parquet"), "Tuna.")
    return _brand("tuna_starkist", chosen, ("skw", "sko"))


def ketchup_heinz(data: Path) -> WalletPanel:
    """Heinz, of four brands of ketchup."""
    chosen = _chosen(pd.read_parquet(data / "brand_panels2" / "ketchup_purchases.parquet"), "Ketchup.")
    return _brand("ketchup_heinz", chosen, ("heinz",))


def margarine_parkay(data: Path) -> WalletPanel:
    """Parkay, stick and tub, of ten kinds of margarine; with demographics of all households."""
    folder = data / "brand_panels2"
    bought = pd.read_parquet(folder / "margarine_purchases.parquet")
    prices = bought.columns[2:]
    # Choices are numbered from 1 in the order of the price columns.
    names = prices.str.removeprefix("P").to_numpy()[bought["choice"].to_numpy() - 1]
    renamed = bought.rename(columns={name: f"price.{name.removeprefix('P')}" for name in prices})
    chosen = _chosen(renamed.assign(choice=names).rename(columns={"hhid": "hid"}), "")
    people = pd.read_csv(folder / "margarine_demos.csv").rename(columns=_MARGARINE)
    people = people[list(_MARGARINE.values())].assign(
        segment=np.select(
            [people["family_size"] <= 2, people["family_size"] <= 4], ["1 or 2", "3 or 4"], "5 or more"
        )
    )
    panel = _brand("margarine_parkay", chosen, ("Pk_Stk", "Pk_Tub"))
    frame = panel.frame.merge(people, on="customer_id", how="left", validate="one_to_one")
    covariates = tuple(name for name in _MARGARINE.values() if name != "customer_id")
    return WalletPanel(panel.name, frame, panel.households, covariates, "segment")


def budget_food(data: Path) -> WalletPanel:
    """Food, of all expenditure of Spanish households in 1980; segments are household size by size of town.

    Left out are 60 households that bought no food and one whose sex is not known.
    """
    homes = pd.read_parquet(data / "budget_shares" / "budget_food_spain_1980.parquet")
    homes = homes.rename_axis("customer_id").reset_index()
    clean = homes.loc[(homes["wfood"] > 0) & homes["sex"].notna()]
    size = clean["size"].clip(upper=8)
    frame = pd.DataFrame(
        {
            "customer_id": clean["customer_id"],
            "own": (clean["wfood"] * clean["totexp"]).round(2),
            "total": clean["totexp"].astype(np.float64),
            "age": clean["age"].astype(np.float64),
            "log_size": np.log(clean["size"]),
            "town": clean["town"].astype(np.float64),
            "woman": (clean["sex"] == "woman").astype(np.float64),
            "segment": "size " + size.astype(str) + ", town " + clean["town"].astype(str),
        }
    ).reset_index(drop=True)
    return WalletPanel("budget_food", frame, len(homes), ("age", "log_size", "town", "woman"), "segment")


#: Every panel, by name.
PANELS: Mapping[str, Callable[[Path], WalletPanel]] = MappingProxyType(
    {
        "half_stores": half_stores,
        "private_label": private_label,
        "drug_gm": drug_gm,
        "tuna_starkist": tuna_starkist,
        "ketchup_heinz": ketchup_heinz,
        "margarine_parkay": margarine_parkay,
        "budget_food": budget_food,
    }
)

_MARGARINE = {
    "hhid": "customer_id",
    "Income": "income",
    "Fam_Size": "family_size",
    "college": "college",
    "whtcollar": "white_collar",
    "retired": "retired",
}


def _groceries(data: Path) -> pd.DataFrame:
    """Lines of the published sample with a price above 0, of households with ten or more, groceries only."""
    folder = data / "completejourney"
    lines = pd.read_parquet(folder / "transactions_sample100k.parquet")
    products = pd.read_parquet(folder / "products.parquet", columns=["product_id", "department", "brand"])
    lines = lines.loc[lines["in_cran_75k"] & (lines["sales_value"] > 0)]
    lines = lines.merge(products, on="product_id", how="left", validate="many_to_one")
    lines = lines.loc[lines["department"].notna() & ~lines["department"].isin(_NOT_GROCERIES)]
    count = lines.groupby("household_id")["product_id"].transform("size")
    return lines.loc[count >= _LEAST_LINES]


def _journey(name: str, data: Path, lines: pd.DataFrame, ours: pd.Series, visit: str | None) -> WalletPanel:
    def count(some: pd.DataFrame) -> pd.Series:
        groups = some.groupby("household_id")
        return groups.size() if visit is None else groups[visit].nunique()

    mine, rest = lines.loc[ours], lines.loc[~ours]
    spend = {"own": mine, "elsewhere": rest}
    frame = pd.DataFrame(
        {key: some.groupby("household_id")["sales_value"].sum() for key, some in spend.items()}
    )
    frame["purchases"], frame["total_purchases"] = count(mine), count(lines)
    frame["weeks_since"] = lines["week"].max() - mine.groupby("household_id")["week"].max()
    people = pd.read_csv(data / "completejourney" / "demographics.csv").set_index("household_id")
    # Demographics are there for a third of the households; the others are a segment of their own.
    frame["segment"] = people["household_size"].reindex(frame.index).fillna(_NOT_KNOWN)
    panel = _customers(name, frame, ("weeks_since",), "segment")
    typical = np.log(panel.frame["own"] / panel.frame["purchases"])
    covariates = ("log_per_purchase", "weeks_since")
    return WalletPanel(
        name, panel.frame.assign(log_per_purchase=typical), panel.households, covariates, "segment"
    )


def _chosen(bought: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """Household, brand and price paid, one row a purchase."""
    choice = bought[f"{prefix}choice"].to_numpy()
    brands = [name.removeprefix("price.") for name in bought.columns if name.startswith("price.")]
    prices = bought[[f"price.{brand}" for brand in brands]].to_numpy(np.float64)
    column = pd.Index(brands).get_indexer(choice)
    paid = np.take_along_axis(prices, column[:, None], axis=1)[:, 0]
    ids = bought[f"{prefix}hid"].astype(np.int64)
    return pd.DataFrame({"household_id": ids, "brand": choice, "paid": paid})


def _brand(name: str, chosen: pd.DataFrame, ours: tuple[str, ...]) -> WalletPanel:
    mine = chosen["brand"].isin(ours)
    parts = {"own": chosen.loc[mine], "elsewhere": chosen.loc[~mine]}
    frame = pd.DataFrame({key: some.groupby("household_id")["paid"].sum() for key, some in parts.items()})
    frame["purchases"] = parts["own"].groupby("household_id").size()
    frame["total_purchases"] = chosen.groupby("household_id").size()
    return _customers(name, frame, (), None)


def _customers(
    name: str, frame: pd.DataFrame, covariates: tuple[str, ...], segment: str | None
) -> WalletPanel:
    """Those who bought from the firm; an elsewhere that has no row is one where nothing was spent."""
    money = frame[["own", "elsewhere"]].fillna(0.0).round(2)
    frame = frame.assign(own=money["own"], total=(money["own"] + money["elsewhere"]).round(2))
    rest = [key for key in frame.columns if key not in ("own", "total", "elsewhere")]
    buyers = frame.loc[frame["own"] > 0, ["own", "total", *rest]].rename_axis("customer_id").reset_index()
    counts = [key for key in (*_COUNTS, *covariates) if key in buyers]
    return WalletPanel(
        name, buyers.astype(dict.fromkeys(counts, np.float64)), len(frame), covariates, segment
    )


_COUNTS = ("purchases", "total_purchases")
