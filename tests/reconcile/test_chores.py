"""Chores: one call each, whose answer or error is the outcome."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from azurine.model.errors import Invalid
from azurine.model.resources import Json
from azurine.reconcile.chores import Chores
from azurine.reconcile.performers import Request
from reconcile.filing import PATIENCE, Filed

Do = Callable[[Json, Callable[[], bool]], Json]


@pytest.fixture
def chores() -> Iterator[Callable[[Do], Chores]]:
    made: list[Chores] = []

    def make(do: Do) -> Chores:
        made.append(Chores("work", do))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_the_answer_is_the_outcome(chores: Any) -> None:
    filed = Filed()
    chores(lambda wish, is_ceased: {"twice": wish["n"] * 2}).perform(Request("r", "k", {"n": 2}), filed)
    assert filed.next().as_json() == {"state": "succeeded", "output": {"twice": 4}, "error": None}


def test_what_the_user_can_mend_is_told_as_it_is(chores: Any) -> None:
    def refuses(wish: Json, is_ceased: Callable[[], bool]) -> Json:
        raise Invalid("numpy is misspelled", code="BadFile")

    filed = Filed()
    chores(refuses).perform(Request("r", "k", {}), filed)
    outcome = filed.next()
    assert (outcome.state, outcome.error) == ("failed", {"code": "BadFile", "message": "numpy is misspelled"})


def test_a_mistake_of_ours_is_told_and_logged(chores: Any, caplog: pytest.LogCaptureFixture) -> None:
    filed = Filed()
    chores(lambda wish, is_ceased: wish["missing"]).perform(Request("r", "k", {}), filed)
    outcome = filed.next()
    assert outcome.error is not None and outcome.error["code"] == "InternalError"
    assert "work failed for r" in caplog.text


def test_who_ceases_does_not_wait_and_the_call_can_ask(chores: Any) -> None:
    begun, heard = threading.Event(), threading.Event()

    def long(wish: Json, is_ceased: Callable[[], bool]) -> Json:
        begun.set()
        while not is_ceased():
            heard.wait(0.01)
        heard.set()
        return {}

    filed, ended = Filed(), Filed()
    work = chores(long)
    work.perform(Request("r", "k", {}), filed)
    assert begun.wait(PATIENCE)
    work.cease("k", ended)
    assert ended.next().state == "cancelled"
    assert heard.wait(PATIENCE)


def test_what_is_not_going_ceases_at_once(chores: Any) -> None:
    ended = Filed()
    chores(lambda wish, is_ceased: {}).cease("never", ended)
    assert ended.next().state == "cancelled"
