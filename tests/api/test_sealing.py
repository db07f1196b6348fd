"""TLS of the server's connections, with clients of OpenSSL's own: what goes in comes out, whatever the pieces, and every end is an end."""

import asyncio
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
import uvloop

from azurine.api import sealing
from azurine.identity import certificates

PATIENCE = 30.0


class Played(asyncio.Protocol):
    """Answers what it gets, once it has got `wanted` bytes; or does what it is told by the first byte."""

    def __init__(self, house: "House") -> None:
        self.house = house
        self.got = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.house.made.append(self)

    def data_received(self, data: bytes) -> None:
        self.got += data
        if self.got.startswith(b"close"):
            self.transport.write(b"last words")
            self.transport.close()
            self.transport.write(b"nobody hears this")
        elif self.got.startswith(b"flood"):
            self.transport.write(b"x" * (32 << 20))
        elif self.got.endswith(b"\n"):
            self.transport.write(self.got)
            self.got = b""

    def pause_writing(self) -> None:
        self.house.paused.set()

    def connection_lost(self, problem: Exception | None) -> None:
        self.house.lost.set()


class House:
    """A server with one sort of connection, and the clients' half of the trust."""

    def __init__(self, place: Path, loop: Callable[[], asyncio.AbstractEventLoop]) -> None:
        self.loop = loop
        found = certificates.prepare(place, time.time())
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(found.server)
        self.trust = ssl.create_default_context(cafile=str(found.authority))
        self.made: list[Played] = []

    def play(self, client: Callable[["House"], Any]) -> Any:
        """Runs a client in a thread beside the server; answers what it answers."""

        async def played() -> Any:
            self.paused, self.lost = asyncio.Event(), asyncio.Event()
            loop = asyncio.get_running_loop()
            server = await loop.create_server(sealing.sealed(self.context, lambda: Played(self)), "127.0.0.1", 0)
            self.port = server.sockets[0].getsockname()[1]
            try:
                async with asyncio.timeout(PATIENCE):
                    answer = await asyncio.to_thread(client, self)
                    if self.made:
                        await self.lost.wait()
                return answer
            finally:
                server.close()

        with asyncio.Runner(loop_factory=self.loop) as runner:
            return runner.run(played())

    def raw(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def link(self, version: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLSocket:
        self.trust.maximum_version = version
        return self.trust.wrap_socket(self.raw(), server_hostname="localhost")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("certificates")


@pytest.fixture(params=[asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])
def house(place: Path, request: pytest.FixtureRequest) -> House:
    return House(place, request.param)


def _all(link: socket.socket) -> bytes:
    """To the end of the stream."""
    parts = []
    while part := link.recv(1 << 16):
        parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("size", [1, 16_384, 16_385, 5_000_000])
def test_what_goes_in_comes_out(house: House, version: ssl.TLSVersion, size: int) -> None:
    sent = bytes(range(97, 107)) * (size // 10) + b"a" * (size % 10) + b"\n"

    def client(house: House) -> bytes:
        with house.link(version) as link:
            assert link.version() == version.name.replace("_", ".")
            link.sendall(sent)
            got = b""
            while len(got) < len(sent):
                got += link.recv(1 << 16)
            return got

    assert house.play(client) == sent
    (one,) = house.made
    assert one.transport.get_extra_info("sslcontext") is house.context and one.transport.get_extra_info("peername")[0] == "127.0.0.1"


def test_records_may_come_byte_by_byte_and_many_at_once(house: House) -> None:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = house.trust.wrap_bio(incoming, outgoing, server_hostname="localhost")

    def client(house: House) -> bytes:
        with house.raw() as link:

            def until(step: Callable[[], Any]) -> Any:
                while True:
                    try:
                        found = step()
                    except ssl.SSLWantReadError:
                        found = None
                    for byte in outgoing.read():
                        link.send(bytes([byte]))
                    if found is not None:
                        return found
                    incoming.write(link.recv(1 << 16))

            until(lambda: tls.do_handshake() or True)
            tls.write(b"slow\n")
            got = until(lambda: tls.read(100))
            for number in range(50):
                tls.write(b"%d " % number)
            tls.write(b"\n")
            link.sendall(outgoing.read())
            while not got.endswith(b"49 \n"):
                got += until(lambda: tls.read(1000))
            return cast(bytes, got)

    assert house.play(client) == b"slow\n" + b"".join(b"%d " % number for number in range(50)) + b"\n"


def test_a_connection_that_is_closed_here_has_said_all_and_then_that_it_ends(house: House) -> None:
    def client(house: House) -> bytes:
        with house.link() as link:
            link.sendall(b"close")
            found = _all(link)  # raises ssl.SSLEOFError where the end was not told
            link.unwrap()
            return found

    assert house.play(client) == b"last words"


def test_one_that_goes_on_sending_does_not_hold_a_closed_connection(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "LINGER", 0.3)

    def client(house: House) -> bytes:
        with house.link() as link:
            link.sendall(b"close")
            found = _all(link)
            with pytest.raises(OSError):
                while True:
                    link.sendall(b"and more" * 1000)
            return found

    assert house.play(client) == b"last words"


def test_whoever_leaves_is_gone(house: House) -> None:
    def politely(house: House) -> None:
        with house.link() as link:
            link.sendall(b"half a line")
            link.unwrap()

    def at_once(house: House) -> None:
        house.link().close()

    for client in (politely, at_once):
        house.play(client)
    assert len(house.made) == 2


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b"\x00" * 100])
def test_what_is_no_tls_is_turned_away(house: House, said: bytes) -> None:
    def client(house: House) -> bytes:
        with house.raw() as link:
            link.sendall(said)
            return _all(link)

    assert b"HTTP" not in house.play(client)
    assert house.made == []


def test_a_record_that_was_changed_on_its_way_ends_the_connection(house: House) -> None:
    def client(house: House) -> bytes:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = house.trust.wrap_bio(incoming, outgoing, server_hostname="localhost")
        with house.raw() as link:
            while True:
                try:
                    tls.do_handshake()
                    break
                except ssl.SSLWantReadError:
                    link.sendall(outgoing.read())
                    incoming.write(link.recv(1 << 16))
            link.sendall(outgoing.read())
            tls.write(b"something\n")
            record = bytearray(outgoing.read())
            record[-1] ^= 1
            link.sendall(record)
            return _all(link)

    house.play(client)
    (one,) = house.made
    assert one.got == b""


def test_whoever_says_nothing_is_not_waited_for(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "SLOWEST_HANDSHAKE", 0.2)

    def client(house: House) -> None:
        with house.raw() as link, pytest.raises(ConnectionResetError):
            link.sendall(b"\x16\x03\x01")
            raise ConnectionResetError if link.recv(1) == b"" else AssertionError("it was answered")

    house.play(client)
    assert house.made == []


def test_one_that_does_not_read_is_not_written_to_without_end(house: House) -> None:
    def client(house: House) -> None:
        link = house.link()
        link.sendall(b"flood")
        deadline = time.monotonic() + PATIENCE
        while not house.paused.is_set() and time.monotonic() < deadline:
            link.recv(1)
        link.close()

    house.play(client)
    assert house.paused.is_set()
