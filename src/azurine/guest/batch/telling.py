"""What a parallel job tells while it runs, and at its end, as files among its artifacts; the names are Azure's.

    logs/job_progress_overview.txt             a line now and then                     user_logs/std_log.txt    the same
    logs/job_error.txt                         what failed, by name
    logs/job_result.txt                        the sums, at the end
    logs/user/error/<node>/process000.txt      errors of the script, with their traces
    logs/user/stdout/<node>/process000.stdout.txt     what the script prints
    logs/sys/job_report/processed_mini-batches.csv    each mini-batch: items, failed, by whom

Instances add to the same files; each addition is one write at the end.
"""

import os
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from azurine.guest.batch.ledger import Totals

PROGRESS, ERROR, RESULT = "logs/job_progress_overview.txt", "logs/job_error.txt", "logs/job_result.txt"
REPORT = "logs/sys/job_report/processed_mini-batches.csv"
EVERY = 1.0
"""Seconds between lines of progress."""


class Teller:
    """artifacts: folder of the run. node: what this instance is called. log: its part of user_logs."""

    def __init__(self, artifacts: Path, node: str, log: str) -> None:
        self._artifacts, self._node, self._log = artifacts, node, log
        self._said = 0.0

    def out(self, process: int) -> Path:
        return self._artifacts / f"logs/user/stdout/{self._node}/process{process:03d}.stdout.txt"

    def entry_log(self) -> Path:
        return self._artifacts / f"logs/user/entry_script_log/{self._node}/entry_script.log.txt"

    def failed(self, process: int, batch: int, attempt: str, what: str, why: str) -> None:
        """A try that failed; the script may yet do better."""
        text = f"[{_now()}] mini-batch {batch}, {attempt}: {what}\n{why.rstrip()}\n\n"
        _add(self._artifacts / f"logs/user/error/{self._node}/process{process:03d}.txt", text)

    def given_up(self, batch: int, bad: Iterable[str], why: str) -> None:
        last = last_line(why)
        _add(self._artifacts / ERROR, "".join(f"[{_now()}] mini-batch {batch}: {name}: {last}\n" for name in bad))

    def stopped(self, why: str) -> None:
        _add(self._artifacts / ERROR, f"[{_now()}] {why}\n")

    def progress(self, totals: Totals, count: int, *, last: bool = False) -> None:
        if not last and time.monotonic() - self._said < EVERY:
            return
        self._said = time.monotonic()
        text = f"[{_now()}] {self._node}: {totals.batches} of {count} mini-batches are done: {totals.items} items, {totals.failed} failed\n"
        _add(self._artifacts / PROGRESS, text)
        _add(self._artifacts / "user_logs" / self._log, text)

    def result(self, totals: Totals, rows: Iterable[dict[str, Any]]) -> None:
        """At the end of the whole job."""
        report = self._artifacts / REPORT
        report.parent.mkdir(parents=True, exist_ok=True)
        with report.open("w", encoding="utf-8") as file:
            file.write("mini_batch,items,failed,failed_mini_batch,instance\n")
            for one in rows:
                file.write(f"{one['done']},{one['items']},{one['failed']},{one['is_bad']},{one['by']}\n")
        text = f"mini-batches: {totals.batches}, failed: {totals.bad_batches}\nitems: {totals.items}, failed: {totals.failed}\n"
        (self._artifacts / RESULT).write_text(text, encoding="utf-8")


def last_line(why: str) -> str:
    """Of a trace the line that says what it was."""
    lines = why.strip().splitlines()
    return lines[-1][:2000] if lines else "nothing was said"


def _add(path: Path, text: str) -> None:
    if text:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        try:
            os.write(descriptor, text.encode("utf-8", "replace"))
        finally:
            os.close(descriptor)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
