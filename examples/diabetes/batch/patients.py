"""Writes a file for each patient of a CSV file: one row of eight numbers, no header, as the lab has them.

python patients.py diabetes.csv patients --count 100
"""

import argparse
import csv
from pathlib import Path

NOT_FEATURES = ("PatientID", "Diabetic")


def write(table: Path, folder: Path, count: int = 100) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    with open(table, newline="") as lines:
        for number, row in zip(range(1, count + 1), csv.DictReader(lines), strict=False):
            values = [value for name, value in row.items() if name not in NOT_FEATURES]
            (folder / f"{number:03}.csv").write_text(",".join(values) + "\n")
    return folder


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=100)
    args = parser.parse_args()
    write(args.table, args.folder, args.count)
