"""A scoring script: imported once, `init()` called once, then `run()` once for each request.

`run` is looked at once. Three styles: plain (it gets the body as text; for GET the query as JSON text), raw (it gets the request
itself, and may answer with headers and a status of its own), and declared (its parameters are the keys of a JSON object). A
parameter named `request_headers` gets the headers.

A script with a plain `run` may also have `run_many(list of texts)`, which answers a list of as many results. It is called in the place of
`run` when several requests have come together, so that a model can predict for all of them at once. Where it raises, each request is
given to `run` by itself, so that only the one that is wrong hears of it.

https://learn.microsoft.com/azure/machine-learning/how-to-inference-server-http
"""

from __future__ import annotations

import importlib.util
import inspect
import json
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Any

from . import collecting, declared, journal, requests, service, shims, wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HEADERS = "request_headers"
MANY = "run_many"
FAILED = b'{"message": "An unexpected error occurred in scoring script. Check the logs for more info."}'
_NO_HEADERS = b""
_LOCATED = b"Content-Type: application/json\r\n"


class Broken(Exception):
    """The script cannot be used; says why, for its author."""


class _TimedOut(BaseException):
    """run() took too long. No Exception, so that the script does not catch it by accident."""


class Script(service.Scorer):
    def __init__(self, path: str, environ: dict[str, str], kept: collecting.Kept | None = None) -> None:
        """Imports the script and calls its init(). Raises Broken; what the script itself raises passes through."""
        shims.install(kept)
        self._kept = kept
        self.name = os.path.basename(path)
        module = _imported(path)
        self._run, init = _entry(module)
        self._style = _style(self._run)
        self._declared = declared.of(self._run) if self._style == "declared" else None
        parameters = _checked(self._run, self._declared is not None)
        self._wants_headers = HEADERS in parameters
        self._parameter = next((name for name in parameters if name != HEADERS), "")
        self._many = _many(module, self._style, self._wants_headers)
        self.together = self._many is not None
        self._limit = float(environ["SCORING_TIMEOUT_MS"]) / 1000 if environ.get("SCORING_TIMEOUT_MS") else 0.0
        init()

    def described(self) -> dict[str, Any]:
        return self._declared.schemas() if self._declared is not None else {}

    def score(self, requests: list[tuple[wire.Head, bytes]]) -> Iterator[tuple[int, bytes, bytes, bool]]:
        ready = self._together(requests) if self._many is not None and len(requests) > 1 else None
        for place, (head, body) in enumerate(requests):
            try:
                if ready is not None:
                    answer = ready[place]
                else:
                    answer = self._within_limit(self._one, head, body) if self._limit else self._one(head, body)
                if self._kept is not None:
                    self._kept.of_script(head, body, answer[1])
                yield answer
            except _Wrong as wrong:
                yield wrong.status, json.dumps({"message": wrong.message}).encode(), _LOCATED, False
            except _TimedOut:
                message = f"Scoring timeout after {self._limit * 1000:.0f} ms"
                journal.say(message, "E")
                yield 500, json.dumps({"message": message}).encode(), _LOCATED, True
            except (Exception, SystemExit, KeyboardInterrupt) as problem:  # noqa: BLE001 it is the script's own, and is told
                yield _failed(problem)

    def _together(self, requests: list[tuple[wire.Head, bytes]]) -> list[tuple[int, bytes, bytes, bool]] | None:
        """The answers to all, from one call; None when each had better be asked for by itself."""
        assert self._many is not None
        try:
            texts = [_text(head, body) for head, body in requests]
            results = self._within_limit(self._many, texts) if self._limit else self._many(texts)
            if len(results) == len(requests):
                return [_answer(one) for one in results]
            journal.say(f"{MANY}() answered {len(results)} results for {len(requests)} requests; each is given to run()", "W")
        except (Exception, SystemExit, KeyboardInterrupt, _TimedOut) as problem:  # noqa: BLE001 it is the script's own: run() tells whose it is
            journal.say(f"{MANY}() raised {type(problem).__name__}: {problem}; each request is given to run()", "W")
        return None

    def _within_limit(self, call: Callable[..., Any], *given: Any) -> Any:
        def ring(*_: Any) -> None:
            raise _TimedOut

        before = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, self._limit)
        try:
            return call(*given)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)

    def _one(self, head: wire.Head, body: bytes) -> tuple[int, bytes, bytes, bool]:
        named = {HEADERS: _titled(head.headers)} if self._wants_headers else {}
        if self._style == "plain":
            result = self._run(_text(head, body), **named)
        elif self._style == "raw":
            result = self._run(requests.Request(head, body), **named)
        else:
            assert self._declared is not None
            result = self._run(**_arguments(head, body, self._declared), **named)
        return _answer(result)


class _Wrong(Exception):
    """The request does not fit what the script takes."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


def _imported(path: str) -> Any:
    if not os.path.isfile(path):
        raise Broken(f"there is no scoring script {path}")
    spec = importlib.util.spec_from_file_location("entry_module", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["entry_module"] = module
    spec.loader.exec_module(module)
    return module


def _entry(module: Any) -> tuple[Callable[..., Any], Callable[[], Any]]:
    """run() and init(). A wrapper module may name the module that has run() as `driver_module`."""
    driver = getattr(module, "driver_module", module)
    run, init = getattr(driver, "run", None), getattr(module, "init", None)
    for name, found in (("init", init), ("run", run)):
        if not callable(found):
            raise Broken(f"the scoring script has no function {name}()")
    assert callable(run) and callable(init)
    return run, init


def _style(run: Callable[..., Any]) -> str:
    if getattr(run, requests.RAW, False):
        return "raw"
    return "declared" if declared.is_declared(run) else "plain"


def _checked(run: Callable[..., Any], is_declared: bool) -> list[str]:
    """The names of run's parameters. Raises Broken for a signature that cannot be called."""
    parameters = list(inspect.signature(run).parameters.values())
    for one in parameters:
        if one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD, one.POSITIONAL_ONLY):
            raise Broken(f"run() may not have the parameter {one}: *args, **kwargs and positional-only parameters cannot be given")
    names = [one.name for one in parameters]
    others = [one for one in parameters if one.name != HEADERS]
    if not others:
        raise Broken("run() must have a parameter for the request's data")
    needed = [one.name for one in others[1:] if one.default is one.empty]
    if needed and not is_declared:
        raise Broken("run() gets one argument, but has further parameters without defaults: {}".format(", ".join(needed)))
    return names


def _text(head: wire.Head, body: bytes) -> str:
    if head.method == "GET":
        return json.dumps({name: _read(value) for name, value in head.arguments.items()})
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as problem:
        raise _Wrong(400, f"Input cannot be decoded: {problem}") from None


def _read(value: Any) -> Any:
    """A value behind a question mark: as JSON where it is JSON."""
    if isinstance(value, list):
        return [_read(one) for one in value]
    try:
        return json.loads(value)
    except ValueError:
        return value


def _arguments(head: wire.Head, body: bytes, known: declared.Declared) -> dict[str, Any]:
    if head.method == "GET":
        given: Any = {name: _read(value) for name, value in head.arguments.items()}
    else:
        kind = head.headers.get("content-type", "").split(";")[0].strip().lower()
        if not (kind == "application/json" or (kind.startswith("application/") and kind.endswith("+json"))):
            raise _Wrong(415, "The content type must be application/json")
        try:
            given = json.loads(body)
        except ValueError as problem:
            raise _Wrong(400, f"The body is not valid JSON: {problem}") from None
    if not isinstance(given, dict) or not given:
        raise _Wrong(400, "The body must be a JSON object with the parameters {}".format(", ".join(known.names())))
    missing = known.missing(given)
    if missing:
        raise _Wrong(400, "Missing parameters in the request body: {}. Parameters: {}".format(", ".join(missing), ", ".join(known.names())))
    return {name: value for name, value in given.items() if name in known.names()}


def _titled(headers: dict[str, str]) -> dict[str, str]:
    return {"-".join(part.capitalize() for part in name.split("-")): value for name, value in headers.items()}


def _many(module: Any, style: str, wants_headers: bool) -> Callable[[list[str]], Any] | None:
    found = getattr(getattr(module, "driver_module", module), MANY, None)
    if found is None:
        return None
    if not callable(found) or style != "plain" or wants_headers:
        raise Broken(f"{MANY}() is a function beside a run(raw_data) that gets the text of one request, and nothing else")
    return found  # type: ignore[no-any-return]


def _answer(result: Any) -> tuple[int, bytes, bytes, bool]:
    if isinstance(result, (str, list, dict, float, int, bool)) or result is None:
        return 200, json.dumps({} if result is None else result).encode(), _LOCATED, False
    if _is_response(result):
        return _sent(result)
    return 200, json.dumps(result).encode(), _LOCATED, False


def _is_response(result: Any) -> bool:
    return hasattr(result, "status_code") and hasattr(result, "headers") and hasattr(result, "get_data")


def _sent(result: Any) -> tuple[int, bytes, bytes, bool]:
    status = int(result.status_code)
    lines = []
    for name, value in result.headers.items():
        line = f"{name}: {value}"
        if name.lower() not in ("content-length", "connection", "transfer-encoding") and "\r" not in line and "\n" not in line:
            lines.append(line + "\r\n")
    if not any(line.lower().startswith("content-type:") for line in lines):
        lines.append("Content-Type: application/json\r\n")
    failed = status >= 500 or bool(getattr(result, "run_function_failed", False))
    return status, bytes(result.get_data()), "".join(lines).encode("latin-1", "replace"), failed


def _failed(problem: BaseException) -> tuple[int, bytes, bytes, bool]:
    """The script raised: its trace goes to the log. An exception that says how to answer is heard."""
    journal.say("Encountered Exception: {}".format("".join(traceback.format_exception(type(problem), problem, problem.__traceback__))), "E")
    status, message = getattr(problem, "status_code", None), getattr(problem, "message", None)
    if isinstance(status, int) and 400 <= status < 600 and isinstance(message, str):
        return status, json.dumps({"message": message}).encode(), _LOCATED, True
    return 500, FAILED, _LOCATED, True
