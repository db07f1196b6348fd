"""One suite for a folder of files, wherever it lies; and the proof that no name leads out of it."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from azurine.model import errors
from azurine.storage import outside
from azurine.storage.accounts import Accounts
from azurine.storage.files import Files
from azurine.storage.folders import AccountFolder, Folder
from azurine.storage.outside import OutsideFolder
from azurine.storage.urls import Location


def account_files(root: Path) -> Files:
    accounts = Accounts(root)
    accounts.create("azurine")
    accounts.ensure_container("azurine", "data")
    return Files(accounts)


FOLDERS: dict[str, Callable[[Path], Folder]] = {
    "container": lambda root: AccountFolder(account_files(root), Location("azurine", "data")),
    "prefix": lambda root: AccountFolder(account_files(root), Location("azurine", "data", "deep/er/")),
    "memory": lambda root: OutsideFolder(f"memory://{uuid4().hex}/deep"),
    "file": lambda root: OutsideFolder(f"file://{root}/deep"),
}


@pytest.fixture(params=FOLDERS)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    return FOLDERS[request.param](tmp_path)


def content(folder: Folder, path: str) -> bytes:
    return b"".join(folder.read(path))


def paths(folder: Folder, prefix: str = "") -> list[str]:
    return [entry.path for entry in folder.entries(prefix)]


def test_write_and_read(folder: Folder) -> None:
    assert folder.write("a/b.txt", b"hello").size == 5
    assert folder.stat("a/b.txt").size == 5
    assert content(folder, "a/b.txt") == b"hello"


def test_write_in_pieces(folder: Folder) -> None:
    pieces = [b"x" * 700_000, b"", b"y" * 700_000]
    assert folder.write("big", iter(pieces)).size == 1_400_000
    assert content(folder, "big") == b"".join(pieces)


def test_an_empty_file(folder: Folder) -> None:
    folder.write("empty", b"")
    assert folder.stat("empty").size == 0
    assert content(folder, "empty") == b""


@pytest.mark.parametrize(("start", "length", "expected"), [(0, 3, b"012"), (7, None, b"789"), (8, 100, b"89"), (10, None, b""), (2, 0, b"")])
def test_ranges(folder: Folder, start: int, length: int | None, expected: bytes) -> None:
    folder.write("a", b"0123456789")
    assert b"".join(folder.read("a", start, length)) == expected


def test_replace(folder: Folder) -> None:
    folder.write("a", b"first, and longer")
    folder.write("a", b"second")
    assert content(folder, "a") == b"second"


def test_a_write_that_fails_changes_nothing(folder: Folder) -> None:
    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise RuntimeError("the source is gone")

    folder.write("there", b"kept")
    for path in ("there", "new"):
        with pytest.raises(RuntimeError):
            folder.write(path, pieces())
    assert content(folder, "there") == b"kept"
    assert paths(folder) == ["there"]


def test_entries_in_order(folder: Folder) -> None:
    for path in ("b", "a/x", "a-b", "a/y/z"):
        folder.write(path, b"1")
    assert paths(folder) == ["a-b", "a/x", "a/y/z", "b"]
    assert paths(folder, "a/") == ["a/x", "a/y/z"]
    assert paths(folder, "a") == ["a-b", "a/x", "a/y/z"]
    assert paths(folder, "none") == []


def test_an_empty_folder_has_no_entries(folder: Folder) -> None:
    assert paths(folder) == []


def test_delete(folder: Folder) -> None:
    folder.write("a/b", b"1")
    folder.delete("a/b")
    assert paths(folder) == []
    with pytest.raises(errors.Missing):
        folder.delete("a/b")


def test_copy(folder: Folder) -> None:
    folder.write("a", b"content")
    assert folder.copy("a", "deep/b").size == 7
    assert content(folder, "deep/b") == b"content"
    assert content(folder, "a") == b"content"


def test_missing(folder: Folder) -> None:
    folder.write("a/b", b"1")
    for path in ("no", "a", "a/no"):
        with pytest.raises(errors.Missing):
            folder.stat(path)
        with pytest.raises(errors.Missing):
            content(folder, path)
    with pytest.raises(errors.Missing):
        folder.copy("no", "other")


@pytest.mark.parametrize("path", ["", "../x", "a/../../x", "/etc/passwd", "a//b", "a\\b", "a\0b", "%2e%2e/x", "x" * 300])
def test_no_way_out(folder: Folder, path: str) -> None:
    for work in (folder.stat, folder.delete, lambda name: folder.write(name, b"x"), lambda name: content(folder, name)):
        with pytest.raises(errors.Invalid) as caught:
            work(path)
        assert caught.value.code == "InvalidResourceName"


# What only outside storages have


def test_open_url(tmp_path: Path) -> None:
    url = f"memory://{uuid4().hex}/deep/file"
    with outside.open_url(url, "wb") as file:
        file.write(b"hello")
    with outside.open_url(url) as file:
        assert file.read() == b"hello"
    with pytest.raises(errors.Missing), outside.open_url(url + "x"):
        pass


def test_unknown_schemes_and_missing_packages_say_what_to_do() -> None:
    with pytest.raises(errors.Invalid, match="Known are"):
        outside.filesystem("nosuch://x")
    with pytest.raises(errors.Unsupported, match="pip install"):
        outside.filesystem("s3://bucket/key")


# No name leads out

_nasty = st.lists(
    st.sampled_from(
        ["..", ".", "/", "\\", "%2e", "%2E%2e", "%2f", "%5c", "%252e", "a", "data", "link", "secret", "\0", "\n", "ü", " ", "~", "$HOME", ""]
    ),
    max_size=9,
).map("".join)


@settings(max_examples=200, deadline=None)
@given(st.one_of(_nasty, st.text(max_size=40)))
@example("../../../secret")
@example("link/secret")
@example("../.azurine/keys.json")
@example("..\\.azurine\\keys.json")
def test_no_blob_name_reads_or_writes_outside_the_container(house: tuple[Files, Path], name: str) -> None:
    files, root = house
    container = Path(os.path.realpath(files.accounts.root / "azurine" / "data"))
    before = _elsewhere(root, container)
    location = Location("azurine", "data", name)
    for work in (lambda: b"".join(files.read(location)), lambda: files.put(location, b"written"), lambda: files.copy(location, location.child("c"))):
        try:
            found = work()
        except errors.AzurineError:
            continue
        assert found != b"secret"
    try:
        path = files.local_path(location)
    except errors.AzurineError:
        pass
    else:
        assert path == container or container in path.parents
    assert _elsewhere(root, container) == before


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> tuple[Files, Path]:
    root = tmp_path_factory.mktemp("house")
    files = account_files(root / "storage")
    (root / "secret").write_text("secret")
    (files.accounts.root / "azurine" / "data" / "link").symlink_to(root)
    return files, root


def _elsewhere(root: Path, container: Path) -> dict[str, bytes]:
    """All files outside the container, but for what the account itself keeps of its blobs."""
    kept = container.parent / ".azurine"
    apart = {container, kept / "properties", kept / "staging"}
    found: dict[str, bytes] = {}
    for folder, folders, names in os.walk(root):
        folders[:] = [one for one in folders if Path(os.path.realpath(folder), one) not in apart]
        found |= {path: Path(path).read_bytes() for path in (os.path.join(folder, one) for one in names) if os.path.isfile(path)}
    return found
