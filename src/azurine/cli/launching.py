"""Starting and stopping the server's process.

`start` makes a detached process, waits until it answers, and tells where it is; `stay` is that process. Everything that
could stand in the way is looked at first, so that the answer is a sentence and not a traceback in a log.
"""

import contextlib
import errno
import importlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import azurine
from azurine.cli import faults, occupancy
from azurine.identity import keeping, reaching
from azurine.model import clock, errors
from azurine.settings import Settings

LEAST_SPACE = 100 * 1024 * 1024
LARGEST_LOG = 50 * 1024 * 1024
SERVER = "azurine.server:serve"


@dataclass(frozen=True, slots=True)
class Found:
    """The server of a home. state: "running", "starting" (it lives but does not answer yet), or "stopped"."""

    state: str
    home: Path
    pid: int | None = None
    url: str = ""
    started: float = 0.0
    version: str = ""
    store: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "url": self.url or None,
            "home": str(self.home),
            "pid": self.pid,
            "started": clock.iso(self.started) if self.started else None,
            "version": self.version or None,
            "store": self.store or None,
            "log": str(self.home / "server.log"),
        }


def look(settings: Settings) -> Found:
    """Is there a server in the home, and does it answer?"""
    home = settings.home
    if not occupancy.taken(home):
        return Found("stopped", home)
    note = occupancy.note(home)
    store = _hidden(str(note.get("store") or settings.store)) or f"sqlite:///{home / 'azurine.db'}"
    found = Found("starting", home, note.get("pid"), str(note.get("url") or ""), float(note.get("started") or 0.0), store=store)
    if not found.url:
        return found
    try:
        address = reaching.Address(reaching.parse(found.url), settings.certificates / "ca.pem", home)
        status, answer = reaching.request(address, "GET", "/healthz", timeout=5.0)
    except errors.AzurineError:
        return found
    if status != 200:
        return found
    return Found("running", home, found.pid, found.url, found.started, str(answer.get("version") or azurine.__version__), store)


def prepare(settings: Settings) -> None:
    """Looks at what could stand in the way; raises `Failure` with what to do."""
    home = settings.home
    try:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise faults.Failure(f"The home {home} cannot be made: {problem.strerror}.", advice="another place: --home FOLDER") from problem
    if not os.access(home, os.W_OK | os.X_OK):
        raise faults.Failure(f"The home {home} cannot be written to by this user.", advice="another place: --home FOLDER")
    free = shutil.disk_usage(home).free
    if free < LEAST_SPACE:
        raise faults.Failure(
            f"The disk of {home} is full: {free // 2**20} MB are left, {LEAST_SPACE // 2**20} MB are needed.",
            advice="make room, or --home FOLDER on another disk",
        )
    if occupancy.taken(home):
        raise occupancy.in_use(home)
    occupancy.forget(home)
    if settings.port:
        free_port(settings.host, settings.port)


def free_port(host: str, port: int) -> None:
    """Raises `Failure` when the server could not listen there, and says who does."""
    bare = host.strip("[]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: connections on their way out do not count
        try:
            trial.bind((bare, port))
        except OSError as problem:
            raise not_free(problem, host, port) from problem


def not_free(problem: OSError, host: str, port: int) -> faults.Failure:
    other = "another port: --port NUMBER, or --port 0 for any free one"
    if problem.errno == errno.EADDRINUSE:
        who = _listener(port)
        return faults.Failure(f"Port {port} is taken{' by ' + who if who else ''}.", advice=other)
    if problem.errno == errno.EACCES:
        return faults.Failure(f"Port {port} is not for this user (ports below 1024 are the system's).", advice=other)
    if problem.errno == errno.EADDRNOTAVAIL or isinstance(problem, socket.gaierror):
        return faults.Failure(
            f"This machine has no address {host}.", advice="--host 127.0.0.1 for this machine only, --host 0.0.0.0 for all its addresses"
        )
    return faults.Failure(f"The server cannot listen on {host}:{port}: {problem.strerror or problem}.", advice=other)


def start(settings: Settings, timeout: float) -> Found:
    """A detached server; answers when it does."""
    prepare(settings)
    log = settings.home / "server.log"
    with contextlib.suppress(OSError):
        if log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_name("server.log.1"))
    beginning = log.stat().st_size if log.exists() else 0
    with open(log, "ab") as sink:
        child = subprocess.Popen(
            [sys.executable, "-m", "azurine", "up", "--foreground", "--quiet", "--debug", *_flags(settings)],  # its log may hold tracebacks
            env=_environment(settings),
            cwd=settings.home,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            start_new_session=True,  # closing the terminal must not end it
        )
    found = _until_it_answers(child, settings, timeout, log, beginning)
    with contextlib.suppress(errors.AzurineError):  # the server is up; that its settings could not be noted spoils nothing
        remember(settings, found)
    return found


def stay(settings: Settings) -> None:
    """Is the server, in this process, until it is told to stop."""
    prepare(settings)
    module, _, function = os.environ.get("AZURINE_SERVER", SERVER).partition(":")
    try:
        getattr(importlib.import_module(module), function)(settings)
    except OSError as problem:
        if problem.errno in (errno.ENOSPC, errno.EDQUOT):
            raise faults.Failure(f"The disk of {settings.home} is full.", advice="make room, then azurine up") from problem
        raise


def stop(settings: Settings, timeout: float, force: bool) -> Found | None:
    """Ends the home's server, gently; None when there was none. force: after the time is over, not gently."""
    # Here: it takes a moment to load, and only this and a taken port want it.
    import psutil

    before = look(settings)
    if before.state == "stopped":
        occupancy.forget(settings.home)
        return None
    if not before.pid:
        raise faults.Failure(
            f"A server is about to start in {settings.home}, and does not say yet which process it is.", advice="the same again in a moment"
        )
    try:
        process = psutil.Process(before.pid)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout)
        except psutil.TimeoutExpired:
            if not force:
                raise faults.Failure(
                    f"The server (process {before.pid}) has not ended within {timeout:.0f} s.", advice="azurine down --force"
                ) from None
            process.kill()
            process.wait(10)
    except psutil.NoSuchProcess:
        pass
    except psutil.AccessDenied:
        raise faults.Failure(f"The server (process {before.pid}) belongs to another user.") from None
    occupancy.forget(settings.home)
    return before


def remember(settings: Settings, found: Found) -> None:
    """What the next `azurine up` without flags begins with."""
    port = int(found.url.rpartition(":")[2])
    body = {"host": settings.host, "port": port, "store": settings.store}
    keeping.write(settings.home / "settings.json", json.dumps(body).encode() + b"\n")


# ── private ──


def _until_it_answers(child: "subprocess.Popen[bytes]", settings: Settings, timeout: float, log: Path, beginning: int) -> Found:
    until = time.monotonic() + timeout
    while time.monotonic() < until:
        try:
            code = child.wait(0.02)  # wakes at once when the process ends
        except subprocess.TimeoutExpired:
            if (settings.home / "server.json").exists() and (found := look(settings)).state == "running" and found.pid == child.pid:
                child.returncode = 0  # it lives on without us; else Python would complain that nobody waited for it
                return found
            continue
        raise _died(code, log, beginning)
    child.kill()
    child.wait()
    raise faults.Failure(f"The server did not answer within {timeout:.0f} s.", *_tail(log, beginning), advice=f"the whole story is in {log}")


def _died(code: int, log: Path, beginning: int) -> faults.Failure:
    tail = _tail(log, beginning)
    told = [line for line in tail if line.startswith("azurine: ")]
    if told:  # it said itself what is wrong
        first = tail.index(told[-1])
        after = [line.strip() for line in tail[first + 1 :]]
        advice = next((line.removeprefix("→ ") for line in after if line.startswith("→ ")), "")
        return faults.Failure(told[-1].removeprefix("azurine: "), *(line for line in after if line and not line.startswith("→ ")), advice=advice)
    return faults.Failure(f"The server ended at once (exit code {code}).", *tail, advice=f"the whole story is in {log}")


def _tail(log: Path, beginning: int, lines: int = 12) -> list[str]:
    try:
        with open(log, "rb") as file:
            file.seek(max(beginning, log.stat().st_size - 8192))
            return [line for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()][-lines:]
    except OSError:
        return []


def _flags(settings: Settings) -> list[str]:
    return ["--home", str(settings.home), "--host", settings.host, "--port", str(settings.port), "--log-level", settings.log_level]


def _environment(settings: Settings) -> dict[str, str]:
    """The store travels here and not as a flag: its URL may hold a password, and flags can be read by every user of the machine."""
    own = {
        f"AZURINE_{name.upper()}": str(getattr(settings, name))
        for name in ("store", "tenant", "subscription", "resource_group", "workspace", "location", "account")
    }
    # What points this shell's clients at some server must not point the new server's own processes there.
    kept = {name: value for name, value in os.environ.items() if name not in _CLIENTS}
    return {**kept, **own, "PYTHONUNBUFFERED": "1"}


_CLIENTS = frozenset(
    {"AZURINE_URL", "AZURINE_AUTHORITY", "AZUREML_CURRENT_CLOUD", "ARM_CLOUD_METADATA_URL", "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN"}
    | {"IDENTITY_ENDPOINT", "IDENTITY_HEADER", "AZURE_TOKEN_CREDENTIALS"}
)


def _listener(port: int) -> str:
    """Who listens on the port, as far as this user may know."""
    import psutil

    try:
        for one in psutil.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN and one.laddr and one.laddr.port == port and one.pid:
                process = psutil.Process(one.pid)
                words = " ".join(process.cmdline())[:120] or process.name()
                return f"process {one.pid} ({words})"
    except (psutil.Error, OSError, AttributeError):
        return ""
    return ""


def _hidden(store: str) -> str:
    """The store's URL without its password."""
    scheme, mark, rest = store.partition("://")
    if "@" not in rest:
        return store
    user, _, place = rest.rpartition("@")
    return f"{scheme}{mark}{user.split(':')[0]}@{place}"
