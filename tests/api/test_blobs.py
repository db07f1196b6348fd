"""The Blob door as plain HTTP: what a hostile or careless caller sends, and the details that clients rely on."""

import base64
import hashlib
import http.client
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from xml.etree import ElementTree

import pytest

from azurine.api.blobs import door
from azurine.model import errors
from azurine.storage import signatures
from azurine.storage.urls import Location
from clients import blob_server
from clients.blob_server import ACCOUNT, TOKEN, Server

BEARER = {"authorization": f"Bearer {TOKEN}"}
BLOCK = {"x-ms-blob-type": "BlockBlob"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        return self.headers.get("x-ms-error-code", "")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with blob_server.serving(tmp_path_factory.mktemp("storage")) as running:
        running.accounts.create_container(ACCOUNT, "data")
        yield running


Ask = Callable[..., Answer]


@pytest.fixture
def ask(server: Server) -> Ask:
    def asked(method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None, *, signed: bool = True) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        named = {"host": f"{ACCOUNT}.blob.localhost:{server.port}"} | (BEARER if signed else {}) | (headers or {})
        try:
            connection.request(method, path, body, named)
            response = connection.getresponse()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        finally:
            connection.close()

    return asked


def test_every_answer_has_its_id_version_and_date(ask: Ask) -> None:
    for path, headers in (("/?comp=list", {}), ("/data/none", {}), ("/%ff", {})):
        answer = ask("GET", path, headers={"x-ms-version": "2021-12-02", "x-ms-client-request-id": "mine"} | headers)
        assert answer.headers["x-ms-request-id"]
        assert answer.headers["x-ms-version"] == "2021-12-02"
        assert answer.headers["x-ms-client-request-id"] == "mine"
        assert answer.headers["date"].endswith("GMT")
    assert ask("GET", "/?comp=list").headers["x-ms-version"] == door.VERSION


def test_errors_are_azures_xml(ask: Ask) -> None:
    answer = ask("GET", "/data/none")
    root = ElementTree.fromstring(answer.body)
    assert (answer.status, answer.code, answer.headers["content-type"]) == (404, "BlobNotFound", "application/xml")
    assert root.findtext("Code") == "BlobNotFound"
    assert answer.headers["x-ms-request-id"] in (root.findtext("Message") or "")
    head = ask("HEAD", "/data/none")
    assert (head.status, head.code, head.body) == (404, "BlobNotFound", b"")


# Bodies


def test_what_a_put_answers(ask: Ask) -> None:
    body = b"hello"
    md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
    answer = ask("PUT", "/data/put", body, BLOCK | {"content-type": "text/plain", "x-ms-meta-name": "n"})
    assert answer.status == 201
    assert answer.headers["content-md5"] == md5
    assert answer.headers["etag"].startswith('"0x')
    head = ask("HEAD", "/data/put")
    assert (head.status, head.headers["content-length"], head.headers["content-type"]) == (200, "5", "text/plain")
    assert (head.headers["x-ms-meta-name"], head.headers["content-md5"], head.headers["etag"]) == ("n", md5, answer.headers["etag"])
    assert parsedate_to_datetime(head.headers["last-modified"]).utcoffset() is not None
    assert ask("PUT", "/data/put?comp=metadata", b"", {"x-ms-meta-upload_status": "completed"}).status == 200
    assert ask("GET", "/data/put?comp=metadata").headers["x-ms-meta-upload_status"] == "completed"


def test_an_md5_that_does_not_fit(ask: Ask) -> None:
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert ask("PUT", "/data/md5", b"hello", BLOCK | {"content-md5": wrong}).code == "Md5Mismatch"
    assert ask("PUT", "/data/md5", b"hello", BLOCK | {"content-md5": "nonsense"}).code == "InvalidMd5"
    assert ask("GET", "/data/md5").status == 404
    right = base64.b64encode(hashlib.md5(b"hello").digest()).decode()
    assert ask("PUT", "/data/md5", b"hello", BLOCK | {"content-md5": right}).status == 201


def test_a_truncated_upload_stores_nothing(server: Server, ask: Ask) -> None:
    ask("PUT", "/data/truncated", b"kept", BLOCK)
    for name in ("truncated", "new"):
        with socket.create_connection(("127.0.0.1", server.port)) as raw:
            head = f"PUT /{ACCOUNT}/data/{name} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\nx-ms-blob-type: BlockBlob\r\ncontent-length: 5000000\r\n\r\n"
            raw.sendall(head.encode() + b"x" * 3_000_000)
            _wait(lambda: os.listdir(server.accounts.house(ACCOUNT) / "staging"))
    _wait(lambda: not os.listdir(server.accounts.house(ACCOUNT) / "staging"))
    assert ask("GET", "/data/truncated").body == b"kept"
    assert ask("GET", "/data/new").status == 404


def test_a_body_without_a_length(server: Server) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("PUT", f"/{ACCOUNT}/data/chunked", iter([b"a", b"b"]), BEARER | BLOCK, encode_chunked=True)
    answer = connection.getresponse()
    assert (answer.status, answer.headers["x-ms-error-code"]) == (411, "MissingContentLengthHeader")
    connection.close()


def test_a_reader_who_leaves_does_not_keep_the_file_open(server: Server, ask: Ask) -> None:
    server.files.put(Location(ACCOUNT, "data", "huge"), b"x" * (30 << 20))
    for _ in range(5):
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        connection.request("GET", f"/{ACCOUNT}/data/huge", headers=BEARER)
        connection.getresponse().read(10)
        connection.close()
    _wait(lambda: not any(os.path.basename(os.path.realpath(f"/proc/self/fd/{number}")) == "huge" for number in os.listdir("/proc/self/fd")))


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "MissingRequiredHeader"),
        ({"x-ms-blob-type": "PageBlob"}, "NotImplemented"),
        ({"x-ms-blob-type": "x"}, "InvalidHeaderValue"),
        ({"x-ms-blob-type": "AppendBlob"}, "InvalidHeaderValue"),
        (BLOCK | {"x-ms-meta-a-b": "1"}, "InvalidMetadata"),
        (BLOCK | {"x-ms-meta-": "1"}, "EmptyMetadataKey"),
        (BLOCK | {"x-ms-meta-a": "x" * 9000}, "MetadataTooLarge"),
        (BLOCK | {"if-unmodified-since": "yesterday"}, "InvalidHeaderValue"),
        (BLOCK | {"x-ms-structured-body": "XSM/1.0; properties=crc64"}, "UnsupportedHeader"),
    ],
)
def test_headers_that_are_wrong(ask: Ask, headers: dict[str, str], code: str) -> None:
    assert ask("PUT", "/data/wrong", b"x", headers).code == code
    assert ask("GET", "/data/wrong").status == 404


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "InvalidXmlDocument"),
        (b"<BlockList><Latest>", "InvalidXmlDocument"),
        (b"<Other/>", "InvalidXmlDocument"),
        (b"<BlockList><Foo>MQ==</Foo></BlockList>", "InvalidXmlDocument"),
        (b'<!DOCTYPE x [<!ENTITY a "aaaa">]><BlockList>&a;</BlockList>', "InvalidXmlDocument"),
        (b"<BlockList><Latest>MQ==</Latest></BlockList>", "InvalidBlockList"),
        (b"<BlockList><Latest>../..</Latest></BlockList>", "InvalidQueryParameterValue"),
        (b"<BlockList>" + b"<a>" * 5000, "InvalidXmlDocument"),
        (b" " * (17 << 20), "RequestBodyTooLarge"),
    ],
)
def test_block_lists_that_are_wrong(ask: Ask, body: bytes, code: str) -> None:
    assert ask("PUT", "/data/list?comp=blocklist", body).code == code


# Ranges


@pytest.mark.parametrize(
    ("wanted", "status", "body"),
    [
        ("bytes=0-3", 206, b"0123"),
        ("bytes=5-", 206, b"56789"),
        ("bytes=8-100", 206, b"89"),
        ("bytes=-3", 206, b"789"),
        ("bytes=0-9", 206, b"0123456789"),
        ("bytes=10-", 416, None),
        ("bytes=99-100", 416, None),
        ("bytes=3-1", 400, None),
        ("bytes=a-b", 400, None),
        ("bytes=-", 400, None),
        ("bytes=0-1,3-4", 400, None),
        ("bytes=99999999999999999999-", 400, None),
    ],
)
def test_ranges(ask: Ask, wanted: str, status: int, body: bytes | None) -> None:
    ask("PUT", "/data/ten", b"0123456789", BLOCK)
    for name in ("range", "x-ms-range"):
        answer = ask("GET", "/data/ten", headers={name: wanted})
        assert answer.status == status
        if body is not None:
            assert answer.body == body
            assert answer.headers["content-range"].endswith("/10")


def test_a_range_of_nothing(ask: Ask) -> None:
    ask("PUT", "/data/zero", b"", BLOCK)
    assert ask("GET", "/data/zero", headers={"x-ms-range": "bytes=0-"}).code == "InvalidRange"
    assert ask("GET", "/data/zero").body == b""


# Names


@pytest.mark.parametrize(
    "path",
    [
        "/data/../../secret",
        "/data/%2e%2e/x",
        "/data/..%2f..%2fx",
        "/data/..%5c..%5cx",
        "/data/%252e%252e/x",
        "/data/a%00b",
        "/data//etc/passwd",
        "/data/a%0ab",
        "/data/%ff",
        "/data/.%2e/.azurine/keys.json",
        "/.azurine/keys.json",
        "/..%2f..%2fx/y",
        "/data/" + "x" * 300,
        "/data/" + "a/" * 600 + "b",
    ],
)
def test_names_that_lead_elsewhere(ask: Ask, path: str) -> None:
    for method, body in (("GET", None), ("HEAD", None), ("PUT", b"x"), ("DELETE", None)):
        answer = ask(method, path, body, BLOCK)
        assert answer.status == 400
        assert answer.code in ("InvalidResourceName", "InvalidUri")


def test_names_are_decoded_once(ask: Ask, server: Server) -> None:
    assert ask("PUT", "/data/100%2525%20x", b"x", BLOCK).status == 201
    assert (server.folder("data") / "100%25 x").read_bytes() == b"x"


def test_accounts_by_host_and_by_path(ask: Ask, server: Server) -> None:
    ask("PUT", "/data/where", b"here", BLOCK)
    assert ask("GET", f"/{ACCOUNT}/data/where", headers={"host": "127.0.0.1"}).body == b"here"
    assert ask("GET", "/data/where", headers={"host": "nosuch.blob.localhost"}).status == 404
    assert ask("GET", "/", headers={"host": "127.0.0.1"}).code == "InvalidUri"
    assert ask("GET", "/../x/y", headers={"host": "127.0.0.1"}).status in (400, 404)


# Who calls


def test_tokens(ask: Ask) -> None:
    assert ask("GET", "/?comp=list").status == 200
    wrong = ask("GET", "/?comp=list", headers={"authorization": "Bearer wrong"}, signed=False)
    assert (wrong.status, wrong.code) == (401, "InvalidAuthenticationInfo")
    assert wrong.headers["www-authenticate"].startswith("Bearer")
    nobody = ask("GET", "/?comp=list", signed=False)
    assert (nobody.status, nobody.code) == (401, "NoAuthenticationInformation")
    assert ask("GET", "/?comp=list", headers={"authorization": "Basic eDp5"}, signed=False).status == 401


def test_a_shared_key_request_cannot_be_sent_again_later(ask: Ask, server: Server) -> None:
    def signed(seconds: float, path: str = "/data/none") -> dict[str, str]:
        date = formatdate(seconds, usegmt=True)
        texts = signatures.shared_key_texts(ACCOUNT, signatures.Signed("GET", path, "", [("x-ms-date", date)]))
        return {"authorization": f"SharedKey {ACCOUNT}:{signatures.sign(server.key, texts[0])}", "x-ms-date": date}

    assert ask("GET", "/data/none", headers=signed(time.time())).status == 404
    assert ask("GET", "/data/none", headers=signed(time.time() - 3600)).status == 403
    assert ask("GET", "/data/other", headers=signed(time.time())).status == 403
    assert ask("GET", "/data/none", headers={"authorization": "SharedKey nonsense"}).status == 403


def test_the_source_of_a_copy_must_be_allowed_too(ask: Ask, server: Server) -> None:
    server.accounts.ensure_container(ACCOUNT, "private")
    server.files.put(Location(ACCOUNT, "private", "secret"), b"secret")
    host = f"http://{ACCOUNT}.blob.localhost:{server.port}"
    sas = signatures.container_sas(Location(ACCOUNT, "data"), server.key, "rw", time.time() + 60)
    copy = {"x-ms-copy-source": f"{host}/private/secret"}
    answer = ask("PUT", f"/data/stolen?{sas}", b"", copy, signed=False)
    assert (answer.status, answer.code) == (403, "CannotVerifyCopySource")
    with_sas_of_another = {"x-ms-copy-source": f"{host}/private/secret?{sas}"}
    assert ask("PUT", f"/data/stolen?{sas}", b"", with_sas_of_another, signed=False).status == 403
    right = signatures.blob_sas(Location(ACCOUNT, "private", "secret"), server.key, "r", time.time() + 60)
    assert ask("PUT", f"/data/copied?{sas}", b"", {"x-ms-copy-source": f"{host}/private/secret?{right}"}, signed=False).status == 202
    assert ask("GET", "/data/stolen").status == 404


# Batches


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("text/plain", b"", "InvalidHeaderValue"),
        ("multipart/mixed; boundary=b", b"", "InvalidInput"),
        ("multipart/mixed; boundary=b", b"--b\r\n\r\nPUT /data/x HTTP/1.1\r\n\r\n--b--", "NotImplemented"),
        ("multipart/mixed; boundary=b", b"--b\r\n\r\nnonsense\r\n--b--", "NotImplemented"),
        ("multipart/mixed; boundary=b", b"--b\r\n\r\nDELETE /data/x HTTP/1.1\r\n\r\n" * 257, "InvalidInput"),
        ("multipart/mixed; boundary=b", b" " * (5 << 20), "RequestBodyTooLarge"),
    ],
)
def test_batches_that_are_wrong(ask: Ask, kind: str, body: bytes, code: str) -> None:
    assert ask("POST", "/?comp=batch", body, {"content-type": kind}).code == code


def test_a_batch_lends_its_right_to_nobody(ask: Ask) -> None:
    ask("PUT", "/data/guarded", b"x", BLOCK)
    inner = b"--b\r\nContent-ID: 7\r\n\r\nDELETE /data/guarded HTTP/1.1\r\nhost: elsewhere\r\n\r\n--b--"
    answer = ask("POST", "/?comp=batch", inner, {"content-type": 'multipart/mixed; boundary="b"'})
    assert answer.status == 202
    assert b"HTTP/1.1 401 Unauthorized" in answer.body
    assert b"content-id: 7" in answer.body
    assert ask("GET", "/data/guarded").status == 200


# What is not there


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/data/x"),
        ("PUT", "/data/x?comp=lease"),
        ("PATCH", "/"),
        ("GET", "/data?comp=list"),
        ("GET", "/data/x?snapshot=2020"),
        ("OPTIONS", "/"),
    ],
)
def test_what_is_not_spoken_here(ask: Ask, method: str, path: str) -> None:
    answer = ask(method, path, b"")
    assert (answer.status, answer.code) == (501, "NotImplemented")


def test_lists_that_are_asked_wrongly(ask: Ask) -> None:
    for query in ("maxresults=0", "maxresults=-1", "maxresults=x", "maxresults=" + "9" * 30):
        assert ask("GET", f"/data?restype=container&comp=list&{query}").code == "OutOfRangeQueryParameterValue"
    assert ask("GET", "/data?restype=container&comp=list&marker=!!").code == "InvalidQueryParameterValue"
    assert ask("GET", "/data?restype=container&comp=list&prefix=%2e%2e/").status == 200


@pytest.mark.parametrize("host", ["[", "", "x" * 5000, "a.blob.", "..blob.x", '"><script>'])
def test_hosts_that_are_none(ask: Ask, host: str) -> None:
    for path in (f"/{ACCOUNT}?restype=container&comp=list", f"/{ACCOUNT}/data?restype=container&comp=list", f"/{ACCOUNT}/data/x"):
        assert ask("GET", path, headers={"host": host}).status in (200, 400, 404, 501)


@pytest.mark.parametrize("source", ["http://[", "nonsense", "", "file:///etc/passwd", "http://127.0.0.1/latest/meta-data"])
def test_sources_that_are_none(ask: Ask, source: str) -> None:
    assert ask("PUT", "/data/copied", b"", {"x-ms-copy-source": source}).status == 400


def test_many_at_once(ask: Ask) -> None:
    seen: list[int] = []

    def work(number: int) -> None:
        seen.append(ask("PUT", f"/data/many/{number}", b"x" * 200_000, BLOCK).status)
        seen.append(ask("GET", f"/data/many/{number}").status)
        seen.append(ask("DELETE", f"/data/many/{number}").status)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(seen)) == [200, 201, 202]
    assert len(seen) == 72


def test_a_failure_of_ours_is_recorded_and_answered(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    import asyncio

    def broken(token: str) -> None:
        raise RuntimeError("identity is on fire")

    sent: list[dict[str, object]] = []
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/{ACCOUNT}/data/x",
        "query_string": b"",
        "headers": [(b"host", b"x"), (b"authorization", b"Bearer t")],
    }

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    asyncio.run(door.blob_app(server.files, broken)(scope, receive, send))  # type: ignore[arg-type]
    assert sent[0]["status"] == 500
    assert b"identity is on fire" not in bytes(sent[1]["body"])  # type: ignore[call-overload]
    assert "identity is on fire" in caplog.text


def test_every_error_has_a_status() -> None:
    from azurine.api.blobs import problems

    for kind in errors.AzurineError.__subclasses__():
        assert 400 <= problems.status_of(kind("x")) < 600


def _wait(ready: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, "it did not happen in time"
        threading.Event().wait(0.01)
