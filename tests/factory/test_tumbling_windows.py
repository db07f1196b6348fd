"""Tumbling window triggers on a clock that is moved: back-fill, turns, retries, dependencies, running again."""

from typing import Any

import pytest

from azurine.factory import kinds
from azurine.model import errors
from factory_plays import FACTORY, activity, broken
from trigger_plays import TriggerPlay, pipeline

KIND = "TumblingWindowTrigger"


def hourly(start: str = "2024-01-01T00:00:00Z", **more: Any) -> dict[str, Any]:
    return {"frequency": "Hour", "interval": 1, "startTime": start, "maxConcurrency": 10, **more}


def windows(play: TriggerPlay, trigger: str = "t") -> list[tuple[str, str]]:
    """(begin of the window, status), oldest first."""
    found = play.fired(trigger)
    return sorted((one["properties"]["windowStartTime"][5:16], one["status"]) for one in found)


def the_run(play: TriggerPlay, begin: str, trigger: str = "t") -> str:
    [found] = [one["triggerRunId"] for one in play.fired(trigger) if one["properties"]["windowStartTime"][5:16] == begin]
    return f"triggers/{trigger}/triggerRuns/{found}"


def test_windows_are_run_when_they_have_ended() -> None:
    play = TriggerPlay()
    play.trigger("t", KIND, {"a": "@trigger().outputs.windowStartTime", "b": "@trigger().outputs.windowEndTime"}, **hourly())
    play.to("2024-01-01T02:59:00")
    assert windows(play) == [("01-01T00:00", "Succeeded"), ("01-01T01:00", "Succeeded")]
    first = play.pipeline_runs()[0]
    assert first.spec["parameters"] == {"a": "2024-01-01T00:00:00.000000Z", "b": "2024-01-01T01:00:00.000000Z"}
    assert play.show(first)["invokedBy"]["invokedByType"] == KIND
    assert play.log.page(kinds.OPEN_WINDOWS, f"{FACTORY}/triggers/t") == []


def test_a_delay_and_an_end() -> None:
    play = TriggerPlay()
    play.trigger("t", KIND, **hourly(delay="00:15:00", endTime="2024-01-01T02:00:00Z"))
    play.to("2024-01-01T01:14:00")
    assert windows(play) == []
    play.to("2024-01-02T00:00:00")
    assert [begin for begin, _ in windows(play)] == ["01-01T00:00", "01-01T01:00"]
    assert play.one("triggers/t").settled


def test_the_past_is_run_oldest_first_and_only_so_many_at_once() -> None:
    play = TriggerPlay("2024-01-03T00:00:00")
    play.pipeline("slow", activity("w", "Wait", waitTimeInSeconds=60))
    play.trigger("t", KIND, pipelines=[pipeline("slow")], **hourly(maxConcurrency=2))
    seen: list[int] = []
    for minute in range(26):
        play.to(f"2024-01-03T00:{minute:02}:00")
        going = [one for one in play.pipeline_runs() if one.status["state"] == "running"]
        seen.append(len(going))
        begun = [begin for begin, status in windows(play) if status in ("Succeeded", "Inprogress")]
        assert begun == [begin for begin, _ in windows(play)][: len(begun)]
    assert seen == [2] * 24 + [0, 0]
    assert len(windows(play)) == 48
    assert {status for _, status in windows(play)} == {"Succeeded"}


def test_stopped_it_opens_no_windows_and_those_that_wait_go_on_when_it_is_started() -> None:
    play = TriggerPlay("2024-01-01T05:00:00")
    play.pipeline("slow", activity("w", "Wait", waitTimeInSeconds=600))
    play.trigger("t", KIND, pipelines=[pipeline("slow")], **hourly(maxConcurrency=1))
    play.wish("triggers/t", "stop")
    play.to("2024-01-01T08:00:00")
    assert [status for _, status in windows(play)] == ["Succeeded", *["Waiting"] * 4]
    play.wish("triggers/t", "start")
    play.to("2024-01-01T10:30:00")
    assert [status for _, status in windows(play)] == ["Succeeded"] * 10


def test_a_restart_in_the_middle_repeats_nothing() -> None:
    play = TriggerPlay("2024-01-01T06:00:00")
    play.pipeline("slow", activity("w", "Wait", waitTimeInSeconds=60))
    play.trigger("t", KIND, pipelines=[pipeline("slow")], **hourly(maxConcurrency=2))
    for minute in range(1, 6):
        play.restart()
        play.to(f"2024-01-01T06:{minute:02}:00")
    assert [status for _, status in windows(play)] == ["Succeeded"] * 6
    assert len(play.pipeline_runs()) == 6


def test_a_window_that_fails_is_tried_again_after_a_pause() -> None:
    play = TriggerPlay()
    play.pipeline("bad", broken("b"))
    play.trigger("t", KIND, pipelines=[pipeline("bad")], **hourly(retryPolicy={"count": 2, "intervalInSeconds": 60}))
    play.to("2024-01-01T01:00:00")
    assert (windows(play), len(play.pipeline_runs())) == ([("01-01T00:00", "Waiting")], 1)
    play.to("2024-01-01T01:01:00")
    assert len(play.pipeline_runs()) == 2
    play.to("2024-01-01T01:30:00")
    assert (windows(play), len(play.pipeline_runs())) == ([("01-01T00:00", "Failed")], 3)
    assert "b broke" in play.fired("t")[0]["message"]


def test_a_window_waits_for_the_one_before() -> None:
    play = TriggerPlay("2024-01-01T03:00:00")
    play.pipeline("bad", broken("b"))
    own = [{"type": "SelfDependencyTumblingWindowTriggerReference", "offset": "-01:00:00", "size": "01:00:00"}]
    play.trigger("t", KIND, pipelines=[pipeline("bad")], **hourly(dependsOn=own))
    assert [status for _, status in windows(play)] == ["Failed", "Waiting on dependency", "Waiting on dependency"]
    # Mended, and the first one run again: the others follow, one after another.
    play.pipeline("bad")
    play.wish(the_run(play, "01-01T00:00"), "rerun")
    play.to("2024-01-01T03:10:00")
    assert [status for _, status in windows(play)] == ["Succeeded"] * 3
    began = [one.status["began"] for one in play.pipeline_runs()[1:]]
    assert began == sorted(began)


def test_a_window_waits_for_those_of_another_trigger() -> None:
    play = TriggerPlay("2024-01-01T00:30:00")
    play.pipeline("slow", activity("w", "Wait", waitTimeInSeconds=600))
    play.trigger("hours", KIND, pipelines=[pipeline("slow")], **hourly())
    needed = {"type": "TumblingWindowTriggerDependencyReference", "referenceTrigger": {"type": "TriggerReference", "referenceName": "hours"}}
    play.trigger("t", KIND, **{**hourly(), "interval": 3}, dependsOn=[needed])
    play.trigger("late", KIND, **{**hourly(), "interval": 3}, dependsOn=[{**needed, "offset": "-01:00:00", "size": "02:00:00"}])
    play.to("2024-01-01T03:05:00")
    assert windows(play) == [("01-01T00:00", "Waiting on dependency")]
    assert windows(play, "late") == [("01-01T00:00", "Succeeded")]
    [waiting] = play.fired("t")
    assert waiting["dependencyStatus"] == {"hours 2024-01-01T02:00:00.000000Z": "running"}
    play.to("2024-01-01T03:12:00")
    assert windows(play) == [("01-01T00:00", "Succeeded")]


def test_nobody_waits_longer_than_a_week() -> None:
    play = TriggerPlay("2024-01-01T03:00:00")
    play.trigger("other", KIND, **hourly(), start=False)
    needed = {"type": "TumblingWindowTriggerDependencyReference", "referenceTrigger": {"type": "TriggerReference", "referenceName": "other"}}
    play.trigger("t", KIND, **hourly(endTime="2024-01-01T01:00:00Z", dependsOn=[needed]))
    play.to("2024-01-08T02:00:00")
    assert windows(play) == [("01-01T00:00", "Waiting on dependency")]
    play.to("2024-01-08T04:00:00")
    assert windows(play) == [("01-01T00:00", "Failed")]
    assert "waited for 7 days for other 2024-01-01T00:00" in play.fired("t")[0]["message"]


def test_a_window_is_cancelled() -> None:
    play = TriggerPlay("2024-01-01T03:00:00")
    play.pipeline("slow", activity("w", "Wait", waitTimeInSeconds=600))
    play.trigger("t", KIND, pipelines=[pipeline("slow")], **hourly(maxConcurrency=1))
    play.wish(the_run(play, "01-01T00:00"), "cancel")
    play.wish(the_run(play, "01-01T02:00"), "cancel")
    play.to("2024-01-01T03:30:00")
    assert [status for _, status in windows(play)] == ["Cancelled", "Succeeded", "Cancelled"]
    assert [play.show(one)["status"] for one in play.pipeline_runs()] == ["Cancelled", "Succeeded"]


def test_some_windows_are_run_again_by_a_trigger_of_their_own() -> None:
    play = TriggerPlay("2024-01-01T06:00:00")
    play.trigger("t", KIND, {"a": "@trigger().outputs.windowStartTime"}, **hourly())
    again = {
        "parentTrigger": {"type": "TriggerReference", "referenceName": "t"},
        "requestedStartTime": "2024-01-01T01:00:00Z",
        "requestedEndTime": "2024-01-01T03:00:00Z",
        "rerunConcurrency": 1,
    }
    play.trigger("again", "RerunTumblingWindowTrigger", pipelines=[], **again)
    play.to("2024-01-01T06:30:00")
    assert windows(play, "again") == [("01-01T01:00", "Succeeded"), ("01-01T02:00", "Succeeded")]
    assert [one.spec["parameters"]["a"][11:13] for one in play.pipeline_runs()[-2:]] == ["01", "02"]


def test_pipelines_that_cannot_be_run() -> None:
    play = TriggerPlay("2024-01-01T01:00:00")
    play.pipeline("needy", parameters={"must": {"type": "Int"}})
    play.trigger("a", KIND, pipelines=[pipeline("needy")], **hourly())
    play.trigger("b", KIND, pipelines=[pipeline("work", {"a": "@trigger().outputs.nothing"})], **hourly())
    assert windows(play, "a") == windows(play, "b") == [("01-01T00:00", "Failed")]
    assert "needs a value for its parameter 'must'" in play.fired("a")[0]["message"]
    assert "pipelines[0].parameters.a" in play.fired("b")[0]["message"]


WRONG: list[tuple[dict[str, Any], str]] = [
    (hourly(frequency="Day"), "frequency"),
    (hourly(frequency="Minute", interval=4), "interval"),
    (hourly(start=""), "startTime"),
    (hourly(endTime="2024-01-01T00:30:00Z"), "endTime"),
    (hourly(delay="soon"), "delay"),
    (hourly(delay="-01:00:00"), "delay"),
    (hourly(maxConcurrency=51), "maxConcurrency"),
    (hourly(retryPolicy=[]), "retryPolicy"),
    (hourly(retryPolicy={"count": -1}), "retryPolicy.count"),
    (hourly(retryPolicy={"intervalInSeconds": 5}), "retryPolicy.intervalInSeconds"),
    (hourly(dependsOn=[{}] * 6), "dependsOn"),
    (hourly(dependsOn=["x"]), "dependsOn[0]"),
    (hourly(dependsOn=[{"type": "TumblingWindowTriggerDependencyReference"}]), "dependsOn[0].referenceTrigger"),
    (hourly(dependsOn=[{"type": "SelfDependencyTumblingWindowTriggerReference"}]), "dependsOn[0].offset"),
    (hourly(dependsOn=[{"type": "SelfDependencyTumblingWindowTriggerReference", "offset": "-01:00:00", "size": "02:00:00"}]), "dependsOn[0].offset"),
    (hourly(dependsOn=[{"referenceTrigger": {"type": "TriggerReference", "referenceName": "t"}}]), "dependsOn[0].referenceTrigger"),
    (hourly(dependsOn=[{"referenceTrigger": {"type": "TriggerReference", "referenceName": "daily"}}]), "dependsOn[0].referenceTrigger"),
]


@pytest.mark.parametrize(("given", "path"), WRONG, ids=[f"{path}-{place}" for place, (_, path) in enumerate(WRONG)])
def test_what_is_wrong_is_said_with_its_path(given: dict[str, Any], path: str) -> None:
    play = TriggerPlay()
    play.trigger("daily", "ScheduleTrigger", recurrence={"frequency": "Day", "startTime": "2024-01-01T00:00:00Z"}, start=False)
    with pytest.raises(errors.Invalid) as caught:
        play.trigger("t", KIND, start=False, **given)
    assert f"properties.typeProperties.{path}" in {one.path for one in caught.value.details}


def test_what_cannot_be_changed_any_more_and_circles() -> None:
    play = TriggerPlay()
    play.trigger("a", KIND, start=False, **hourly())
    with pytest.raises(errors.Invalid, match="cannot be changed any more"):
        play.trigger("a", KIND, start=False, **{**hourly(), "interval": 2})
    play.trigger("b", KIND, start=False, **hourly(dependsOn=[{"referenceTrigger": {"type": "TriggerReference", "referenceName": "a"}}]))
    with pytest.raises(errors.Invalid, match="wait for each other"):
        play.trigger("a", KIND, start=False, **hourly(dependsOn=[{"referenceTrigger": {"type": "TriggerReference", "referenceName": "b"}}]))
