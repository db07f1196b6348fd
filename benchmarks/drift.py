"""Has a table of eight features drifted? Ours beside Evidently, NannyML and alibi-detect, beside the same by hand, and beside merely reading the columns.

Every measurement is a process of its own that says what it took without its imports, and the most memory it held; all take turns. The peers have
environments of their own (`peers`). They do not compute the same: what each does is said in `drift_by.py`; ours computes four measures of each
feature, more than any of them.

`python benchmarks/drift.py [rows …]` prints the rows; 100 thousand and 1 million without rows. From `FEW_PEERS` rows on, the peers that hold all
rows several times are left out.
"""

import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import drift_by
from measuring import REPOSITORY, Row, in_turn, table
from peers import install

SIZES = (100_000, 1_000_000)
RUNS, RUNS_OF_MANY = 3, 1
MANY, FEW_PEERS = 1_000_000, 5_000_000
MOST_MEGABYTES = 200.0
PEERS = {
    "evidently": (("evidently", "pandas<3", "pyarrow"), 0.01),
    "nannyml": (("nannyml", "pandas<3", "pyarrow", "statsmodels"), 0.12),
    "alibi": (("alibi-detect", "pyarrow<20"), 0.2),
}
"""What is installed for each, and the most that ours may take of its time, at a million rows."""
FLOORS = {"parquet": 2.5, "csv": 1.4}
"""The most that ours may take of merely reading the columns, from ten million rows on."""


Held = dict[str, dict[str, list[float]]]
"""Of each tool, what it told beside its seconds, run by run."""


def measure(sizes: Sequence[int] = SIZES) -> list[Row]:
    pythons = {name: install(name, *packages) for name, (packages, _) in PEERS.items()}
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for count in sizes:
            for suffix in ("parquet", "csv"):
                paths = [_written(Path(folder), count, suffix, shifted) for shifted in (False, True)]
                rows += _measured(count, suffix, paths, {name: python for name, python in pythons.items() if python is not None})
    return rows


def _measured(count: int, suffix: str, paths: Sequence[str], pythons: dict[str, Path]) -> list[Row]:
    tools: dict[str, Path] = dict.fromkeys(("ours", "floor", "polars"), Path(sys.executable))
    # Parsing CSV is pandas' part of a peer's work: it is shown once, in the format that they read best.
    tools |= pythons if suffix == "parquet" and count < FEW_PEERS else {}
    held: Held = {name: {"megabytes": [], "cpu": []} for name in tools}
    calls: list[Callable[[], float]] = [partial(_told, name, python, paths, held) for name, python in tools.items()]
    values = dict(zip(tools, in_turn(RUNS_OF_MANY if count >= MANY else RUNS, *calls), strict=True))
    what = f"drift of two tables of {count:,} rows, 8 features, {suffix.upper() if suffix == 'csv' else 'Parquet'}"
    rows = [Row(what, "s", values["ours"], values[name], _name(name), goal=_goal(name, count, suffix)) for name in tools if name != "ours"]
    rows.append(Row(f"{what}: memory", "MB", held["ours"]["megabytes"], goal=MOST_MEGABYTES))
    others = [name for name in tools if name != "ours"]
    rows += [Row(f"{what}: memory", "MB", held["ours"]["megabytes"], held[name]["megabytes"], _name(name)) for name in others]
    return rows + [Row(f"{what}: CPU", "s", held["ours"]["cpu"], held[name]["cpu"], _name(name)) for name in others]


def _goal(name: str, count: int, suffix: str) -> float | None:
    if name == "floor":
        return FLOORS[suffix] if count >= 10_000_000 else None
    return PEERS[name][1] if name in PEERS and count >= 1_000_000 else None


def _name(tool: str) -> str:
    return {"floor": "reading the columns", "polars": "Polars by hand", "evidently": "Evidently", "nannyml": "NannyML", "alibi": "alibi-detect"}[tool]


def _told(name: str, python: Path, paths: Sequence[str], held: Held) -> float:
    words = [str(python), "-W", "ignore", str(Path(drift_by.__file__)), name, *paths]
    ran = subprocess.run(words, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    if ran.returncode != 0:
        raise RuntimeError(f"{name} failed: {ran.stderr.strip()[-2000:]}")
    said = json.loads(ran.stdout.splitlines()[-1])
    for what, values in held[name].items():
        values.append(float(said[what]))
    return float(said["seconds"])


def _written(folder: Path, count: int, suffix: str, shifted: bool) -> str:
    """Patients of a few plain laws; of the shifted ones, BMI, Age and Pregnancies are greater. A block of made-up rows, repeated with other fractions."""
    import polars as pl

    draw = random.Random(11 + shifted)
    more = 1.1 if shifted else 1.0
    block = min(count, 100_000)
    rows = pl.DataFrame(
        {
            "Pregnancies": [int(draw.expovariate(0.3)) + shifted for _ in range(block)],
            "PlasmaGlucose": [draw.randint(44, 192) for _ in range(block)],
            "DiastolicBloodPressure": [draw.randint(24, 117) for _ in range(block)],
            "TricepsThickness": [draw.randint(7, 93) for _ in range(block)],
            "SerumInsulin": [draw.randint(14, 799) for _ in range(block)],
            "BMI": [draw.gammavariate(20, 1.6) * more for _ in range(block)],
            "DiabetesPedigree": [draw.gammavariate(2, 0.2) for _ in range(block)],
            "Age": [int(draw.randint(21, 77) * more) for _ in range(block)],
        }
    )
    path = folder / f"{count}-{shifted}.{suffix}"
    parts = [rows.with_columns(pl.col("BMI", "DiabetesPedigree") * (1 + place * 1e-7)).lazy() for place in range(-(-count // block))]
    plan = pl.concat(parts).head(count)
    plan.sink_parquet(path) if suffix == "parquet" else plan.sink_csv(path)
    return str(path)


if __name__ == "__main__":
    print(table(measure([int(word) for word in sys.argv[1:]] or SIZES)))
