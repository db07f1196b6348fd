"""A plain line to a server, before any official client is there: is it up, and a first token.

Standard library only, past any proxy, trusting the server's own authority. Not for more than small JSON answers.
"""

import http.client
import json
import ssl
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azurine.identity.directory import Credentials
from azurine.model import errors

_MOST = 1 << 20


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is. authority: file with its authority's certificate, None = publicly trusted. home: its home, when on this machine."""

    url: str
    authority: Path | None
    home: Path | None = None

    @property
    def host(self) -> str:
        return urllib.parse.urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int:
        return urllib.parse.urlsplit(self.url).port or 443


def parse(url: str) -> str:
    """The URL without path; raises errors.Invalid when it is not an https address."""
    try:
        parts = urllib.parse.urlsplit(url.strip())
        usable = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise errors.Invalid(f"The server's address is {url!r}; it should be like https://localhost:8443.", path="url")
    return f"https://{parts.netloc}"


def request(
    address: Address, method: str, path: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None, timeout: float = 10.0
) -> tuple[int, dict[str, Any]]:
    """(status, JSON object) of one request. Raises errors.Temporary when nobody answers, or somebody we do not trust."""
    sent = dict(headers or {})
    body = None
    if form is not None:
        body = urllib.parse.urlencode(form)
        sent["Content-Type"] = "application/x-www-form-urlencoded"
    try:
        context = ssl.create_default_context(cafile=str(address.authority) if address.authority else None)
        line = http.client.HTTPSConnection(address.host, address.port, timeout=timeout, context=context)
        try:
            line.request(method, path, body, sent)
            answer = line.getresponse()
            content = answer.read(_MOST)
        finally:
            line.close()
    except (OSError, http.client.HTTPException) as problem:
        raise errors.Temporary(f"No answer from {address.url}: {_reason(problem)}.", code="Unreachable") from problem
    try:
        found = json.loads(content or b"{}")
    except ValueError:
        found = {}
    return answer.status, found if isinstance(found, dict) else {}


def token(address: Address, known: Credentials, audience: str, lifetime: int) -> str:
    """A bearer token from the server's own door; `lifetime` seconds long, as far as the server allows."""
    form = {
        "grant_type": "client_credentials",
        "client_id": known.client_id,
        "client_secret": known.secret,
        "scope": f"{audience}/.default",
        "lifetime": str(lifetime),
    }
    status, answer = request(address, "POST", f"/{known.tenant}/oauth2/v2.0/token", form)
    if status != 200 or "access_token" not in answer:
        why = str(answer.get("error_description") or f"it answered {status}").splitlines()[0]
        raise errors.Unauthenticated(f"{address.url} did not let {known.client_id} in: {why}")
    return str(answer["access_token"])


def _reason(problem: Exception) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({problem.verify_message})"
    if isinstance(problem, ConnectionRefusedError):
        return "nobody listens there"
    return str(problem) or type(problem).__name__
