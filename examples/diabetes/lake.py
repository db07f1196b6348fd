"""The lake of the demo: whole patient files taken apart, as different places of a clinic would deliver them, and put into `0-raw`.

    patient-age.csv         Id, PatientID, Age
    patient-levels.csv      Id, PatientID and the measurements
    patient-diagnoses.csv   Id, Diabetic

    python lake.py data     takes the CSV files of ./data apart, into the lake of the server that runs

Id is the number of the row, over all files. Rows are passed on as they stand, one by one: a file of ten million needs no memory.
"""

import contextlib
import csv
import itertools
import sys
import tempfile
from pathlib import Path
from typing import Any

LEVELS = ("Pregnancies", "PlasmaGlucose", "DiastolicBloodPressure", "TricepsThickness", "SerumInsulin", "BMI", "DiabetesPedigree")
PARTS = {
    "patient-age.csv": ("Id", "PatientID", "Age"),
    "patient-levels.csv": ("Id", "PatientID", *LEVELS),
    "patient-diagnoses.csv": ("Id", "Diabetic"),
}
RAW = "0-raw/diabetes"
NEEDED = ("PatientID", *LEVELS, "Age", "Diabetic")


class Unfit(Exception):
    """A file is not one of patients. Its text says why."""


def split(data: Path, into: Path) -> list[Path]:
    """Takes all CSV files of a folder apart. Raises Unfit."""
    into.mkdir(parents=True, exist_ok=True)
    number = itertools.count(1)
    with contextlib.ExitStack() as opened:
        writers = []
        for name, columns in PARTS.items():
            writer = csv.writer(opened.enter_context(open(into / name, "w", newline="", encoding="utf-8")))
            writer.writerow(columns)
            writers.append((writer, columns))
        for file in sorted(data.glob("*.csv")):
            _split_file(file, number, writers)
    return [into / name for name in PARTS]


def _split_file(file: Path, number: "itertools.count[int]", writers: list[tuple[Any, tuple[str, ...]]]) -> None:
    with open(file, newline="", encoding="utf-8-sig") as lines:
        rows = csv.reader(lines)
        header = next(rows, [])
        lacking = [name for name in NEEDED if name not in header]
        if lacking:
            raise Unfit(f"{file.name} lacks the column(s) {', '.join(lacking)}")
        # The row's own number stands before its values.
        places = {"Id": 0, **{name: place for place, name in enumerate(header, start=1)}}
        picks = [(writer, [places[name] for name in columns]) for writer, columns in writers]
        for row in rows:
            if len(row) < len(header):
                raise Unfit(f"{file.name}, line {rows.line_num}: {len(row)} values under {len(header)} names")
            values = [str(next(number)), *row]
            for writer, wanted in picks:
                writer.writerow([values[place] for place in wanted])


def upload(connection: Any, files: list[Path], folder: str) -> None:
    """Into the workspace's default datastore."""
    container = connection.ml.datastores.get_default().container_name
    for file in files:
        with open(file, "rb") as content:
            connection.blobs.get_blob_client(container, f"{folder}/{file.name}").upload_blob(content, overwrite=True)


def download(connection: Any, path: str, into: Path) -> Path:
    container = connection.ml.datastores.get_default().container_name
    copy = into / Path(path).name
    copy.parent.mkdir(parents=True, exist_ok=True)
    with open(copy, "wb") as file:
        connection.blobs.get_blob_client(container, path).download_blob().readinto(file)
    return copy


def main(data: Path) -> None:
    """The CSV files of a folder, taken apart, in `0-raw/diabetes` of the server's lake."""
    import azurine

    with tempfile.TemporaryDirectory() as folder:
        upload(azurine.connect(), split(data, Path(folder)), RAW)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
