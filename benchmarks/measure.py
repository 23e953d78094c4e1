"""The frame of the benchmarks: steps run in fresh processes, and their medians are written down.

A benchmark is a script with steps, functions that print nothing and return what can be written as JSON, and
a `drive` that measures them::

    main({"ours": ours, "peer": peer}, drive)

Without arguments the script drives; with the name of a step it runs that step. What is measured is the
process of the step from its start to its end (CPU is user + system time, of all threads) and, where the
step wraps its work in `Clock`, that part alone. No test calls a benchmark.
"""

import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median
from typing import Self

HERE = Path(__file__).parent
CACHE = HERE / ".cache"
RESULTS = HERE / "results"


class Clock:
    """CPU and wall seconds of a `with` block, as fields of a step's answer."""

    def __enter__(self) -> Self:
        self.wall, self.cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.cpu, self.wall = time.process_time() - self.cpu, time.perf_counter() - self.wall

    @property
    def seconds(self) -> dict[str, float]:
        return {"part_cpu": self.cpu, "part_wall": self.wall}


@dataclass(frozen=True)
class Measurement:
    """Medians over the runs of a step: seconds and megabytes; `answer` is that of the last run."""

    step: str
    runs: int
    wall: float
    cpu: float
    peak_mb: float
    part_wall: float | None = None
    part_cpu: float | None = None
    answer: Mapping[str, object] = field(default_factory=dict)


def measure(
    script: str | Path,
    step: str,
    *arguments: object,
    name: str | None = None,
    runs: int = 3,
    python: str | Path = sys.executable,
    environment: Mapping[str, str] | None = None,
) -> Measurement:
    """Run a step of a script in fresh processes, one after the other."""
    command = [str(python), str(script), step, *map(str, arguments)]
    samples = [_run(command, {**os.environ, **(environment or {})}) for _ in range(runs)]
    middle = {key: median(sample[key] for sample, _ in samples) for key in samples[0][0]}
    result = Measurement(step=name or step, runs=runs, answer=samples[-1][1], **middle)
    print(
        f"{result.step}: wall {result.wall:.2f} s, CPU {result.cpu:.2f} s, peak {result.peak_mb:.0f} MB",
        flush=True,
    )
    return result


def _run(
    command: Sequence[str], environment: Mapping[str, str]
) -> tuple[dict[str, float], dict[str, object]]:
    """Seconds and megabytes of one process, and the answer it printed last."""
    start = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, env=environment
    ) as process:
        printed = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    answer = json.loads(printed.decode().splitlines()[-1])
    parts = {key: answer.pop(key) for key in ("part_cpu", "part_wall") if key in answer}
    cpu = usage.ru_utime + usage.ru_stime
    return {"wall": wall, "cpu": cpu, "peak_mb": usage.ru_maxrss / 1024, **parts}, answer


def main(steps: Mapping[str, Callable[..., Mapping[str, object]]], drive: Callable[[], None]) -> None:
    """Run the step named on the command line, or drive them all."""
    if len(sys.argv) > 1:
        print(json.dumps(steps[sys.argv[1]](*sys.argv[2:])))
    else:
        drive()


def write(
    name: str,
    title: str,
    measurements: Sequence[Measurement],
    findings: Mapping[str, str],
    packages: Sequence[str] = (),
) -> None:
    """Write the measurements and what they show as `results/<name>.json` and `.md`."""
    RESULTS.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "system": platform.system(), "cores": os.cpu_count()}
    versions = {package: _version(package) for package in ("segmodels", "numpy", *packages)}
    everything = {
        "title": title,
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine,
        "versions": versions,
        "findings": dict(findings),
        "measurements": [asdict(measurement) for measurement in measurements],
    }
    (RESULTS / f"{name}.json").write_text(json.dumps(everything, indent=1) + "\n", encoding="utf-8")
    page = _page(title, {**machine, **versions}, measurements, findings)
    (RESULTS / f"{name}.md").write_text(page, encoding="utf-8")
    print(page)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _page(
    title: str, facts: Mapping[str, object], measurements: Sequence[Measurement], findings: Mapping[str, str]
) -> str:
    head = ["| step | runs | wall s | CPU s | peak MB | work alone: wall s | CPU s |", "|---|" + "---:|" * 6]
    rows = [
        f"| {m.step} | {m.runs} | {m.wall:.2f} | {m.cpu:.2f} | {m.peak_mb:.0f} "
        f"| {_text(m.part_wall)} | {_text(m.part_cpu)} |"
        for m in measurements
    ]
    found = [f"- {what}: **{value}**" for what, value in findings.items()]
    machine = ", ".join(f"{key} {value}" for key, value in facts.items())
    return "\n".join(
        [
            f"# {title}",
            "",
            *found,
            "",
            *head,
            *rows,
            "",
            f"Medians; {time.strftime('%Y-%m-%d')}; {machine}.",
            "",
        ]
    )


def _text(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.3f}"
