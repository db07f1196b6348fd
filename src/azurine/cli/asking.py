"""Plain REST for what the official client has no word for: one request, its JSON, and the server's own words when it refuses."""

from collections.abc import Iterator, Mapping
from typing import Any

from azurine.cli import faults
from azurine.cli.commands import Here

VERSION = {"api-version": "2024-04-01"}


def arm(here: Here, method: str, path: str, body: Any = None) -> Any:
    """path: below the workspace."""
    return send(here, method, f"{here.connection.url}{here.connection.workspace_id}/{path}", body, VERSION)


def pages(here: Here, path: str) -> Iterator[dict[str, Any]]:
    """Everything that a list answers."""
    page = arm(here, "GET", path)
    while True:
        yield from page["value"]
        if not page.get("nextLink"):
            return
        page = send(here, "GET", page["nextLink"])


def plane(here: Here, method: str, path: str, body: Any = None) -> Any:
    """The same on the pipelines' data plane."""
    return send(here, method, f"{here.connection.url}/pipelines/v1.0{here.connection.workspace_id}/{path}", body)


def send(here: Here, method: str, address: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
    """Raises faults.Failure when the server says no."""
    answer = here.connection.http.request(method, address, params=query, json=body)
    if answer.status_code >= 400:
        raise refused(answer)
    return answer.json() if answer.content else None


def stated(fields: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of them; None stands for nothing."""
    return {key: value for key, value in fields.items() if value is not None}


def refused(answer: Any) -> faults.Failure:
    """What the server said, each trouble with its place."""
    try:
        error = answer.json()["error"]
        sentence, details = str(error["message"]), error.get("details") or []
        target = str(error.get("target") or "")
    except (ValueError, KeyError, TypeError):
        sentence, details, target = f"The server answered {answer.status_code}: {answer.text[:200]}", [], ""
    causes = [f"{one['target']}: {one['message']}" if one.get("target") else str(one.get("message")) for one in details]
    if not causes and target and target not in sentence:
        causes = [f"at {target}"]
    sentence = sentence[:1].upper() + sentence[1:].rstrip(".") + "."
    return faults.Failure(sentence, *causes, code=faults.MISSING if answer.status_code == 404 else faults.FAILED)
