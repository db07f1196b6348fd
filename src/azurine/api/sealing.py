"""TLS of the server's connections, between the bytes of the wire and the protocol that reads requests.

The event loop has TLS of its own, which any protocol can be given. Here it is known what the protocol does, and each request is worth a few
microseconds: what came is decrypted once, and nobody asks for more than there is (an answer that the loop's own gets as an exception, each time);
a record is read into as much memory as a record can take, not sixteen times that.

    wire ──▶ Sealed.data_received ──▶ OpenSSL ──▶ inner.data_received          inner.transport.write ──▶ Seal.write ──▶ OpenSSL ──▶ wire

A connection that is closed from here says so (close_notify, then the end of the stream) and hears out what is still coming for a moment, so that
nobody loses an answer over bytes that were on their way.

Not here: client certificates, and what the loop's own can do besides (TLS within TLS, taking it up in the middle of a connection).
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Callable
from typing import Any, cast

log = logging.getLogger(__name__)
RECORD = 16 * 1024
"""Bytes in one record at most (RFC 8446, 5.1)."""
SLOWEST_HANDSHAKE = 30.0
LINGER = 2.0
"""Seconds in which whoever is told that the connection ends may still send."""


def sealed(context: ssl.SSLContext, inner: Callable[..., asyncio.Protocol]) -> Callable[..., "Sealed"]:
    """What the web server calls for each connection, in place of `inner`."""
    return lambda *words, **named: Sealed(context, inner(*words, **named))


class Seal(asyncio.Transport):
    """The connection, as the inner protocol sees it."""

    def __init__(self, connection: "Sealed", wire: asyncio.Transport) -> None:
        super().__init__()
        self._connection = connection
        self._wire = wire
        self.write = connection.write  # type: ignore[method-assign]  # the way of every answer: one call less

    def close(self) -> None:
        self._connection.close()

    def abort(self) -> None:
        self._wire.abort()

    def is_closing(self) -> bool:
        return self._connection.is_closing or self._wire.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        if name in ("sslcontext", "ssl_object"):
            return self._connection.tls.context if name == "sslcontext" else self._connection.tls
        return self._wire.get_extra_info(name, default)

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._connection.inner = cast(asyncio.Protocol, protocol)

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._connection.inner

    def pause_reading(self) -> None:
        self._wire.pause_reading()

    def resume_reading(self) -> None:
        self._wire.resume_reading()

    def is_reading(self) -> bool:
        return self._wire.is_reading()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._wire.set_write_buffer_limits(high, low)

    def get_write_buffer_size(self) -> int:
        return self._wire.get_write_buffer_size()

    def can_write_eof(self) -> bool:
        return False


class Sealed(asyncio.Protocol):
    def __init__(self, context: ssl.SSLContext, inner: asyncio.Protocol) -> None:
        self.inner = inner
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self.is_closing = False
        self._is_open = False
        self._wire: asyncio.Transport = cast(asyncio.Transport, None)
        self._timer: asyncio.TimerHandle | None = None

    # ── The wire ─────────────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast(asyncio.Transport, transport)
        self._end_in(SLOWEST_HANDSHAKE)

    def connection_lost(self, problem: Exception | None) -> None:
        self.is_closing = True
        self._keep()
        if self._is_open:
            self._is_open = False
            self.inner.connection_lost(problem)

    def data_received(self, data: bytes) -> None:
        if self.is_closing:
            return
        self._incoming.write(data)
        if not self._is_open and not self._shake_hands():
            return
        try:
            found = self._read()
        except ssl.SSLError as problem:
            self._fail(problem)
            return
        if found:
            self.inner.data_received(found)

    def eof_received(self) -> None:
        if self._is_open:
            self.inner.eof_received()

    def pause_writing(self) -> None:
        if self._is_open:
            self.inner.pause_writing()

    def resume_writing(self) -> None:
        if self._is_open:
            self.inner.resume_writing()

    # ── Records ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _shake_hands(self) -> bool:
        """Whether it is done."""
        try:
            self.tls.do_handshake()
        except ssl.SSLWantReadError:
            self._send()
            return False
        except ssl.SSLError as problem:  # it speaks something else, or not with us
            self._fail(problem)
            return False
        self._send()
        self._keep()
        self._is_open = True
        self.inner.connection_made(Seal(self, self._wire))
        return True

    def _read(self) -> bytes:
        """What has come, as far as its records are whole."""
        tls, incoming = self.tls, self._incoming
        parts: list[bytes] = []
        try:
            # A record that is not whole yet has a byte waiting, and is asked for in vain.
            while incoming.pending or tls.pending():
                part = tls.read(RECORD)
                if not part:
                    self.close()
                    break
                parts.append(part)
        except ssl.SSLWantReadError:
            pass
        if self._outgoing.pending:
            self._send()
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def write(self, data: Any) -> None:
        if self.is_closing or not data:
            return
        try:
            done = self.tls.write(data)
            if done < len(data):
                left = memoryview(data)[done:]
                while left:
                    left = left[self.tls.write(left) :]
        except ssl.SSLError as problem:
            self._fail(problem)
            return
        self._wire.write(self._outgoing.read())

    def _send(self) -> None:
        if self._outgoing.pending and not self._wire.is_closing():
            self._wire.write(self._outgoing.read())

    # ── The end ──────────────────────────────────────────────────────────────────────────────────────────────────

    def close(self) -> None:
        if self.is_closing:
            return
        self.is_closing = True
        with contextlib.suppress(ssl.SSLError):  # the other side has not said it yet, and need not
            self.tls.unwrap()
        self._send()
        if self._wire.is_closing():
            return
        self._wire.resume_reading()
        self._wire.write_eof()
        self._end_in(LINGER)

    def _fail(self, problem: ssl.SSLError) -> None:
        log.debug("a connection is not as TLS should be: %s", problem)
        self.is_closing = True
        self._send()
        self._wire.close()

    def _end_in(self, seconds: float) -> None:
        self._keep()
        self._timer = asyncio.get_running_loop().call_later(seconds, self._wire.abort)

    def _keep(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
