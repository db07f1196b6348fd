"""One server for one store on PostgreSQL: the claim is kept, told, given back, and made anew after the database was away.

Where PostgreSQL's programs are not found these tests are not collected (`conftest`).
"""

import signal
import threading
from collections.abc import Callable

import pytest

from azurine.model import errors
from azurine.store.sql import claimed, claims
from postgresql import Server

DEADLINE = 60.0


@pytest.fixture
def url(new_url: Callable[[str], str]) -> str:
    return new_url("postgresql")


def _never(why: str) -> None:
    raise AssertionError(why)


def test_a_second_server_is_told_which_one_has_the_store(url: str) -> None:
    message = r"in use by azurine server https://localhost:1 of here.*stop that one first"
    other = claims.claimed(url, "https://localhost:2", _never, patience=0.1)
    with claimed(url, "https://localhost:1 of here", _never), pytest.raises(errors.Conflict, match=message), other:
        pass
    with claimed(url, "https://localhost:2", _never):  # and now it is free
        pass


def test_stores_beside_each_other_are_claimed_one_by_one(url: str, new_url: Callable[[str], str]) -> None:
    with claimed(url, "one", _never), claimed(new_url("postgresql"), "another", _never):
        pass


def test_stores_that_are_files_are_kept_by_their_home(new_url: Callable[[str], str]) -> None:
    with claimed(new_url("sqlite"), "one", _never), claimed("memory:", "one", _never), claimed("", "one", _never):
        pass


def test_a_database_that_is_not_there_is_said_so(url: str) -> None:
    with pytest.raises(errors.Temporary, match="cannot be reached"), claimed(url.replace("host=", "host=%2Fnowhere"), "one", _never):
        pass


def test_a_claim_is_made_anew_when_its_session_was_lost(postgresql: Server, url: str) -> None:
    with claims.claimed(url, "the first", _never, every=0.05):
        postgresql.stop(signal.SIGQUIT)
        postgresql.start()
        _until(lambda: _holders(postgresql, "the first") == 1)
        with pytest.raises(errors.Conflict, match="the first"), claims.claimed(url, "the second", _never, patience=0.1):
            pass


def test_a_server_whose_claim_has_passed_to_another_hears_of_it(postgresql: Server, url: str) -> None:
    told = threading.Event()
    reasons: list[str] = []

    def lost(why: str) -> None:
        reasons.append(why)
        told.set()

    # The first looks so seldom that the second surely comes between.
    with claims.claimed(url, "the first", lost, every=0.5):
        while not told.is_set():
            postgresql.ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'azurine server the first'")
            try:
                with claims.claimed(url, "the second", _never, patience=0.1):
                    assert told.wait(DEADLINE)
            except errors.Conflict:  # the first was back before: once more
                continue
    assert "azurine server the second" in reasons[0]


def _holders(postgresql: Server, who: str) -> int:
    [(count,)] = postgresql.ask(
        f"SELECT count(*) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND application_name = 'azurine server {who}'"
    )
    return int(str(count))


def _until(holds: Callable[[], bool]) -> None:
    waited = threading.Event()
    for _ in range(int(DEADLINE / 0.05)):
        if holds():
            return
        waited.wait(0.05)
    raise AssertionError("it never came to that")
