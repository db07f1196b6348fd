"""Following a job while it runs: its steps, their states, and what they write to their logs.

It looks at the run history (the data plane's REST, as the official client's `jobs.stream` does), again and again, quickly
while something happens and less often while nothing does. Unlike the client it tells of a pipeline's steps, and reads each
log from where it stopped, however long the log is. A look is a plain value (`Sight`); showing it is `progress`'s business.

What it does not do: change the job. Whoever stops looking leaves it running.
"""

import functools
import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from azurine.cli import faults

FINAL = frozenset({"Completed", "Failed", "Canceled", "NotResponding", "Succeeded", "Cancelled", "TimedOut", "Inactive", "Skipped"})
"""States that are over, of jobs and of a factory's activities."""
QUICK, SLOW = 0.2, 2.0
"""Seconds between two looks: at most while something changes, and at least while nothing does."""
PATIENCE = 120.0
"""How long a server that does not answer is waited for: it may be starting anew, and the job survives that."""
PIECE = 1 << 20
_LOGS = re.compile(r"(^|/)user_logs/std_log[^/]*\.txt$|^azureml-logs/[^/]+\.txt$")

Json = dict[str, Any]


class Runs(Protocol):
    """What is asked of the run history."""

    def run(self, name: str) -> Json: ...

    def details(self, name: str) -> Json: ...

    def children(self, name: str) -> list[Json]: ...

    def piece(self, url: str, start: int) -> bytes:
        """At most `PIECE` bytes of a log from `start` on; empty when there are no more (yet)."""
        ...


@dataclass(frozen=True, slots=True)
class Step:
    """A job, or one step of a pipeline. depth: 0 for the job itself. seconds: how long it has been running, or ran."""

    name: str
    title: str
    status: str
    depth: int = 0
    seconds: float | None = None
    reused: bool = False
    error: str = ""

    @property
    def final(self) -> bool:
        return self.status in FINAL


@dataclass(frozen=True, slots=True)
class Sight:
    """One look. said: new lines of the logs, in the order they were read, with the step that wrote them."""

    job: Step
    steps: tuple[Step, ...] = ()
    said: tuple[tuple[Step, str], ...] = ()


@dataclass
class Follower:
    """Follows one job. logs: whether to read the logs, too."""

    runs: Runs
    name: str
    logs: bool = True
    now: Callable[[], float] = time.time
    _places: dict[tuple[str, str], "_Place"] = field(default_factory=dict)
    _read_out: set[str] = field(default_factory=set)

    def look(self) -> Sight:
        top = self.runs.run(self.name)
        job = self._step(top, 0)
        steps = tuple(self._below(top, 1)) if _is_pipeline(top) else ()
        # A log is read after the state was: when the state was final then, all that was written is there now.
        said = tuple(one for step in (steps or (job,)) for one in self._said(step)) if self.logs else ()
        if job.status == "Failed" and not job.error:
            job = self._with_error(job)
        return Sight(job, tuple(self._with_error(step) if step.status == "Failed" else step for step in steps), said)

    def looks(self, wait: Callable[[float], object] | None = None) -> Iterator[Sight]:
        """Looks until the job is over; the last sight is final. wait: how to pass the time between two looks."""
        wait = wait or threading.Event().wait
        pause, before = QUICK, None
        while True:
            sight = self._patiently(wait)
            yield sight
            if sight.job.final:
                return
            states = [(step.name, step.status) for step in (sight.job, *sight.steps)]
            pause = QUICK if sight.said or states != before else min(SLOW, pause * 1.25)
            before = states
            wait(pause)

    def _patiently(self, wait: Callable[[float], object]) -> Sight:
        deadline = self.now() + PATIENCE
        while True:
            try:
                return self.look()
            except Exception as error:
                if faults.told(error).code != faults.UNREACHABLE or self.now() >= deadline:
                    raise
                wait(SLOW)

    def _below(self, parent: Json, depth: int) -> Iterator[Step]:
        children = self.runs.children(str(parent["runId"]))
        for child in sorted(children, key=lambda one: str(one.get("createdUtc") or "")):
            yield self._step(child, depth)
            if _is_pipeline(child):
                yield from self._below(child, depth + 1)

    def _step(self, run: Json, depth: int) -> Step:
        status = str(run.get("status") or "NotStarted")
        properties = run.get("properties") or {}
        begun, ended = _seconds(run.get("startTimeUtc")), _seconds(run.get("endTimeUtc"))
        lasted = None if begun is None else max(0.0, (ended if ended is not None else self.now()) - begun)
        return Step(
            name=str(run["runId"]),
            title=str(run.get("displayName") or run["runId"]),
            status=status,
            depth=depth,
            seconds=lasted,
            reused=str(properties.get("azureml.isreused", "")).lower() == "true",
            error=_error_text(run),
        )

    def _with_error(self, step: Step) -> Step:
        if step.error:
            return step
        text = _error_text(self.runs.details(step.name))
        return Step(step.name, step.title, step.status, step.depth, step.seconds, step.reused, text)

    def _said(self, step: Step) -> Iterator[tuple[Step, str]]:
        if step.name in self._read_out or step.status in ("NotStarted", "Queued") or step.reused:
            return
        files = self.runs.details(step.name).get("logFiles") or {}
        for name in sorted(name for name in files if _LOGS.search(name)):
            place = self._places.setdefault((step.name, name), _Place())
            for line in place.lines(functools.partial(self.runs.piece, str(files[name])), step.final):
                yield step, line
        if step.final:
            self._read_out.add(step.name)


@dataclass
class _Place:
    """How far a log was read, and the beginning of a line whose end was not there yet."""

    at: int = 0
    rest: bytes = b""

    def lines(self, piece: Callable[[int], bytes], final: bool) -> Iterator[str]:
        while True:
            new = piece(self.at)
            self.at += len(new)
            *whole, self.rest = (self.rest + new).split(b"\n")
            for line in whole:
                yield _text(line)
            if len(new) < PIECE:
                break
        if final and self.rest:
            rest, self.rest = self.rest, b""
            yield _text(rest)


class History:
    """The run history of a server, over plain HTTP."""

    def __init__(self, http: Any, url: str, workspace_id: str) -> None:
        self._http = http
        self._runs = f"{url}/history/v1.0{workspace_id}/runs"

    def run(self, name: str) -> Json:
        return self._json(f"{self._runs}/{name}")

    def details(self, name: str) -> Json:
        return self._json(f"{self._runs}/{name}/details")

    def children(self, name: str) -> list[Json]:
        found: list[Json] = []
        url: str | None = f"{self._runs}/{name}/children"
        while url:
            page = self._json(url)
            found += page.get("value") or []
            url = page.get("nextLink")
        return found

    def piece(self, url: str, start: int) -> bytes:
        # The address carries its own signature; ours beside it would be one too many.
        headers = {"Range": f"bytes={start}-{start + PIECE - 1}"}
        answer = self._http.get(url, headers=headers, auth=lambda request: request, timeout=60)
        if answer.status_code in (404, 416):
            return b""  # not begun yet; nothing new
        _refuse(answer, url)
        body: bytes = answer.content
        return body if answer.status_code == 206 else body[start : start + PIECE]

    def _json(self, url: str) -> Json:
        answer = self._http.get(url, timeout=60)
        _refuse(answer, url)
        body: Json = answer.json()
        return body


def _refuse(answer: Any, url: str) -> None:
    if answer.status_code < 400:
        return
    try:
        message = str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        message = f"{url.split('?')[0]} answered {answer.status_code} {answer.reason}"
    if answer.status_code in (502, 503, 504):
        raise faults.Failure("The server does not answer.", message, code=faults.UNREACHABLE)
    raise faults.Failure(message, code=faults.MISSING if answer.status_code == 404 else faults.FAILED)


def _is_pipeline(run: Json) -> bool:
    kind = run.get("runTypeV2") or {}
    words = " ".join(str(word) for word in (run.get("runType"), kind.get("orchestrator"), *(kind.get("traits") or ())) if word)
    return "pipeline" in words.lower()


def _error_text(run: Json) -> str:
    error = run.get("error") or {}
    inner = error.get("error") if isinstance(error, dict) else None
    return " ".join(str((inner or error or {}).get("message") or "").split())


def _seconds(text: Any) -> float | None:
    if not text:
        return None
    try:
        then = datetime.fromisoformat(str(text).replace("Z", "+00:00"))
    except ValueError:
        return None
    return (then.replace(tzinfo=UTC) if then.tzinfo is None else then).timestamp()


def _text(line: bytes) -> str:
    # A carriage return within a line is a progress bar drawn over itself: its last state is what stayed.
    return line.rstrip(b"\r").rsplit(b"\r", 1)[-1].decode("utf-8", "replace")
