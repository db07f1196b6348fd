"""What many tests share: one real server per test process, and connections to it."""

from collections.abc import Iterator
from typing import Any

import pytest

from running import RunningServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A running server with a fresh home, for all tests of this process. Tests give their things names of their own."""
    with RunningServer(tmp_path_factory.mktemp("server") / "home") as running:
        yield running


@pytest.fixture(scope="session")
def connection(server: RunningServer) -> Any:
    """`azurine.connect()` to that server: `.ml`, `.blobs`, `.mlflow()`, `.http`."""
    return server.connect()
