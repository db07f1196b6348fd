"""What is asked of endpoints and deployments through Azure's paths: keys, tokens, the last lines of a log."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from azurine.api.actions import Asked, Question, Table
from azurine.model import errors
from azurine.model.resources import Resource

MOST_LINES = 10_000
MOST_BYTES = 4 * 1024 * 1024
REFRESH = 0.5
"""The part of a token's life after which it should be fetched anew."""
LOGS = {"inferenceserver": "inference-server.log", "storageinitializer": "storage-initializer.log"}


def table(
    kinds: tuple[str, str],
    *,
    keys: Callable[[Resource], tuple[str, str]],
    token: Callable[[Resource, str], tuple[str, float]],
    logs: Callable[[Resource], Path],
    clock: Callable[[], float],
) -> Table:
    """kinds: of endpoints and of deployments. keys: of an endpoint. token: (endpoint, object id) → token, until. logs: folder of a deployment's."""
    endpoints, deployments = kinds

    def listed(asked: Asked) -> dict[str, Any]:
        primary, secondary = keys(asked.resource)
        return {"primaryKey": primary, "secondaryKey": secondary}

    def issued(asked: Asked) -> dict[str, Any]:
        made, until = token(asked.resource, asked.by)
        now = clock()
        return {
            "accessToken": made,
            "expiryTimeUtc": int(until),
            "refreshAfterTimeUtc": int(now + (until - now) * REFRESH),
            "tokenType": "Bearer",
        }

    return {(endpoints, "listKeys"): listed, (endpoints, "token"): issued, (deployments, "getLogs"): _logs(logs)}


def _logs(folder: Callable[[Resource], Path]) -> Question:
    def answer(asked: Asked) -> dict[str, Any]:
        wanted = str(asked.body.get("containerType") or "InferenceServer").lower()
        lines = asked.body.get("tail")
        if wanted not in LOGS:
            raise errors.Invalid(f"{wanted[:40]!r} has no log; InferenceServer or StorageInitializer would be right", path="containerType")
        if lines is not None and (isinstance(lines, bool) or not isinstance(lines, int) or lines < 0):
            raise errors.Invalid("tail must be a number of lines", path="tail")
        return {"content": _tail(folder(asked.resource) / LOGS[wanted], min(lines if lines is not None else 50, MOST_LINES))}

    return answer


def _tail(path: Path, lines: int) -> str:
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(0, size - MOST_BYTES))
            found = file.read(MOST_BYTES).decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(found[-lines:]) + "\n" if lines and found else ""
