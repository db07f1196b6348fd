"""Group commit: many small writes, one transaction, one sync of the disk.

Callers hand over a piece of work and wait; one thread takes all that is waiting, does it in one transaction and commits once.
So the cost of making a write durable is shared by whoever writes at the same time, and a single writer pays it alone.

A piece of work that refuses (raises one of our errors) must have written nothing by then. When anything else is raised, by the
database or not, each piece is done again in a transaction of its own, so that one bad piece does not take the others down.
"""

import logging
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from azurine.model import errors
from azurine.model.errors import AzurineError

T = TypeVar("T")
Work = Callable[[Connection], Any]
_Item = tuple[Work, "Future[Any]"]

MOST = 1000
"""Pieces in one transaction, so that the first of them does not wait for ever."""

_log = logging.getLogger(__name__)


class Writer:
    """on_undo: called in the writing thread when a transaction was taken back, to forget what was learned in it."""

    def __init__(self, engine: Engine, on_undo: Callable[[], None]) -> None:
        self._engine = engine
        self._on_undo = on_undo
        self._waiting: queue.SimpleQueue[_Item | None] = queue.SimpleQueue()
        self._closed = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="azurine-tracking-writer", daemon=True)
        self._open = True
        self._thread.start()

    def do(self, work: Callable[[Connection], T]) -> T:
        """Answers when the work is durable. Raises what the work raised, or errors.Temporary when the database would not."""
        future: Future[T] = Future()
        with self._closed:
            if not self._open:
                raise errors.Temporary("The tracking database is being closed.")
            self._waiting.put((work, future))
        return future.result()

    def close(self) -> None:
        with self._closed:
            if not self._open:
                return
            self._open = False
            self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            items, more = self._gather(first)
            self._commit(items)
            if not more:
                return

    def _gather(self, first: _Item) -> tuple[list[_Item], bool]:
        items = [first]
        while len(items) < MOST:
            try:
                item = self._waiting.get_nowait()
            except queue.Empty:
                break
            if item is None:
                return items, False
            items.append(item)
        return items, True

    def _commit(self, items: Sequence[_Item]) -> None:
        try:
            answers = self._transaction(items)
        except Exception as problem:  # noqa: BLE001 -- goes to the one who asked; the thread must live
            self._on_undo()
            if len(items) > 1:
                for item in items:
                    self._commit([item])
                return
            items[0][1].set_exception(_told(problem))
            return
        for (_, future), (value, refusal) in zip(items, answers, strict=True):
            if refusal is None:
                future.set_result(value)
            else:
                future.set_exception(refusal)

    def _transaction(self, items: Sequence[_Item]) -> list[tuple[Any, AzurineError | None]]:
        answers: list[tuple[Any, AzurineError | None]] = []
        with self._engine.begin() as connection:
            for work, _ in items:
                try:
                    answers.append((work(connection), None))
                except AzurineError as refusal:
                    answers.append((None, refusal))
        return answers


def _told(problem: Exception) -> Exception:
    """What the one who asked hears."""
    if not isinstance(problem, SQLAlchemyError):
        return problem
    reason = str(getattr(problem, "orig", None) or problem).splitlines()[0]
    _log.warning("tracking could not write: %s", reason)
    return errors.Temporary(f"The tracking database cannot be written now: {reason}")
