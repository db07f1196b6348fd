"""A running server: one port, TLS, until it is told to stop. One live server for one home.

The house (`app`) is made, furnished and taken down here; nothing is decided.
"""

import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import ssl
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from azurine.app import House
from azurine.identity.renewing import Renewal
from azurine.model import clock, errors
from azurine.settings import Settings
from azurine.store.sql import claimed

_logger = logging.getLogger(__name__)

LOCK_ATTEMPTS = 20
SWITCH_INTERVAL = 0.0005


def serve(settings: Settings) -> None:
    """Runs a server in the foreground until it is told to stop (SIGINT, SIGTERM).

    Raises errors.Conflict when the home or the store is in use by a live server or the port cannot be listened on, OSError when the home cannot
    be written.
    """
    # Imported here: whoever only wants the rooms needs no web server.
    import uvicorn

    from azurine.api.scoring.gate import Gates
    from azurine.api.sealing import sealed

    settings.home.mkdir(parents=True, exist_ok=True)
    # Several threads wait for each other here (loop, commits, requests); the usual 5 ms between switches would be felt in every commit.
    sys.setswitchinterval(SWITCH_INTERVAL)
    with _only_one(settings.home), _listening(settings) as listener, contextlib.ExitStack() as claims:
        port = int(listener.getsockname()[1])
        url = settings.url(port)
        claims.enter_context(claimed(settings.store, f"{url} of {socket.gethostname()}, process {os.getpid()}", _give_way))
        house = House(settings, url)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        renewal = Renewal(context, settings.certificates, settings.names, clock.system)
        try:
            # uvicorn raises the signal that ended it once more when it is done; that must not end this process before the house is closed.
            signal.signal(signal.SIGTERM, lambda *_: None)
            house.start()
            renewal.start()
            app = house.app()
            config = uvicorn.Config(
                app,
                log_level=settings.log_level,
                access_log=False,
                lifespan="off",
                http=sealed(context, Gates(app).protocol),  # type: ignore[arg-type]  # it only ever calls it
                server_header=False,
                date_header=True,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=5,
            )
            _say_where(settings, port, url)
            _server(config).run(sockets=[listener])
        finally:
            renewal.close()
            house.close()
            with contextlib.suppress(FileNotFoundError):
                (settings.home / "server.json").unlink()


def _give_way(why: str) -> None:
    """Another server has the store now: this one ends, as when it is told to."""
    _logger.error("%s; this server ends.", why)
    os.kill(os.getpid(), signal.SIGTERM)


def _server(config: Any) -> Any:
    """A uvicorn server that, told to stop, does not wait for clients that only keep their connection open."""
    import uvicorn

    from azurine.api.scoring.gate import Gate

    class Server(uvicorn.Server):
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            for connection in list(self.server_state.connections):
                if cast(Gate, connection).is_quiet:
                    connection.transport.abort()
            await super().shutdown(sockets)

    return Server(config)


def _say_where(settings: Settings, port: int, url: str) -> None:
    """`server.json`: for whoever looks for the server. Stays behind when the server is killed; the lock says whether it lives."""
    told = {"pid": os.getpid(), "host": settings.host, "port": port, "url": url, "store": settings.store, "started": clock.system()}
    temporary = settings.home / ".server.json"
    temporary.write_text(json.dumps(told), encoding="utf-8")
    temporary.replace(settings.home / "server.json")


@contextlib.contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """One live server for one home. The kernel gives the lock back when the process dies, however it dies; that can take it a moment."""
    handle = os.open(home / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        for attempt in range(LOCK_ATTEMPTS):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as problem:
                if attempt == LOCK_ATTEMPTS - 1:
                    advice = f"stop it with `azurine down --home {home}`"
                    raise errors.Conflict(f"The home {home} is in use by a server that is running; {advice}.") from problem
                time.sleep(0.1)  # nothing announces that a lock is free without taking it
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named, small answers are sent at once (TCP_NODELAY); without it each waits for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host.strip("[]"), settings.port))
        listener.listen(1024)
    except OSError as problem:
        listener.close()
        advice = "another one can be chosen with --port; 0 is any free one"
        raise errors.Conflict(f"{settings.host}:{settings.port} cannot be listened on: {problem.strerror}; {advice}.") from problem
    try:
        yield listener
    finally:
        listener.close()
