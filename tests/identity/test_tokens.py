"""Tokens: shaped as Azure's, good until they expire, refused with a reason in every other case."""

import base64
import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from azurine.identity import roles, tokens
from azurine.identity.directory import Directory
from azurine.identity.tokens import Tokens
from azurine.model import clock, errors


class Office:
    """A directory, its tokens, and a clock that is moved by hand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = clock.Movable(time.time())
        self.directory = Directory(folder, clock=self.clock)
        self.tokens = Tokens(folder, self.directory, ("build-box",), self.clock)

    def claims(self, **changes: Any) -> dict[str, Any]:
        found = jwt.decode(self.tokens.issue(self.directory.owner), options={"verify_signature": False})
        return {name: value for name, value in {**found, **changes}.items() if value is not None}

    def signed(self, **changes: Any) -> str:
        return jwt.encode(self.claims(**changes), self.tokens._key, algorithm="RS256")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    return Office(tmp_path_factory.mktemp("identity"))


def refusal(office: Office, token: str) -> errors.Unauthenticated:
    with pytest.raises(errors.Unauthenticated) as caught:
        office.tokens.check(token)
    return caught.value


def test_a_token_says_what_azures_says(office: Office) -> None:
    owner = office.directory.owner
    claims = office.claims()
    now = int(office.clock())
    wanted = {"aud": tokens.AZURE_ML, "oid": owner.oid, "sub": owner.oid, "appid": owner.app_id, "tid": office.directory.tenant, "ver": "2.0"}
    assert wanted.items() <= claims.items()
    assert (claims["iat"], claims["nbf"], claims["exp"]) == (now, now, now + tokens.LIFETIME)
    assert claims["iss"] == office.tokens.issuer


def test_a_good_token_is_known_again_and_again(office: Office) -> None:
    token = office.tokens.issue(office.directory.owner)
    assert office.tokens.check(token) == office.tokens.check(token) == office.directory.owner


def test_anybody_can_verify_it_with_the_published_key(office: Office) -> None:
    token = office.tokens.issue(office.directory.owner)
    published = jwt.PyJWKSet.from_dict(office.tokens.key_set())
    key = published[jwt.get_unverified_header(token)["kid"]]
    assert jwt.decode(token, key, audience=tokens.AZURE_ML, issuer=office.tokens.issuer)["oid"] == office.directory.owner.oid
    assert not {"d", "p", "q"} & set(office.tokens.key_set()["keys"][0])


def test_the_key_and_so_the_tokens_outlive_a_restart(office: Office) -> None:
    token = office.tokens.issue(office.directory.owner)
    assert Tokens(office.folder, Directory(office.folder), clock=office.clock).check(token) == office.directory.owner


def test_it_expires_also_when_it_was_found_good_before(tmp_path: Path) -> None:
    office = Office(tmp_path)
    token = office.tokens.issue(office.directory.owner, lifetime=100)
    office.tokens.check(token)
    office.clock.advance(100 + tokens.LEEWAY)
    assert refusal(office, token).code == "ExpiredAuthenticationToken"
    assert refusal(office, token).message == "The access token has expired. Sign in again."


def test_one_of_tomorrow_is_refused(office: Office) -> None:
    assert "not valid yet" in refusal(office, office.signed(nbf=int(office.clock()) + 600)).message


def test_one_signed_by_somebody_else_is_refused(office: Office) -> None:
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert "not signed by this server" in refusal(office, jwt.encode(office.claims(), other, algorithm="RS256")).message


def encoded(part: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_one_without_a_signature_is_refused(office: Office) -> None:
    token = f"{encoded({'alg': 'none', 'typ': 'JWT'})}.{encoded(office.claims())}."
    assert "not signed with RS256" in refusal(office, token).message


def test_one_signed_with_the_public_key_as_a_password_is_refused(office: Office) -> None:
    import hashlib
    import hmac

    from cryptography.hazmat.primitives import serialization

    public = office.tokens._public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    head = f"{encoded({'alg': 'HS256', 'typ': 'JWT'})}.{encoded(office.claims())}"
    signature = base64.urlsafe_b64encode(hmac.new(public, head.encode(), hashlib.sha256).digest()).rstrip(b"=").decode()
    assert "not signed with RS256" in refusal(office, f"{head}.{signature}").message


def test_a_changed_word_is_noticed(office: Office) -> None:
    head, body, signature = office.tokens.issue(office.directory.owner).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    claims["oid"] = "somebody-else"
    assert "not signed by this server" in refusal(office, f"{head}.{encoded(claims)}.{signature}").message


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"iss": "https://sts.windows.net/x/"}, "issuer is not this server"),
        ({"aud": "https://graph.microsoft.com"}, "another audience"),
        ({"aud": ["https://ml.azure.com"]}, "another audience"),
        ({"aud": "http://localhost:8443"}, "another audience"),
        ({"aud": "https://localhost.example.org"}, "another audience"),
        ({"oid": "nobody"}, "not in the directory"),
        ({"oid": None}, "no claim 'oid'"),
        ({"exp": None}, "no claim 'exp'"),
        ({"tid": None}, "no claim 'tid'"),
        ({"exp": "tomorrow"}, "times are not numbers"),
        ({"nbf": True}, "times are not numbers"),
        ({"exp": float("inf")}, "times are not numbers"),
    ],
)
def test_wrong_claims_are_named(office: Office, changes: dict[str, Any], said: str) -> None:
    assert said in refusal(office, office.signed(**changes)).message


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "....", "é", "\x00", "{}", "a" * 20_000, encoded({"alg": "RS256"}) + ".e30.x", "[" * 5000])
def test_what_is_no_token_is_refused(office: Office, token: str) -> None:
    assert refusal(office, token).code == "InvalidAuthenticationToken"


@pytest.mark.parametrize(
    "audience",
    [
        "https://ml.azure.com",
        "https://management.azure.com/",
        "https://storage.azure.com/",
        "https://localhost:8443",
        "https://localhost",
        "https://127.0.0.1:1/",
        "https://[::1]:9",
        "https://azurine.blob.localhost:8443",
        "https://build-box:8443",
    ],
)
def test_audiences_that_mean_this_server(office: Office, audience: str) -> None:
    assert office.tokens.check(office.tokens.issue(office.directory.owner, audience)) == office.directory.owner


def test_a_deleted_principals_token_stops_working_at_once(office: Office) -> None:
    principal, _ = office.directory.create("leaving")
    token = office.tokens.issue(principal)
    assert office.tokens.check(token) == principal
    office.directory.delete(principal.oid)
    assert "not in the directory any more" in refusal(office, token).message


def test_a_step_acts_for_its_author_and_can_be_renewed(office: Office) -> None:
    author, _ = office.directory.create("author")
    token = office.tokens.issue_step("jobs/j1", author.oid, lifetime=1000)
    step = office.tokens.check(token)
    assert (step.kind, step.job, step.oid, step.object_id) == ("step", "jobs/j1", author.oid, author.oid)
    office.clock.advance(900)
    renewed = office.tokens.renew(token)
    office.clock.advance(900)
    assert office.tokens.check(renewed) == step
    with pytest.raises(errors.Unauthenticated):
        office.tokens.renew(token)


def test_only_a_steps_token_is_renewed(office: Office) -> None:
    with pytest.raises(errors.Unauthenticated, match="Only a step's token"):
        office.tokens.renew(office.tokens.issue(office.directory.owner))


def test_a_step_of_an_unknown_author_acts_for_the_owner(office: Office) -> None:
    assert office.tokens.check(office.tokens.issue_step("j", "house")).oid == office.directory.owner.oid


def test_what_is_remembered_is_bounded(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_REMEMBERED", 3)
    for _ in range(5):
        office.tokens.check(office.tokens.issue(office.directory.owner))
    assert len(office.tokens._good) == 3


def test_a_damaged_key_is_said(tmp_path: Path) -> None:
    Office(tmp_path)
    (tmp_path / "signing.pem").write_text("nonsense")
    with pytest.raises(errors.Invalid, match=r"signing\.pem is damaged"):
        Office(tmp_path)


def test_everybody_known_may_do_everything_today(office: Office) -> None:
    step = office.tokens.check(office.tokens.issue_step("j", office.directory.owner.oid))
    for principal in (office.directory.owner, step):
        assert roles.may(principal, "Microsoft.MachineLearningServices/workspaces/jobs/write", "subscriptions/s")
