"""The filter language: what is read, what is refused and how, what fits."""

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as some

from azurine.api.mlflow import filters, matching
from azurine.api.mlflow.filters import ATTRIBUTE, DATASET, METRIC, PARAM, TAG, Comparison, Order
from azurine.api.mlflow.searching import GRAMMAR
from azurine.model import errors

READ = [
    ("", []),
    ("   ", []),
    ("metrics.auc > 0.8", [Comparison(METRIC, "auc", ">", 0.8)]),
    ("metric.auc<=-1e3", [Comparison(METRIC, "auc", "<=", -1000.0)]),
    ("metrics.a.b = .5", [Comparison(METRIC, "a.b", "=", 0.5)]),
    ("metrics.`val/acc top` >= 3", [Comparison(METRIC, "val/acc top", ">=", 3.0)]),
    ('metrics."val acc" <> 3', [Comparison(METRIC, "val acc", "!=", 3.0)]),
    ("params.depth = '3'", [Comparison(PARAM, "depth", "=", "3")]),
    ('param.name = "it\'s"', [Comparison(PARAM, "name", "=", "it's")]),
    ("params.name = 'it''s'", [Comparison(PARAM, "name", "=", "it's")]),
    ("params.x != ''", [Comparison(PARAM, "x", "!=", "")]),
    ("parameters.x LIKE '%✓_'", [Comparison(PARAM, "x", "LIKE", "%✓_")]),
    ("tags.mlflow.parentRunId = 'abc'", [Comparison(TAG, "mlflow.parentRunId", "=", "abc")]),
    ("tag.a ilike 'x' and tag.b is null", [Comparison(TAG, "a", "ILIKE", "x"), Comparison(TAG, "b", "IS NULL", None)]),
    ("tags.a IS NOT NULL", [Comparison(TAG, "a", "IS NOT NULL", None)]),
    ("status = 'RUNNING'", [Comparison(ATTRIBUTE, "status", "=", "RUNNING")]),
    ("attributes.start_time > 1700000000000", [Comparison(ATTRIBUTE, "start_time", ">", 1.7e12)]),
    ("attr.created < 5", [Comparison(ATTRIBUTE, "start_time", "<", 5.0)]),
    ("attribute.`Run name` = 'x'", [Comparison(ATTRIBUTE, "run_name", "=", "x")]),
    ("run_id IN ('a','b' , \"c\")", [Comparison(ATTRIBUTE, "run_id", "IN", ("a", "b", "c"))]),
    ("run_id not in ('a')", [Comparison(ATTRIBUTE, "run_id", "NOT IN", ("a",))]),
    ("dataset.name = 'd'", [Comparison(DATASET, "name", "=", "d")]),
    ("params.and = 'AND' AND params.b = 'or'", [Comparison(PARAM, "and", "=", "AND"), Comparison(PARAM, "b", "=", "or")]),
]


@pytest.mark.parametrize(("text", "wanted"), READ)
def test_read(text: str, wanted: list[Comparison]) -> None:
    assert filters.parse(text, GRAMMAR) == wanted


REFUSED = [
    ("acc > 1", "Invalid attribute key 'acc'"),
    ("metric > 1", "Invalid attribute key 'metric'"),
    ("metrics.a > '1'", "Expected a number"),
    ("metrics.a LIKE '1'", "operators are"),
    ("metrics.a", "Expected an operator"),
    ("metrics.a >", "the end at position 12"),
    ("metrics. > 1", "a key is expected"),
    ("metrics.a > 1 OR metrics.b > 1", "OR is not part of the language"),
    ("metrics.a > 1, metrics.b > 1", "Expected AND"),
    ("metrics.a > 1 AND", "Expected a name"),
    ("AND metrics.a > 1", "Invalid attribute key 'AND'"),
    ("params.a = b", "a text in quotes"),
    ("params.a = 1", "a text in quotes"),
    ("params.a > '1'", "operators are"),
    ("params.a = 'x", "perhaps a quote is not closed"),
    ("params.a = `x`", "a text in quotes"),
    ("status IN 'a'", "a list in parentheses"),
    ("status IN ()", "a text in quotes"),
    ("status IN ('a'", "comma or the closing"),
    ("status IN ('a',)", "a text in quotes"),
    ("status IS NULL", "operators are"),
    ("tags.a IS NOT 'x'", "NULL or NOT NULL"),
    ("start_time > 'x'", "Expected a number"),
    ("columns.a > 1", "Invalid entity type 'columns'"),
    ("dataset.source = 'x'", "Invalid dataset key"),
    ("(metrics.a > 1)", "Expected a name"),
    ("metrics.a > 1; DROP TABLE runs", "Expected a number"),
    ("x" * 60_000, "longer than"),
]


@pytest.mark.parametrize(("text", "hint"), REFUSED, ids=lambda value: value[:40])
def test_refused(text: str, hint: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        filters.parse(text, GRAMMAR)
    assert hint in caught.value.message
    assert caught.value.path == "filter"


@given(some.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        filters.parse(text, GRAMMAR)
        filters.parse_order(text, GRAMMAR)
    except errors.Invalid:
        return


def test_orders() -> None:
    assert filters.parse_order("metrics.acc DESC", GRAMMAR) == Order(METRIC, "acc", False)
    assert filters.parse_order("  start_time  ", GRAMMAR) == Order(ATTRIBUTE, "start_time")
    assert filters.parse_order("params.`a b` asc", GRAMMAR) == Order(PARAM, "a b")
    for wrong in ("", "metrics.acc UP", "metrics.acc DESC DESC", "metrics.acc, start_time", "nothing"):
        with pytest.raises(errors.Invalid):
            filters.parse_order(wrong, GRAMMAR)


LIKES = [
    ("abc", "abc", True),
    ("abc", "ABC", False),
    ("abc", "a%", True),
    ("abc", "%c", True),
    ("abc", "%b%", True),
    ("abc", "b%", False),
    ("abc", "a_c", True),
    ("abc", "a__c", False),
    ("", "%", True),
    ("", "", True),
    ("a", "", False),
    ("a.c", "a.c", True),
    ("abc", "a.c", False),
    ("line\nbreak", "line%", True),
    ("aXbXc", "%X%X%", True),
    ("50%", "50%", True),
]


@pytest.mark.parametrize(("text", "pattern", "wanted"), LIKES)
def test_like(text: str, pattern: str, wanted: bool) -> None:
    assert matching.like(text, pattern) is wanted


def test_like_takes_no_long_time_whatever_the_pattern() -> None:
    before = time.process_time()
    assert not matching.like("a" * 5000, "%a" * 300 + "%b")
    assert time.process_time() - before < 20


HOLDS = [
    (">", 1.0, 2.0, True),
    (">", 1.0, None, False),
    ("!=", 1.0, None, False),
    ("!=", 1.0, math.nan, True),
    ("=", 1.0, math.nan, False),
    (">", 1.0, math.inf, True),
    ("IS NULL", None, None, True),
    ("IS NULL", None, "x", False),
    ("IS NOT NULL", None, "", True),
    ("IN", ("a", "b"), "b", True),
    ("NOT IN", ("a", "b"), "b", False),
    ("NOT IN", ("a",), None, False),
    ("ILIKE", "A%", "abc", True),
    ("=", "x", "X", False),
]


@pytest.mark.parametrize(("operator", "wanted", "value", "fits"), HOLDS)
def test_holds(operator: str, wanted: filters.Literal, value: float | str | None, fits: bool) -> None:
    assert matching.holds(Comparison(TAG, "k", operator, wanted), value) is fits
