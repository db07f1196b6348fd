"""Blobs are files: whole, inside their container, with properties that belong to one version."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from azurine.model import errors
from azurine.storage import properties
from azurine.storage.files import Blob, Files
from azurine.storage.properties import Properties
from azurine.storage.urls import Location


def at(path: str, container: str = "data") -> Location:
    return Location("azurine", container, path)


def folder(files: Files) -> Path:
    return files.accounts.root / "azurine" / "data"


def text(files: Files, path: str) -> str:
    return b"".join(files.read(at(path))).decode()


def test_a_blob_is_a_plain_file(files: Files) -> None:
    files.put(at("a/b.txt"), b"hello", Properties(content_type="text/plain", metadata={"k": "v"}))
    assert (folder(files) / "a" / "b.txt").read_bytes() == b"hello"
    found = files.stat(at("a/b.txt"))
    assert (found.size, found.properties.content_type, found.properties.metadata) == (5, "text/plain", {"k": "v"})


def test_a_file_written_by_a_step_is_a_blob(files: Files) -> None:
    (folder(files) / "out").mkdir()
    (folder(files) / "out" / "model.pkl").write_bytes(b"1234")
    found = files.stat(at("out/model.pkl"))
    assert (found.size, found.properties.content_type, found.properties.kind) == (4, "application/octet-stream", "BlockBlob")
    assert found.properties.etag == files.stat(at("out/model.pkl")).properties.etag
    assert found.properties.modified_at == (folder(files) / "out" / "model.pkl").stat().st_mtime


def test_a_direct_write_makes_the_old_properties_void(files: Files) -> None:
    put = files.put(at("a"), b"first", Properties(metadata={"k": "v"}))
    (folder(files) / "a").write_bytes(b"second!")
    found = files.stat(at("a"))
    assert found.properties.metadata == {}
    assert found.properties.content_md5 == ""
    assert found.properties.etag != put.properties.etag


def test_properties_survive_a_copied_home(files: Files, tmp_path: Path) -> None:
    files.put(at("a"), b"x", Properties(metadata={"k": "v"}))
    os.system(f"cp -a '{files.accounts.root}' '{tmp_path}/copied'")
    copied = Files(type(files.accounts)(tmp_path / "copied"))
    assert copied.stat(at("a")).properties.metadata == {"k": "v"}


def test_overwriting_keeps_the_time_of_making_and_changes_the_etag(files: Files) -> None:
    first = files.put(at("a"), b"1")
    files.accounts.now.advance(60)  # type: ignore[attr-defined]
    second = files.put(at("a"), b"2")
    assert second.properties.etag != first.properties.etag
    assert second.properties.created_at == first.properties.created_at
    assert second.properties.modified_at == first.properties.modified_at + 60


def test_overwriting_leaves_no_sidecar_behind(files: Files) -> None:
    for number in range(5):
        files.put(at("a"), b"x" * number)
    files.delete(at("a"))
    assert [path for path in (files.accounts.house("azurine") / "properties").rglob("*") if path.is_file()] == []


def test_what_is_being_read_is_one_version(files: Files) -> None:
    files.put(at("a"), b"old" * 1000)
    with files.open(at("a")) as reading:
        files.put(at("a"), b"new")
        assert b"".join(reading.pieces(0, reading.blob.size)) == b"old" * 1000
    assert text(files, "a") == "new"


def test_a_blob_that_is_being_replaced_is_never_seen_without_its_properties(files: Files) -> None:
    files.put(at("a"), b"0", Properties(metadata={"n": "0"}))
    over = threading.Event()

    def write() -> None:
        for number in range(100):
            files.put(at("a"), b"x" * number, Properties(metadata={"n": str(number)}))
        over.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = []
    while not over.is_set():
        seen.append(files.stat(at("a")))
    writer.join()
    assert all(blob.properties.metadata.get("n") in (str(blob.size), "0") for blob in seen)


@pytest.mark.parametrize(("start", "length", "expected"), [(0, None, "0123456789"), (3, 4, "3456"), (8, 100, "89"), (10, 5, ""), (3, 0, "")])
def test_reading_a_part(files: Files, start: int, length: int | None, expected: str) -> None:
    files.put(at("a"), b"0123456789")
    assert b"".join(files.read(at("a"), start, length)).decode() == expected


def test_missing(files: Files) -> None:
    for location, code in [(at("no"), "BlobNotFound"), (at("no/no"), "BlobNotFound"), (at("x", "other"), "ContainerNotFound")]:
        with pytest.raises(errors.Missing) as caught:
            files.stat(location)
        assert caught.value.code == code
    assert files.find(at("no")) is None


def test_a_file_and_a_folder_of_one_name_are_a_conflict(files: Files) -> None:
    files.put(at("a"), b"")
    files.put(at("b/c"), b"")
    for path in ("a/b", "b"):
        with pytest.raises(errors.Conflict) as caught:
            files.put(at(path), b"x")
        assert caught.value.code == "ResourceTypeMismatch"
    with pytest.raises(errors.Missing):
        files.stat(at("b"))
    assert os.listdir(files.accounts.house("azurine") / "staging") == []


def test_empty_folders_are_not_in_the_way(files: Files) -> None:
    (folder(files) / "a" / "b").mkdir(parents=True)
    files.put(at("a"), b"x")
    assert text(files, "a") == "x"


def test_a_folder_with_a_file_deep_in_it_stays_as_it_was(files: Files) -> None:
    (folder(files) / "a" / "empty").mkdir(parents=True)
    files.put(at("a/b/c"), b"x")
    with pytest.raises(errors.Conflict):
        files.put(at("a"), b"y")
    assert (folder(files) / "a" / "empty").is_dir()


def test_deleting_removes_folders_that_it_leaves_empty(files: Files) -> None:
    files.put(at("a/b/c/d"), b"")
    files.put(at("a/x"), b"")
    files.delete(at("a/b/c/d"))
    assert os.listdir(folder(files)) == ["a"]
    assert os.listdir(folder(files) / "a") == ["x"]
    files.delete(at("a/x"))
    assert folder(files).is_dir()
    assert os.listdir(folder(files)) == []
    with pytest.raises(errors.Missing):
        files.delete(at("a/x"))


def test_folder_marks(files: Files) -> None:
    files.mark_folder(at("f"), Properties(metadata={"hdi_isfolder": "true"}))
    files.put(at("f/x"), b"1")
    mark = files.stat(at("f"))
    assert (mark.folder, mark.size, mark.properties.metadata) == (True, 0, {"hdi_isfolder": "true"})
    files.delete(at("f/x"))
    assert files.stat(at("f")).folder
    files.delete(at("f"))
    assert files.find(at("f")) is None
    assert os.listdir(folder(files)) == []


def test_describe_changes_no_bytes(files: Files) -> None:
    files.put(at("a"), b"x")
    before = files.stat(at("a"))
    files.describe(at("a"), lambda blob: replace(blob.properties, metadata={"n": "1"}))
    after = files.stat(at("a"))
    assert after.properties.metadata == {"n": "1"}
    assert after.properties.etag != before.properties.etag
    assert after.properties.content_md5 == before.properties.content_md5


def test_conditions_are_asked_with_the_blob_as_it_is(files: Files) -> None:
    seen: list[Blob | None] = []
    files.put(at("a"), b"1", condition=seen.append)
    first = files.put(at("a"), b"22", condition=seen.append)
    assert seen[0] is None
    assert seen[1] is not None
    assert seen[1].size == 1

    def refuse(blob: Blob | None) -> None:
        raise errors.Stale("no")

    with pytest.raises(errors.Stale):
        files.put(at("a"), b"333", condition=refuse)
    with pytest.raises(errors.Stale):
        files.delete(at("a"), condition=refuse)
    assert files.stat(at("a")).properties.etag == first.properties.etag


def test_only_one_of_many_makers_wins(files: Files) -> None:
    won, lost = [], []

    def make(number: int) -> None:
        def fresh(blob: Blob | None) -> None:
            if blob is not None:
                raise errors.Conflict("there already")

        try:
            files.put(at("one"), str(number).encode(), condition=fresh)
            won.append(number)
        except errors.Conflict:
            lost.append(number)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert text(files, "one") == str(won[0])


def test_writers_and_deleters_of_one_folder_do_not_disturb_each_other(files: Files) -> None:
    problems: list[Exception] = []

    def work(name: str) -> None:
        try:
            for _ in range(40):
                files.put(at(f"shared/deep/{name}"), name.encode())
                files.delete(at(f"shared/deep/{name}"))
        except Exception as error:  # noqa: BLE001
            problems.append(error)

    threads = [threading.Thread(target=work, args=(str(number),)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


def test_append(files: Files) -> None:
    files.put(at("log"), b"", Properties(kind=properties.APPEND, metadata={"m": "1"}))
    for line in (b"one\n", b"two\n"):
        upload = files.upload(at("log"))
        upload.write(line)
        blob = files.append(at("log"), upload)
        upload.abandon()
    assert blob.size == 8
    assert text(files, "log") == "one\ntwo\n"
    assert files.stat(at("log")).properties.metadata == {"m": "1"}
    files.put(at("plain"), b"x")
    with pytest.raises(errors.Conflict) as caught:
        files.append(at("plain"), files.upload(at("plain")))
    assert caught.value.code == "InvalidBlobType"


def test_copy(files: Files) -> None:
    files.put(at("a"), b"x" * 3_000_000, Properties(content_type="text/csv", metadata={"k": "v"}))
    files.copy(at("a"), at("deep/b"))
    copy = files.stat(at("deep/b"))
    assert (copy.size, copy.properties.content_type, copy.properties.metadata) == (3_000_000, "text/csv", {"k": "v"})
    files.copy(at("a"), at("a"))
    assert files.stat(at("a")).size == 3_000_000


def test_local_path(files: Files) -> None:
    root = Path(os.path.realpath(folder(files)))
    assert files.local_path(at("")) == root
    assert files.local_path(at("a/b/")) == root / "a" / "b"
    for path in ("../x", "a/../../x", "/etc", "a\\b", "a\0", "%2e%2e/x"):
        with pytest.raises((errors.Invalid, errors.Denied)):
            files.local_path(at(path))


def test_links(files: Files, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("do not tell")
    root = folder(files)
    (root / "out").symlink_to(secret)
    (root / "file-out").symlink_to(secret / "key")
    (root / "circle").symlink_to(root / "circle")
    files.put(at("real/a"), b"inside")
    (root / "in").symlink_to(root / "real")
    assert text(files, "in/a") == "inside"
    for path in ("out/key", "file-out"):
        with pytest.raises(errors.Denied, match="leads out"):
            files.stat(at(path))
        with pytest.raises(errors.Denied):
            files.local_path(at(path))
    with pytest.raises(errors.Denied, match="leads out"):
        files.put(at("out/new"), b"x")
    with pytest.raises(errors.AzurineError):
        files.stat(at("circle"))
    assert os.listdir(secret) == ["key"]
    files.put(at("in/b"), b"through a link inside")
    assert text(files, "real/b") == "through a link inside"


def test_writing_replaces_a_link_and_not_what_it_leads_to(files: Files) -> None:
    files.put(at("real"), b"kept")
    (folder(files) / "link").symlink_to(folder(files) / "real")
    files.put(at("link"), b"new")
    assert text(files, "real") == "kept"
    assert text(files, "link") == "new"


def test_special_files_are_no_blobs(files: Files) -> None:
    os.mkfifo(folder(files) / "pipe")
    assert files.find(at("pipe")) is None


def test_a_sidecar_that_is_not_whole_is_as_none(files: Files) -> None:
    files.put(at("a"), b"x", Properties(metadata={"k": "v"}))
    (sidecar,) = (path for path in (files.accounts.house("azurine") / "properties").rglob("*.json"))
    sidecar.write_text('{"name": "a", "metad')
    assert files.stat(at("a")).properties.metadata == {}


def test_whoever_listens_hears_of_blobs_that_come_and_go(files: Files) -> None:
    heard: list[tuple[str, int, bool, str]] = []
    files.listen(lambda blob, deleted: heard.append((blob.location.path, blob.size, deleted, blob.properties.etag)))
    first = files.put(at("a/b.txt"), b"hello")
    second = files.copy(at("a/b.txt"), at("c.txt"))
    files.describe(at("c.txt"), lambda blob: replace(blob.properties, metadata={"k": "v"}))
    files.mark_folder(at("d"), Properties())
    files.delete(at("a/b.txt"))
    files.delete(at("d"))
    assert heard == [
        ("a/b.txt", 5, False, first.properties.etag),
        ("c.txt", 5, False, second.properties.etag),
        ("a/b.txt", 5, True, first.properties.etag),
    ]


def test_a_change_that_could_not_be_told_is_not_acknowledged(files: Files) -> None:
    def deaf(blob: Blob, deleted: bool) -> None:
        raise errors.Temporary("the disk is full")

    files.listen(deaf)
    with pytest.raises(errors.Temporary):
        files.put(at("a.txt"), b"hello")
