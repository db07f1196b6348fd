"""What this door answers: MLflow's JSON, and MLflow's error bodies {"error_code", "message"} with their HTTP codes."""

import json
import math
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from azurine.api import errors as refusals
from azurine.model import errors

_WORDS: dict[type[errors.AzurineError], tuple[str, int]] = {
    errors.Invalid: ("INVALID_PARAMETER_VALUE", 400),
    errors.Unauthenticated: ("UNAUTHENTICATED", 401),
    errors.Denied: ("PERMISSION_DENIED", 403),
    errors.Missing: ("RESOURCE_DOES_NOT_EXIST", 404),
    errors.Conflict: ("RESOURCE_ALREADY_EXISTS", 400),
    errors.Stale: ("RESOURCE_CONFLICT", 409),
    errors.TooLarge: ("INVALID_PARAMETER_VALUE", 413),
    errors.Unsupported: ("NOT_IMPLEMENTED", 501),
    errors.Temporary: ("TEMPORARILY_UNAVAILABLE", 503),
}
_OWN_WORDS = {"BAD_REQUEST": 400, "ENDPOINT_NOT_FOUND": 404, "NOT_FOUND": 404, "INVALID_STATE": 409}
"""Words of MLflow's that an error carries as its code already."""


def answer(content: Mapping[str, Any]) -> Response:
    return Response(encode(content), media_type="application/json")


def encode(content: Mapping[str, Any]) -> bytes:
    """JSON as protobuf writes it: NaN and the infinities as text."""
    try:
        return json.dumps(content, allow_nan=False, separators=(",", ":")).encode()
    except ValueError:
        return json.dumps(_named(content), allow_nan=False, separators=(",", ":")).encode()


def _named(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _named(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_named(inner) for inner in value]
    return value


def refuse(error: errors.AzurineError) -> Response:
    word, status = next((_WORDS[one] for one in type(error).__mro__ if one in _WORDS), ("INTERNAL_ERROR", 500))
    if error.code in _OWN_WORDS:
        word, status = error.code, _OWN_WORDS[error.code]
    return Response(encode({"error_code": word, "message": error.message}), status, refusals.headers_of(error), "application/json")


def unexpected(exception: BaseException, where: str) -> Response:
    """The message names the record in the server's log, and nothing else."""
    return refuse(refusals.unexpected(exception, where))
