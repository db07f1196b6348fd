"""Our errors become HTTP here, and only here.

Every refusal has Azure's body: `{"error": {"code", "message", "target", "details": [{"code", "message", "target"}]}}`, where
`target` is the JSON path of what is wrong. An exception that nobody expected is recorded with its traceback under an id; the
client gets the id and nothing else.
"""

import json
import logging
import uuid
from typing import Any

from azurine.model import errors

STATUS: dict[type[errors.AzurineError], int] = {
    errors.Invalid: 400,
    errors.Unauthenticated: 401,
    errors.Denied: 403,
    errors.Missing: 404,
    errors.Conflict: 409,
    errors.Stale: 412,
    errors.TooLarge: 413,
    errors.Unsupported: 501,
    errors.Temporary: 503,
}
METHOD_NOT_ALLOWED = "MethodNotAllowed"
NOT_MODIFIED = "NotModified"
_BY_CODE = {METHOD_NOT_ALLOWED: 405, NOT_MODIFIED: 304}

log = logging.getLogger("azurine.api")


def status_of(error: errors.AzurineError) -> int:
    special = _BY_CODE.get(error.code)
    if special:
        return special
    for known in type(error).__mro__:
        if known in STATUS:
            return STATUS[known]
    return 500


def body_of(error: errors.AzurineError) -> dict[str, Any]:
    """Azure's error body. `additionalInfo` carries our component name, as Azure ML's own does."""
    content: dict[str, Any] = {"code": error.code, "message": error.message, "target": error.path or None}
    content["details"] = [{"code": one.code, "message": one.message, "target": one.path or None} for one in error.details]
    return {"error": content}


def headers_of(error: errors.AzurineError) -> dict[str, str]:
    if isinstance(error, errors.Unauthenticated):
        return {"WWW-Authenticate": f'Bearer error="invalid_token", error_description="{_quotable(error.message)}"'}
    if isinstance(error, errors.Temporary):
        return {"Retry-After": "1"}
    return {}


def unexpected(exception: BaseException, where: str) -> errors.AzurineError:
    """Records an exception nobody expected; the error to answer names only the record."""
    incident = uuid.uuid4().hex
    log.error("incident %s at %s", incident, where, exc_info=exception)
    return errors.AzurineError(f"The server failed to answer. The incident {incident} is described in the server's log.", code="InternalServerError")


def encoded(error: errors.AzurineError) -> tuple[int, dict[str, str], bytes]:
    """(status, headers, body) of an error."""
    status = status_of(error)
    content = b"" if status == 304 else json.dumps(body_of(error)).encode()
    return status, {"x-ms-error-code": _quotable(error.code), **headers_of(error)}, content


def _quotable(text: str) -> str:
    """Safe inside a header: printable ASCII without quotes."""
    return "".join(letter if " " <= letter <= "~" and letter not in '"\\' else " " for letter in text)[:300]
