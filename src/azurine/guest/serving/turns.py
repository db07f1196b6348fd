"""The loop of the scoring server: all requests that have arrived are one turn, and are answered together.

One thread, and that the main one: a model runs as it would in a script of its own, may use asyncio, signals and alarms, and sees
one request at a time. While it works, what arrives waits in the kernel, and is the next turn.

It ends when it is told to (SIGTERM), after what has arrived is answered; and when it has been alone for a while: the server that
wanted it is gone, and nobody asks. For a model that never comes to an end there is a guard, in a thread of its own that
begins when that server is gone; before, there is no second thread.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

from . import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Answering = Callable[[Any], Iterable[bytes]]
    """Requests of one turn → their answers, in order; an answer is sent as soon as it is there."""

READ = 256 * 1024
BACKLOG = 1024
QUIET = 0.2
"""Seconds without a request after which a server that was told to end does so."""
ALONE = 240.0
"""Seconds without anybody who asks, after which a process whose server is gone ends; longer than the longest request."""
TICK = 30.0


class Connection:
    """One client: what it has sent that is no request yet, and what it has not taken yet of its answers."""

    __slots__ = ("body", "buffer", "chunks", "fd", "head", "missing", "out", "over", "sock")

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.buffer = b""
        self.body: list[bytes] = []
        self.missing = 0
        self.head: wire.Head | None = None
        self.chunks: wire.Chunks | None = None
        self.out = b""
        self.over = False

    def take(self, data: bytes) -> list[tuple[wire.Head, bytes]]:
        """What arrived, as requests, as far as they are whole. Raises wire.Refused."""
        if self.missing:
            if len(data) < self.missing:
                self.body.append(data)
                self.missing -= len(data)
                return []
            self.body.append(data[: self.missing])
            data = data[self.missing :]
            assert self.head is not None
            first = [(self.head, b"".join(self.body))]
            self.body, self.missing, self.head = [], 0, None
            return first + self._whole(data) if data else first
        return self._whole(self.buffer + data if self.buffer else data)

    def _whole(self, data: bytes) -> list[tuple[wire.Head, bytes]]:
        found = []
        start = 0
        while start < len(data):
            if self.head is None:
                end = data.find(b"\r\n\r\n", start)
                if end < 0:
                    if len(data) - start > wire.MOST_HEAD:
                        raise wire.Refused(431, f"the head of the request is longer than {wire.MOST_HEAD} bytes")
                    break
                self.head = wire.head(data[start:end])
                start = end + 4
                if self.head.expects and start == len(data):
                    self.sock.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            if self.head.chunked:
                self.chunks = self.chunks or wire.Chunks()
                start = self.chunks.take(data, start)
                if not self.chunks.done:
                    break
                found.append((self.head, bytes(self.chunks.body)))
                self.head, self.chunks = None, None
                continue
            end = start + self.head.length
            if end > len(data):
                self.missing = end - len(data)
                self.body = [data[start:]]
                start = len(data)
                break
            found.append((self.head, data[start:end]))
            self.head, start = None, end
        self.buffer = data[start:]
        return found


class Loop:
    """listener: where clients come from. control: the server that wanted this process, at the other end; its end means: alone.

    together: the answers of a turn come all at once, so they are sent so.
    """

    def __init__(
        self,
        listener: socket.socket,
        answering: Answering,
        refusing: Callable[[wire.Refused], bytes],
        control: socket.socket | None,
        together: bool = False,
        alone: float = ALONE,
    ) -> None:
        self._listener = listener
        self._answering = answering
        self._refusing = refusing
        self._control = control
        self._together = together
        self._alone = alone
        self._heard = time.monotonic()
        self._connections: dict[int, Connection] = {}
        self._poll = _Poller()
        self._told_to_end = False
        self._is_guarded = False
        self._bell, self._ringer = socket.socketpair()
        self.idle: Callable[[], None] = lambda: None

    def serve(self) -> None:
        self._prepare()
        listening, bell = self._listener.fileno(), self._bell.fileno()
        control = self._control.fileno() if self._control else -1
        while True:
            wait = QUIET if self._told_to_end else min(TICK, self._alone / 2)
            events = self._poll(wait)
            if not events:
                self.idle()
                if self._connections:
                    self._heard = time.monotonic()  # somebody is there, and may ask
                if self._told_to_end or (self._control is None and time.monotonic() - self._heard > self._alone):
                    return
                continue
            arrived: list[tuple[Connection, list[tuple[wire.Head, bytes]]]] = []
            for fd, mask in events:
                connection = self._connections.get(fd)
                if connection is not None:
                    self._hear(connection, mask, arrived)
                elif fd == listening:
                    self._accept()
                elif fd == bell:
                    self._ring()
                elif fd == control:
                    self._hear_control()
                    control = -1 if self._control is None else control
            if arrived:
                self._heard = time.monotonic()
                self._turn(arrived)

    def _prepare(self) -> None:
        self._listener.setblocking(False)
        for one in (self._bell, self._ringer):
            one.setblocking(False)
        self._poll.register(self._listener.fileno(), select.POLLIN)
        self._poll.register(self._bell.fileno(), select.POLLIN)
        if self._control is not None:
            self._control.setblocking(False)
            self._poll.register(self._control.fileno(), select.POLLIN)
            signal.signal(signal.SIGIO, self._look_up)
            fcntl.fcntl(self._control, fcntl.F_SETOWN, os.getpid())
            fcntl.fcntl(self._control, fcntl.F_SETFL, fcntl.fcntl(self._control, fcntl.F_GETFL) | os.O_ASYNC)
        signal.set_wakeup_fd(self._ringer.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGTERM, self._end)
        signal.signal(signal.SIGINT, self._end)

    def _end(self, *_: Any) -> None:
        self._told_to_end = True

    def _ring(self) -> None:
        try:
            while self._bell.recv(512):
                pass
        except BlockingIOError:
            pass
        if self._told_to_end and self._listener.fileno() >= 0:
            self._poll.unregister(self._listener.fileno())
            name = self._listener.getsockname()
            if isinstance(name, str) and os.path.exists(name):
                os.unlink(name)

    def _hear_control(self) -> None:
        assert self._control is not None
        try:
            gone = not self._control.recv(512)
        except BlockingIOError:
            return
        except OSError:
            gone = True
        if gone:
            self._poll.unregister(self._control.fileno())
            self._control.close()
            self._control = None
            self._begin_guard()

    def _look_up(self, *_: Any) -> None:
        """Something happened to the control socket, maybe while the model works: is the server gone?"""
        try:
            gone = self._control is not None and self._control.recv(1, socket.MSG_PEEK) == b""
        except OSError:
            return
        if gone:
            self._begin_guard()

    def _begin_guard(self) -> None:
        if not self._is_guarded:
            self._is_guarded = True
            threading.Thread(target=self._guard, name="guard", daemon=True).start()

    def _guard(self) -> None:
        """Ends the process, whatever it is doing, when nothing was heard of anybody for longer than it may be alone."""
        while time.monotonic() - self._heard < self._alone + 1.0:
            time.sleep(self._alone / 8)
        os.kill(os.getpid(), signal.SIGKILL)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except (BlockingIOError, InterruptedError):
                return
            except OSError:  # too many open files, or a client that has left already
                return
            sock.setblocking(False)
            if sock.family != socket.AF_UNIX:
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection = Connection(sock)
            self._connections[connection.fd] = connection
            self._poll.register(connection.fd, select.POLLIN)

    def _hear(self, connection: Connection, mask: int, arrived: list[tuple[Connection, list[tuple[wire.Head, bytes]]]]) -> None:
        if mask & select.POLLOUT:
            self._write(connection, b"")
            return
        try:
            data = connection.sock.recv(READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        if not data:
            self._close(connection)
            return
        try:
            requests = connection.take(data)
        except wire.Refused as refusal:
            connection.over = True
            self._write(connection, self._refusing(refusal))
            return
        if requests:
            arrived.append((connection, requests))

    def _turn(self, arrived: list[tuple[Connection, list[tuple[wire.Head, bytes]]]]) -> None:
        waiting = [(connection, request) for connection, requests in arrived for request in requests]
        answers = self._answering([request for _, request in waiting])
        # The answers first: so they are asked for one more at the end, and whoever makes them comes to their own end.
        if self._together and len(waiting) > 1:
            self._write_together(list(answers), waiting)
            return
        for answer, (connection, (head, _)) in zip(answers, waiting):  # noqa: B905 not in Python 3.8
            if not head.keep:
                connection.over = True
            self._write(connection, answer)

    def _write_together(self, answers: list[bytes], waiting: list[tuple[Connection, tuple[wire.Head, bytes]]]) -> None:
        """One write for each connection: whoever asks much on one connection is answered in one go."""
        parts: dict[int, list[bytes]] = {}
        asking: dict[int, Connection] = {}
        for answer, (connection, (head, _)) in zip(answers, waiting):  # noqa: B905 not in Python 3.8
            asking[connection.fd] = connection
            parts.setdefault(connection.fd, []).append(answer)
            if not head.keep:
                connection.over = True
        for fd, connection in asking.items():
            self._write(connection, b"".join(parts[fd]))

    def _write(self, connection: Connection, data: bytes) -> None:
        if self._connections.get(connection.fd) is not connection:
            return  # it left meanwhile; its number may be another's by now
        pending = connection.out + data if connection.out else data
        try:
            sent = connection.sock.send(pending) if pending else 0
        except (BlockingIOError, InterruptedError):
            sent = 0
        except OSError:
            self._close(connection)
            return
        was_waiting = bool(connection.out)
        connection.out = pending[sent:] if sent < len(pending) else b""
        if connection.out and not was_waiting:
            # Nothing more is read from whoever does not take its answers.
            self._poll.modify(connection.fd, select.POLLOUT)
        elif not connection.out:
            if connection.over:
                self._close(connection)
            elif was_waiting:
                self._poll.modify(connection.fd, select.POLLIN)

    def _close(self, connection: Connection) -> None:
        if self._connections.get(connection.fd) is connection:
            del self._connections[connection.fd]
            self._poll.unregister(connection.fd)
            connection.sock.close()


class _Poller:
    """epoll where there is one, else poll, with the same words (their flags have the same values)."""

    def __init__(self) -> None:
        self._scale = 1.0
        found: Any
        if hasattr(select, "epoll"):
            found = select.epoll()
        else:
            found = select.poll()
            self._scale = 1000.0
        self.register, self.modify, self.unregister, self._wait = found.register, found.modify, found.unregister, found.poll

    def __call__(self, seconds: float) -> list[tuple[int, int]]:
        return self._wait(seconds * self._scale)  # type: ignore[no-any-return]
