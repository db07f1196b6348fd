"""The JSON body of a request, read within bounds.

A body is at most 4 MB, as in Azure Resource Manager: one that says it is longer is refused before a byte is read, one that turns
out longer is refused when the limit is passed. Objects may be nested a hundred deep. NaN, Infinity and numbers beyond a double
are no JSON and are refused here, because nothing after this door could write them down again.
"""

import json
import math
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request

from azurine.model import errors

LIMIT = 4 * 1024 * 1024
DEEPEST = 100
BIG = 64 * 1024
"""From this size on, parsing leaves the event loop."""


async def read(request: Request, limit: int = LIMIT) -> dict[str, Any]:
    """The JSON object of a request. Raises errors.Invalid or errors.TooLarge."""
    raw = await read_bytes(request, limit)
    return await run_in_threadpool(parse, raw) if len(raw) > BIG else parse(raw)


async def read_optional(request: Request) -> dict[str, Any]:
    """Like read; an empty body is an empty object. For actions, whose body is often left out."""
    raw = await read_bytes(request)
    return parse(raw) if raw.strip() else {}


async def read_bytes(request: Request, limit: int = LIMIT) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    pieces: list[bytes] = []
    size = 0
    try:
        async for piece in request.stream():
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            pieces.append(piece)
    except ClientDisconnect as problem:
        raise errors.Invalid("the connection ended before the whole body arrived", code="IncompleteBody") from problem
    return b"".join(pieces)


def parse(raw: bytes) -> dict[str, Any]:
    """One JSON object. Raises errors.Invalid with what is wrong and where."""
    found = value(raw)
    if not isinstance(found, dict):
        raise _invalid(f"the body must be a JSON object, not {_called(found)}")
    return found


def value(raw: bytes) -> Any:
    """Any JSON. Raises errors.Invalid with what is wrong and where."""
    try:
        found = json.loads(raw.decode("utf-8-sig"), parse_constant=_no_number, parse_float=_finite)
    except UnicodeDecodeError as problem:
        raise _invalid(f"the body is not UTF-8 (byte {problem.start})") from problem
    except RecursionError as problem:
        raise _invalid(f"the body is nested more than {DEEPEST} deep") from problem
    except json.JSONDecodeError as problem:
        raise _invalid(f"the body is not JSON: {problem.msg} (line {problem.lineno}, column {problem.colno})") from problem
    except ValueError as problem:
        raise _invalid(f"the body is not JSON: {problem}") from problem
    if isinstance(found, dict | list) and _deeper_than(found, DEEPEST):
        raise _invalid(f"the body is nested more than {DEEPEST} deep")
    return found


def mapping(body: dict[str, Any], key: str) -> dict[str, Any]:
    """`body[key]` as an object; {} when it is not there. Raises errors.Invalid when it is something else."""
    value = body.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise errors.Invalid(f"{key} must be an object, not {_called(value)}", path=key)
    return value


def _deeper_than(value: Any, depth: int) -> bool:
    level: list[Any] = [value]
    for _ in range(depth):
        below: list[Any] = []
        for one in level:
            below += [inner for inner in (one.values() if isinstance(one, dict) else one) if isinstance(inner, dict | list)]
        if not below:
            return False
        level = below
    return True


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"the number {text[:40]} is out of range")
    return value


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not a JSON number")


def _called(value: object) -> str:
    return {list: "an array", str: "a string", bool: "a boolean", type(None): "null"}.get(type(value), "a number")


def _invalid(message: str) -> errors.Invalid:
    return errors.Invalid(message, code="InvalidRequestContent")


def _too_large(limit: int) -> errors.TooLarge:
    return errors.TooLarge(f"the body is over the limit of {limit} bytes")
