"""Nodes that come and go, die, belong to somebody else, or outlive nobody."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from azurine.compute import tasks
from azurine.compute.cluster import ClusterPlace
from azurine.compute.fleet import Limits
from compute.watching import Watch, gate, is_gone, task, until

Make = Callable[..., ClusterPlace]


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def make(tmp_path: Path, watch: Watch) -> Iterator[Make]:
    made: list[ClusterPlace] = []

    def place(limits: Limits, **more: Any) -> ClusterPlace:
        made.append(ClusterPlace(tmp_path, f"c{len(made)}", limits, watch, **more))
        return made[-1]

    yield place
    for one in made:
        one.close()


def test_nodes_come_with_work_and_go_when_idle(make: Make, watch: Watch, tmp_path: Path) -> None:
    told: list[Any] = []
    place = make(Limits(0, 2, 0.3), changed=told.append)
    gates = [gate(tmp_path, f"g{number}") for number in range(3)]
    for number, (path, _) in enumerate(gates):
        place.start(task(tmp_path, f"t{number}", f"cat {path}"))
    for number in range(2):
        watch.running(f"t{number}")
    status = until(lambda: place.status()["current"] == 2 and place.status())
    assert (status["running"], status["queued"], status["target"]) == (2, 1, 2)
    assert {one["running"] for one in status["nodes"]} == {"t0", "t1"}
    assert len({one["pid"] for one in status["nodes"]} - {os.getpid()}) == 2, "each node is a process of its own"
    pids = [one["pid"] for one in status["nodes"]]
    for _, open_gate in gates:
        open_gate()
    for number in range(3):
        assert watch.end(f"t{number}").state == "succeeded"
    until(lambda: place.status()["current"] == 0)
    until(lambda: all(is_gone(pid) for pid in pids))
    assert [one["target"] for one in told][-1] == 0 and max(one["current"] for one in told) == 2


def test_the_minimum_is_there_without_work_and_can_be_changed(make: Make) -> None:
    place = make(Limits(1, 2, 0.2))
    until(lambda: place.status()["idle"] == 1)
    place.resize(Limits(2, 2, 0.2))
    until(lambda: place.status()["idle"] == 2)
    place.resize(Limits(0, 2, 0.2))
    until(lambda: place.status()["current"] == 0)


def test_the_step_of_a_killed_node_is_lost_and_the_node_comes_back(make: Make, watch: Watch, tmp_path: Path) -> None:
    place = make(Limits(1, 1, 60))
    order = task(tmp_path, "dies", "sleep 1000")
    place.start(order)
    watch.running("dies")
    [node] = until(lambda: place.status()["nodes"])
    guest, users = until(lambda: (found := tasks.guest(order.folder)) and found[1] and found)
    os.kill(node["pid"], signal.SIGKILL)
    seen = watch.end("dies")
    assert (seen.state, seen.lost) == ("failed", True)
    until(lambda: is_gone(guest.pid) and all(is_gone(one.pid) for one in users))
    place.start(task(tmp_path, "second attempt", "echo well"))
    assert watch.end("second attempt").state == "succeeded"


def test_a_step_that_ended_before_its_node_died_has_ended(make: Make, watch: Watch, tmp_path: Path) -> None:
    place = make(Limits(1, 1, 60))
    place.start(task(tmp_path, "ends", "exit 4"))
    assert watch.end("ends").output == tasks.outcome(tmp_path / "tasks" / "ends")


def test_closing_is_quick_and_leaves_running_steps(make: Make, watch: Watch, tmp_path: Path) -> None:
    place = make(Limits(2, 2, 60))
    path, open_gate = gate(tmp_path, "g")
    order = task(tmp_path, "stays", f"cat {path}")
    place.start(order)
    watch.running("stays")
    pids = [one["pid"] for one in place.status()["nodes"]]
    began = time.monotonic()
    place.close()
    assert time.monotonic() - began < 5 + 5, "five seconds, and as much again for a busy machine"
    until(lambda: all(is_gone(pid) for pid in pids))
    assert tasks.is_taken(order.folder)
    open_gate()
    until(lambda: tasks.outcome(order.folder))


def test_an_unused_cluster_brings_nothing_up(tmp_path: Path) -> None:
    program = """
        import sys
        from pathlib import Path
        from azurine.compute.cluster import ClusterPlace
        from azurine.compute.fleet import Limits
        place = ClusterPlace(Path(sys.argv[1]), "idle", Limits(0, 4, 60), print)
        place.stop("nobody")
        place.close()
        print([name for name in ("distributed", "dask", "pandas", "numpy") if name in sys.modules])
        """
    told = subprocess.run([sys.executable, "-W", "error", "-c", textwrap.dedent(program), str(tmp_path)], capture_output=True, text=True, check=True)
    assert (told.stdout, told.stderr) == ("[]\n", "")


SERVER = """
    import os, signal, sys, threading
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from compute.watching import Watch, task
    from azurine.compute.cluster import ClusterPlace
    from azurine.compute.fleet import Limits
    if __name__ == "__main__":
        home, watch = Path(sys.argv[1]), Watch()
        place = ClusterPlace(home, "c", Limits(0, 1, 60), watch)
        place.start(task(home, "survives", f"echo ran >> {home}/counter; cat {home}/gate"))
        watch.running("survives")
        print(place.status()["nodes"][0]["pid"], flush=True)
        threading.Event().wait()
    """


def test_steps_survive_the_death_of_the_server_and_its_nodes_do_not(make: Make, watch: Watch, tmp_path: Path) -> None:
    _, open_gate = gate(tmp_path, "gate")
    program = tmp_path / "server.py"
    program.write_text(textwrap.dedent(SERVER))
    words = [sys.executable, str(program), str(tmp_path), str(Path(__file__).parents[1])]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        node = int(server.stdout.readline())
        server.kill()
    until(lambda: is_gone(node))
    order = task(tmp_path, "survives", "must not run again")
    assert tasks.is_taken(order.folder)
    place = make(Limits(0, 1, 60))
    place.start(order)
    watch.running("survives")
    assert (place.status()["running"], place.status()["current"]) == (1, 0)
    open_gate()
    assert watch.end("survives").state == "succeeded"
    assert (tmp_path / "counter").read_text() == "ran\n"


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[str]:
    """Somebody else's scheduler with one worker, started with Dask's own programs."""
    programs = Path(sys.executable).parent
    environment = dict(os.environ) | {"DASK_DISTRIBUTED__WORKER__DAEMON": "False"}
    file = tmp_path / "scheduler.json"
    common: dict[str, Any] = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": environment}
    head = [str(programs / "dask"), "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--dashboard-address", ":0"]
    with subprocess.Popen([*head, "--scheduler-file", str(file)], **common) as first:
        until(file.exists)
        words = [str(programs / "dask"), "worker", "--no-nanny", "--nthreads", "1", "--no-dashboard", "--scheduler-file", str(file)]
        with subprocess.Popen([*words, "--local-directory", str(tmp_path / "worker")], **common) as second:
            import json

            yield until(lambda: json.loads(file.read_text() or "{}").get("address"))
            second.kill()
        first.kill()


def test_a_scheduler_of_somebody_elses_is_attached(make: Make, watch: Watch, tmp_path: Path, scheduler: str) -> None:
    place = make(Limits(0, 9, 0.1), address=scheduler)
    place.start(task(tmp_path, "there", "echo there"))
    seen = watch.end("there")
    assert seen.state == "succeeded" and seen.node.startswith("tcp://")
    until(lambda: place.status()["idle"] == 1)
    assert (place.status()["current"], place.status()["target"]) == (1, 1), "its nodes stay, however long they are idle"

    place.start(task(tmp_path, "stopped", "sleep 1000"))
    watch.running("stopped")
    place.stop("stopped")
    assert watch.end("stopped").state == "cancelled"


def test_a_scheduler_that_cannot_be_reached_is_a_clear_failure(make: Make, watch: Watch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("azurine.compute.dasks.CONNECT_SECONDS", 0.3)
    place = make(Limits(0, 1, 60), address="tcp://127.0.0.1:9")
    place.start(task(tmp_path, "nowhere", "true"))
    seen = watch.end("nowhere")
    assert (seen.state, seen.lost) == ("failed", True) and seen.error is not None
    assert "tcp://127.0.0.1:9" in seen.error["message"]
