"""Every request shows who is asking, but at the public doors."""

import asyncio
import json
import logging
from collections.abc import MutableMapping
from typing import Any

import pytest

from azurine.api import auth
from azurine.identity.directory import Principal
from azurine.model import errors

OWNER = Principal("oid", "app", "owner", "owner")
SECRET = "head.body.signature"


def check(token: str) -> Principal:
    if token == SECRET:
        return OWNER
    raise errors.Unauthenticated('The access token is invalid: it is "odd"\r\nSet-Cookie: x.', code="InvalidAuthenticationToken")


class Inner:
    """The application behind: remembers what reached it."""

    def __init__(self) -> None:
        self.seen: list[Any] = []

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        self.seen.append(scope)
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"in"})


def ask(path: str, *tokens: str, kind: str = "http", method: str = "GET") -> tuple[list[Any], Inner]:
    inner = Inner()
    layer = auth.Authentication(inner, check, auth.public_paths([*auth.IDENTITY_PATHS, "/healthz", "/docs/**"]), "https://localhost:1/tenant")
    headers = [(b"authorization", token.encode("latin-1")) for token in tokens]
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(layer({"type": kind, "path": path, "method": method, "headers": headers}, receive, send))
    return sent, inner


def test_a_valid_token_brings_its_principal() -> None:
    sent, inner = ask("/subscriptions", f"Bearer {SECRET}")
    assert sent[0]["status"] == 200
    assert inner.seen[0]["principal"] is OWNER
    assert inner.seen[0]["state"]["principal"] is OWNER


def test_the_kind_of_token_is_read_in_any_case() -> None:
    assert ask("/subscriptions", f"bearer   {SECRET} ")[0][0]["status"] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/healthz",
        "/docs",
        "/docs/a/b",
        "/t/oauth2/v2.0/token",
        "/t/oauth2/token",
        "/common/discovery/instance",
        "/t/v2.0/.well-known/openid-configuration",
    ],
)
def test_public_doors_are_open_even_with_a_bad_token(path: str) -> None:
    sent, inner = ask(path, "Bearer nonsense")
    assert sent[0]["status"] == 200
    assert "principal" not in inner.seen[0]


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/healthz/",
        "/healthz/x",
        "/docsx",
        "/a/b/oauth2/token",
        "/healthz\n",
        "//healthz",
        "/x/healthz",
        "/oauth2/token",
        "/HEALTHZ",
        "/t/oauth2/token/x",
    ],
)
def test_what_only_looks_like_a_public_door_is_closed(path: str) -> None:
    sent, inner = ask(path)
    assert sent[0]["status"] == 401
    assert not inner.seen


@pytest.mark.parametrize(
    "given", [(), ("",), ("Bearer",), ("Bearer ",), (SECRET,), ("Basic eDp5",), (f"Bearer {SECRET}", f"Bearer {SECRET}"), ("Bearer é",)]
)
def test_without_a_valid_token_nobody_comes_in(given: tuple[str, ...]) -> None:
    sent, inner = ask("/subscriptions", *given)
    assert not inner.seen
    assert sent[0]["status"] == 401
    headers = dict(sent[0]["headers"])
    assert headers[b"www-authenticate"].startswith(b'Bearer authorization_uri="https://localhost:1/tenant"')
    assert int(headers[b"content-length"]) == len(sent[1]["body"])
    assert set(json.loads(sent[1]["body"])["error"]) >= {"code", "message"}


def test_the_reason_is_told_and_cannot_break_out_of_the_header() -> None:
    sent, _ = ask("/subscriptions", "Bearer nonsense")
    header = dict(sent[0]["headers"])[b"www-authenticate"].decode()
    assert 'error="invalid_token"' in header
    assert "\r" not in header and "\n" not in header and header.count('"') == 6
    assert json.loads(sent[1]["body"])["error"]["code"] == "InvalidAuthenticationToken"


def test_a_head_request_gets_no_body() -> None:
    sent, _ = ask("/subscriptions", method="HEAD")
    assert sent[1]["body"] == b""


def test_a_websocket_is_closed() -> None:
    sent, inner = ask("/subscriptions", kind="websocket")
    assert [message["type"] for message in sent] == ["websocket.close"]
    assert not inner.seen


def test_a_websocket_with_a_token_is_not() -> None:
    _, inner = ask("/subscriptions", f"Bearer {SECRET}", kind="websocket")
    assert inner.seen[0]["principal"] is OWNER


def test_the_server_starting_and_stopping_is_nobodys_request() -> None:
    _, inner = ask("/", kind="lifespan")
    assert inner.seen


def test_no_token_is_ever_written_to_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        sent, _ = ask("/subscriptions", "Bearer very-secret-token")
    assert "very-secret-token" not in caplog.text
    assert b"very-secret-token" not in sent[1]["body"]
