"""The workshop's data preparation as a graph of eight library components, through the server, beside the same work by hand.

Ours: from the submission of the pipeline until the client sees it completed: eight jobs with their logs and states, recorded durably, the
CSV files read from a datastore and written to it. By hand (`by_hand`): a process of its own for each run, of which only the work counts,
not the import of the tool. Everybody is warmed up by one run, then all take turns, and each writes to where nothing is yet. The client looks
not until half of the time has passed that the run before took: two cores are all that there is, and each look takes of them.

What is compared with "polars" gives the same files byte for byte, rows in the same order; the plan without a promise of order is shown
too, without a goal. The memory is that of the graph's program, run once more by itself, beside the process by hand.

`python benchmarks/designer.py [rows …]` prints the rows.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import by_hand
from measuring import REPOSITORY, Row, in_turn, table
from serving import FINAL, Rest, RunningServer, pipeline, wait_until

from azurine.guest import warming

SIZES = (10_000, 1_000_000, 10_000_000)
RUNS, RUNS_OF_MANY = 5, 1
MANY = 5_000_000
LOOK, WAIT = 0.01, 0.5
"""Seconds between looks, and how much of what the run before took passes until the first one."""
PATIENCE = 600.0
STORE = "azureml://datastores/workspaceblobstore/paths/bench"
TOOLS = {"polars": 1.2, "polars_any_order": None, "pandas": 0.15, "duckdb": None, "sqlite": None}
"""By hand, and the most that ours may take of it, from a million patients on."""
MADE = ("joined.csv", "most.csv")
QUICK = 0.5
"""Seconds for ten thousand."""


def measure(sizes: Sequence[int] = SIZES) -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, RunningServer(Path(folder) / "home") as server:
        ours = _Ours(server.home)
        try:
            for count in sizes:
                rows += _measured(count, ours, Path(folder) / "by-hand")
        finally:
            ours.close()
    return rows


def _measured(count: int, ours: "_Ours", folder: Path) -> list[Row]:
    _write(count, ours.folder)
    shutil.copytree(ours.folder, folder, dirs_exist_ok=True)
    tools = [name for name in TOOLS if name != "sqlite" or shutil.which("sqlite3")]
    held: dict[str, list[float]] = {name: [] for name in tools}
    by_tool: list[Callable[[], float]] = [partial(_by_hand, name, folder, held) for name in tools]
    ours.warm_up()
    values, *beside = in_turn(RUNS_OF_MANY if count > MANY else RUNS, ours.run, *by_tool)
    _same(ours.folder, folder)
    what = f"data prep of {count:,} patients, submitted to finished"
    rows = [
        Row(what, "s", values, taken, f"by hand, {name}", goal=TOOLS[name] if count >= 1_000_000 else None)
        for name, taken in zip(tools, beside, strict=True)
    ]
    if count < 1_000_000:
        rows.insert(0, Row(what, "s", values, goal=QUICK))
    return [*rows, Row(f"data prep of {count:,} patients, memory", "MB", [ours.megabytes()], held["polars"][:1], "by hand, polars", goal=1.0)]


def _write(count: int, folder: Path) -> None:
    import polars

    from azurine import patients

    drawn = patients.write(folder / "drawn.csv", count)
    frame = polars.scan_csv(drawn).with_row_index("Id", 1)
    frame.select("Id", "PatientID", "Age").sink_csv(folder / "ages.csv")
    frame.select("Id", "PatientID", *by_hand.LEVELS).sink_csv(folder / "levels.csv")
    drawn.unlink()


def _by_hand(name: str, folder: Path, held: dict[str, list[float]]) -> float:
    _clear(folder)
    program = Path(by_hand.__file__)
    said = json.loads(subprocess.run([sys.executable, str(program), name, str(folder)], check=True, capture_output=True, text=True).stdout)
    if name == "polars":
        for made in MADE:
            (folder / made).rename(folder / f"polars-{made}")
    held[name].append(float(said["megabytes"]))
    return float(said["seconds"])


def _clear(folder: Path) -> None:
    """What an earlier run wrote: to replace a large file takes longer than to make one."""
    for made in MADE:
        (folder / made).unlink(missing_ok=True)


def _same(ours: Path, folder: Path) -> None:
    """A comparison of different work would say nothing."""
    for made in MADE:
        subprocess.run(["cmp", str(ours / "out" / made), str(folder / f"polars-{made}")], check=True)


class _Ours:
    def __init__(self, home: Path) -> None:
        self._home = home
        self._rest = Rest(home)
        self._count = 0
        self._took = 0.0
        container = self._rest.get("datastores/workspaceblobstore")["properties"]
        self.folder = home / "storage" / str(container["accountName"]) / str(container["containerName"]) / "bench"
        self.folder.mkdir(parents=True)

    def warm_up(self) -> None:
        """One run, after which the warm process for graphs is there: it takes a moment to be made."""
        self.run()
        wait_until(lambda: any(not one.name.startswith("nursery") for one in (self._home / "warm").glob("*.sock")), PATIENCE, "nothing is warm")

    def run(self) -> float:
        """Seconds."""
        self._count += 1
        job, body = f"prep-{self._count}", pipeline({name: _node(*one) for name, one in graph().items()})
        never = threading.Event()
        _clear(self.folder / "out")
        began = time.perf_counter()
        self._rest.put(f"jobs/{job}", body)
        never.wait(self._took * WAIT)
        while (status := self._rest.status(job)) not in FINAL:
            assert time.perf_counter() - began < PATIENCE, f"{job} is {status}"
            never.wait(LOOK)
        self._took = time.perf_counter() - began
        assert status == "Completed", f"{job} is {status}: {self._rest.get(f'jobs/{job}')['properties'].get('error')}"
        return self._took

    def megabytes(self) -> float:
        """The most that the graph's program holds, run by itself."""
        with tempfile.TemporaryDirectory() as scratch:
            places = {f"{STORE}/{name}": str(self.folder / name) for name in ("ages.csv", "levels.csv", "out/joined.csv", "out/most.csv")}
            nodes = [_told(name, *one, places, Path(scratch)) for name, one in graph().items()]
            plan = {"nodes": nodes, "scratch": f"{scratch}/scratch", "journal": f"{scratch}/told", "halt": True}
            (Path(scratch) / "graph.json").write_text(json.dumps(plan))
            environ = {**warming.ALLOCATION, **os.environ}
            program = [sys.executable, str(Path(__file__).with_name("held_by_graph.py")), f"{scratch}/graph.json"]
            said = subprocess.run(program, cwd=REPOSITORY, env=environ, check=True, capture_output=True, text=True)
            return float(said.stdout.splitlines()[-1])

    def close(self) -> None:
        self._rest.close()


One = tuple[str, dict[str, str], dict[str, tuple[str, str]]]
"""Component, parameters, and where its inputs come from."""


def graph() -> dict[str, One]:
    keys = {f"join_key_columns_for_{side}_dataset": "PatientID" for side in ("left", "right")}
    edges = ",".join(map(str, by_hand.EDGES))
    bins = {"binning_mode": "Custom Edges", "columns_to_bin": "Age", "comma_separated_list_of_bin_edges": edges}
    sides = {"left_dataset": ("bins", "quantized_dataset"), "right_dataset": ("levels", "results_dataset")}
    query = {"sql_query_script": "SELECT PatientID, MAX(BMI) FROM t1 GROUP BY PatientID"}
    return {
        "ages": ("import_data", {"datastore_path": f"{STORE}/ages.csv"}, {}),
        "levels": ("import_data", {"datastore_path": f"{STORE}/levels.csv"}, {}),
        "bins": ("group_data_into_bins", bins, {"dataset": ("ages", "results_dataset")}),
        "join": ("join_data", keys, sides),
        "choose": ("select_columns_in_dataset", {"select_columns": ", ".join(by_hand.COLUMNS)}, {"dataset": ("join", "results_dataset")}),
        "keep": ("export_data", {"datastore_path": f"{STORE}/out/joined.csv"}, {"dataset": ("choose", "results_dataset")}),
        "most": ("apply_sql_transformation", query, {"t1": ("join", "results_dataset")}),
        "keep_most": ("export_data", {"datastore_path": f"{STORE}/out/most.csv"}, {"dataset": ("most", "results_dataset")}),
    }


def _node(component: str, given: dict[str, str], needs: dict[str, tuple[str, str]]) -> dict[str, Any]:
    inputs = given | {port: f"${{{{parent.jobs.{node}.outputs.{made}}}}}" for port, (node, made) in needs.items()}
    said = {port: {"job_input_type": "literal", "value": value} for port, value in inputs.items()}
    return {"type": "command", "componentId": f"azureml://registries/azureml/components/{component}/versions/1", "inputs": said}


def _told(
    name: str, component: str, given: dict[str, str], needs: dict[str, tuple[str, str]], places: dict[str, str], scratch: Path
) -> dict[str, Any]:
    """As the guest would lay it out."""
    handed = {port: {"node": node, "port": made} for port, (node, made) in needs.items()}
    own = {"name": name, "component": component, "parameters": given, "inputs": handed, "outputs": {}, "spare": {}}
    return {**own, "places": places, "problems": {}, "variables": {}, "log": str(scratch / f"{name}.txt")}


if __name__ == "__main__":
    print(table(measure([int(one) for one in sys.argv[1:]] or SIZES)))
