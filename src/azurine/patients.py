"""Made-up patients with the schema of the diabetes data set: any number of rows, the same ones for the same seed.

How it works: every row is first diabetic or not (one in three is). Given that, each measurement is drawn on its own from
a list of bands `(low, high, weight)`: a band is chosen by weight, the value evenly inside it. The bands follow the shape
of the well-known data set for teaching: few pregnancies for most, two humps in BMI and triceps thickness, a long
tail of insulin, mostly young patients. Measurements are related to each other only through the diagnosis, as they are
there. So models reach what they reach on it: logistic regression an accuracy of about 0.78 and an AUC of about 0.85,
boosted trees about 0.95 and 0.99.

Rows are made and written in blocks, so a file of ten million rows needs no more memory than one of fifty thousand.
A longer file with the same seed begins with the rows of the shorter one (up to a million rows; beyond, the ids are
drawn from a wider range). PatientIDs are unique, and from 1000000 to 1999999 for up to a million rows.

What it does not do: no missing values, no repeated patients, no drift over time; and nothing here is a real person.
"""

import os
import tempfile
from collections.abc import Iterator
from math import gcd
from pathlib import Path
from typing import Any

COLUMNS = (
    "PatientID",
    "Pregnancies",
    "PlasmaGlucose",
    "DiastolicBloodPressure",
    "TricepsThickness",
    "SerumInsulin",
    "BMI",
    "DiabetesPedigree",
    "Age",
    "Diabetic",
)

BLOCK = 50_000
"""Rows made at a time. A divisor of a million, so that ids stay unique; changing it changes the rows a seed stands for."""

FIRST_ID, IDS = 1_000_000, 1_000_000
DIABETIC_SHARE = 1 / 3
DECIMALS = {"BMI": 8, "DiabetesPedigree": 9}
"""The measurements that are fractions, written with as many decimals as in the original; all others are whole numbers."""

Bands = tuple[tuple[float, float, int], ...]

# Per measurement: the bands of those without and of those with diabetes. Weights are per mille. Ends belong to a band of whole numbers.
BANDS: dict[str, tuple[Bands, Bands]] = {
    "Pregnancies": (
        ((0, 0, 432), (1, 1, 263), (2, 2, 17), (3, 3, 39), (4, 5, 17), (6, 7, 137), (8, 10, 91), (11, 11, 4)),
        ((0, 0, 11), (1, 1, 46), (2, 3, 321), (4, 5, 238), (6, 6, 79), (7, 7, 40), (8, 9, 178), (10, 11, 56), (12, 14, 31)),
    ),
    "PlasmaGlucose": (
        ((44, 51, 17), (52, 58, 53), (67, 97, 445), (98, 112, 79), (113, 128, 157), (129, 158, 187), (159, 173, 58), (174, 189, 4)),
        ((44, 95, 181), (96, 107, 299), (108, 119, 211), (120, 144, 156), (145, 156, 49), (169, 180, 89), (181, 192, 15)),
    ),
    "DiastolicBloodPressure": (
        ((24, 33, 9), (38, 38, 2), (39, 48, 92), (49, 57, 209), (58, 67, 179), (68, 77, 53), (78, 87, 279), (88, 97, 150), (98, 117, 27)),
        ((24, 33, 3), (41, 58, 120), (59, 67, 271), (68, 75, 134), (76, 92, 389), (93, 101, 78), (102, 109, 5)),
    ),
    "TricepsThickness": (
        ((7, 11, 250), (12, 14, 19), (15, 24, 166), (25, 30, 59), (31, 35, 217), (36, 40, 55), (41, 46, 187), (47, 57, 47)),
        ((7, 10, 41), (11, 15, 191), (16, 16, 8), (20, 20, 6), (21, 29, 256), (30, 38, 89), (39, 48, 271), (49, 57, 123), (66, 75, 10), (86, 93, 5)),
    ),
    "SerumInsulin": (
        ((14, 51, 499), (52, 88, 89), (124, 196, 233), (197, 269, 109), (270, 342, 26), (343, 479, 25), (480, 707, 19)),
        ((14, 54, 127), (55, 97, 334), (138, 221, 237), (222, 304, 124), (305, 387, 81), (388, 558, 66), (559, 799, 31)),
    ),
    "BMI": (
        (
            (18.2, 20.0, 166),
            (20.0, 22.0, 298),
            (22.0, 22.5, 18),
            (24.0, 28.0, 14),
            (28.0, 35.5, 88),
            (35.5, 39.5, 184),
            (39.5, 43.5, 137),
            (43.5, 47.5, 66),
            (47.5, 51.5, 29),
        ),
        ((18.2, 25.0, 112), (25.0, 29.5, 177), (29.5, 32.0, 163), (32.0, 34.0, 59), (34.0, 38.5, 207), (38.5, 47.5, 212), (47.5, 56.0, 70)),
    ),
    "DiabetesPedigree": (
        ((0.078, 0.18, 446), (0.18, 0.2, 65), (0.2, 0.3, 172), (0.3, 0.32, 6), (0.41, 0.88, 238), (0.88, 1.1, 44), (1.1, 1.32, 18), (1.78, 2.22, 11)),
        ((0.078, 0.2, 476), (0.2, 0.22, 24), (0.22, 0.34, 53), (0.44, 0.9, 282), (0.9, 1.6, 152), (1.6, 1.7, 5), (2.1, 2.31, 8)),
    ),
    "Age": (
        ((21, 23, 496), (24, 26, 296), (30, 35, 101), (36, 41, 11), (42, 53, 61), (54, 65, 11), (66, 71, 21), (72, 77, 3)),
        ((21, 22, 345), (23, 23, 69), (28, 37, 94), (38, 42, 86), (43, 47, 221), (48, 52, 11), (53, 57, 101), (58, 62, 64), (63, 67, 9)),
    ),
}


def write(path: str | Path, rows: int, seed: int = 0) -> Path:
    """Writes a CSV file with a header and `rows` patients; answers its path. The file appears whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    numpy = _numpy()
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="ascii", newline="") as file:
            file.write(",".join(COLUMNS) + "\n")
            for block in blocks(rows, seed, numpy):
                file.write(_lines(block, numpy))
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def blocks(rows: int, seed: int = 0, numpy: Any = None) -> Iterator[dict[str, Any]]:
    """The patients, at most `BLOCK` at a time: column name → numpy array."""
    if rows < 0:
        raise ValueError(f"rows must be 0 or more, not {rows}")
    numpy = numpy or _numpy()
    ids = _Ids(rows, seed)
    for number, start in enumerate(range(0, rows, BLOCK)):
        # Each block has a stream of its own and is always drawn whole, so what a row holds does not depend on how many follow.
        random = numpy.random.default_rng([seed, number])
        wanted = min(BLOCK, rows - start)
        yield {name: column[:wanted] for name, column in _block(start, ids, random, numpy).items()}


def _block(start: int, ids: "_Ids", random: Any, numpy: Any) -> dict[str, Any]:
    diabetic = random.random(BLOCK) < DIABETIC_SHARE
    columns: dict[str, Any] = {"PatientID": random.permutation(ids.of(numpy.arange(start, start + BLOCK, dtype=numpy.int64)))}
    for name, (without, having) in BANDS.items():
        decimals = DECIMALS.get(name)
        columns[name] = numpy.where(diabetic, _drawn(having, decimals, random, numpy), _drawn(without, decimals, random, numpy))
    columns["Diabetic"] = diabetic.astype(numpy.int64)
    return columns


def _drawn(bands: Bands, decimals: int | None, random: Any, numpy: Any) -> Any:
    low, high, weight = (numpy.array(column, dtype=float) for column in zip(*bands, strict=True))
    band = random.choice(len(bands), size=BLOCK, p=weight / weight.sum())
    place = random.random(BLOCK)
    if decimals is None:
        return numpy.floor(low[band] + place * (high[band] - low[band] + 1)).astype(numpy.int64)
    return numpy.round(low[band] + place * (high[band] - low[band]), decimals)


class _Ids:
    """Ids without a memory of those given: multiplying by a number that shares no factor with the range visits each once."""

    def __init__(self, rows: int, seed: int) -> None:
        self.range = max(IDS, -(-rows // BLOCK) * BLOCK)
        # Near the golden section of the range: the ids of few rows are then spread over all of it.
        self.step = int(self.range * 0.6180339887) + 2 * (seed % 1000)
        while gcd(self.step, self.range) != 1:
            self.step += 1
        self.offset = seed * 7919

    def of(self, numbers: Any) -> Any:
        return FIRST_ID + (numbers * self.step + self.offset) % self.range


def _lines(block: dict[str, Any], numpy: Any) -> str:
    # %s of a Python float is its shortest exact form: 0.8 and not 0.80000000, as in the original.
    form = ",".join("%s" if name in DECIMALS else "%d" for name in COLUMNS) + "\n"
    return "".join(map(form.__mod__, zip(*(block[name].tolist() for name in COLUMNS), strict=True)))


def _numpy() -> Any:
    # Inside a function: the server and the command line start without it.
    try:
        import numpy
    except ImportError as error:
        raise ModuleNotFoundError("making patients needs numpy: pip install 'azurine[ml]'", name="numpy") from error
    return numpy
