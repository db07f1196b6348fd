"""A small server for tests that answers in a thread of its own, as long as the block lasts."""

import socketserver
import threading
from types import TracebackType
from typing import Self


class Threaded:
    """over: set when the block is left, for those that let somebody wait."""

    def __init__(self, server: socketserver.TCPServer) -> None:
        self.over = threading.Event()
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)
