"""All settings, as one frozen value, read once from flags and from the environment.

A flag wins over a variable, a variable over what the home was last started with, that over the default.

    --home   AZURINE_HOME    the folder everything is kept in            ~/.azurine
    --host   AZURINE_HOST    the address to listen on                    127.0.0.1 (this machine only)
    --port   AZURINE_PORT    the port to listen on; 0 = any free one     8443
    --store  AZURINE_STORE   where resources are kept                    SQLite in the home
             AZURINE_SUBSCRIPTION, AZURINE_RESOURCE_GROUP, AZURINE_WORKSPACE, AZURINE_LOCATION, AZURINE_ACCOUNT,
             AZURINE_TENANT  the names of what every home begins with
             AZURINE_SECRETS  the file of named secrets                 secrets.yaml in the home
             AZURINE_SECRET_<NAME>  one of them
             AZURINE_SMTP     the server that mail is sent through       none
             AZURINE_SMTP_FROM  the address that mail comes from         azurine@ that server
             AZURINE_LOG_LEVEL  error, warning, info or debug            warning

This is the only place, beside the command line and the guest, that sees the process's environment.
"""

import ipaddress
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from azurine.model import errors

DEFAULT_HOME = "~/.azurine"
DEFAULT_PORT = 8443
LOG_LEVELS = ("error", "warning", "info", "debug")
REMEMBERED = ("host", "port", "store")
"""What `azurine up` without flags takes from the last start: forgetting the store would look like losing everything."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}[A-Za-z0-9]|[A-Za-z0-9]")
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
_MAIL_SERVER = re.compile(r"smtp(s|\+plain)?://([^\s:/@]+@)?(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:\d{1,5})?/?")
_MAIL_ADDRESS = re.compile(r"[^\s@<>\"(),:;]+@[^\s@<>\"(),:;]+")
_STORES = ("sqlite:", "postgresql:", "postgres:", "postgresql+psycopg:", "memory:")


@dataclass(frozen=True, slots=True)
class Settings:
    """home: absolute. store: "" = SQLite in the home. secrets: "" = secrets.yaml in the home. port: 0 = any free one. smtp: "" = no mail is sent."""

    home: Path
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    store: str = ""
    tenant: str = "00000000-0000-0000-0000-00000000a2e0"
    subscription: str = "00000000-0000-0000-0000-000000000001"
    resource_group: str = "azurine"
    workspace: str = "workshop"
    location: str = "local"
    account: str = "azurine"
    log_level: str = "warning"
    secrets: str = ""
    smtp: str = ""
    smtp_from: str = ""

    @property
    def certificates(self) -> Path:
        return self.home / "certs"

    @property
    def identity(self) -> Path:
        return self.home / "identity"

    @property
    def loopback(self) -> bool:
        """Can only this machine reach the server?"""
        return is_loopback(self.host)

    def url(self, port: int | None = None) -> str:
        """Where clients find the server. On this machine it is always called `localhost`."""
        return f"https://{url_host(self.host)}:{port or self.port}"

    @property
    def names(self) -> tuple[str, ...]:
        """Names and addresses, beside those of loopback, that the server's certificate must carry."""
        return () if self.loopback else outside_names(self.host)


def read(flags: Mapping[str, Any] | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. flags: those given, by field name; None values count as not given."""
    given = {name: value for name, value in (flags or {}).items() if value is not None}
    variables = os.environ if environ is None else environ
    home = home_folder(given.pop("home", None), variables)
    chosen: dict[str, Any] = remembered(home)
    for field in fields(Settings):
        text = variables.get(f"AZURINE_{field.name.upper()}", "").strip()
        if text and field.name != "home":
            chosen[field.name] = text
    chosen.update(given)
    if "port" in chosen:
        chosen["port"] = _port(chosen["port"])
    values: dict[str, Any] = {name: value if name == "port" else str(value) for name, value in chosen.items()}
    settings = Settings(home, **values)
    _check(settings)
    return settings


def home_folder(given: str | Path | None = None, environ: Mapping[str, str] | None = None) -> Path:
    """The home, absolute; it need not be there yet."""
    variables = os.environ if environ is None else environ
    path = Path(given or variables.get("AZURINE_HOME") or DEFAULT_HOME).expanduser()
    try:
        path = path.resolve()
        there, folder = path.exists(), path.is_dir()
    except (OSError, ValueError, RuntimeError) as problem:
        raise errors.Invalid(f"The home {path} cannot be used: {problem}.", path="home") from problem
    if there and not folder:
        raise errors.Invalid(f"The home {path} is a file; a folder is needed.", path="home")
    return path


def remembered(home: Path) -> dict[str, Any]:
    """What the home was last started with; nothing when it is new or the note is damaged."""
    found: dict[str, Any] = {}
    # server.json stays behind when a server was killed: its steps may still be running and know that port.
    for name in ("settings.json", "server.json"):
        try:
            body = json.loads((home / name).read_bytes())
        except (OSError, ValueError):
            continue
        if isinstance(body, dict):
            found.update({key: body[key] for key in REMEMBERED if isinstance(body.get(key), (str, int))})
    return found


def is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def url_host(host: str) -> str:
    """The host as it stands in a URL: loopback, and "all addresses" seen from this machine, are `localhost`."""
    bare = host.strip("[]")
    if is_loopback(bare) or bare in ("0.0.0.0", "::"):
        return "localhost"
    return f"[{bare}]" if ":" in bare else bare


def outside_names(host: str) -> tuple[str, ...]:
    """What other machines may call this one. Listening on all addresses, that is each of them and the machine's own name."""
    bare = host.strip("[]")
    if bare not in ("0.0.0.0", "::"):
        return (bare,)
    # Imported here: only needed when the server is opened to others.
    import socket

    import psutil

    names = [socket.gethostname(), socket.getfqdn()]
    for addresses in psutil.net_if_addrs().values():
        names += [one.address.split("%")[0] for one in addresses if one.family in (socket.AF_INET, socket.AF_INET6)]
    return tuple(dict.fromkeys(name for name in names if name and not is_loopback(name)))


def variable(name: str) -> str:
    """One variable of this process's environment; "" when it is not set."""
    return os.environ.get(name, "")


def machine() -> dict[str, str]:
    """All variables of this process's environment: for programs that are started on behalf of a user."""
    return dict(os.environ)


def export(variables: Mapping[str, str]) -> None:
    """Sets variables for this process and its children: how `azurine.connect()` makes other libraries trust and find the server."""
    os.environ.update(variables)


def _port(value: Any) -> int:
    try:
        port = int(value)
    except (TypeError, ValueError):
        port = -1
    if not 0 <= port <= 65535:
        raise errors.Invalid(f"The port is {value!r}; a number from 1 to 65535 is needed, or 0 for any free one.", path="port")
    return port


def _check(settings: Settings) -> None:
    for name in ("subscription", "resource_group", "workspace", "location", "tenant"):
        value = getattr(settings, name)
        if not _NAME.fullmatch(value):
            raise errors.Invalid(f"{name} is {value!r}; letters, digits, '-', '_' and '.' are allowed, 64 at most.", path=name)
    if not _ACCOUNT.fullmatch(settings.account):
        raise errors.Invalid(f"account is {settings.account!r}; a storage account has 3 to 24 small letters and digits.", path="account")
    if settings.log_level not in LOG_LEVELS:
        raise errors.Invalid(f"log_level is {settings.log_level!r}; one of {', '.join(LOG_LEVELS)} is needed.", path="log_level")
    if settings.store and not settings.store.startswith(_STORES):
        raise errors.Invalid(
            f"store is {settings.store.split('@')[-1]!r}; a URL such as postgresql://user@host/database or sqlite:///path is needed.", path="store"
        )
    if settings.smtp and not _MAIL_SERVER.fullmatch(settings.smtp):
        # It is not repeated: somebody may have written a password into it.
        raise errors.Invalid("smtp must be written as smtp://user@host:587 or smtps://user@host:465, without the password.", path="smtp")
    if settings.smtp_from and not _MAIL_ADDRESS.fullmatch(settings.smtp_from):
        raise errors.Invalid(f"smtp_from is {settings.smtp_from!r}; an address such as azurine@example.org is needed.", path="smtp_from")
    bare = settings.host.strip("[]")
    try:
        ipaddress.ip_address(bare.split("%")[0])
    except ValueError:
        if not _HOST.fullmatch(bare):
            raise errors.Invalid(f"host is {settings.host!r}; an address or a host name is needed.", path="host") from None
