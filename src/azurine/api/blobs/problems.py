"""Our errors in the Blob service's words: status, `x-ms-error-code`, and the XML body."""

from email.utils import formatdate
from xml.sax.saxutils import escape

from starlette.responses import Response

from azurine.model import errors

_BY_CODE = {
    "InvalidRange": 416,
    "MissingContentLengthHeader": 411,
    "RequestBodyTooLarge": 413,
    "NoAuthenticationInformation": 401,
    "InvalidAuthenticationInfo": 401,
    "UnsupportedHttpVerb": 405,
    "ConditionNotMet": 412,
    "NotModified": 304,
    "InternalError": 500,
}
_BY_CLASS: tuple[tuple[type[errors.AzurineError], int], ...] = (
    (errors.Invalid, 400),
    (errors.Unauthenticated, 403),
    (errors.Denied, 403),
    (errors.Missing, 404),
    (errors.Conflict, 409),
    (errors.Stale, 412),
    (errors.TooLarge, 413),
    (errors.Unsupported, 501),
    (errors.Temporary, 503),
)


def status_of(error: errors.AzurineError) -> int:
    return _BY_CODE.get(error.code) or next((status for kind, status in _BY_CLASS if isinstance(error, kind)), 500)


def answer(error: errors.AzurineError, identifier: str, challenge: str = "") -> Response:
    """challenge: the WWW-Authenticate of a 401, which tells clients where to get a token."""
    status = status_of(error)
    headers = {"x-ms-error-code": "ConditionNotMet" if error.code == "NotModified" else error.code}
    if status == 401:
        headers["www-authenticate"] = challenge or "Bearer"
    if status == 304:
        return Response(status_code=status, headers=headers)
    message = f"{error.message}\nRequestId:{identifier}\nTime:{formatdate(usegmt=True)}"
    body = f'<?xml version="1.0" encoding="utf-8"?><Error><Code>{escape(error.code)}</Code><Message>{escape(_legal(message))}</Message></Error>'
    return Response(body.encode(), status_code=status, headers=headers, media_type="application/xml")


def _legal(text: str) -> str:
    """XML has no way to say control characters."""
    return "".join(character if character >= " " or character == "\n" else "?" for character in text).encode("utf-8", "replace").decode()
