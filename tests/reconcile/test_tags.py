"""A job for which an earlier result stands takes over its tags, below its own."""

from azurine.model.resources import Resource
from azurine.reconcile import tags
from azurine.store.log import Create
from azurine.store.memory import MemoryLog

JOBS = "workspaces/jobs"


def _job(log: MemoryLog, name: str, said: dict[str, str] | None) -> str:
    properties = {} if said is None else {"tags": said}
    [made] = log.write([Create(f"w/w/jobs/{name}", JOBS, "w/w", {"properties": properties})], 1.0)
    assert isinstance(made, Resource)
    return made.id


def _tags(log: MemoryLog, identifier: str) -> object:
    found = log.get(identifier)
    assert found is not None
    return found.spec["properties"].get("tags")


def test_its_own_tags_stand_above_those_taken_over() -> None:
    log = MemoryLog()
    before, job = _job(log, "before", {"a": "1", "b": "2"}), _job(log, "job", {"b": "own"})
    tags.take_over(log, before, job, 2.0)
    assert _tags(log, job) == {"a": "1", "b": "own"}
    revision = log.revision()
    tags.take_over(log, before, job, 3.0)
    assert log.revision() == revision, "doing it again changes nothing"


def test_nothing_is_written_where_there_is_nothing_to_take() -> None:
    log = MemoryLog()
    before, job = _job(log, "before", None), _job(log, "job", None)
    revision = log.revision()
    tags.take_over(log, before, job, 2.0)
    tags.take_over(log, "w/w/jobs/gone", job, 2.0)
    tags.take_over(log, before, "w/w/jobs/gone", 2.0)
    assert log.revision() == revision
