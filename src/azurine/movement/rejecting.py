"""Rows that do not fit: the first one fails the copy, unless they are to be skipped; then they are counted, and written to a log if one is wished.

In the log (`logging`) the item is the row, as CSV.
https://learn.microsoft.com/azure/data-factory/copy-activity-fault-tolerance
"""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from azurine.movement import logging
from azurine.movement.failing import failure


class Rejects:
    """skip: is a row that does not fit left out? log: a file to write them to."""

    def __init__(self, skip: bool = False, log: Path | None = None) -> None:
        self.skip = skip
        self.count = 0
        self._log = log
        if log is not None:
            logging.begin(log)

    def take(self, row: Sequence[Any], code: str, message: str) -> None:
        """Raises the failure, or counts the row."""
        if not self.skip:
            raise failure(code, message)
        self.count += 1
        if self._log is not None:
            logging.add(self._log, "Warning", "TabularRowSkip", _line(row), f"{code},{message}")


def _line(row: Sequence[Any]) -> str:
    made = io.StringIO()
    csv.writer(made, quoting=csv.QUOTE_ALL, lineterminator="").writerow(["" if one is None else one for one in row])
    return made.getvalue()
