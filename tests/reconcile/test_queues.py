"""The queue: everything that waits is taken at once, each resource once."""

import threading

from azurine.model.clock import Movable
from azurine.model.decisions import Outcome
from azurine.model.resources import Resource
from azurine.reconcile.queues import Queue

PATIENCE = 10.0


def test_a_resource_stands_in_it_once_in_the_order_of_arrival() -> None:
    queue = Queue()
    queue.look(["b", "a"])
    queue.look(["b", "c"])
    assert list(queue.take(0.0).looks) == ["b", "a", "c"]
    assert not queue.take(0.0)


def test_the_last_outcome_under_a_key_is_the_one() -> None:
    queue = Queue()
    queue.file("r", "k", Outcome("running"))
    queue.file("r", "k", Outcome("succeeded"))
    queue.file("r", "other", Outcome("failed"))
    assert {key: one.state for key, one in queue.take(0.0).filed["r"].items()} == {"k": "succeeded", "other": "failed"}


def test_what_is_put_back_does_not_hide_what_came_meanwhile() -> None:
    queue = Queue()
    queue.file("r", "k", Outcome("running"))
    queue.file("r", "old", Outcome("succeeded"))
    taken = queue.take(0.0)
    queue.file("r", "k", Outcome("succeeded"))
    queue.refile(taken.filed)
    assert {key: one.state for key, one in queue.take(0.0).filed["r"].items()} == {"k": "succeeded", "old": "succeeded"}


def test_the_last_word_about_a_due_time_counts() -> None:
    queue = Queue()
    queue.wake("r", 5.0)
    queue.wake("r", 9.0)
    queue.wake("forgotten", 1.0)
    queue.wake("forgotten", None)
    assert queue.next_due() == 9.0
    assert not queue.take(5.0)
    assert list(queue.take(9.0).looks) == ["r"]
    assert queue.next_due() is None


def test_news_are_kept_in_order() -> None:
    queue = Queue()
    one, two = Resource("a", "k", {}, revision=1), Resource("a", "k", {}, revision=2)
    queue.tell([one])
    queue.tell([two])
    assert queue.take(0.0).news == [one, two]


def test_waiting_ends_when_something_comes_and_when_it_is_closed() -> None:
    queue, woken = Queue(), threading.Event()

    def wait() -> None:
        queue.wait(0.0, longest=PATIENCE)
        woken.set()

    for wake in (lambda: queue.look(["r"]), queue.close):
        waiter = threading.Thread(target=wait)
        waiter.start()
        wake()
        waiter.join(PATIENCE)
        assert woken.is_set()
        woken.clear()
        queue.take(0.0)


def test_waiting_ends_at_the_next_due_time() -> None:
    queue = Queue()
    queue.wake("r", 0.02)
    assert not queue.wait(0.0, longest=PATIENCE)
    assert list(queue.wait(0.02).looks) == ["r"]


def test_how_far_work_is_lingers_and_its_end_does_not() -> None:
    clock = Movable()
    queue = Queue(1.0, clock)
    queue.file("quick", "k", Outcome("running"))
    queue.file("slow", "k", Outcome("pending"))
    queue.file("slow", "k", Outcome("running"))
    assert not queue.take(clock())
    queue.file("quick", "k", Outcome("succeeded"))
    assert {key: one.state for key, one in queue.take(clock()).filed["quick"].items()} == {"k": "succeeded"}
    clock.advance(1.0)
    batch = queue.take(clock())
    assert [(name, one["k"].state) for name, one in batch.filed.items()] == [("slow", "running")]
    clock.advance(1.0)
    assert not queue.take(clock())


def test_what_others_wait_for_does_not_linger() -> None:
    queue = Queue(1.0, Movable())
    queue.file("r", "k", Outcome("running"))
    queue.file("r", "k", Outcome("running", {"ready": True}, prompt=True))
    assert queue.take(0.0).filed["r"]["k"].output == {"ready": True}
    assert not queue.take(10.0)


def test_waiting_ends_when_what_lingers_is_due() -> None:
    clock = Movable()
    queue = Queue(0.02, clock)
    queue.file("r", "k", Outcome("running"))
    assert not queue.wait(clock(), longest=PATIENCE)
    clock.advance(0.02)
    assert list(queue.wait(clock()).filed) == ["r"]
