"""From forecasts per customer to the tables of a backtest."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from segmodels.evaluate.scores import deciles, point_scores

Array = NDArray[np.float64]
PER_PURCHASE = "spend per purchase"


@dataclass(frozen=True, eq=False)
class Forecast:
    """What one method said of one target at one origin, and what came.

    Parameters
    ----------
    target
        ``"purchases"`` or ``"spend"``.
    origin
        Last day known.
    method, kind
        Its name; ``"model"`` or ``"baseline"``.
    customer_id, actual
        Shape (N,).
    customers
        Columns of a :class:`~segmodels.evaluate.predictions.Prediction`.
    total
        Interval of the sum, of a model.
    """

    target: str
    origin: dt.date
    method: str
    kind: str
    customer_id: NDArray[np.generic]
    actual: Array
    customers: pd.DataFrame
    total: tuple[float, float] | None

    @property
    def expected(self) -> Array:
        """Point forecasts, shape (N,)."""
        return self.customers["expected"].to_numpy(np.float64)

    @property
    def crps(self) -> Array:
        """Continuous ranked probability score of each customer; of a point forecast the absolute error."""
        if "crps" in self.customers:
            return self.customers["crps"].to_numpy(np.float64)
        return np.abs(self.expected - self.actual)

    @property
    def inside(self) -> NDArray[np.bool_]:
        """Whether what came lies within each customer's interval, of a model."""
        low, high = (self.customers[name].to_numpy(np.float64) for name in ("low", "high"))
        return (low <= self.actual) & (self.actual <= high)

    def scores(self) -> dict[str, object]:
        """Give the row of ``Backtest.by_origin``."""
        row: dict[str, object] = {
            "target": self.target,
            "origin": pd.Timestamp(self.origin),
            "method": self.method,
            "kind": self.kind,
            "customers": len(self.actual),
            **point_scores(self.actual, self.expected),
            "crps": float(self.crps.mean()),
        }
        nothing = float("nan")
        intervals: dict[str, object] = dict.fromkeys(
            ("coverage", "coverage_own", "width", "total_low", "total_high", "total_inside"), nothing
        )
        if self.total is not None:
            low, high = self.total
            widths = (self.customers["high"] - self.customers["low"]).to_numpy(np.float64)
            intervals = {
                "coverage": float(self.inside.mean()),
                "coverage_own": float(self.customers["mass"].to_numpy(np.float64).mean()),
                "width": float(widths.mean()),
                "total_low": low,
                "total_high": high,
                "total_inside": float(low <= self.actual.sum() <= high),
            }
        return row | intervals


def by_origin(forecasts: Sequence[Forecast]) -> pd.DataFrame:
    """Give one row of scores per forecast, sorted by target and origin."""
    frame = pd.DataFrame([forecast.scores() for forecast in forecasts])
    return frame.sort_values(["target", "origin"], kind="stable", ignore_index=True)


def over_origins(rows: pd.DataFrame) -> pd.DataFrame:
    """Average over origins: one row per target and method, in the order in which they came."""
    keys = ["target", "method", "kind"]
    grouped = rows.drop(columns=["origin", "total_low", "total_high"]).groupby(keys, sort=False)
    table = pd.DataFrame(grouped.mean()).rename(columns={"total_inside": "total_coverage"}).reset_index()
    table["bias"] = table["expected"] / table["actual"].where(table["actual"] > 0) - 1
    table.insert(3, "origins", grouped.size().to_numpy(np.int64))
    return table


def by_decile(forecasts: Sequence[Forecast]) -> pd.DataFrame:
    """Give the lift table, over all origins."""
    parts = []
    purchases = {(f.origin, f.method): f for f in forecasts if f.target == "purchases"}
    for forecast in forecasts:
        label = {"target": forecast.target, "method": forecast.method}
        parts.append(deciles(forecast.actual, forecast.expected).assign(**label))
        if forecast.target == "spend":
            of = purchases[forecast.origin, forecast.method]
            spent = deciles(forecast.actual, forecast.expected, by=of.expected)
            bought = deciles(of.actual, of.expected)
            # "per" is what the sums are divided by, other than the number of customers
            for name in ("actual", "expected"):
                spent[f"per_{name}"] = bought[name]
            parts.append(spent.assign(target=PER_PURCHASE, method=forecast.method))
    rows = pd.concat(parts, ignore_index=True)
    origins = len({forecast.origin for forecast in forecasts})
    grouped = rows.groupby(["target", "method", "decile"], sort=False)
    sums = pd.DataFrame(grouped.sum(min_count=1)).reset_index()
    for name in ("actual", "expected"):
        per = sums[f"per_{name}"].fillna(sums["customers"]) if f"per_{name}" in sums else sums["customers"]
        sums[name] = sums[name] / per.where(per > 0)
    sums["bias"] = sums["expected"] / sums["actual"].where(sums["actual"] > 0) - 1
    whole = pd.Series(sums.groupby(["target", "method"])["actual"].transform("mean"))
    sums["lift"] = sums["actual"] / whole.where(whole > 0)
    sums["customers"] /= origins
    columns = ["target", "method", "decile", "customers", "actual", "expected", "bias", "lift"]
    return pd.DataFrame(sums[columns])
