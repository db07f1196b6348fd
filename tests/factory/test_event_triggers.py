"""Event triggers: which events are meant for whom, what pipelines are given, and that an event told twice fires once."""

from collections.abc import Mapping
from typing import Any

import pytest

from azurine.factory import kinds, triggers
from azurine.factory.triggers import filters
from azurine.factory.triggers.events import Blob, Custom
from azurine.model import errors
from azurine.model.resources import Resource
from azurine.reconcile.announcing import Announcer
from azurine.store.log import Update
from factory_plays import FACTORY, KINDS
from trigger_plays import TriggerPlay, pipeline

BLOBS, CUSTOM = "BlobEventsTrigger", "CustomEventsTrigger"
CREATED, DELETED = "Microsoft.Storage.BlobCreated", "Microsoft.Storage.BlobDeleted"
SCOPE = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/lake"
TOPIC = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid/topics/models"


def announcer(play: TriggerPlay) -> Announcer:
    made = Announcer(play.log, KINDS, kinds.TRIGGERS, triggers.hears, triggers.called, play.clock)
    made.start()
    return made


def blobs(**more: Any) -> dict[str, Any]:
    return {"scope": SCOPE, "events": [CREATED], "blobPathBeginsWith": "/data/blobs/in/", **more}


def blob(path: str = "in/a.csv", size: int = 1, version: str = "1", **more: Any) -> Blob:
    return Blob("lake", "data", path, size, version, **more)


def custom(**more: Any) -> Custom:
    event = {"id": "1", "subject": "models/diabetes", "eventType": "Drift.Found", "data": {"share": 0.4, "names": ["age", "bmi"], "bad": True}}
    return Custom(TOPIC, {**event, **more})


MEANT: list[tuple[str, dict[str, Any], Any, bool]] = [
    (BLOBS, blobs(), blob(), True),
    (BLOBS, blobs(), blob("in/deeper/a.csv"), True),
    (BLOBS, blobs(), blob("out/a.csv"), False),
    (BLOBS, blobs(), blob(deleted=True), False),
    (BLOBS, blobs(events=[DELETED]), blob(deleted=True), True),
    (BLOBS, blobs(events=[CREATED, DELETED]), blob(deleted=True), True),
    (BLOBS, blobs(scope="/x/LAKE/"), blob(), True),
    (BLOBS, blobs(scope="/x/other"), blob(), False),
    (BLOBS, blobs(ignoreEmptyBlobs=True), blob(size=0), False),
    (BLOBS, blobs(ignoreEmptyBlobs=False), blob(size=0), True),
    (BLOBS, blobs(blobPathBeginsWith="/data/blobs/"), blob("a.csv"), True),
    (BLOBS, blobs(blobPathBeginsWith="data/blobs/in"), blob(), True),
    (BLOBS, blobs(blobPathBeginsWith="/dat"), blob(), True),
    (BLOBS, blobs(blobPathBeginsWith="/other/blobs/"), blob(), False),
    (BLOBS, {"scope": SCOPE, "events": [CREATED], "blobPathEndsWith": ".csv"}, blob(), True),
    (BLOBS, blobs(blobPathEndsWith=".parquet"), blob(), False),
    (BLOBS, blobs(), custom(), False),
    (CUSTOM, {"scope": TOPIC, "events": ["drift.found"]}, custom(), True),
    (CUSTOM, {"scope": TOPIC.upper(), "events": ["Other", "Drift.Found"]}, custom(), True),
    (CUSTOM, {"scope": TOPIC, "events": ["Other"]}, custom(), False),
    (CUSTOM, {"scope": f"{TOPIC}2", "events": ["Drift.Found"]}, custom(), False),
    (CUSTOM, {"scope": TOPIC, "events": ["Drift.Found"], "subjectBeginsWith": "Models/"}, custom(), True),
    (CUSTOM, {"scope": TOPIC, "events": ["Drift.Found"], "subjectBeginsWith": "data/"}, custom(), False),
    (CUSTOM, {"scope": TOPIC, "events": ["Drift.Found"], "subjectEndsWith": "betes"}, custom(), True),
    (CUSTOM, {"scope": TOPIC, "events": ["Drift.Found"], "subjectEndsWith": "x"}, custom(), False),
    (CUSTOM, {"scope": TOPIC, "events": ["Drift.Found"]}, blob(), False),
    (
        CUSTOM,
        {"scope": TOPIC, "events": ["Drift.Found"], "advancedFilters": [{"operatorType": "NumberGreaterThan", "key": "data.share", "value": 0.5}]},
        custom(),
        False,
    ),
]


@pytest.mark.parametrize(("kind", "given", "event", "meant"), MEANT, ids=[f"{kind}-{place}" for place, (kind, *_) in enumerate(MEANT)])
def test_for_whom_an_event_is_meant(kind: str, given: dict[str, Any], event: Any, meant: bool) -> None:
    play = TriggerPlay()
    telling = announcer(play)
    play.trigger("t", kind, **given)
    assert telling.tell(event) == int(meant)
    play.loop.settle()
    assert [one["status"] for one in play.fired("t")] == ["Succeeded"] * meant


def test_what_pipelines_are_given() -> None:
    play = TriggerPlay()
    telling = announcer(play)
    play.trigger("b", BLOBS, {"a": "@triggerBody().folderPath", "b": "@trigger().outputs.body.fileName"}, **blobs())
    play.trigger("top", BLOBS, {"a": "@triggerBody().folderPath"}, **blobs(blobPathBeginsWith="/data/blobs/x"))
    play.trigger("c", CUSTOM, {"a": "@{triggerBody().event.data.share}", "b": "@triggerBody().event.subject"}, scope=TOPIC, events=["Drift.Found"])
    play.trigger("gone", CUSTOM, {"a": "@triggerBody().event.data.nothing"}, scope=TOPIC, events=["Drift.Found"])
    for event in (blob("in/deep/a.csv"), blob("x.csv"), custom()):
        telling.tell(event)
    play.loop.settle()
    given = [one.spec["parameters"] for one in play.pipeline_runs()]
    assert given == [{"a": "data/in/deep", "b": "a.csv"}, {"a": "data", "b": ""}, {"a": "0.4", "b": "models/diabetes"}]
    [failed] = play.fired("gone")
    assert (failed["status"], failed["triggeredPipelines"]) == ("Failed", {})
    assert "pipelines[0].parameters.a" in failed["message"]


def test_an_event_told_twice_fires_once_also_after_a_restart() -> None:
    play = TriggerPlay()
    telling = announcer(play)
    play.trigger("t", BLOBS, pipelines=[pipeline("work"), pipeline("work")], **blobs())
    telling.tell(blob())
    telling.tell(blob())
    play.restart()
    again = announcer(play)
    assert again.is_awaited
    again.tell(blob())
    play.loop.settle()
    assert len(play.fired("t")) == 1
    assert len(play.pipeline_runs()) == 2
    again.tell(blob(version="2"))
    play.loop.settle()
    assert len(play.fired("t")) == 2


def test_those_that_are_stopped_unsubscribed_or_gone_hear_nothing() -> None:
    play = TriggerPlay()
    telling = announcer(play)
    play.trigger("t", BLOBS, start=False, **blobs())
    assert (telling.is_awaited, telling.tell(blob())) == (False, 0)
    play.wish("triggers/t", "start")
    assert telling.tell(blob()) == 1
    play.wish("triggers/t", "stop")
    assert telling.tell(blob(version="2")) == 0
    play.wish("triggers/t", "start")
    change(play, triggers.unsubscribe(play.one("triggers/t")))
    assert triggers.subscription(play.one("triggers/t")) == {"triggerName": "t", "status": "Disabled"}
    assert telling.tell(blob(version="3")) == 0
    change(play, triggers.subscribe(play.one("triggers/t")))
    assert telling.tell(blob(version="4")) == 1
    assert "unsubscribed" not in triggers.show(Resource("", "", {**play.one("triggers/t").spec, "unsubscribed": True}))


def change(play: TriggerPlay, spec: Mapping[str, Any]) -> None:
    play.log.write([Update(f"{FACTORY}/triggers/t", spec, settled=False)], play.clock())


WRONG: list[tuple[str, dict[str, Any], str]] = [
    (BLOBS, {}, "scope"),
    (BLOBS, {"scope": SCOPE, "events": [CREATED]}, "blobPathBeginsWith"),
    (BLOBS, {"scope": SCOPE, "blobPathEndsWith": ".csv"}, "events"),
    (BLOBS, blobs(events=["Microsoft.Storage.BlobRenamed"]), "events[0]"),
    (BLOBS, blobs(blobPathEndsWith=1), "blobPathEndsWith"),
    (CUSTOM, {"events": ["a"]}, "scope"),
    (CUSTOM, {"scope": TOPIC}, "events"),
    (CUSTOM, {"scope": TOPIC, "events": [1]}, "events[0]"),
    (CUSTOM, {"scope": TOPIC, "events": ["a"], "subjectEndsWith": 1}, "subjectEndsWith"),
    (CUSTOM, {"scope": TOPIC, "events": ["a"], "advancedFilters": {}}, "advancedFilters"),
    (CUSTOM, {"scope": TOPIC, "events": ["a"], "advancedFilters": [1]}, "advancedFilters[0]"),
    (CUSTOM, {"scope": TOPIC, "events": ["a"], "advancedFilters": [{"key": "a", "value": 1}]}, "advancedFilters[0].operatorType"),
    (
        CUSTOM,
        {"scope": TOPIC, "events": ["a"], "advancedFilters": [{"operatorType": "Is", "key": "a", "value": 1}]},
        "advancedFilters[0].operatorType",
    ),
    (CUSTOM, {"scope": TOPIC, "events": ["a"], "advancedFilters": [{"operatorType": "StringIn", "key": "a"}]}, "advancedFilters[0].values"),
    (
        CUSTOM,
        {"scope": TOPIC, "events": ["a"], "advancedFilters": [{"operatorType": "NumberInRange", "key": "a", "values": [[1, "x"]]}]},
        "advancedFilters[0].values",
    ),
]


@pytest.mark.parametrize(("kind", "given", "path"), WRONG, ids=[f"{path}-{place}" for place, (_, _, path) in enumerate(WRONG)])
def test_what_is_wrong_is_said_with_its_path(kind: str, given: dict[str, Any], path: str) -> None:
    play = TriggerPlay()
    with pytest.raises(errors.Invalid) as caught:
        play.trigger("t", kind, start=False, **given)
    assert f"properties.typeProperties.{path}" in {one.path for one in caught.value.details}


FILTERS: list[tuple[str, str, Any, bool]] = [
    ("NumberIn", "data.share", [0.1, 0.4], True),
    ("NumberNotIn", "data.share", [0.1, 0.4], False),
    ("NumberLessThan", "data.share", 0.5, True),
    ("NumberGreaterThan", "data.share", 0.4, False),
    ("NumberLessThanOrEquals", "data.share", 0.4, True),
    ("NumberGreaterThanOrEquals", "data.share", 0.4, True),
    ("NumberInRange", "data.share", [[0, 0.1], [0.3, 0.5]], True),
    ("NumberNotInRange", "data.share", [[0.3, 0.5]], False),
    ("NumberLessThan", "subject", 5, False),
    ("BoolEquals", "data.bad", True, True),
    ("BoolEquals", "data.bad", False, False),
    ("BoolEquals", "data.share", True, False),
    ("StringIn", "subject", ["MODELS/diabetes"], True),
    ("StringNotIn", "subject", ["models/diabetes"], False),
    ("StringContains", "Subject", ["x", "dia"], True),
    ("StringNotContains", "subject", ["x"], True),
    ("StringBeginsWith", "subject", ["models/"], True),
    ("StringNotBeginsWith", "subject", ["models/"], False),
    ("StringEndsWith", "subject", ["tes"], True),
    ("StringNotEndsWith", "subject", ["tes"], False),
    ("StringIn", "data.names", ["bmi"], True),
    ("StringIn", "data.nothing", ["bmi"], False),
    ("StringNotIn", "data.nothing", ["bmi"], True),
    ("StringIn", "data.share.deeper", ["bmi"], False),
    ("IsNullOrUndefined", "data.nothing", None, True),
    ("IsNullOrUndefined", "data.share", None, False),
    ("IsNotNull", "data.share", None, True),
    ("IsNotNull", "data.nothing", None, False),
]


@pytest.mark.parametrize(("operator", "key", "wanted", "passes"), FILTERS)
def test_advanced_filters(operator: str, key: str, wanted: Any, passes: bool) -> None:
    one = {"operatorType": operator, "key": key, "values" if isinstance(wanted, list) else "value": wanted}
    assert filters.passes(one, custom().event) is passes
