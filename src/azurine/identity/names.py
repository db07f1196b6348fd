"""Names under `.localhost` resolve in this process.

By RFC 6761 they are loopback, yet plain glibc does not know them, and storage clients always speak to
`{account}.blob.localhost`. So `socket.getaddrinfo` is wrapped, once, for those names only; asyncio and the HTTP libraries
go through it too. No other name is touched, and no file of the system.
"""

import socket
import threading
from typing import Any

_servers: dict[int, str] = {}
_guard = threading.Lock()


def resolve_here(port: int, address: str = "127.0.0.1") -> None:
    """From now on `*.localhost:port` is `address`: another machine's when its server is used from here; else loopback."""
    with _guard:
        _servers[port] = address
        if not getattr(socket.getaddrinfo, "azurine", False):
            socket.getaddrinfo = _wrapped(socket.getaddrinfo)


def resolves_by_system(name: str = "azurine.blob.localhost") -> bool:
    """Does the system itself know such names, as other programs need it?"""
    lookup = getattr(socket.getaddrinfo, "azurine", socket.getaddrinfo)
    try:
        return bool(lookup(name, 443))
    except OSError:
        return False


def _wrapped(original: Any) -> Any:
    def getaddrinfo(host: Any, port: Any, *arguments: Any, **named: Any) -> Any:
        name = host.decode("ascii", "replace") if isinstance(host, (bytes, bytearray)) else host
        if isinstance(name, str) and name.lower().rstrip(".").endswith(".localhost"):
            host = _servers.get(port, "127.0.0.1") if isinstance(port, int) else "127.0.0.1"
        return original(host, port, *arguments, **named)

    getaddrinfo.azurine = original  # type: ignore[attr-defined]
    return getaddrinfo
