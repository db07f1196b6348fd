"""What is answered at which path: the routes that a scoring server has, around whatever does the scoring.

    GET /                      Healthy, once the model is there (before, nothing listens)
    POST, GET, OPTIONS /score  the scoring
    GET /swagger.json          what the scoring takes and gives

A turn's scoring requests go to the scorer together; those who ask for something else get it in their place.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from typing import TYPE_CHECKING, Any

from . import journal, swagger, wire

if TYPE_CHECKING:
    from collections.abc import Iterator

HEALTHY = b"Content-Type: text/html; charset=utf-8\r\n"
JSON = b"Content-Type: application/json\r\n"
VERSION = "azmlinfsrv/1.5.1"


class Scorer:
    """What scores. `score` answers (status, body, header lines, did the user's function fail) for each request, in order.

    together: it answers all requests of a turn at once, and none of them has an effect that may not happen twice.
    """

    name = ""
    together = False

    def score(self, requests: list[tuple[wire.Head, bytes]]) -> Iterator[tuple[int, bytes, bytes, bool]]:
        return iter(())

    def described(self) -> dict[str, Any]:
        """What it takes and gives: {"input": JSON schema, "output": JSON schema}."""
        return {}


class Service:
    def __init__(self, scorer: Scorer, environ: dict[str, str]) -> None:
        self._scorer = scorer
        self._swagger = swagger.Documents(environ, scorer.described)
        self._origins = [one.strip() for one in environ.get("AML_CORS_ORIGINS", "").split(",") if one.strip()]
        version = environ.get("SERVER_VERSION_LOG_RESPONSE_ENABLED", "").lower() == "true"
        self._always = b"x-ms-server-version: %b\r\n" % VERSION.encode() if version else b""
        self._logs = environ.get("AZUREML_ACCESS_LOG", "true").lower() != "false"
        # Requests that do not name themselves are named: by a part of this process's own, and a number.
        self._prefix = str(uuid.uuid4())[:24].encode("ascii")
        self._count = 0

    def answer(self, requests: list[tuple[wire.Head, bytes]]) -> Iterator[bytes]:
        scoring = [one for one in requests if _scores(one[0])]
        if len(scoring) == len(requests):
            yield from self._scored(requests)
        else:
            answers = self._scored(scoring)
            for head, _body in requests:
                yield next(answers) if _scores(head) else self._other(head)
        journal.write()

    def refuse(self, refusal: wire.Refused) -> bytes:
        return wire.answer(refusal.status, _said(refusal.message), JSON, keep=False)

    def _scored(self, requests: list[tuple[wire.Head, bytes]]) -> Iterator[bytes]:
        began = time.perf_counter()
        for (head, _), (status, body, headers, failed) in zip(requests, self._scorer.score(requests)):  # noqa: B905 not in Python 3.8
            now = time.perf_counter()
            spent = b"x-ms-run-function-failed: %b\r\nx-ms-run-fn-exec-ms: %.3f\r\n" % (b"True" if failed else b"False", (now - began) * 1000)
            if self._logs:
                journal.access(head.method, head.path, status, now - began, len(body))
            yield wire.answer(status, body, headers + spent + self._named(head), head.keep)
            began = now if len(requests) > 1 else began

    def _other(self, head: wire.Head) -> bytes:
        status, body, headers = self._plain(head)
        if head.method == "HEAD":
            body = b""
        return wire.answer(status, body, headers + self._named(head), head.keep)

    def _plain(self, head: wire.Head) -> tuple[int, bytes, bytes]:
        if head.too_long:
            return 431, _said(f"the header {head.too_long} is longer than {wire.LONGEST_ID} characters"), JSON
        if head.path == "/score" and head.method == "OPTIONS":
            return 200, b"", HEALTHY + self._preflight(head)
        if head.path not in ("/", "/score", "/swagger.json"):
            return 404, _said("There is nothing at this path; the model is at /score"), JSON
        if head.path == "/score" or head.method not in ("GET", "HEAD"):
            return 405, _said("Method not allowed"), JSON
        if head.path == "/":
            return 200, b"Healthy", HEALTHY
        found = self._swagger.find(head.arguments.get("version", "2"))
        return (404, _said("Swagger of this version is not there"), JSON) if found is None else (200, found, JSON)

    def _preflight(self, head: wire.Head) -> bytes:
        wanted = head.headers.get("access-control-request-headers", "")
        allowed = "Access-Control-Allow-Methods: GET, POST\r\nAllow: GET, POST, OPTIONS\r\n"
        return (allowed + (f"Access-Control-Allow-Headers: {wanted}\r\n" if wanted and self._cors(head) else "")).encode("latin-1")

    def _cors(self, head: wire.Head) -> bytes:
        origin = head.headers.get("origin", "")
        if not origin or not self._origins or ("*" not in self._origins and origin not in self._origins):
            return b""
        return b"Access-Control-Allow-Origin: %b\r\nVary: Origin\r\n" % origin.encode("latin-1")

    def _named(self, head: wire.Head) -> bytes:
        lines = self._always
        if self._origins:
            lines += self._cors(head)
        if head.has_id:
            return lines + head.echoed
        self._count += 1
        return b"%bx-request-id: %b%012x\r\n%b" % (lines, self._prefix, self._count, head.echoed)


def _scores(head: wire.Head) -> bool:
    return head.path == "/score" and head.method in ("POST", "GET") and not head.too_long


def _said(message: str) -> bytes:
    return json.dumps({"message": message}).encode()


def listed(folder: str, most: int = 200) -> str:
    """The tree below a folder, as lines; for whoever looks for a model that is not where the script expects it."""
    lines: list[str] = []
    for path, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        depth = path[len(folder) :].count(os.sep)
        lines.append("  " * depth + os.path.basename(path) + "/")
        lines += ["  " * (depth + 1) + name for name in sorted(files)]
        if len(lines) >= most or depth > 12:
            break
    return "\n".join(lines[:most])
