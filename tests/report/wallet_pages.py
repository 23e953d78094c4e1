"""Pages on wallets made of made-up figures, for the tests that look at them."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from segmodels.evidence import Evidence
from segmodels.report.html import Provenance
from segmodels.report.wallet_notes import wallet_notes
from segmodels.report.wallet_page import WalletPage
from segmodels.report.wallet_parts import (
    AskPart,
    CalibrationPart,
    Estimate,
    GridPart,
    SegmentPart,
    SharePart,
    TippingPart,
    WalletHeadline,
)
from segmodels.segments.wallet.value_grid import CELLS, UNKNOWN
from segmodels.segments.wallet.whom_to_ask import UNDECIDED

DELTAS = (-0.5, -0.2, -0.1, 0.0, 0.1, 0.2, 0.5)


def ends(name, values, low=0.8, high=1.25):
    values = np.asarray(values, float)
    return {name: values, f"{name}_low": low * values, f"{name}_high": high * values}


def headline(name="Shop", answered=1_204):
    return WalletHeadline(
        customers=23_570,
        answered=answered,
        own=12.3e6,
        wallet=Estimate(48.1e6, 44.0e6, 53.2e6),
        share=Estimate(0.2516, 0.229, 0.276),
        headroom=Estimate(36.0e6, 31.8e6, 41.0e6),
        identified=21_000,
        extrapolated=2_100,
        not_identified=470,
        attainable=Estimate(9.12e6, 7.9e6, 10.8e6),
        own_not_identified=0.2e6,
        censored=17,
        rounded=233,
        window=name,
        category=name,
        assumptions=(name, "Those who answered are like the others of their segment and spend."),
    )


def grid_part(name="Shop"):
    count = np.array([4_010.0, 7_800.0, 5_230.0, 6_060.0, 470.0])
    cells = pd.DataFrame({"cell": [*CELLS, UNKNOWN], **ends("customers", count)}).assign(
        **ends("value", [5.8e6, 4.9e6, 0.9e6, 0.5e6, 0.2e6], 1, 1),
        **ends("headroom", [16.0e6, 3.1e6, 14.2e6, 2.7e6, np.nan]),
        **ends("attainable", [4.4e6, 0.6e6, 3.7e6, 0.4e6, np.nan]),
    )
    deciles = [*range(1, 11), "no spend"]
    bands = pd.DataFrame(
        [
            (decile, band)
            for decile in deciles
            for band in (name, "200 to 900", "900 to 2,500", "above 2,500")
        ],
        columns=["decile", "band"],
    )
    size = len(bands)
    bands = bands.assign(
        customers=np.linspace(900, 100, size), **ends("headroom", np.linspace(2e4, 2e6, size) % 7e5)
    )
    return GridPart(cells, 310.0, 800.0, name, "headroom", 6_402.0, 0.8, bands, 0.34)


def share_part(answers=400):
    own = np.geomspace(5, 9_000, 40)
    median = 0.12 + 0.5 * np.linspace(0, 1, 40)
    curve = pd.DataFrame({"own": own, "median": median, "low": median * 0.5, "high": 1 - (1 - median) * 0.6})
    rng = np.random.default_rng(3)
    spent = np.exp(rng.normal(5.5, 1.4, answers))
    known = np.clip(np.interp(spent, own, median) + rng.normal(0, 0.15, answers), 0.01, 1)
    zero = np.arange(answers) % 11 == 0
    frame = pd.DataFrame({"own": np.where(zero, 0, spent), "share": np.where(zero, 0, known)})
    return SharePart(curve, frame)


def segment_part(names):
    size = len(names)
    headroom = np.linspace(12e6, 1e6, size)
    table = pd.DataFrame({"segment": names, "customers": np.linspace(4_000, 500, size)}).assign(
        answered=np.linspace(300, 12, size),
        own=0.4 * headroom,
        **ends("wallet", 1.4 * headroom),
        **ends("share", np.linspace(0.15, 0.5, size), 0.9, 1.1),
        **ends("headroom", headroom),
        **ends("attainable", 0.25 * headroom),
        extrapolated=np.linspace(100, 400, size),
        extrapolated_share=0.08,
        not_identified=10,
        raw_headroom=1.2 * headroom,
        raw_share=np.linspace(0.2, 0.6, size),
    )
    total = table.drop(columns="segment").sum().to_frame().T.assign(share=0.25, raw_share=0.3)
    return SegmentPart(table, total)


def tipping_part(names, words="Shop"):
    base = np.linspace(12e6, 1e6, len(names))
    headroom = pd.DataFrame(
        [(name, d, c * (0.1 + 0.9 * np.exp(d))) for name, c in zip(names, base, strict=True) for d in DELTAS],
        columns=["segment", "delta", "headroom"],
    )
    at = np.where(np.arange(len(names)) % 2, np.nan, -0.18)
    points = pd.DataFrame({"segment": names, "threshold_delta": at, "rank_delta": 0.9, "words": words})
    return TippingPart(headroom, points)


def ask_part(names, name="Shop"):
    still = np.array([0.0, 310.0, 2_870.0])
    sizes = pd.DataFrame({"error": [0.1, 0.05, 0.02], "needed": still + 400, "still": still})
    # 15 by the quotas, in an order of their own, then the undecided by gain.
    reason = np.where(np.arange(45) < 15, name, UNDECIDED)
    whom = pd.DataFrame({"customer_id": [f"{name} {i}" for i in range(45)], "reason": reason})
    gain = [*np.linspace(5, 40, 15), *np.linspace(950, 12, 30)]
    quota = pd.DataFrame({"stratum": names, "customers": 900, "answered": 14, "ask": 40, "reason": name})
    text = (f"1,240 customers are undecided. {name}",)
    return AskPart(text, sizes.assign(simple=2 * still + 50), whom.assign(gain=gain), quota, error=0.05)


def make_wallet_page(name="Segment", currency="$", size=4, draft=""):
    """Make a page with every part; ``name`` wherever text can come from data."""
    names = [f"{draft}{name} {k}" for k in range(size)]
    nominal = np.array([0.5, 0.8, 0.9, 0.95])
    coverage = pd.DataFrame({"nominal": nominal, "actual": nominal - 0.02, "customers": 1_204})
    made = datetime(2026, 1, 31, 12, tzinfo=UTC)
    return WalletPage(
        title=name,
        provenance=Provenance(name, name, made, 7, ((name, "1.0"),)),
        headline=headline(name),
        currency=currency,
        grid=grid_part(name),
        share=share_part(),
        segments=segment_part(names),
        calibration=CalibrationPart(
            coverage.assign(low=nominal - 0.04, high=nominal + 0.01),
            pd.DataFrame({"pit": np.random.default_rng(1).uniform(size=1_204)}),
            name,
        ),
        tipping=tipping_part(names, name),
        ask=ask_part(names, name),
        evidence=(
            Evidence("Overlap", True, name),
            Evidence(name, False, "Do this.", pd.DataFrame({name: [0.4]})),
        ),
        audit=pd.DataFrame({"step": [name, "rows with an answer"], "rows": [23_570, 1_204]}),
        notes=(name, *wallet_notes()),
    )


def frontier_page():
    """Make a page of a model without answers, with no more than such a model has."""
    page = make_wallet_page()
    return replace(
        page,
        headline=replace(headline(answered=0), censored=0, rounded=0, anchored=True),
        share=replace(page.share, answers=None),
        calibration=None,
        tipping=None,
        ask=None,
        notes=wallet_notes(asked=False, anchored=True),
    )
