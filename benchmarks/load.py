"""A small load: one GET after the other on each of a few HTTPS connections that are kept, for some seconds.

    python load.py PORT AUTHORITY PATH CONNECTIONS SECONDS < token

Prints {"count", "seconds", "p50", "p99"} (milliseconds). Standard library only, and as little of it as possible per request, because it
shares the machine with the server that it asks. Anything but 200 ends it. Speaks to localhost only.
"""

import json
import selectors
import socket
import ssl
import sys
import time

LONGEST = 60.0


class Line:
    """One connection with one request under way."""

    def __init__(self, port: int, context: ssl.SSLContext, request: bytes) -> None:
        self.socket = context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=10), server_hostname="localhost")
        self._request = request
        self._heard = b""
        self._left = -1
        self._asked = 0.0

    def ask(self) -> None:
        self._asked = time.perf_counter()
        self._heard, self._left = b"", -1
        self.socket.sendall(self._request)

    def hear(self) -> float | None:
        """Seconds that the answer took, when it is whole."""
        data = self.socket.recv(65536)
        if not data:
            raise SystemExit("the server closed the connection")
        self._heard += data
        if self._left < 0:
            head, found, _ = self._heard.partition(b"\r\n\r\n")
            if not found:
                return None
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(self._heard.decode(errors="replace"))
            at = head.lower().index(b"content-length:") + 15
            self._left = len(head) + 4 + int(head[at : head.find(b"\r\n", at) if head.find(b"\r\n", at) > 0 else None])
        return time.perf_counter() - self._asked if len(self._heard) >= self._left else None


def main(port: str, authority: str, path: str, connections: str, seconds: str) -> None:
    token = sys.stdin.read().strip()
    request = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    context = ssl.create_default_context(cafile=authority)
    lines = [Line(int(port), context, request) for _ in range(int(connections))]
    taken: list[float] = []
    began = time.perf_counter()
    ends = began + min(float(seconds), LONGEST)
    with selectors.DefaultSelector() as selector:
        for line in lines:
            selector.register(line.socket, selectors.EVENT_READ, line)
            line.ask()
        while time.perf_counter() < ends:
            for key, _ in selector.select(1.0):
                done = key.data.hear()
                if done is not None:
                    taken.append(done)
                    key.data.ask()
    whole = time.perf_counter() - began
    for line in lines:
        line.socket.close()
    taken.sort()
    told = {"count": len(taken), "seconds": whole, "p50": taken[len(taken) // 2] * 1000, "p99": taken[int(len(taken) * 0.99)] * 1000}
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
