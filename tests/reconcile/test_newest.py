"""What the loop remembers is never older than what it was told."""

from azurine.model.resources import Resource
from azurine.reconcile.newest import Newest
from azurine.store import log
from azurine.store.memory import MemoryLog


class Counting(MemoryLog):
    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def get(self, identifier: str) -> Resource | None:
        self.asked.append(identifier)
        return super().get(identifier)


def written(store: MemoryLog, write: log.Write) -> Resource:
    [done] = store.write([write], 1.0)
    assert isinstance(done, Resource)
    return done


def test_what_was_read_is_not_read_again_and_what_is_told_replaces_it() -> None:
    store = Counting()
    newest = Newest(store)
    one = written(store, log.Create("w/one", "k", "w", {"n": 1}))
    assert newest.get("w/one") == newest.get("w/one") == one
    assert store.asked == ["w/one"]
    two = written(store, log.Update("w/one", {"n": 2}))
    newest.tell([two, one])
    assert newest.get("w/one") == two
    assert store.asked == ["w/one"]


def test_that_there_is_none_is_remembered_until_one_is_told() -> None:
    store = Counting()
    newest = Newest(store)
    assert newest.get("w/one") is newest.get("w/one") is None
    assert store.asked == ["w/one"]
    made = written(store, log.Create("w/one", "k", "w", {}))
    newest.tell([made])
    assert newest.get("w/one") == made


def test_what_may_have_gone_and_what_is_forgotten_is_read_again() -> None:
    store = Counting()
    newest = Newest(store)
    newest.tell([written(store, log.Create("w/one", "k", "w", {}))])
    newest.tell([written(store, log.Mark("w/one"))])
    marked = newest.get("w/one")
    assert marked is not None and marked.deleting
    newest.tell([written(store, log.Remove("w/one"))])
    assert newest.get("w/one") is None
    newest.tell([written(store, log.Create("w/two", "k", "w", {}))])
    newest.forget("w/two")
    newest.get("w/two")
    assert store.asked == ["w/one", "w/one", "w/two"]


def test_it_remembers_so_many_and_no_more() -> None:
    store = Counting()
    newest = Newest(store, most=2)
    newest.tell([written(store, log.Create(f"w/{number}", "k", "w", {})) for number in range(3)])
    assert newest.get("w/2") and newest.get("w/1") and store.asked == []
    assert newest.get("w/0") and store.asked == ["w/0"]
