"""What every place to run does alike: the processes of this machine, and the nodes of a cluster."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from azurine.compute import tasks
from azurine.compute.cluster import ClusterPlace
from azurine.compute.contract import Place
from azurine.compute.fleet import Limits
from azurine.compute.processes import LocalPlace
from compute.watching import Watch, gate, is_gone, log_of, task, until

Open = Callable[[], Place]


class House:
    """A home with a place in it, which can be thrown away and opened again."""

    def __init__(self, kind: str, home: Path) -> None:
        self.kind, self.home, self.watch = kind, home, Watch()
        self.place = self.open()

    def open(self) -> Place:
        if self.kind == "local":
            return LocalPlace(self.home, 2, self.watch)
        return ClusterPlace(self.home, "contract", Limits(0, 2, 300.0), self.watch)

    def reopen(self) -> None:
        self.place.close()
        self.watch.seen.clear()
        self.place = self.open()


@pytest.fixture(scope="module", params=["local", "cluster"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(request.param, tmp_path_factory.mktemp(request.param))
    yield house
    house.place.close()


def run(house: House, key: str, command: str, **more: Any) -> Any:
    house.place.start(task(house.home, key, command, **more))
    return house.watch.end(key)


def test_a_step_that_ends_well_has_succeeded(house: House) -> None:
    seen = run(house, "well", "echo hello; echo there >&2")
    assert (seen.state, seen.output["exit_code"], seen.error) == ("succeeded", 0, None)
    assert log_of(house.home, "well").read_text() == "hello\nthere\n"
    phases = [one.phase for one in house.watch.of("well")]
    assert phases == ["queued", "preparing", "running", "finalizing", ""]


def test_a_step_that_exits_3_has_failed_and_says_its_last_lines(house: House) -> None:
    seen = run(house, "bad", "echo the reason >&2; exit 3")
    assert (seen.state, seen.output["exit_code"], seen.lost) == ("failed", 3, False)
    assert seen.error["code"] == "UserError"
    assert "status code 3" in seen.error["message"]
    assert "the reason" in seen.error["message"]


def test_a_log_is_there_while_the_step_runs(house: House) -> None:
    path, open_gate = gate(house.home, "log-gate")
    house.place.start(task(house.home, "live", f"echo first; cat {path}; echo last"))
    until(lambda: log_of(house.home, "live").exists() and log_of(house.home, "live").read_text() == "first\n")
    assert not any(one.output for one in house.watch.of("live"))
    open_gate()
    assert house.watch.end("live").state == "succeeded"
    assert log_of(house.home, "live").read_text() == "first\ngo\nlast\n"


def test_stopping_ends_the_whole_process_tree(house: House) -> None:
    pids = house.home / "pids"
    escaping = "import os,time; os.fork() and os._exit(0); os.setsid(); os.fork() and os._exit(0); print(os.getpid(), flush=True); time.sleep(1000)"
    command = f"sleep 1000 & echo $! >> {pids}; setsid sleep 1000 & echo $! >> {pids}; python -c '{escaping}' >> {pids}; echo $$ >> {pids}; wait"
    house.place.start(task(house.home, "stopped", command))
    found = until(lambda: pids.exists() and len(pids.read_text().split()) == 4 and pids.read_text().split())
    house.place.stop("stopped")
    seen = house.watch.end("stopped")
    assert (seen.state, seen.error["code"]) == ("cancelled", "Canceled")
    assert [pid for pid in found if not is_gone(int(pid))] == []


def test_a_step_that_does_not_listen_is_ended_all_the_same(house: House) -> None:
    command = 'python -c "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(1000)"'
    house.place.start(task(house.home, "deaf", command, grace=0.2))
    until(lambda: log_of(house.home, "deaf").exists() and log_of(house.home, "deaf").read_text() == "1\n")
    house.place.stop("deaf")
    assert house.watch.end("deaf").state == "cancelled"


def test_a_step_over_its_time_is_cancelled(house: House) -> None:
    seen = run(house, "slow", "sleep 1000", timeout=0.2)
    assert (seen.state, seen.error["code"]) == ("cancelled", "TimeoutExceeded")


def test_a_task_waits_in_line_and_can_be_stopped_there(house: House) -> None:
    gates = [gate(house.home, f"line-gate{number}") for number in range(2)]
    for number in range(2):
        house.place.start(task(house.home, f"before{number}", f"cat {gates[number][0]}"))
    for number in range(2):
        house.watch.running(f"before{number}")
    house.place.start(task(house.home, "waits", f"touch {house.home}/ran"))
    house.watch.wait("waits", lambda one: one.phase == "queued")
    house.place.stop("waits")
    assert house.watch.end("waits").state == "cancelled"
    for number in range(2):
        gates[number][1]()
        assert house.watch.end(f"before{number}").state == "succeeded"
    assert not (house.home / "ran").exists()
    house.watch.seen.clear()
    assert run(house, "waits", "touch ran").state == "cancelled", "and it is never begun later"


def test_a_finished_key_never_runs_again(house: House) -> None:
    counter = house.home / "counter"
    assert run(house, "once", f"echo ran >> {counter}").state == "succeeded"
    house.place.start(task(house.home, "once", f"echo ran >> {counter}"))
    again = house.watch.end("once", count=2)
    assert (again.state, again.output["exit_code"]) == ("succeeded", 0)
    house.watch.seen.clear()
    assert counter.read_text() == "ran\n"


def test_starting_what_runs_already_starts_nothing(house: House) -> None:
    path, open_gate = gate(house.home, "twice-gate")
    counter = house.home / "twice"
    order = task(house.home, "twice", f"echo ran >> {counter}; cat {path}")
    house.place.start(order)
    house.place.start(order)
    house.watch.running("twice")
    house.place.start(order)
    open_gate()
    assert house.watch.end("twice").state == "succeeded"
    assert counter.read_text() == "ran\n"


def test_stopping_an_unknown_key_does_nothing(house: House) -> None:
    house.place.stop("nobody")
    assert run(house, "after", "true").state == "succeeded"


def test_a_running_step_is_adopted_by_the_next_place(house: House) -> None:
    path, open_gate = gate(house.home, "adopt-gate")
    counter = house.home / "adopted"
    order = task(house.home, "adopted", f"echo ran >> {counter}; cat {path}")
    house.place.start(order)
    house.watch.running("adopted")
    until(lambda: counter.exists() and counter.read_text())
    house.reopen()
    house.place.start(order)
    house.watch.running("adopted")
    open_gate()
    assert house.watch.end("adopted").state == "succeeded"
    assert counter.read_text() == "ran\n"


def test_a_step_that_ended_meanwhile_is_reported_by_the_next_place(house: House) -> None:
    path, open_gate = gate(house.home, "meanwhile-gate")
    order = task(house.home, "meanwhile", f"cat {path}; exit 4")
    house.place.start(order)
    house.watch.running("meanwhile")
    house.place.close()
    open_gate()
    until(lambda: tasks.outcome(order.folder))
    house.watch.seen.clear()
    house.place = house.open()
    house.place.start(order)
    assert house.watch.end("meanwhile").output["exit_code"] == 4


def test_an_adopted_step_can_be_stopped(house: House) -> None:
    order = task(house.home, "adopted-stop", "sleep 1000")
    house.place.start(order)
    house.watch.running("adopted-stop")
    house.reopen()
    house.place.start(order)
    house.watch.running("adopted-stop")
    house.place.stop("adopted-stop")
    assert house.watch.end("adopted-stop").state == "cancelled"


def test_a_guest_that_dies_without_an_outcome_is_lost_with_all_it_started(house: House) -> None:
    order = task(house.home, "lost", "sleep 1000")
    house.place.start(order)
    house.watch.running("lost")
    guest, users = until(lambda: (found := tasks.guest(order.folder)) and found[1] and found)
    os.kill(guest.pid, signal.SIGKILL)
    seen = house.watch.end("lost")
    assert (seen.state, seen.lost, seen.error["code"]) == ("failed", True, "NodeLost")
    assert all(is_gone(one.pid) for one in users)
    house.place.start(order)
    assert house.watch.end("lost", count=2).lost, "and is not begun again under its key"


def test_the_status_counts(house: House) -> None:
    until(lambda: house.place.status()["running"] == 0)
    path, open_gate = gate(house.home, "status-gate")
    house.place.start(task(house.home, "counted", f"cat {path}"))
    house.watch.running("counted")
    assert until(lambda: house.place.status()["running"] == 1)
    open_gate()
    house.watch.end("counted")
    assert until(lambda: house.place.status()["running"] == 0)
