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

import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from azurine.api import forms
from azurine.identity import tokens as minting
from azurine.identity.directory import Directory, Principal
from azurine.identity.tokens import Tokens
from azurine.model import errors
from azurine.model.clock import Clock, iso, system

EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
_NOT_STORED = {"Cache-Control": "no-store", "Pragma": "no-cache"}

Handler = Callable[[Request], Awaitable[Response]]


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
            form = await forms.read(request)
            grant = forms.needed(form, "grant_type")
            if grant == "client_credentials":
                return self._by_secret(form)
            if grant == EXCHANGE:
                return self._renewed(form)
            raise forms.Refusal(
                "unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant[:80]}'. Use client_credentials."
            )
        except forms.Refusal as refusal:
            return self._refused(refusal)

    async def managed(self, request: Request) -> Response:
        """App Service's shape and the virtual machine's, in one answer."""
        try:
            principal = self._by_header(request)
            resource = request.query_params.get("resource", "")
            audience = self._audience(resource)
        except forms.Refusal as refusal:
            return self._refused(refusal)
        asked = request.query_params.get("client_id") or request.query_params.get("clientid")
        if asked and asked.lower() != principal.app_id:
            return self._refused(forms.Refusal("invalid_request", 100040, "No identity with that client id is assigned here."))
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
        except forms.Refusal as refusal:
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
        client_id = forms.needed(form, "client_id")
        if "client_assertion" in form:
            raise forms.Refusal("invalid_client", 700027, "Certificates are not known here; sign in with a client secret.", 401)
        secret = form.get("client_secret", "")
        if not secret:
            raise forms.Refusal("invalid_client", 7000218, "The request body must contain the following parameter: 'client_secret'.", 401)
        principal = self._sign_in(client_id, secret)
        audience = self._audience(forms.resource(form))
        life = forms.lifetime(form)
        return self._given(self._tokens.issue(principal, audience, life), life, audience)

    def _renewed(self, form: Mapping[str, str]) -> Response:
        try:
            token = self._tokens.renew(forms.needed(form, "subject_token"))
        except errors.Unauthenticated as problem:
            raise forms.Refusal("invalid_grant", 70000, problem.message) from problem
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
                raise forms.Refusal("unauthorized_client", 700016, message) from problem
            message = f"{problem.message} Ensure the secret being sent in the request is the client secret value, not the client secret ID."
            raise forms.Refusal("invalid_client", 7000215, message, 401) from problem

    def _by_header(self, request: Request) -> Principal:
        """The secret is a step's own token, or `client_id:client_secret`."""
        secret = request.headers.get("x-identity-header") or request.headers.get("secret") or ""
        if not secret:
            raise forms.Refusal("invalid_request", 100041, "The header X-IDENTITY-HEADER with the secret is missing.", 401)
        if secret.count(".") == 2:
            try:
                return self._tokens.check(secret)
            except errors.Unauthenticated as problem:
                raise forms.Refusal("invalid_client", 7000215, problem.message, 401) from problem
        client_id, _, rest = secret.partition(":")
        return self._sign_in(client_id, rest)

    def _audience(self, resource: str) -> str:
        if not resource:
            raise forms.Refusal("invalid_request", 900144, "The request must contain the parameter 'scope' (or 'resource', in version 1).")
        if not self._tokens.known_audience(resource):
            raise forms.Refusal("invalid_resource", 500011, f"The resource principal named '{resource[:200]}' was not found in the tenant.")
        return resource

    def _tenant(self, request: Request) -> None:
        asked = request.path_params["tenant"].lower()
        if asked not in (self._directory.tenant.lower(), "common", "organizations"):
            raise forms.Refusal("invalid_request", 90002, f"Tenant '{asked[:80]}' not found. This server's tenant is {self._directory.tenant}.")

    def _refused(self, refusal: forms.Refusal) -> Response:
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


def _root(request: Request) -> str:
    return f"{request.url.scheme}://{_host(request)}"


def _host(request: Request) -> str:
    return request.url.netloc
