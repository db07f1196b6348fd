"""Plays of whole runs: this pipeline, this end."""

from azurine.model.states import State
from factory_plays import Play, activity, broken, done, expression


def test_a_run_ends_in_one_look() -> None:
    play = Play()
    run = play.go(done("a"), activity("b", "SetVariable", "a", variableName="v", value="@concat('x', 'y')"), variables={"v": {"type": "String"}})
    assert run.status["state"] == State.SUCCEEDED
    assert run.status["variables"] == {"v": "xy"}
    assert [one["activityName"] for one in play.activities(run)] == ["a", "b"]
    assert play.activities(run)[1]["output"] == {"name": "v", "value": "xy"}


def test_wait_and_if() -> None:
    play = Play()
    run = play.go(
        activity("w", "Wait", waitTimeInSeconds=30),
        activity("i", "IfCondition", "w", expression=expression("@equals(1, 1)"), ifTrueActivities=[done("yes")], ifFalseActivities=[broken("no")]),
    )
    assert run.status["state"] == State.RUNNING
    play.wait(29)
    assert play.activities(run) == []
    play.wait(1)
    assert play.get(run.name).status["state"] == State.SUCCEEDED
    assert play.statuses(run) == {"w": "Succeeded", "yes": "Succeeded", "i": "Succeeded"}


def test_for_each() -> None:
    play = Play()
    run = play.go(
        activity(
            "each",
            "ForEach",
            items=expression("@range(0, 1000)"),
            batchCount=50,
            activities=[
                activity("add", "AppendVariable", variableName="all", value=expression("@item()")),
            ],
        ),
        variables={"all": {"type": "Array"}},
    )
    assert run.status["state"] == State.SUCCEEDED, run.status.get("message")
    assert run.status["variables"]["all"] == list(range(1000))
    assert len(play.activities(run)) == 1001
