"""Families: a copy of who asked for whom, which is never older than what the log has told."""

from dataclasses import replace

from azurine.model.resources import Resource
from azurine.reconcile.families import Families
from azurine.store import log
from azurine.store.memory import MemoryLog


class Counting(MemoryLog):
    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def owned_by(self, owner: str) -> list[Resource]:
        self.asked += 1
        return super().owned_by(owner)


def child(store: MemoryLog, name: str, owner: str = "w/p") -> Resource:
    [made] = store.write([log.Create(f"w/{name}", "k", "w", {}, owner=owner)], 1.0)
    assert isinstance(made, Resource)
    return made


def test_a_family_is_read_once_and_kept_up() -> None:
    store = Counting()
    families = Families(store)
    one = child(store, "one")
    assert families.of("w/p") == [one]
    two = child(store, "two")
    [moved] = store.write([log.Report(one.id, {"state": "running"})], 2.0)
    assert isinstance(moved, Resource)
    families.tell([two, moved])
    assert families.of("w/p") == [moved, two]
    assert store.asked == 1


def test_an_older_version_changes_nothing() -> None:
    store = MemoryLog()
    families = Families(store)
    one = child(store, "one")
    families.of("w/p")
    families.tell([replace(one, revision=one.revision + 1, status={"n": 2})])
    families.tell([one])
    assert families.of("w/p")[0].status == {"n": 2}


def test_one_that_went_is_gone_and_one_that_is_only_marked_is_not() -> None:
    store = MemoryLog()
    families = Families(store)
    one = child(store, "one")
    families.of("w/p")
    [marked] = store.write([log.Mark(one.id)], 2.0)
    assert isinstance(marked, Resource)
    families.tell([marked])
    assert [known.deleting for known in families.of("w/p")] == [True]
    [removed] = store.write([log.Remove(one.id)], 3.0)
    assert isinstance(removed, Resource)
    families.tell([removed])
    assert families.of("w/p") == []


def test_what_is_forgotten_is_read_again() -> None:
    store = Counting()
    families = Families(store)
    child(store, "one")
    families.of("w/p")
    families.forget("w/p")
    families.tell([child(store, "two")])
    assert [one.name for one in families.of("w/p")] == ["one", "two"]
    assert store.asked == 2
