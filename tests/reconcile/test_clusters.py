"""Clusters: a compute's wish becomes a place where steps run, and steps wait a moment for it."""

import threading
from collections.abc import Callable
from typing import Any

import pytest

from azurine.compute.contract import Task
from azurine.model.errors import Missing, Unsupported
from azurine.model.resources import Json
from azurine.reconcile.clusters import Clusters
from azurine.reconcile.performers import Request
from reconcile.filing import PATIENCE, Filed
from running import wait_until

COMPUTE = "w/computes/c"


class Nodes:
    """A place that only says how large it is."""

    def __init__(self, size: int, tell: Callable[[Json], None]) -> None:
        self.size, self.tell = size, tell
        self.closed = threading.Event()

    def start(self, task: Task) -> None:
        raise AssertionError("no step is run in these plays")

    stop: Any = start

    def status(self) -> Json:
        return {"size": self.size}

    def close(self) -> None:
        self.closed.set()


class Yard:
    def __init__(self, patience: float = PATIENCE) -> None:
        self.made: list[Nodes] = []
        self.open = threading.Event()
        self.open.set()
        self.clusters = Clusters(self.make, self.resize, patience)

    def make(self, wish: Json, tell: Callable[[Json], None]) -> Nodes:
        self.open.wait(PATIENCE)
        if wish["size"] < 0:
            raise Unsupported("a cluster needs nodes", code="BadSize")
        self.made.append(Nodes(10 // wish["size"], tell))
        return self.made[-1]

    def resize(self, place: Any, wish: Json) -> bool:
        if wish["size"] > 5:
            return False
        place.size = wish["size"]
        return True

    def wish(self, size: int, generation: int = 1) -> Filed:
        filed = Filed()
        self.clusters.perform(Request(COMPUTE, f"{COMPUTE}#{generation}", {"id": COMPUTE, "size": size}), filed)
        return filed


def test_a_wish_becomes_a_place_and_what_it_tells_is_filed() -> None:
    yard = Yard()
    filed = yard.wish(5)
    assert filed.next().as_json()["output"] == {"size": 2}
    assert yard.clusters.place(COMPUTE) is yard.made[0]
    yard.made[0].tell({"current": 1})
    told = filed.next()
    assert (told.state, told.output) == ("running", {"current": 1})


def test_a_step_that_comes_a_moment_too_early_waits() -> None:
    yard = Yard()
    yard.open.clear()
    yard.wish(5)
    found: list[Any] = []
    early = threading.Thread(target=lambda: found.append(yard.clusters.place(COMPUTE)))
    early.start()
    yard.open.set()
    early.join(PATIENCE)
    assert found == yard.made


def test_a_place_that_does_not_come_is_missed_in_time() -> None:
    with pytest.raises(Missing, match="'c' is not running"):
        Yard(patience=0.01).clusters.place(COMPUTE)


@pytest.mark.parametrize(("size", "code", "said"), [(-1, "BadSize", "a cluster needs nodes"), (0, "ClusterFailed", "could not be started")])
def test_why_there_is_no_place_is_told_to_the_compute_and_to_whoever_waits(size: int, code: str, said: str, caplog: pytest.LogCaptureFixture) -> None:
    yard = Yard()
    outcome = yard.wish(size).next()
    assert outcome.state == "failed" and outcome.error is not None and outcome.error["code"] == code
    with pytest.raises(Missing, match=said):
        yard.clusters.place(COMPUTE)


def test_another_size_is_the_same_place_where_it_can_be() -> None:
    yard = Yard()
    yard.wish(5).next()
    assert yard.wish(3, generation=2).next().output == {"size": 3}
    ended = Filed()
    yard.clusters.cease(f"{COMPUTE}#1", ended)
    assert ended.next().state == "cancelled"
    assert yard.clusters.place(COMPUTE) is yard.made[0]
    assert not yard.made[0].closed.is_set()


def test_where_it_cannot_be_the_new_place_takes_over_and_the_old_one_closes() -> None:
    yard = Yard()
    yard.wish(5).next()
    assert yard.wish(10, generation=2).next().output == {"size": 1}
    assert yard.clusters.place(COMPUTE) is yard.made[1]
    assert yard.made[0].closed.is_set() and not yard.made[1].closed.is_set()


def test_the_end_of_the_wish_closes_the_place() -> None:
    yard = Yard(patience=0.01)
    yard.wish(5).next()
    ended = Filed()
    yard.clusters.cease(f"{COMPUTE}#1", ended)
    assert ended.next().state == "cancelled"
    assert yard.made[0].closed.is_set()
    with pytest.raises(Missing):
        yard.clusters.place(COMPUTE)


def test_a_place_that_comes_after_the_end_of_its_wish_closes() -> None:
    yard = Yard()
    yard.open.clear()
    filed, ended = yard.wish(5), Filed()
    yard.clusters.cease(f"{COMPUTE}#1", ended)
    ended.next()
    yard.open.set()
    yard.wish(5, generation=2).next()
    wait_until(lambda: any(one.closed.is_set() for one in yard.made), PATIENCE, "the place that came too late is still open")
    [left] = [one for one in yard.made if not one.closed.is_set()]
    assert yard.clusters.place(COMPUTE) is left
    assert filed.nothing()


def test_a_wish_from_before_a_restart_ends_too() -> None:
    ended = Filed()
    Yard().clusters.cease(f"{COMPUTE}#1", ended)
    assert ended.next().state == "cancelled"


def test_closing_closes_all_places() -> None:
    yard = Yard()
    yard.wish(5).next()
    yard.clusters.close()
    assert yard.made[0].closed.is_set()
