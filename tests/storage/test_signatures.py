"""Signatures, against those that the official client makes."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from azure.storage.blob import generate_account_sas, generate_blob_sas, generate_container_sas

from azurine.model import errors
from azurine.storage import signatures
from azurine.storage.signatures import Grant, Signed
from azurine.storage.urls import Location

KEY = "a2V5LW9uZS1vZi10aGUtYWNjb3VudA=="
OTHER = "a2V5LXR3by1vZi10aGUtYWNjb3VudA=="
NOW = 1_700_000_000.0
BLOB = Location("azurine", "data", "a/b c.txt")


def when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def fields(sas: str) -> dict[str, str]:
    return dict(parse_qsl(sas, keep_blank_values=True))


def check(found: Mapping[str, str], location: Location = BLOB, now: float = NOW, **more: Any) -> Grant:
    return signatures.check_sas(found, location, (OTHER, KEY), now, **more)


def of_client(kind: str, permission: str = "r", **more: Any) -> str:
    more = {"expiry": when(NOW + 60), "permission": permission} | more
    if kind == "account":
        return str(generate_account_sas("azurine", KEY, **({"resource_types": "sco"} | more)))
    if kind == "container":
        return str(generate_container_sas("azurine", "data", KEY, **more))
    return str(generate_blob_sas("azurine", "data", "a/b c.txt", account_key=KEY, **more))


@pytest.mark.parametrize("kind", ["account", "container", "blob"])
@pytest.mark.parametrize("more", [{}, {"start": when(NOW - 60)}, {"ip": "127.0.0.1"}, {"protocol": "https"}, {"encryption_scope": "x"}])
def test_what_the_client_makes_is_right_here(kind: str, more: dict[str, Any]) -> None:
    grant = check(fields(of_client(kind, **more)), caller="127.0.0.1")
    assert grant.covers("o", BLOB)
    assert grant.allows("r")
    assert not grant.allows("w", "c")


def test_response_headers_of_a_sas_are_signed_too() -> None:
    found = fields(
        of_client("blob", content_type="text/csv", cache_control="no-store", content_disposition="x", content_encoding="e", content_language="l")
    )
    check(found)
    with pytest.raises(errors.Unauthenticated):
        check(found | {"rsct": "text/html"})


@pytest.mark.parametrize("kind", ["account", "container", "blob"])
def test_what_is_made_here_is_what_the_client_makes(kind: str) -> None:
    made = {
        "account": lambda: signatures.account_sas("azurine", KEY, "rl", NOW + 60, start=NOW),
        "container": lambda: signatures.container_sas(BLOB, KEY, "rl", NOW + 60, start=NOW),
        "blob": lambda: signatures.blob_sas(BLOB, KEY, "rl", NOW + 60),
    }[kind]()
    grant = check(fields(made))
    assert grant.allows("l")
    assert grant.covers("o", BLOB)


def test_what_a_grant_covers() -> None:
    elsewhere = Location("azurine", "other", "a/b c.txt")
    container = check(fields(of_client("container")))
    assert container.covers("o", BLOB.child("x"))
    assert container.covers("l", BLOB)
    assert not container.covers("o", elsewhere)
    assert not container.covers("c", BLOB)
    assert not container.covers("s", BLOB)
    blob = check(fields(of_client("blob")))
    assert not blob.covers("o", Location("azurine", "data", "a/b"))
    assert not blob.covers("l", BLOB)
    account = check(fields(of_client("account", resource_types="o")))
    assert account.covers("o", elsewhere)
    assert not account.covers("l", BLOB)
    assert not account.covers("c", BLOB)


def test_a_folder_sas_covers_what_is_below_it() -> None:
    found = fields(generate_blob_sas("azurine", "data", "a/sub", account_key=KEY, permission="r", expiry=when(NOW + 60), is_directory=True))
    grant = check(found, Location("azurine", "data", "a/sub/x/y"))
    assert grant.covers("o", Location("azurine", "data", "a/sub/x/y"))
    assert not grant.covers("o", Location("azurine", "data", "a/subx"))
    with pytest.raises(errors.Unauthenticated):
        check(found, Location("azurine", "data", "a/other/x"))


@pytest.mark.parametrize("kind", ["account", "container", "blob"])
@pytest.mark.parametrize("name", ["sp", "se", "sv", "sig", "spr"])
def test_a_changed_sas_is_refused(kind: str, name: str) -> None:
    found = fields(of_client(kind, protocol="https,http"))
    assert check(found)
    for value in ("rwdl" if name == "sp" else "2999-01-01T00:00:00Z", "", "x" * 1000, "ü"):
        with pytest.raises(errors.Unauthenticated):
            check(found | {name: value})


@pytest.mark.parametrize("kind", ["container", "blob"])
def test_a_sas_for_another_place_is_refused(kind: str) -> None:
    for location in (Location("azurine", "other", "a/b c.txt"), Location("another", "data", "a/b c.txt")):
        with pytest.raises(errors.Unauthenticated):
            check(fields(of_client(kind)), location)


def test_time() -> None:
    found = fields(of_client("blob", start=when(NOW - 60)))
    with pytest.raises(errors.Unauthenticated, match="expired"):
        check(found, now=NOW + 60)
    with pytest.raises(errors.Unauthenticated, match="not valid before"):
        check(found, now=NOW - 61)
    assert check(fields(of_client("blob", expiry="2099-01-01")))
    with pytest.raises(errors.Unauthenticated, match="not one"):
        check(fields(of_client("blob", expiry="soon")))


def test_protocol_and_address() -> None:
    with pytest.raises(errors.Unauthenticated) as caught:
        check(fields(of_client("blob", protocol="https")), secure=False)
    assert caught.value.code == "AuthorizationProtocolMismatch"
    ranged = fields(of_client("blob", ip="10.0.0.1-10.0.0.9"))
    assert check(ranged, caller="10.0.0.5")
    for caller in ("10.0.0.10", "127.0.0.1", ""):
        with pytest.raises(errors.Unauthenticated) as caught:
            check(ranged, caller=caller)
        assert caught.value.code == "AuthorizationSourceIPMismatch"


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({}, "no signature"),
        ({"sig": "x"}, "no version"),
        ({"sig": "x", "sv": "2022-11-02", "si": "p", "sr": "c"}, "stored access policy"),
        ({"sig": "x", "sv": "2022-11-02", "sr": "bs"}, "not known here"),
        ({"sig": "x", "sv": "2022-11-02"}, "not known here"),
        ({"sig": "x", "sv": "2022-11-02", "srt": "o", "ss": "q"}, "not for the blob service"),
    ],
)
def test_what_is_not_understood_is_refused(found: dict[str, str], reason: str) -> None:
    with pytest.raises(errors.Unauthenticated, match=reason):
        check(found)


def test_the_shared_key_text_is_azures() -> None:
    """The example of Azure's page "Authorize with Shared Key", with the version it speaks of."""
    headers = [("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"), ("x-ms-version", "2015-02-21"), ("content-length", "0"), ("host", "x")]
    signed = Signed("GET", "/mycontainer", "restype=container&comp=metadata&timeout=20", headers)
    expected = (
        "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
        "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
    )
    assert signatures.shared_key_texts("myaccount", signed) == (expected, expected)


def test_header_names_are_sorted_as_either_sort_of_client_does() -> None:
    headers = [(name, "1") for name in ("x-ms-meta-ab", "x-ms-meta-a_b", "x-ms-meta-a1")]
    by_culture, by_character = signatures.shared_key_texts("a", Signed("PUT", "/", "", headers))
    assert by_culture.index("a_b") < by_culture.index("a1") < by_culture.index("ab")
    assert by_character.index("a1") < by_character.index("a_b") < by_character.index("ab")
