"""What commands answer: progress, messages, JSON, exit codes."""

import json
import re
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console

EXIT_CODES = """
Exit codes: 0 done; 1 done, and a check was not passed (only `check`); 2 input or options that can not be
used, with what to do; 3 the fit did not converge; 130 stopped by Ctrl-C (start again: finished fits are kept).
"""

#: What an argument that a remedy names is on the command line.
_OPTIONS = {
    "zero": "--zero keep or --zero drop",
    "negative": "--negative net or --negative drop",
    "contractual": "--allow-contractual",
    "date_format": "--date-format, such as --date-format %d/%m/%Y",
    "customer": "--customer",
    "date": "--date",
    "value": "--value",
    "table": "--table",
    "until": "--until",
    "unit": "--unit",
    "items": "--items",
    "codebook": "--codebook",
    "missing": "--missing, such as --missing 98,99, or by item --missing q1=99,q2=8|9",
    "base": "--base",
    "base_customer": "--base-customer",
    "features": "--features",
    "values": "--values",
    "weight": "--weight",
    "names": "--names",
    "survey": "--survey",
    "style": "--style",
    "random": "--starts",
}

errors = Console(stderr=True, highlight=False, soft_wrap=True)


@contextmanager
def progress(steps: int) -> Generator[Callable[[str], None]]:
    """Show a bar on stderr where it is a terminal, and nothing elsewhere."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description:<24}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("Start", total=steps)
        begun: list[str] = []

        def tell(step: str) -> None:
            bar.update(task, description=step, completed=len(begun))
            begun.append(step)

        yield tell


@contextmanager
def answering(*, as_json: bool) -> Generator[None]:
    """Turn the package's errors into messages and exit codes."""
    from segmodels.errors import Infeasible, InputError, NotConverged

    try:
        yield
    except (InputError, Infeasible) as error:
        faults = [vars(fault) for fault in getattr(error, "faults", ())]
        raise _failed(
            2, "The input can not be used", error, as_json=as_json, more={"faults": faults}
        ) from None
    except NotConverged as error:
        raise _failed(
            3, "The fit did not converge", error, as_json=as_json, more={"advice": error.advice}
        ) from None
    except KeyboardInterrupt:
        errors.print("Stopped. Finished fits are kept: the same command takes them up.")
        raise typer.Exit(130) from None


def _failed(code: int, what: str, error: Exception, *, as_json: bool, more: dict[str, Any]) -> typer.Exit:
    if as_json:
        print_json({"error": {"type": type(error).__name__, "message": str(error).strip()} | more})
    else:
        errors.print(f"[bold red]{what}.[/]", end=" ")
        errors.print(str(error), markup=False)
        remedies = " ".join(fault["remedy"] for fault in more.get("faults", ()))
        named = dict.fromkeys(re.findall(r"\b(\w+)=", remedies))
        options = [_OPTIONS[name] for name in named if name in _OPTIONS]
        if options:
            errors.print(f"On the command line: {'; '.join(options)}.", style="dim", markup=False)
    return typer.Exit(code)


def print_json(content: dict[str, Any]) -> None:
    """Write one JSON object to stdout."""
    from segmodels.project.folder import plain

    sys.stdout.write(json.dumps(plain(content), indent=2, allow_nan=False) + "\n")


def print_lines(text: tuple[str, ...]) -> None:
    """Write lines to stdout."""
    for line in text:
        typer.echo(line)
