"""Large blobs are put together from blocks."""

import base64
import os

import pytest

from azurine.model import errors
from azurine.storage import blocks
from azurine.storage.blocks import Wanted
from azurine.storage.files import Files
from azurine.storage.properties import Properties
from azurine.storage.urls import Location

BLOB = Location("azurine", "data", "big/one")


def name(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def stage(files: Files, identifier: str, data: bytes) -> None:
    upload = files.upload(BLOB)
    upload.write(data)
    try:
        blocks.stage(files, BLOB, name(identifier), upload)
    finally:
        upload.abandon()


def commit(files: Files, *wanted: tuple[str, str]) -> None:
    blocks.commit(files, BLOB, [Wanted(name(identifier), where) for identifier, where in wanted], Properties(metadata={"k": "v"}))


def content(files: Files) -> bytes:
    return b"".join(files.read(BLOB))


def test_blocks_become_a_blob_in_the_order_of_the_list(files: Files) -> None:
    stage(files, "1", b"one")
    stage(files, "2", b"two")
    stage(files, "3", b"never named")
    assert files.find(BLOB) is None
    assert blocks.staged(files, BLOB) == [(name("1"), 3), (name("2"), 3), (name("3"), 11)]
    commit(files, ("2", "Latest"), ("1", "Uncommitted"), ("2", "Latest"))
    assert content(files) == b"twoonetwo"
    assert blocks.staged(files, BLOB) == []
    assert files.stat(BLOB).properties.blocks == ((name("2"), 3), (name("1"), 3), (name("2"), 3))
    assert files.stat(BLOB).properties.metadata == {"k": "v"}


def test_committed_blocks_may_be_named_again(files: Files) -> None:
    stage(files, "1", b"one")
    stage(files, "2", b"two")
    commit(files, ("1", "Latest"), ("2", "Latest"))
    stage(files, "2", b"TWO")
    commit(files, ("2", "Committed"), ("2", "Latest"), ("1", "Latest"))
    assert content(files) == b"twoTWOone"


def test_a_block_staged_twice_counts_once_with_its_newest_bytes(files: Files) -> None:
    stage(files, "1", b"old")
    stage(files, "1", b"new")
    commit(files, ("1", "Latest"))
    assert content(files) == b"new"


@pytest.mark.parametrize("where", ["Committed", "Uncommitted", "Latest"])
def test_a_block_that_is_not_there(files: Files, where: str) -> None:
    stage(files, "1", b"one")
    with pytest.raises(errors.Invalid) as caught:
        commit(files, ("1", "Latest"), ("9", where))
    assert caught.value.code == "InvalidBlockList"
    assert files.find(BLOB) is None
    assert os.listdir(files.accounts.house("azurine") / "staging") == []


def test_an_empty_list_makes_an_empty_blob(files: Files) -> None:
    commit(files)
    assert content(files) == b""


def test_ids(files: Files) -> None:
    stage(files, "1", b"one")
    with pytest.raises(errors.Invalid) as caught:
        stage(files, "longer id", b"x")
    assert caught.value.code == "InvalidBlobOrBlock"
    for wrong in ("", "not base64!", "../x", base64.b64encode(b"x" * 65).decode()):
        with pytest.raises(errors.Invalid) as caught:
            blocks.check_id(wrong)
        assert caught.value.code == "InvalidQueryParameterValue"
    assert blocks.check_id(base64.b64encode(b"\xff\xff\xfe").decode())  # holds / and +


def test_a_block_list_that_is_too_long(files: Files) -> None:
    with pytest.raises(errors.Invalid) as caught:
        blocks.commit(files, BLOB, [Wanted(name("1"), "Latest")] * 50_001, Properties())
    assert caught.value.code == "BlockListTooLong"


def test_blocks_that_waited_for_a_week_are_forgotten(files: Files) -> None:
    stage(files, "1", b"one")
    files.accounts.now.now = 4_000_000_000.0  # type: ignore[attr-defined]
    blocks.sweep(files)
    assert blocks.staged(files, BLOB) == []
