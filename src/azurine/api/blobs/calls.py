"""One call at the door, taken apart: which account, container and blob, by which method, with which query and headers.

The account is in the host (`azurine.blob.localhost:PORT/container/blob`) or, for any other host, first in the path
(`127.0.0.1:PORT/azurine/container/blob`). The path is decoded once, from the bytes that came: what a `%2F` or a `%252e` means is then settled.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from starlette.requests import Request

from azurine.model import errors
from azurine.storage import naming
from azurine.storage.signatures import Signed
from azurine.storage.urls import Location

_ACCOUNT_HOST = re.compile(r"([a-z0-9]+)\.blob\.(.+)")
META = "x-ms-meta-"


@dataclass(frozen=True, slots=True)
class Call:
    """query: names in lower case, decoded. only_new: the signature lets blobs be made but not replaced. id: the request's, for answers and logs."""

    request: Request
    location: Location
    query: Mapping[str, str]
    id: str
    only_new: bool = False
    trusted: bool = False
    """Signed with a key or a token, not with a SAS: may read the source of a copy too."""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def method(self) -> str:
        return self.request.method

    @property
    def level(self) -> str:
        if self.location.path:
            return "blob"
        return "container" if self.location.container else "service"

    @property
    def endpoint(self) -> str:
        """Not Starlette's `url`, which raises for a Host that is no host."""
        return f"{self.request.scope['scheme']}://{self.header('host')}/"

    def header(self, name: str) -> str:
        return self.headers.get(name, "")

    def signed(self) -> Signed:
        scope = self.request.scope
        headers = [(name.decode("latin-1").lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        return Signed(self.method, raw_path(self.request), scope["query_string"].decode("latin-1"), headers)

    def metadata(self) -> dict[str, str]:
        """parity: Azure keeps the spelling of names; HTTP libraries lower it on the way, and so do we."""
        return {naming.metadata(name[len(META) :]): value for name, value in self.headers.items() if name.startswith(META)}

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A number in the query, taken down to `most`."""
        text = self.query.get(name, "")
        if not text:
            return default
        if not text.isdecimal() or len(text) > 18 or int(text) < least:
            raise errors.Invalid(
                f"{name}={text[:50]!r} is out of range: a whole number from {least} on is right.", code="OutOfRangeQueryParameterValue"
            )
        return min(int(text), most)


def received(request: Request, identifier: str) -> Call:
    query: dict[str, str] = {}
    for pair in request.scope["query_string"].decode("latin-1").split("&"):
        name, _, value = pair.partition("=")
        # Not unquote_plus: the clients write a space as %20, and a + in a signature is a +.
        query.setdefault(unquote(name).lower(), unquote(value))
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(request, locate(headers.get("host", ""), raw_path(request)), query, identifier, headers=headers)


def raw_path(request: Request) -> str:
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return raw.decode("latin-1").partition("?")[0]


def locate(host: str, path: str) -> Location:
    """path: percent-encoded. Raises Invalid when it is not text, or names what cannot be."""
    try:
        decoded = unquote(path, errors="strict")
    except UnicodeDecodeError as error:
        raise errors.Invalid("The address is not UTF-8 when percent-decoded.", code="InvalidUri") from error
    found = _ACCOUNT_HOST.match(host.lower())
    account, rest = (found[1], decoded[1:]) if found else _cut(decoded[1:])
    container, blob = _cut(rest)
    if not account:
        raise errors.Invalid(
            "The address names no storage account: it is the first part of the host (account.blob.…) or of the path.", code="InvalidUri"
        )
    if container:
        naming.container(container)
    if blob:
        naming.blob(blob)
    return Location(account, container, blob)


def same_server(call: Call, url: str) -> Location | None:
    """The location that a URL means on this server; None when it is another server's."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return None
    if _server(parts.netloc) != _server(call.header("host")):
        return None
    return locate(parts.netloc, parts.path)


def _server(host: str) -> str:
    found = _ACCOUNT_HOST.match(host.lower())
    return found[2] if found else host.lower()


def _cut(text: str) -> tuple[str, str]:
    head, _, rest = text.partition("/")
    return head, rest
