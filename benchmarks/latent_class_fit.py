"""Latent classes of 100,000 respondents × 20 five-point items, five classes, ten starts, beside StepMix.

Both maximise the same likelihood (nominal items, no pseudo-answers) on the same answers; what is timed is the fit
alone, and the memory is what the process takes beyond a fit of a few respondents, which loads and compiles what
there is. StepMix runs in an environment of its own. A second question is asked without a peer: one to eight
classes of 2,000 respondents, fifty starts each.
"""

import resource
import subprocess
import sys
from collections.abc import Mapping

import numpy as np
from measure import CACHE, HERE, Clock, main, measure, write

RESPONDENTS, ITEMS, POINTS, CLASSES, STARTS = 100_000, 20, 5, 5, 10
FEW = 2_000
CONCENTRATION = {"well": 1.5, "weakly": 8.0}
PEER = CACHE / "stepmix"


def simulate(separated: str, n: int) -> np.ndarray:
    """Codes 0 to 4 from classes with probabilities drawn from a Dirichlet distribution, the flatter the closer."""
    rng = np.random.default_rng(20260102)
    p = rng.dirichlet(np.full(POINTS, CONCENTRATION[separated]), (CLASSES, ITEMS))
    z = rng.choice(CLASSES, n, p=[0.3, 0.25, 0.2, 0.15, 0.1])
    below = (rng.random((n, ITEMS, 1)) >= np.cumsum(p[z], axis=2)[:, :, :-1]).sum(axis=2)
    return below.astype(np.int16)


def table(separated: str) -> str:
    CACHE.mkdir(exist_ok=True)
    path = CACHE / f"answers_{separated}.npy"
    if not path.exists():
        np.save(path, simulate(separated, RESPONDENTS))
    return str(path)


def peak() -> float:
    """Megabytes that this process has taken at most, so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def stepmix(path: str) -> Mapping[str, object]:
    from stepmix.stepmix import StepMix

    codes = np.load(path)
    options = {
        "measurement": "categorical",
        "abs_tol": 1e-10,
        "max_iter": 1000,
        "progress_bar": 0,
        "verbose": 0,
    }
    StepMix(n_components=2, n_init=1, random_state=1, **options).fit(codes[:FEW])
    before = peak()
    model = StepMix(n_components=CLASSES, n_init=STARTS, random_state=1, **options)
    with Clock() as clock:
        model.fit(codes)
    found = float(model.score(codes) * len(codes))
    return {**clock.seconds, "log_likelihood": found, "added_mb": peak() - before}


def _survey(codes: np.ndarray):
    import pandas as pd

    import segmodels as sg

    frame = pd.DataFrame(codes, columns=[f"q{j + 1}" for j in range(codes.shape[1])])
    items = [sg.Item(name, "nominal", tuple(range(POINTS))) for name in frame]
    return sg.Responses.read(frame, customer=None, items=items)


def ours(path: str) -> Mapping[str, object]:
    import segmodels as sg

    none = sg.BayesConstants.none()
    sg.LatentClass(2, constants=none, starts=sg.Starts(2, 1, 1000)).fit(
        _survey(np.load(path)[:FEW]), sg.MAP(), seed=1
    )
    answers = _survey(np.load(path))
    spec = sg.LatentClass(CLASSES, constants=none, starts=sg.Starts(random=STARTS, kept=STARTS))
    before = peak()
    with Clock() as clock:
        fit = spec.fit(answers, sg.MAP(), seed=1)
    optima = fit.optima.to_dict("list")
    return {
        **clock.seconds,
        "log_likelihood": fit.log_likelihood,
        "added_mb": peak() - before,
        "optima": optima,
    }


def sweep(separated: str) -> Mapping[str, object]:
    import segmodels as sg

    answers = _survey(simulate(separated, FEW))
    sg.LatentClass(2, starts=sg.Starts(2, 1)).fit(answers, sg.MAP(), seed=1)
    with Clock() as clock:
        fits = [
            sg.LatentClass(k, starts=sg.Starts(random=50, kept=10)).fit(answers, sg.MAP(), seed=1)
            for k in range(2, 9)
        ]
    return {**clock.seconds, "log_likelihood": [fit.log_likelihood for fit in fits]}


def peer() -> str:
    """Make the environment of the peer, once."""
    python = PEER / "bin" / "python"
    if not python.exists():
        uv = str(HERE.parent / ".uv" / "bin" / "uv")
        subprocess.run([uv, "venv", "-q", "--python", sys.executable, str(PEER)], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", str(python), "stepmix==3.0.0"], check=True)
    return str(python)


def drive() -> None:
    script, measured, findings = __file__, [], {}
    for separated in CONCENTRATION:
        path = table(separated)
        own = measure(script, "ours", path, name=f"segmodels, {separated} separated")
        other = measure(
            script, "stepmix", path, name=f"StepMix 3.0.0, {separated} separated", runs=1, python=peer()
        )
        measured += [own, other]
        ratio = (other.part_cpu or 0) / (own.part_cpu or 1)
        findings[f"CPU of StepMix's fit over ours, {separated} separated"] = f"{ratio:.0f}"
        gap = float(own.answer["log_likelihood"]) - float(other.answer["log_likelihood"])
        findings[f"our log-likelihood above StepMix's, {separated} separated"] = f"{gap:+.4f}"
        added = float(own.answer["added_mb"]) / max(float(other.answer["added_mb"]), 1e-9)
        findings[f"our added memory over StepMix's, {separated} separated"] = f"{added:.2f}"
    measured.append(measure(script, "sweep", "well", name="2 to 8 classes, n = 2,000, 50 starts"))
    findings["wall seconds of 2 to 8 classes, n = 2,000, 50 starts each"] = f"{measured[-1].part_wall:.1f}"
    title = "Latent classes, 100,000 respondents x 20 five-point items, 5 classes, 10 starts"
    write("latent_class_fit", title, measured, findings, ("numba", "scipy"))


if __name__ == "__main__":
    main({"ours": ours, "stepmix": stepmix, "sweep": sweep}, drive)
