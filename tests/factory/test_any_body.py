"""Bodies that nobody would write: each is refused with words, or published, and then its run comes to an end."""

import copy
import logging
import random
from typing import Any

import pytest

from azurine.model import errors, states
from factory_plays import Play, activity, broken, done, expression

JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    2**70,
    "",
    "@",
    "@{",
    "@item()",
    "@nope(",
    "x",
    "é" * 300,
    [],
    [1],
    {},
    {"a": 1},
    expression("@x"),
    [[]],
    [None],
]


def body() -> dict[str, Any]:
    return {
        "concurrency": 2,
        "parameters": {"p": {"type": "int", "defaultValue": 1}},
        "variables": {"v": {"type": "String"}, "all": {"type": "Array", "defaultValue": [1]}},
        "annotations": ["a"],
        "runDimensions": {"d": "@pipeline().RunId"},
        "activities": [
            activity("s", "SetVariable", variableName="v", value="@concat('a', 'b')", _policy={"timeout": "0.01:00:00", "retry": 0}),
            activity("f", "Filter", "s", items=expression("@range(0, 3)"), condition=expression("@greater(item(), 1)")),
            activity("i", "IfCondition", "f", expression=expression("@equals(1, 1)"), ifTrueActivities=[done("t")], ifFalseActivities=[broken("n")]),
            activity("sw", "Switch", "i", on=expression("@concat('a')"), cases=[{"value": "a", "activities": [done("c")]}], defaultActivities=[done("d")]),
            activity("e", "ForEach", "sw", items=expression("@range(0, 3)"), batchCount=2, isSequential=False, activities=[
                activity("ap", "AppendVariable", variableName="all", value="@item()")]),
            activity("u", "Until", ("e", "Completed"), expression=expression("@equals(1, 1)"), timeout="0.01:00:00", activities=[done("x")]),
            activity("w", "Wait", "u", waitTimeInSeconds=1, _userProperties=[{"name": "a", "value": "@pipeline().RunId"}]),
            activity("call", "ExecutePipeline", "w", pipeline={"referenceName": "child", "type": "PipelineReference"}, parameters={"a": 1},
                     waitOnCompletion=True),
            activity("r", "SetVariable", "w", variableName="pipelineReturnValue", setSystemVariable=True,
                     value=[{"key": "a", "value": {"type": "Array", "content": [{"type": "String", "content": "x"}]}}]),
            activity("fail", "Fail", ("w", "Failed"), message="m", errorCode="1"),
        ],
    }  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, one in inner for place in places(one, (*path, key)))]


def altered(chance: random.Random) -> dict[str, Any]:
    made = body()
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        place = chance.choice(places(made)[1:])
        holder: Any = made
        for key in place[:-1]:
            holder = holder[key]
        if chance.random() < 0.15:
            del holder[place[-1]]
        else:
            holder[place[-1]] = copy.deepcopy(chance.choice(JUNK))
    return made


@pytest.mark.parametrize("seed", range(8))
def test_any_body(seed: int, caplog: pytest.LogCaptureFixture) -> None:
    chance = random.Random(seed)
    play = Play()
    play.pipeline("child")
    published = 0
    for number in range(150):
        made = altered(chance)
        try:
            play.put("pipelines/p", {"properties": made})
            with caplog.at_level(logging.ERROR):
                run = play.run("p")
                for _ in range(40):
                    if states.is_final(play.get(run.name).status["state"]):
                        break
                    play.wait(700_000)
        except errors.AzurineError as refusal:
            assert refusal.message
            continue
        published += 1
        assert caplog.records == [], (number, made, caplog.records[0].exc_info)
        assert states.is_final(play.get(run.name).status["state"]), (number, made)
    assert published > 20
