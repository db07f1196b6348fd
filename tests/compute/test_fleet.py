"""How many nodes there should be, who gets which task, who may go. Time is a number here."""

from pathlib import Path

import pytest

from azurine.compute.contract import Task
from azurine.compute.fleet import Fleet, Limits, Node


def fleet(limits: Limits, *nodes: Node, waiting: int = 0, adopted: int = 0) -> Fleet:
    made = Fleet(limits, {one.address: one for one in nodes})
    made.waiting.extend(Task(f"t{number}", Path("/"), {}) for number in range(waiting))
    made.adopted.update(f"a{number}" for number in range(adopted))
    return made


def node(name: str, since: float = 0.0, busy: str = "") -> Node:
    return Node(name, 1, "host", "boot", since, busy)


@pytest.mark.parametrize(
    ("limits", "nodes", "waiting", "adopted", "target"),
    [
        (Limits(0, 2), [], 0, 0, 0),
        (Limits(1, 2), [], 0, 0, 1),
        (Limits(0, 2), [], 1, 0, 1),
        (Limits(0, 2), [], 5, 0, 2),
        (Limits(0, 4), [node("a", busy="x")], 1, 0, 2),
        (Limits(0, 4, 60), [node("a", since=50)], 0, 0, 1),
        (Limits(0, 4, 60), [node("a", since=30)], 0, 0, 0),
        (Limits(1, 4, 60), [node("a", since=30), node("b", since=20)], 0, 0, 1),
        (Limits(0, 4, 60), [node("a", since=30)], 1, 0, 1),
        (Limits(0, 2), [], 5, 1, 1),
        (Limits(1, 2), [], 5, 2, 0),
        (Limits(0, 0), [], 5, 0, 0),
        (Limits(0, 1, 60), [node("a", busy="x"), node("b", busy="y")], 0, 0, 1),
        (Limits(0, 9, fixed=True), [node("a"), node("b")], 5, 0, 2),
    ],
)
def test_the_target(limits: Limits, nodes: list[Node], waiting: int, adopted: int, target: int) -> None:
    assert fleet(limits, *nodes, waiting=waiting, adopted=adopted).target(100.0) == target


def test_those_idle_longest_go_down_to_the_minimum() -> None:
    idle = fleet(Limits(1, 4, 60), node("a", since=30), node("b", since=10), node("c", since=90), node("d", busy="x"))
    assert [one.address for one in idle.to_leave(100.0)] == ["b", "a"]
    assert fleet(Limits(2, 4, 60), node("a"), node("b")).to_leave(100.0) == []
    assert fleet(Limits(0, 4, 60), node("a", busy="x")).to_leave(100.0) == []


def test_the_next_look_is_when_a_node_may_go() -> None:
    assert fleet(Limits(0, 4, 60), node("a", since=90), node("b", since=70)).next_look(100.0) == 30
    assert fleet(Limits(0, 4, 60), node("a", busy="x")).next_look(100.0) is None
    assert fleet(Limits(1, 4, 60), node("a")).next_look(100.0) is None
    assert fleet(Limits(0, 4, 60)).next_look(100.0) is None


def test_tasks_go_in_order_to_the_warmest_node() -> None:
    pairs = fleet(Limits(0, 4), node("a", since=1), node("b", since=2), node("c", busy="x"), waiting=2)
    found = pairs.pair()
    assert found is not None and (found[0].key, found[1].address) == ("t0", "b")
    assert fleet(Limits(0, 4), node("a", busy="x"), waiting=1).pair() is None
    leaving = node("a")
    leaving.leaving = True
    assert fleet(Limits(0, 4), leaving, waiting=1).pair() is None


def test_the_status() -> None:
    status = fleet(Limits(0, 4), node("a", busy="x"), node("b", since=99), waiting=3, adopted=1).status(100.0)
    wanted = {"current": 2, "target": 3, "running": 2, "idle": 1, "preparing": 1, "leaving": 0, "queued": 3, "min": 0, "max": 4}
    assert {name: status[name] for name in wanted} == wanted
