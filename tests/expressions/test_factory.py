"""The expressions of Data Factory: rows of cases, what a document's expressions speak of, and laws that hold for any text."""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from azurine.expressions import factory, functions
from azurine.expressions.factory import ExpressionError, Scope
from azurine.expressions.formulas import parser
from azurine.expressions.formulas.tree import Call, calls

CASES = Path(__file__).parent.parent / "cases" / "expressions"
FILES = sorted(one for one in CASES.glob("*.json") if one.name != "bindings.json")
ROWS = [
    pytest.param(row, id=f"{file.stem}-{number}-{json.dumps(row['expression'])[:60]}")
    for file in FILES
    for number, row in enumerate(json.loads(file.read_text(encoding="utf-8")), 1)
]


@pytest.mark.parametrize("row", ROWS)
def test_an_expression(row):
    scope = Scope.of(row.get("scope", {}))
    if "error" not in row:
        found = factory.evaluate(row["expression"], scope)
        assert json.dumps(found, sort_keys=True) == json.dumps(row["value"], sort_keys=True), "1 and 1.0 and true are told apart"
        return
    with pytest.raises(ExpressionError) as caught:
        factory.evaluate(row["expression"], scope, path="typeProperties.value")
    assert row["error"] in caught.value.message
    assert (caught.value.code, caught.value.path) == ("InvalidTemplate", "typeProperties.value")


def test_every_function_has_a_row_that_gives_a_value_and_one_that_refuses():
    given_value, refused = set(), set()
    for file in FILES:
        for row in json.loads(file.read_text(encoding="utf-8")):
            known = {call.name.lower() for call in _calls(row["expression"])}
            if "error" in row:
                refused |= known
            else:
                given_value |= known
    # What has no argument that could be wrong, or takes everything.
    never_wrong = {"pipeline", "outputs", "actionoutputs", "actions", "body", "array", "string", "uricomponent", "encodeuricomponent"}
    assert set(functions.TABLE) - given_value == set()
    assert set(functions.TABLE) - refused - never_wrong == set()


def _calls(expression) -> list[Call]:
    if not isinstance(expression, str):
        return []
    source = expression.removeprefix("@").removeprefix("{").rstrip()
    try:
        return list(calls(parser.parse(source.removesuffix("}") if expression.startswith("@{") else source)))
    except ExpressionError:
        return []


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("@concat('a', add(1, 'x'))", "'x'"),
        ("@pipeline().parameters.other", "other"),
        ("@if(equals(1, 1), foo(), 2)", "foo"),
        ("@concat('a' 'b')", "'b'"),
        ("text @{int('x')}", "'x'"),
    ],
)
def test_the_place_is_marked(text, marked):
    with pytest.raises(ExpressionError) as caught:
        factory.evaluate(text, Scope.of({"pipeline": {"parameters": {"name": 1}}}))
    line, caret = caught.value.excerpt.splitlines()
    assert line[caret.index("^") :].startswith(marked)


def test_a_template_is_compiled_once_and_evaluated_with_many_scopes():
    template = factory.compile({"n": "@add(item(), 1)", "kept": {"a": [1]}})
    assert [template.evaluate(Scope(item=one)) for one in (1, 2)] == [{"n": 2, "kept": {"a": [1]}}, {"n": 3, "kept": {"a": [1]}}]
    assert not template.constant
    assert factory.compile({"a": ["plain"]}).constant


def test_the_path_of_the_string_that_is_wrong():
    document = {"source": {"queries": ["ok", {"value": "@foo()", "type": "Expression"}]}}
    with pytest.raises(ExpressionError) as caught:
        factory.compile(document, path="typeProperties")
    assert caught.value.path == "typeProperties.source.queries[1]"


def test_what_a_document_speaks_of():
    template = factory.compile(
        {
            "a": "@concat(activity('A').output.x, variables('V'), pipeline().parameters.P, pipeline().globalParameters['G'])",
            "b": "@{dataset().D} @{linkedService().L} @{item().q[int(pipeline().parameters.P2)]} @{activity(concat('x'))}",
            "c": "@pipeline()?.RunId",
        },
        path="p",
    )
    found = {sort: template.names(sort) for sort in ("activity", "variable", "parameter", "globalParameter", "dataset", "linkedService", "system")}
    assert found == {
        "activity": {"A"},
        "variable": {"V"},
        "parameter": {"P", "P2"},
        "globalParameter": {"G"},
        "dataset": {"D"},
        "linkedService": {"L"},
        "system": {"RunId"},
    }
    assert {"item", "concat", "int"} <= template.names("function")
    assert [one.path for one in template.references() if one.name == "V"] == ["p.a"]


def test_chance_and_time_are_those_of_the_scope():
    import random

    once, again = (factory.evaluate("@{rand(0,1000000)} @{guid()} @{utcNow()}", Scope(chance=random.Random(7), now=0.0)) for _ in range(2))
    assert once == again
    assert once.endswith("1970-01-01T00:00:00.0000000Z")


NESTED = [
    "@" + "not(" * 5_000 + "true" + ")" * 5_000,
    "@" + "createArray(" * 600 + "1" + ")" * 600,
    "@json('" + "[" * 4_000 + "]" * 4_000 + "')",
    "@xml('" + "<a>" * 500 + "</a>" * 500 + "')",
    "@xpath(xml('<a/>'), '" + "(" * 2_000 + "1" + ")" * 2_000 + "')",
    "@pipeline()" + "[pipeline()" * 300 + "]" * 300,
    "@concat('" + "a" * 9_000 + "')",
    "@" + "replace(" * 90 + "'aaaaaaaa'" + ",'a','aaaaaaaa')" * 90,
    "@join(range(0,100000),join(range(0,100000),'abc'))",
    "@" + "string(createArray(" * 45 + "'\"'" + "))" * 45,
    "@" + "base64(" * 95 + "'a'" + ")" * 95,
    "@split" + "(" * 4_000,
    "@{" * 4_000,
    "@{" + "'" * 100_001,
    "@add(" + "9" * 8_000 + ",1)",
    "@int('" + "9" * 8_000 + "')",
    "@int('1e" + "9" * 300 + "')",
    "@json('" + "9" * 8_000 + "')",
]


@pytest.mark.parametrize("text", NESTED, ids=range(len(NESTED)))
def test_what_is_deep_or_huge_is_refused_at_once(text):
    began = time.monotonic()
    with pytest.raises(ExpressionError):
        factory.evaluate(text, Scope.of({}))
    assert time.monotonic() - began < 5


def test_a_document_that_is_nested_too_deeply_is_refused():
    document: object = "@add(1,1)"
    for _ in range(300):
        document = [document]
    with pytest.raises(ExpressionError, match="nested deeper"):
        factory.compile(document)


def test_a_long_text_with_many_expressions_is_read_in_one_pass():
    text = "@{item()} @@{'x'} " * 50_000
    began = time.monotonic()
    assert len(factory.evaluate(text, Scope(item="i"))) == len("i @{'x'} ") * 50_000
    assert time.monotonic() - began < 10


WORDS = ["@", "@{", "}", "@@", "(", ")", "[", "]", "?", ".", ",", "'", "''", "1", "-2.5", "1e5", "true", "null", " ", "\n", "x", "é", "\ud800"]
NAMES = [function.name for function in functions.TABLE.values()]
ANYTHING = st.recursive(
    st.sampled_from(
        ["1", "-3", "2.5", "'a'", "''", "'2024-01-02T03:04:05Z'", "true", "null", "item()", "'<a>1</a>'", "'Month'", "'UTC'", "'//a'", "'\ud800'"]
    ),
    lambda inner: st.builds(
        lambda name, arguments, steps: f"{name}({','.join(arguments)}){steps}",
        st.sampled_from(NAMES),
        st.lists(inner, max_size=4),
        st.sampled_from(["", "", "", ".a", "?.a", "[0]", "?['x']"]),
    ),
    max_leaves=12,
)
SCOPE = Scope.of({"item": {"a": [1, {"x": None}]}, "variables": {"a": 1}, "pipeline": {"parameters": {"a": "b"}}})


@settings(max_examples=400, deadline=None)
@given(st.one_of(st.lists(st.sampled_from([*WORDS, *NAMES]), max_size=25).map("".join), st.text(max_size=60), ANYTHING.map("@{}".format)))
def test_any_text_has_a_value_or_is_refused_with_an_expression_error(text):
    try:
        found = factory.evaluate(text, SCOPE)
    except ExpressionError as error:
        assert error.message
        assert "^" in error.excerpt
    else:
        json.dumps(found)
        if "@" not in text:
            assert found == text


@given(st.text(max_size=200))
def test_any_text_can_be_written_as_a_literal_and_comes_back(text):
    assert factory.evaluate(f"@concat('{text.replace(chr(39), chr(39) * 2)}')", Scope()) == text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_json_of_string_gives_the_value_back(value):
    if isinstance(value, str | bool) or value is None:
        return
    found = factory.evaluate("@json(string(item()))", Scope(item=value))
    # A large number's shortest digits are an integer, which is not to the last digit the number that they are short for.
    assert (float(found) if isinstance(value, float) else found) == value
