"""Activities that call others, as plays: answers that are not ready, restarts, cancelling, time-outs; nothing is called twice."""

from typing import Any

from azurine.factory import callbacks, exchanges
from azurine.factory.activities import azure_ml
from azurine.model.resources import Resource
from azurine.store import admission
from factory_plays import KINDS, Json, Play, Workshop, activity

URL = "https://x.example/a"


def answer(status: int = 200, body: str = "{}", **headers: str) -> Json:
    return {"status": status, "reason": "", "headers": headers, "body": body, "url": URL, "seconds": 0.1}


def begun(*activities_: Json, **properties: Any) -> tuple[Play, Workshop, Resource]:
    workshop = Workshop()
    play = Play({exchanges.WORK: workshop, azure_ml.WORK: Workshop()})
    return play, workshop, play.go(*activities_, **properties)


def error(play: Play, run: Resource, name: str = "a") -> tuple[str, str]:
    found = next(one for one in play.activities(run) if one["activityName"] == name)["error"]
    return found["errorCode"], found["message"]


def test_an_answer_that_is_not_ready_is_asked_for_when_it_says_and_a_restart_calls_nothing_again() -> None:
    play, workshop, run = begun(activity("a", "WebActivity", url=URL, method="POST", body={"x": "@pipeline().Pipeline"}))
    (first,) = workshop.asked
    assert workshop.asked[first].arguments["body"] == '{"x":"p"}'
    workshop.answer(first, answer(202, **{"Location": "/state/1", "Retry-After": "30"}))
    play.loop.settle()
    play.restart()
    play.wait(29)
    assert list(workshop.asked) == [first]
    play.wait(1)
    second = next(key for key in workshop.asked if key != first)
    asked = workshop.asked[second].arguments
    assert (asked["method"], asked["url"], asked["body"]) == ("GET", "https://x.example/state/1", None)
    play.restart()
    play.loop.settle()
    workshop.answer(second, answer(200, '{"done": true}'))
    play.loop.settle()
    assert play.show(run)["status"] == "Succeeded"
    assert play.activities(run)[0]["output"]["done"] is True
    assert workshop.times[first] == 1


def test_cancelling_while_it_waits_to_ask_again_is_at_once_and_while_it_asks_ends_the_call() -> None:
    play, workshop, run = begun(activity("a", "WebActivity", url=URL, method="GET"))
    (first,) = workshop.asked
    workshop.answer(first, answer(202, Location="/s"))
    play.loop.settle()
    play.cancel(run.name)
    assert play.show(run)["status"] == "Cancelled"
    assert workshop.ceased == []
    play, workshop, run = begun(activity("a", "WebActivity", url=URL, method="GET"))
    play.cancel(run.name)
    assert (play.show(run)["status"], workshop.ceased) == ("Cancelled", list(workshop.asked))


def test_the_time_out_of_the_policy_counts_all_questions() -> None:
    play, workshop, run = begun(activity("a", "WebActivity", url=URL, method="GET", _policy={"timeout": "0.00:01:00"}))
    for _ in range(7):
        for key in list(workshop.asked):
            if workshop.times.get(key):
                workshop.answer(key, answer(202, **{"Location": "/s", "Retry-After": "10"}))
        play.wait(10)
    assert play.activities(run)[0]["status"] == "TimedOut"


def test_a_retry_is_another_call() -> None:
    play, workshop, run = begun(activity("a", "WebActivity", url=URL, method="GET", _policy={"retry": 1, "retryIntervalInSeconds": 30}))
    (first,) = workshop.asked
    workshop.answer(first, error={"code": "2128", "message": "No response from the endpoint."})
    play.loop.settle()
    assert error(play, run)[0] == "2128"
    play.wait(30)
    second = next(key for key in workshop.asked if key != first)
    workshop.answer(second, answer(200, "[1]"))
    play.loop.settle()
    assert play.show(run)["status"] == "Succeeded"
    assert play.activities(run)[-1]["output"]["Response"] == [1]


def called(play: Play, run: Resource, body: Json) -> None:
    """As the door does it."""
    identity = next(one["activityRunId"] for one in all_told(play, run))
    request = admission.Request(callbacks.of(run.id, identity), lambda _: {"body": body}, owner=run.id)
    admission.admit(play.log, KINDS, request, play.clock())
    play.loop.settle()


def all_told(play: Play, run: Resource) -> list[dict[str, Any]]:
    """All activity runs, those that are going too."""
    from azurine.factory import runs

    return runs.told(play.get(run.name), run.id, [])


def test_a_hook_waits_through_a_restart_and_is_called_even_before_its_own_call_is_answered() -> None:
    play, workshop, run = begun(activity("a", "WebHook", url=URL, method="POST", body='{"x": 1}'))
    (first,) = workshop.asked
    assert workshop.asked[first].arguments["body"] == {"x": 1}
    assert workshop.asked[first].arguments["callback"]
    play.restart()
    play.loop.settle()
    called(play, run, {"said": "early"})
    assert play.show(run)["status"] == "Succeeded"
    assert play.activities(run)[0]["output"] == {"said": "early"}


def test_a_hook_that_nobody_calls_has_timed_out() -> None:
    play, workshop, run = begun(activity("a", "WebHook", url=URL, method="POST", timeout="00:05:00"))
    workshop.answer(next(iter(workshop.asked)), answer(202))
    play.wait(299)
    assert play.show(run)["status"] == "InProgress"
    play.wait(1)
    assert play.activities(run)[0]["status"] == "TimedOut"
    assert play.show(run)["status"] == "Failed"


def test_what_cannot_be_sent_is_told_before_anything_is_sent() -> None:
    rows: list[tuple[Json, str, str]] = [
        (activity("a", "WebActivity", url="@null", method="GET"), "2103", "'url'"),
        (activity("a", "WebActivity", url=URL, method="@concat('BR', 'EW')"), "2104", "'BREW'"),
        (activity("a", "WebActivity", url=URL, method="GET", headers="@string(1)"), "2104", "'headers'"),
        (activity("a", "WebActivity", url=URL, method="GET", authentication="@string(1)"), "2104", "'authentication'"),
        (activity("a", "WebHook", url=URL, method="POST", body="no json"), "2105", "'body'"),
        (activity("a", "WebHook", url=URL, method="POST", body="[1]"), "2104", "'body'"),
        (activity("a", "WebHook", url=URL, method="POST", timeout="soon"), "2104", "'timeout'"),
        (activity("a", "AzureFunctionActivity", functionName="f", method="GET"), "3612", "LinkedService"),
        (activity("a", "AzureMLExecutePipeline", mlPipelineId="x"), "4110", "no linked service"),
    ]
    for one, code, words in rows:
        play, workshop, run = begun(one)
        assert not workshop.asked
        found = error(play, run)
        assert (found[0], words in found[1]) == (code, True), (one, found)
