"""Names under `.localhost` resolve in this process, others as ever."""

import asyncio
import socket

import pytest

from azurine.identity import names


@pytest.fixture(autouse=True)
def untouched(monkeypatch: pytest.MonkeyPatch) -> None:
    original = getattr(socket.getaddrinfo, "azurine", socket.getaddrinfo)
    monkeypatch.setattr(socket, "getaddrinfo", original)
    monkeypatch.setattr(names, "_servers", {})


def addresses(name: str | bytes, port: int | str | None = 8443) -> set[object]:
    return {one[4][0] for one in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)}


@pytest.mark.parametrize("name", ["azurine.blob.localhost", "A.Blob.LOCALHOST", "x.localhost.", b"y.localhost"])
def test_they_are_loopback(name: str | bytes) -> None:
    names.resolve_here(8443)
    assert addresses(name) == {"127.0.0.1"}
    assert addresses(name, None) == {"127.0.0.1"}


def test_asyncio_knows_them_too() -> None:
    names.resolve_here(8443)

    async def look() -> set[object]:
        found = await asyncio.get_running_loop().getaddrinfo("azurine.blob.localhost", 8443)
        return {one[4][0] for one in found}

    assert asyncio.run(look()) == {"127.0.0.1"}


def test_another_machines_server_is_found_by_its_port() -> None:
    names.resolve_here(8443, "192.0.2.7")
    names.resolve_here(9443)
    assert addresses("azurine.blob.localhost", 8443) == {"192.0.2.7"}
    assert addresses("azurine.blob.localhost", 9443) == {"127.0.0.1"}


def test_other_names_are_left_alone() -> None:
    names.resolve_here(8443, "192.0.2.7")
    assert addresses("127.0.0.2") == {"127.0.0.2"}
    assert "127.0.0.1" in addresses("localhost")
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo("localhost.invalid", 8443)


def test_wrapping_happens_once() -> None:
    names.resolve_here(1)
    once = socket.getaddrinfo
    names.resolve_here(2)
    assert socket.getaddrinfo is once


def test_asking_the_system_goes_past_the_wrapping(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknowing(host: str, *rest: object) -> list[object]:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknowing)
    names.resolve_here(8443)
    assert names.resolves_by_system() is False
