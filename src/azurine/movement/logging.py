"""What a copy writes down beside its data: rows and files that were left out; every file, when that is wished. Data Factory's table:

    Timestamp, Level, OperationName, OperationItem, Message

https://learn.microsoft.com/azure/data-factory/copy-activity-log
"""

import csv
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from azurine.movement import places

HEADER = ("Timestamp", "Level", "OperationName", "OperationItem", "Message")


def begin(path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow(HEADER)


def add(path: Path, level: str, operation: str, item: str, message: str) -> None:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
    with path.open("a", encoding="utf-8", newline="") as file:
        csv.writer(file).writerow((now, level, operation, item, message))


class Log:
    """The file of rows, or files, that were left out, at its place when the copy has succeeded."""

    def __init__(self, said: Mapping[str, Any] | None) -> None:
        self._place = places.of(said["connection"]) if said else None
        self._path = str(said["path"]) if said else ""
        self.staged = self._place.stage() if self._place is not None else None

    def put(self) -> str:
        if self._place is None or self.staged is None:
            return ""
        self._place.put(self.staged, self._path)
        return self._path

    def close(self) -> None:
        if self._place is not None:
            self._place.close()
