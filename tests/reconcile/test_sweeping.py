"""Sweeping: task folders go when their jobs rest, and not a moment before."""

import os
import queue
from collections.abc import Iterator
from pathlib import Path

import pytest

from azurine.compute import tasks
from azurine.compute.contract import Task
from azurine.model.resources import Resource
from azurine.reconcile.sweeping import Sweeper
from running import wait_until

PATIENCE = 10.0


class Yard:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.over: set[str] = set()
        self.sweeper = Sweeper(folder, "jobs", lambda job: job in self.over)

    def task(self, job: str, attempt: int = 1) -> Path:
        folder = self.folder / job.rsplit("/", 1)[1] / f"{job.split('/', 1)[0]}{attempt}"
        tasks.write_order(Task(f"{job}#1.0#run#{attempt}", folder, {}))
        return folder

    def rests(self, job: str) -> None:
        self.over.add(job)
        self.sweeper.tell([Resource(job, "jobs", {}, settled=True)])

    def goes(self, folder: Path) -> None:
        wait_until(lambda: not folder.exists(), PATIENCE, f"{folder} is still there")


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    made = Yard(tmp_path / "tasks")
    yield made
    made.sweeper.close()


def test_at_the_start_what_jobs_at_rest_left_goes_and_the_rest_stays(yard: Yard) -> None:
    old, older, needed = yard.task("w/jobs/old"), yard.task("w/jobs/old", 2), yard.task("w/jobs/needed")
    yard.over.add("w/jobs/old")
    yard.sweeper.start()
    yard.goes(old.parent)
    assert not older.exists() and needed.exists()


def test_the_folder_goes_when_its_job_comes_to_rest(yard: Yard) -> None:
    yard.sweeper.start()
    folder = yard.task("w/jobs/j")
    yard.sweeper.tell([Resource("w/jobs/j", "jobs", {}, settled=False), Resource("w/things/j", "things", {}, settled=True)])
    yard.rests("w/jobs/other")
    assert folder.exists()
    yard.rests("w/jobs/j")
    yard.goes(folder.parent)


def test_a_job_of_the_same_name_elsewhere_keeps_its_folder(yard: Yard) -> None:
    mine, other = yard.task("w/jobs/j"), yard.task("x/jobs/j")
    yard.sweeper.start()
    yard.rests("w/jobs/j")
    yard.goes(mine)
    assert other.exists()
    yard.rests("x/jobs/j")
    yard.goes(other.parent)


def test_a_folder_goes_when_its_guest_has_ended(yard: Yard) -> None:
    folder = yard.task("w/jobs/j")
    lock = tasks.take(folder)
    assert lock is not None
    yard.over.add("w/jobs/j")
    assert not yard.sweeper.sweep("j")
    assert folder.exists()
    yard.sweeper.start()
    os.close(lock)
    yard.goes(folder.parent)


def test_what_is_no_task_is_left_alone(yard: Yard) -> None:
    strange = yard.folder / "j" / "strange"
    strange.mkdir(parents=True)
    assert not yard.sweeper.sweep("j")
    assert strange.exists()
    assert yard.sweeper.sweep("never-heard-of")


def test_of_a_job_that_was_removed_nothing_is_kept_elsewhere(tmp_path: Path) -> None:
    forgotten: queue.Queue[str] = queue.Queue()
    sweeper = Sweeper(tmp_path, "jobs", lambda job: True, forgotten.put)
    sweeper.start()
    sweeper.tell([Resource("w/jobs/rests", "jobs", {}), Resource("w/jobs/gone", "jobs", {}, deleting=True)])
    assert forgotten.get(timeout=30) == "w/jobs/gone"
    sweeper.close()
    assert forgotten.empty()


def test_a_removal_that_was_broken_off_half_way_is_finished(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    task = yard.task("w/jobs/old")
    (task / "guest.lock").touch()
    yard.over.add("w/jobs/old")
    with monkeypatch.context() as killed:
        killed.setattr("azurine.reconcile.sweeping.shutil.rmtree", lambda folder, ignore_errors: (folder / tasks.ORDER).unlink())
        assert not yard.sweeper.sweep("old")
    assert [one.name for one in next(task.parent.iterdir()).iterdir()] == ["guest.lock"]
    yard.sweeper.start()
    yard.goes(task.parent)
