"""Made-up pages: one with every section, one with none."""

from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
import pytest

from segmodels.evidence import Evidence
from segmodels.report.notes import notes
from segmodels.report.page import Headline, Provenance, ValuePage
from segmodels.report.plots.frequency_recency import FrequencyRecency
from segmodels.report.plots.lorenz import Concentration

NASTY = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028%{x}&amp;\"'"


def tracked():
    """Twelve weeks, of which the last six have an interval."""
    weeks = np.arange(1, 13)
    later = weeks > 6
    return pd.DataFrame(
        {
            "period": weeks,
            "date": pd.Timestamp("1997-01-07") + pd.to_timedelta(7 * weeks, "D"),
            "actual": 10 + weeks % 3,
            "expected": np.full(12, 10.5),
            "low": np.where(later, 7.0, np.nan),
            "high": np.where(later, 14.0, np.nan),
            "cumulative_low": np.where(later, 9.5 * weeks, np.nan),
            "cumulative_high": np.where(later, 11.5 * weeks, np.nan),
        }
    )


def pair(label, name, **columns):
    """Make a frame of two rows, the first one called ``name``."""
    return pd.DataFrame({label: [name, "other"]} | {key: list(values) for key, values in columns.items()})


def of_fit(name):
    """Fill the fields on the data and the fit."""
    five = np.linspace(0, 1, 15).reshape(5, 3)
    return {
        "audit": pair("step", name, rows=(6919, 6696), customers=(2357, 2357), value=(9.5, 9.0)),
        "parameters": pair(
            "parameter", name, segment=(name, "b"), mean=(0.24, 4.4), low=(0.2, 4.0), high=(0.3, 5.0)
        ),
        "evidence": (
            Evidence(name, True, name, pd.DataFrame({name: [name], "k_hat": [0.4]})),
            Evidence("A check that failed", False, "So do this."),
            Evidence("A remark", None, "So it is."),
        ),
        "tracking": tracked(),
        "calibration_end": date(1997, 2, 18),
        "frequency": pair(
            "purchases", name, actual=(60, 40), expected=(58.2, 41.8), low=(50, 35), high=(66, 48)
        ),
        "grid": FrequencyRecency(np.arange(3), np.linspace(0, 39, 5), 39.0, five, 5 * five, 39.0),
    }


def of_value(name):
    """Fill the fields on what customers are worth."""
    money = {"customers": (5, 5), "value": (90.4, 10.4)}
    curve = pd.DataFrame({"share_of_customers": [0.0, 0.8, 0.9, 1.0], "share_of_value": [0.0, 0.4, 0.6, 1.0]})
    years = pd.DataFrame({"year": [1, 2, 3], "p50": [9.0, 13.0, 16.0]})
    return {
        "deciles": pair("decile", name, **money, low=(80.0, 5.0), high=(99.0, 20.0), actual=(70.0, 30.0)),
        "decile_basis": name,
        "tiers": pair(
            "tier", name, **money, p10=(80, 5), p90=(99, 20), revenue=(55, 45), probability=(0.8, 0.95)
        ),
        "concentration": Concentration(curve, 0.55, 0.4, 0.6),
        "value_curve": years.assign(p10=years["p50"] * 0.8, p90=years["p50"] * 1.2),
        "backtest": pair("method", name, bias=(-0.12, 0.56), mae=(0.79, 1.02)).assign(**{name: ["x", name]}),
    }


def make_page(name="Shop", currency="$"):
    """Make a page with every section, ``name`` wherever text can come from data."""
    made = datetime(2026, 1, 31, 12, tzinfo=UTC)
    return ValuePage(
        title=name,
        provenance=Provenance(name, name, made, 7, ((name, "1.0"),), date(1997, 1, 1), date(1998, 6, 30)),
        currency=currency,
        headline=Headline(2357, 39.0, 1653.4, 36, 121_000.0, 147_000.0, 178_000.0, 1556.0, 1794.0, 1917.0),
        notes=(name, *notes("BG/NBD", "Gamma–Gamma")),
        **of_fit(name),
        **of_value(name),
    )


@pytest.fixture
def full_page():
    return make_page()


@pytest.fixture
def nasty_page():
    return make_page(NASTY, NASTY)


@pytest.fixture
def bare_page():
    return ValuePage("Shop", Provenance("log.csv", "BG/NBD", datetime(2026, 1, 31, tzinfo=UTC), 7))
