"""From results to the page."""

from dataclasses import replace
from datetime import datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd

from segmodels.inference.settings import MAP, NUTS, Laplace, Setting
from segmodels.models.value.purchase_fit import PurchaseFit
from segmodels.project.plan import MODELS
from segmodels.project.results import Results
from segmodels.project.scores import as_pandas, thinned, total_of
from segmodels.project.value import NIL_NOTE, Value, shown_deciles, shown_tiers
from segmodels.report.notes import notes
from segmodels.report.page import Headline, Provenance, ValuePage
from segmodels.report.plots.frequency_recency import FrequencyRecency
from segmodels.report.tables import interval_table
from segmodels.tables.customers import Customers

_STEPS = 40
_DRAWS = 400
_PACKAGES = ("segmodels", "numpy", "scipy", "pandas", "ibis-framework", "duckdb")
_PACKAGES_OF_NUTS = ("pymc", "nutpie", "arviz")


def value_page(results: Results, made: datetime) -> ValuePage:
    """Assemble the page.

    Parameters
    ----------
    results
        Of a run.
    made
        When.
    """
    plan, value = results.plan, results.value
    title = MODELS[plan.model].title
    models = (title,) if value is None else (title, "Gamma–Gamma")
    page = ValuePage(
        title=f"What customers are worth: {plan.title}",
        provenance=provenance(results, models, made),
        unit=plan.unit,
        currency=plan.currency,
        level=plan.level,
        headline=headline(results),
        audit=results.audit,
        parameters=parameter_table(results),
        evidence=results.evidence,
        tracking=None if results.tracking.empty else results.tracking,
        calibration_end=None if results.tracking.empty else results.until,
        frequency=results.frequency,
        grid=frequency_recency(results.purchases, results.horizon),
        backtest=None if results.backtest is None else results.backtest.summary(),
        notes=(*results.notes, *notes(*models)),
    )
    return page if value is None else _with_value(page, value)


def _with_value(page: ValuePage, value: Value) -> ValuePage:
    curve = value.lifetime.curve
    return replace(
        page,
        deciles=shown_deciles(value),
        decile_basis="spend in the past year",
        decile_note=f"Value is lifetime value over {value.lifetime.months} months. {NIL_NOTE}",
        tiers=shown_tiers(value),
        concentration=value.lorenz,
        value_curve=curve.assign(year=curve["months"] / 12)[["year", "p10", "p50", "p90"]],
    )


def provenance(results: Results, models: tuple[str, ...], made: datetime) -> Provenance:
    """Say where the page comes from."""
    plan = results.plan
    packages = (*_PACKAGES, *(_PACKAGES_OF_NUTS if isinstance(plan.setting, NUTS) else ()))
    return Provenance(
        source=plan.title,
        model=f"{' and '.join(models)}, {in_words(plan.setting)}",
        made=made,
        seed=plan.seed,
        versions=tuple((name, version(name)) for name in packages),
        first_date=results.transactions.first_date,
        last_date=results.transactions.last_date,
    )


def in_words(setting: Setting) -> str:
    """Name a setting for readers.

    >>> in_words(Laplace()), in_words(MAP())
    ('Laplace approximation, 4,000 draws', 'posterior mode')
    """
    match setting:
        case MAP():
            return "posterior mode"
        case Laplace(draws=draws):
            return f"Laplace approximation, {draws:,} draws"
        case NUTS(draws=draws, chains=chains):
            return f"NUTS, {chains} × {draws:,} draws"


def headline(results: Results) -> Headline:
    """Give the figures on top."""
    level = results.plan.level
    low, high = np.quantile(results.total, ((1 - level) / 2, (1 + level) / 2))
    months, worth = None, (None, None, None)
    if results.value is not None:
        months = results.plan.months
        p10, p50, p90 = np.quantile(results.value.lifetime.total.to_numpy(), (0.1, 0.5, 0.9))
        worth = (float(p10), float(p50), float(p90))
    return Headline(
        customers=len(results.scores),
        horizon=results.horizon,
        purchases=total_of(results.scores, "expected_purchases"),
        months=months,
        p10=worth[0],
        p50=worth[1],
        p90=worth[2],
        purchases_low=float(low),
        purchases_high=float(high),
        alive=total_of(results.scores, "alive"),
    )


def parameter_table(results: Results) -> pd.DataFrame:
    """Tabulate the parameters of the models: mean and, with more than one draw, an interval."""
    fits = [results.purchases, *([] if results.value is None else [results.value.spend])]
    draws: dict[str, Any] = {}
    for fit in fits:
        posterior = fit.posterior["posterior"]
        draws |= {str(name): posterior[str(name)].to_numpy().reshape(-1) for name in fit.params.index}
    table = interval_table(draws, results.plan.level)
    if isinstance(results.plan.setting, MAP):
        return table.drop(columns=["sd", "low", "high"])
    return table


def frequency_recency(fit: PurchaseFit, horizon: float) -> FrequencyRecency | None:
    """Ask the model about customers as old as the oldest, for every pair of frequency and recency.

    None where all customers are new.
    """
    cells = fit.cells
    oldest = float(cells.T.max())
    if oldest <= 0:
        return None
    # A whole number of units is easier to read; the oldest customer is but an example.
    age = float(max(1, round(oldest)))
    repeated = np.repeat(cells.frequency, cells.count.astype(np.int64))
    most = int(np.clip(np.quantile(repeated, 0.995), 5, 40))
    frequency = np.arange(most + 1)
    recency = np.linspace(0.0, age, _STEPS + 1)
    x, t_x = np.meshgrid(frequency, recency)
    possible = (x > 0) == (t_x > 0)
    points = pd.DataFrame(
        {
            "customer_id": np.arange(possible.sum()),
            "frequency": x[possible],
            "recency": t_x[possible],
            "T": age,
        }
    )
    asked = thinned(fit, _DRAWS).on(Customers.read(points, unit=fit.cells.unit))
    alive, purchases = np.full(x.shape, np.nan), np.full(x.shape, np.nan)
    alive[possible] = as_pandas(asked.alive())["alive"]
    purchases[possible] = as_pandas(asked.expected_purchases(horizon))["expected_purchases"]
    return FrequencyRecency(frequency, recency, age, alive, purchases, horizon)
