"""What may be recorded: MLflow's own limits and rules for names, so that what is accepted here is accepted anywhere."""

import posixpath
import re
from functools import lru_cache

from azurine.api.mlflow.arguments import Arguments, invalid
from azurine.model import errors
from azurine.tracking.contract import Metric

METRICS = 1000
PARAMS_OR_TAGS = 100
ENTITIES = 1000
LONGEST_KEY = 250
LONGEST_PARAM = 6000
LONGEST_TAG = 8000
LONGEST_BATCH = 1_000_000
LONGEST_REQUEST = 32 * 1024 * 1024
_MEASURED = ("model_id", "dataset_name", "dataset_digest")
_NAME = re.compile(r"[/\w.\- :]*")


def metric(arguments: Arguments, name: str = "key") -> Metric:
    key = _key(arguments, name, "Metric name")
    value = arguments.number("value")
    timestamp = arguments.whole("timestamp")
    if timestamp < 0:
        raise invalid(arguments.path("timestamp"), timestamp, "Timestamp must be a nonnegative long (64-bit integer).")
    step = arguments.whole("step", 0)
    if not any(one in arguments for one in _MEASURED):
        return Metric(key, value, timestamp, step)
    return Metric(key, value, timestamp, step, *(arguments.text(one, "") for one in _MEASURED))


def param(arguments: Arguments) -> tuple[str, str]:
    return _key(arguments, "key", "Param key"), _value(arguments, LONGEST_PARAM, "Param value")


def tag(arguments: Arguments) -> tuple[str, str]:
    return _key(arguments, "key", "Tag key"), _value(arguments, LONGEST_TAG, "Tag value")


def batch(metrics: int, params: int, tags: int) -> None:
    for name, number, most in (
        ("metrics", metrics, METRICS),
        ("params", params, PARAMS_OR_TAGS),
        ("tags", tags, PARAMS_OR_TAGS),
        ("metrics, params, and tags", metrics + params + tags, ENTITIES),
    ):
        if number > most:
            raise errors.Invalid(
                f"A batch logging request can contain at most {most} {name}. Got {number} {name}. "
                f"Please split up {name} across multiple requests and try again.",
                path=name,
            )


def params(given: list[tuple[str, str]]) -> dict[str, str]:
    """One value per key."""
    found = dict(given)
    if len(found) < len(given):
        twice = sorted({key for key, _ in given if sum(key == other for other, _ in given) > 1})
        raise errors.Invalid(
            f"Duplicate parameter keys have been submitted: {twice}. Please ensure the request contains only one param value per param key.",
            path="params",
        )
    return found


def name(key: str, path: str) -> str:
    """The name, if it may be one. Programs use few names many times, so those that were right are remembered."""
    return key if _is_name(key) else _refused(key, path)


@lru_cache(4096)
def _is_name(key: str) -> bool:
    try:
        _refused(key, "")
    except errors.Invalid:
        return False
    return True


def _refused(key: str, path: str) -> str:
    if not _NAME.fullmatch(key):
        raise invalid(
            path,
            key,
            "Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).",
        )
    norm = posixpath.normpath(key)
    if norm != key or norm == "." or norm.startswith(("..", "/")):
        raise invalid(
            path,
            key,
            "Names may be treated as files in certain cases, and must not resolve to other names when treated as such. "
            f"This name would resolve to {norm!r}",
        )
    return key


def _key(arguments: Arguments, field: str, what: str) -> str:
    key = arguments.text(field)
    if len(key) > LONGEST_KEY:
        raise errors.Invalid(f"'{what}' exceeds the maximum length of {LONGEST_KEY} characters", path=arguments.path(field))
    return name(key, arguments.path(field))


def _value(arguments: Arguments, longest: int, what: str) -> str:
    value = arguments.anything("value")
    if len(value) > longest:
        raise errors.Invalid(f"'{what}' exceeds the maximum length of {longest} characters", path=arguments.path("value"))
    return value
