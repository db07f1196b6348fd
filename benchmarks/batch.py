"""Batch scoring beside its peers: tables of patients with a model, and thousands of small files with a script.

    linear      a logistic regression behind a scaler, registered without a script; Parquet in, Parquet out (PatientID, prediction)
    forest      a random forest, likewise: any model of scikit-learn that takes rows one by one
    files       10,000 CSV files of one row, 100 in a mini-batch, an opaque script (genfromtxt and predict for each file), two processes

Ours is the whole share of one instance, from the moment it is started until its outcome is seen: list the input, fork two processes from the
warm environment, load model or script, predict, write, gather, report. Of the peers only the work counts, without their imports, and they
have no retries, journal, logs or reports. They take turns.

`python benchmarks/batch.py` prints a table.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import threading
from contextlib import closing, suppress
from pathlib import Path
from time import perf_counter
from typing import Any

from measuring import Row, table

from azurine.compute import tasks
from azurine.compute.contract import Sighting, Task
from azurine.compute.processes import LocalPlace
from azurine.guest import warming
from azurine.model.states import is_final

ROWS, FILES = 10_000_000, 10_000
FOREST_ROWS = 2_000_000
RUNS = 3
PEERS = Path(__file__).with_name("batch_peers.py")
SCRIPT = """
import os
import numpy as np
import joblib

def init():
    global model
    model = joblib.load({model!r})

def run(mini_batch):
    results = []
    for file in mini_batch:
        data = np.genfromtxt(file, delimiter=",")
        results.append("{{}}: {{}}".format(os.path.basename(file), model.predict(data.reshape(1, -1))[0]))
    return results
"""


def measure(folder: Path | None = None) -> list[Row]:
    with tempfile.TemporaryDirectory(dir=folder) as place, closing(Shares(Path(place) / "home")) as shares:
        home = Path(place)
        made = prepared(home)
        return [*_linear(home, shares, made), *_forest(home, shares, made), *_files(home, shares, made)]


def _linear(home: Path, shares: "Shares", made: dict[str, str]) -> list[Row]:
    ours, pyfunc, dask, floor = _in_turn(
        lambda: shares.table(made["linear"], made["table"]),
        lambda: peer("pyfunc", made["linear"], made["table"], home / "pyfunc.parquet"),
        lambda: peer("dask", made["linear"], made["table"], home / "dask"),
        lambda: peer("floor", made["table"], home / "floor.parquet"),
    )
    _agree(home / "pyfunc.parquet", shares.last)
    many = [shares.table(made["linear"], made["many"]) for _ in range(RUNS)]
    rate = [ROWS / one["seconds"] / 1e6 for one in ours]
    best = [max(ROWS / one["seconds"], ROWS / other["seconds"]) / 1e6 for one, other in zip(pyfunc, dask, strict=True)]
    what = "a linear model"
    return [
        Row(what, "million rows/s", rate, best, "the better of mlflow pyfunc and Dask", goal=2.5, at_least=True),
        Row(f"{what}, whole share", "s", _of(ours, "seconds"), _of(floor, "seconds"), "read all, write two columns (polars)", goal=1.3),
        Row(f"{what}, peak", "MB", _of(ours, "megabytes"), _of(pyfunc, "megabytes"), "mlflow pyfunc", goal=0.6),
        Row(f"{what}, memory of its own for twice the rows", "MB", _of(many, "own"), _of(ours, "own"), "ten million rows", goal=1.15),
    ]


def _forest(home: Path, shares: "Shares", made: dict[str, str]) -> list[Row]:
    ours, pyfunc = _in_turn(
        lambda: shares.table(made["forest"], made["small"]),
        lambda: peer("pyfunc", made["forest"], made["small"], home / "forest.parquet"),
    )
    _agree(home / "forest.parquet", shares.last)
    return [Row("any scikit-learn model (a forest)", "s", _of(ours, "seconds"), _of(pyfunc, "seconds"), "mlflow pyfunc", goal=0.9)]


def _files(home: Path, shares: "Shares", made: dict[str, str]) -> list[Row]:
    ours, pool = _in_turn(
        lambda: shares.files(made["script"], made["files"]), lambda: peer("pool", str(Path(made["script"]) / "score.py"), made["files"])
    )
    assert sorted(Path(shares.last).read_text().splitlines()) == sorted(Path(f"{made['files']}.out").read_text().splitlines())
    what = "10,000 one-row CSV files, mini-batches of 100, a script"
    return [
        Row(what, "s", _of(ours, "seconds"), _of(pool, "seconds"), "multiprocessing.Pool(2)", goal=0.65),
        Row(f"{what}, peak", "MB", _of(ours, "megabytes"), _of(pool, "megabytes"), "multiprocessing.Pool(2)", goal=1.0),
    ]


class Shares:
    """A place with a warm environment, and parallel jobs of one instance, one after the other."""

    def __init__(self, home: Path) -> None:
        self._home, self._count, self._over = home, 0, threading.Event()
        self._seen: Sighting | None = None
        self._place = LocalPlace(home, 2, self._watch)
        for kind in (warming.NUMBERS, warming.TABLES):
            warming.start(home / "warm", sys.executable, kind, wait=True)
        self.last = ""

    def table(self, model: str, source: str) -> dict[str, float]:
        told = {"script": "", "append_name": "predictions.parquet", "batch_size": 10, "concurrency": 1}
        return self._run(told, source, {"path": model, "type": "mlflow_model", "name": "m", "version": "1"}, None)

    def files(self, code: str, source: str) -> dict[str, float]:
        return self._run({"script": "score.py", "append_name": "predictions.csv", "batch_size": 100, "concurrency": 2}, source, {}, code)

    def close(self) -> None:
        self._place.close()

    def _run(self, told: dict[str, Any], source: str, model: dict[str, Any], code: str | None) -> dict[str, float]:
        self._count += 1
        key = f"share{self._count}"
        out = self._home / "out" / key
        usual = {"arguments": "", "input": "data", "append_to": "score", "keys": [], "error_threshold": 0, "batch_error_threshold": -1}
        order = {
            "run": key,
            "code": code,
            "command": "",
            "python": sys.executable,
            "warm": True,
            "instances": 1,
            "compute": "local",
            "artifacts": str(self._home / "artifacts" / key),
            "inputs": {"data": {"type": "uri_folder", "mode": "ro_mount", "uri": source, "path": source}},
            "outputs": {"score": {"type": "uri_folder", "mode": "rw_mount", "uri": str(out), "path": str(out)}},
            "parallel": {**usual, "retries": 0, "timeout": 600, "level": "INFO", **told},
            "model": model,
            "part": {"share": 0, "attempt": 1, "of": key},
        }
        folder = self._home / "tasks" / key / "1"
        self._over.clear()
        began = perf_counter()
        self._place.start(Task(key, folder, order))
        peak = own = 0.0
        while not self._over.wait(0.01):
            peak, own = max(peak, _megabytes(folder, "VmHWM")), max(own, _megabytes(folder, "RssAnon"))
        seconds = perf_counter() - began
        assert self._seen is not None and self._seen.output is not None and self._seen.output.get("complete"), self._seen
        self.last = str(out / told["append_name"])
        shutil.rmtree(folder.parent, ignore_errors=True)
        return {"seconds": seconds, "megabytes": peak, "own": own}

    def _watch(self, _: str, seen: Sighting) -> None:
        if is_final(seen.state):
            self._seen = seen
            self._over.set()


def _megabytes(folder: Path, what: str) -> float:
    """Of the share's guest and its processes. VmHWM: what they have taken at most so far; RssAnon: without files that are mapped."""
    found = tasks.guest(folder)
    total = 0.0
    for one in [found[0], *found[1]] if found is not None else []:
        with suppress(OSError, StopIteration):
            lines = Path(f"/proc/{one.pid}/status").read_text().splitlines()
            total += next(int(line.split()[1]) for line in lines if line.startswith(what)) / 1024
    return total


def peer(*words: object) -> dict[str, float]:
    done = subprocess.run([sys.executable, str(PEERS), *map(str, words)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def prepared(home: Path) -> dict[str, str]:
    """Tables, files, models: {name: path}."""
    import mlflow.sklearn
    import numpy
    import pandas
    import polars
    from mlflow.models import infer_signature
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    numbers = numpy.random.default_rng(5)

    def patients(rows: int, name: str) -> pandas.DataFrame:
        frame = pandas.DataFrame({f"f{place}": numbers.normal(place, place + 1, rows) for place in range(8)})
        frame.insert(0, "PatientID", numpy.arange(rows))
        (home / name).mkdir()
        frame.to_parquet(home / name / "patients.parquet", row_group_size=1 << 18, compression="lz4")
        return frame

    frame = patients(FOREST_ROWS, "small").drop(columns="PatientID")[:5000]
    patients(ROWS, "table")
    table = home / "table" / "patients.parquet"
    (home / "many").mkdir()
    polars.scan_parquet([table, table]).sink_parquet(home / "many" / "patients.parquet", row_group_size=1 << 18, compression="lz4")
    label = (frame.f0 + frame.f1 * frame.f2 > 1).astype(int)
    models = {"linear": make_pipeline(StandardScaler(), LogisticRegression()), "forest": RandomForestClassifier(20, max_depth=8, random_state=0)}
    for name, model in models.items():
        model.fit(frame, label)
        mlflow.sklearn.save_model(model, home / f"{name}-model", signature=infer_signature(frame, label), serialization_format="cloudpickle")
    plain = LogisticRegression().fit(frame.to_numpy(), label)
    import joblib

    joblib.dump(plain, home / "plain.pkl")
    for folder in ("files", "script"):
        (home / folder).mkdir()
    (home / "script" / "score.py").write_text(SCRIPT.format(model=str(home / "plain.pkl")))
    for number, row in enumerate(numbers.normal(size=(FILES, 8)).round(4).tolist()):
        (home / "files" / f"{number:05}.csv").write_text(",".join(map(str, row)) + "\n")
    tables = {name: str(home / name) for name in ("files", "script")}
    sources = {name: str(home / name / "patients.parquet") for name in ("many", "table", "small")}
    return {**tables, **sources, **{name: str(home / f"{name}-model") for name in models}}


def _agree(theirs: Path, ours: str) -> None:
    """Every prediction is the same, in the same order."""
    import polars

    first, second = (polars.read_parquet(str(path) if path.is_file() else f"{path}/*.parquet") for path in (theirs, Path(ours)))
    assert first["PatientID"].equals(second["PatientID"]) and first["prediction"].cast(int).equals(second["prediction"].cast(int))


def _in_turn(*calls: Any) -> list[list[dict[str, float]]]:
    values: list[list[dict[str, float]]] = [[] for _ in calls]
    for number in range(RUNS):
        for call, taken in zip(calls, values, strict=True):
            if number == 0 and call is calls[0]:
                call()  # the first finds nothing warm
            taken.append(call())
    return values


def _of(runs: list[dict[str, float]], name: str) -> list[float]:
    return [one[name] for one in runs]


if __name__ == "__main__":
    print(table(measure()))
