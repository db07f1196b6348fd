"""The binding language of Azure Machine Learning: rows of cases, and laws that hold for any text."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azurine.expressions import bindings
from azurine.model import errors

GROUPS = json.loads((Path(__file__).parent.parent / "cases" / "expressions" / "bindings.json").read_text(encoding="utf-8"))
ROWS = [pytest.param(group["given"], case, id=case["text"] or "empty") for group in GROUPS for case in group["cases"]]


@pytest.mark.parametrize(("scope", "case"), ROWS)
def test_a_text_with_values_put_in(scope, case):
    if "error" not in case:
        assert bindings.substitute(case["text"], scope) == case["result"]
        return
    with pytest.raises(errors.Invalid) as caught:
        bindings.substitute(case["text"], scope, path="properties.command")
    assert case["error"] in caught.value.message
    assert caught.value.path == "properties.command"


def test_a_whole_expression_keeps_the_type_of_what_it_refers_to():
    scope = {"parent": {"inputs": {"n": 3, "d": {"uri": "u"}}, "jobs": {"a": {"outputs": {"b": ["x"]}}}}}
    value = {
        "n": "${{parent.inputs.n}}",
        "d": " ${{ parent.inputs.d }} ",
        "list": ["${{parent.jobs.a.outputs.b}}"],
        "text": "n=${{parent.inputs.n}}",
        "k": 1,
    }
    assert bindings.resolve(value, scope) == {"n": 3, "d": {"uri": "u"}, "list": [["x"]], "text": "n=3", "k": 1}


def test_a_missing_name_deep_in_a_value_is_pointed_at_by_path():
    with pytest.raises(errors.Invalid) as caught:
        bindings.resolve({"a": [{"b": "${{inputs.x}}"}]}, {"inputs": {}}, path="properties")
    assert caught.value.path == "properties.a[0].b"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("${{parent.inputs.a}}", ("parent", "inputs", "a")),
        ("  ${{ parent.inputs.a }}\n", ("parent", "inputs", "a")),
        ("x${{parent.inputs.a}}", None),
        ("${{inputs.a}}${{inputs.b}}", None),
        ("$[[${{inputs.a}}]]", None),
        ("plain", None),
        (3, None),
        (None, None),
    ],
)
def test_whether_a_text_is_one_expression(text, names):
    found = bindings.whole(text)
    assert (found.names if found else None) == names


def test_all_references_in_order_those_in_blocks_included():
    found = bindings.references("a ${{inputs.x}} $[[${{inputs.y}} ${{outputs.z}}]]")
    assert [str(one) for one in found] == ["inputs.x", "inputs.y", "outputs.z"]


def test_references_within_a_value_come_with_their_paths():
    found = list(bindings.references_within({"a": ["${{inputs.x}}", {"b": "${{inputs.y}}"}], "c": 1}, "jobs.train"))
    assert [(path, str(one)) for path, one in found] == [("jobs.train.a[0]", "inputs.x"), ("jobs.train.a[1].b", "inputs.y")]


@pytest.mark.parametrize(
    ("text", "contexts", "message"),
    [
        ("${{parent.inputs.a}}", bindings.STEP, "may not stand here"),
        ("${{inputs.a}}", bindings.NODE, "may not stand here"),
        ("${{inputs}}", bindings.STEP, "should read inputs.<name>"),
        ("${{parent.jobs.a.b}}", bindings.NODE, "should read parent.jobs.<job>.outputs.<name>"),
        ("${{parent.steps.a}}", bindings.NODE, "should read parent.inputs.<name>"),
        ("${{name.x}}", bindings.LOCATION, "should read name"),
    ],
)
def test_a_reference_that_may_not_stand_there(text, contexts, message):
    with pytest.raises(errors.Invalid, match=r"inputs|name|parent") as caught:
        bindings.check(text, contexts, path="p")
    assert message in caught.value.message
    assert (caught.value.path, caught.value.code) == ("p", "InvalidExpression")


@pytest.mark.parametrize(
    ("text", "contexts"),
    [
        ("${{inputs.a}} ${{inputs.group.a}} ${{search_space.h}}", bindings.STEP),
        ("${{parent.jobs.a.outputs.b}}", bindings.NODE),
        ("${{parent.jobs.a.inputs.b}}", bindings.NODE),
        ("${{name}}/${{output_name}}", bindings.LOCATION),
    ],
)
def test_references_that_may(text, contexts):
    assert bindings.check(text, contexts)


@given(st.text(alphabet="ab$[]{} .", max_size=40))
def test_any_text_gives_a_text_or_a_clear_error(text):
    try:
        result = bindings.substitute(text, {"a": "1", "b": {"a": "2"}})
    except errors.Invalid as error:
        assert "^" in error.message
    else:
        if "${{" not in text and "$[[" not in text:
            assert result == text


@given(st.text(max_size=200).filter(lambda one: "${{" not in one and "$[[" not in one))
def test_text_without_signs_stays_as_it_is(text):
    assert bindings.substitute(text, {}) == text
    assert bindings.resolve(text, {}) == text


def test_a_hundred_thousand_expressions_are_read_in_one_pass():
    text = "${{inputs.x}} " * 100_000
    assert bindings.substitute(text, {"inputs": {"x": 1}}) == "1 " * 100_000


def test_a_caret_in_a_very_long_line_stays_readable():
    with pytest.raises(errors.Invalid) as caught:
        bindings.substitute("x" * 100_000 + "${{inputs.y}}" + "z" * 100_000, {"inputs": {}})
    assert len(caught.value.message) < 400
