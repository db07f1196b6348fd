"""Deployments: a wish becomes a service of processes, and one that is not wished any more ends when its requests are answered."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from azurine.model.states import State
from azurine.reconcile.deployments import Deployments, Surroundings
from reconcile.filing import Filed

KEY = "w/onlineEndpoints/e/deployments/d#1.0#serve#1.1"
SERVICE = KEY.rpartition(".")[0]


class Kept:
    """Services that only note what they are told."""

    def __init__(self, seen: Callable[[str, str, str], None]) -> None:
        self.seen = seen
        self.stopped: list[str] = []

    def stop(self, name: str, folder: Path) -> None:
        self.stopped.append(name)

    def close(self) -> None: ...


class Yard:
    def __init__(self, folder: Path) -> None:
        self.drained: list[Callable[[], None]] = []
        made: list[Kept] = []

        def make(seen: Callable[[str, str, str], None]) -> Any:
            made.append(Kept(seen))
            return made[0]

        def nowhere(*_: Any) -> Any:
            raise AssertionError("nothing is laid out in these plays")

        surroundings = Surroundings(nowhere, nowhere, nowhere, {}, folder / "program.py")
        self.deployments = Deployments(folder, make, surroundings, lambda name, then: self.drained.append(then))
        self.kept = made[0]


def test_what_is_no_longer_wished_ends_when_its_requests_are_answered(tmp_path: Path) -> None:
    yard, filed = Yard(tmp_path), Filed()
    yard.deployments.cease(KEY, filed)
    assert yard.kept.stopped == [] and len(yard.drained) == 1
    yard.drained[0]()
    assert yard.kept.stopped == [SERVICE] and filed.nothing()
    yard.kept.seen(SERVICE, "ended", "")
    assert filed.next().state == State.CANCELLED


def test_asked_to_end_again_it_goes_on_draining(tmp_path: Path) -> None:
    """A drained lane is there no more, so a second draining would be over at once, and end the requests of the first."""
    yard, filed = Yard(tmp_path), Filed()
    for _ in range(3):
        yard.deployments.cease(KEY, filed)
    assert len(yard.drained) == 1 and yard.kept.stopped == []
    yard.drained[0]()
    yard.kept.seen(SERVICE, "ended", "")
    assert yard.kept.stopped == [SERVICE] and filed.next().state == State.CANCELLED


def test_what_is_wished_again_and_not_again_ends_anew(tmp_path: Path) -> None:
    yard, filed = Yard(tmp_path), Filed()
    for _ in range(2):
        yard.deployments.cease(KEY, filed)
        yard.drained[-1]()
        yard.kept.seen(SERVICE, "ended", "")
        assert filed.next().state == State.CANCELLED
    assert yard.kept.stopped == [SERVICE, SERVICE]
