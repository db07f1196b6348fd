"""What could stand in the way on this machine, looked at one by one: what was found, and what to do about it.

Each check is a function of what is known (`Scene`) that answers one `Check`; a check that fails by itself is told as such
and stops no other. Nothing is changed, and nobody but the home's own server is called.
"""

import importlib.metadata
import os
import platform
import shutil
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import azurine
from azurine.cli import faults, launching
from azurine.identity import certificates, directory, keeping, names, reaching
from azurine.model import errors
from azurine.settings import Settings

_MARKS = {"ok": "✓", "warn": "!", "fail": "✗", "note": "·"}
_PACKAGES = ("azure-ai-ml", "azure-identity", "azure-storage-blob", "mlflow", "mlflow-skinny", "adlfs", "distributed", "uv", "psycopg")
_CERTIFICATE_DAYS = 30
_CLOCK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """state: "ok", "note" (good to know), "warn" (something will not work), "fail" (the server will not work). advice: what to do."""

    name: str
    state: str
    found: str
    advice: str = ""

    def as_json(self) -> dict[str, str]:
        return {"mark": _MARKS[self.state], "check": self.name, "state": self.state, "found": self.found, "advice": self.advice}


@dataclass(frozen=True, slots=True)
class Scene:
    settings: Settings
    server: launching.Found

    @property
    def address(self) -> reaching.Address | None:
        """Of the running server."""
        if self.server.state != "running":
            return None
        return reaching.Address(reaching.parse(self.server.url), self.settings.certificates / "ca.pem", self.settings.home)


def run(settings: Settings) -> list[Check]:
    scene = Scene(settings, launching.look(settings))
    return [_safely(name, look, scene) for name, look in CHECKS.items()]


def versions() -> dict[str, str]:
    found = {"azurine": azurine.__version__, "python": platform.python_version(), "platform": platform.platform(terse=True)}
    for package in _PACKAGES:
        version = _version(package)
        if version:
            found[package] = version
    return found


def python(scene: Scene) -> Check:
    found = f"{platform.python_version()} at {sys.executable}"
    if not sys.executable or not os.access(sys.executable, os.X_OK):
        return Check(
            "Python",
            "fail",
            f"{platform.python_version()}, but where its program is cannot be told",
            "start azurine from an ordinary virtual environment",
        )
    return Check("Python", "ok", found)


def home(scene: Scene) -> Check:
    folder = scene.settings.home
    standing = next(one for one in (folder, *folder.parents) if one.exists())
    if not os.access(standing, os.W_OK | os.X_OK):
        return Check("Home", "fail", f"{folder} cannot be written to by this user", "another place: --home FOLDER")
    return Check("Home", "ok", str(folder) if folder.exists() else f"{folder} (will be made)")


def disk(scene: Scene) -> Check:
    folder = scene.settings.home
    standing = next(one for one in (folder, *folder.parents) if one.exists())
    free = shutil.disk_usage(standing).free
    found = f"{free / 2**30:.1f} GB free for {folder}"
    if free < launching.LEAST_SPACE:
        return Check("Disk", "fail", found, "make room, or --home FOLDER on another disk")
    if free < 2 * 2**30:
        return Check("Disk", "warn", found, "environments need 1 to 3 GB each")
    return Check("Disk", "ok", found)


def server(scene: Scene) -> Check:
    found = scene.server
    if found.state == "running":
        return Check("Server", "ok", f"{found.url}, process {found.pid}")
    if found.state == "starting":
        return Check(
            "Server", "fail", f"process {found.pid} lives but does not answer", f"see {found.home / 'server.log'}; azurine down --force, azurine up"
        )
    return Check("Server", "note", "does not run", "azurine up")


def port(scene: Scene) -> Check:
    if scene.server.state != "stopped":
        return Check("Port", "ok", f"{scene.server.url.rpartition(':')[2] or scene.settings.port} is the server's")
    if not scene.settings.port:
        return Check("Port", "ok", "any free one")
    try:
        launching.free_port(scene.settings.host, scene.settings.port)
    except faults.Failure as problem:
        return Check("Port", "fail", problem.fault.sentence, problem.fault.advice)
    return Check("Port", "ok", f"{scene.settings.port} is free")


def localhost(scene: Scene) -> Check:
    try:
        found = {str(one[4][0]) for one in socket.getaddrinfo("localhost", 443)}
    except OSError as problem:
        return Check("localhost", "fail", f"does not resolve: {problem}", "add to /etc/hosts: 127.0.0.1 localhost")
    if "127.0.0.1" not in found:
        return Check("localhost", "fail", f"is {', '.join(sorted(found))}", "add to /etc/hosts: 127.0.0.1 localhost")
    return Check("localhost", "ok", ", ".join(sorted(found)))


def storage_names(scene: Scene) -> Check:
    account = scene.settings.account
    name = f"{account}.blob.localhost"
    if names.resolves_by_system(name):
        return Check("Storage names", "ok", f"{name} is known to the system")
    line = f"127.0.0.1 {name} {account}.dfs.localhost {account}.file.localhost"
    advice = f"azurine.connect() and the azurine commands need nothing; for other programs add to /etc/hosts: {line}"
    return Check("Storage names", "note", f"{name} is not known to the system", advice)


def certificate(scene: Scene) -> Check:
    address = scene.address
    if address is None:
        return Check("Certificate", "note", "is looked at when the server runs")
    for name in (address.host, f"{scene.settings.account}.blob.localhost"):
        ends = _handshake(address, name)
    days = (ends - time.time()) / 86400
    if days < _CERTIFICATE_DAYS:
        return Check("Certificate", "warn", f"ends in {days:.0f} days", "azurine down, azurine up: a new one is made at the start")
    return Check("Certificate", "ok", f"trusted, until {datetime.fromtimestamp(ends).date().isoformat()}")


def trust(scene: Scene) -> Check:
    """Does this shell trust the server, for programs that are not connected by us?"""
    authority = keeping.read(scene.settings.certificates / "ca.pem")
    if authority is None:
        return Check("Trust", "note", "the authority is made at the first start")
    lacking = []
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        path = os.environ.get(name)
        try:
            held = path is not None and certificates.contains(Path(path).read_bytes(), authority)
        except OSError:
            held = False
        if not held:
            lacking.append(name)
    if lacking:
        advice = 'azurine.connect() needs nothing; for other programs of this shell: eval "$(azurine env)"'
        return Check("Trust", "note", f"{' and '.join(lacking)} of this shell do not know the server", advice)
    return Check("Trust", "ok", "this shell's programs know the server")


def proxy(scene: Scene) -> Check:
    used = next((os.environ[name] for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy") if os.environ.get(name)), "")
    if not used:
        return Check("Proxy", "ok", "none")
    past = (os.environ.get("NO_PROXY") or os.environ.get("no_proxy") or "").split(",")
    if "*" in past or {"localhost", ".localhost"} <= {one.strip() for one in past}:
        return Check("Proxy", "ok", "is passed by for localhost")
    return Check("Proxy", "note", "is used for localhost too by other programs of this shell", 'eval "$(azurine env)" sets NO_PROXY')


def sign_in(scene: Scene) -> Check:
    address = scene.address
    known = directory.credentials(scene.settings.identity)
    if address is None:
        return Check("Sign-in", "note", "is tried when the server runs")
    if known is None:
        return Check(
            "Sign-in", "fail", f"{scene.settings.identity / 'owner.json'} is not there or damaged", "azurine down, azurine up: it is written anew"
        )
    reaching.token(address, known, "https://ml.azure.com", 60)
    return Check("Sign-in", "ok", f"as the owner ({known.client_id})")


def clock(scene: Scene) -> Check:
    now = time.time()
    if now < 1_700_000_000:
        return Check(
            "Clock", "fail", f"it says {datetime.fromtimestamp(now).isoformat(' ', 'seconds')}", "set it: certificates and tokens depend on it"
        )
    folder = scene.settings.home if scene.settings.home.is_dir() else Path(tempfile.gettempdir())
    with tempfile.TemporaryFile(dir=folder) as file:
        away = os.fstat(file.fileno()).st_mtime - now
    if abs(away) > _CLOCK_SECONDS:
        return Check("Clock", "warn", f"the disk of {folder} is {away:+.0f} s away from this machine", "set the clock of the file server")
    return Check("Clock", "ok", datetime.fromtimestamp(now).astimezone().isoformat(" ", "seconds"))


def uv(scene: Scene) -> Check:
    # Here: only asked by the doctor.
    from uv import find_uv_bin

    try:
        return Check("uv", "ok", str(find_uv_bin()))
    except FileNotFoundError:
        return Check("uv", "fail", "its program is missing", "pip install --force-reinstall uv: environments are made with it")


def clients(scene: Scene) -> Check:
    lacking = [name for name in ("azure-ai-ml", "azure-identity", "azure-storage-blob") if not _version(name)]
    if lacking:
        return Check("Official clients", "warn", f"{', '.join(lacking)} not installed here", "pip install 'azurine[clients]'")
    return Check("Official clients", "ok", f"azure-ai-ml {_version('azure-ai-ml')}")


def postgresql(scene: Scene) -> Check:
    store = scene.settings.store
    wanted = store.startswith("postgres")
    if not _version("psycopg"):
        if wanted:
            return Check("PostgreSQL", "fail", "the store needs psycopg, which is not installed", "pip install 'azurine[postgres]'")
        return Check("PostgreSQL", "note", "not installed; not needed unless --store says postgresql://…", "pip install 'azurine[postgres]'")
    if not wanted:
        return Check("PostgreSQL", "ok", "could be used (--store postgresql://…); the store is SQLite")
    import psycopg

    try:
        psycopg.connect(store.replace("+psycopg", "").replace("postgres://", "postgresql://"), connect_timeout=5).close()
    except psycopg.Error as problem:
        return Check("PostgreSQL", "fail", " ".join(str(problem).split())[:200], "look at --store, and whether the database runs")
    return Check("PostgreSQL", "ok", "the store's database answers")


def memory(scene: Scene) -> Check:
    # Here: it takes a moment to load.
    import psutil

    available = psutil.virtual_memory().available
    found = f"{available / 2**30:.1f} GB available, {psutil.cpu_count() or 1} cores"
    if available < 2**30:
        return Check("Memory", "warn", found, "steps that load pandas and scikit-learn need about 0.3 GB each")
    return Check("Memory", "ok", found)


def open_files(scene: Scene) -> Check:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 1024 and hard != soft:
        return Check("Open files", "warn", f"{soft} at most", "ulimit -n 4096 before azurine up")
    return Check("Open files", "ok", f"{soft} at most")


CHECKS: dict[str, Callable[[Scene], Check]] = {
    "Python": python,
    "Home": home,
    "Disk": disk,
    "Memory": memory,
    "Open files": open_files,
    "Clock": clock,
    "localhost": localhost,
    "Port": port,
    "Server": server,
    "Certificate": certificate,
    "Sign-in": sign_in,
    "Storage names": storage_names,
    "Trust": trust,
    "Proxy": proxy,
    "uv": uv,
    "Official clients": clients,
    "PostgreSQL": postgresql,
}


def _safely(name: str, look: Callable[[Scene], Check], scene: Scene) -> Check:
    try:
        return look(scene)
    except errors.AzurineError as problem:
        return Check(name, "fail", problem.message)
    except Exception as problem:  # noqa: BLE001 — one check that breaks must not hide what the others find
        return Check(name, "warn", f"could not be looked at: {type(problem).__name__}: {problem}")


def _handshake(address: reaching.Address, name: str) -> float:
    """When the certificate shown under this name ends; raises errors.Invalid when it is not trusted."""
    context = ssl.create_default_context(cafile=str(address.authority))
    target = "127.0.0.1" if address.host == "localhost" else address.host
    try:
        with socket.create_connection((target, address.port), 5) as plain, context.wrap_socket(plain, server_hostname=name) as secured:
            shown = secured.getpeercert() or {}
    except ssl.SSLError as problem:
        raise errors.Invalid(f"the server's certificate is not trusted for {name}: {problem.reason or problem}") from problem
    return float(ssl.cert_time_to_seconds(str(shown["notAfter"])))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
