"""Azure Storage's signatures: shared keys, and shared access signatures (SAS) of accounts, containers and blobs. Pure.

Azure: https://learn.microsoft.com/rest/api/storageservices/create-service-sas, …/create-account-sas, …/authorize-with-shared-key

A signature is the HMAC-SHA256 of a text made of the request or of the SAS's own fields, line by line. Which fields, depends on the version
that the SAS says (`sv`). Stored access policies (`si`) and snapshots are not known here: such a SAS is refused.
"""

import base64
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import ip_address
from urllib.parse import quote, unquote

from azurine.model import errors
from azurine.storage.urls import Location

VERSION = "2022-11-02"
"""Of the signatures made here."""

_WITH_RESOURCE = "2018-11-09"
_WITH_SCOPE = "2020-12-06"
_OVERRIDES = ("rscc", "rscd", "rsce", "rscl", "rsct")
_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
_ORDER = {character: place for place, character in enumerate("!#$%&*.^_`|~+0123456789abcdefghijklmnopqrstuvwxyz")}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a SAS lets its bearer do. container and path: "" means any.

    resources: s(ervice), c(ontainer), o(bject), and l: looking into a container, which a container's own SAS allows though it never
    lets anyone make or delete the container.
    """

    permissions: str
    resources: str = "scol"
    container: str = ""
    path: str = ""
    folder: bool = False

    def covers(self, resource: str, location: Location) -> bool:
        if not any(letter in self.resources for letter in resource) or self.container not in ("", location.container):
            return False
        if self.folder:
            return location.path == self.path or location.path.startswith(f"{self.path}/")
        return self.path in ("", location.path)

    def allows(self, *letters: str) -> bool:
        """Any of these permissions is enough."""
        return any(letter in self.permissions for letter in letters)


@dataclass(frozen=True, slots=True)
class Signed:
    """The parts of a request that a shared key signs. path and query: as they came, percent-encoded. headers: names in lower case."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]


def sign(key: str, text: str) -> str:
    return base64.b64encode(hmac.digest(base64.b64decode(key), text.encode(), "sha256")).decode()


def matches(signature: str, keys: Iterable[str], *texts: str) -> bool:
    """Does any key make this signature of any of the texts? All are tried, in constant time each."""
    found = False
    for key in keys:
        for text in texts:
            found |= hmac.compare_digest(sign(key, text).encode(), signature.encode())
    return found


# Making


def account_sas(account: str, key: str, permissions: str, expiry: float, *, resources: str = "sco", start: float | None = None) -> str:
    fields = _fields(permissions, expiry, start) | {"ss": "b", "srt": resources}
    return _query(fields, sign(key, _account_text(account, fields)))


def container_sas(location: Location, key: str, permissions: str, expiry: float, *, start: float | None = None) -> str:
    fields = _fields(permissions, expiry, start) | {"sr": "c"}
    return _query(fields, sign(key, _service_text(f"/blob/{location.account}/{location.container}", fields)))


def blob_sas(location: Location, key: str, permissions: str, expiry: float, *, start: float | None = None) -> str:
    fields = _fields(permissions, expiry, start) | {"sr": "b"}
    return _query(fields, sign(key, _service_text(f"/blob/{location.account}/{location.container}/{location.path}", fields)))


def _fields(permissions: str, expiry: float, start: float | None) -> dict[str, str]:
    return {"sv": VERSION, "sp": permissions, "se": _time(expiry), "spr": "https,http"} | ({"st": _time(start)} if start is not None else {})


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _query(fields: Mapping[str, str], signature: str) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in (*fields.items(), ("sig", signature)))


# Checking


def check_sas(fields: Mapping[str, str], location: Location, keys: Sequence[str], now: float, *, secure: bool = True, caller: str = "") -> Grant:
    """The grant of a SAS used on a location. Raises Unauthenticated when it is forged, expired, not yet valid or not understood.

    fields: the request's query, decoded. secure: the request came by https. caller: the address it came from.
    """
    signature = fields.get("sig", "")
    if not signature or "sv" not in fields:
        raise _refusal("The SAS has no signature (sig) or no version (sv).")
    if "si" in fields or "skoid" in fields:
        raise _refusal("A SAS made from a stored access policy (si) or a user delegation key (skoid) is not known here.")
    grant, text = _account(fields, location.account) if "srt" in fields else _service(fields, location)
    if not matches(signature, keys, text):
        raise _refusal("The signature of the SAS is not right: made with another key, or changed since.")
    _in_time(fields, now)
    if not secure and fields.get("spr", "") == "https":
        raise _refusal("The SAS is for https only.", code="AuthorizationProtocolMismatch")
    if fields.get("sip") and not _is_from(caller, fields["sip"]):
        raise _refusal(f"The SAS is for callers from {fields['sip']} only.", code="AuthorizationSourceIPMismatch")
    return grant


def _account(fields: Mapping[str, str], account: str) -> tuple[Grant, str]:
    if "b" not in fields.get("ss", ""):
        raise _refusal("The SAS is not for the blob service (ss).", code="AuthorizationServiceMismatch")
    resources = fields.get("srt", "")
    return Grant(fields.get("sp", ""), resources + ("l" if "c" in resources else "")), _account_text(account, fields)


def _service(fields: Mapping[str, str], location: Location) -> tuple[Grant, str]:
    scope = f"/blob/{location.account}/{location.container}"
    permissions = fields.get("sp", "")
    match fields.get("sr"):
        case "c":
            return Grant(permissions, "ol", location.container), _service_text(scope, fields)
        case "b":
            return Grant(permissions, "o", location.container, location.path), _service_text(f"{scope}/{location.path}", fields)
        case "d" if fields.get("sdd", "").isdecimal():
            folder = "/".join(location.path.split("/")[: int(fields["sdd"])])
            return Grant(permissions, "ol", location.container, folder, folder=bool(folder)), _service_text(f"{scope}/{folder}", fields)
    raise _refusal(f"A SAS for the resource sr={fields.get('sr', '')!r} is not known here; b, c and d are.")


def _account_text(account: str, fields: Mapping[str, str]) -> str:
    names = ["sp", "ss", "srt", "st", "se", "sip", "spr", "sv"] + (["ses"] if fields["sv"] >= _WITH_SCOPE else [])
    return "".join(f"{line}\n" for line in [account, *(fields.get(name, "") for name in names)])


def _service_text(resource: str, fields: Mapping[str, str]) -> str:
    version = fields["sv"]
    lines = [fields.get(name, "") for name in ("sp", "st", "se")] + [resource]
    lines += [fields.get(name, "") for name in ("si", "sip", "spr", "sv")]
    if version >= _WITH_RESOURCE:
        lines += [fields.get("sr", ""), ""]  # and the snapshot's time, of which there is none
    if version >= _WITH_SCOPE:
        lines.append(fields.get("ses", ""))
    return "\n".join([*lines, *(fields.get(name, "") for name in _OVERRIDES)])


def _in_time(fields: Mapping[str, str], now: float) -> None:
    if "se" not in fields:
        raise _refusal("The SAS has no expiry (se).")
    if now >= _seconds(fields["se"]):
        raise _refusal(f"The SAS has expired at {fields['se']}.")
    if fields.get("st") and now < _seconds(fields["st"]):
        raise _refusal(f"The SAS is not valid before {fields['st']}.")


def _is_from(caller: str, wanted: str) -> bool:
    """wanted: an address, or two with a hyphen."""
    first, _, last = wanted.partition("-")
    try:
        low, here, high = (ip_address(one) for one in (first, caller, last or first))
        return low.version == here.version == high.version and int(low) <= int(here) <= int(high)
    except ValueError:
        return False


def _seconds(text: str) -> float:
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise _refusal(f"The time {text!r} in the SAS is not one.") from error
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).timestamp()


def shared_key_texts(account: str, signed: Signed) -> tuple[str, str]:
    """The text that a client signs with the account's key; twice, for the clients do not agree on the order of header names."""
    values: dict[str, str] = {}
    for name, value in signed.headers:
        values[name] = f"{values[name]},{value}" if name in values else value
    if values.get("content-length") == "0":
        del values["content-length"]
    head = "\n".join([signed.method, *(values.get(name, "") for name in _SIGNED_HEADERS)])
    ours = [name for name in values if name.startswith("x-ms-")]
    tail = f"/{account}{signed.path}{_canonical(signed.query)}"
    # parity: the Python client sorts by culture (hyphens do not count, _ comes before digits), others sort by character.
    by_culture = sorted(ours, key=lambda name: [_ORDER[character] for character in name if character in _ORDER])
    first, second = ("".join(f"{name}:{values[name].strip()}\n" for name in order) for order in (by_culture, sorted(ours)))
    return f"{head}\n{first}{tail}", f"{head}\n{second}{tail}"


def _canonical(query: str) -> str:
    values: dict[str, list[str]] = {}
    for pair in query.split("&") if query else ():
        name, _, value = pair.partition("=")
        values.setdefault(unquote(name).lower(), []).append(unquote(value))
    return "".join(f"\n{name}:{','.join(sorted(values[name]))}" for name in sorted(values))


def _refusal(reason: str, code: str = "AuthenticationFailed") -> errors.Unauthenticated:
    return errors.Unauthenticated(f"Server failed to authenticate the request. {reason}", code=code)
