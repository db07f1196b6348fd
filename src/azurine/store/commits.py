"""Group commit: batches of many threads share one durable commit.

The first thread to come leads: it commits its own batch together with all that queued before it began. Those who come
while it works wait; when it is done, the first of them leads the next group. So a lone caller commits in its own thread,
without any hand-over, and under load the cost of a synced commit is divided among all who wait.

Groups follow one another strictly, and listeners are told within a group's turn: what they hear is in commit order.
"""

from collections.abc import Callable, Sequence
from threading import Lock, get_ident

from azurine.model import errors
from azurine.model.resources import Resource
from azurine.store import log
from azurine.store.documents import Prepared

Answers = list[Resource | log.Refusal]


class Batch:
    """One caller's writes, and what became of them: `answers`, or `error`. The commit fills in one of the two."""

    __slots__ = ("answers", "at", "caller", "error", "leads", "turn", "writes")

    def __init__(self, writes: Sequence[Prepared], at: float) -> None:
        self.writes = writes
        self.at = at
        self.answers: Answers | None = None
        self.error: BaseException | None = None
        self.caller = get_ident()
        self.leads = False
        self.turn = Lock()  # held until the batch is done, or its caller is to lead: a plain lock is the cheapest signal there is
        self.turn.acquire()


Commit = Callable[[Sequence[Batch]], None]
"""Does the batches in one transaction, fills in their answers or errors, tells the listeners; raises nothing of its own."""


class Commits:
    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self._mutex = Lock()
        self._queue: list[Batch] = []
        self._leader = 0  # the leading thread; 0 while nobody leads

    def submit(self, batch: Batch) -> Answers:
        with self._mutex:
            if self._leader == batch.caller:
                raise RuntimeError("a listener of the log must not write to it: it would wait for itself")
            self._queue.append(batch)
            if not self._leader:
                self._leader = batch.caller
                batch.leads = True
        if not batch.leads:
            self._await_turn(batch)
        if batch.leads:
            self._lead(batch)
        if batch.error is not None:
            raise batch.error
        assert batch.answers is not None
        return batch.answers

    def _await_turn(self, batch: Batch) -> None:
        try:
            batch.turn.acquire()
        except BaseException:  # Ctrl-C while waiting: leave the queue, and do not take the lead along
            with self._mutex:
                if batch in self._queue:
                    self._queue.remove(batch)
                successor = self._appoint() if batch.leads else None
            if successor:
                successor.turn.release()
            raise

    def _lead(self, own: Batch) -> None:
        with self._mutex:
            group, self._queue = self._queue, []
        try:
            self._commit(group)
        finally:
            with self._mutex:
                successor = self._appoint()
            for batch in group:
                if batch.answers is None and batch.error is None:
                    batch.error = errors.Temporary("The write was interrupted; whether it was recorded is not known.")
                if batch is not own:
                    batch.turn.release()
            if successor:
                successor.turn.release()

    def _appoint(self) -> Batch | None:
        """Who leads next. Called with the mutex held."""
        if not self._queue:
            self._leader = 0
            return None
        successor = self._queue[0]
        successor.leads = True
        self._leader = successor.caller
        return successor
