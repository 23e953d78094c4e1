"""Which past days a backtest starts from, and the backtest; or why there is none."""

import datetime as dt
from pathlib import Path

from segmodels.errors import InputError, NotConverged
from segmodels.evaluate.backtest import Backtest, backtest
from segmodels.inference.settings import Laplace
from segmodels.models.value.gamma_gamma import GammaGamma
from segmodels.project.plan import MODELS, Plan
from segmodels.report.tables import length
from segmodels.tables.summary import DAYS_PER
from segmodels.tables.transactions import Transactions

#: Models are fitted anew at every origin; so many draws are enough for intervals.
SETTING = Laplace(draws=1000)
_MOST = 3
_SHORTEST = 28


def origins(plan: Plan, transactions: Transactions) -> tuple[tuple[dt.date, ...], float]:
    """Choose the days to forecast from, and how far, in the unit of the plan; no days where the log is short.

    With a holdout: from its first day back, as far as the holdout is long. Without: as far as the longest
    horizon, or a third of the log. Origins are half a horizon apart, three at most, and none in the first
    fifth of the log.
    """
    first, last = transactions.first_date, transactions.last_date
    span = (last - first).days
    end = plan.holdout_end(transactions)
    if end is not None and plan.until is not None:
        latest, days = plan.until, (end - plan.until).days
    else:
        per = DAYS_PER[plan.unit]
        days = round(min(plan.ends[-1], span / 3 // per) * per)
        latest = last - dt.timedelta(days=days)
    if days < _SHORTEST:
        return (), 0.0
    candidates = [latest - dt.timedelta(days=k * days // 2) for k in range(_MOST)]
    kept = sorted(day for day in candidates if (day - first).days >= max(_SHORTEST, span / 5))
    return tuple(kept), days / DAYS_PER[plan.unit]


def run_backtest(
    plan: Plan, transactions: Transactions, cache: Path | None, *, spend: bool
) -> tuple[Backtest | None, tuple[str, ...]]:
    """Backtest the model of the plan, and MBG/NBD beside BG/NBD, against naive forecasts.

    Parameters
    ----------
    cache
        A folder that keeps finished forecasts, for a run that is started again.
    spend
        Whether to forecast spend, too.

    Returns
    -------
    backtest, notes
        No backtest, but a note why, where the log is too short or no model can be fitted to its early part.
    """
    days, horizon = origins(plan, transactions)
    if not days:
        return None, ("The log is too short for a backtest.",)
    names = dict.fromkeys((plan.model, "mbg-nbd") if plan.model == "bg-nbd" else (plan.model,))
    try:
        found = backtest(
            transactions,
            {MODELS[name].title: MODELS[name].spec() for name in names},
            SETTING,
            origins=days,
            horizon=horizon,
            seed=plan.seed,
            unit=plan.unit,
            spend=GammaGamma() if spend else None,
            contractual=plan.contractual,
            level=plan.level,
            cache=cache,
        )
    except (InputError, NotConverged) as error:
        return None, (f"There is no backtest, as the early part of the log could not be fitted: {error}",)
    from_days = ", ".join(str(day) for day in days)
    far = f"{length(horizon)} {plan.unit}s"
    return found, (f"The backtest forecasts {far} from {from_days}; models are fitted there by {SETTING}.",)
