"""Stores for the contract suites: one private PostgreSQL server per session, a schema of its own for each store."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from azurine.store.log import Log
from azurine.store.sql import open_log
from postgresql import Server, programs

STORES = ["memory", "sqlite"] + (["postgresql"] if programs() else [])
collect_ignore = [] if programs() else ["test_log_on_postgresql.py", "test_claims.py"]

NewUrl = Callable[[str], str]


@pytest.fixture(scope="session")
def new_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NewUrl:
    """The URL of a store that does not exist yet, of a given sort."""
    numbers = count()
    folder: Path = tmp_path_factory.mktemp("stores")

    def make(sort: str) -> str:
        number = next(numbers)
        if sort == "memory":
            return "memory:"
        if sort == "sqlite":
            return f"sqlite:///{folder}/{number}.db"
        server: Server = request.getfixturevalue("postgresql")
        server.ask(f"CREATE SCHEMA store_{number}")
        return server.url(f"store_{number}")

    return make


@pytest.fixture(params=STORES)
def sort(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def log(new_url: NewUrl, sort: str) -> Iterator[Log]:
    opened = open_log(new_url(sort))
    yield opened
    opened.close()
