"""Group commit: who leads, who waits, who is told what. Time stands still here: commits end when the test lets them."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest

from azurine.model import errors
from azurine.model.resources import Resource
from azurine.store.commits import Batch, Commits
from azurine.store.documents import prepare
from azurine.store.log import Create, Refusal

DEADLINE = 10.0


class Gate:
    """A commit that says when it began and waits to be let go; what it does to its batches is up to the test."""

    def __init__(self) -> None:
        self.groups: list[list[Batch]] = []
        self.began = threading.Semaphore(0)
        self.go = threading.Semaphore(0)
        self.threads: list[int] = []
        self.does: Callable[[Sequence[Batch]], None] = self.answer

    def __call__(self, group: Sequence[Batch]) -> None:
        self.groups.append(list(group))
        self.threads.append(threading.get_ident())
        self.began.release()
        assert self.go.acquire(timeout=DEADLINE)
        self.does(group)

    def answer(self, group: Sequence[Batch]) -> None:
        for batch in group:
            batch.answers = [Refusal(str(batch.at))]

    def await_begin(self) -> None:
        assert self.began.acquire(timeout=DEADLINE)


def until(is_so: Callable[[], bool]) -> None:
    for _ in range(int(DEADLINE / 0.001)):
        if is_so():
            return
        Event().wait(0.001)
    raise AssertionError("it never came to that")


Answers = list[Resource | Refusal]


class Scene:
    def __init__(self) -> None:
        self.gate = Gate()
        self.commits = Commits(self.gate)
        self.pool = ThreadPoolExecutor(16)

    def submit(self, number: float) -> Future[Answers]:
        return self.pool.submit(lambda: self.commits.submit(Batch([prepare(Create("a/b", "a", "", {}))], number)))

    def await_queue(self, length: int) -> None:
        until(lambda: len(self.commits._queue) == length)


def test_a_lone_caller_commits_in_its_own_thread() -> None:
    scene = Scene()
    scene.gate.go.release()
    assert scene.commits.submit(Batch([], 1.0)) == [Refusal("1.0")]
    assert scene.gate.threads == [threading.get_ident()]


def test_those_who_come_while_a_commit_runs_share_the_next_one() -> None:
    scene = Scene()
    first = scene.submit(0)
    scene.gate.await_begin()
    others = [scene.submit(number) for number in range(1, 6)]
    scene.await_queue(5)
    assert not first.done()
    scene.gate.go.release(2)
    assert first.result(DEADLINE) == [Refusal("0")]
    assert [other.result(DEADLINE) for other in others] == [[Refusal(str(number))] for number in range(1, 6)]
    assert [len(group) for group in scene.gate.groups] == [1, 5]


def test_the_one_who_led_does_not_go_on_leading() -> None:
    scene = Scene()
    first = scene.submit(0)
    scene.gate.await_begin()
    second = scene.submit(1)
    scene.await_queue(1)
    scene.gate.go.release()
    assert first.result(DEADLINE) == [Refusal("0")]  # answered although the next commit is not over
    scene.gate.await_begin()
    assert not second.done()
    scene.gate.go.release()
    assert second.result(DEADLINE) == [Refusal("1")]
    assert len(set(scene.gate.threads)) == 2


def test_a_commit_that_breaks_breaks_for_its_group_only() -> None:
    scene = Scene()

    def interrupted(group: Sequence[Batch]) -> None:
        scene.gate.does = scene.gate.answer
        raise KeyboardInterrupt

    first = scene.submit(0)
    scene.gate.await_begin()
    second, third = scene.submit(1), scene.submit(2)
    scene.await_queue(2)
    scene.gate.go.release()
    first.result(DEADLINE)
    scene.gate.await_begin()
    scene.gate.does = interrupted
    fourth = scene.submit(3)
    scene.await_queue(1)
    scene.gate.go.release(2)
    broken = [future.exception(DEADLINE) for future in (second, third)]
    assert {type(error) for error in broken} == {KeyboardInterrupt, errors.Temporary}  # the leader's own, and what the other is told
    assert fourth.result(DEADLINE) == [Refusal("3")]


class Interrupting:
    """A lock whose waiter is interrupted, as by Ctrl-C, when `now` is set."""

    def __init__(self) -> None:
        self.now = Event()

    def acquire(self) -> None:
        self.now.wait(DEADLINE)
        raise KeyboardInterrupt

    def release(self) -> None:
        self.now.set()


@pytest.mark.parametrize("is_to_lead", [False, True])
def test_who_is_interrupted_while_waiting_leaves_the_queue_and_passes_the_lead_on(is_to_lead: bool) -> None:
    scene = Scene()
    first = scene.submit(0)
    scene.gate.await_begin()
    leaving = Batch([], 1.0)
    lock = Interrupting()
    leaving.turn = lock  # type: ignore[assignment]

    def leave() -> Answers:
        leaving.caller = threading.get_ident()
        return scene.commits.submit(leaving)

    second = scene.pool.submit(leave)
    scene.await_queue(1)
    third = scene.submit(2)
    scene.await_queue(2)
    if not is_to_lead:
        lock.now.set()  # it leaves before its turn; else it is interrupted when told that it is to lead
        assert isinstance(second.exception(DEADLINE), KeyboardInterrupt)
        scene.await_queue(1)
    scene.gate.go.release(2)
    assert first.result(DEADLINE) == [Refusal("0")]
    assert third.result(DEADLINE) == [Refusal("2")]
    assert isinstance(second.exception(DEADLINE), KeyboardInterrupt)
    assert [batch.at for batch in scene.gate.groups[1]] == [2]
    scene.gate.go.release()
    assert scene.commits.submit(Batch([], 3.0)) == [Refusal("3.0")]


def test_who_writes_from_within_a_commit_is_told() -> None:
    scene = Scene()

    def write(group: Sequence[Batch]) -> None:
        with pytest.raises(RuntimeError, match="must not write"):
            scene.commits.submit(Batch([], 2.0))
        scene.gate.answer(group)

    scene.gate.does = write
    scene.gate.go.release()
    assert scene.commits.submit(Batch([], 1.0)) == [Refusal("1.0")]
