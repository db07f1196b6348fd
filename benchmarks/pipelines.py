"""A pipeline of 50 command steps that do nothing, one after the other, on the server; beside it Metaflow, a linear flow of 20 such steps.

Ours: from the submission of the job until the client sees it completed; each step is a process of its own (`true`, through the shell,
as any command), everything is recorded durably (fsync), logs and outputs have their places. Metaflow: the whole command divided by its steps, its
own start included, as it comes; each step is a process of its own too. Both are warmed up by one run, then take turns.

Also told: what a step of ours costs whose program is Python (`python step.py`, from the warm environment).

`python benchmarks/pipelines.py` prints the rows.
"""

import os
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from measuring import Row, in_turn, table
from peers import install
from serving import FINAL, Rest, RunningServer, component, node, pipeline

STEPS = 50
PEER_STEPS = 20
RUNS = 3
PATIENCE = 300.0
METAFLOW = "metaflow==2.19.39"
LOOK = 0.1
"""Seconds between questions whether it is over: seldom, because answering takes from the machine what the steps could use."""


def measure() -> list[Row]:
    with tempfile.TemporaryDirectory() as folder, RunningServer(Path(folder) / "home") as server:
        ours = _Ours(Rest(server.home))
        try:
            peer = _Metaflow.installed(Path(folder))
            if peer is None:
                values, python = in_turn(RUNS, ours.shell, ours.python)
                return [Row("a no-op step of a pipeline (no peer could be installed)", "ms", values), Row(_PYTHON, "ms", python)]
            values, beside, python = in_turn(RUNS, ours.shell, peer.run, ours.python)
            own = Row(f"a no-op command step of a pipeline of {STEPS}", "ms", values, beside, "Metaflow, per step", goal=0.15)
            return [own, Row(_PYTHON, "ms", python, beside, "Metaflow, per step")]
        finally:
            ours.close()


_PYTHON = f"a no-op Python step of a pipeline of {STEPS}, warm environment"


class _Ours:
    def __init__(self, rest: Rest) -> None:
        self._rest = rest
        self._count = 0
        for name, line in (("shell", "true"), ("python", "python -c pass")):
            for number in range(STEPS):
                rest.put(f"components/{name}{number}/versions/1", component(line, ["before"] if number else []))
            self._run(name)

    def shell(self) -> float:
        return self._run("shell")

    def python(self) -> float:
        return self._run("python")

    def close(self) -> None:
        self._rest.close()

    def _run(self, name: str) -> float:
        """Milliseconds per step."""
        self._count += 1
        job = f"{name}-{self._count}"
        nodes: dict[str, Any] = {}
        for number in range(STEPS):
            needs = {"before": f"n{number - 1}"} if number else {}
            nodes[f"n{number}"] = node(f"{self._rest.workspace}/components/{name}{number}/versions/1", needs)
        never = threading.Event()
        began = time.perf_counter()
        self._rest.put(f"jobs/{job}", pipeline(nodes))
        while (status := self._rest.status(job)) not in FINAL:
            assert time.perf_counter() - began < PATIENCE, f"{job} is {status}"
            never.wait(LOOK)
        taken = time.perf_counter() - began
        assert status == "Completed", self._rest.get(f"jobs/{job}")
        return taken * 1000 / STEPS


class _Metaflow:
    """A linear flow in a folder of its own; its records are kept there too."""

    def __init__(self, python: Path, folder: Path) -> None:
        self._python, self._folder = python, folder / "metaflow"
        self._folder.mkdir()
        (self._folder / "flow.py").write_text(_flow())
        own = {
            "USERNAME": "bench",
            "METAFLOW_USER": "bench",
            "METAFLOW_HOME": str(self._folder),
            "METAFLOW_DATASTORE_SYSROOT_LOCAL": str(self._folder),
        }
        self._environ = dict(os.environ) | own | {"METAFLOW_DEFAULT_DATASTORE": "local", "METAFLOW_DEFAULT_METADATA": "local"}
        self.run()

    @classmethod
    def installed(cls, folder: Path) -> "_Metaflow | None":
        python = install("metaflow", METAFLOW)
        return cls(python, folder) if python is not None else None

    def run(self) -> float:
        """Milliseconds per step."""
        began = time.perf_counter()
        subprocess.run([str(self._python), "flow.py", "run"], cwd=self._folder, env=self._environ, check=True, capture_output=True)
        return (time.perf_counter() - began) * 1000 / PEER_STEPS


def _flow() -> str:
    names = ["start", *(f"step{number}" for number in range(1, PEER_STEPS - 1)), "end"]
    lines = ["from metaflow import FlowSpec, step", "", "", "class Flow(FlowSpec):"]
    for name, following in zip(names, [*names[1:], ""], strict=True):
        lines += ["    @step", f"    def {name}(self):", f"        self.next(self.{following})" if following else "        pass", ""]
    return "\n".join([*lines, "", "if __name__ == '__main__':", "    Flow()", ""])


if __name__ == "__main__":
    print(table(measure()))
