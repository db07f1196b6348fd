"""What many tests share: one real server per test process, and connections to it."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from postgresql import Server
from running import RunningServer

# The same examples everywhere, so that a change is what makes a test fail; AZURINE_SEARCH=1 looks for new ones.
settings.register_profile("same", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("search", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile("search" if os.environ.get("AZURINE_SEARCH") else "same")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A running server with a fresh home, for all tests of this process. Tests give their things names of their own."""
    with RunningServer(tmp_path_factory.mktemp("server") / "home") as running:
        yield running


@pytest.fixture(scope="session")
def connection(server: RunningServer) -> Any:
    """`azurine.connect()` to that server: `.ml`, `.blobs`, `.mlflow()`, `.http`."""
    return server.connect()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """A private PostgreSQL server. Tests make tables or schemas of their own."""
    server = Server()
    yield server
    server.remove()
