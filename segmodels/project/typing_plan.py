"""What is to be done about golden questions, as one frozen value; and the fit that it is about."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from segmodels.errors import Fault, InputError
from segmodels.models.needs.latent_class import LatentClassFit
from segmodels.project.folder import read_state
from segmodels.project.needs_fits import NEEDS
from segmodels.project.needs_plan import NeedsPlan
from segmodels.project.needs_read import read_responses
from segmodels.segments.typing_tool.objective import Objective
from segmodels.tables.codebook import Codebook
from segmodels.tables.responses import Responses

#: What the run on the survey was told, and holds for reading it again.
_REMEMBERED = ("customer", "weight", "strata", "cluster", "missing", "table")


@dataclass(frozen=True)
class TypingPlan:
    """Golden questions for the segments of a fit.

    Parameters
    ----------
    fitted
        Folder that a run on needs wrote, or its ``needs.nc``.
    seed
        Of folds and simulated answers.
    questions
        How many, or which.
    objective
        What they are best at, as of :func:`golden_questions`.
    values
        Worth of a person of each segment, by number or name.
    always
        Questions that are asked in any case.
    survey
        The survey that was fitted; None: no agreement and no cross-validation.
    number_rows
        Whether its respondents have no ids.
    told
        How it is read, where that differs from what the run on it was told: ``customer, weight, strata,
        cluster, missing, table``.
    folds
        Of the cross-validation; 0 leaves it out.

    Raises
    ------
    InputError
        With every fault of the settings.

    Examples
    --------
    >>> TypingPlan("needs", 1, questions=4, objective="value")
    Traceback (most recent call last):
        ...
    segmodels.errors.InputError: values: got none; expected a worth for each segment. Give values="1=9,2=8".
    """

    fitted: Any
    seed: int
    questions: int | tuple[str, ...] = 6
    objective: Objective = "accuracy"
    values: Mapping[str, float] = field(default_factory=dict[str, float])
    always: tuple[str, ...] = ()
    survey: Any = field(default=None, repr=False)
    number_rows: bool = False
    told: Mapping[str, Any] = field(default_factory=dict[str, Any])
    folds: int = 10

    def __post_init__(self) -> None:
        faults: list[Fault] = []
        if not self.questions:
            faults.append(Fault("questions", "none", "a number, or names", "Give 6, say."))
        if self.objective not in get_args(Objective):
            expected = ", ".join(get_args(Objective))
            faults.append(Fault("objective", repr(self.objective), expected, "Choose one."))
        if self.objective == "value" and not self.values:
            expected = "a worth for each segment"
            faults.append(Fault("values", "none", expected, 'Give values="1=9,2=8".'))
        if self.folds < 0 or self.folds == 1:
            faults.append(Fault("folds", str(self.folds), "0, or at least 2", "Give 10, say."))
        if self.seed < 0:
            faults.append(Fault("seed", str(self.seed), "a whole number of at least 0", "Give 1, say."))
        if self.survey is None and (self.told or self.number_rows):
            what = ", ".join(self.told) or "number_rows"
            faults.append(Fault("survey", f"none, but {what}", "the survey", "Give survey=."))
        if faults:
            raise InputError(faults)

    @property
    def path(self) -> Path:
        """Of the file that holds the fit."""
        given = Path(self.fitted)
        return given / NEEDS if given.is_dir() else given

    @property
    def remembered(self) -> dict[str, Any]:
        """What the run that wrote the fit was told; empty where that is not known."""
        found = read_state(self.path.parent).get("plan", {})
        return found if isinstance(found, dict) else {}

    def load(self) -> LatentClassFit:
        """Load the fit.

        Raises
        ------
        InputError
            Where there is none.
        """
        if not self.path.is_file():
            remedy = "Run `segmodels needs` first, and give its folder."
            raise InputError(Fault("fit", f"no file at {str(self.path)!r}", "a saved fit", remedy))
        try:
            return LatentClassFit.load(self.path)
        except OSError as error:
            got = f"{self.path.name}, which is no netCDF file"
            raise InputError(Fault("fit", got, "a saved fit", f"Give the folder, or its {NEEDS}.")) from error

    def values_by_name(self, names: tuple[str, ...]) -> dict[str, float]:
        """Give the worth of a person of each segment by its name.

        Raises
        ------
        InputError
            For numbers and names that no segment has.
        """
        numbers = {str(k + 1): name for k, name in enumerate(names)}
        found = {numbers.get(key, key): value for key, value in self.values.items()}
        if found and set(found) != set(names):
            got = ", ".join(self.values)
            expected = f"each of the segments 1 to {len(names)}: {', '.join(names)}"
            raise InputError(Fault("values", got, expected, 'Give values="1=120,2=80", say.'))
        return found

    def read(self, fit: LatentClassFit) -> Responses | None:
        """Read the survey under the items of the fit; None where there is none."""
        if self.survey is None:
            return None
        book = Codebook((*fit.problem.coding.items, *fit.problem.coding.numbers))
        before = {name: self.remembered[name] for name in _REMEMBERED if name in self.remembered}
        told = before | dict(self.told)
        told["missing"] = _of_items(told.get("missing", ()), book)
        if self.number_rows:
            told["customer"] = None
        return read_responses(NeedsPlan(self.survey, self.seed, codebook=book, **told), book)


def _of_items(missing: Any, book: Codebook) -> Any:
    """Keep the codes of items that are in a codebook; JSON has made lists of tuples."""
    if isinstance(missing, Mapping):
        return {name: tuple(codes) for name, codes in missing.items() if name in book}
    return tuple(missing)
