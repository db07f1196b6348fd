"""All benchmarks in one run, as one table: what was measured, what stands beside it, the goal, and whether it is met.

    python benchmarks/run.py            everything (some minutes)
    python benchmarks/run.py starting asking    only these
    python benchmarks/run.py --json FILE        the numbers too

`make bench` runs it. Peers are installed into `.bench/` when they are first wanted. Everything stays on this machine: a server of its own on
a free port, with a home that is thrown away. How to read the table is said in `README.md`.
"""

import argparse
import importlib
import json
import os
import platform
import sqlite3
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from measuring import Row, as_dict, table

PARTS = (
    "warm_steps",
    "pipelines",
    "designer",
    "bookkeeping",
    "starting",
    "asking",
    "store_commits",
    "scoring",
    "batch",
    "expressions",
    "control_flow",
    "drift",
)
REPEATED = 3
"""How often those are run that answer one median per call."""


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Measure, beside peers and floors, and print one table.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"any of: {', '.join(PARTS)} (all, when none is named)")
    parser.add_argument("--json", type=Path, help="a file for the numbers")
    chosen = parser.parse_args(words)
    unknown = set(chosen.parts) - set(PARTS)
    if unknown:
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are: {', '.join(PARTS)}")
    print(machine(), flush=True)
    rows: list[Row] = []
    for part in chosen.parts or PARTS:
        print(f"measuring {part} …", file=sys.stderr, flush=True)
        rows += _rows(part)
    print(table(rows))
    print(f"\nThe load of the machine was {os.getloadavg()[0]:.1f} at the end of it.")
    if chosen.json:
        chosen.json.write_text(json.dumps([as_dict(one) for one in rows], indent=1))
    missed = [one.what for one in rows if one.met() is False]
    if missed:
        print(f"Not met: {'; '.join(missed)}.")
    return 1 if missed else 0


def machine() -> str:
    """What the numbers were measured on."""
    model = next((line.split(":", 1)[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    memory = next((int(line.split()[1]) / (1 << 20) for line in _lines("/proc/meminfo") if line.startswith("MemTotal")), 0.0)
    versions = f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"{os.cpu_count()} cores ({model}), {memory:.0f} GiB, {versions}; load {os.getloadavg()[0]:.1f} at the start\n"


def _rows(part: str) -> list[Row]:
    measure: Callable[[], list[Any]] = importlib.import_module(part).measure
    understand = {"warm_steps": _warm_steps, "store_commits": _store_commits}.get(part)
    if understand is None:
        return measure()
    return understand([measure() for _ in range(REPEATED)])


def _warm_steps(runs: Sequence[Sequence[Mapping[str, Any]]]) -> list[Row]:
    fresh, fork, step = ([run[place]["milliseconds"] for run in runs] for place in range(3))
    what = "a pandas and scikit-learn step, warm environment"
    return [
        Row(what, "ms", step, fresh, "a fresh interpreter that imports them", goal=0.05),
        Row(what, "ms", step, fork, "the bare fork", goal=2.0),
    ]


def _store_commits(runs: Sequence[Sequence[Mapping[str, Any]]]) -> list[Row]:
    floor = [run[0]["microseconds"] / 1000 for run in runs]
    return [
        Row(str(first["what"]), "ms", [run[place]["microseconds"] / 1000 for run in runs], floor, "one synced SQLite commit")
        for place, first in enumerate(runs[0])
        if place > 0
    ]


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        return []


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
