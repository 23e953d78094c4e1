"""Latent class fits that outlive the run, and the choice of a number of classes from them."""

import json
import shutil
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from segmodels import __version__
from segmodels.evaluate.classes.choose import choose_classes
from segmodels.evaluate.classes.order import Progress
from segmodels.evidence import Evidence
from segmodels.inference.settings import MAP, Setting
from segmodels.inference.starts import Starts
from segmodels.models.needs.latent_class import LatentClass, LatentClassFit
from segmodels.project.folder import Folder, digest
from segmodels.project.needs_plan import LEAST_SCALES, STYLES, NeedsPlan
from segmodels.project.needs_read import Survey
from segmodels.tables.responses import Responses

NEEDS = "needs.nc"
NUMBERS = "class_numbers"
#: Where finished fits are kept until the run has finished.
CACHE = ".classes"


@dataclass(frozen=True, eq=False)
class Chosen:
    """A number of classes, the fit with it, and why.

    Parameters
    ----------
    fit
        Classes are named by their numbers.
    table
        One row a number, as of :class:`ClassChoice`.
    recommended
        The number that is recommended.
    reasons
        Why.
    tests
        Of numbers against the next.
    """

    fit: LatentClassFit
    table: pd.DataFrame
    recommended: int
    reasons: tuple[str, ...]
    tests: tuple[Evidence, ...]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Why this number, what the fit says of itself, and the tests."""
        taken, told = self.fit.n_classes, " ".join(self.reasons)
        text = f"{taken}. {told}"
        if taken != self.recommended:
            text = f"{taken} were asked for; {self.recommended} are recommended. {told}"
        return (Evidence("Number of classes", None, text, self.table), *self.fit.evidence, *self.tests)


@dataclass(frozen=True)
class KeptClasses:
    """A latent class model whose fits are kept in a folder, and taken up where they are there.

    Parameters
    ----------
    n_classes, starts
        As of the model, which is otherwise `spec`.
    spec
        The model.
    folder
        Of the files, one a fit, named by all that decides it.
    saving
        Held while a file is written or read, which netCDF does for one thread at a time.
    """

    n_classes: int
    starts: Starts
    spec: LatentClass
    folder: Path
    saving: Any = field(default_factory=Lock, compare=False, repr=False)

    def fit(self, responses: Responses, setting: Setting, *, seed: int) -> LatentClassFit:
        """Fit, or take up."""
        spec = replace(self.spec, n_classes=self.n_classes, starts=self.starts)
        path = self.folder / f"{key_of(responses, spec, setting, seed)}.nc"
        if path.is_file():
            with self.saving:
                return taken_up(path, responses)
        fit = spec.fit(responses, setting, seed=seed)
        with self.saving:
            fit.save(path)
        return fit


def style_of(plan: NeedsPlan, survey: Survey) -> tuple[Any, ...]:
    """Response styles to estimate with the classes."""
    if plan.style != "auto":
        return STYLES[plan.style]
    return STYLES["agreement"] if len(survey.scales) >= LEAST_SCALES else ()


def spec_of(plan: NeedsPlan, survey: Survey) -> LatentClass:
    """Make the model, with one class."""
    starts = Starts(random=plan.starts, kept=max(1, plan.starts // 5))
    return LatentClass(1, items=survey.indicators, style=style_of(plan, survey), starts=starts)


def choose(plan: NeedsPlan, survey: Survey, folder: Folder, progress: Progress) -> Chosen:
    """Fit each number of classes, and take one; or take up what the folder holds of this."""
    spec = spec_of(plan, survey)
    what = (plan.n_classes, plan.take, plan.test, plan.replicates, plan.folds, plan.questions)
    key = key_of(survey.responses, spec, plan.setting, plan.seed, what)
    held = _held(folder, key, survey.responses)
    if held is not None:
        return held
    cache = folder.path / CACHE
    cache.mkdir(exist_ok=True)
    several, saving = len(plan.n_classes) > 1, Lock()
    choice = choose_classes(
        lambda k: KeptClasses(k, spec.starts, spec, cache, saving),
        survey.responses,
        MAP(),
        plan.n_classes,
        seed=plan.seed,
        test=plan.test,
        replicates=plan.replicates,
        folds=plan.folds if several else 0,
        progress=progress,
    )
    best = choice.best if plan.take is None else plan.take
    fit: Any = choice.fits[best]
    if not isinstance(plan.setting, MAP):
        kept = KeptClasses(best, fit.spec.starts, fit.spec, cache)
        fit = kept.fit(survey.responses, plan.setting, seed=fit.seed)
    reasons = choice.reasons if several else ("The number was given.",)
    tests = tuple(test.evidence for test in choice.tests.values())
    found = Chosen(fit, choice.table, choice.best, reasons, tests)
    _keep(folder, key, found)
    return found


def without_style(plan: NeedsPlan, survey: Survey, chosen: Chosen, folder: Folder) -> LatentClassFit | None:
    """Fit as many classes without a response style, to compare; None where there is no style."""
    spec = chosen.fit.spec
    if not spec.style:
        return None
    cache = folder.path / CACHE
    cache.mkdir(exist_ok=True)
    plain = replace(spec, style=())
    return KeptClasses(spec.n_classes, spec.starts, plain, cache).fit(survey.responses, MAP(), seed=plan.seed)


def name_classes(fit: LatentClassFit, folder: Folder) -> None:
    """Write the fit with the names of its classes."""
    fit.save(folder.path / NEEDS)
    _whole(folder, folder.state["needs"])


def forget(folder: Folder) -> None:
    """Delete the fits that only a stopped run needs."""
    shutil.rmtree(folder.path / CACHE, ignore_errors=True)


def taken_up(path: Path, responses: Responses) -> LatentClassFit:
    """Load a fit together with the respondents that it was fitted to."""
    held = LatentClassFit.load(path)
    names = tuple(str(k + 1) for k in range(held.n_classes))
    return replace(held, problem=held.spec.problem(responses), responses=responses, fitted=True, names=names)


def key_of(responses: Responses, spec: LatentClass, setting: Setting, seed: int, more: Any = ()) -> str:
    """Name a fit by all that decides it: answers, weights, design, model, setting, seed, version."""
    what = [__version__, repr(spec), repr(spec.items), repr(setting), seed, repr(more)]
    summed = sha256(json.dumps(what).encode())
    summed.update(responses.codebook.restrict(spec.indicators(responses)).to_json().encode())
    arrays = [responses.answers[name] for name in spec.indicators(responses)]
    arrays += [responses.weight, responses.count]
    arrays += [each for each in (responses.strata, responses.cluster) if each is not None]
    for array in arrays:
        summed.update(np.ascontiguousarray(array).tobytes())
    return summed.hexdigest()


def _held(folder: Folder, key: str, responses: Responses) -> Chosen | None:
    known = folder.state.get("needs", {})
    table = folder.path / f"{NUMBERS}.parquet"
    sums = {NEEDS: digest(folder.path / NEEDS), table.name: digest(table)}
    if known.get("key") != key or known.get("sha256") != sums:
        return None
    folder.written.extend(sums)
    tests = tuple(Evidence(each["name"], each["passed"], each["text"]) for each in known["tests"])
    fit = taken_up(folder.path / NEEDS, responses)
    return Chosen(fit, pd.read_parquet(table), known["recommended"], tuple(known["reasons"]), tests)


def _keep(folder: Folder, key: str, found: Chosen) -> None:
    found.fit.save(folder.path / NEEDS)
    folder.table(NUMBERS, found.table)
    tests = [{"name": each.name, "passed": each.passed, "text": each.text} for each in found.tests]
    about = {"key": key, "recommended": found.recommended, "reasons": list(found.reasons), "tests": tests}
    _whole(folder, about)
    folder.written.append(NEEDS)


def _whole(folder: Folder, about: dict[str, Any]) -> None:
    """Remember what a fit is, and the digests of its files."""
    # netCDF is written by way of a temporary file, which only its owner may read.
    (folder.path / NEEDS).chmod(0o644)
    names = (NEEDS, f"{NUMBERS}.parquet")
    folder.remember(needs=about | {"sha256": {name: digest(folder.path / name) for name in names}})
