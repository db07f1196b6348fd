import io
import json
from typing import Any

import pytest
import requests

from azurine.cli import faults, following, progress
from azurine.cli.following import Follower, Sight, Step


class History:
    """A run history that moves on with each look: `acts` are called in turn, one before each."""

    def __init__(self, *acts: Any) -> None:
        self.acts = list(acts)
        self.runs: dict[str, dict[str, Any]] = {}
        self.below: dict[str, list[str]] = {}
        self.logs: dict[str, bytes] = {}
        self.pieces: list[tuple[str, int]] = []
        self.down = 0

    def next(self) -> None:
        if self.acts:
            self.acts.pop(0)(self)

    def put(self, name: str, status: str, parent: str = "", pipeline: bool = False, **more: Any) -> None:
        self.runs[name] = {"runId": name, "displayName": more.pop("title", name), "status": status, **more}
        if pipeline:
            self.runs[name]["runType"] = "azureml.PipelineRun"
        if parent and name not in self.below.setdefault(parent, []):
            self.below[parent].append(name)

    def run(self, name: str) -> dict[str, Any]:
        if self.down:
            self.down -= 1
            raise requests.ConnectionError("refused")
        return self.runs[name]

    def details(self, name: str) -> dict[str, Any]:
        files = {f"user_logs/{log.partition('/')[2]}": f"https://logs/{log}" for log in self.logs if log.startswith(f"{name}/")}
        return {**self.runs[name], "logFiles": {**files, "system_logs/x.txt": "https://never"}}

    def children(self, name: str) -> list[dict[str, Any]]:
        return [self.runs[child] for child in self.below.get(name, [])]

    def piece(self, url: str, start: int) -> bytes:
        self.pieces.append((url, start))
        return self.logs[url.removeprefix("https://logs/")][start : start + following.PIECE]


def looked(history: History, name: str, **options: Any) -> list[Sight]:
    history.next()
    return list(Follower(history, name, **options).looks(wait=lambda _: history.next()))


def test_a_command_is_followed_to_its_end_and_its_log_read_from_where_it_stopped() -> None:
    def started(history: History) -> None:
        history.put("j", "Running", startTimeUtc="2026-01-01T00:00:00Z")
        history.logs["j/std_log.txt"] = b"one\ntw"

    def ended(history: History) -> None:
        history.put("j", "Completed", startTimeUtc="2026-01-01T00:00:00Z", endTimeUtc="2026-01-01T00:00:04.5Z")
        history.logs["j/std_log.txt"] = b"one\ntwo\nthree"

    sights = looked(history := History(lambda h: h.put("j", "Queued"), started, ended), "j")
    assert [sight.job.status for sight in sights] == ["Queued", "Running", "Completed"]
    assert [[line for _, line in sight.said] for sight in sights] == [[], ["one"], ["two", "three"]]
    assert sights[-1].job.seconds == 4.5
    assert history.pieces == [("https://logs/j/std_log.txt", 0), ("https://logs/j/std_log.txt", 6)]


def test_a_pipeline_is_its_steps_nested_ones_too() -> None:
    def act(history: History) -> None:
        history.put("p", "Completed", pipeline=True)
        history.put("a", "Completed", "p", title="prep", createdUtc="1", properties={"azureml.isreused": "true"})
        history.put("n", "Completed", "p", pipeline=True, title="inner", createdUtc="2")
        history.put("c", "Completed", "n", title="train")
        history.logs["c/std_log.txt"] = b"hello\n"
        history.logs["a/std_log.txt"] = b"of the run before\n"

    (sight,) = looked(History(act), "p")
    assert [(step.title, step.depth, step.reused) for step in sight.steps] == [("prep", 1, True), ("inner", 1, False), ("train", 2, False)]
    assert [(step.title, line) for step, line in sight.said] == [("train", "hello")]


def test_a_failure_is_told_with_its_reason() -> None:
    def act(history: History) -> None:
        history.put("p", "Failed", pipeline=True, error={"error": {"code": "UserError", "message": "a step failed"}})
        history.put("a", "Failed", "p", title="train", error={"error": {"message": "exit code 3"}})

    (sight,) = looked(History(act), "p")
    assert sight.job.error == "a step failed" and sight.steps[0].error == "exit code 3"


def test_a_log_longer_than_one_piece_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "PIECE", 1000)
    lines = [f"line {number}" for number in range(1000)]

    def act(history: History) -> None:
        history.put("j", "Completed")
        history.logs["j/std_log.txt"] = "\n".join(lines).encode() + b"\n"

    (sight,) = looked(History(act), "j")
    assert [line for _, line in sight.said] == lines


def test_progress_bars_and_odd_bytes_in_a_log_become_lines() -> None:
    def act(history: History) -> None:
        history.put("j", "Completed")
        history.logs["j/std_log.txt"] = b" 10%\r 50%\r100%\r\nbytes \xff\n"

    (sight,) = looked(History(act), "j")
    assert [line for _, line in sight.said] == ["100%", "bytes �"]


def test_a_server_that_starts_anew_is_waited_for_and_one_that_is_gone_is_not_waited_for_for_ever() -> None:
    history = History(lambda h: h.put("j", "Completed"))
    history.down = 3
    assert looked(history, "j")[-1].job.status == "Completed"

    history = History(lambda h: h.put("j", "Running"))
    history.down = 10**6
    ticks = iter(range(10**6))
    with pytest.raises(requests.ConnectionError):
        looked(history, "j", now=lambda: next(ticks) * 10.0)


class Http:
    """A session that answers from a table: address → (status, body)."""

    def __init__(self, answers: dict[str, tuple[int, Any]]) -> None:
        self.answers, self.asked = answers, []  # type: ignore[var-annotated]

    def get(self, url: str, **options: Any) -> Any:
        self.asked.append((url, options))
        status, body = self.answers[url]

        class Answer:
            status_code = status
            reason = "Reason"
            content = body if isinstance(body, bytes) else b""

            def json(self) -> Any:
                return json.loads(body) if isinstance(body, bytes) else body

        return Answer()


ROOT = "https://h/history/v1.0/ws/runs"


def test_the_history_is_asked_over_http_page_by_page() -> None:
    http = Http(
        {
            f"{ROOT}/p": (200, {"runId": "p"}),
            f"{ROOT}/p/details": (200, {"logFiles": {}}),
            f"{ROOT}/p/children": (200, {"value": [{"runId": "a"}], "nextLink": "https://h/next"}),
            "https://h/next": (200, {"value": [{"runId": "b"}]}),
        }
    )
    history = following.History(http, "https://h", "/ws")
    assert history.run("p") == {"runId": "p"} and history.details("p") == {"logFiles": {}}
    assert [child["runId"] for child in history.children("p")] == ["a", "b"]


@pytest.mark.parametrize(
    ("status", "body", "start", "expected"),
    [(206, b"xyz", 5, b"xyz"), (200, b"0123456789", 5, b"56789"), (416, b"", 5, b""), (404, b"", 0, b"")],
)
def test_a_piece_of_a_log(status: int, body: bytes, start: int, expected: bytes) -> None:
    http = Http({"https://l": (status, body)})
    assert following.History(http, "https://h", "/ws").piece("https://l", start) == expected
    ((_, options),) = http.asked
    assert options["headers"] == {"Range": f"bytes={start}-{start + following.PIECE - 1}"}
    request = object()
    assert options["auth"](request) is request  # nothing of ours is added to an address that is signed already


@pytest.mark.parametrize(
    ("status", "body", "code", "text"),
    [
        (404, {"error": {"message": "There is no run p"}}, 3, "There is no run p"),
        (503, b"", 5, "does not answer"),
        (500, b"<html>", 1, "answered 500"),
    ],
)
def test_what_the_history_refuses(status: int, body: Any, code: int, text: str) -> None:
    history = following.History(Http({f"{ROOT}/p": (status, body)}), "https://h", "/ws")
    with pytest.raises(faults.Failure) as raised:
        history.run("p")
    assert raised.value.fault.code == code and text in str(raised.value.fault)


def step(name: str, status: str, depth: int = 1, **more: Any) -> Step:
    return Step(name, name, status, depth, **more)


def test_plain_lines_tell_each_change_once_and_what_is_waited_for() -> None:
    time = [0.0]
    err, logs = io.StringIO(), io.StringIO()
    with progress.Lines(logs, err, clock=lambda: time[0]) as lines:
        lines.show(Sight(step("p", "Running", 0), (step("prep", "Running"),)))
        lines.show(Sight(step("p", "Running", 0), (step("prep", "Running"),), ((step("prep", "Running"), "hello"),)))
        time[0] = 60.0
        lines.show(Sight(step("p", "Running", 0), (step("prep", "Running"),)))
        lines.show(Sight(step("p", "Failed", 0, seconds=61.0), (step("prep", "Failed", seconds=60.0, error="exit code 3"),)))
    said = [line.partition(" ")[2] for line in err.getvalue().splitlines()]
    assert said == ["p: Running", "prep: Running", "waiting for prep", "p: Failed after 1 min 1 s", "prep: Failed after 1 min 0 s: exit code 3"]
    assert logs.getvalue() == "prep | hello\n"


def test_the_log_of_a_single_command_has_no_names_in_front() -> None:
    err, logs = io.StringIO(), io.StringIO()
    with progress.Lines(logs, err) as lines:
        lines.show(Sight(step("j", "Running", 0), (), ((step("j", "Running", 0), "hello"),)))
    assert logs.getvalue() == "hello\n"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_at_a_terminal_the_steps_are_a_tree() -> None:
    err = Terminal()
    screen = progress.screen(None, err)
    assert isinstance(screen, progress.Tree)
    with screen:
        screen.show(Sight(step("p", "Running", 0, seconds=3.0), (step("prep", "Completed", seconds=1.5), step("train", "Running"))))
    assert "✓ prep" in err.getvalue() and "1.5 s" in err.getvalue() and "▸ train" in err.getvalue()


def test_logs_that_go_to_a_file_leave_the_terminal_to_plain_lines() -> None:
    assert isinstance(progress.screen(io.StringIO(), Terminal()), progress.Lines)
    assert isinstance(progress.screen(None, io.StringIO()), progress.Lines)
