"""Batch scoring as others do it, each in a process of its own: `python batch_peers.py WHAT …` prints what it took, as JSON.

    floor SOURCE TARGET          reads all columns and writes two (polars)
    pyfunc MODEL SOURCE TARGET   MLflow's pyfunc over Arrow batches
    dask MODEL SOURCE TARGET     the model over a Dask frame, two threads
    pool SCRIPT FOLDER           a script's run() over mini-batches of 100 files, `multiprocessing.Pool(2)`

The seconds are those of the work, without the imports of this process, the peak of memory is its own with its children's.
"""

import importlib.util
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BATCH = 100


def floor(source: str, target: str) -> Callable[[], None]:
    import polars

    return lambda: polars.read_parquet(source).select("PatientID", "f0").write_parquet(target, compression="lz4")


def pyfunc(model: str, source: str, target: str) -> Callable[[], None]:
    import mlflow.pyfunc
    import pyarrow
    import pyarrow.parquet

    loaded = mlflow.pyfunc.load_model(model)

    def run() -> None:
        file = pyarrow.parquet.ParquetFile(source)
        writer = None
        for batch in file.iter_batches(batch_size=1 << 17):
            frame = batch.to_pandas()
            made = pyarrow.table({"PatientID": frame["PatientID"], "prediction": loaded.predict(frame.drop(columns="PatientID"))})
            writer = writer or pyarrow.parquet.ParquetWriter(target, made.schema, compression="lz4")
            writer.write_table(made)
        assert writer is not None
        writer.close()

    return run


def dask(model: str, source: str, target: str) -> Callable[[], None]:
    import dask.dataframe
    import mlflow.sklearn

    loaded = mlflow.sklearn.load_model(model)

    def predict(part: Any) -> Any:
        return part[["PatientID"]].assign(prediction=loaded.predict(part.drop(columns="PatientID")))

    def run() -> None:
        table = dask.dataframe.read_parquet(source, split_row_groups=True)
        meta = {"PatientID": "int64", "prediction": "int64"}
        table.map_partitions(predict, meta=meta).to_parquet(target, compression="lz4", compute_kwargs={"scheduler": "threads"})

    return run


_module: Any = None


def _begin(script: str) -> None:
    global _module
    spec = importlib.util.spec_from_file_location("script", script)
    assert spec is not None and spec.loader is not None
    _module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(_module)
    _module.init()


def _run(files: list[str]) -> list[str]:
    return list(_module.run(files))


def pool(script: str, folder: str) -> Callable[[], None]:
    def run() -> None:
        files = sorted(str(path) for path in Path(folder).iterdir())
        batches = [files[at : at + BATCH] for at in range(0, len(files), BATCH)]
        with multiprocessing.Pool(2, _begin, (script,)) as workers, open(f"{folder}.out", "w") as out:
            for rows in workers.imap(_run, batches):
                out.writelines(f"{row}\n" for row in rows)

    return run


def main(words: list[str]) -> None:
    work = {"floor": floor, "pyfunc": pyfunc, "dask": dask, "pool": pool}[words[0]](*words[1:])
    began = time.perf_counter()
    work()
    seconds = time.perf_counter() - began
    # Of this process since it became this program: what `getrusage` says counts the one before, too.
    own = next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    workers = 2 * resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss if words[0] == "pool" else 0
    print(json.dumps({"seconds": seconds, "megabytes": (own + workers) / 1024}))


if __name__ == "__main__":
    main(sys.argv[1:])
