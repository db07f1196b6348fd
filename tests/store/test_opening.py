"""Which URLs open a store, and what is said to the others."""

import pytest

from azurine.model import errors
from azurine.store.memory import MemoryLog
from azurine.store.sql import open_log


def test_memory() -> None:
    assert isinstance(open_log("memory:"), MemoryLog)


@pytest.mark.parametrize(
    "url", ["", "azurine.db", "mysql://user:secret@host/db", "postgresql+asyncpg://user:secret@host/db", "memory", "memory:x", "redis:x"]
)
def test_other_urls_are_answered_with_the_forms_there_are_and_no_password(url: str) -> None:
    with pytest.raises(errors.Invalid, match=r"sqlite:///path/of/file, postgresql://") as raised:
        open_log(url)
    assert "secret" not in raised.value.message


@pytest.mark.parametrize("url", ["sqlite:", "sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:azurine.db"])
def test_a_sqlite_url_names_a_file(url: str) -> None:
    with pytest.raises(errors.Invalid, match="names no file"):
        open_log(url)


def test_a_path_with_a_zero_character_is_none() -> None:
    with pytest.raises(errors.Invalid, match="is no path"):
        open_log("sqlite:///a\0b")


@pytest.mark.parametrize("url", ["postgresql://user:secret@host:port/db", "postgresql://[::1/db"])
def test_a_postgresql_url_that_cannot_be_read(url: str) -> None:
    with pytest.raises(errors.Invalid, match="postgresql://user:password@host:port/database") as raised:
        open_log(url)
    assert "secret" not in raised.value.message


def test_a_postgresql_server_that_is_not_there() -> None:
    with pytest.raises(errors.Temporary, match=r"postgresql://user:\*\*\*@localhost:1/db cannot be reached") as raised:
        open_log("postgresql://user:secret@localhost:1/db")
    assert "secret" not in raised.value.message
