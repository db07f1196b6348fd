"""Calls to a real server that behaves in all ways: answers, redirects, silence, too little, too much."""

import json
import socket
import time
from collections.abc import Iterator

import pytest

from answering import Answering
from azurine.model import errors
from azurine.outbound import calls
from azurine.outbound.calls import Call, NoAnswer


@pytest.fixture(scope="module")
def server() -> Iterator[Answering]:
    with Answering() as running:
        yield running


def test_what_is_sent_arrives(server: Answering) -> None:
    answer = calls.call(Call("POST", f"{server.url}/echo/a b?q=ü&r=%20", {"X-One": "1"}, b'{"a": 1}'))
    said = json.loads(answer.text)
    assert (answer.status, said["method"], said["path"], said["body"]) == (200, "POST", "/echo/a%20b?q=%C3%BC&r=%20", '{"a": 1}')
    assert said["headers"]["X-One"] == "1"
    assert said["headers"]["Host"] == f"127.0.0.1:{server.port}"


def test_names_of_this_machine_are_found(server: Answering) -> None:
    answer = calls.call(Call("GET", f"http://some.name.localhost:{server.port}/echo"))
    assert json.loads(answer.text)["headers"]["Host"] == f"some.name.localhost:{server.port}"


@pytest.mark.parametrize(("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
def test_redirects(server: Answering, status: int, method: str) -> None:
    answer = calls.call(Call("POST", f"{server.url}/moved/{status}", {"Authorization": "x"}, b"{}"))
    said = json.loads(answer.text)
    assert (said["method"], said["path"], said["headers"]["Authorization"]) == (method, "/echo", "x")
    assert said["body"] == ("{}" if method == "POST" else "")


@pytest.mark.parametrize("path", ["hang", "trickle"])
def test_all_of_it_has_an_end(server: Answering, path: str) -> None:
    began = time.monotonic()
    with pytest.raises(NoAnswer, match="in time") as caught:
        calls.call(Call("GET", f"{server.url}/{path}", seconds=0.4))
    assert caught.value.code == "TimedOut"
    assert time.monotonic() - began < 5


def test_a_host_that_never_answers_the_door() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen(1)
        with pytest.raises(NoAnswer, match="in time"):
            calls.call(Call("GET", f"https://127.0.0.1:{silent.getsockname()[1]}/", seconds=0.4))


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [("huge", errors.TooLarge, "larger than 4194304 bytes"), ("short", NoAnswer, "broke off")],
)
def test_too_much_and_too_little(server: Answering, path: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        calls.call(Call("GET", f"{server.url}/{path}"))


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(NoAnswer, match="refused"):
        calls.call(Call("GET", f"http://127.0.0.1:{port}/"))


def test_a_server_that_does_not_speak_tls(server: Answering) -> None:
    with pytest.raises(NoAnswer):
        calls.call(Call("GET", f"https://127.0.0.1:{server.port}/", seconds=5))


@pytest.mark.parametrize("url", ["", "x", "ftp://a/b", "http://", "http://a:b/", "http://a:0/", "http://[::1/", "http://a/\x01"])
def test_addresses_that_are_none(url: str) -> None:
    with pytest.raises(errors.Invalid, match="no address"):
        calls.call(Call("GET", url))


def test_credentials_stay_with_their_host(server: Answering) -> None:
    asked = Call("GET", "http://a.localhost/", {"Authorization": "x", "X-Other": "1"}, certificate=b"pem")
    answer = calls.Answer(302, "", {"location": "http://b.localhost/"}, b"", asked.url)
    following = calls._redirected(asked, answer)
    assert following is not None
    assert (following.headers, following.certificate) == ({"X-Other": "1"}, b"")
    assert calls._redirected(Call("GET", "https://a/"), calls.Answer(302, "", {"Location": "http://a/"}, b"", "https://a/")) is None
