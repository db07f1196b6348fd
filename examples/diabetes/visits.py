"""What comes in later: visits of patients, week by week, in a table with a date and, taken apart like all raw files, beside it.

    0-raw/diabetes-visits/2026-03-08/visits.csv      with the column `date`: what the monitor looks at
    0-raw/diabetes-2026-03-08/patient-*.csv          what Data prep begins with

The patients are those of the data folder, a good while later: they are older, heavier, and have been pregnant more often. Nothing else about them
has changed, their diagnoses neither.
"""

import csv
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import lake

SHIFTED = ("Pregnancies", "Age", "BMI")
_SHIFTS: dict[str, Callable[[float], float | int]] = {
    "Pregnancies": lambda value: int(value) + 3,
    "Age": lambda value: round(value * 1.4),
    "BMI": lambda value: round(value * 1.25, 8),
}
WEEK = 7


def arrive(connection: Any, data: Path, into: Path, week: date, every: int = 1) -> int:
    """A week of visits comes in, of one in every so many patients; how many there are."""
    table = into / "visits" / "visits.csv"
    count = _write(data, table, week, every)
    lake.upload(connection, [table], f"0-raw/diabetes-visits/{week}")
    lake.upload(connection, lake.split(table.parent, into / "parts"), f"0-raw/diabetes-{week}")
    return count


def _write(data: Path, table: Path, week: date, every: int) -> int:
    table.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with open(table, "w", newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow([*lake.NEEDED, "date"])
        for place, patient in enumerate(_patients(data)):
            if place % every == 0:
                day = week + timedelta(days=count % WEEK)
                writer.writerow([*(_shifted(name, patient[name]) for name in lake.NEEDED), day.isoformat()])
                count += 1
    return count


def _patients(data: Path) -> Iterator[dict[str, str]]:
    for file in sorted(data.glob("*.csv")):
        with open(file, newline="", encoding="utf-8-sig") as lines:
            yield from csv.DictReader(lines)


def _shifted(name: str, value: str) -> Any:
    return _SHIFTS[name](float(value)) if name in _SHIFTS else value
