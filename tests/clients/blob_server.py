"""A Blob REST door by itself, served by uvicorn in a thread of this process: plain http, a free port, a fresh home."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from azurine.api.blobs.door import blob_app
from azurine.model import errors
from azurine.storage.accounts import Accounts
from azurine.storage.files import Files

ACCOUNT = "azurine"
TOKEN = "a-token-that-is-right"


@dataclass(frozen=True)
class Server:
    port: int
    accounts: Accounts
    files: Files

    @property
    def url(self) -> str:
        return f"http://{ACCOUNT}.blob.localhost:{self.port}"

    @property
    def key(self) -> str:
        return self.accounts.keys(ACCOUNT)[0]

    @property
    def connection_string(self) -> str:
        return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={self.key};BlobEndpoint={self.url};"

    def folder(self, container: str) -> Path:
        return self.accounts.root / ACCOUNT / container


def authorize(token: str) -> str:
    if token != TOKEN:
        raise errors.Unauthenticated("The token is not right.")
    return "somebody"


@contextmanager
def serving(root: Path) -> Iterator[Server]:
    accounts = Accounts(root)
    accounts.create(ACCOUNT)
    files = Files(accounts)
    listener = socket.create_server(("127.0.0.1", 0))
    # asyncio does this only for sockets made with IPPROTO_TCP said aloud; without it each answer in two parts waits 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    config = uvicorn.Config(blob_app(files, authorize), log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        # The socket listens already: who connects now is served as soon as the loop runs.
        yield Server(listener.getsockname()[1], accounts, files)
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
