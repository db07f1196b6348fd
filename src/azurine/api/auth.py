"""Who is asking? Every request carries a valid bearer token, but for the paths that are public.

A pure ASGI layer: it puts the `Principal` into `scope["principal"]` (and `request.state.principal`), or answers 401 in
Azure's shape. It never writes a token anywhere. What a principal may do is asked elsewhere (`identity.roles`).
"""

import re
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

from azurine.api import errors as refusals
from azurine.identity.directory import Principal
from azurine.model import errors

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Check = Callable[[str], Principal]

IDENTITY_PATHS = (
    "/*/oauth2/token",
    "/*/oauth2/v2.0/token",
    "/*/.well-known/openid-configuration",
    "/*/v2.0/.well-known/openid-configuration",
    "/*/discovery/keys",
    "/*/discovery/v2.0/keys",
    "/common/discovery/instance",
    "/metadata/endpoints",
    "/metadata/identity/oauth2/token",
    "/msi/token",
)
"""The doors at which a token is fetched: nobody can show one there yet."""


def public_paths(patterns: Iterable[str]) -> Callable[[Scope], bool]:
    """Which requests need no token. In a pattern `*` stands for one segment, `/**` at the end for everything below."""
    alternatives = "|".join(_expression(pattern) for pattern in patterns)
    matcher = re.compile(alternatives) if alternatives else None
    return lambda scope: matcher is not None and matcher.fullmatch(scope["path"]) is not None


class Authentication:
    def __init__(self, app: App, check: Check, public: Callable[[Scope], bool], authority: str = "") -> None:
        """check: token → principal (`Tokens.check`). authority: where to sign in, told to those who have not."""
        self._app = app
        self._check = check
        self._public = public
        self._authority = authority

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or (scope["type"] == "http" and self._public(scope)):
            await self._app(scope, receive, send)
            return
        try:
            principal = authenticate(scope, self._check)
        except errors.Unauthenticated as problem:
            await self._refuse(scope, receive, send, problem)
            return
        scope["principal"] = principal
        scope.setdefault("state", {})["principal"] = principal
        await self._app(scope, receive, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, problem: errors.Unauthenticated) -> None:
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": "sign in first"})
            return
        status, headers, body = refusals.encoded(problem)
        headers = {**headers, "WWW-Authenticate": challenge(problem, self._authority), "Content-Type": "application/json; charset=utf-8"}
        headers["Content-Length"] = str(len(body))
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})


def authenticate(scope: Scope, check: Check) -> Principal:
    """The principal whose bearer token the request carries. Also for doors that know other proofs too (a SAS)."""
    token = bearer(scope)
    if not token:
        raise errors.Unauthenticated("Authentication failed. The 'Authorization' header is missing or is not 'Bearer <token>'.")
    return check(token)


def bearer(scope: Scope) -> str:
    """The token in the Authorization header; "" when there is none, or when there is more than one."""
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    if len(found) != 1:
        return ""
    kind, _, token = found[0].decode("latin-1").partition(" ")
    return str(token).strip() if kind.lower() == "bearer" else ""


def challenge(problem: errors.Unauthenticated, authority: str) -> str:
    """The WWW-Authenticate header: where to sign in, and what was wrong with the token, if there was one."""
    parts = [f'authorization_uri="{authority}"'] if authority else []
    if problem.code != errors.Unauthenticated.code:
        described = problem.message.replace("\\", "").replace('"', "'").replace("\r", " ").replace("\n", " ")
        parts += ['error="invalid_token"', f'error_description="{described}"']
    return "Bearer " + ", ".join(parts) if parts else "Bearer"


def _expression(pattern: str) -> str:
    below = pattern.endswith("/**")
    bare = pattern.removesuffix("/**")
    parts = ["[^/]+" if part == "*" else re.escape(part) for part in bare.split("/")]
    return "/".join(parts) + ("(?:/.*)?" if below else "")
