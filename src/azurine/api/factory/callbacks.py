"""The door at which WebHook activities are answered: `POST /factory/callbacks/{run}/{activity run}/{key}`.

Whoever has the address may call it, once: the key in it is made for this one attempt of this activity. `address` makes it.
"""

import base64
import hmac
from collections.abc import Callable, Mapping

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from azurine.api import answers, body
from azurine.model import clock, errors, ids, states
from azurine.model.kinds import Kind
from azurine.model.resources import Json
from azurine.store import admission
from azurine.store.log import Log

PUBLIC = "/factory/callbacks/**"
Key = Callable[[str], str]
"""A text → the key that only this server makes of it."""


def address(root: str, run: str, activity: str, key: Key) -> str:
    """root: the server's URL. run: a run's id."""
    named = base64.urlsafe_b64encode(run.encode()).rstrip(b"=").decode()
    return f"{root}/factory/callbacks/{named}/{activity}/{key(_text(run, activity))}"


def routes(log: Log, kinds: Mapping[str, Kind], name: str, key: Key) -> list[BaseRoute]:
    """name: of the kind that a callback becomes."""

    def take(run: str, activity: str, said: Json) -> None:
        found = log.get(run)
        if found is None or states.is_final(found.status.get("state", "")):
            raise errors.Missing("Nobody waits for this callback any more: its pipeline run is over.", code="NotFound")
        identifier = ids.child(run, name.rpartition("/")[2], activity)
        request = admission.Request(identifier, lambda _: {"body": said}, owner=run, only_new=True)
        try:
            admission.admit(log, kinds, request, clock.system())
        except errors.Stale as problem:
            raise errors.Conflict("This callback was called already.", code="Conflict") from problem

    async def called(request: Request) -> Response:
        run, activity, given = (str(request.path_params[part]) for part in ("run", "activity", "key"))
        found = _run(run)
        if not found or not hmac.compare_digest(given.encode(), key(_text(found, activity)).encode()):
            raise errors.Missing("There is no such callback.", code="NotFound")
        said = await body.read_optional(request)
        await run_in_threadpool(take, found, activity, said)
        return answers.nothing(200)

    return [Route("/factory/callbacks/{run}/{activity}/{key}", called, methods=["POST"])]


def _text(run: str, activity: str) -> str:
    return f"callback#{run}#{activity}"


def _run(text: str) -> str:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return ""
