"""What starting a pandas and scikit-learn step costs, beside a fresh interpreter and beside the bare fork of a warm process.

    fresh   a new interpreter that imports numpy, pandas and scikit-learn, and ends
    fork    a process that has imported them forks; the child ends at once; the parent waits for it: the floor of a warm start
    step    our step: from `place.start` until its outcome is seen. Its script imports them; the environment is warm. The order is
            written, a guest is made, the script is copied, forked and run, its log and artifacts are laid out, and its outcome is on the disk

The three take turns in one loop; medians are compared. `python benchmarks/warm_steps.py [folder]` prints a table.
"""

import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from azurine.compute.contract import Sighting, Task
from azurine.compute.processes import LocalPlace
from azurine.guest import warming
from azurine.model.states import is_final

ROUNDS = 30
FRESH_ROUNDS = 5
IMPORTS = "import numpy, pandas, sklearn"
FLOOR = f"""
import os, sys, time
{IMPORTS}
for _ in sys.stdin:
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    print(time.perf_counter() - began, flush=True)
"""


def measure(folder: Path | None = None) -> list[dict[str, Any]]:
    """Rows of {"what", "milliseconds", "to_fresh", "to_fork", "goal"}."""
    with tempfile.TemporaryDirectory(dir=folder) as home, Floor() as floor, closing(_Steps(Path(home))) as steps:
        fresh, fork, step, phases = _in_turn(floor.fork, steps.run)

    def row(what: str, seconds: float, goal: str = "") -> dict[str, Any]:
        ratios = {"to_fresh": round(seconds / fresh, 4), "to_fork": round(seconds / fork, 2)}
        return {"what": what, "milliseconds": round(seconds * 1e3, 2), **ratios, "goal": goal}

    return [
        row("fresh interpreter, imports numpy, pandas, sklearn", fresh),
        row("bare fork of a process that has them imported", fork),
        row("our warm step, start to outcome seen", step, "≤ 0.05 fresh, ≤ 2 forks"),
        *(row(f"  of it: {name}", seconds) for name, seconds in phases.items()),
    ]


def _in_turn(fork: Callable[[], float], step: Callable[[], tuple[float, dict[str, float]]]) -> tuple[float, float, float, dict[str, float]]:
    """Medians, in seconds."""
    fresh, forks, steps, phases = [], [], [], []
    for number in range(ROUNDS):
        if number % (ROUNDS // FRESH_ROUNDS) == 0:
            fresh.append(_fresh())
        forks.append(fork())
        seconds, parts = step()
        steps.append(seconds)
        phases.append(parts)
    middle = statistics.median
    return middle(fresh), middle(forks), middle(steps), {name: middle(one[name] for one in phases) for name in phases[0]}


def _fresh() -> float:
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", IMPORTS], check=True)
    return time.perf_counter() - began


class Floor:
    """The process whose forks are the floor."""

    def __enter__(self) -> "Floor":
        self._process = subprocess.Popen([sys.executable, "-c", FLOOR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.fork()  # the first is slower: libraries take their threads down
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()

    def fork(self) -> float:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()
        return float(self._process.stdout.readline())


class _Steps:
    """A place with a warm environment, and steps one after the other."""

    def __init__(self, home: Path) -> None:
        self._home, self._count, self._over = home, 0, threading.Event()
        self._seen: Sighting | None = None
        self._code = home / "code"
        self._code.mkdir()
        (self._code / "train.py").write_text(f"{IMPORTS}\nprint('done')\n")
        self._place = LocalPlace(home, 2, self._watch)
        warming.start(home / "warm", sys.executable, warming.NUMBERS, wait=True)
        self.run()

    def run(self) -> tuple[float, dict[str, float]]:
        self._count += 1
        key = f"step{self._count}"
        order = {
            "run": key,
            "command": "python train.py",
            "code": str(self._code),
            "python": sys.executable,
            "warm": True,
            "artifacts": str(self._home / "artifacts" / key),
        }
        self._over.clear()
        began = time.perf_counter()
        self._place.start(Task(key, self._home / "tasks" / key, order))
        assert self._over.wait(60)
        seconds = time.perf_counter() - began
        assert self._seen is not None and self._seen.output is not None and self._seen.output["exit_code"] == 0, self._seen
        phases = dict(self._seen.output["phases"])
        return seconds, phases | {"outside the guest": seconds - sum(phases.values())}

    def close(self) -> None:
        self._place.close()

    def _watch(self, _: str, seen: Sighting) -> None:
        if is_final(seen.state):
            self._seen = seen
            self._over.set()


def main() -> None:
    rows = measure(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    print(f"{'':52} {'ms':>9} {'/ fresh':>8} {'/ fork':>8}  goal")
    for row in rows:
        print(f"{row['what']:52} {row['milliseconds']:>9.2f} {row['to_fresh']:>8.4f} {row['to_fork']:>8.2f}  {row['goal']}")


if __name__ == "__main__":
    main()
