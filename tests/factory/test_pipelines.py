"""Publishing pipelines: what is refused, where, and in which words."""

from typing import Any

import pytest

from azurine.factory import activities
from azurine.model import errors
from factory_plays import Json, Play, activity, done, expression

A = "properties.activities"
LOOP = activity("in", "ForEach", items=[1], activities=[done("x")])


def referring(kind: str, name: str) -> Json:
    return {"referenceName": name, "type": kind}


ROWS: list[tuple[str, Any, str, str]] = [
    # title, properties (or activities), path, words
    ("no name", [{"type": "Wait"}], f"{A}[0].name", "'name' is required"),
    ("no type", [{"name": "a"}], f"{A}[0].type", "'type' is required"),
    ("no object", ["a"], f"{A}[0]", "must be an object, not a string"),
    ("a name with a dot", [done("a.b")], f"{A}[0].name", "is no name for an activity"),
    ("a name of 56 letters", [done("a" * 56)], f"{A}[0].name", "is no name for an activity"),
    ("a name twice", [done("a"), done("A")], f"{A}[1].name", "The activity name 'A' is there more than once"),
    (
        "a name twice, in an inner list",
        [done("x"), LOOP],
        f"{A}[1].typeProperties.activities[0].name",
        "The activity name 'x' is there more than once",
    ),
    ("depends on itself", [done("a", "a")], f"{A}[0].dependsOn[0].activity", "depends on itself"),
    ("depends on nobody", [done("a", "b")], f"{A}[0].dependsOn[0].activity", "depends on the activity 'b', which is not in the same list"),
    (
        "depends on one of another list",
        [LOOP, done("b", "x")],
        f"{A}[1].dependsOn[0].activity",
        "depends on the activity 'x', which is not in the same list",
    ),
    ("another condition", [done("a"), done("b", ("a", "Perhaps"))], f"{A}[1].dependsOn[0].dependencyConditions", "'Perhaps' is no dependency condition"),
    ("a ring", [done("a", "c"), done("b", "a"), done("c", "b")], f"{A}[0].dependsOn", "The activities form a cycle: a → b → c → a"),
    (
        "a loop in a loop",
        [activity("out", "ForEach", items=[1], activities=[LOOP])],
        f"{A}[0].typeProperties.activities[0]",
        "a ForEach cannot be nested",
    ),
    (
        "a loop in an If in a loop",
        [activity("out", "Until", expression=expression("@true"), activities=[activity("i", "IfCondition", expression="@true", ifTrueActivities=[LOOP])])],
        f"{A}[0].typeProperties.activities[0].typeProperties.ifTrueActivities[0]",
        "a ForEach cannot be nested",
    ),
    ("an empty loop", [activity("e", "ForEach", items=[1])], f"{A}[0].typeProperties.activities", "must have at least one inner activity"),
    ("a batch of 51", [activity("e", "ForEach", items=[1], batchCount=51, activities=[done("x")])], f"{A}[0].typeProperties.batchCount", "from 1 to 50"),
    ("a missing property", [activity("w", "Wait")], f"{A}[0].typeProperties.waitTimeInSeconds", "'waitTimeInSeconds' is required"),
    (
        "an expression that cannot be read",
        [activity("w", "Wait", waitTimeInSeconds="@add(1,")],
        f"{A}[0].typeProperties.waitTimeInSeconds",
        "Unable to parse template language expression 'add(1,'",
    ),
    (
        "an unknown function",
        [activity("w", "Wait", waitTimeInSeconds={"value": "@nope()", "type": "Expression"})],
        f"{A}[0].typeProperties.waitTimeInSeconds",
        "The template function 'nope' is not defined or not valid",
    ),
    (
        "speaks of an activity that is not there",
        [activity("w", "Wait", waitTimeInSeconds="@activity('x').output.n")],
        f"{A}[0].typeProperties.waitTimeInSeconds",
        "speaks of the activity 'x', which is not there",
    ),
    (
        "speaks of a variable that is not there",
        [activity("w", "Wait", waitTimeInSeconds="@variables('x')")],
        f"{A}[0].typeProperties.waitTimeInSeconds",
        "speaks of the variable 'x', which the pipeline does not declare",
    ),
    (
        "sets a variable that is not there",
        [activity("s", "SetVariable", variableName="x", value=1)],
        f"{A}[0].typeProperties.variableName",
        "The variable 'x' of the activity 's' is not declared",
    ),
    (
        "appends to a text",
        {"variables": {"x": {"type": "String"}}, "activities": [activity("s", "AppendVariable", variableName="x", value=1)]},
        f"{A}[0].typeProperties.variableName",
        "needs an Array",
    ),
    (
        "sets a variable from itself",
        {"variables": {"x": {"type": "String"}}, "activities": [activity("s", "SetVariable", variableName="x", value="@concat(variables('x'))")]},
        f"{A}[0].typeProperties.value",
        "self-referencing is not supported",
    ),
    (
        "an unknown pipeline",
        [activity("e", "ExecutePipeline", pipeline=referring("PipelineReference", "none"))],
        f"{A}[0].typeProperties.pipeline.referenceName",
        "The document creation or update failed because of invalid reference 'none'.",
    ),
    (
        "an unknown linked service",
        [{**activity("w", "WebActivity", url="u", method="GET"), "linkedServiceName": referring("LinkedServiceReference", "none")}],
        f"{A}[0].linkedServiceName.referenceName",
        "invalid reference 'none'",
    ),
    (
        "calls itself",
        [activity("e", "ExecutePipeline", pipeline=referring("PipelineReference", "p"))],
        A,
        "The pipelines call each other in a circle: p → p",
    ),
    ("a parameter without type", {"parameters": {"a": {}}}, "properties.parameters.a.type", "must have a 'type'"),
    ("no list of activities", {"activities": {}}, A, "'activities' must be an array, not an object"),
    ("half a run at once", {"concurrency": 0}, "properties.concurrency", "'concurrency' must be a number above 0"),
    ("less than no retries", [activity("w", "Wait", waitTimeInSeconds=1, _policy={"retry": -1})], f"{A}[0].policy.retry", "'retry' must be a number"),
    ("a time-out in words", [activity("w", "Wait", waitTimeInSeconds=1, _policy={"timeout": "soon"})], f"{A}[0].policy.timeout", "is no time-out"),
    ("dependsOn is text", [{**done("a"), "dependsOn": "b"}], f"{A}[0].dependsOn", "must be an array, not a string"),
    ("typeProperties is a list", [{"name": "a", "type": "Wait", "typeProperties": []}], f"{A}[0].typeProperties", "must be an object, not an array"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "path", "words"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_is_refused(given: Any, path: str, words: str) -> None:
    properties = {"activities": given} if isinstance(given, list) else {"activities": [], **given}
    with pytest.raises(errors.Invalid) as caught:
        Play().put("pipelines/p", {"properties": properties})
    found = {detail.path: detail.message for detail in caught.value.details}
    assert path in found, found
    assert words in found[path]


def test_all_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(errors.Invalid, match="and 2 more") as caught:
        Play().pipeline("p", activity("w", "Wait"), done("a", "b"), done("a"))
    assert len(caught.value.details) == 3


def test_what_cannot_run_here_is_kept() -> None:
    odd = {**activity("h", "HDInsightHive", scriptPath="x"), "unknown": {"a": [1]}}
    made = Play().pipeline("p", odd, folder={"name": "a/b"}, annotations=["x"])
    assert made.spec["properties"] == {"activities": [odd], "folder": {"name": "a/b"}, "annotations": ["x"]}


def test_an_inactive_activity_is_not_checked() -> None:
    Play().pipeline("p", {**activity("w", "Wait"), "state": "Inactive"})


def test_pipelines_that_would_call_each_other_for_ever() -> None:
    play = Play()
    play.pipeline("a")
    play.pipeline("b", activity("e", "ExecutePipeline", pipeline=referring("PipelineReference", "a")))
    with pytest.raises(errors.Invalid, match="a → b → a"):
        play.pipeline("a", activity("e", "ExecutePipeline", pipeline=referring("PipelineReference", "b")))


@pytest.mark.parametrize("name", ["a.b", "a/b".replace("/", ":"), "-a", "a" * 261])
def test_names_of_pipelines(name: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        Play().put(f"pipelines/{name}", {"properties": {"activities": []}})
    assert caught.value.code == "InvalidResourceName"


def test_types_of_activities_are_read_in_letters_of_any_size() -> None:
    assert set(activities.TABLE) == {name.lower() for name in activities.TABLE}
    assert Play().go(activity("w", "wait", waitTimeInSeconds=0)).status["state"] == "succeeded"


def deep(depth: int) -> dict[str, Any]:
    made = done("d0")
    for level in range(1, depth):
        made = activity(f"d{level}", "IfCondition", expression="@equals(1, 1)", ifTrueActivities=[made])
    return made


def test_lists_in_lists_have_an_end() -> None:
    assert Play().go(deep(12)).status["state"] == "succeeded"
    with pytest.raises(errors.Invalid, match="nested more than 12 deep"):
        Play().pipeline("p", deep(20))
