"""What one task's trouble does to the others: nothing. And what the files of a task's folder say."""

import os
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from azurine.compute import tasks, trees
from azurine.compute.contract import Sighting, Task
from azurine.compute.processes import LocalPlace
from compute.watching import Watch, gate, log_of, task, until


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def place(tmp_path: Path, watch: Watch) -> Iterator[LocalPlace]:
    made = LocalPlace(tmp_path, 2, watch)
    yield made
    made.close()


def test_a_task_whose_folder_cannot_be_made_fails_alone(place: LocalPlace, watch: Watch, tmp_path: Path) -> None:
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "bad").write_text("a file, not a folder")
    place.start(task(tmp_path, "bad", "true"))
    place.start(task(tmp_path, "good", "true"))
    assert watch.end("bad").state == "failed"
    assert watch.end("good").state == "succeeded"


def test_an_order_that_is_nonsense_is_a_failed_step(place: LocalPlace, watch: Watch, tmp_path: Path) -> None:
    place.start(Task("k", tmp_path / "tasks" / "k", {"command": "true"}))
    seen = watch.end("k")
    assert seen.state == "failed" and not seen.lost and seen.error is not None


def test_a_watcher_that_fails_does_not_end_the_place(tmp_path: Path) -> None:
    watch = Watch()

    def failing(key: str, sighting: Sighting) -> None:
        watch(key, sighting)
        raise ValueError("a mistake of the watcher's")

    place = LocalPlace(tmp_path, 1, failing)
    place.start(task(tmp_path, "one", "true"))
    place.start(task(tmp_path, "two", "true"))
    assert watch.end("two").state == "succeeded"
    place.close()


def test_the_guest_that_waits_for_its_task_may_be_killed(place: LocalPlace, watch: Watch, tmp_path: Path) -> None:
    place.start(task(tmp_path, "first", "true"))
    watch.end("first")
    place._attendance.prepare()
    waiting = place._attendance._waiting
    assert waiting is not None
    waiting.shutdown(2)  # as if it had died
    place.start(task(tmp_path, "second", "true"))
    assert watch.end("second").state == "succeeded"


def test_a_task_that_another_guest_runs_is_waited_for(place: LocalPlace, watch: Watch, tmp_path: Path) -> None:
    other_watch = Watch()
    other = LocalPlace(tmp_path, 1, other_watch, owns_warmth=False)
    path, open_gate = gate(tmp_path, "gate")
    order = task(tmp_path, "shared", f"cat {path}")
    place.start(order)
    watch.running("shared")
    other.start(order)
    other_watch.running("shared")
    open_gate()
    assert watch.end("shared").state == other_watch.end("shared").state == "succeeded"
    assert log_of(tmp_path, "shared").read_text() == "go\n"
    other.close()


def test_more_tasks_than_slots_all_get_their_turn(place: LocalPlace, watch: Watch, tmp_path: Path) -> None:
    for number in range(12):
        place.start(task(tmp_path, f"t{number}", f"echo {number} >> {tmp_path}/all"))
    for number in range(12):
        assert watch.end(f"t{number}").state == "succeeded"
    assert sorted(map(int, (tmp_path / "all").read_text().split())) == list(range(12))


def test_files_that_are_not_whole(tmp_path: Path) -> None:
    assert tasks.outcome(tmp_path) is None and tasks.guest(tmp_path) is None
    for text in ("", "{", "[]", "null", "{}"):
        (tmp_path / "outcome.json").write_text(text)
        (tmp_path / "guest.json").write_text(text)
        assert tasks.outcome(tmp_path) is None
        found = tasks.guest(tmp_path)
        assert found is not None and not tasks.is_alive(found[0])


def test_a_process_is_recognised_by_more_than_its_number() -> None:
    own = tasks.mark(os.getpid())
    assert tasks.is_alive(own)
    assert not tasks.is_alive(tasks.Mark(own.pid, own.started + 1, own.boot, own.host))
    assert not tasks.is_alive(tasks.Mark(own.pid, own.started, "another boot", own.host))


def test_a_lock_is_held_by_one_and_ends_with_it(tmp_path: Path) -> None:
    assert not tasks.is_taken(tmp_path)
    lock = tasks.take(tmp_path)
    assert lock is not None and tasks.take(tmp_path) is None and tasks.is_taken(tmp_path)
    os.close(lock)
    assert not tasks.is_taken(tmp_path)


def test_idle_places_leave_no_processes(tmp_path: Path, watch: Watch) -> None:
    place = LocalPlace(tmp_path, 1, watch)
    place.start(task(tmp_path, "one", "true"))
    watch.end("one")
    place.close()
    until(lambda: not [one for one in psutil.process_iter(["cmdline"]) if str(tmp_path) in " ".join(one.info["cmdline"] or ())])


def test_nothing_belongs_to_nobody(tmp_path: Path) -> None:
    assert trees.members([], tmp_path) == []
    trees.end([], tmp_path)
