"""Names under `.localhost` are this machine (RFC 6761), but plain glibc does not resolve them: inside `resolving()` this process does."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def resolving() -> Iterator[None]:
    original = socket.getaddrinfo

    def resolve(host: Any, *rest: Any, **named: Any) -> Any:
        text = host.decode() if isinstance(host, bytes) else host
        return original("127.0.0.1" if isinstance(text, str) and text.lower().endswith(".localhost") else host, *rest, **named)

    socket.getaddrinfo = resolve  # type: ignore[assignment]
    try:
        yield
    finally:
        socket.getaddrinfo = original
