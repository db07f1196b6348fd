"""Each control activity: what it does, what it tells, what it refuses."""

from typing import Any

import pytest

from factory_plays import Json, Play, activity, broken, done, expression

TEXT = {"v": {"type": "String"}, "all": {"type": "Array"}, "flag": {"type": "Boolean"}, "n": {"type": "Integer"}}


def one(activity_: Json, **properties: Any) -> dict[str, Any]:
    """Runs a pipeline of one activity; its activity run."""
    play = Play()
    run = play.go(activity_, variables=TEXT, **properties)
    return next(found for found in play.activities(run) if found["activityName"] == activity_["name"])


def append(name: str, value: Any, *after: str) -> dict[str, Any]:
    return activity(name, "AppendVariable", *after, variableName="all", value=value)


ROWS: list[tuple[str, Json, str, Any]] = [
    # title, activity, status, its output or its error's (code, message)
    ("set", activity("a", "SetVariable", variableName="v", value="x"), "Succeeded", {"name": "v", "value": "x"}),
    ("set a name in other letters", activity("a", "SetVariable", variableName="V", value="x"), "Succeeded", {"name": "V", "value": "x"}),
    (
        "set another type",
        activity("a", "SetVariable", variableName="all", value="x"),
        "Failed",
        (
            "InvalidTemplate",
            "The variable 'all' of type 'Array' cannot be initialized or updated with value of type 'String'. The variable 'all' only "
            "supports values of types 'Array'.",
        ),
    ),
    ("append", append("a", "@add(1, 2)"), "Succeeded", {"name": "all", "value": 3}),
    ("wait for text", activity("a", "Wait", waitTimeInSeconds="@string(0)"), "Succeeded", {}),
    (
        "wait for less than nothing",
        activity("a", "Wait", waitTimeInSeconds=-1),
        "Failed",
        ("InvalidTemplate", "The value of 'waitTimeInSeconds' of the activity 'a' must be a number of seconds, 0 or more."),
    ),
    ("fail", activity("a", "Fail", message="@concat('no', 'pe')", errorCode="42"), "Failed", ("42", "nope")),
    ("fail with a number", activity("a", "Fail", message="no", errorCode=42), "Failed", ("ErrorCodeNotString", "no")),
    (
        "fail with words that cannot be computed",
        activity("a", "Fail", message="@int('x')", errorCode="1"),
        "Failed",
        ("FailActivity", "Failed to interpret a fail message or error code"),
    ),
    (
        "filter",
        activity("a", "Filter", items=expression("@createArray(1, 5, 3)"), condition=expression("@greater(item(), 2)")),
        "Succeeded",
        {"ItemsCount": 3, "FilteredItemsCount": 2, "Value": [5, 3]},
    ),
    (
        "filter what is no array",
        activity("a", "Filter", items="x", condition=expression("@true")),
        "Failed",
        ("InvalidTemplate", "The function 'filter' of the activity 'a' needs an array as 'items'."),
    ),
    (
        "an If without the list that is wanted",
        activity("a", "IfCondition", expression=expression("@equals(1, 2)"), ifTrueActivities=[broken("x")]),
        "Succeeded",
        {},
    ),
    (
        "an If that is neither true nor false",
        activity("a", "IfCondition", expression=expression("@add(1, 2)")),
        "Failed",
        ("InvalidTemplate", "The expression of the activity 'a' must be evaluated to true or false."),
    ),
    (
        "an If whose list fails",
        activity("a", "IfCondition", expression=expression("@equals(1, 1)"), ifTrueActivities=[broken("x")]),
        "Failed",
        ("ActionFailed", "Activity failed because an inner activity failed; Inner activity name: x, Error: x broke"),
    ),
    (
        "a Switch without a case that matches",
        activity("a", "Switch", on=expression("@concat('B')"), cases=[{"value": "b", "activities": [broken("x")]}]),
        "Succeeded",
        {},
    ),
    (
        "a ForEach over nothing",
        activity("a", "ForEach", items=expression("@json('[]')"), activities=[broken("x")]),
        "Succeeded",
        {},
    ),
    (
        "a ForEach over what is no array",
        activity("a", "ForEach", items=expression("@concat('x')"), activities=[done("x")]),
        "Failed",
        ("InvalidTemplate", "The value of 'items' of the activity 'a' must be an array."),
    ),
    (
        "a type that does not run here",
        activity("a", "HDInsightHive"),
        "Failed",
        ("ActivityTypeNotSupported", "Activities of type 'HDInsightHive' cannot run on this server."),
    ),
]


@pytest.mark.parametrize(("given", "status", "told"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_it_does(given: Json, status: str, told: Any) -> None:
    found = one(given)
    error = found["error"]
    assert (found["status"], (error["errorCode"], error["message"]) if status == "Failed" else found["output"]) == (status, told)
    assert error["target"] == "a"


def test_expressions_that_fail_have_the_engine_s_words() -> None:
    found = one(activity("a", "SetVariable", variableName="v", value="@pipeline().parameters.none"))
    assert found["error"]["errorCode"] == "InvalidTemplate"
    assert "property 'none' doesn't exist" in found["error"]["message"]
    assert found["error"]["failureType"] == "UserError"


def test_switch_takes_the_case_or_the_default() -> None:
    cases = [{"value": "a", "activities": [append("one", "a")]}, {"value": "b", "activities": [append("two", "b")]}]
    for value, expected in (("a", ["a"]), ("b", ["b"]), ("c", ["default"])):
        play = Play()
        run = play.go(
            activity("s", "Switch", on=expression(f"@concat('{value}')"), cases=cases, defaultActivities=[append("three", "default")]),
            variables=TEXT,
        )
        assert run.status["variables"]["all"] == expected


def test_a_loop_in_a_row_keeps_the_order_and_goes_on_after_a_failure() -> None:
    play = Play()
    inner = [append("add", expression("@item()")), activity("w", "Wait", "add", waitTimeInSeconds=expression("@if(equals(item(), 2), -1, 10)"))]
    run = play.go(activity("each", "ForEach", items=expression("@range(1, 3)"), isSequential=True, activities=inner), variables=TEXT)
    assert run.status["variables"]["all"] == [1]
    play.wait(10)
    assert play.get(run.name).status["variables"]["all"] == [1, 2, 3]
    play.wait(10)
    assert play.get(run.name).status["state"] == "failed"
    each = play.activities(run)[-1]
    assert each["error"]["errorCode"] == "ActionFailed"
    assert "Inner activity name: w, Error: The value of 'waitTimeInSeconds'" in each["error"]["message"]


def test_no_more_than_batch_count_at_once() -> None:
    play = Play()
    inner = [append("add", expression("@item()")), activity("w", "Wait", "add", waitTimeInSeconds=10)]
    run = play.go(activity("each", "ForEach", items=expression("@range(0, 7)"), batchCount=3, activities=inner), variables=TEXT)
    seen = [len(run.status["variables"]["all"])]
    for _ in range(3):
        play.wait(10)
        seen.append(len(play.get(run.name).status["variables"]["all"]))
    assert seen == [3, 6, 7, 7]
    assert play.get(run.name).status["state"] == "succeeded"
    hashes = {one["iterationHash"] for one in play.activities(run) if one["activityName"] == "w"}
    assert len(hashes) == 7


def test_until_goes_on_until_it_is_true() -> None:
    play = Play()
    passes = [append("add", "x"), activity("w", "Wait", "add", waitTimeInSeconds=5)]
    run = play.go(activity("u", "Until", expression=expression("@greaterOrEquals(length(variables('all')), 3)"), activities=passes), variables=TEXT)
    for _ in range(3):
        assert run.status["state"] == "running"
        play.wait(5)
        run = play.get(run.name)
    assert (run.status["state"], run.status["variables"]["all"]) == ("succeeded", ["x"] * 3)


def test_until_ends_at_its_time_out_and_takes_what_is_under_way_along() -> None:
    play = Play()
    run = play.go(
        activity("u", "Until", expression=expression("@equals(1, 2)"), timeout="0.00:00:12", activities=[activity("w", "Wait", waitTimeInSeconds=5)])
    )
    for _ in range(3):
        play.wait(5)
    assert play.get(run.name).status["state"] == "failed"
    found = play.activities(run)
    assert [one["status"] for one in found] == ["Succeeded", "Succeeded", "Cancelled", "Failed"]
    assert found[-1]["error"]["errorCode"] == "ActionTimedOut"


def test_a_failed_pass_does_not_end_until() -> None:
    play = Play()
    passes = [append("add", "x"), broken("b", "add")]
    run = play.go(activity("u", "Until", expression=expression("@equals(length(variables('all')), 2)"), activities=passes), variables=TEXT)
    assert run.status["variables"]["all"] == ["x", "x"]
    assert run.status["state"] == "failed"


def test_until_may_speak_of_what_is_inside() -> None:
    play = Play()
    passes = [
        activity("count", "AppendVariable", variableName="all", value="x"),
        activity("look", "Filter", "count", items=expression("@variables('all')"), condition=expression("@true")),
    ]
    run = play.go(
        done("before"),
        activity("u", "Until", "before", expression=expression("@and(equals(activity('Look').output.ItemsCount, 3), equals(activity('before').Status, 'Succeeded'))"),
                 activities=passes),
        variables=TEXT,
    )  # fmt: skip
    assert (run.status["state"], run.status["variables"]["all"]) == ("succeeded", ["x"] * 3)


def test_results_of_other_activities() -> None:
    play = Play()
    run = play.go(
        broken("bad"),
        activity("f", "Filter", items=expression("@range(0, 5)"), condition=expression("@greater(item(), 3)")),
        activity("s", "SetVariable", ("bad", "Failed"), ("f", "Succeeded"), variableName="v",
                 value="@{activity('BAD').error.message} @{activity('bad').error.errorCode} @{activity('bad').Status} @{activity('f').output.Value[0]}"),
        activity("if", "IfCondition", "s", expression=expression("@equals(activity('f').output.FilteredItemsCount, 1)"), ifTrueActivities=[
            append("in", expression("@activity('f').output.ItemsCount")),
        ]),
        variables=TEXT,
    )  # fmt: skip
    assert run.status["state"] == "succeeded", run.status["message"]
    assert run.status["variables"] == {"v": "bad broke 500 Failed 4", "all": [5], "flag": False, "n": 0}


def test_inside_a_loop_an_activity_is_that_of_the_iteration() -> None:
    play = Play()
    inner = [
        activity("f", "Filter", items=expression("@createArray(item())"), condition=expression("@true")),
        append("add", expression("@activity('f').output.Value[0]"), "f"),
    ]
    run = play.go(activity("each", "ForEach", items=expression("@createArray('a', 'b')"), activities=inner), variables=TEXT)
    assert sorted(run.status["variables"]["all"]) == ["a", "b"], run.status
