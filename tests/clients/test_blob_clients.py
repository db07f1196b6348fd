"""The official storage clients, unmodified, against a running Blob door."""

import asyncio
import http.client
import os
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import adlfs
import pytest
from azure.core import MatchConditions
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.storage.blob import (
    BlobBlock,
    BlobClient,
    BlobServiceClient,
    ContainerClient,
    ContentSettings,
    generate_account_sas,
    generate_blob_sas,
    generate_container_sas,
)

from clients import blob_server, localhost_names
from clients.blob_server import ACCOUNT, Server


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with localhost_names.resolving(), blob_server.serving(tmp_path_factory.mktemp("storage")) as running:
        yield running


@pytest.fixture(scope="module")
def service(server: Server) -> Iterator[BlobServiceClient]:
    with BlobServiceClient(server.url, credential={"account_name": ACCOUNT, "account_key": server.key}, retry_total=0) as client:
        yield client


@pytest.fixture
def container(service: BlobServiceClient, request: pytest.FixtureRequest) -> Iterator[ContainerClient]:
    client = service.create_container(f"c{abs(hash(request.node.name)):x}")
    yield client
    if client.exists():
        client.delete_container()


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def names(found: Any) -> list[str]:
    return [one.name for one in found]


# Accounts and containers


def test_containers(service: BlobServiceClient) -> None:
    made = service.create_container("first-one", metadata={"purpose": "test"})
    assert made.get_container_properties().metadata == {"purpose": "test"}
    assert "first-one" in names(service.list_containers())
    listed = next(iter(service.list_containers("first", include_metadata=True)))
    assert listed.metadata == {"purpose": "test"}
    made.set_container_metadata({"purpose": "other"})
    assert made.get_container_properties().metadata == {"purpose": "other"}
    assert made.get_container_access_policy()["signed_identifiers"] == []
    with pytest.raises(ResourceExistsError):
        service.create_container("first-one")
    service.delete_container("first-one")
    assert not made.exists()
    with pytest.raises(ResourceNotFoundError):
        service.delete_container("first-one")


def test_containers_in_pages(service: BlobServiceClient) -> None:
    for number in range(5):
        service.create_container(f"paged-{number}")
    assert names(service.list_containers("paged", results_per_page=2)) == [f"paged-{number}" for number in range(5)]


def test_what_the_account_is(service: BlobServiceClient) -> None:
    assert service.get_account_information()["account_kind"] == "StorageV2"
    assert service.get_service_properties()["cors"] == []


def test_names_that_are_not_valid(service: BlobServiceClient) -> None:
    for name in ("ab", "Upper", "a--b"):
        with pytest.raises(HttpResponseError) as caught:
            service.create_container(name)
        assert caught.value.status_code == 400
        assert caught.value.error_code == "InvalidResourceName"


# Blobs


@pytest.mark.parametrize("name", ["plain", "a/b/c.txt", "sp ace/ü ß/%20+&=?#.txt", "…/~tilde", "a..b/.hidden", "100%/x"])
def test_any_name(container: ContainerClient, server: Server, name: str) -> None:
    container.upload_blob(name, b"content")
    assert (server.folder(container.container_name) / name).read_bytes() == b"content"
    assert container.download_blob(name).readall() == b"content"
    assert names(container.list_blobs()) == [name]
    container.delete_blob(name)
    assert names(container.list_blobs()) == []


def test_properties_and_metadata(container: ContainerClient) -> None:
    blob = container.get_blob_client("a.csv")
    settings = ContentSettings(
        content_type="text/csv", content_encoding="x", content_language="de", content_disposition="inline", cache_control="no-cache"
    )
    blob.upload_blob(b"a,b", metadata={"one": "1"}, content_settings=settings)
    found = blob.get_blob_properties()
    assert (found.size, found.metadata, found.blob_type) == (3, {"one": "1"}, "BlockBlob")
    assert found.content_settings.content_type == "text/csv"
    assert found.content_settings.content_disposition == "inline"
    assert found.last_modified.tzinfo is not None
    blob.set_blob_metadata({"two": "2"})
    blob.set_http_headers(ContentSettings(content_type="text/plain"))
    after = blob.get_blob_properties()
    assert after.metadata == {"two": "2"}
    assert (after.content_settings.content_type, after.content_settings.cache_control) == ("text/plain", None)
    assert after.etag != found.etag
    listed = next(iter(container.list_blobs(include="metadata")))
    assert (listed.metadata, listed.size, listed.etag) == ({"two": "2"}, 3, after.etag.strip('"'))


def test_an_empty_blob(container: ContainerClient) -> None:
    blob = container.upload_blob("empty", b"")
    assert blob.get_blob_properties().size == 0
    assert blob.download_blob().readall() == b""


def test_a_large_blob_in_blocks(container: ContainerClient) -> None:
    content = os.urandom((80 << 20) + 17)
    blob = container.upload_blob("big", content, max_concurrency=4)
    assert blob.get_blob_properties().size == len(content)
    assert blob.download_blob(max_concurrency=4).readall() == content
    assert blob.download_blob(offset=5_000_000, length=3_000_000).readall() == content[5_000_000:8_000_000]
    assert len(blob.get_block_list("all")[0]) == 21


def test_checksums(container: ContainerClient) -> None:
    content = os.urandom(6 << 20)
    blob = container.upload_blob("checked", content, validate_content=True)
    assert blob.download_blob(validate_content=True).readall() == content


def test_blocks_by_hand(container: ContainerClient) -> None:
    blob = container.get_blob_client("blocks")
    blob.stage_block("1", b"one")
    blob.stage_block("2", b"two")
    assert not blob.exists()
    assert [block.size for block in blob.get_block_list("all")[1]] == [3, 3]
    blob.commit_block_list([BlobBlock("2"), BlobBlock("1")], metadata={"k": "v"})
    assert blob.download_blob().readall() == b"twoone"
    assert blob.get_blob_properties().metadata == {"k": "v"}
    with pytest.raises(HttpResponseError) as caught:
        blob.commit_block_list([BlobBlock("9")])
    assert caught.value.error_code == "InvalidBlockList"


def test_append_blobs(container: ContainerClient) -> None:
    blob = container.get_blob_client("log")
    blob.create_append_blob()
    blob.append_block(b"one\n")
    answer = blob.append_block(b"two\n", appendpos_condition=4)
    assert answer["blob_append_offset"] == "4"
    assert answer["blob_committed_block_count"] == 2
    with pytest.raises(HttpResponseError) as caught:
        blob.append_block(b"three", appendpos_condition=4)
    assert caught.value.error_code == "AppendPositionConditionNotMet"
    assert blob.download_blob().readall() == b"one\ntwo\n"
    assert blob.get_blob_properties().blob_type == "AppendBlob"


def test_conditions(container: ContainerClient) -> None:
    blob = container.upload_blob("a", b"1")
    with pytest.raises(ResourceExistsError) as exists:
        container.upload_blob("a", b"2")
    assert exists.value.error_code == "BlobAlreadyExists"
    etag = blob.get_blob_properties().etag
    blob.upload_blob(b"3", overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified)
    with pytest.raises(ResourceModifiedError) as caught:
        blob.upload_blob(b"4", overwrite=True, etag=etag, match_condition=MatchConditions.IfNotModified)
    assert caught.value.error_code == "ConditionNotMet"
    with pytest.raises(ResourceModifiedError):
        blob.delete_blob(etag=etag, match_condition=MatchConditions.IfNotModified)
    now = blob.get_blob_properties().etag
    with pytest.raises(HttpResponseError) as unchanged:
        blob.get_blob_properties(etag=now, match_condition=MatchConditions.IfModified)
    assert unchanged.value.status_code == 304
    with pytest.raises(HttpResponseError) as since:
        blob.download_blob(if_modified_since=soon())
    assert since.value.status_code == 304
    assert blob.download_blob(if_unmodified_since=soon()).readall() == b"3"


def test_copies(container: ContainerClient, service: BlobServiceClient) -> None:
    source = container.upload_blob("source", b"x" * 2_000_000, metadata={"k": "v"})
    target = container.get_blob_client("deep/target")
    assert target.start_copy_from_url(source.url)["copy_status"] == "success"
    found = target.get_blob_properties()
    assert (found.size, found.metadata, found.copy.status) == (2_000_000, {"k": "v"}, "success")
    target.start_copy_from_url(source.url, metadata={"other": "1"}, requires_sync=True)
    assert target.get_blob_properties().metadata == {"other": "1"}
    again = container.get_blob_client("again")
    again.upload_blob_from_url(source.url)
    assert again.get_blob_properties().size == 2_000_000
    with pytest.raises(ResourceNotFoundError):
        target.start_copy_from_url(container.get_blob_client("none").url)
    with pytest.raises(HttpResponseError) as caught:
        target.start_copy_from_url("https://example.org/x")
    assert caught.value.error_code == "CannotVerifyCopySource"


def test_lists(container: ContainerClient) -> None:
    whole = [f"f{number // 4}/{number:02}.txt" for number in range(20)] + ["top"]
    for name in whole:
        container.upload_blob(name, b"x")
    assert names(container.list_blobs()) == whole
    assert names(container.list_blobs(results_per_page=3)) == whole
    assert names(container.list_blobs("f1/")) == whole[4:8]
    assert names(container.walk_blobs()) == ["f0/", "f1/", "f2/", "f3/", "f4/", "top"]
    assert names(container.walk_blobs("f1/", delimiter="/")) == whole[4:8]
    assert names(container.walk_blobs(results_per_page=2)) == ["f0/", "f1/", "f2/", "f3/", "f4/", "top"]
    assert list(container.list_blob_names(name_starts_with="f4")) == whole[16:20]
    pages = container.list_blobs(results_per_page=8).by_page()
    assert len(list(next(pages))) == 8
    rest = container.list_blobs(results_per_page=8).by_page(pages.continuation_token)
    assert names(next(rest)) == whole[8:16]


def test_many_deletions_in_one_call(container: ContainerClient, server: Server) -> None:
    for number in range(5):
        container.upload_blob(f"a b/{number}", b"x")
    answers = list(container.delete_blobs("a b/0", "a b/1"))
    assert [answer.status_code for answer in answers] == [202, 202]
    answers = list(container.delete_blobs("a b/2", "none", raise_on_any_failure=False))
    assert [answer.status_code for answer in answers] == [202, 404]
    sas = generate_container_sas(ACCOUNT, container.container_name, account_key=server.key, permission="d", expiry=soon())
    with ContainerClient(server.url, container.container_name, credential=sas) as client:
        client.delete_blobs("a b/3")
    reading = generate_container_sas(ACCOUNT, container.container_name, account_key=server.key, permission="r", expiry=soon())
    with ContainerClient(server.url, container.container_name, credential=reading) as client:
        assert [answer.status_code for answer in client.delete_blobs("a b/4", raise_on_any_failure=False)] == [403]
    assert names(container.list_blobs()) == ["a b/4"]


def test_what_a_step_writes_is_seen_at_once(container: ContainerClient, server: Server) -> None:
    folder = server.folder(container.container_name) / "outputs"
    folder.mkdir()
    (folder / "model.pkl").write_bytes(b"123")
    assert names(container.list_blobs("outputs/")) == ["outputs/model.pkl"]
    assert container.download_blob("outputs/model.pkl").readall() == b"123"
    container.get_blob_client("outputs/model.pkl").set_blob_metadata({"seen": "yes"})
    assert container.get_blob_client("outputs/model.pkl").get_blob_properties().metadata == {"seen": "yes"}


def test_errors_have_azures_codes(container: ContainerClient, service: BlobServiceClient) -> None:
    with pytest.raises(ResourceNotFoundError) as caught:
        container.download_blob("none")
    assert caught.value.error_code == "BlobNotFound"
    with pytest.raises(ResourceNotFoundError) as caught:
        service.get_blob_client("none-such", "x").upload_blob(b"x")
    assert caught.value.error_code == "ContainerNotFound"
    with pytest.raises(ResourceNotFoundError) as caught:
        list(service.get_container_client("none-such").list_blobs())
    assert caught.value.error_code == "ContainerNotFound"
    container.upload_blob("file", b"x")
    with pytest.raises(ResourceExistsError) as conflict:
        container.upload_blob("file/below", b"x")
    assert conflict.value.error_code == "ResourceTypeMismatch"
    with pytest.raises(HttpResponseError) as caught_range:
        container.download_blob("file", offset=10, length=5).readall()
    assert caught_range.value.error_code == "InvalidRange"
    for name in ("a//b", "a\\b", "x" * 300):
        with pytest.raises(HttpResponseError) as invalid:
            container.upload_blob(name, b"x")
        assert (invalid.value.status_code, invalid.value.error_code) == (400, "InvalidResourceName")


def test_what_is_not_spoken_here_says_so(container: ContainerClient) -> None:
    blob = container.upload_blob("a", b"x")
    for work in (blob.create_snapshot, blob.acquire_lease, lambda: blob.set_standard_blob_tier("Cool"), lambda: blob.set_blob_tags({"a": "b"})):
        with pytest.raises(HttpResponseError) as caught:
            work()
        assert (caught.value.status_code, caught.value.error_code) == (501, "NotImplemented")


# Keys and signatures


def test_a_connection_string(server: Server, container: ContainerClient) -> None:
    with BlobServiceClient.from_connection_string(server.connection_string) as service:
        service.get_blob_client(container.container_name, "a b/ü").upload_blob(b"1", metadata={"a_b": "1", "ab": "2", "a1": "3"})
    assert container.download_blob("a b/ü").readall() == b"1"


def test_the_account_in_the_path(server: Server, container: ContainerClient) -> None:
    with BlobServiceClient(f"http://127.0.0.1:{server.port}/{ACCOUNT}", credential=server.key) as service:
        client = service.get_container_client(container.container_name)
        client.upload_blob("x/y", b"1")
        assert names(client.list_blobs()) == ["x/y"]
        client.get_blob_client("z").start_copy_from_url(client.get_blob_client("x/y").url)
        assert client.download_blob("z").readall() == b"1"


def test_a_wrong_key(server: Server) -> None:
    wrong = {"account_name": ACCOUNT, "account_key": "d3Jvbmc="}
    with BlobServiceClient(server.url, credential=wrong, retry_total=0) as service, pytest.raises(ClientAuthenticationError) as caught:
        service.create_container("never")
    assert (caught.value.status_code, caught.value.error_code) == (403, "AuthenticationFailed")


def test_no_signature_at_all(server: Server, container: ContainerClient) -> None:
    with ContainerClient(server.url, container.container_name, retry_total=0) as nobody, pytest.raises(ClientAuthenticationError) as caught:
        list(nobody.list_blobs())
    assert (caught.value.status_code, caught.value.error_code) == (401, "NoAuthenticationInformation")


def test_a_container_sas(server: Server, container: ContainerClient) -> None:
    sas = generate_container_sas(ACCOUNT, container.container_name, account_key=server.key, permission="racwdl", expiry=soon())
    with ContainerClient.from_container_url(f"{container.url}?{sas}") as client:
        client.upload_blob("a/b", b"1")
        assert names(client.list_blobs()) == ["a/b"]
        assert client.exists()
        client.get_blob_client("copy").start_copy_from_url(client.get_blob_client("a/b").url)
        client.delete_blob("a/b")
        with pytest.raises(HttpResponseError) as caught:
            client.delete_container()
        assert caught.value.error_code == "AuthorizationResourceTypeMismatch"
    with ContainerClient(server.url, "another-one", credential=sas, retry_total=0) as other, pytest.raises(ClientAuthenticationError):
        list(other.list_blobs())


@pytest.mark.parametrize(
    ("permission", "allowed"),
    [("r", {"read"}), ("w", {"make", "replace"}), ("c", {"make"}), ("d", {"delete"}), ("l", {"list"}), ("rcl", {"read", "make", "list"})],
)
def test_permissions(server: Server, container: ContainerClient, permission: str, allowed: set[str]) -> None:
    container.upload_blob("there", b"1")
    sas = generate_container_sas(ACCOUNT, container.container_name, account_key=server.key, permission=permission, expiry=soon())
    with ContainerClient(server.url, container.container_name, credential=sas, retry_total=0) as client:
        work: dict[str, Any] = {
            "read": lambda: client.download_blob("there").readall(),
            "make": lambda: client.upload_blob("new", b"1"),
            "replace": lambda: client.upload_blob("there", b"2", overwrite=True),
            "list": lambda: list(client.list_blobs()),
            "delete": lambda: client.delete_blob("there"),
        }
        done = set()
        for name, one in work.items():
            try:
                one()
                done.add(name)
            except HttpResponseError as error:
                assert error.status_code == 403
                assert error.error_code in ("AuthorizationPermissionMismatch", "UnauthorizedBlobOverwrite")
    assert done == allowed


def test_a_blob_sas(server: Server, container: ContainerClient) -> None:
    container.upload_blob("one", b"1")
    container.upload_blob("two", b"2")
    sas = generate_blob_sas(ACCOUNT, container.container_name, "one", account_key=server.key, permission="r", expiry=soon(), content_type="text/x")
    # Not BlobClient.from_blob_url: for any host with "localhost" in it, it takes the container for an account.
    with BlobClient(server.url, container.container_name, "one", credential=sas) as blob:
        download = blob.download_blob()
        assert download.readall() == b"1"
        assert download.properties.content_settings.content_type == "text/x"
    with BlobClient(server.url, container.container_name, "two", credential=sas, retry_total=0) as other, pytest.raises(ClientAuthenticationError):
        other.download_blob()
    for location, status in (("one", 200), ("two", 403)):
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", f"/{container.container_name}/{location}?{sas}", headers={"host": server.url.removeprefix("http://")})
        assert connection.getresponse().status == status
        connection.close()


def test_an_account_sas(server: Server, container: ContainerClient) -> None:
    sas = generate_account_sas(ACCOUNT, server.key, "sco", "racwdl", soon())
    with BlobServiceClient(server.url, credential=sas, retry_total=0) as service:
        service.create_container("by-account-sas").upload_blob("a", b"1")
        assert "by-account-sas" in names(service.list_containers())
        service.delete_container("by-account-sas")
    narrow = generate_account_sas(ACCOUNT, server.key, "o", "r", soon())
    with BlobServiceClient(server.url, credential=narrow, retry_total=0) as service, pytest.raises(HttpResponseError) as caught:
        list(service.list_containers())
    assert caught.value.error_code == "AuthorizationResourceTypeMismatch"


def test_expired_and_forged(server: Server, container: ContainerClient) -> None:
    expired = generate_container_sas(
        ACCOUNT, container.container_name, account_key=server.key, permission="r", expiry=datetime.now(UTC) - timedelta(seconds=1)
    )
    good = generate_container_sas(ACCOUNT, container.container_name, account_key=server.key, permission="r", expiry=soon())
    for sas in (expired, good.replace("sp=r", "sp=rwdl"), good[:-4] + "AAA%3D"):
        with ContainerClient(server.url, container.container_name, credential=sas, retry_total=0) as client:
            with pytest.raises(ClientAuthenticationError) as caught:
                client.download_blob("a")
            assert caught.value.error_code == "AuthenticationFailed"


# What MLClient does when it uploads and downloads


@pytest.fixture
def uploader(server: Server, container: ContainerClient) -> Any:
    from azure.ai.ml._artifacts._blob_storage_helper import BlobStorageClient

    sas = generate_account_sas(ACCOUNT, server.key, "sco", "racwdl", soon())
    return lambda: BlobStorageClient(sas, server.url, container.container_name)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "src"
    (folder / "deep").mkdir(parents=True)
    (folder / "train.py").write_text("print('hello')")
    (folder / "deep" / "more.py").write_text("")
    return folder


def test_the_ml_client_uploads_a_folder_once(uploader: Any, project: Path, container: ContainerClient, server: Server) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the client's own making
        first = uploader().upload(str(project), "code", "1", asset_hash="0123", show_progress=False)
        again = uploader().upload(str(project), "other", "2", asset_hash="0123", show_progress=False)
    assert first["remote path"] == "LocalUpload/0123/src"
    assert (again["name"], again["version"]) == ("code", "1")
    assert names(container.list_blobs()) == ["LocalUpload/0123/src/deep/more.py", "LocalUpload/0123/src/train.py"]
    assert (server.folder(container.container_name) / "LocalUpload/0123/src/train.py").read_text() == "print('hello')"


def test_the_ml_client_uploads_a_file_and_finds_it(uploader: Any, project: Path, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = uploader().upload(str(project / "train.py"), "data", "1", asset_hash="45", show_progress=False)
        assert found["remote path"] == "LocalUpload/45/train.py"
        client = uploader()
        assert client.exists("LocalUpload/45")
        assert client.exists("LocalUpload/45/train.py")
        assert not client.exists("LocalUpload/4")
        assert client.list("LocalUpload/45/") == ["LocalUpload/45/train.py"]
        client.download("LocalUpload/45", tmp_path / "out")
    assert (tmp_path / "out" / "train.py").read_text() == "print('hello')"


def test_the_ml_client_uploads_to_a_container_of_its_own(server: Server, container: ContainerClient, project: Path) -> None:
    """What `startPendingUpload` leads to: a container's URL with a SAS in it."""
    from azure.ai.ml._artifacts._blob_storage_helper import BlobStorageClient

    sas = generate_container_sas(ACCOUNT, container.container_name, account_key=server.key, permission="racwdl", expiry=soon())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        BlobStorageClient(None, f"{container.url}?{sas}").upload(str(project), "code", "1", asset_hash="0123", show_progress=False)
    assert names(container.list_blobs()) == ["src/deep/more.py", "src/train.py"]


def test_a_folder_mark_is_a_folder_for_the_ml_client(uploader: Any, container: ContainerClient, tmp_path: Path) -> None:
    container.upload_blob("tree", b"", metadata={"hdi_isfolder": "true"})
    container.upload_blob("tree/leaf", b"1")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        uploader().download("tree", tmp_path / "out")
    assert (tmp_path / "out" / "leaf").read_bytes() == b"1"


# adlfs, and asyncio


@pytest.fixture
def filesystem(server: Server) -> adlfs.AzureBlobFileSystem:
    return adlfs.AzureBlobFileSystem(account_name=ACCOUNT, connection_string=server.connection_string, skip_instance_cache=True)


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")
def test_adlfs(filesystem: adlfs.AzureBlobFileSystem, container: ContainerClient) -> None:
    root = container.container_name
    filesystem.pipe(f"{root}/a/b.txt", b"hello")
    with filesystem.open(f"{root}/a/c.txt", "wb") as file:
        file.write(b"x" * 6_000_000)
    assert filesystem.cat(f"{root}/a/b.txt") == b"hello"
    assert filesystem.cat_file(f"{root}/a/b.txt", start=1, end=3) == b"el"
    assert filesystem.ls(root) == [f"{root}/a"]
    assert sorted(filesystem.find(root)) == [f"{root}/a/b.txt", f"{root}/a/c.txt"]
    assert filesystem.info(f"{root}/a/c.txt")["size"] == 6_000_000
    assert filesystem.isdir(f"{root}/a")
    assert filesystem.isfile(f"{root}/a/b.txt")
    assert not filesystem.exists(f"{root}/a/none")
    assert filesystem.glob(f"{root}/*/b.*") == [f"{root}/a/b.txt"]
    with filesystem.open(f"{root}/a/c.txt", "rb") as file:
        file.seek(5_999_990)
        assert file.read() == b"x" * 10
    filesystem.cp_file(f"{root}/a/b.txt", f"{root}/copy.txt")
    assert filesystem.cat(f"{root}/copy.txt") == b"hello"
    filesystem.mv(f"{root}/copy.txt", f"{root}/moved.txt")
    filesystem.rm(f"{root}/a", recursive=True)
    assert filesystem.find(root) == [f"{root}/moved.txt"]


def test_adlfs_containers_appending_and_touching(filesystem: adlfs.AzureBlobFileSystem) -> None:
    filesystem.mkdir("by-adlfs")
    assert "by-adlfs" in filesystem.ls("")
    filesystem.touch("by-adlfs/empty")
    assert filesystem.info("by-adlfs/empty")["size"] == 0
    with filesystem.open("by-adlfs/log", "ab") as file:
        file.write(b"one")
    with filesystem.open("by-adlfs/log", "ab") as file:
        file.write(b"two")
    assert filesystem.cat("by-adlfs/log") == b"onetwo"
    filesystem.rmdir("by-adlfs")
    assert not filesystem.exists("by-adlfs")


def test_adlfs_puts_and_gets_folders(filesystem: adlfs.AzureBlobFileSystem, container: ContainerClient, project: Path, tmp_path: Path) -> None:
    filesystem.put(f"{project}/", f"{container.container_name}/src", recursive=True)
    assert names(container.list_blobs()) == ["src/deep/more.py", "src/train.py"]
    filesystem.get(f"{container.container_name}/src", f"{tmp_path}/back", recursive=True)
    assert (tmp_path / "back" / "train.py").read_text() == "print('hello')"


def test_the_asynchronous_client_with_odd_names(server: Server, container: ContainerClient) -> None:
    from azure.storage.blob.aio import BlobServiceClient as Asynchronous

    async def story() -> list[str]:
        async with Asynchronous.from_connection_string(server.connection_string) as service:
            client = service.get_container_client(container.container_name)
            await client.upload_blob("a b/ü %+&.txt", b"1", metadata={"a_b": "1", "a1": "2"})
            assert await (await client.download_blob("a b/ü %+&.txt")).readall() == b"1"
            return [blob.name async for blob in client.list_blobs(name_starts_with="a b/")]

    assert asyncio.run(story()) == ["a b/ü %+&.txt"]
