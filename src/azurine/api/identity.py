"""Sign-in: the parts of OAuth 2.0 that `azure-identity` and `msal` speak.

    POST /{tenant}/oauth2/v2.0/token                          client credentials; renewing a step's token
    POST /{tenant}/oauth2/token                               the same, version 1 (`resource=` instead of `scope=`)
    GET  /{tenant}[/v2.0]/.well-known/openid-configuration    where everything is
    GET  /{tenant}/discovery/v2.0/keys                        the public key (JWKS)
    GET  /common/discovery/instance                           "yes, this authority is known"
    GET  /msi/token, /metadata/identity/oauth2/token          managed identity; only with the secret header
    GET  /metadata/endpoints                                  this cloud's addresses, as Azure Resource Manager tells them

Errors have Microsoft Entra's body. People do not sign in here with passwords, and there are no refresh tokens.
https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow
"""

import base64
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from azurine.identity import tokens as minting
from azurine.identity.directory import Directory, Principal
from azurine.identity.tokens import Tokens
from azurine.model import errors
from azurine.model.clock import Clock, iso, system

MOST_BODY = 64 * 1024
LONGEST_LIFE = 90 * 24 * 3600
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
METADATA = "/metadata/endpoints"
_NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Handler = Callable[[Request], Awaitable[Response]]


class _Refusal(Exception):
    """One of Entra's errors."""

    def __init__(self, error: str, number: int, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.error = error
        self.number = number
        self.message = message
        self.status = status


def routes(directory: Directory, tokens: Tokens, clock: Clock = system) -> list[Route]:
    """What the server adds to its routes; all of them are public (`auth.IDENTITY_PATHS`)."""
    door = _Door(directory, tokens, clock)
    return [
        Route("/common/discovery/instance", door.instance, methods=["GET"]),
        Route("/metadata/endpoints", door.clouds, methods=["GET"]),
        Route("/metadata/identity/oauth2/token", door.managed, methods=["GET"]),
        Route("/msi/token", door.managed, methods=["GET"]),
        Route("/{tenant}/oauth2/v2.0/token", door.token, methods=["POST"]),
        Route("/{tenant}/oauth2/token", door.token, methods=["POST"]),
        Route("/{tenant}/v2.0/.well-known/openid-configuration", door.configuration, methods=["GET"]),
        Route("/{tenant}/.well-known/openid-configuration", door.configuration, methods=["GET"]),
        Route("/{tenant}/discovery/v2.0/keys", door.keys, methods=["GET"]),
        Route("/{tenant}/discovery/keys", door.keys, methods=["GET"]),
    ]


class _Door:
    def __init__(self, directory: Directory, tokens: Tokens, clock: Clock) -> None:
        self._directory = directory
        self._tokens = tokens
        self._clock = clock

    async def token(self, request: Request) -> Response:
        try:
            self._tenant(request)
            form = await _form(request)
            grant = _needed(form, "grant_type")
            if grant == "client_credentials":
                return self._by_secret(form)
            if grant == EXCHANGE:
                return self._renewed(form)
            raise _Refusal("unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant[:80]}'. Use client_credentials.")
        except _Refusal as refusal:
            return self._refused(refusal)

    async def managed(self, request: Request) -> Response:
        """App Service's shape and the virtual machine's, in one answer."""
        try:
            principal = self._by_header(request)
            resource = request.query_params.get("resource", "")
            audience = self._audience(resource)
        except _Refusal as refusal:
            return self._refused(refusal)
        asked = request.query_params.get("client_id") or request.query_params.get("clientid")
        if asked and asked.lower() != principal.app_id:
            return self._refused(_Refusal("invalid_request", 100040, "No identity with that client id is assigned here."))
        life = minting.LIFETIME
        now = int(self._clock())
        body = {
            "access_token": self._tokens.issue(principal, audience, life),
            "token_type": "Bearer",
            "resource": resource,
            "client_id": principal.app_id,
            "expires_in": str(life),
            "expires_on": str(now + life),
            "not_before": str(now),
        }
        return JSONResponse(body, headers=_NOT_STORED)

    async def configuration(self, request: Request) -> Response:
        try:
            self._tenant(request)
        except _Refusal as refusal:
            return self._refused(refusal)
        root, tenant = _root(request), self._directory.tenant
        own = f"{root}/{tenant}"
        return JSONResponse(
            {
                "issuer": self._tokens.issuer,
                "authorization_endpoint": f"{own}/oauth2/v2.0/authorize",
                "token_endpoint": f"{own}/oauth2/v2.0/token",
                "device_authorization_endpoint": f"{own}/oauth2/v2.0/devicecode",
                "jwks_uri": f"{own}/discovery/v2.0/keys",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
                "grant_types_supported": ["client_credentials", EXCHANGE],
                "response_types_supported": ["token"],
                "subject_types_supported": ["pairwise"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": [".default"],
                "claims_supported": ["aud", "iss", "iat", "nbf", "exp", "oid", "sub", "appid", "tid", "ver"],
                "tenant_region_scope": None,
                "cloud_instance_name": _host(request),
            }
        )

    async def keys(self, request: Request) -> Response:
        return JSONResponse(self._tokens.key_set())

    async def instance(self, request: Request) -> Response:
        """msal asks whether an authority is genuine; here the only one is this."""
        root, host = _root(request), _host(request)
        return JSONResponse(
            {
                "tenant_discovery_endpoint": f"{root}/{self._directory.tenant}/v2.0/.well-known/openid-configuration",
                "api-version": "1.1",
                "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": [host]}],
            }
        )

    async def clouds(self, request: Request) -> Response:
        """Under two names: the plain one, and the one `azurine.connect()` uses so that several servers can be told apart."""
        root, host = _root(request), _host(request)
        port = host.rpartition(":")[2] if ":" in host.rpartition("]")[2] else "443"
        # From the portal's address azure-ai-ml makes the audience of its tokens (the labels after the second); all stays local.
        cloud = {
            "portal": f"https://portal.azurine.localhost:{port}/",
            "resourceManager": f"{root}/",
            "authentication": {"loginEndpoint": f"{root}/", "audiences": [root, "https://management.azure.com"], "tenant": self._directory.tenant},
            "suffixes": {"storage": f"localhost:{port}"},
        }
        return JSONResponse([{"name": "azurine", **cloud}, {"name": f"azurine@{host}", **cloud}])

    # ── private ──

    def _by_secret(self, form: Mapping[str, str]) -> Response:
        client_id = _needed(form, "client_id")
        if "client_assertion" in form:
            raise _Refusal("invalid_client", 700027, "Certificates are not known here; sign in with a client secret.", 401)
        secret = form.get("client_secret", "")
        if not secret:
            raise _Refusal("invalid_client", 7000218, "The request body must contain the following parameter: 'client_secret'.", 401)
        principal = self._sign_in(client_id, secret)
        audience = self._audience(_resource(form))
        life = _lifetime(form)
        return self._given(self._tokens.issue(principal, audience, life), life, audience)

    def _renewed(self, form: Mapping[str, str]) -> Response:
        try:
            token = self._tokens.renew(_needed(form, "subject_token"))
        except errors.Unauthenticated as problem:
            raise _Refusal("invalid_grant", 70000, problem.message) from problem
        return self._given(token, minting.STEP_LIFETIME, minting.AZURE_ML)

    def _given(self, token: str, life: int, audience: str) -> Response:
        now = int(self._clock())
        body: dict[str, Any] = {"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token}
        # Version 1 has these besides.
        body |= {"expires_on": str(now + life), "not_before": str(now), "resource": audience}
        return JSONResponse(body, headers=_NOT_STORED)

    def _sign_in(self, client_id: str, secret: str) -> Principal:
        try:
            return self._directory.sign_in(client_id, secret)
        except errors.Unauthenticated as problem:
            if problem.code == "unauthorized_client":
                message = f"{problem.message} Look for a typing mistake, or for the wrong server."
                raise _Refusal("unauthorized_client", 700016, message) from problem
            message = f"{problem.message} Ensure the secret being sent in the request is the client secret value, not the client secret ID."
            raise _Refusal("invalid_client", 7000215, message, 401) from problem

    def _by_header(self, request: Request) -> Principal:
        """The secret is a step's own token, or `client_id:client_secret`."""
        secret = request.headers.get("x-identity-header") or request.headers.get("secret") or ""
        if not secret:
            raise _Refusal("invalid_request", 100041, "The header X-IDENTITY-HEADER with the secret is missing.", 401)
        if secret.count(".") == 2:
            try:
                return self._tokens.check(secret)
            except errors.Unauthenticated as problem:
                raise _Refusal("invalid_client", 7000215, problem.message, 401) from problem
        client_id, _, rest = secret.partition(":")
        return self._sign_in(client_id, rest)

    def _audience(self, resource: str) -> str:
        if not resource:
            raise _Refusal("invalid_request", 900144, "The request must contain the parameter 'scope' (or 'resource', in version 1).")
        if not self._tokens.known_audience(resource):
            raise _Refusal("invalid_resource", 500011, f"The resource principal named '{resource[:200]}' was not found in the tenant.")
        return resource

    def _tenant(self, request: Request) -> None:
        asked = request.path_params["tenant"].lower()
        if asked not in (self._directory.tenant.lower(), "common", "organizations"):
            raise _Refusal("invalid_request", 90002, f"Tenant '{asked[:80]}' not found. This server's tenant is {self._directory.tenant}.")

    def _refused(self, refusal: _Refusal) -> Response:
        trace = str(uuid.uuid4())
        now = iso(self._clock())[:19].replace("T", " ") + "Z"
        body = {
            "error": refusal.error,
            "error_description": f"AADSTS{refusal.number}: {refusal.message} Trace ID: {trace} Timestamp: {now}",
            "error_codes": [refusal.number],
            "timestamp": now,
            "trace_id": trace,
            "correlation_id": trace,
        }
        return JSONResponse(body, refusal.status, headers=_NOT_STORED)


async def _form(request: Request) -> dict[str, str]:
    """The form, small and flat. Read here by hand, so that a stranger's large body is dropped early."""
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MOST_BODY:
            raise _Refusal("invalid_request", 900144, f"The request body is larger than {MOST_BODY} bytes.", 413)
    try:
        pairs = parse_qsl(content.decode(), keep_blank_values=True, max_num_fields=100)
    except ValueError as problem:
        raise _Refusal("invalid_request", 900144, "The request body must be a form (application/x-www-form-urlencoded).") from problem
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


def _needed(form: Mapping[str, str], name: str) -> str:
    value = form.get(name, "").strip()
    if not value:
        raise _Refusal("invalid_request", 900144, f"The request body must contain the following parameter: '{name}'.")
    return value


def _resource(form: Mapping[str, str]) -> str:
    """The audience: version 1 names it; version 2 asks for a scope, `{resource}/.default`."""
    if form.get("resource"):
        return form["resource"]
    scopes = [scope for scope in form.get("scope", "").split() if scope not in ("openid", "profile", "offline_access")]
    if not scopes:
        return ""
    if len(scopes) > 1 or not scopes[0].endswith("/.default"):
        raise _Refusal(
            "invalid_scope",
            1002012,
            f"The provided value for scope {' '.join(scopes)[:200]} is not valid. It must be one resource followed by /.default.",
        )
    return scopes[0].removesuffix("/.default")


def _lifetime(form: Mapping[str, str]) -> int:
    """Ours, not Entra's: programs that cannot renew a token ask for a longer one."""
    text = form.get("lifetime", "")
    if not text:
        return minting.LIFETIME
    if not (text.isascii() and text.isdigit() and 0 < int(text[:12]) <= LONGEST_LIFE):
        raise _Refusal("invalid_request", 900144, f"lifetime is {text[:20]!r}; whole seconds are needed, at most {LONGEST_LIFE}.")
    return int(text)


def _root(request: Request) -> str:
    return f"{request.url.scheme}://{_host(request)}"


def _host(request: Request) -> str:
    return request.url.netloc
