"""The loop, as plays: what is in the store and what was filed → what stands there when it has come to rest."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from azurine.model.clock import Movable
from azurine.model.decisions import Cease, Create, Decision, Delete, Effect, Outcome, Perform, Update
from azurine.model.errors import Invalid, Temporary
from azurine.model.kinds import Admission, Decide, Kind, Look
from azurine.reconcile.loop import Loop
from azurine.reconcile.performers import File, Request
from azurine.store import log
from azurine.store.memory import MemoryLog

TOP = "workspaces/w"


class Recorder:
    """A performer that writes down what it was told and answers when the play says so."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ceased: list[str] = []
        self.files: dict[str, File] = {}

    def perform(self, request: Request, file: File) -> None:
        self.asked.append(request.key)
        self.files[request.key] = file

    def cease(self, key: str, file: File) -> None:
        self.ceased.append(key)
        file(Outcome("cancelled"))


def admit(request: Admission) -> Mapping[str, Any]:
    if request.body.get("bad"):
        raise Invalid("bad is not good", path="bad")
    return request.body


class House:
    def __init__(self, **kinds: Decide | None) -> None:
        self.store = MemoryLog()
        self.clock = Movable()
        self.recorder = Recorder()
        self.kinds = {name: Kind(name=name, admit=admit, show=lambda resource: resource.spec, decide=decide) for name, decide in kinds.items()}
        self.loop = self.fresh_loop()

    def fresh_loop(self) -> Loop:
        return Loop(self.store, self.kinds, {"work": self.recorder}, self.clock)

    def put(self, kind: str, name: str, spec: Mapping[str, Any] | None = None, *, settled: bool = False) -> str:
        identifier = f"{TOP}/{kind}/{name}"
        self.store.write([log.Create(identifier, kind, TOP, spec or {}, settled=settled)], self.clock())
        return identifier

    def status(self, identifier: str) -> Mapping[str, Any]:
        found = self.store.get(identifier)
        assert found is not None
        return found.status


def worker(look: Look) -> Decision:
    """Wishes one piece of work; final with its outcome."""
    outcome = look.outcome(f"{look.resource.id}#1")
    if look.resource.spec.get("cancel"):
        if outcome and outcome["state"] == "cancelled":
            return Decision({"state": "cancelled"}, settled=True)
        return Decision(look.resource.status, (Cease(f"{look.resource.id}#1", "work"),))
    if outcome and outcome["state"] == "succeeded":
        return Decision({"state": "succeeded"}, settled=True)
    return Decision({"state": outcome["state"] if outcome else "pending"}, (Perform(f"{look.resource.id}#1", "work", {}),))


def parent(look: Look) -> Decision:
    """Wishes two children, one after the other."""
    done = [one.name for one in look.children if one.status.get("state") == "succeeded"]
    if len(done) == 2:
        return Decision({"done": sorted(done)}, settled=True)
    name = "a" if not done else "b"
    return Decision({"done": sorted(done)}, (Create(f"{TOP}/worker/{name}", "worker", {"n": name}),))


def test_a_new_resource_is_looked_at_its_work_is_asked_for_once_and_its_outcome_is_filed() -> None:
    house = House(worker=worker)
    one = house.put("worker", "one")
    house.loop.settle()
    house.loop.rouse()
    house.loop.settle()
    assert house.recorder.asked == [f"{one}#1"]
    house.recorder.files[f"{one}#1"](Outcome("running", {"phase": "warm"}))
    house.loop.settle()
    assert house.status(one)["state"] == "running"
    house.recorder.files[f"{one}#1"](Outcome("succeeded", {"n": 1}))
    house.loop.settle()
    assert house.status(one)["state"] == "succeeded"
    assert house.status(one)["outcomes"][f"{one}#1"]["output"] == {"n": 1}
    assert house.store.unsettled() == []


def test_a_late_word_does_not_undo_a_final_outcome() -> None:
    house = House(worker=worker)
    one = house.put("worker", "one")
    house.loop.settle()
    file = house.recorder.files[f"{one}#1"]
    file(Outcome("succeeded"))
    house.loop.settle()
    file(Outcome("failed", {}, {"code": "Late", "message": "too late"}))
    house.loop.settle()
    assert house.status(one)["outcomes"][f"{one}#1"]["state"] == "succeeded"


def test_after_a_restart_unfinished_work_is_asked_for_again_and_finished_work_is_not() -> None:
    house = House(worker=worker)
    one, two = house.put("worker", "one"), house.put("worker", "two")
    house.loop.settle()
    house.recorder.files[f"{one}#1"](Outcome("succeeded"))
    house.loop.settle()
    house.recorder.asked.clear()
    house.loop = house.fresh_loop()
    house.loop.rouse()
    house.loop.settle()
    assert house.recorder.asked == [f"{two}#1"]


def test_children_follow_each_other_and_the_parent_ends() -> None:
    house = House(worker=worker, parent=parent)
    top = house.put("parent", "p")
    house.loop.settle()
    assert house.recorder.asked == [f"{TOP}/worker/a#1"]
    house.recorder.files[f"{TOP}/worker/a#1"](Outcome("succeeded"))
    house.loop.settle()
    house.recorder.files[f"{TOP}/worker/b#1"](Outcome("succeeded"))
    house.loop.settle()
    assert house.status(top) == {"done": ["a", "b"]}


def test_a_finished_child_its_parent_and_the_next_child_share_one_commit() -> None:
    house = House(worker=worker, parent=parent)
    house.put("parent", "p")
    house.loop.settle()
    batches: list[int] = []
    write = house.store.write
    house.store.write = lambda writes, at: batches.append(len(writes)) or write(writes, at)  # type: ignore[method-assign,func-returns-value]
    house.recorder.files[f"{TOP}/worker/a#1"](Outcome("succeeded"))
    house.loop.settle()
    assert batches == [3], "the child's end, the parent's look, and the next child with its first look"


def test_a_child_that_is_refused_is_told_to_the_parent() -> None:
    def asks(look: Look) -> Decision:
        refused = look.outcome(f"create:{TOP}/worker/x")
        if refused:
            return Decision({"error": refused["error"]["message"], "path": refused["error"]["path"]}, settled=True)
        return Decision({}, (Create(f"{TOP}/worker/x", "worker", {"bad": True}),))

    house = House(worker=worker, asks=asks)
    top = house.put("asks", "p")
    house.loop.settle()
    assert house.status(top)["error"] == "bad is not good"
    assert house.status(top)["path"] == "bad"


def test_a_name_that_somebody_else_has_taken_is_left_to_them_and_the_loop_comes_to_rest() -> None:
    house = House(parent=parent, worker=worker)
    house.loop.settle()
    taken = house.put("worker", "a", {"theirs": True}, settled=True)
    house.loop = house.fresh_loop()  # one that has not heard of it
    owner = house.put("parent", "p", {"order": ["a"]})
    house.loop.settle()
    found = house.store.get(taken)
    assert found is not None
    assert (found.spec, found.owner) == ({"theirs": True}, "")
    assert house.store.owned_by(owner) == []


def test_a_wish_into_a_childs_spec_is_written_and_seen() -> None:
    def stops(look: Look) -> Decision:
        if any(one.status.get("state") == "cancelled" for one in look.children):
            return Decision({"state": "cancelled"}, settled=True)
        effects: tuple[Effect, ...] = (Create(f"{TOP}/worker/x", "worker", {}),)
        if look.resource.spec.get("cancel"):
            effects = (Update(f"{TOP}/worker/x", {"cancel": True}),)
        return Decision({"state": "running"}, effects)

    house = House(worker=worker, stops=stops)
    top = house.put("stops", "p")
    house.loop.settle()
    house.store.write([log.Update(top, {"cancel": True}, settled=False)], house.clock())
    house.loop.settle()
    assert house.recorder.ceased == [f"{TOP}/worker/x#1"]
    assert house.status(top)["state"] == "cancelled"


def test_deletion_takes_along_what_was_asked_for_and_ends_its_work_first() -> None:
    def leaves(look: Look) -> Decision:
        if look.resource.deleting:
            return worker(look) if look.outcome(f"{look.resource.id}#1") else Decision({}, (Cease(f"{look.resource.id}#1", "work"),))
        return worker(look)

    def owner(look: Look) -> Decision:
        if look.resource.deleting:
            return Decision({}, settled=not look.children)
        return Decision({}, (Create(f"{TOP}/leaves/x", "leaves", {}),))

    house = House(leaves=lambda look: _gone(leaves, look), owner=owner)
    top = house.put("owner", "p")
    house.loop.settle()
    house.store.write([log.Mark(top)], house.clock())
    house.loop.settle()
    assert house.recorder.ceased == [f"{TOP}/leaves/x#1"]
    assert house.store.get(f"{TOP}/leaves/x") is None
    assert house.store.get(top) is None


def _gone(decide: Callable[[Look], Decision], look: Look) -> Decision:
    outcome = look.outcome(f"{look.resource.id}#1")
    if look.resource.deleting and outcome and outcome["state"] == "cancelled":
        return Decision({}, settled=True)
    return decide(look)


def test_a_resource_that_leaves_waits_for_all_its_work_however_it_ends() -> None:
    def leaves(look: Look) -> Decision:
        keys = ("one", "two")
        if not look.resource.deleting:
            return Decision({}, tuple(Perform(key, "work", {}) for key in keys))
        going = [key for key in keys if (look.outcome(key) or {}).get("state") != "cancelled"]
        return Decision(look.resource.status, tuple(Cease(key, "work") for key in going), settled=not going)

    house = House(leaves=leaves)
    held: list[Any] = []
    house.recorder.cease = lambda key, file: held.append((key, file))  # type: ignore[method-assign]
    one = house.put("leaves", "x")
    house.loop.settle()
    house.store.write([log.Mark(one)], house.clock())
    house.loop.settle()
    for _ in range(2):
        _, file = held.pop(0)
        held.clear()
        file(Outcome("cancelled"))
        house.loop.settle()
    assert house.store.get(one) is None


def test_a_due_time_is_kept() -> None:
    def alarm(look: Look) -> Decision:
        if look.now >= look.resource.spec["due"]:
            return Decision({"rang": look.now}, settled=True)
        return Decision({}, wake_at=look.resource.spec["due"])

    house = House(alarm=alarm)
    due = house.clock() + 60
    one = house.put("alarm", "a", {"due": due})
    house.loop.settle()
    assert house.loop.next_due() == due
    house.clock.advance(59)
    house.loop.settle()
    assert "rang" not in house.status(one)
    house.clock.advance(1)
    house.loop.settle()
    assert house.status(one) == {"rang": due}


def test_a_kind_that_breaks_is_tried_again_and_is_in_nobodys_way(caplog: pytest.LogCaptureFixture) -> None:
    broken = {"yes": True}

    def breaks(look: Look) -> Decision:
        if broken["yes"]:
            raise ZeroDivisionError
        return Decision({"fine": True}, settled=True)

    house = House(breaks=breaks, worker=worker)
    one, two = house.put("breaks", "b"), house.put("worker", "w")
    house.loop.settle()
    assert house.recorder.asked == [f"{two}#1"]
    assert "incident" in caplog.text
    broken["yes"] = False
    house.clock.advance(2)
    house.loop.settle()
    assert house.status(one) == {"fine": True}


def test_a_user_who_writes_meanwhile_is_not_overwritten() -> None:
    house = House(worker=worker)
    one = house.put("worker", "one")
    house.loop.settle()
    write = house.store.write
    raced = {"done": False}

    def race(writes: Any, at: float) -> Any:
        if not raced["done"]:
            raced["done"] = True
            write([log.Update(one, {"note": "mine"}, settled=False)], at)
        return write(writes, at)

    house.store.write = race  # type: ignore[method-assign]
    house.recorder.files[f"{one}#1"](Outcome("succeeded"))
    house.loop.settle()
    found = house.store.get(one)
    assert found is not None and found.spec == {"note": "mine"} and found.status["state"] == "succeeded"


def test_outcomes_survive_a_store_that_cannot_write_for_a_while() -> None:
    house = House(worker=worker)
    one = house.put("worker", "one")
    house.loop.settle()
    write = house.store.write

    def full(writes: Any, at: float) -> Any:
        raise Temporary("the disk is full")

    house.store.write = full  # type: ignore[method-assign]
    house.recorder.files[f"{one}#1"](Outcome("succeeded"))
    with pytest.raises(Temporary):
        house.loop.settle()
    house.store.write = write  # type: ignore[method-assign]
    house.loop.settle()
    assert house.status(one)["state"] == "succeeded"


def test_work_nobody_does_fails_with_its_name() -> None:
    def wants(look: Look) -> Decision:
        outcome = look.outcome("k")
        return Decision({"said": outcome["error"]["message"]}, settled=True) if outcome else Decision({}, (Perform("k", "juggling", {}),))

    house = House(wants=wants)
    one = house.put("wants", "o")
    house.loop.settle()
    assert "juggling" in house.status(one)["said"]


def test_a_wish_to_delete_is_done() -> None:
    def sweeps(look: Look) -> Decision:
        return Decision({}, (Delete(f"{TOP}/worker/old"),), settled=True)

    house = House(sweeps=sweeps, plain=None)
    old = f"{TOP}/worker/old"
    house.store.write([log.Create(old, "plain", TOP, {})], house.clock())
    house.put("sweeps", "s")
    house.loop.settle()
    assert house.store.get(old) is None


def test_wishes_that_could_not_be_written_are_wished_again() -> None:
    def stops(look: Look) -> Decision:
        if look.children and look.resource.spec.get("cancel"):
            return Decision({"state": "stopping"}, (Update(f"{TOP}/worker/x", {"cancel": True}),))
        return Decision({"state": "running"}, (Create(f"{TOP}/worker/x", "worker", {}),))

    house = House(worker=worker, stops=stops)
    top = house.put("stops", "p")
    house.loop.settle()
    house.store.write([log.Update(top, {"cancel": True}, settled=False)], house.clock())
    write = house.store.write

    def refuse_wishes(writes: Any, at: float) -> Any:
        if any(isinstance(one, log.Update) for one in writes):
            raise Temporary("the disk is full")
        return write(writes, at)

    house.store.write = refuse_wishes  # type: ignore[method-assign]
    with pytest.raises(Temporary):
        house.loop.settle()
    house.store.write = write  # type: ignore[method-assign]
    house.loop.settle()
    assert house.recorder.ceased == [f"{TOP}/worker/x#1"]


def test_work_that_is_over_is_not_asked_for_again_however_often_it_is_wished() -> None:
    def insists(look: Look) -> Decision:
        return Decision({"seen": bool(look.outcome("k"))}, (Perform("k", "work", {}),))

    house = House(insists=insists)
    house.put("insists", "i")
    house.loop.settle()
    house.recorder.files["k"](Outcome("failed", {}, {"code": "No", "message": "no"}))
    house.loop.settle()
    house.loop.rouse()
    house.loop.settle()
    assert house.recorder.asked == ["k"]


def test_a_wish_that_cannot_even_be_read_is_in_nobodys_way(caplog: pytest.LogCaptureFixture) -> None:
    def confused(look: Look) -> Decision:
        return Decision({}, (Create(f"{TOP}/nothing/x", "nothing of that kind", {}),))

    house = House(confused=confused, worker=worker)
    house.put("confused", "c")
    one = house.put("worker", "w")
    house.loop.settle()
    assert house.recorder.asked == [f"{one}#1"]
    assert "incident" in caplog.text
