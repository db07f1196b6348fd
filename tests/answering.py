"""A small HTTP server for tests of those who call others: it answers well, badly, slowly, endlessly or not at all, by path.

    with Answering() as server:
        call(f"{server.url}/echo")

/echo: what was asked, as JSON   /say/TEXT: the text, as JSON if it is JSON   /status/N: that status   /later/N: 202, N times, then JSON
/hang: nothing, ever   /trickle: a byte now and then, for ever   /huge: more than anyone takes   /short: less than was announced
/moved/N: a redirect of that status to /echo   /made/…: what `make` says
"""

import json
from collections import Counter
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

from threaded import Threaded

Make = Callable[[dict[str, Any]], tuple[int, str, dict[str, str]]]
"""What was asked (as for /echo) → the status, the body and the headers of the answer."""


class Answering(Threaded):
    def __init__(self, make: Make | None = None) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        super().__init__(server)
        self.make = make
        self.asked: list[dict[str, Any]] = []
        self.counted: Counter[str] = Counter()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def _handler(told: Answering) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length).decode()
            told.asked.append({"method": self.command, "path": self.path, "headers": dict(self.headers.items()), "body": body})
            word, _, rest = self.path.partition("?")[0].strip("/").partition("/")
            match word:
                case "echo":
                    self._say(200, json.dumps(told.asked[-1]))
                case "say":
                    self._say(200, unquote(rest))
                case "status":
                    self._say(int(rest), json.dumps({"said": f"status {rest}"}))
                case "later":
                    told.counted[self.path] += 1
                    done = told.counted[self.path] > int(rest)
                    self._say(200 if done else 202, json.dumps({"done": done}), **({} if done else {"Location": self.path, "Retry-After": "1"}))
                case "moved":
                    self._say(int(rest), "", Location="/echo")
                case "made" if told.make is not None:
                    status, text, headers = told.make(told.asked[-1])
                    self._say(status, text, **headers)
                case "hang":
                    told.over.wait(30)
                case "trickle":
                    self._trickle()
                case "huge":
                    self._say(200, "x" * (5 * 1024 * 1024))
                case "short":
                    self.send_response(200)
                    self.send_header("Content-Length", "100")
                    self.end_headers()
                    self.wfile.write(b"{}")
                case _:
                    self._say(404, "")

        def _trickle(self) -> None:
            self.send_response(200)
            self.end_headers()
            while not told.over.wait(0.05):
                try:
                    self.wfile.write(b" ")
                    self.wfile.flush()
                except OSError:
                    return

        def _say(self, status: int, text: str, **headers: str) -> None:
            data = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            try:
                self.wfile.write(data)
            except OSError:
                return

        def log_message(self, format: str, *args: Any) -> None:
            """Tests are quiet."""

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer

    return Handler
