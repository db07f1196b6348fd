"""One HTTP request and its answer, with an end to everything: to the time it takes (all of it, not each read), to what is read, to redirects.

    answer = calls.call(Call("POST", "https://host/path", {"Accept": "*/*"}, b"{}", seconds=60), trust)

Nothing is retried: whoever wants that asks again. A redirect is followed as browsers do (303, and POST after 301 and 302, become GET), never
from https to http, and without the credentials when it leads to another host. Names under `.localhost` are this machine, whatever the system's
resolver thinks of them. Proxies are not used.
"""

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import SplitResult, urljoin, urlsplit

from azurine.model import errors

MOST = 4 * 1024 * 1024
"""Bytes of an answer."""
REDIRECTS = 10
PIECE = 64 * 1024
_PRIVATE = ("authorization", "cookie", "x-functions-key", "x-api-key", "api-key", "ocp-apim-subscription-key")
_MOVED = (301, 302, 303, 307, 308)


class NoAnswer(errors.AzurineError):
    """Nobody answered, or not in time, or not in a way that can be trusted."""

    code = "NoResponse"


@dataclass(frozen=True, slots=True)
class Call:
    """seconds: for all of it. verify: are certificates checked? certificate: a client's own, as PEM with its key."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    seconds: float = 60.0
    verify: bool = True
    certificate: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """url: where it came from in the end."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    url: str

    @property
    def text(self) -> str:
        charset = next((part.split("=", 1)[1] for part in self.headers.get("Content-Type", "").split(";") if part.strip().startswith("charset=")), "")
        try:
            return self.body.decode(charset.strip(" \"'") or "utf-8-sig", "replace")
        except LookupError:
            return self.body.decode("utf-8-sig", "replace")


def call(asked: Call, trust: Path | None = None, most: int = MOST) -> Answer:
    """trust: a file of authorities; None for the system's.

    Raises NoAnswer; errors.Invalid for an address or a header that cannot be; errors.TooLarge for an answer of more than `most` bytes.
    """
    until = time.monotonic() + asked.seconds
    for _ in range(REDIRECTS + 1):
        answer = _once(asked, trust, until, most)
        following = _redirected(asked, answer)
        if following is None:
            return answer
        asked = following
    raise NoAnswer(f"There were more than {REDIRECTS} redirects.")


def origin(url: str) -> tuple[str, str, int]:
    """(scheme, host, port), for comparing. Raises errors.Invalid."""
    parts = _parts(url)
    return parts.scheme, str(parts.hostname), parts.port or (443 if parts.scheme == "https" else 80)


def _once(asked: Call, trust: Path | None, until: float, most: int) -> Answer:
    scheme, host, port = origin(asked.url)
    left = until - time.monotonic()
    if left <= 0:
        raise _late()
    connection = http.client.HTTPConnection(host, port)
    late = threading.Event()
    lines: list[socket.socket] = []

    def cut() -> None:
        late.set()
        for line in lines:
            # It may have ended by itself meanwhile.
            with contextlib.suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    # A time-out of a socket is one of each read; a host that sends a byte now and then would go on for ever.
    timer = threading.Timer(left, cut)
    timer.daemon = True
    timer.start()
    try:
        # Kept beside: the connection lets go of its socket while the answer is still being read.
        connection.sock = _connected(scheme, host, port, left, asked, trust)
        lines.append(connection.sock)
        if late.is_set():
            raise _late()
        answer = _answered(connection, asked, most)
        if late.is_set():
            # To be cut off looks like the end of an answer that does not say how long it is.
            raise _late()
        return answer
    except (OSError, http.client.HTTPException) as problem:
        if late.is_set() or isinstance(problem, TimeoutError):
            raise _late() from problem
        raise NoAnswer(_words(problem)) from problem
    except (ValueError, UnicodeError) as problem:
        raise errors.Invalid(f"The request cannot be sent: {problem}", code="InvalidRequest") from problem
    finally:
        timer.cancel()
        connection.close()


def _connected(scheme: str, host: str, port: int, left: float, asked: Call, trust: Path | None) -> socket.socket:
    address = "127.0.0.1" if host.endswith(".localhost") else host
    plain = socket.create_connection((address, port), timeout=left)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if scheme == "http":
        return plain
    try:
        return _context(asked, trust).wrap_socket(plain, server_hostname=host)
    except BaseException:
        plain.close()
        raise


def _context(asked: Call, trust: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(trust) if trust is not None else None)
    if not asked.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if asked.certificate:
        # Imported here: only calls with a certificate of their own need a file for it.
        import tempfile

        with tempfile.NamedTemporaryFile() as kept:
            kept.write(asked.certificate)
            kept.flush()
            context.load_cert_chain(kept.name)
    return context


def _answered(connection: http.client.HTTPConnection, asked: Call, most: int) -> Answer:
    parts = _parts(asked.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    given = {name.lower() for name in asked.headers}
    connection.putrequest(asked.method, _encoded(target), skip_host="host" in given, skip_accept_encoding=True)
    for name, value in asked.headers.items():
        if name.lower() != "content-length":
            connection.putheader(name, value.encode("latin-1", "replace"))
    if asked.body is not None or asked.method in ("POST", "PUT", "PATCH"):
        connection.putheader("Content-Length", str(len(asked.body or b"")))
    connection.putheader("Connection", "close")
    connection.endheaders(asked.body)
    response = connection.getresponse()
    pieces: list[bytes] = []
    length = 0
    while piece := response.read1(PIECE):
        length += len(piece)
        if length > most:
            raise errors.TooLarge(f"The answer of {asked.url[:200]} is larger than {most} bytes.", code="AnswerTooLarge")
        pieces.append(piece)
    headers: dict[str, str] = {}
    for name, value in response.getheaders():
        spelled = next((known for known in headers if known.lower() == name.lower()), name)
        headers[spelled] = f"{headers[spelled]}, {value}" if spelled in headers else value
    if headers.get("Content-Length", "").isdigit() and length < int(headers["Content-Length"]) and asked.method != "HEAD":
        raise http.client.IncompleteRead(b"", int(headers["Content-Length"]) - length)
    return Answer(response.status, response.reason, headers, b"".join(pieces), asked.url)


def _redirected(asked: Call, answer: Answer) -> Call | None:
    where = next((value for name, value in answer.headers.items() if name.lower() == "location"), "")
    if answer.status not in _MOVED or not where:
        return None
    url = urljoin(asked.url, where)
    before, after = origin(asked.url), origin(url)
    if before[0] == "https" and after[0] == "http":
        return None
    headers = asked.headers if before == after else {name: value for name, value in asked.headers.items() if name.lower() not in _PRIVATE}
    certificate = asked.certificate if before == after else b""
    if answer.status == 303 or (answer.status in (301, 302) and asked.method == "POST"):
        headers = {name: value for name, value in headers.items() if not name.lower().startswith("content-")}
        return replace(asked, method="GET", url=url, body=None, headers=headers, certificate=certificate)
    return replace(asked, url=url, headers=headers, certificate=certificate)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or any(ord(letter) < 32 for letter in url.strip()):
        raise errors.Invalid(f"'{url[:200]}' is no address that can be called; one such as https://host/path would be right.", code="InvalidUrl")
    return parts


def _encoded(target: str) -> str:
    """What stands in an address unencoded, such as blanks and umlauts, is encoded; what is encoded already stays."""
    return "".join(letter if "!" <= letter <= "~" else "".join(f"%{byte:02X}" for byte in letter.encode()) for letter in target)


def _late() -> NoAnswer:
    return NoAnswer("It did not answer in time.", code="TimedOut")


def _words(problem: Exception) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"Its certificate is not trusted: {problem.verify_message}."
    if isinstance(problem, socket.gaierror):
        return "Its name cannot be resolved."
    if isinstance(problem, ConnectionRefusedError):
        return "Nobody listens there: the connection was refused."
    if isinstance(problem, http.client.IncompleteRead | ConnectionError | http.client.HTTPException):
        return f"The connection broke off: {type(problem).__name__}."
    return f"{type(problem).__name__}: {problem}"
