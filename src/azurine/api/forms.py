"""The forms that are sent to the token door, read by hand: small, flat, and whatever is wrong with them is a `Refusal` of Entra's."""

import base64
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request

from azurine.identity import tokens as minting

MOST_BODY = 64 * 1024
LONGEST_LIFE = 90 * 24 * 3600


class Refusal(Exception):
    """One of Entra's errors."""

    def __init__(self, error: str, number: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.error = error
        self.number = number
        self.message = message
        self.status = status


async def read(request: Request) -> dict[str, str]:
    """The form, small and flat. Read here by hand, so that a stranger's large body is dropped early."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MOST_BODY:
            raise Refusal("invalid_request", 900144, f"The request body is larger than {MOST_BODY} bytes.", 413)
    try:
        pairs = parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=100)
    except ValueError as problem:
        raise Refusal("invalid_request", 900144, "The request body must be a form (application/x-www-form-urlencoded).") from problem
    return _with_basic(dict(pairs), request)


def _with_basic(form: dict[str, str], request: Request) -> dict[str, str]:
    """Client id and secret may come in a Basic header too (RFC 6749, 2.3.1)."""
    kind, _, encoded = request.headers.get("authorization", "").partition(" ")
    if kind.lower() == "basic" and "client_secret" not in form:
        try:
            client_id, _, secret = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            return form
        return {**form, "client_id": form.get("client_id") or unquote_plus(client_id), "client_secret": unquote_plus(secret)}
    return form


def needed(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "").strip()
    if not value:
        raise Refusal("invalid_request", 900144, f"The request body must contain the following parameter: '{name}'.")
    return value


def resource(form: Mapping[str, str]) -> str:
    """The audience: version 1 names it; version 2 asks for a scope, `{resource}/.default`."""
    if form.get("resource"):
        return form["resource"]
    scopes = [scope for scope in form.get("scope", "").split() if scope not in ("openid", "profile", "offline_access")]
    if not scopes:
        return ""
    if len(scopes) > 1 or not scopes[0].endswith("/.default"):
        raise Refusal(
            "invalid_scope",
            1002012,
            f"The provided value for scope {' '.join(scopes)[:200]} is not valid. It must be one resource followed by /.default.",
        )
    return scopes[0].removesuffix("/.default")


def lifetime(form: Mapping[str, str]) -> int:
    """Ours, not Entra's: programs that cannot renew a token ask for a longer one."""
    text = form.get("lifetime", "")
    if not text:
        return minting.LIFETIME
    if not (text.isascii() and text.isdigit() and 0 < int(text[:12]) <= LONGEST_LIFE):
        raise Refusal("invalid_request", 900144, f"lifetime is {text[:20]!r}; whole seconds are needed, at most {LONGEST_LIFE}.")
    return int(text)
