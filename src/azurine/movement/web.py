"""What web servers give: files, fetched as streams into files of their own; and single answers, for those who read page after page (`rest`).

What a linked service says of itself (its headers, how it signs in) is told to the server that it names and to no other: neither a redirect nor
the address of a next page that leads elsewhere takes it along.

https://learn.microsoft.com/azure/data-factory/connector-http
"""

import base64
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from azurine.movement import finding
from azurine.movement.failing import NOT_ALLOWED, NOT_FOUND, failure

PIECE = 1 << 20
TIMEOUT = 100.0


def name(dataset: Mapping[str, Any]) -> str:
    """Of the file, after its address."""
    return address(dataset).partition("?")[0].rstrip("/").rpartition("/")[2] or "response"


def address(dataset: Mapping[str, Any]) -> str:
    base = str(dataset["connection"]["url"])
    relative = str(dataset.get("relativeUrl") or (dataset.get("location") or {}).get("path") or "")
    if not relative:
        return base
    return base + relative if relative.startswith("?") else f"{base.rstrip('/')}/{relative.lstrip('/')}"


@contextmanager
def fetched(dataset: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[BinaryIO, int]]:
    """(its content, how many bytes). Raises what the server answered."""
    store = {**settings, **(settings.get("storeSettings") or {})}
    with tempfile.TemporaryFile() as file:
        with asked(dataset["connection"], address(dataset), store, additional(store.get("additionalHeaders"))) as answer:
            for piece in pieces(answer):
                file.write(piece)
        size = file.tell()
        file.seek(0)
        yield cast(BinaryIO, file), size


@contextmanager
def asked(connection: Mapping[str, Any], url: str, settings: Mapping[str, Any], headers: Mapping[str, str]) -> Iterator[HTTPResponse]:
    """The answer to one request. settings: requestMethod, requestBody, and a time-out under one of its names. Raises what the server answered."""
    body = settings.get("requestBody")
    try:
        private = _headers(connection) if _origin(url) == _origin(str(connection["url"])) else {}
        request = urllib.request.Request(
            url,
            data=str(body).encode() if body else None,
            method=str(settings.get("requestMethod") or "GET").upper(),
            headers={**private, **headers},
        )
    except ValueError as error:
        raise failure("UserErrorInvalidUrl", f"'{url}' is no address of a web server.") from error
    if request.type not in ("http", "https"):
        raise failure("UserErrorInvalidUrl", f"'{request.full_url}' is no address of a web server.")
    seconds = finding.seconds(settings.get("httpRequestTimeout") or settings.get("requestTimeout"), TIMEOUT)
    try:
        with _opener(connection, tuple(private)).open(request, timeout=seconds) as answer:
            yield answer
    except urllib.error.HTTPError as error:
        code = {404: NOT_FOUND, 401: NOT_ALLOWED, 403: NOT_ALLOWED}.get(error.code, "HttpFileFailedToRead")
        with error:
            raise failure(code, f"Failed to read data from http server. Address: '{url}'. Status code: {error.code} {error.reason}.") from error
    except (OSError, ValueError, HTTPException) as error:
        raise failure("HttpFileFailedToRead", f"Failed to read data from http server '{url}': {error or type(error).__name__}.") from error


def pieces(answer: HTTPResponse) -> Iterator[bytes]:
    """The body. A server that goes away in the middle of it is a failure; the library would take what came for all of it."""
    while piece := answer.read(PIECE):
        yield piece
    if answer.length:
        raise ConnectionError(f"the answer ended {answer.length} bytes early")


def additional(said: Any) -> dict[str, str]:
    """Headers as an object, or as lines of `name: value`."""
    if isinstance(said, Mapping):
        return {str(key): str(value) for key, value in said.items()}
    pairs = (line.partition(":") for line in str(said or "").splitlines())
    return {key.strip(): value.strip() for key, mark, value in pairs if mark}


class _Redirects(urllib.request.HTTPRedirectHandler):
    """To another server without what is meant for the first one."""

    def __init__(self, private: tuple[str, ...]) -> None:
        self._private = private

    def redirect_request(self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> urllib.request.Request | None:
        following = super().redirect_request(req, fp, code, msg, headers, newurl)
        if following is not None and _origin(newurl) != _origin(req.full_url):
            for one in self._private:
                following.remove_header(one.capitalize())
        return following


def _opener(connection: Mapping[str, Any], private: tuple[str, ...]) -> urllib.request.OpenerDirector:
    """One that knows the web, and neither files nor FTP."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(context=_trust(connection)),
        urllib.request.HTTPDefaultErrorHandler(),
        _Redirects(private),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.rpartition("@")[2].lower()


def _headers(connection: Mapping[str, Any]) -> dict[str, str]:
    headers = {str(key): str(value) for key, value in (connection.get("headers") or {}).items()}
    way = connection.get("authentication") or {}
    kind = str(way.get("type") or "Anonymous")
    if kind not in ("Anonymous", "Basic"):
        message = f"The linked service '{connection.get('name')}' signs in with {kind}, which data is not read with here; Anonymous and Basic can be."
        raise failure("UserErrorUnsupportedAuthentication", message)
    if kind == "Basic":
        headers["Authorization"] = "Basic " + base64.b64encode(f"{way.get('username') or ''}:{way.get('password') or ''}".encode()).decode()
    return headers


def _trust(connection: Mapping[str, Any]) -> ssl.SSLContext | None:
    if connection.get("verify") is not False:
        return None
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
