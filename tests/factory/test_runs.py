"""Plays of whole runs: attempts, time-outs, masks, cancelling, other pipelines, lines, running again, restarts."""

from collections.abc import Iterator
from typing import Any

import pytest

from azurine.factory import activities, runs
from azurine.factory.sight import Progress, Sight, Sort, work
from azurine.model import errors
from azurine.model.states import State
from azurine.store.log import Mark
from factory_plays import FACTORY, Json, Play, Workshop, activity, broken, done, expression


def probe_step(sight: Sight) -> Progress:
    return work(sight, "probe", lambda: (sight.properties(), sight.properties()))


@pytest.fixture
def shop() -> Iterator[Workshop]:
    """Activities of type Probe are work that is answered by hand."""
    activities.TABLE["probe"] = Sort("Probe", probe_step, works=True)
    yield Workshop()
    del activities.TABLE["probe"]


@pytest.fixture
def play(shop: Workshop) -> Play:
    return Play({"probe": shop})


def probe(name: str, *after: Any, **more: Any) -> dict[str, Any]:
    return activity(name, "Probe", *after, **more)


def call(name: str, pipeline: str, *after: Any, **more: Any) -> dict[str, Any]:
    return activity(name, "ExecutePipeline", *after, pipeline={"referenceName": pipeline, "type": "PipelineReference"}, **more)


def test_an_empty_pipeline_succeeds(play: Play) -> None:
    run = play.go()
    assert (run.status["state"], run.settled) == (State.SUCCEEDED, True)


def test_work_is_wished_once_and_its_output_is_the_activity_s(play: Play, shop: Workshop) -> None:
    run = play.go(probe("a", x="@concat('1', '2')"), activity("s", "SetVariable", "a", variableName="v", value="@activity('a').output.rows"),
                  variables={"v": {"type": "String"}})  # fmt: skip
    [key] = shop.asked
    assert shop.asked[key].arguments == {"x": "12"}
    play.wait(1)
    shop.answer(key, {"rows": "7"})
    play.wait(1)
    over = play.get(run.name)
    assert (over.status["state"], over.status["variables"], over.status.get("outcomes")) == (State.SUCCEEDED, {"v": "7"}, None)
    assert play.activities(run)[0]["input"] == {"x": "12"}
    assert play.activities(run)[0]["durationInMs"] == 2000


def test_a_failed_attempt_is_tried_again_and_recorded(play: Play, shop: Workshop) -> None:
    run = play.go(probe("a", _policy={"retry": 1, "retryIntervalInSeconds": 60}))
    shop.answer(next(iter(shop.asked)), error={"code": "2200", "message": "no disk"})
    play.wait(0)
    assert len(shop.asked) == 1
    play.wait(60)
    shop.answer(list(shop.asked)[1], {"ok": 1})
    play.wait(0)
    assert [(one["status"], one["retryAttempt"]) for one in play.activities(run)] == [("Failed", None), ("Succeeded", 1)]
    assert play.activities(run)[0]["error"]["errorCode"] == "2200"
    assert play.get(run.name).status["state"] == State.SUCCEEDED


def test_the_last_attempt_s_failure_counts(play: Play, shop: Workshop) -> None:
    run = play.go(probe("a", _policy={"retry": 1}), done("h", ("a", "Failed")))
    for place in range(2):
        shop.answer(list(shop.asked)[place], error={"code": "1", "message": "no"})
        play.wait(0)
        play.wait(30)
    assert play.get(run.name).status["state"] == State.SUCCEEDED
    assert [one["status"] for one in play.activities(run)] == ["Failed", "Failed", "Succeeded"]


def test_work_that_takes_too_long_is_ended(play: Play, shop: Workshop) -> None:
    run = play.go(probe("a", _policy={"timeout": "0.00:01:00"}), done("h", ("a", "Failed")))
    play.wait(59)
    assert shop.ceased == []
    play.wait(1)
    assert shop.ceased == list(shop.asked)
    play.wait(0)
    assert play.statuses(run) == {"a": "TimedOut", "h": "Succeeded"}
    assert play.activities(run)[0]["error"]["errorCode"] == "ActivityTimedOut"


def test_a_time_out_may_be_an_expression(play: Play, shop: Workshop) -> None:
    play.go(probe("a", _policy={"timeout": expression("@pipeline().parameters.t")}), parameters={"t": {"type": "string", "defaultValue": "00:00:05"}})
    play.wait(5)
    assert shop.ceased == list(shop.asked)


def test_without_a_word_it_is_twelve_hours(play: Play, shop: Workshop) -> None:
    play.go(probe("a"))
    play.wait(12 * 3600 - 1)
    assert shop.ceased == []
    play.wait(1)
    assert len(shop.ceased) == 1


def test_secrets_are_masked_and_seen_by_expressions(play: Play, shop: Workshop) -> None:
    play.put("pipelines/child", {"properties": {"activities": [], "parameters": {"p": {"type": "string"}}}})
    run = play.go(
        probe("a", x="hidden", _policy={"secureInput": True, "secureOutput": True}),
        activity("s", "SetVariable", "a", variableName="v", value="@activity('a').output.secret"),
        call("c", "child", "s", parameters={"p": "hidden"}, _policy={"secureInput": True}),
        variables={"v": {"type": "String"}},
        parameters={"key": {"type": "securestring", "defaultValue": "hidden"}},
    )
    shop.answer(next(iter(shop.asked)), {"secret": "hidden"})
    play.wait(0)
    over = play.get(run.name)
    assert (over.status["state"], over.status["variables"]) == (State.SUCCEEDED, {"v": "hidden"})
    a, _, c = play.activities(run)
    assert "hidden" not in str(a) and "***" in str(a["input"]) and "***" in str(a["output"])
    assert "hidden" not in str(c)
    [child] = play.children(run)
    assert play.show(child)["parameters"] == {"p": "***"}
    assert play.show(over)["parameters"] == {"key": "***"}


def test_inactive_activities_count_as_they_are_marked(play: Play, shop: Workshop) -> None:
    run = play.go(
        {**probe("a"), "state": "Inactive"},
        {**probe("b"), "state": "Inactive", "onInactiveMarkAs": "Failed"},
        {**probe("c"), "state": "Inactive", "onInactiveMarkAs": "Skipped"},
        done("after-a", "a"),
        done("after-b", ("b", "Failed")),
        done("after-c", ("c", "Skipped")),
    )
    assert shop.asked == {}
    inactive = dict.fromkeys("abc", "Inactive")
    assert play.statuses(run) == {**inactive, "after-a": "Succeeded", "after-b": "Succeeded", "after-c": "Succeeded"}
    assert run.status["state"] == State.SUCCEEDED


def test_user_properties_are_evaluated(play: Play) -> None:
    run = play.go({**done("a"), "userProperties": [{"name": "from", "value": "@pipeline().Pipeline"}]})
    assert play.activities(run)[0]["userProperties"] == {"from": "p"}


def test_cancelling_ends_what_is_under_way(play: Play, shop: Workshop) -> None:
    run = play.go(
        probe("a"), activity("w", "Wait", waitTimeInSeconds=100), done("later", "a"), activity("e", "ForEach", items=[1, 2], activities=[probe("in")])
    )
    play.cancel(run.name)
    over = play.get(run.name)
    assert sorted(shop.ceased) == sorted(shop.asked)
    assert (over.status["state"], over.settled) == (State.CANCELLED, True)
    assert play.statuses(run) == {"a": "Cancelled", "w": "Cancelled", "in": "Cancelled", "e": "Cancelled"}
    with pytest.raises(errors.Conflict, match="cannot be cancelled"):
        play.cancel(run.name)


@pytest.mark.parametrize(("recursive", "state"), [(True, State.CANCELLED), (False, State.RUNNING)])
def test_other_runs_are_cancelled_along_when_that_is_asked_for(play: Play, recursive: bool, state: str) -> None:
    play.pipeline("child", activity("w", "Wait", waitTimeInSeconds=100))
    run = play.go(call("c", "child", waitOnCompletion=True))
    play.cancel(run.name, recursive)
    assert play.get(run.name).status["state"] == State.CANCELLED
    assert play.children(run)[0].status["state"] == state


def test_a_pipeline_is_called_and_returns_values(play: Play) -> None:
    value = [{"key": "sum", "value": {"type": "Expression", "content": "@add(pipeline().parameters.a, 1)"}}, {"key": "no", "value": {"type": "Null"}}]
    play.pipeline(
        "child",
        activity("w", "Wait", waitTimeInSeconds=5),
        activity("r", "SetVariable", "w", variableName="pipelineReturnValue", setSystemVariable=True, value=value),
        parameters={"a": {"type": "int"}},
    )
    run = play.go(
        call("c", "child", waitOnCompletion=True, parameters={"a": expression("@add(20, 21)")}),
        activity("s", "SetVariable", "c", variableName="v", value="@string(activity('c').output.pipelineReturnValue.sum)"),
        variables={"v": {"type": "String"}},
    )
    [child] = play.children(run)
    play.wait(5)
    over = play.get(run.name)
    assert (over.status["state"], over.status["variables"]) == (State.SUCCEEDED, {"v": "42"})
    shown = play.show(child)
    assert shown["invokedBy"]["invokedByType"] == "PipelineActivity"
    assert (shown["invokedBy"]["pipelineName"], shown["invokedBy"]["pipelineRunId"]) == ("p", run.name)
    assert play.activities(run)[0]["output"] == {"pipelineName": "child", "pipelineRunId": child.name, "pipelineReturnValue": {"sum": 42, "no": None}}


def test_a_called_pipeline_s_failure_is_the_caller_s(play: Play) -> None:
    play.pipeline("child", broken("b"))
    run = play.go(call("c", "child", waitOnCompletion=True))
    assert run.status["message"] == "Operation on target c failed: Operation on target b failed: b broke"


def test_not_waiting_for_a_called_pipeline(play: Play) -> None:
    play.pipeline("child", broken("b"))
    run = play.go(call("c", "child", waitOnCompletion=False))
    assert run.status["state"] == State.SUCCEEDED
    assert play.children(run)[0].status["state"] == State.FAILED


def test_a_parameter_that_is_missing_fails_the_caller(play: Play) -> None:
    play.pipeline("child", parameters={"a": {"type": "int"}})
    run = play.go(call("c", "child", waitOnCompletion=True))
    assert "needs a value for its parameter 'a'" in run.status["message"]


def test_runs_of_a_pipeline_stand_in_line(play: Play) -> None:
    play.pipeline("p", activity("w", "Wait", waitTimeInSeconds=10), concurrency=2)
    names = [play.create("p") for _ in range(5)]
    play.loop.settle()

    def words() -> list[str]:
        return [play.show(play.get(name))["status"] for name in names]

    assert words() == ["InProgress", "InProgress", "Queued", "Queued", "Queued"]
    play.cancel(names[3])
    play.wait(10)
    assert words() == ["Succeeded", "Succeeded", "InProgress", "Cancelled", "InProgress"]
    play.wait(10)
    assert words() == ["Succeeded", "Succeeded", "Succeeded", "Cancelled", "Succeeded"]
    assert play.log.under(f"{play.get(names[0]).id.rpartition('/')[0].rpartition('/')[0]}/lines") == []


def test_running_again_from_the_failed_activities(play: Play, shop: Workshop) -> None:
    run = play.go(
        probe("good"),
        activity("s", "SetVariable", "good", variableName="v", value="@activity('good').output.x"),
        probe("bad", "s"),
        activity("t", "SetVariable", "bad", variableName="w", value="@concat(variables('v'), activity('good').output.x)"),
        variables={"v": {"type": "String"}, "w": {"type": "String"}},
    )
    shop.answer(next(iter(shop.asked)), {"x": "1"})
    play.wait(0)
    shop.answer(list(shop.asked)[1], error={"code": "1", "message": "no"})
    play.wait(0)
    again = play.run("p", recovery={"run": run.name, "failed": True})
    assert len(shop.asked) == 3
    shop.answer(list(shop.asked)[2], {})
    play.wait(0)
    over = play.get(again.name)
    assert (over.status["state"], over.status["variables"]) == (State.SUCCEEDED, {"v": "1", "w": "11"})
    assert play.show(over)["runGroupId"] == run.name
    assert (play.show(over)["isLatest"], play.show(play.get(run.name))["isLatest"]) == (True, False)
    assert {one["activityName"]: one["recoveryStatus"] for one in play.activities(over)} == {
        "good": "Skipped",
        "s": "Skipped",
        "bad": "None",
        "t": "None",
    }


def test_running_again_from_a_named_activity(play: Play, shop: Workshop) -> None:
    run = play.go(probe("a"), probe("b", "a"), probe("c"))
    while play.get(run.name).status["state"] == State.RUNNING:
        for key in list(shop.asked):
            shop.answer(key, {})
        play.wait(0)
    shop.asked.clear()
    play.run("p", recovery={"run": run.name, "from": "B"})
    assert len(shop.asked) == 1
    with pytest.raises(errors.Invalid, match="no activity 'nobody'"):
        play.create("p", recovery={"run": run.name, "from": "nobody"})


def test_a_restart_goes_on_and_repeats_nothing(play: Play, shop: Workshop) -> None:
    run = play.go(probe("a"), probe("b", "a"), activity("e", "ForEach", items=[1, 2, 3], isSequential=True, activities=[probe("in")]))
    while play.get(run.name).status["state"] == State.RUNNING:
        play.restart()
        play.loop.settle()
        for key in [key for key in shop.asked if shop.times[key] < 10]:
            shop.answer(key, {})
            shop.times[key] = 10
        play.loop.settle()
    assert len(shop.asked) == 5
    assert [one["status"] for one in play.activities(run)] == ["Succeeded"] * 6


def test_chance_and_time_are_the_same_at_every_look(play: Play) -> None:
    run = play.go(activity("s", "SetVariable", variableName="v", value="@concat(guid(), utcNow())"), variables={"v": {"type": "String"}})
    assert run.status["state"] == State.SUCCEEDED
    assert run.status["variables"]["v"].endswith("2023-11-14T22:13:20.0000000Z")


ARGUMENTS: list[tuple[str, Any, Any]] = [
    ("int", "5", 5), ("bool", "true", True), ("array", "[1]", [1]), ("object", '{"a": 1}', {"a": 1}), ("float", 1, 1.0), ("string", 3, "3"),
    ("array", [1], [1]), ("int", 5.0, 5),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "given", "taken"), ARGUMENTS)
def test_arguments_are_read_by_their_declared_type(play: Play, kind: str, given: Any, taken: Any) -> None:
    play.pipeline("p", parameters={"a": {"type": kind}})
    assert play.run("p", {"a": given, "unknown": 1}).spec["parameters"] == {"a": taken}


@pytest.mark.parametrize(("kind", "given"), [("int", "x"), ("bool", "yes"), ("array", "{}"), ("int", [1]), ("bool", 1)])
def test_arguments_of_another_type_are_refused(play: Play, kind: str, given: Any) -> None:
    play.pipeline("p", parameters={"a": {"type": kind}})
    with pytest.raises(errors.Invalid, match="The value of the parameter 'a'"):
        play.create("p", {"a": given})


def test_global_parameters_are_there(play: Play) -> None:
    play.put("globalParameters/default", {"properties": {"env": {"type": "String", "value": "test"}, "n": {"type": "Int", "value": "3"}}})
    play.pipeline(
        "p",
        activity("s", "SetVariable", variableName="v", value="@{pipeline().globalParameters.env}@{add(pipeline().globalParameters.n, 1)}"),
        variables={"v": {"type": "String"}},
    )
    assert play.run("p").status["variables"] == {"v": "test4"}


def test_a_huge_loop_costs_its_share(play: Play) -> None:
    inner: list[Json] = [activity("w", "Wait", waitTimeInSeconds=0)]
    run = play.go(activity("each", "ForEach", items=expression("@range(0, 10000)"), batchCount=50, activities=inner))
    assert run.status["state"] == State.SUCCEEDED
    assert len(play.activities(run)) == 10_001
    largest = max(len(str(one.status)) for one in [run])
    assert largest < 2000


def test_a_factory_leaves_with_all_that_is_going_in_it(play: Play, shop: Workshop) -> None:
    play.pipeline("child", activity("w", "Wait", waitTimeInSeconds=1000))
    run = play.go(done("d"), probe("a", "d"), call("c", "child"))
    play.log.write([Mark(FACTORY)], play.clock())
    play.loop.settle()
    assert shop.ceased == list(shop.asked)
    assert play.log.under(FACTORY) == []
    assert (play.log.get(FACTORY), play.log.get(run.id)) == (None, None)


def test_a_line_has_an_end(play: Play) -> None:
    play.pipeline("p", activity("w", "Wait", waitTimeInSeconds=10), concurrency=1)
    names = [play.create("p") for _ in range(103)]
    play.loop.settle()
    words = [play.show(play.get(name))["status"] for name in names]
    assert words == ["InProgress", *["Queued"] * 100, "Failed", "Failed"]
    assert "too many pending runs" in play.show(play.get(names[-1]))["message"]
    for _ in range(101):
        play.wait(10)
    assert {play.show(play.get(name))["status"] for name in names[:101]} == {"Succeeded"}


def test_a_call_that_is_going_says_which_run_it_waits_for() -> None:
    play = Play()
    play.pipeline("child", activity("w", "Wait", waitTimeInSeconds=60))
    run = play.go(call("call", "child", waitOnCompletion=True))
    [child] = play.children(run)
    [going] = runs.told(play.get(run.name), run.id, [])
    assert (going["status"], going["output"]) == ("InProgress", {"pipelineName": "child", "pipelineRunId": child.name})
    secret = play.go(call("call", "child", waitOnCompletion=True, _policy={"secureOutput": True}))
    [going] = runs.told(play.get(secret.name), secret.id, [])
    assert going["output"] == {"secureOutput": "***"}
