"""Pages of a list that is at hand. A token says how many were seen; it is opaque to clients."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any, TypeVar

from azurine.model import errors
from azurine.tracking.contract import Metric

T = TypeVar("T")


def cut(things: Sequence[T], said: str, size: int) -> tuple[Sequence[T], str]:
    """One page, and the token of the next; "" when there is none."""
    first = start(said)
    end = first + size
    return things[first:end], token(end) if end < len(things) else ""


def start(said: str) -> int:
    """How many were seen, according to a token."""
    seen = _read(said).get("offset") if said else 0
    if type(seen) is not int or seen < 0:
        raise _bad(said)
    return seen


def token(seen: int) -> str:
    return _write({"offset": seen})


def point_token(metric: Metric) -> str:
    """The token of a history: the place of the last point seen, so that points added meanwhile shift nothing."""
    return _write({"point": [metric.timestamp, metric.step, None if metric.value != metric.value else repr(metric.value)]})


def point(token: str, key: str) -> Metric | None:
    if not token:
        return None
    seen = _read(token).get("point")
    try:
        timestamp, step, value = seen  # type: ignore[misc]  # anything else raises, and is refused
        return Metric(key, float("nan") if value is None else float(value), int(timestamp), int(step))
    except (TypeError, ValueError, OverflowError) as problem:
        raise _bad(token) from problem


def _write(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def _read(token: str) -> dict[str, Any]:
    try:
        content = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError, RecursionError) as problem:
        raise _bad(token) from problem
    if not isinstance(content, dict):
        raise _bad(token)
    return content


def _bad(token: str) -> errors.Invalid:
    return errors.Invalid(f"Invalid page token {token[:60]!r}: it is none of this server's. Start the search again without it.", path="page_token")
