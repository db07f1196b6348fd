"""Azure's order, a page at a time."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azurine.model import errors
from azurine.storage import listing
from azurine.storage.accounts import Accounts
from azurine.storage.files import Files
from azurine.storage.properties import Properties
from azurine.storage.urls import Location

DATA = Location("azurine", "data")


def fill(files: Files, *names: str) -> None:
    for name in names:
        path = files.accounts.root / "azurine" / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")


def test_the_order_is_that_of_full_names(files: Files) -> None:
    fill(files, "a/x", "a-b", "a.b", "a0", "b/c/d", "b/c.txt", "Z")
    assert list(listing.names(files, DATA)) == ["Z", "a-b", "a.b", "a/x", "a0", "b/c.txt", "b/c/d"]


def test_prefixes(files: Files) -> None:
    fill(files, "a/x", "a/y/z", "ab", "b")
    assert list(listing.names(files, DATA, "a")) == ["a/x", "a/y/z", "ab"]
    assert list(listing.names(files, DATA, "a/")) == ["a/x", "a/y/z"]
    assert list(listing.names(files, DATA, "a/y")) == ["a/y/z"]
    assert list(listing.names(files, DATA, "none/")) == []
    assert list(listing.names(files, DATA, "../")) == []
    assert list(listing.names(files, DATA, "ab/c")) == []


def test_folders_by_the_delimiter(files: Files) -> None:
    fill(files, "a/x", "a/y/z", "ab", "c/d")
    assert list(listing.names(files, DATA, delimiter="/")) == ["a/", "ab", "c/"]
    assert list(listing.names(files, DATA, "a/", "/")) == ["a/x", "a/y/"]
    assert list(listing.names(files, DATA, "", "b")) == ["a/x", "a/y/z", "ab", "c/d"]
    assert list(listing.names(files, DATA, "", "y")) == ["a/x", "a/y", "ab", "c/d"]


def test_folders_without_files_are_not_shown(files: Files) -> None:
    (files.accounts.root / "azurine" / "data" / "empty" / "deep").mkdir(parents=True)
    fill(files, "full/x/y")
    assert list(listing.names(files, DATA, delimiter="/")) == ["full/"]
    assert list(listing.names(files, DATA)) == ["full/x/y"]


def test_marks_are_shown_with_what_is_below_them(files: Files) -> None:
    files.mark_folder(DATA.child("f"), Properties(metadata={"hdi_isfolder": "true"}))
    fill(files, "f/x", "f-g")
    assert list(listing.names(files, DATA)) == ["f", "f-g", "f/x"]
    assert list(listing.names(files, DATA, delimiter="/")) == ["f", "f-g", "f/"]


def test_links(files: Files, tmp_path: Path) -> None:
    fill(files, "real/a")
    root = files.accounts.root / "azurine" / "data"
    (tmp_path / "outside").write_text("secret")
    (root / "file").symlink_to(root / "real" / "a")
    (root / "folder").symlink_to(root / "real")
    (root / "self").symlink_to(root / "self")
    (root / "gone").symlink_to(root / "nothing")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "above").symlink_to(tmp_path)
    assert list(listing.names(files, DATA)) == ["file", "real/a"]
    assert list(listing.names(files, DATA, "above/")) == []


def test_names_that_no_blob_can_have_are_not_shown(files: Files) -> None:
    root = os.fsencode(files.accounts.root / "azurine" / "data")
    for name in (b"good", b"back\\slash", b"new\nline", b"\xff\xfe"):
        Path(os.fsdecode(os.path.join(root, name))).write_text("x")
    os.mkfifo(os.path.join(root, b"pipe"))
    assert list(listing.names(files, DATA)) == ["good"]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("delimiter", ["", "/", "-"])
def test_pages_together_are_the_whole(files: Files, limit: int, delimiter: str) -> None:
    fill(files, "a-1", "a-2", "a/1", "a/2", "a/b/1", "a0", "b/c/d", "b-x-y", "c")
    whole = list(listing.names(files, DATA, delimiter=delimiter))
    seen, after = [], ""
    while True:
        page = listing.page(files, DATA, delimiter=delimiter, after=after, limit=limit)
        seen += sorted([blob.location.path for blob in page.blobs] + list(page.prefixes))
        if not page.after:
            break
        after = page.after
    assert seen == whole


def test_a_large_folder_is_read_in_batches(files: Files) -> None:
    names = [f"{number:05}" for number in range(2 * listing.BATCH + 3)]
    root = files.accounts.root / "azurine" / "data"
    for name in names:
        os.close(os.open(root / name, os.O_CREAT))
    assert list(listing.names(files, DATA)) == names
    assert list(listing.names(files, DATA, after=names[-10])) == names[-9:]


def test_a_missing_container(files: Files) -> None:
    with pytest.raises(errors.Missing):
        list(listing.names(files, Location("azurine", "nothere")))


segments = st.text(st.sampled_from("ab-./0"), min_size=1, max_size=8)


@settings(max_examples=60, deadline=None)
@given(st.lists(segments, max_size=12), segments, st.sampled_from(["", "/"]))
def test_any_tree(tmp_path_factory: pytest.TempPathFactory, names: list[str], after: str, delimiter: str) -> None:
    accounts = Accounts(tmp_path_factory.mktemp("tree"))
    accounts.create("azurine")
    accounts.create_container("azurine", "data")
    files = Files(accounts)
    kept = set()
    for name in names:
        try:
            files.put(DATA.child(name), b"")
            kept.add(name)
        except (errors.Invalid, errors.Conflict):
            continue
    shown = {name if not delimiter or "/" not in name else name[: name.index("/") + 1] for name in kept}
    assert list(listing.names(files, DATA, delimiter=delimiter)) == sorted(shown)
    assert list(listing.names(files, DATA, after=after)) == sorted(name for name in kept if name > after)
