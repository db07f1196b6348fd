"""Who is known here: the owner (made at first start) and the service principals they add.

Kept under `home/identity`:

    principals.json   who there is, with their secrets as salted hashes
    owner.json        the owner's client id and secret in the clear, so that tools of the same user can sign in

Any process may change it (under a lock); a running server notices within a second. It does not know tokens (`tokens`)
and does not say who may do what (`roles`).
"""

import hashlib
import hmac
import json
import secrets
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from azurine.identity import keeping
from azurine.model import errors
from azurine.model.clock import Clock, iso, system

DEFAULT_TENANT = "00000000-0000-0000-0000-00000000a2e0"
MAX_NAME = 256
_LOOK_AGAIN_AFTER = 1.0


@dataclass(frozen=True, slots=True)
class Principal:
    """oid: object id, what resources remember as their author. app_id: the client id to sign in with.

    kind: "owner", "service", or "step" (a running job, acting for the principal who submitted it; `job` is its id).
    """

    oid: str
    app_id: str
    name: str
    kind: str
    job: str = ""

    @property
    def object_id(self) -> str:
        return self.oid


@dataclass(frozen=True, slots=True)
class Entry:
    """A principal as it is kept."""

    principal: Principal
    created: str
    salt: str
    digest: str


class Directory:
    def __init__(self, folder: Path, tenant: str = DEFAULT_TENANT, clock: Clock = system) -> None:
        """Makes the owner when there is none."""
        self.tenant = tenant
        self._folder = keeping.folder(folder)
        self._file = folder / "principals.json"
        self._owner_file = folder / "owner.json"
        self._clock = clock
        self._guard = threading.Lock()
        self._by_oid: dict[str, Entry] = {}
        self._by_app: dict[str, Entry] = {}
        self._seen: tuple[int, int] | None = None
        self._looked = 0.0
        self._ensure_owner()

    # ── reading ──

    def find(self, oid: str) -> Principal | None:
        self._refresh()
        entry = self._by_oid.get(oid)
        return entry.principal if entry else None

    def everyone(self) -> list[Principal]:
        """All principals, the owner first, then by age."""
        self._refresh(now=True)
        return [entry.principal for entry in self._by_oid.values()]

    @property
    def owner(self) -> Principal:
        self._refresh()
        return next(entry.principal for entry in self._by_oid.values() if entry.principal.kind == "owner")

    def sign_in(self, client_id: str, secret: str) -> Principal:
        """The principal whose client id and secret these are."""
        self._refresh(now=True)  # rare enough, and what another process changed a moment ago must count here
        entry = self._by_app.get(client_id.strip().lower())
        if entry is None:
            raise errors.Unauthenticated(
                f"Application with identifier '{client_id[:80]}' was not found in the directory.", code="unauthorized_client"
            )
        if not _matches(entry, secret):
            raise errors.Unauthenticated(f"Invalid client secret provided for application '{entry.principal.app_id}'.", code="invalid_client")
        return entry.principal

    # ── changing ──

    def create(self, name: str) -> tuple[Principal, str]:
        """A new service principal and its secret, which is told this once."""
        name = _checked_name(name)
        entry, secret = self._new(name, "service")
        with self._changing() as entries:
            if any(one.principal.name == name for one in entries):
                raise errors.Conflict(f"There is a principal named '{name}' already. Choose another name, or reset its secret.")
            self._save([*entries, entry])
        return entry.principal, secret

    def delete(self, identifier: str) -> Principal:
        """Removes a service principal, named by its object id, client id or name. Its tokens stop working."""
        with self._changing() as entries:
            entry = _pick(entries, identifier)
            if entry.principal.kind == "owner":
                raise errors.Conflict("The owner cannot be deleted: nobody could sign in any more.")
            self._save([one for one in entries if one is not entry])
        return entry.principal

    def reset_secret(self, identifier: str) -> str:
        """A new secret; the old one stops working. Tokens already given out last until they expire."""
        secret = _new_secret()
        with self._changing() as entries:
            entry = _pick(entries, identifier)
            fresh = _with_secret(entry, secret)
            if entry.principal.kind == "owner":
                self._tell_owner(entry.principal, secret)
            self._save([fresh if one is entry else one for one in entries])
        return secret

    # ── private ──

    def _ensure_owner(self) -> None:
        with self._changing() as entries:
            owner = next((one for one in entries if one.principal.kind == "owner"), None)
            known = credentials(self._folder)
            if owner and known and known.client_id == owner.principal.app_id and _matches(owner, known.secret):
                self._refresh(now=True)
                return
            # No owner yet, or the file with their secret was lost or left behind by a crash between the two writes.
            if owner is None:
                fresh, secret = self._new("owner", "owner")
                kept = [fresh, *entries]
            else:
                secret = _new_secret()
                fresh = _with_secret(owner, secret)
                kept = [fresh if one is owner else one for one in entries]
            self._tell_owner(fresh.principal, secret)
            self._save(kept)

    def _new(self, name: str, kind: str) -> tuple[Entry, str]:
        secret = _new_secret()
        principal = Principal(str(uuid.uuid4()), str(uuid.uuid4()), name, kind)
        return _with_secret(Entry(principal, iso(self._clock()), "", ""), secret), secret

    def _tell_owner(self, owner: Principal, secret: str) -> None:
        body = {"tenant_id": self.tenant, "client_id": owner.app_id, "client_secret": secret, "object_id": owner.oid}
        keeping.write(self._owner_file, json.dumps(body, indent=2).encode() + b"\n")

    def _changing(self) -> "_Changing":
        return _Changing(self)

    def _save(self, entries: Sequence[Entry]) -> None:
        body = {"version": 1, "principals": [_as_json(entry) for entry in entries]}
        keeping.write(self._file, json.dumps(body, indent=2).encode() + b"\n")
        self._refresh(now=True)

    def _refresh(self, *, now: bool = False) -> None:
        """Reads the file again when it has changed. Asking the file system costs a microsecond or two: once a second is enough."""
        moment = time.monotonic()
        if not now and moment - self._looked < _LOOK_AGAIN_AFTER:
            return
        with self._guard:
            self._looked = moment
            try:
                found = self._file.stat()
            except FileNotFoundError:
                return
            seen = (found.st_mtime_ns, found.st_ino)
            if seen == self._seen:
                return
            entries = _read(self._file)
            self._by_oid = {entry.principal.oid: entry for entry in entries}
            self._by_app = {entry.principal.app_id: entry for entry in entries}
            self._seen = seen


class _Changing:
    """Between entering and leaving nobody else changes the file."""

    def __init__(self, directory: Directory) -> None:
        self._file = directory._file
        self._lock = keeping.locked(directory._folder / ".lock")

    def __enter__(self) -> list[Entry]:
        self._lock.__enter__()
        try:
            return _read(self._file)
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise

    def __exit__(self, *problem: Any) -> None:
        self._lock.__exit__(None, None, None)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What the owner signs in with."""

    tenant: str
    client_id: str
    secret: str


def credentials(folder: Path) -> Credentials | None:
    """The owner's, as `owner.json` in this folder tells them; None when it does not (any more)."""
    content = keeping.read(folder / "owner.json")
    if content is None:
        return None
    try:
        body = json.loads(content)
        return Credentials(str(body["tenant_id"]), str(body["client_id"]), str(body["client_secret"]))
    except (ValueError, KeyError, TypeError):
        return None


def _read(path: Path) -> list[Entry]:
    content = keeping.read(path)
    if content is None:
        return []
    try:
        return [_from_json(one) for one in json.loads(content)["principals"]]
    except (ValueError, KeyError, TypeError) as problem:
        raise errors.Invalid(f"{path} is damaged ({problem}). Restore it, or delete it to begin with a new owner.") from problem


def _as_json(entry: Entry) -> dict[str, str]:
    one = entry.principal
    return {
        "oid": one.oid,
        "appId": one.app_id,
        "name": one.name,
        "kind": one.kind,
        "created": entry.created,
        "salt": entry.salt,
        "digest": entry.digest,
    }


def _from_json(body: dict[str, Any]) -> Entry:
    principal = Principal(str(body["oid"]), str(body["appId"]), str(body["name"]), str(body["kind"]))
    return Entry(principal, str(body["created"]), str(body["salt"]), str(body["digest"]))


def _pick(entries: Sequence[Entry], identifier: str) -> Entry:
    for entry in entries:
        if identifier in (entry.principal.oid, entry.principal.app_id, entry.principal.name):
            return entry
    raise errors.Missing(f"There is no principal '{identifier}'.")


def _checked_name(name: str) -> str:
    bare = name.strip()
    if not bare or len(bare) > MAX_NAME or not bare.isprintable():
        raise errors.Invalid(f"A principal's name has 1 to {MAX_NAME} printable characters.", path="name")
    return bare


def _new_secret() -> str:
    return secrets.token_urlsafe(32)


def _with_secret(entry: Entry, secret: str) -> Entry:
    salt = secrets.token_hex(16)
    return replace(entry, salt=salt, digest=_digest(salt, secret))


def _digest(salt: str, secret: str) -> str:
    # A plain hash is right here: secrets are ours, 256 random bits, so there is nothing to guess; a slow hash would
    # only let a stranger keep the server busy by guessing.
    return hashlib.sha256(f"{salt}:{secret}".encode()).hexdigest()


def _matches(entry: Entry, secret: str) -> bool:
    return hmac.compare_digest(entry.digest, _digest(entry.salt, secret))
