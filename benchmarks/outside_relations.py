"""How biased: classes related to an outcome and to a covariate, in the simulation of Bakk and Kuha (2018).

Three classes of six yes/no items, "likely" answers with a probability of .7, .8 or .9; an outcome with means
-1, 1 and 0 and variance 1, or a covariate uniform on 1..5 with slopes 0, -1 and 1. Every way starts from the
same `LatentClass` fit with its defaults; "one-step" puts the covariate, or the outcome as an item, into the
model itself.

    .uv/bin/uv run python benchmarks/outside_relations.py 50

writes `results/outside_relations.md` and `.json`; the number is that of simulated sets for each cell.
"""

import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment
from scipy.special import softmax

import segmodels as sg
from segmodels.segments.relate.classification_error import classify
from segmodels.segments.relate.figures import Estimator
from segmodels.segments.relate.of_fit import measure
from segmodels.segments.relate.relate import relate_measurement
from segmodels.segments.relate.structure import Structure

RESULTS = Path(__file__).parent / "results"
CELLS = [(0.7, 500), (0.8, 1000), (0.9, 2000)]
WAYS = [
    ("naive", "modal"),
    ("bch", "modal"),
    ("bch", "proportional"),
    ("ml", "modal"),
    ("ml", "proportional"),
    ("two-step", "modal"),
]
ITEMS = list("abcdef")
TRUTH = {"outcome": np.array([-1.0, 1.0, 0.0]), "covariate": np.array([0.0, -1.0, 1.0])}
STARTS = sg.Starts(random=20, kept=5)


def likely(separation):
    high = np.array([[1, 1, 0]] * 3 + [[1, 0, 0]] * 3, dtype=bool)
    return np.where(high, separation, 1 - separation)


def simulate(kind, separation, n, rng):
    """Items, and the outcome or covariate."""
    if kind == "outcome":
        classes = rng.integers(3, size=n)
        z = rng.normal(TRUTH[kind][classes])
    else:
        z = rng.integers(1, 6, size=n).astype(float)
        p = softmax(np.array([0.0, 2.34459467, -3.65540533]) + z[:, None] * TRUTH[kind], axis=1)
        classes = (rng.random(n)[:, None] > p.cumsum(axis=1)).sum(axis=1)
    items = (rng.random((n, 6)) < likely(separation).T[classes]).astype(int)
    return pd.DataFrame(items, columns=ITEMS).assign(z=z, customer_id=np.arange(n))


@dataclass(frozen=True, eq=False)
class UnitNormal:
    """A normal outcome whose variance within classes is known to be 1, as StepMix's script has it."""

    z: np.ndarray
    size: int = 1

    def log_density(self, theta):
        return -0.5 * (self.z[:, None] - theta[:, 0]) ** 2

    def scores(self, theta):
        return (self.z[:, None] - theta[:, 0])[:, :, None]

    def maximise(self, weights):
        return (self.z @ weights / weights.sum(axis=0))[:, None]

    def information(self, theta, weights):
        return weights.sum(axis=0)[:, None, None] * np.ones((len(theta), 1, 1))

    def figures(self, theta):
        return theta, np.ones((len(theta), 1, 1))

    def stuck(self, theta):
        return np.zeros(theta.shape, bool)


def by_truth(fit, separation):
    """The class of a fit that is each true one: the order whose item probabilities are nearest."""
    table = fit.profile()
    found = table[(table["category"] == "1") & table["item"].isin(ITEMS)].pivot_table(
        index="item", columns="class", values="probability"
    )[list(fit.names)]
    distance = ((found.to_numpy()[:, :, None] - likely(separation)[:, None, :]) ** 2).sum(axis=0)
    rows, columns = linear_sum_assignment(distance)
    return rows[np.argsort(columns)]


def slopes(frame, names, order):
    """Slopes and their errors in true order, the first class being the reference."""
    rows = frame.set_index("class").loc[[names[k] for k in order[1:]]]
    return np.append(0.0, rows["coefficient"]), np.append(0.0, rows["standard_error"])


def one_set(kind, separation, n, seed):
    """Estimates and standard errors of every way, each of shape (3,)."""
    frame = simulate(kind, separation, n, np.random.default_rng([2018, seed]))
    items = dict.fromkeys(ITEMS, "binary")
    read = sg.Responses.read(frame, customer="customer_id", items=items)
    fit = sg.LatentClass(3, starts=STARTS).fit(read, sg.MAP(), seed=seed)
    order, measurement = by_truth(fit, separation), measure(fit)
    outside, found = frame[["customer_id", "z"]], {}
    for method, assignment in WAYS:
        how = {"method": method, "assignment": assignment, "reference": fit.names[order[0]]}
        if kind == "outcome":
            means = relate_measurement(measurement, outcomes=outside, **how).outcomes
            found[f"{method}, {assignment}"] = (
                means["estimate"].to_numpy()[order],
                means["standard_error"].to_numpy()[order],
            )
        else:
            every = relate_measurement(measurement, covariates=outside, **how).coefficients
            found[f"{method}, {assignment}"] = slopes(every[every["covariate"] == "z"], fit.names, order)
    if kind == "outcome":
        for method in ("ml", "two-step"):
            found[f"{method}, variance known"] = known_variance(measurement, method, frame["z"], order)
    found["one-step"] = one_step(kind, separation, frame, seed)
    return found


def known_variance(measurement, method, z, order):
    classes = classify(measurement.posterior, np.ones(len(z)), "modal")
    structure = Structure(3, 0, np.ones((len(z), 1)), UnitNormal(z.to_numpy()))
    estimate, influence = Estimator(method, measurement, classes)(structure, np.ones(len(z), bool))
    return estimate.theta[2:][order], np.sqrt((influence[:, 2:] ** 2).sum(axis=0))[order]


def one_step(kind, separation, frame, seed):
    items = {**dict.fromkeys(ITEMS, "binary"), "z": "continuous"}
    read = sg.Responses.read(frame, customer="customer_id", items=items)
    covariates = ("z",) if kind == "covariate" else ()
    fit = sg.LatentClass(3, covariates=covariates, starts=STARTS).fit(read, sg.MAP(), seed=seed)
    order = by_truth(fit, separation)
    if kind == "outcome":
        means = fit.means().set_index("class").loc[list(fit.names)]
        return means["mean"].to_numpy()[order], means["standard_error"].to_numpy()[order]
    every = fit.coefficients(reference=fit.names[order[0]])
    return slopes(every[every["covariate"] == "z"], fit.names, order)


def summary(kind, separation, n, sets):
    """One row a way: bias away from zero, the bias of the largest as StepMix's script has it, RMSE, coverage."""
    truth, rows = TRUTH[kind], []
    free = slice(None) if kind == "outcome" else slice(1, None)
    for way in sets[0]:
        estimates = np.array([each[way][0] for each in sets])
        errors = np.array([each[way][1] for each in sets])
        away = ((estimates - truth) * np.sign(truth))[:, truth != 0]
        ranked = np.sort(estimates, axis=1)
        largest = ranked[:, 2] - (ranked[:, 1] if kind == "covariate" else 0) - 1
        covered = np.abs(estimates - truth)[:, free] < 1.96 * errors[:, free]
        rows.append(
            {
                "related": kind,
                "separation": separation,
                "n": n,
                "way": way,
                "sets": len(sets),
                "bias": away.mean(),
                "bias_error": away.mean(axis=1).std() / np.sqrt(len(sets)),
                "rmse": np.sqrt((away**2).mean()),
                "largest_bias": largest.mean(),
                "largest_rmse": np.sqrt((largest**2).mean()),
                "coverage": covered.mean(),
            }
        )
    return rows


def main(sets):
    rows, began = [], time.perf_counter()
    with ProcessPoolExecutor(2) as pool:
        for kind in ("outcome", "covariate"):
            for separation, n in CELLS:
                jobs = [pool.submit(one_set, kind, separation, n, seed) for seed in range(sets)]
                rows += summary(kind, separation, n, [job.result() for job in jobs])
                print(f"{kind} {separation} {n}: {time.perf_counter() - began:.0f} s", flush=True)
    write(pd.DataFrame(rows))


def write(table):
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "outside_relations.json").write_text(
        json.dumps(table.round(4).to_dict("records"), indent=1) + "\n", encoding="utf-8"
    )
    columns = ["bias", "bias_error", "rmse", "largest_bias", "largest_rmse", "coverage"]
    page = ["# Classes and the outside: bias in the simulation of Bakk and Kuha (2018)", ""]
    page += [
        "Bias: mean distance of the means -1 and 1, or the slopes -1 and 1, from the truth, away from zero",
        "positive, with its simulation error. Largest: the largest mean, or slope above the middle one, less 1,",
        "whatever its class. Coverage: of 95 per cent intervals, all figures together.",
    ]
    for (kind, separation, n), part in table.groupby(["related", "separation", "n"], sort=False):
        page += ["", f"## {kind}, separation {separation}, n = {n}, {part['sets'].iloc[0]} sets", ""]
        page += [f"| way | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
        page += [
            f"| {row['way']} | " + " | ".join(f"{row[name]:.2f}" for name in columns) + " |"
            for row in part.to_dict("records")
        ]
    text = "\n".join([*page, "", f"{time.strftime('%Y-%m-%d')}.", ""])
    (RESULTS / "outside_relations.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
