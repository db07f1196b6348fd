"""Web: calls an address and takes what it answers as output. https://learn.microsoft.com/azure/data-factory/control-flow-web-activity

The output is the answer's JSON object, with `ADFWebActivityResponseHeaders` and `ADFHttpStatusCodeInResponse` beside its members; an answer that is
something else is `Response`. An answer 202 with a Location is asked again there until it is something else (`turnOffAsync` ends that). What
is not asked again: a request that failed; `policy.retry` does that. `datasets` and `linkedServices` are sent along, with their definitions.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urljoin

from azurine.factory import connections, exchanges, kinds, secrets
from azurine.factory.sight import Checking, Progress, Sight, Sort, end, over, succeeded, work
from azurine.factory.variables import text
from azurine.model import errors, states
from azurine.model.decisions import Cease
from azurine.model.resources import Json

USUAL_PAUSE, LONGEST_PAUSE = 5.0, 600.0
"""Seconds between two questions for an answer that is not ready."""


def check(checking: Checking) -> None:
    checking.require("url", "method")
    exchanges.check_method(checking)


def step(sight: Sight) -> Progress:
    if sight.ending:
        return _ending(sight)
    if sight.memory is not None and sight.memory.get("asking"):
        return _asked_again(sight)
    return work(sight, exchanges.WORK, lambda: _wish(sight), lambda answer: _answered(sight, answer))


def _wish(sight: Sight) -> tuple[Json, Json]:
    given = sight.properties()
    asked = exchanges.request(sight, given, given.get("url"))
    asked["seconds"] = exchanges.seconds(given.get("httpRequestTimeout"), "httpRequestTimeout", exchanges.USUAL)
    asked["verify"] = str(given.get("disableCertValidation")).lower() != "true"
    asked["async"] = str(given.get("turnOffAsync")).lower() != "true"
    sent = _documents(sight, given)
    if sent:
        asked["body"] = _joined(given.get("body"), sent)
        asked["headers"].setdefault("Content-Type", "application/json")
    return asked, secrets.masked(given)


def _documents(sight: Sight, given: Mapping[str, Any]) -> dict[str, Any]:
    """The definitions of the datasets and linked services that the activity names."""
    place, found = connections.of(sight), {}
    for key, kind, called in (("datasets", kinds.DATASETS, "dataset"), ("linkedServices", kinds.LINKED_SERVICES, "linked service")):
        named = given.get(key)
        if named:
            documents = [place.document(kind, connections.named(place, one, called)[0], called) for one in (named if isinstance(named, list) else [])]
            found[key] = [{"name": one.name, "properties": secrets.marked(one.spec["properties"], one, "properties")} for one in documents]
    return found


def _joined(body: Any, sent: Mapping[str, Any]) -> Any:
    """A body that has secrets to be opened in it is made into text by whoever sends it."""
    if body is not None and not isinstance(body, Mapping):
        raise errors.Invalid("The body must be an object when datasets or linkedServices are sent along.", code=exchanges.WRONG)
    return {**(body or {}), **sent}


def _answered(sight: Sight, answer: Json) -> Progress:
    assert sight.memory is not None
    asked = sight.memory["arguments"]
    where = exchanges.header(answer, "Location")
    if answer["status"] == 202 and where and asked.get("async"):
        following = {**asked, "method": "GET", "url": urljoin(str(answer["url"]), where), "body": None}
        due = sight.now + _pause(exchanges.header(answer, "Retry-After"))
        number = int(sight.memory.get("asking") or 0) + 1
        return Progress(memory={"asking": number, "arguments": following, "due": due}, wake_at=due)
    return output(answer)


def output(answer: Json) -> Progress:
    """The activity's end."""
    said = exchanges.content(answer)
    made: dict[str, Any] = {
        **(said if isinstance(said, Mapping) else {"Response": said if isinstance(said, list) else text(said)}),
        "ADFWebActivityResponseHeaders": dict(answer["headers"]),
        "ADFHttpStatusCodeInResponse": str(answer["status"]),
        **exchanges.envelope(answer),
    }
    return succeeded(made) if exchanges.is_good(answer) else exchanges.refused(answer, output=made)


def _asked_again(sight: Sight) -> Progress:
    """The answer was not ready: the next question, once its time has come. Each is work of its own."""
    assert sight.memory is not None
    if sight.now < sight.memory["due"]:
        return Progress(wake_at=sight.memory["due"])
    return work(replace(sight, key=_key(sight)), exchanges.WORK, lambda: ({}, {}), lambda answer: _answered(sight, answer))


def _key(sight: Sight) -> str:
    asking = (sight.memory or {}).get("asking")
    return f"{sight.key}/{asking}" if asking else sight.key


def _ending(sight: Sight) -> Progress:
    asking = (sight.memory or {}).get("asking")
    if not asking:
        return end(sight, exchanges.WORK)
    outcome = sight.outcome(_key(sight))
    gone = sight.now < (sight.memory or {}).get("due", 0) or (outcome is not None and states.is_final(outcome["state"]))
    return over() if gone else Progress(effects=(Cease(_key(sight), exchanges.WORK),))


def _pause(said: str) -> float:
    return min(float(said), LONGEST_PAUSE) if said.isascii() and said.isdigit() and len(said) < 9 else USUAL_PAUSE


SORT = Sort("WebActivity", step, check, works=True)
