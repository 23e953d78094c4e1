"""Made-up pages on needs: every part, with names of our choice wherever text can come from data."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from segmodels.evidence import Evidence
from segmodels.report.needs_notes import needs_notes
from segmodels.report.needs_page import NeedsPage, Provenance
from segmodels.report.needs_parts import ClassNumber, NeedsHeadline, Outside, Typing, WholeBase
from segmodels.segments.draft_names import Trait
from segmodels.segments.personas import Persona, UnderservedNeed


def segment_names(name, size):
    return tuple(f"{name} {k}" for k in range(size))


def spread(values, low=0.9, high=1.1):
    return {"low": np.asarray(values) * low, "high": np.asarray(values) * high}


def profile_rows(names, items):
    """One row for each item, statistic and segment; items are (name, label, dimension, scale, categories)."""
    rows = []
    for number, (item, label, dimension, scale, categories) in enumerate(items):
        told = [("probability", text) for text in categories]
        told += [("top box", "")] if scale == "ordinal" else []
        told += [("mean", "")] if scale in ("ordinal", "continuous") else []
        for statistic, category in told:
            for k, segment in enumerate(names):
                share = 0.2 + 0.6 * ((number + k) % len(names)) / len(names)
                estimate, total = (share, 0.4) if statistic != "mean" else (10 * share, 4.0)
                rows.append(
                    {
                        "item": item,
                        "label": label,
                        "dimension": dimension,
                        "scale": scale,
                        "statistic": statistic,
                        "category": category,
                        "segment": segment,
                        "estimate": estimate,
                        "low": 0.9 * estimate,
                        "high": 1.1 * estimate,
                        "total": total,
                        "index": 100 * estimate / total,
                        "index_low": 90.0,
                        "index_high": 130.0,
                        "z": share - 0.4,
                        "q_value": 0.001 if abs(share - 0.4) > 0.1 else 0.3,
                    }
                )
    return pd.DataFrame(rows)


def survey_items(name):
    points = ("1", "2", "3", "4", "5")
    return [
        ("q1", f"How important: {name}", "benefit", "ordinal", points),
        ("q2", "How important: low prices", "benefit", "ordinal", points),
        ("q3", f"Source {name}", "decision_style", "nominal", (name, "friends", "tests")),
        ("q4", "Decides alone", "decision_style", "binary", ("no", "yes")),
        ("age", "Age", "profile", "continuous", ()),
    ]


def opportunity_rows(names, benefits):
    rows = [(benefit, segment) for benefit in benefits for segment in names]
    size = len(rows)
    importance, satisfaction = np.linspace(9.5, 2, size), np.linspace(2, 8, size)
    score = importance + np.maximum(importance - satisfaction, 0)
    frame = pd.DataFrame(rows, columns=["benefit", "segment"]).assign(
        importance=importance, satisfaction=satisfaction, opportunity=score, **spread(score)
    )
    money = np.linspace(5e5, 1e4, size)
    return frame.assign(
        band="solid",
        band_certainty=0.8,
        unmet_share=0.3,
        base=120.0,
        money=money,
        money_low=0.8 * money,
        money_high=1.2 * money,
    )


def persona(segment, name, k, share):
    trait = Trait(f"{name} trait", 0.62, 0.4, 155.0, above=True)
    below = Trait("low prices", 0.1, 0.4, 25.0, above=False)
    need = UnderservedNeed(name, "solid", 12.34, 11.0, 13.6, 38_600.0)
    facts = (Trait("higher age", -1.0, -2.0, float("nan"), above=True),)
    return Persona(
        segment, 100.0 * (k + 1), share, 1e6, share, (trait,), (below,), (need,), "bargain hunting", facts
    )


def of_segments(names, name):
    share = np.arange(len(names), 0, -1) / np.arange(1, len(names) + 1).sum()
    role = ("base expectation", "differential benefit", "tie-breaker", "neither")
    roles = pd.DataFrame({"label": [f"{name} {i}" for i in range(4)], "role": role}).assign(
        borderline=[True, False, False, True],
        **{f"stated{end}": 0.5 for end in ("", "_low", "_high")},
        **{f"lowest{end}": 0.4 for end in ("", "_low", "_high")},
        lowest_segment=names[0],
        **{f"eta2{end}": 0.123 for end in ("", "_low", "_high")},
        q_value=1e-9,
    )
    kano = pd.DataFrame({"feature": name, "segment": names, "category": "A", "clear": True, "better": 0.75})
    mean = np.linspace(-1, 1, len(names))
    price = pd.DataFrame(
        {"segment": names, "mean": mean, "low": mean - 0.2, "high": mean + 0.2, "side": name}
    )
    return {
        "personas": tuple(persona(each, name, k, float(share[k])) for k, each in enumerate(names)),
        "profile": profile_rows(names, survey_items(name)),
        "roles": roles,
        "roles_evidence": (Evidence(name, None, name),),
        "kano": kano,
        "opportunity": opportunity_rows(names, (name, "Low prices")),
        "price": price.assign(premium_share=0.3, between_share=0.4, bargain_share=0.3),
        "price_evidence": (Evidence("Alpha", True, name, pd.DataFrame({name: [0.7]})),),
    }


def outside(names, name):
    value = np.linspace(1, 2, len(names))
    means = pd.DataFrame(
        {"outcome": name, "category": "", "class": names, "estimate": value, **spread(value)}
    )
    shares = means.assign(outcome="used", category=name, estimate=0.25, low=0.2, high=0.3)
    odds = pd.DataFrame({"class": names[1:], "covariate": name, "category": name, "p": 0.01})
    return Outside(
        method=name,
        coefficients=odds.assign(odds_ratio=2.0, odds_ratio_low=1.5, odds_ratio_high=2.7),
        outcomes=pd.concat([means, shares], ignore_index=True),
        tests=pd.DataFrame(
            {"variable": [name, "tenure"], "role": "outcome", "wald": 54.44, "df": 6, "p": [1e-9, 0.4]}
        ),
        differences=pd.DataFrame({"variable": [name], "category": [""], "class": [names[0]]}).assign(
            other_class=names[1], difference=-1.5, standard_error=0.2, p=1e-9, p_holm=1e-8
        ),
        reference=names[0],
        evidence=(Evidence("Separation", True, name),),
    )


def typing(names, name):
    q = np.arange(1, 5)
    curve = pd.DataFrame(
        {"q": q, "accuracy": 1 - 0.5 / q, "standard_error": 0.01, "worst_recall": 1 - 0.8 / q}
    )
    numbers = pd.DataFrame(
        {
            "number": ["true accuracy", "ceiling", "agreement", "cross-validated agreement", "largest share"],
            "value": [0.866, 0.889, 0.931, 0.917, 0.348],
            "worst_segment": [names[0], names[0], names[0], names[0], ""],
            "worst_recall": [0.7, 0.75, 0.9, 0.85, np.nan],
            "of": name,
        }
    )
    joint = np.full((len(names), len(names)), 0.05) + np.eye(len(names)) * 0.2
    confusion = pd.DataFrame(joint, index=pd.Index(names), columns=pd.Index(names))
    return Typing(
        curve.assign(worst_segment=names[0], questions=[(name,)] * 4),
        (name, "I compare prices"),
        numbers,
        pd.DataFrame({"segment": names, "share": 0.3, "recall": 0.9, "precision": 0.8}),
        confusion,
        (Evidence("True accuracy", True, name),),
    )


def whole_base(names, name):
    customers = np.linspace(12_000, 3_000, len(names))
    sizes = pd.DataFrame({"segment": names, "customers": customers, **spread(customers)})
    value = pd.DataFrame({"segment": names, "value": 90 * customers, **spread(90 * customers)})
    lift = pd.DataFrame(
        [(each, tenth) for each in names for tenth in range(1, 4)], columns=["segment", "decile"]
    )
    verdict = Evidence("signal", False, f"No signal: {name}.")
    return WholeBase(
        verdict,
        sizes,
        value.assign(mean_value=90.0),
        lift.assign(respondents=60, predicted=0.5, observed=0.48, lift=2.1, captured=0.2),
        (Evidence("calibration", True, name),),
    )


def class_table():
    k = np.arange(1, 6)
    fit = (k - 3.0) ** 2
    return pd.DataFrame({"n_classes": k, "log_likelihood": -500.0 + k}).assign(
        BIC=1000 + fit,
        AIC3=990 + (k - 4.0) ** 2,
        ICL=1100 + fit,
        held_out=-9.1 + 0.1 * np.minimum(k, 3),
        held_out_se=0.05,
        relative_entropy=np.where(k == 1, np.nan, 0.8),
        accuracy=0.9,
        smallest_share=1 / (k + 1),
        bootstrap_p=np.where(k == 1, np.nan, 0.01),
        other=1.5,
    )


def make_needs_page(name="Segment", currency="$", size=3, draft=""):
    """Make a page with every part; ``name`` wherever text can come from data."""
    names = tuple(draft + each for each in segment_names(name, size))
    made = datetime(2026, 1, 31, 12, tzinfo=UTC)
    return NeedsPage(
        title=name,
        provenance=Provenance(name, name, made, 7, ((name, "1.0"),)),
        currency=currency,
        headline=NeedsHeadline(600.0, size, 3, 23_570),
        **of_segments(names, name),
        outside=outside(names, name),
        typing=typing(names, name),
        base=whole_base(names, name),
        classes=ClassNumber(class_table(), 3, (name,)),
        evidence=(Evidence("Best optimum replicated", True, name), Evidence("Boundary", False, name)),
        audit=pd.DataFrame({"step": [name, "respondents"], "rows": [650, 600]}),
        notes=(name, *needs_notes(response_style=True, stated=True, projected=True)),
    )
