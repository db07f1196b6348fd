"""WebHook: calls an address, hands it one of this server's to answer at, and waits until that is called.
https://learn.microsoft.com/azure/data-factory/control-flow-webhook-activity

The body that is posted is a JSON object; `callBackUri` is added to it. Whoever posts there ends the activity; what they post (a JSON object)
is its output. With `reportStatusOnCallBack` a `StatusCode` of 400 or more in it makes the activity fail, with the `Error` in it. `timeout`
(10 minutes unless written) is the time until then; a pass without an answer ends as TimedOut.
"""

import json
from collections.abc import Mapping
from typing import Any

from azurine.factory import callbacks, exchanges, secrets
from azurine.factory.sight import Checking, Progress, Sight, Sort, end, failed, succeeded
from azurine.model import errors, states
from azurine.model.decisions import Perform
from azurine.model.resources import Json
from azurine.model.states import State

USUAL, LONGEST = 600.0, 30 * 86400.0
FIRST = 60.0
"""Seconds that the call itself may take."""
TIMED_OUT = "TimedOut"


def check(checking: Checking) -> None:
    checking.require("url", "method")
    exchanges.check_method(checking, "POST")


def step(sight: Sight) -> Progress:
    if sight.ending:
        return end(sight, exchanges.WORK)
    if sight.memory is None:
        return _begun(sight)
    called = sight.references.get(callbacks.of(sight.run.id, sight.id))
    if called is not None:
        return _called(called.spec["body"], bool(sight.memory["reports"]))
    outcome = sight.outcome()
    if outcome is not None and outcome["state"] == State.FAILED:
        error = outcome.get("error") or {}
        return failed(str(error.get("code")), str(error.get("message")))
    if outcome is not None and states.is_final(outcome["state"]) and not exchanges.is_good(outcome["output"]):
        return exchanges.refused(outcome["output"])
    until = float(sight.memory["until"])
    if sight.now >= until:
        return failed("WebHookTimedOut", f"The callBackUri of the activity '{sight.activity.name}' was not called in time.", word=TIMED_OUT)
    return Progress(effects=(Perform(sight.key, exchanges.WORK, sight.memory["arguments"]),), wake_at=until)


def _begun(sight: Sight) -> Progress:
    given = sight.properties()
    length = exchanges.seconds(given.get("timeout"), "timeout", USUAL, LONGEST)
    body = _object(given.get("body"))
    asked = exchanges.request(sight, {**given, "body": body, "method": given.get("method") or "POST"}, given.get("url"))
    asked.update(seconds=FIRST, callback=sight.id, body=body)
    memory = {"arguments": asked, "until": sight.now + length, "reports": str(given.get("reportStatusOnCallBack")).lower() == "true"}
    return Progress(input=secrets.masked(given), memory=memory, effects=(Perform(sight.key, exchanges.WORK, asked),), wake_at=sight.now + length)


def _object(body: Any) -> dict[str, Any]:
    """The body as an object, since an address must be put into it. Raises errors.Invalid."""
    if isinstance(body, str) and body.strip():
        try:
            body = json.loads(body)
        except (ValueError, RecursionError) as problem:
            message = f"An invalid json is provided for property 'body'. Encountered an error while trying to parse: '{problem}'."
            raise errors.Invalid(message, code="2105") from problem
    if body is None or body == "":
        return {}
    if not isinstance(body, Mapping):
        raise errors.Invalid("The type of the property 'body' is incorrect: a JSON object is needed.", code=exchanges.WRONG)
    return dict(body)


def _called(said: Json, reports: bool) -> Progress:
    named = {str(key).lower(): value for key, value in said.items()}
    status = str(named.get("statuscode") or "")
    if not reports or not status.isdigit() or int(status[:9]) < 400:
        return succeeded(dict(said))
    error = named.get("error")
    told = {str(key).lower(): value for key, value in error.items()} if isinstance(error, Mapping) else {}
    message = str(told.get("message") or f"The callback reported the status {status}.")
    return failed(str(told.get("errorcode") or status), message, output=dict(said))


SORT = Sort("WebHook", step, check, works=True)
