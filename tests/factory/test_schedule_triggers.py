"""Schedule triggers on a clock that is moved: when they fire, what they give their pipelines, and what happens while the server is away."""

from typing import Any

import pytest

from azurine.model import errors
from factory_plays import broken
from trigger_plays import TriggerPlay, pipeline


def daily(hour: str = "08:00:00", **more: Any) -> dict[str, Any]:
    return {"frequency": "Day", "interval": 1, "startTime": f"2024-01-01T{hour}Z", "timeZone": "UTC", **more}


def test_it_fires_at_its_times_and_says_them_to_its_pipelines() -> None:
    play = TriggerPlay()
    play.trigger("t", "ScheduleTrigger", {"a": "@trigger().scheduledTime", "b": "on @{trigger().name}"}, recurrence=daily())
    play.to("2024-01-03T12:00:00")
    assert play.times("t") == ["2024-01-01T08:00", "2024-01-02T08:00", "2024-01-03T08:00"]
    runs = play.pipeline_runs()
    assert [one.spec["parameters"] for one in runs] == [{"a": f"2024-01-0{day}T08:00:00.000000Z", "b": "on t"} for day in (1, 2, 3)]
    first = play.fired("t")[0]
    assert (first["status"], first["triggerType"], first["triggeredPipelines"]) == ("Succeeded", "ScheduleTrigger", {"work": runs[0].name})
    shown = play.show(runs[0])
    assert (shown["status"], shown["invokedBy"]) == (
        "Succeeded",
        {"id": first["triggerRunId"], "name": "t", "invokedByType": "ScheduleTrigger"},
    )


def test_what_was_before_it_was_started_is_not_made_up_for() -> None:
    play = TriggerPlay("2024-01-05T12:00:00")
    play.trigger("t", "ScheduleTrigger", recurrence=daily())
    play.to("2024-01-06T12:00:00")
    assert play.times("t") == ["2024-01-06T08:00"]


def test_stopped_it_does_not_fire_and_started_again_it_goes_on_from_then() -> None:
    play = TriggerPlay()
    play.trigger("t", "ScheduleTrigger", recurrence=daily())
    play.to("2024-01-01T12:00:00")
    play.wish("triggers/t", "stop")
    play.to("2024-01-03T12:00:00")
    play.wish("triggers/t", "start")
    play.to("2024-01-04T12:00:00")
    assert play.times("t") == ["2024-01-01T08:00", "2024-01-04T08:00"]


def test_it_ends() -> None:
    play = TriggerPlay()
    play.trigger("t", "ScheduleTrigger", recurrence=daily(endTime="2024-01-02T08:00:00Z"))
    play.to("2024-02-01T00:00:00")
    assert play.times("t") == ["2024-01-01T08:00", "2024-01-02T08:00"]
    assert play.loop.next_due() is None and play.one("triggers/t").settled


@pytest.mark.parametrize(
    ("back", "made_up"),
    [
        ("2024-01-01T07:59:00", []),
        ("2024-01-01T08:00:00", ["2024-01-01T08:00"]),
        ("2024-01-01T20:30:00", ["2024-01-01T08:00", "2024-01-01T20:00"]),
        ("2024-01-05T08:30:00", ["2024-01-04T20:00", "2024-01-05T08:00"]),
    ],
)
def test_what_was_due_while_the_server_was_away(back: str, made_up: list[str]) -> None:
    play = TriggerPlay()
    play.trigger("t", "ScheduleTrigger", recurrence=daily(schedule={"hours": [8, 20]}))
    play.away(back)
    assert play.times("t") == made_up
    play.restart()
    play.loop.settle()
    assert len(play.pipeline_runs()) == len(made_up)


def test_the_last_time_is_made_up_for_however_long_ago() -> None:
    play = TriggerPlay()
    recurrence = {"frequency": "Month", "interval": 1, "startTime": "2024-01-10T08:00:00Z"}
    play.trigger("t", "ScheduleTrigger", recurrence=recurrence)
    play.away("2024-04-02T00:00:00")
    assert play.times("t") == ["2024-03-10T08:00"]


def test_several_pipelines_and_one_that_cannot_be_run() -> None:
    play = TriggerPlay()
    play.pipeline("bad", broken("b"))
    play.pipeline("needy", parameters={"must": {"type": "String"}})
    play.trigger("two", "ScheduleTrigger", pipelines=[pipeline("work"), pipeline("bad")], recurrence=daily())
    play.trigger("needy", "ScheduleTrigger", pipelines=[pipeline("work"), pipeline("needy")], recurrence=daily("09:00:00"))
    play.trigger("wrong", "ScheduleTrigger", pipelines=[pipeline("work", {"a": "@trigger().nothing"})], recurrence=daily("10:00:00"))
    play.to("2024-01-01T12:00:00")
    [two], [needy], [wrong] = (play.fired(name) for name in ("two", "needy", "wrong"))
    assert (two["status"], set(two["triggeredPipelines"])) == ("Succeeded", {"work", "bad"})
    assert (needy["status"], set(needy["triggeredPipelines"])) == ("Failed", {"work"})
    assert "needs a value for its parameter 'must'" in needy["message"]
    assert (wrong["status"], wrong["triggeredPipelines"]) == ("Failed", {})
    assert "pipelines[0].parameters.a" in wrong["message"]


def test_a_run_is_run_again() -> None:
    play = TriggerPlay()
    play.trigger("t", "ScheduleTrigger", {"a": "@trigger().scheduledTime"}, recurrence=daily())
    play.to("2024-01-01T12:00:00")
    [fired] = play.fired("t")
    play.wish(f"triggers/t/triggerRuns/{fired['triggerRunId']}", "rerun")
    [again] = play.fired("t")
    first, second = play.pipeline_runs()
    assert first.spec["parameters"] == second.spec["parameters"]
    assert again["triggeredPipelines"] == {"work": second.name}
    with pytest.raises(errors.Conflict, match="cannot be cancelled any more"):
        play.wish(f"triggers/t/triggerRuns/{fired['triggerRunId']}", "cancel")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({}, "properties.typeProperties.recurrence"),
    ({"recurrence": {"frequency": "Fortnight"}}, "properties.typeProperties.recurrence.frequency"),
    ({"recurrence": daily(interval=0)}, "properties.typeProperties.recurrence.interval"),
    ({"recurrence": daily(timeZone="Mars")}, "properties.typeProperties.recurrence.timeZone"),
    ({"recurrence": daily(startTime="soon")}, "properties.typeProperties.recurrence.startTime"),
    ({"recurrence": daily(endTime="2023-01-01")}, "properties.typeProperties.recurrence.endTime"),
    ({"recurrence": daily(schedule={"hours": [24]})}, "properties.typeProperties.recurrence.schedule.hours[0]"),
    ({"recurrence": daily(schedule={"weekDays": ["Monday"]})}, "properties.typeProperties.recurrence.schedule.weekDays"),
]


@pytest.mark.parametrize(("given", "path"), WRONG, ids=[path for _, path in WRONG])
def test_what_is_wrong_is_said_with_its_path(given: dict[str, Any], path: str) -> None:
    play = TriggerPlay()
    with pytest.raises(errors.Invalid) as caught:
        play.trigger("t", "ScheduleTrigger", start=False, **given)
    assert path in {one.path for one in caught.value.details}


def test_what_cannot_be_started() -> None:
    play = TriggerPlay()
    play.trigger("none", "ScheduleTrigger", pipelines=[], start=False, recurrence=daily())
    with pytest.raises(errors.Invalid, match="it has no pipeline"):
        play.wish("triggers/none", "start")
    play.trigger("chain", "ChainingTrigger", start=False)
    with pytest.raises(errors.Invalid, match="keeps but does not fire"):
        play.wish("triggers/chain", "start")
    with pytest.raises(errors.Invalid) as caught:
        play.trigger("t", "ScheduleTrigger", {"a": "@nope("}, recurrence=daily())
    assert caught.value.path == "properties.pipelines[0].parameters.a"
