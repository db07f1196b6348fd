"""A file that a web server gives: fetched as a stream into a file of its own, and read from there.

https://learn.microsoft.com/azure/data-factory/connector-http
"""

import base64
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

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
    connection = dataset["connection"]
    body = store.get("requestBody")
    request = urllib.request.Request(
        address(dataset),
        data=str(body).encode() if body else None,
        method=str(store.get("requestMethod") or "GET").upper(),
        headers={**_headers(connection), **_additional(store.get("additionalHeaders"))},
    )
    if request.type not in ("http", "https"):
        raise failure("UserErrorInvalidUrl", f"'{request.full_url}' is no address of a web server.")
    with tempfile.TemporaryFile() as file:
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT, context=_trust(connection)) as answer:  # only http and https, see above
                while piece := answer.read(PIECE):
                    file.write(piece)
        except urllib.error.HTTPError as error:
            code = {404: NOT_FOUND, 401: NOT_ALLOWED, 403: NOT_ALLOWED}.get(error.code, "HttpFileFailedToRead")
            with error:
                raise failure(
                    code, f"Failed to read data from http server. Address: '{address(dataset)}'. Status code: {error.code} {error.reason}."
                ) from error
        except (OSError, ValueError) as error:
            raise failure("HttpFileFailedToRead", f"Failed to read data from http server '{address(dataset)}': {error}.") from error
        size = file.tell()
        file.seek(0)
        yield cast(BinaryIO, file), size


def _headers(connection: Mapping[str, Any]) -> dict[str, str]:
    headers = {str(key): str(value) for key, value in (connection.get("headers") or {}).items()}
    way = connection.get("authentication") or {}
    if way.get("type") == "Basic":
        headers["Authorization"] = "Basic " + base64.b64encode(f"{way.get('username') or ''}:{way.get('password') or ''}".encode()).decode()
    return headers


def _additional(said: Any) -> dict[str, str]:
    """An object, or lines of `name: value`."""
    if isinstance(said, Mapping):
        return {str(key): str(value) for key, value in said.items()}
    pairs = (line.partition(":") for line in str(said or "").splitlines())
    return {key.strip(): value.strip() for key, mark, value in pairs if mark}


def _trust(connection: Mapping[str, Any]) -> ssl.SSLContext | None:
    if connection.get("verify") is not False:
        return None
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
