"""azure-identity, unmodified, signs in at our door; and what a stranger is told there."""

import base64
import http.client
import json
import ssl
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import ClientSecretCredential, DefaultAzureCredential, EnvironmentCredential, ManagedIdentityCredential

import standin
from azurine.identity import directory, tokens
from azurine.identity.directory import Directory
from azurine.identity.tokens import Tokens

ML = "https://ml.azure.com/.default"


class Door:
    """A running identity door, and plain requests to it."""

    def __init__(self, home: Path, url: str) -> None:
        self.url = url
        self.ca = str(home / "certs" / "ca.pem")
        self.bundle = str(home / "certs" / "bundle.pem")
        known = directory.credentials(home / "identity")
        assert known is not None
        self.owner = known
        self.directory = Directory(home / "identity")
        self.tokens = Tokens(home / "identity", self.directory)

    def ask(self, method: str, path: str, form: Mapping[str, str] | bytes | None = None, **headers: str) -> tuple[int, Any]:
        from urllib.parse import urlencode

        line = http.client.HTTPSConnection(self.url.removeprefix("https://"), timeout=20, context=ssl.create_default_context(cafile=self.ca))
        try:
            body = form if isinstance(form, bytes) or form is None else urlencode(form).encode()
            sent = {"Content-Type": "application/x-www-form-urlencoded", **{name.replace("_", "-"): value for name, value in headers.items()}}
            line.request(method, path, body, sent)
            answer = line.getresponse()
            return answer.status, json.loads(answer.read() or b"null")
        finally:
            line.close()

    def token(self, **changes: str | None) -> tuple[int, Any]:
        form = {"grant_type": "client_credentials", "client_id": self.owner.client_id, "client_secret": self.owner.secret, "scope": ML}
        wanted = {name: value for name, value in {**form, **changes}.items() if value is not None}
        return self.ask("POST", f"/{self.owner.tenant}/oauth2/v2.0/token", wanted)

    def credential(self, **changes: Any) -> ClientSecretCredential:
        chosen = {"tenant_id": self.owner.tenant, "client_id": self.owner.client_id, "client_secret": self.owner.secret, **changes}
        return ClientSecretCredential(**chosen, authority=self.url, disable_instance_discovery=True)


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    home = tmp_path_factory.mktemp("home")
    with standin.running(home) as url:
        yield Door(home, url)


@pytest.fixture(autouse=True)
def trusted(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", door.bundle)
    for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_TENANT_ID", "AZURE_TOKEN_CREDENTIALS", "IDENTITY_ENDPOINT", "IDENTITY_HEADER"):
        monkeypatch.delenv(name, raising=False)


# ── the official client ──


def test_a_client_secret_credential_signs_in(door: Door) -> None:
    token = door.credential().get_token(ML)
    assert door.tokens.check(token.token) == door.directory.owner
    status, seen = door.ask("GET", "/subscriptions", Authorization=f"Bearer {token.token}")
    assert (status, seen["oid"]) == (200, door.directory.owner.oid)


def test_a_service_principal_signs_in_until_it_is_deleted(door: Door) -> None:
    principal, secret = door.directory.create("nightly")
    token = door.credential(client_id=principal.app_id, client_secret=secret).get_token(ML).token
    assert door.ask("GET", "/x", Authorization=f"Bearer {token}")[1]["oid"] == principal.oid
    door.directory.delete(principal.oid)
    with pytest.raises(ClientAuthenticationError, match="AADSTS700016"):
        door.credential(client_id=principal.app_id, client_secret=secret).get_token(ML)


def test_a_wrong_secret_is_told_as_entra_tells_it(door: Door) -> None:
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215: Invalid client secret"):
        door.credential(client_secret="wrong").get_token(ML)


def test_an_unknown_resource_is_refused(door: Door) -> None:
    with pytest.raises(ClientAuthenticationError, match="AADSTS500011"):
        door.credential().get_token("https://graph.microsoft.com/.default")


def test_another_tenant_is_refused(door: Door) -> None:
    with pytest.raises((ClientAuthenticationError, ValueError), match="tenant"):
        door.credential(tenant_id="11111111-1111-1111-1111-111111111111").get_token(ML)


def test_the_environments_credential_signs_in(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", door.url)
    monkeypatch.setenv("AZURE_TENANT_ID", door.owner.tenant)
    monkeypatch.setenv("AZURE_CLIENT_ID", door.owner.client_id)
    monkeypatch.setenv("AZURE_CLIENT_SECRET", door.owner.secret)
    assert door.tokens.check(EnvironmentCredential(disable_instance_discovery=True).get_token(ML).token).kind == "owner"


def test_a_managed_identity_signs_in_and_so_does_the_default_credential(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", f"{door.url}/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", f"{door.owner.client_id}:{door.owner.secret}")
    monkeypatch.setenv("AZURE_TOKEN_CREDENTIALS", "ManagedIdentityCredential")
    found = ManagedIdentityCredential().get_token("https://storage.azure.com/.default")
    assert door.tokens.check(found.token) == door.directory.owner
    assert door.tokens.check(DefaultAzureCredential().get_token(ML).token) == door.directory.owner


def test_a_step_signs_in_with_its_own_token(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Azure ML's compute does it (MSI_ENDPOINT, MSI_SECRET)."""
    monkeypatch.setenv("MSI_ENDPOINT", f"{door.url}/msi/token")
    monkeypatch.setenv("MSI_SECRET", door.tokens.issue_step("jobs/j1", door.directory.owner.oid))
    found = door.tokens.check(ManagedIdentityCredential().get_token(ML).token)
    assert (found.kind, found.job, found.oid) == ("step", "jobs/j1", door.directory.owner.oid)


# ── the door itself ──


def test_version_one_is_spoken_too(door: Door) -> None:
    form = {
        "grant_type": "client_credentials",
        "client_id": door.owner.client_id,
        "client_secret": door.owner.secret,
        "resource": "https://storage.azure.com/",
    }
    status, body = door.ask("POST", f"/{door.owner.tenant}/oauth2/token", form)
    assert status == 200 and body["resource"] == "https://storage.azure.com/"
    assert door.tokens.check(body["access_token"]) == door.directory.owner


def test_the_secret_may_come_in_a_basic_header(door: Door) -> None:
    basic = base64.b64encode(f"{door.owner.client_id}:{door.owner.secret}".encode()).decode()
    form = {"grant_type": "client_credentials", "scope": ML}
    assert door.ask("POST", f"/{door.owner.tenant}/oauth2/v2.0/token", form, Authorization=f"Basic {basic}")[0] == 200
    assert door.ask("POST", f"/{door.owner.tenant}/oauth2/v2.0/token", form, Authorization="Basic !!!")[1]["error_codes"] == [900144]


def test_the_configuration_leads_to_the_keys(door: Door) -> None:
    for version in ("", "/v2.0"):
        status, found = door.ask("GET", f"/{door.owner.tenant}{version}/.well-known/openid-configuration")
        assert status == 200 and found["issuer"] == door.tokens.issuer
        keys = door.ask("GET", found["jwks_uri"].removeprefix(door.url))[1]
        assert keys == door.tokens.key_set()


def test_instance_discovery_says_that_this_authority_is_known(door: Door) -> None:
    status, found = door.ask("GET", "/common/discovery/instance?api-version=1.1&authorization_endpoint=x")
    assert status == 200
    assert door.ask("GET", found["tenant_discovery_endpoint"].removeprefix(door.url))[0] == 200


def test_a_longer_life_can_be_asked_for_within_bounds(door: Door) -> None:
    status, body = door.token(lifetime="2592000")
    assert status == 200 and body["expires_in"] == 2592000
    for wrong in ("0", "-1", "9" * 30, "1e3", "٣", str(366 * 86400)):
        assert door.token(lifetime=wrong)[0] == 400


def test_a_steps_token_is_exchanged_for_a_fresh_one(door: Door) -> None:
    step = door.tokens.issue_step("jobs/j1", door.directory.owner.oid, lifetime=60)
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": step}
    status, body = door.ask("POST", f"/{door.owner.tenant}/oauth2/v2.0/token", form)
    assert status == 200 and body["expires_in"] == tokens.STEP_LIFETIME
    assert door.tokens.check(body["access_token"]).job == "jobs/j1"
    form["subject_token"] = door.tokens.issue(door.directory.owner)
    assert door.ask("POST", f"/{door.owner.tenant}/oauth2/v2.0/token", form)[1]["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("changes", "status", "error", "number"),
    [
        ({"grant_type": None}, 400, "invalid_request", 900144),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"client_id": None}, 400, "invalid_request", 900144),
        ({"client_id": "nobody"}, 400, "unauthorized_client", 700016),
        ({"client_secret": None}, 401, "invalid_client", 7000218),
        ({"client_secret": "wrong"}, 401, "invalid_client", 7000215),
        ({"client_assertion": "x"}, 401, "invalid_client", 700027),
        ({"scope": None}, 400, "invalid_request", 900144),
        ({"scope": "User.Read"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://ml.azure.com/.default https://storage.azure.com/.default"}, 400, "invalid_scope", 1002012),
        ({"scope": "https://example.org/.default"}, 400, "invalid_resource", 500011),
    ],
)
def test_what_is_wrong_is_told_in_entras_shape(door: Door, changes: dict[str, str | None], status: int, error: str, number: int) -> None:
    found, body = door.token(**changes)
    assert (found, body["error"], body["error_codes"]) == (status, error, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert {"timestamp", "trace_id", "correlation_id"} <= set(body)
    assert door.owner.secret not in json.dumps(body)


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"&&&=", b"a=" + b"x" * 100_000, b"&".join(b"a=b" for _ in range(1000)), b'{"grant_type": "client_credentials"}']
)
def test_a_body_that_is_no_form_is_refused(door: Door, body: bytes) -> None:
    status, answer = door.ask("POST", f"/{door.owner.tenant}/oauth2/v2.0/token", body)
    assert status in (400, 413) and answer["error"] == "invalid_request"


@pytest.mark.parametrize("header", [None, "", "x", "a:b", "a.b.c", ":" * 100])
def test_a_managed_identity_needs_the_secret(door: Door, header: str | None) -> None:
    named = {"X_IDENTITY_HEADER": header} if header is not None else {}
    for path in ("/msi/token", "/metadata/identity/oauth2/token"):
        status, body = door.ask("GET", f"{path}?resource=https://ml.azure.com&api-version=2019-08-01", Metadata="true", **named)
        assert status in (400, 401) and "access_token" not in body


def test_a_managed_identity_is_only_itself(door: Door) -> None:
    secret = f"{door.owner.client_id}:{door.owner.secret}"
    for query, wanted in (
        ("", 400),
        ("resource=x", 400),
        ("resource=https://ml.azure.com&client_id=other", 400),
        ("resource=https://ml.azure.com", 200),
    ):
        assert door.ask("GET", f"/msi/token?{query}", X_IDENTITY_HEADER=secret)[0] == wanted


def test_the_clouds_addresses_are_told(door: Door) -> None:
    status, clouds = door.ask("GET", "/metadata/endpoints?api-version=2019-05-01")
    assert status == 200
    assert {cloud["name"] for cloud in clouds} == {"azurine", f"azurine@{door.url.removeprefix('https://')}"}
    assert {cloud["resourceManager"] for cloud in clouds} == {f"{door.url}/"}
