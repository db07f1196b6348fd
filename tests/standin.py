"""A server that only knows who is asking: the identity door, the sign-in layer, and an echo. For tests of clients and of the command line.

`serve(settings)` is what `azurine.server.serve` is: uvicorn with TLS in the foreground, `server.json` while it listens.
"""

import contextlib
import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from azurine.api import auth, identity
from azurine.identity import certificates
from azurine.identity.directory import Directory
from azurine.identity.tokens import Tokens
from azurine.settings import Settings
from running import wait_until

PUBLIC = (*auth.IDENTITY_PATHS, "/healthz")


async def healthz(request: Request) -> Response:
    return JSONResponse({"status": "ok"})


async def echo(request: Request) -> Response:
    principal = request.state.principal
    body = {"path": request.url.path, "host": request.headers["host"], "oid": principal.oid, "kind": principal.kind, "job": principal.job}
    return JSONResponse(body)


def application(settings: Settings) -> Any:
    directory = Directory(settings.identity, settings.tenant)
    tokens = Tokens(settings.identity, directory, settings.names)
    app = Starlette(routes=[Route("/healthz", healthz), *identity.routes(directory, tokens), Route("/{rest:path}", echo)])
    return auth.Authentication(app, tokens.check, auth.public_paths(PUBLIC), f"{settings.url()}/{settings.tenant}")


def prepared(settings: Settings) -> tuple[uvicorn.Server, socket.socket, dict[str, Any]]:
    found = certificates.prepare(settings.certificates, time.time(), settings.names)
    listening = socket.create_server((settings.host, settings.port))
    port = listening.getsockname()[1]
    config = uvicorn.Config(
        application(settings),
        ssl_certfile=str(found.server),
        ssl_keyfile=str(found.server),
        log_level="warning",
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=1,
    )
    note = {"pid": os.getpid(), "port": port, "host": settings.host, "url": settings.url(port), "started": time.time()}
    return uvicorn.Server(config), listening, note


def serve(settings: Settings) -> None:
    path = settings.home / "server.json"
    with open(settings.home / "server.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        server, listening, note = prepared(settings)
        path.with_suffix(".new").write_text(json.dumps(note))
        path.with_suffix(".new").replace(path)
        try:
            server.run(sockets=[listening])
        finally:
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def running(home: Path, **chosen: Any) -> Iterator[str]:
    """A stand-in in a process of its own; its URL."""
    script = f"import standin, pathlib; standin.serve(standin.Settings(pathlib.Path({str(home)!r}), **{ {'port': 0, **chosen}!r}))"
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with subprocess.Popen([sys.executable, "-c", script], env=environ) as process:
        note = home / "server.json"
        try:
            wait_until(lambda: note.exists() or process.poll() is not None, 30, "the stand-in did not start")
            yield str(json.loads(note.read_bytes())["url"])
        finally:
            process.terminate()
            process.wait(20)
