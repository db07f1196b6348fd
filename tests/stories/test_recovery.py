"""kill -9 at many moments: what was under way goes on to its end, and nothing that was done is done again.

Every step of the pipelines writes "begin" and "end" into a file outside of the server's home, from its own process: so a step that
ran twice, or was cut short, is counted by what it did, not by what the server says of it.
"""

import http.client
import http.server
import io
import os
import random
import signal
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

import postgresql
import rest
from azurine.compute import tasks
from running import RunningServer, wait_until

GONE = (OSError, http.client.HTTPException)
"""What a client sees of a server that was killed."""
PLACES = ("local", "cluster")
SECONDS = {"prep": 0.1, "left": 0.3, "right": 0.0, "join": 0.2, "end": 0.0}
NEEDS = {"prep": (), "left": ("prep",), "right": ("prep",), "join": ("left", "right"), "end": ("join",)}
LATER = ("local", pytest.param("cluster", marks=pytest.mark.long))
"""Where the cluster does what local does, and only takes longer."""
PATIENCE = 60.0


class Story:
    """A server that is killed and started again, pipelines on it, and what their steps have done."""

    def __init__(self, server: RunningServer, seen: Path) -> None:
        self.server, self.seen = server, seen
        self.place = PLACES[0]
        self.rest = rest.Rest(server.home)
        self.acknowledged: list[str] = []
        scale = {"minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT60S"}
        cluster = {"computeType": "AmlCompute", "properties": {"scaleSettings": scale}}
        self.put("computes/cluster", {"location": "local", "properties": cluster})
        for name, needs in NEEDS.items():
            self.put(f"components/{name}/versions/1", rest.component(self.line(name), needs))

    def line(self, name: str) -> str:
        mark = f"{self.seen}/$AZUREML_ROOT_RUN_ID.{name}"
        brought = " ".join("${{inputs." + one + "}}/note" for one in NEEDS[name]) or "/dev/null"
        return f"echo begin >> {mark} && cat {brought} > /dev/null && sleep {SECONDS[name]} && echo {name} > ${{{{outputs.made}}}}/note && echo end >> {mark}"

    def put(self, path: str, body: Any) -> None:
        self.rest.put(path, body)
        self.acknowledged.append(path)

    def submit(self, name: str) -> None:
        of = self.rest.workspace
        nodes = {one: rest.node(f"{of}/components/{one}/versions/1", {need: need for need in needs}) for one, needs in NEEDS.items()}
        self.put(f"jobs/{name}", rest.pipeline(nodes, self.place))

    def trial(self, name: str, offset: float, starts: list[float]) -> None:
        """Three pipelines, the last submitted around the kill, `offset` seconds after the first; then starts that are cut short too."""
        killer = threading.Timer(offset, self.server.kill)
        killer.start()
        names = [self.name(f"{name}-{number}") for number in range(3)]
        with suppress(*GONE):
            for one in names:
                self.submit(one)
                threading.Event().wait(offset / 3)
        with suppress(*GONE):
            for number in range(10_000):
                self.put(f"components/{self.name(name)}/versions/{number}", rest.component("true"))
        killer.join()
        for seconds in starts:
            self.server.launch()
            threading.Event().wait(seconds)
            self.server.kill()
        self.start()
        for one in names:
            try:
                self.rest.get(f"jobs/{one}")
            except rest.Refused as refusal:
                assert refusal.status == 404 and f"jobs/{one}" not in self.acknowledged
                self.submit(one)
        for one in names:
            self.completes(one)
            assert self.done(one) == {step: ["begin", "end"] for step in NEEDS}, f"{one}, killed after {offset:.3f} s and at {starts} of starting"

    def name(self, name: str) -> str:
        return f"{name}-at-{self.place}"

    def kill(self) -> None:
        self.server.kill()
        self.rest.close()

    def start(self) -> None:
        self.rest.close()
        self.server.start()
        self.rest = rest.Rest(self.server.home)

    def completes(self, name: str, final: str = "Completed") -> None:
        wait_until(lambda: self.rest.status(name) in rest.FINAL, PATIENCE, lambda: f"{name} is {self.standing(name)}")
        assert self.rest.status(name) == final, self.standing(name)

    def done(self, name: str) -> dict[str, list[str]]:
        """What the steps of a pipeline have done."""
        return {path.name.partition(".")[2]: path.read_text().split() for path in self.seen.glob(f"{name}.*")}

    def is_all_there(self) -> None:
        """Every write that was acknowledged, whatever happened since."""
        assert Counter(self.acknowledged).most_common(1)[0][1] == 1
        for path in self.acknowledged:
            self.rest.get(path)

    def is_tidy(self) -> None:
        """Nothing is left of tasks whose jobs are over."""
        left = self.server.home / "tasks"
        wait_until(lambda: not any(left.iterdir()), PATIENCE, lambda: f"left behind: {sorted(left.rglob('*'))}")

    def standing(self, name: str) -> str:
        """All that could explain why a job is not as it should be."""
        steps = {one: run.get("status") for one, run in self.rest.children(name).items()}
        return f"{self.rest.get(f'jobs/{name}')['properties']}\n{steps}\n{self.server.log()[-3000:]}"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with RunningServer(tmp_path_factory.mktemp("recovery") / "home") as server:
        story = Story(server, tmp_path_factory.mktemp("seen"))
        yield story
        story.rest.close()


@pytest.fixture
def story(told: Story, place: str) -> Story:
    told.place = place
    return told


def trials(count: int, seed: int, longest: float) -> list[tuple[float, list[float]]]:
    """(seconds from submission to the kill, seconds after which each of the next starts is killed too)"""
    chance = random.Random(seed)
    return [(longest * (number + chance.random()) / count, [chance.uniform(0.1, 1.5)] * (number % 3 == 2)) for number in range(count)]


@pytest.mark.parametrize(("place", "count"), [("local", 3), ("cluster", 2)])
def test_a_killed_server_takes_up_its_pipelines_again(count: int, story: Story) -> None:
    for number, (offset, starts) in enumerate(trials(count, 1, 1.6)):
        story.trial(f"p{number}", offset, starts)
    story.is_all_there()
    story.is_tidy()


@pytest.mark.long
@pytest.mark.parametrize("seed", [2, 3])
@pytest.mark.parametrize("place", PLACES)
def test_a_server_killed_at_many_moments_takes_up_its_pipelines_again(seed: int, story: Story) -> None:
    for number, (offset, starts) in enumerate(trials(15, seed, 2.0)):
        story.trial(f"s{seed}-p{number}", offset, starts)
    story.is_all_there()
    story.is_tidy()


class Step:
    """A command that goes on until it is let go, and writes down when it begins and ends."""

    def __init__(self, story: Story, name: str) -> None:
        self.story, self.name = story, story.name(name)
        self._mark, self._go = story.seen / f"{self.name}.step", story.seen / f"{self.name}.go"
        line = f"echo begin >> {self._mark}; while [ ! -e {self._go} ]; do sleep 0.02; done; echo end >> {self._mark}"
        story.put(f"jobs/{self.name}", rest.command(line, story.place))
        self.begins(1)

    def did(self) -> list[str]:
        return self._mark.read_text().split() if self._mark.exists() else []

    def begins(self, times: int) -> None:
        wait_until(
            lambda: self.did().count("begin") >= times,
            PATIENCE,
            lambda: f"{self.name} did not begin {times} times:\n{self.story.standing(self.name)}",
        )

    def let_go(self) -> None:
        self._go.touch()

    def completes(self, final: str = "Completed") -> None:
        self.story.completes(self.name, final)

    def guest(self) -> tuple[tasks.Mark, list[tasks.Mark]]:
        """The living guest of the latest attempt, and the processes of the user."""
        found: list[tuple[tasks.Mark, list[tasks.Mark]]] = []

        def lives() -> bool:
            guests = [tasks.guest(folder) for folder in (self.story.server.home / "tasks" / self.name).iterdir()]
            found[:] = [one for one in guests if one and one[1] and tasks.is_alive(one[0])]
            return bool(found)

        wait_until(lives, PATIENCE, f"{self.name} has no living guest")
        return found[0]


def kill(*processes: tasks.Mark) -> None:
    for one in processes:
        with suppress(ProcessLookupError):
            os.kill(one.pid, signal.SIGKILL)


def end(processes: list[tasks.Mark]) -> None:
    wait_until(lambda: not any(tasks.is_alive(one) for one in processes), PATIENCE, "a process that should have been ended still runs")


@pytest.mark.parametrize("place", PLACES)
def test_a_step_goes_on_while_the_server_is_dead_and_is_found_again(story: Story) -> None:
    ends_meanwhile, ends_later = Step(story, "meanwhile"), Step(story, "later")
    story.kill()
    ends_meanwhile.let_go()
    wait_until(lambda: "end" in ends_meanwhile.did(), PATIENCE, "the step did not go on without the server")
    story.start()
    ends_meanwhile.completes()
    wait_until(lambda: story.rest.status(ends_later.name) == "Running", PATIENCE, "the step that still runs was not found again")
    ends_later.let_go()
    ends_later.completes()
    assert [one.did() for one in (ends_meanwhile, ends_later)] == [["begin", "end"]] * 2


@pytest.mark.parametrize("place", PLACES)
def test_a_step_whose_guest_is_killed_is_tried_again_and_its_remains_end(story: Story) -> None:
    step = Step(story, "orphaned")
    guest, users = step.guest()
    kill(guest)
    step.begins(2)
    end(users)
    step.let_go()
    step.completes()
    assert step.did() == ["begin", "begin", "end"]


@pytest.mark.parametrize("place", PLACES)
def test_a_step_whose_processes_all_die_again_and_again_fails_after_four_attempts(story: Story) -> None:
    step = Step(story, "doomed")
    for attempt in range(1, 5):
        step.begins(attempt)
        guest, users = step.guest()
        kill(guest, *users)
    step.completes("Failed")
    assert story.rest.get(f"jobs/{step.name}")["properties"]["error"]["error"]["code"] == "NodeLost"
    assert step.did() == ["begin"] * 4


@pytest.mark.parametrize("place", LATER)
def test_a_guest_that_dies_while_the_server_is_dead_is_tried_again(story: Story) -> None:
    step = Step(story, "both")
    guest, users = step.guest()
    story.kill()
    kill(guest)
    story.start()
    step.begins(2)
    end(users)
    step.let_go()
    step.completes()
    assert step.did() == ["begin", "begin", "end"]


@pytest.mark.parametrize("place", ["cluster"])
def test_the_step_of_a_killed_node_is_tried_again_on_another(story: Story) -> None:
    step = Step(story, "moved")
    _, users = step.guest()
    nodes = [one for one in psutil.Process(story.server.pid).children(recursive=True) if "spawn_main" in " ".join(one.cmdline())]
    assert nodes
    for one in nodes:
        one.kill()
    step.begins(2)
    end(users)
    step.let_go()
    step.completes()
    assert step.did() == ["begin", "begin", "end"]


@pytest.mark.parametrize("place", LATER)
def test_a_wish_to_cancel_outlives_the_server(story: Story) -> None:
    steps = [Step(story, f"unwanted{number}") for number in range(2)]
    users = [user for one in steps for user in one.guest()[1]]
    for one in steps:
        story.rest.call("POST", f"jobs/{one.name}/cancel")
    story.kill()
    story.start()
    for one in steps:
        one.completes("Canceled")
    end(users)
    assert [one.did() for one in steps] == [["begin"]] * 2


@pytest.mark.parametrize("place", ["local"])
def test_an_environment_that_was_being_made_when_the_server_died_is_made(story: Story) -> None:
    mark = story.seen / "prepared"
    with Index() as index:
        story.put("environments/slow/versions/1", index.environment())
        story.put("jobs/prepared", rest.command(f"python -c 'import slow' && echo end >> {mark}", environment="azureml:slow:1"))
        assert index.asked.wait(PATIENCE)
        assert story.rest.status("prepared") == "Preparing"
        story.kill()
        story.start()
        index.go.set()
        story.completes("prepared")
    assert mark.read_text().split() == ["end"]


class Index:
    """A package index of one package, `slow`, which answers when `go` is set."""

    def __init__(self) -> None:
        self.asked, self.go = threading.Event(), threading.Event()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    def __enter__(self) -> "Index":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.go.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def environment(self) -> dict[str, Any]:
        url = f"http://127.0.0.1:{self._server.server_port}/simple"
        conda = f"dependencies:\n- python\n- pip\n- pip:\n  - --index-url {url}\n  - slow==1.0\n"
        return {"properties": {"condaFile": conda, "image": "any"}}

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        index = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                index.asked.set()
                index.go.wait(PATIENCE)
                is_wheel = self.path.endswith(".whl")
                found = wheel() if is_wheel else b'<a href="/slow-1.0-py3-none-any.whl">slow-1.0-py3-none-any.whl</a>'
                with suppress(OSError):  # who asked may have been killed
                    self.send_response(200)
                    self.send_header("Content-Type", "application/octet-stream" if is_wheel else "text/html")
                    self.send_header("Content-Length", str(len(found)))
                    self.end_headers()
                    self.wfile.write(found if self.command == "GET" else b"")

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                """Silent."""

        return Handler


def wheel() -> bytes:
    """The smallest package there is."""
    about = "slow-1.0.dist-info"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("slow.py", "")
        archive.writestr(f"{about}/METADATA", "Metadata-Version: 2.1\nName: slow\nVersion: 1.0\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", f"slow.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
    return content.getvalue()


if postgresql.programs():  # where it is missing, the contract suite of the store says so loudly

    @pytest.fixture(scope="module")
    def on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
        database = postgresql.Server()
        try:
            database.ask("CREATE SCHEMA story")
            with RunningServer(tmp_path_factory.mktemp("recovery") / "home", store=database.url("story")) as server:
                told = Story(server, tmp_path_factory.mktemp("seen"))
                yield told
                told.rest.close()
        finally:
            database.remove()

    def test_a_killed_server_on_postgresql_takes_up_its_pipelines_again(on_postgresql: Story) -> None:
        for number, (offset, starts) in enumerate(trials(2, 5, 1.2)):
            on_postgresql.trial(f"p{number}", offset, starts)
        on_postgresql.is_all_there()
