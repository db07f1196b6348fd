"""Arguments: types as protobuf's JSON has them, and refusals that name the place."""

import json
import math
from typing import Any

import pytest

from azurine.api.mlflow import answers
from azurine.api.mlflow.arguments import Arguments, from_body, from_query
from azurine.model import errors


def test_numbers() -> None:
    given = Arguments({"a": 1, "b": "2", "c": 3.0, "d": "NaN", "e": "-Infinity", "f": "1e3", "g": -(2**63), "h": None})
    assert [given.whole(name) for name in "abcg"] == [1, 2, 3, -(2**63)]
    assert [given.number(name) for name in "abcf"] == [1.0, 2.0, 3.0, 1000.0]
    assert math.isnan(given.number("d"))
    assert given.number("e") == -math.inf
    assert given.whole("h", 7) == 7


@pytest.mark.parametrize("value", [True, 1.5, "x", "", [], {}, 2**63, 10**400, "9" * 30])
def test_what_is_no_whole_number(value: Any) -> None:
    with pytest.raises(errors.Invalid) as caught:
        Arguments({"n": value}, "metrics[3].").whole("n")
    assert caught.value.path == "metrics[3].n"


@pytest.mark.parametrize("value", [True, "x", "", [], {}, 10**400])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(errors.Invalid):
        Arguments({"n": value}).number("n")


@pytest.mark.parametrize("value", [True, [], {}, "", "a\0b", "\ud800"])
def test_what_is_no_text(value: Any) -> None:
    with pytest.raises(errors.Invalid):
        Arguments({"n": value}).text("n")


def test_texts_and_objects() -> None:
    given = Arguments({"one": "x", "many": ["x", "y"], "objects": [{"a": 1}, {"a": "x"}], "number": 5})
    assert (given.texts("one"), given.texts("many"), given.texts("none")) == (["x"], ["x", "y"], [])
    assert given.text("number") == "5"
    with pytest.raises(errors.Invalid, match=r"objects\[1\]\.a"):
        [one.whole("a") for one in given.objects("objects")]
    for wrong in ("one", "number"):
        with pytest.raises(errors.Invalid):
            given.objects(wrong)


def test_a_query_may_say_a_name_twice() -> None:
    given = from_query([("stages", "a"), ("stages", "b"), ("run_ids[]", "x"), ("run_ids[]", "y"), ("run_ids[]", "z")])
    assert given.texts("stages") == ["a", "b"]
    assert given.texts("run_ids") == ["x", "y", "z"]


@pytest.mark.parametrize("raw", [b"{", b"[]", b"1", b"\xff", b'{"a":' * 50_000, b'{"a":' * 200 + b"1" + b"}" * 200], ids=lambda raw: str(raw[:8]))
def test_bodies_that_cannot_be_read(raw: bytes) -> None:
    with pytest.raises(errors.Invalid):
        from_body(raw)


def test_nan_is_answered_as_text() -> None:
    told = json.loads(answers.encode({"a": [math.nan, {"b": math.inf}], "c": -math.inf, "d": 1.5}))
    assert told == {"a": ["NaN", {"b": "Infinity"}], "c": "-Infinity", "d": 1.5}
