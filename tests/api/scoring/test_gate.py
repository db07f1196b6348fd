"""The short way of requests to endpoints: what goes it, what does not, and what a client may not do to others.

A web server with the gate before it and processes that are played by this file.
"""

import asyncio
import json
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn

from azurine.api.scoring.door import Door
from azurine.api.scoring.fronts import Front, Target
from azurine.api.scoring.gate import Gates
from azurine.api.scoring.lanes import Limits
from azurine.model import errors
from azurine.model.resources import Resource
from running import free_port

WORKSPACE = "subscriptions/s/resourceGroups/g/workspaces/w"
ENDPOINT = f"{WORKSPACE}/onlineEndpoints/e"
KEY = b"k" * 32
DEADLINE = 0.6


class Played:
    """A scoring process that answers the bodies it gets, one after the other: echoes them, or does what they say."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.begun: list[bytes] = []
        self.go = asyncio.Event()
        self.writers: list[asyncio.StreamWriter] = []

    async def listen(self) -> None:
        self.server = await asyncio.start_unix_server(self._serve, str(self.path))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.append(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                self.begun.append(body)
                if body == b"die":
                    writer.transport.abort()
                    self.server.close()
                    return
                if body == b"hold":
                    await self.go.wait()
                lines = b"X-Own: 1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n" if body == b"headers" else b"X-Own: 1\r\n"
                said = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n%b\r\n%b" % (len(body), lines, body)
                writer.write(b"nonsense\r\n\r\n" if body == b"nonsense" else said)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


class House:
    """The web server, in a thread. processes: those that serve now."""

    def __init__(self, folder: Path, count: int, limits: Limits) -> None:
        self.port = free_port()
        self.processes: list[Played] = []
        endpoint = Resource(ENDPOINT, "workspaces/onlineEndpoints", {})
        front = Front(endpoint, "Key", (KEY,), (("blue", 100),), (), {"blue": Target("blue", "service", limits)})
        self.fronts = {ENDPOINT: front}
        self.other: list[str] = []
        self._ready = threading.Event()
        self._folder, self._count = folder, count
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))
        self._thread.start()
        assert self._ready.wait(10)

    def find(self, identifier: str) -> Front | None:
        return self.fronts.get(identifier)

    def someone(self, token: str) -> None:
        if token != "good":
            raise errors.Unauthenticated("nobody's")

    def all(self) -> list[Front]:
        return list(self.fronts.values())

    async def _serve(self) -> None:
        self.loop = asyncio.get_running_loop()
        for number in range(self._count):
            await self.add(number)

        async def inner(scope: Any, receive: Any, send: Any) -> None:
            self.other.append(scope["path"])
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
            await send({"type": "http.response.body", "body": b"other"})

        def check(front: Front, token: str) -> None:
            raise AssertionError("endpoints with keys ask nobody")

        self.door = Door(inner, self, self.sockets, check, lambda number: WORKSPACE, self.someone)  # type: ignore[arg-type]
        protocol = Gates(self.door, head=DEADLINE, idle=DEADLINE).protocol
        config = uvicorn.Config(self.door, port=self.port, log_level="critical", lifespan="off", http=protocol)  # type: ignore[arg-type]
        self.server = uvicorn.Server(config)
        self.server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
        serving = asyncio.create_task(self.server._serve())
        while not self.server.started:
            await asyncio.sleep(0.01)
        self._ready.set()
        await serving
        for one in self.processes:
            one.server.close()
            for writer in one.writers:
                writer.close()
        await asyncio.sleep(0.05)

    async def add(self, number: int) -> None:
        made = Played(self._folder / f"p{number}")
        await made.listen()
        self.processes.append(made)

    def sockets(self, service: str) -> list[Path]:
        return [one.path for one in self.processes]

    def close(self) -> None:
        for one in self.processes:
            self.loop.call_soon_threadsafe(one.go.set)
        self.server.should_exit = True
        self._thread.join(15)

    def link(self) -> "Link":
        return Link(self.port)


class Link:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.heard = b""

    def __enter__(self) -> "Link":
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def hear(self) -> tuple[int, dict[str, str], bytes]:
        while b"\r\n\r\n" not in self.heard:
            self._more()
        head, _, rest = self.heard.partition(b"\r\n\r\n")
        line, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value for name, value in (one.split(": ", 1) for one in lines)}
        self.heard = rest
        length = int(headers["content-length"])
        while len(self.heard) < length:
            self._more()
        body, self.heard = self.heard[:length], self.heard[length:]
        return int(line.split()[1]), headers, body

    def ended(self) -> bool:
        return self.socket.recv(1) == b""

    def _more(self) -> None:
        data = self.socket.recv(65536)
        assert data, f"the connection ended after {self.heard!r}"
        self.heard += data


def post(body: bytes, key: bytes = KEY, path: bytes = b"/endpoints/e/score", more: bytes = b"") -> bytes:
    return b"POST %b HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\n%bContent-Length: %d\r\n\r\n%b" % (path, key, more, len(body), body)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, 1, Limits(5.0, None, 4, 8))
    yield made
    made.close()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path, 2, Limits(5.0, None, 2, 8))
    yield made
    made.close()


def test_an_ordinary_request(house: House) -> None:
    with house.link() as link:
        link.send(post(b"hello"))
        status, headers, body = link.hear()
    assert (status, body) == (200, b"hello")
    assert (headers["x-own"], headers["azureml-model-deployment"]) == ("1", "blue") and headers["ms-azureml-model-time"].isdigit()


@pytest.mark.parametrize("piece", [1, 7, 60])
def test_a_request_in_pieces(house: House, piece: int) -> None:
    with house.link() as link:
        whole = post(b"a longer body than usual" * 4)
        for start in range(0, len(whole), piece):
            link.send(whole[start : start + piece])
        assert link.hear()[2] == b"a longer body than usual" * 4


def test_many_requests_at_once_are_answered_in_their_order(house: House) -> None:
    bodies = [b"%d" % number for number in range(300)]
    with house.link() as link:
        link.send(b"".join(post(one) for one in bodies))
        assert [link.hear()[2] for _ in bodies] == bodies


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (post(b"x", key=b"wrong"), 401),
        (post(b"x", path=b"/endpoints/nobody/score"), 404),
        (post(b"x", more=b"azureml-model-deployment: red\r\n"), 404),
        (post(b"x", more=b"azureml-model-deployment: BLUE\r\n"), 200),
        (post(b"x", more=b"Connection: close\r\n"), 200),
        (post(b"x", path=b"/endpoints/e/score?a=1"), 200),
        (b"DELETE /endpoints/e/score HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (post(b"x", more=b"Host: y\r\n"), 400),
        (post(b"x", path=b"/endpoints/e/score?" + b"a" * 9000), 400),
        (post(b"x", more=b"X-Large: " + b"a" * 50_000 + b"\r\n"), 431),
        (b"POST /endpoints/e/score HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\nContent-Length: 50000000\r\n\r\nx" % KEY, 413),
        (b"POST /endpoints/e/score HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400),
        (b"POST /endpoints/e/score HTTP/1.1\r\nHost x\r\n\r\n", 400),
        (b"POST /endpoints/e/score HTTP/9\r\n\r\n", 400),
    ],
)
def test_what_is_not_ordinary_goes_the_long_way(house: House, request_bytes: bytes, status: int) -> None:
    with house.link() as link:
        link.send(request_bytes)
        found, headers, body = link.hear()
        assert found == status
        if status in (401, 404, 405, 413, 431):
            assert headers["content-type"] == "application/json" and json.loads(body)["error"]["message"]


def test_a_chunked_body_goes_the_long_way_and_is_limited(house: House) -> None:
    head = b"POST /endpoints/e/score HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %b\r\nTransfer-Encoding: chunked\r\n\r\n" % KEY
    with house.link() as link:
        link.send(head + b"5\r\nhello\r\n0\r\n\r\n")
        assert link.hear()[2] == b"hello"
        link.send(post(b"again"))
        assert link.hear()[2] == b"again"
    with house.link() as link:
        link.send(head)
        piece = b"%x\r\n%b\r\n" % (1 << 20, b"x" * (1 << 20))
        with pytest.raises(ConnectionError):
            for _ in range(50):
                link.send(piece)
            assert link.hear()[0] == 413
            raise ConnectionResetError


def test_one_connection_for_all_sorts_of_requests(house: House) -> None:
    with house.link() as link:
        for _ in range(3):
            link.send(post(b"short"))
            assert link.hear()[2] == b"short"
            link.send(b"GET /elsewhere HTTP/1.1\r\nHost: x\r\n\r\n")
            assert link.hear()[2] == b"other"
            link.send(post(b"x", key=b"wrong") + post(b"after"))
            assert [link.hear()[0] for _ in range(2)] == [401, 200]
    assert house.other == ["/elsewhere"] * 3


def test_headers_of_the_connection_are_not_the_models_to_say(house: House) -> None:
    with house.link() as link:
        link.send(post(b"headers"))
        status, headers, body = link.hear()
        assert (status, headers["x-own"], body) == (200, "1", b"headers")
        assert "transfer-encoding" not in headers and "connection" not in headers
        link.send(post(b"again"))
        assert link.hear()[2] == b"again"


def test_a_process_that_talks_nonsense_is_502(house: House) -> None:
    with house.link() as link:
        link.send(post(b"nonsense"))
        status, _, body = link.hear()
    assert (status, json.loads(body)["error"]["code"]) == (502, "ModelProcessEnded")


@pytest.mark.parametrize(
    ("client", "header", "status"),
    [
        ("127.0.0.1", b"", 200),
        ("::1", b"", 200),
        ("10.0.0.7", b"", 401),
        ("10.0.0.7", b"Bearer bad", 401),
        ("10.0.0.7", b"Basic good", 401),
        ("10.0.0.7", b"Bearer good", 200),
    ],
)
def test_the_metrics_are_read_from_here_or_with_a_token(house: House, client: str, header: bytes, status: int) -> None:
    said: list[Any] = []

    async def send(message: Any) -> None:
        said.append(message)

    scope = {"type": "http", "path": "/metrics", "method": "GET", "client": (client, 1), "headers": [(b"authorization", header)] if header else []}
    asyncio.run(house.door(scope, None, send))  # type: ignore[arg-type]
    assert said[0]["status"] == status and (b"azurine_workers" in said[1]["body"]) == (status == 200)


def test_who_trickles_holds_no_place_and_not_for_ever(house: House) -> None:
    slow = [house.link() for _ in range(20)]
    for number, link in enumerate(slow):
        link.send(post(b"hello")[: 12 + number * 5])
    with house.link() as link:
        link.send(post(b"quick"))
        assert link.hear()[2] == b"quick"
    for link in slow:
        assert link.hear()[0] == 408 and link.ended()
        link.socket.close()


@pytest.mark.parametrize("beginning", [b"", b"GET /some", b"GET / HTTP/1.1\r\nHost: x\r\nX-A"])
def test_who_says_too_little_is_sent_away(house: House, beginning: bytes) -> None:
    """Also on the long way, and whoever says nothing at all."""
    with house.link() as link:
        link.send(beginning)
        began = time.monotonic()
        said = b""
        while data := link.socket.recv(4096):
            said += data
        assert time.monotonic() - began < 5 and (not said or said.startswith(b"HTTP/1.1 408"))


def test_more_than_the_lane_takes_are_429(house: House) -> None:
    links = [house.link() for _ in range(12)]
    for link in links:
        link.send(post(b"hold"))
    refused = [link for link in links if _has_something(link)]
    assert len(refused) == 4 and {link.hear()[0] for link in refused} == {429}
    house.loop.call_soon_threadsafe(house.processes[0].go.set)
    assert {link.hear()[0] for link in links if link not in refused} == {200}
    for link in links:
        link.socket.close()


def test_a_process_dies_over_one_request_and_the_others_are_served(two: House) -> None:
    """Those that the dead process had been given and not begun go to another; none is done twice."""
    with two.link() as warm:
        for _ in range(6):  # so that the processes are known to be quick, and are given several at once
            warm.send(post(b"warm"))
            warm.hear()
    for one in two.processes:
        one.begun.clear()
    holding, dying = two.link(), two.link()
    holding.send(post(b"hold"))
    dying.send(post(b"hold"))
    others = [two.link() for _ in range(4)]
    for number, link in enumerate(others):
        link.send(post(b"die" if number == 0 else b"n%d" % number))
    for one in two.processes:
        two.loop.call_soon_threadsafe(one.go.set)
    assert [holding.hear()[0], dying.hear()[0]] == [200, 200]
    assert [link.hear()[0] for link in others] == [502, 200, 200, 200]
    begun = [body for one in two.processes for body in one.begun]
    assert sorted(begun) == sorted([b"hold", b"hold", b"die", b"n1", b"n2", b"n3"])
    for link in (holding, dying, *others):
        link.socket.close()


def test_what_is_being_worked_on_is_answered_when_the_server_ends(house: House) -> None:
    with house.link() as link:
        link.send(post(b"hold"))
        while not house.processes[0].begun:
            threading.Event().wait(0.01)
        house.server.should_exit = True
        threading.Timer(0.3, lambda: house.loop.call_soon_threadsafe(house.processes[0].go.set)).start()
        assert link.hear()[2] == b"hold" and link.ended()


def _has_something(link: Link) -> bool:
    link.socket.settimeout(0.5)
    try:
        link.heard += link.socket.recv(65536)
        return True
    except TimeoutError:
        return False
    finally:
        link.socket.settimeout(10)
