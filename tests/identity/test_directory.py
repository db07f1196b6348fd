"""Who is known: made once, kept whole, changed by any process, secrets never in the clear but the owner's own."""

import json
import stat
import threading
from pathlib import Path

import pytest

from azurine.identity import directory
from azurine.identity.directory import Directory
from azurine.model import clock, errors


@pytest.fixture
def known(tmp_path: Path) -> Directory:
    return Directory(tmp_path / "identity", clock=clock.Movable())


def test_the_owner_is_made_once_and_can_sign_in(known: Directory, tmp_path: Path) -> None:
    told = directory.credentials(tmp_path / "identity")
    assert told is not None and told.tenant == directory.DEFAULT_TENANT
    assert known.sign_in(told.client_id, told.secret) == known.owner
    assert known.owner.kind == "owner"
    again = Directory(tmp_path / "identity")
    assert again.owner == known.owner and directory.credentials(tmp_path / "identity") == told


def test_files_are_for_their_owner_only_and_hold_no_secret_in_the_clear(known: Directory, tmp_path: Path) -> None:
    principal, secret = known.create("nightly")
    kept = tmp_path / "identity" / "principals.json"
    assert secret not in kept.read_text()
    assert principal.app_id in kept.read_text()
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept.parent.iterdir()} == {0o600}


def test_a_service_principal_comes_and_goes(known: Directory) -> None:
    principal, secret = known.create("  nightly ")
    assert (principal.name, principal.kind) == ("nightly", "service")
    assert known.sign_in(principal.app_id.upper(), secret) == principal
    assert known.everyone() == [known.owner, principal]
    assert known.delete("nightly") == principal
    assert known.find(principal.oid) is None
    with pytest.raises(errors.Unauthenticated) as refusal:
        known.sign_in(principal.app_id, secret)
    assert refusal.value.code == "unauthorized_client"


def test_a_reset_secret_replaces_the_old_one(known: Directory, tmp_path: Path) -> None:
    principal, old = known.create("nightly")
    new = known.reset_secret(principal.oid)
    assert known.sign_in(principal.app_id, new) == principal
    with pytest.raises(errors.Unauthenticated, match="Invalid client secret") as refusal:
        known.sign_in(principal.app_id, old)
    assert refusal.value.code == "invalid_client"
    assert old not in str(refusal.value)
    renewed = known.reset_secret(known.owner.oid)
    told = directory.credentials(tmp_path / "identity")
    assert told is not None and told.secret == renewed


@pytest.mark.parametrize("secret", ["", "x", "é" * 50, "\x00", "a" * 100_000])
def test_a_wrong_secret_is_refused(known: Directory, secret: str) -> None:
    with pytest.raises(errors.Unauthenticated):
        known.sign_in(known.owner.app_id, secret)


@pytest.mark.parametrize("name", ["", "   ", "a" * 257, "a\nb", "\x00"])
def test_a_bad_name_is_refused(known: Directory, name: str) -> None:
    with pytest.raises(errors.Invalid, match="printable"):
        known.create(name)


def test_a_name_is_taken_once(known: Directory) -> None:
    known.create("nightly")
    with pytest.raises(errors.Conflict, match="nightly"):
        known.create("nightly")


def test_the_owner_stays(known: Directory) -> None:
    with pytest.raises(errors.Conflict):
        known.delete("owner")
    with pytest.raises(errors.Missing):
        known.delete("nobody")


def test_what_another_process_changed_is_noticed(known: Directory, tmp_path: Path) -> None:
    other = Directory(tmp_path / "identity")
    principal, secret = other.create("nightly")
    assert known.sign_in(principal.app_id, secret) == principal
    renewed = other.reset_secret(principal.oid)
    assert known.sign_in(principal.app_id, renewed) == principal


def test_changes_at_once_are_all_kept(known: Directory, tmp_path: Path) -> None:
    def add(number: int) -> None:
        Directory(tmp_path / "identity").create(f"p{number}")

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.name for one in known.everyone()} == {"owner", *(f"p{number}" for number in range(8))}


@pytest.mark.parametrize("content", [None, b"{", b"[]", b'{"client_id": 1}'])
def test_a_lost_owner_file_is_written_anew(known: Directory, tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "identity" / "owner.json"
    old = json.loads(path.read_bytes())["client_secret"]
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    again = Directory(tmp_path / "identity")
    told = directory.credentials(tmp_path / "identity")
    assert told is not None and told.secret != old
    assert again.sign_in(told.client_id, told.secret) == known.owner, "the same person, so what they made stays theirs"


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"principals": [{}]}', b"\xff"])
def test_a_damaged_directory_is_said_and_not_overwritten(known: Directory, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "identity" / "principals.json"
    path.write_bytes(content)
    with pytest.raises(errors.Invalid, match=r"principals\.json is damaged"):
        Directory(tmp_path / "identity")
    assert path.read_bytes() == content
