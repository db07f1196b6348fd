"""Accounts and containers are folders."""

import os
import stat
from pathlib import Path

import pytest

from azurine.model import clock, errors
from azurine.storage.accounts import Accounts


@pytest.fixture
def accounts(tmp_path: Path) -> Accounts:
    made = Accounts(tmp_path / "storage", clock.Movable())
    made.create("azurine")
    return made


def test_nothing_is_there_before_it_is_made(tmp_path: Path) -> None:
    accounts = Accounts(tmp_path / "storage")
    assert accounts.names() == []
    with pytest.raises(errors.Missing, match="azurine"):
        accounts.keys("azurine")


def test_keys_stay_and_are_only_for_their_owner(accounts: Accounts) -> None:
    keys = accounts.keys("azurine")
    accounts.create("azurine")
    assert accounts.keys("azurine") == keys
    assert keys[0] != keys[1]
    file = accounts.house("azurine") / "keys.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["../other", "..", "", "a/b", "AB"])
def test_other_names_are_no_accounts(accounts: Accounts, name: str) -> None:
    assert not accounts.exists(name)
    with pytest.raises(errors.Invalid):
        accounts.create(name)


def test_containers(accounts: Accounts) -> None:
    made = accounts.create_container("azurine", "data", {"owner": "me"})
    accounts.create_container("azurine", "alpha")
    assert accounts.containers("azurine") == ["alpha", "data"]
    assert accounts.containers("azurine", "d") == ["data"]
    assert accounts.container("azurine", "data") == made
    with pytest.raises(errors.Conflict) as caught:
        accounts.create_container("azurine", "data")
    assert caught.value.code == "ContainerAlreadyExists"
    changed = accounts.describe("azurine", "data", {"owner": "you"})
    assert changed.etag != made.etag
    assert accounts.container("azurine", "data").metadata == {"owner": "you"}


def test_a_folder_made_by_hand_is_a_container(accounts: Accounts) -> None:
    (accounts.root / "azurine" / "by-hand").mkdir()
    (accounts.root / "azurine" / "Not_One").mkdir()
    assert accounts.containers("azurine") == ["by-hand"]
    found = accounts.container("azurine", "by-hand")
    (accounts.root / "azurine" / "by-hand" / "x").touch()
    assert accounts.container("azurine", "by-hand").etag == found.etag


def test_deleting_takes_all_with_it(accounts: Accounts) -> None:
    accounts.create_container("azurine", "data", {"a": "b"})
    (accounts.root / "azurine" / "data" / "deep").mkdir()
    (accounts.root / "azurine" / "data" / "deep" / "file").write_text("x")
    accounts.delete_container("azurine", "data")
    with pytest.raises(errors.Missing) as caught:
        accounts.container("azurine", "data")
    assert caught.value.code == "ContainerNotFound"
    accounts.create_container("azurine", "data")
    assert accounts.container("azurine", "data").metadata == {}
    assert os.listdir(accounts.house("azurine") / "trash") == []


def test_deleting_a_lent_folder_leaves_it(accounts: Accounts, tmp_path: Path) -> None:
    lent = tmp_path / "lent"
    lent.mkdir()
    (lent / "file").write_text("mine")
    (accounts.root / "azurine" / "lent").symlink_to(lent)
    assert accounts.containers("azurine") == ["lent"]
    accounts.delete_container("azurine", "lent")
    assert (lent / "file").read_text() == "mine"


def test_ensure_container_twice(accounts: Accounts) -> None:
    accounts.ensure_container("azurine", "data")
    accounts.ensure_container("azurine", "data")
    assert accounts.containers("azurine") == ["data"]


def test_sweep_forgets_uploads_that_never_ended(accounts: Accounts) -> None:
    staging = accounts.house("azurine") / "staging"
    staging.mkdir()
    (staging / "x.part").write_text("half")
    accounts.sweep()
    assert not staging.exists()
    assert accounts.keys("azurine")
