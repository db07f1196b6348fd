"""The workshop's data preparation written by hand, once with each tool: `python by_hand.py TOOL FOLDER`.

FOLDER has ages.csv (Id, PatientID, Age) and levels.csv (Id, PatientID and eight measurements). Written there: joined.csv, the eleven columns,
and most.csv, `SELECT PatientID, MAX(BMI) … GROUP BY PatientID`. Printed: {"seconds", "megabytes"}; the seconds are those of the work, without
the tool's import; the megabytes are the most that the process held.

polars    one lazy plan with two sinks, streamed; rows in the order of ages.csv, groups in ascending order, as the designer gives them
polars_any_order    the same without a promise of order: what one writes who does not care
pandas, duckdb, sqlite    the same work as each does it best; sqlite is the command line
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from held import most_megabytes

EDGES = (1, 11, 21, 31, 41, 51, 61, 71, 81, 91)
LEVELS = ("Pregnancies", "PlasmaGlucose", "DiastolicBloodPressure", "TricepsThickness", "SerumInsulin", "BMI", "DiabetesPedigree")
COLUMNS = ("Id", "PatientID", "Age", "Age_quantized", *LEVELS)
BIN = "1 + " + " + ".join(f"(Age > {edge})" for edge in EDGES[1:])
MOST = "MAX(BMI)"


def _polars(folder: Path, *, ordered: bool = True) -> float:
    import polars as pl

    began = time.perf_counter()
    quantized = sum((pl.col("Age") > edge).cast(pl.Int64) for edge in EDGES[1:]) + 1
    ages = pl.scan_csv(folder / "ages.csv").with_columns(Age_quantized=quantized)
    joined = ages.join(pl.scan_csv(folder / "levels.csv"), on="PatientID", maintain_order="left" if ordered else "none")
    most = joined.group_by("PatientID").agg(pl.col("BMI").max().alias(MOST))
    sinks = [
        joined.select(COLUMNS).sink_csv(folder / "joined.csv", lazy=True),
        (most.sort("PatientID") if ordered else most).sink_csv(folder / "most.csv", lazy=True),
    ]
    pl.collect_all(sinks, engine="streaming")
    return time.perf_counter() - began


def _polars_any_order(folder: Path) -> float:
    return _polars(folder, ordered=False)


def _pandas(folder: Path) -> float:
    import pandas

    began = time.perf_counter()
    ages, levels = pandas.read_csv(folder / "ages.csv"), pandas.read_csv(folder / "levels.csv")
    ages["Age_quantized"] = sum((ages["Age"] > edge).astype("int64") for edge in EDGES[1:]) + 1
    joined = ages.merge(levels.drop(columns="Id"), on="PatientID")
    joined[list(COLUMNS)].to_csv(folder / "joined.csv", index=False)
    joined.groupby("PatientID")["BMI"].max().rename(MOST).to_csv(folder / "most.csv")
    return time.perf_counter() - began


def _duckdb(folder: Path) -> float:
    import duckdb

    began = time.perf_counter()
    quantized = BIN.replace("(Age", "CAST(Age").replace(")", " AS BIGINT)")
    columns = ", ".join("a." + name if name in ("Id", "PatientID", "Age", "Age_quantized") else name for name in COLUMNS)
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW a AS SELECT *, {quantized} AS Age_quantized FROM read_csv('{folder}/ages.csv')")
        connection.execute(f"CREATE VIEW b AS SELECT * FROM read_csv('{folder}/levels.csv')")
        connection.execute(f"COPY (SELECT {columns} FROM a JOIN b ON a.PatientID = b.PatientID) TO '{folder}/joined.csv' (HEADER)")
        most = f'SELECT a.PatientID, MAX(BMI) AS "{MOST}" FROM a JOIN b ON a.PatientID = b.PatientID GROUP BY 1 ORDER BY 1'
        connection.execute(f"COPY ({most}) TO '{folder}/most.csv' (HEADER)")
    return time.perf_counter() - began


def _sqlite(folder: Path) -> float:
    began = time.perf_counter()
    columns = ", ".join("a." + name if name in ("Id", "PatientID", "Age") else name for name in COLUMNS)
    types = {"BMI": "REAL", "DiabetesPedigree": "REAL"}
    declared = ", ".join(f"{name} {types.get(name, 'INTEGER')}" for name in ("Id", "PatientID", *LEVELS))
    lines = [
        "CREATE TABLE ages (Id INTEGER, PatientID INTEGER, Age INTEGER);",
        f"CREATE TABLE levels ({declared});",
        ".mode csv",
        f".import --skip 1 {folder}/ages.csv ages",
        f".import --skip 1 {folder}/levels.csv levels",
        f"CREATE TABLE t1 AS SELECT {columns.replace('Age_quantized', BIN + ' AS Age_quantized')} FROM ages a JOIN levels b ON a.PatientID = b.PatientID;",
        ".headers on",
        f".output {folder}/joined.csv",
        "SELECT * FROM t1;",
        f".output {folder}/most.csv",
        "SELECT PatientID, MAX(BMI) FROM t1 GROUP BY PatientID;",
    ]
    subprocess.run(["sqlite3", ":memory:"], input="\n".join(lines), text=True, check=True)
    return time.perf_counter() - began


TOOLS: dict[str, Callable[[Path], float]] = {
    "polars": _polars,
    "polars_any_order": _polars_any_order,
    "pandas": _pandas,
    "duckdb": _duckdb,
    "sqlite": _sqlite,
}

if __name__ == "__main__":
    seconds = TOOLS[sys.argv[1]](Path(sys.argv[2]))
    # Of a command line that has ended, nothing else is known; what it inherits, from this small process, is less than it takes itself.
    held = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024 if sys.argv[1] == "sqlite" else most_megabytes()
    print(json.dumps({"seconds": seconds, "megabytes": held}))
