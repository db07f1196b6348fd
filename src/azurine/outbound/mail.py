"""One letter to one address, through the mail server that the operator has named; with an end to the time that it takes.

    smtps://user@mail.example.org        TLS from the first byte (port 465)
    smtp://user@mail.example.org         STARTTLS, without which nothing is sent (port 587)
    smtp+plain://localhost               no TLS, for a relay of this machine (port 25)

Sending is not trying again: whoever wants that asks again. A letter that is sent twice has the same Message-ID.
"""

import contextlib
import smtplib
import socket
import ssl
import threading
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from urllib.parse import unquote, urlsplit

from azurine.model import errors
from azurine.outbound.calls import NoAnswer

PORTS = {"smtps": 465, "smtp": 587, "smtp+plain": 25}
SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Server:
    """scheme: one of PORTS. user: "" for one that asks nobody who they are."""

    scheme: str
    host: str
    port: int
    user: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """id: the same for the same letter."""

    id: str
    sender: str
    to: str
    subject: str
    text: str


def server(address: str) -> Server:
    """Of an address such as those above. Raises errors.Invalid."""
    try:
        parts = urlsplit(address.strip())
        port = parts.port or PORTS.get(parts.scheme, 0)
        usable = parts.scheme in PORTS and bool(parts.hostname) and parts.path in ("", "/") and not parts.query and parts.password is None
    except ValueError:
        usable = False
    if not usable:
        # It is not repeated: somebody may have written a password into it.
        raise errors.Invalid("the mail server must be written as smtp://user@host:587 or smtps://user@host:465, without the password", path="smtp")
    return Server(parts.scheme, str(parts.hostname), port, unquote(parts.username or ""))


def send(through: Server, password: str, letter: Letter, trust: Path | None = None, seconds: float = SECONDS) -> None:
    """Raises NoAnswer when the server cannot be reached, or breaks off; errors.Denied when it says no."""
    late = threading.Event()
    lines: list[smtplib.SMTP] = []

    def cut() -> None:
        late.set()
        for line in lines:
            # It may have ended by itself meanwhile.
            with contextlib.suppress(OSError, AttributeError):
                line.sock.shutdown(2)  # type: ignore[union-attr]

    # A time-out of a socket is one of each read; a server that sends a byte now and then would go on for ever.
    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        with _opened(through, trust, seconds) as line:
            lines.append(line)
            _said(line, through, password, trust, letter)
    except smtplib.SMTPResponseException as problem:
        raise errors.Denied(f"{through.host} said no: {problem.smtp_code} {_plain(problem.smtp_error)}", code="MailRefused") from None
    except smtplib.SMTPRecipientsRefused as problem:
        code, said = next(iter(problem.recipients.values()))
        raise errors.Denied(f"{through.host} does not take mail for {letter.to}: {code} {_plain(said)}", code="MailRefused") from None
    except smtplib.SMTPNotSupportedError as problem:
        raise errors.Denied(f"{through.host} cannot do what is needed: {problem}", code="MailRefused") from None
    except (smtplib.SMTPException, OSError) as problem:
        # smtplib tells of a time-out as of a connection that was closed.
        in_time = not (late.is_set() or isinstance(problem, TimeoutError) or isinstance(problem.__context__, TimeoutError))
        why = _words(problem) if in_time else "it did not answer in time"
        raise NoAnswer(f"The mail server {through.host}:{through.port} cannot be reached: {why}.") from problem
    finally:
        timer.cancel()


def _opened(through: Server, trust: Path | None, seconds: float) -> smtplib.SMTP:
    if through.scheme == "smtps":
        return smtplib.SMTP_SSL(through.host, through.port, local_hostname=_own_name(), timeout=seconds, context=_context(trust))
    return smtplib.SMTP(through.host, through.port, local_hostname=_own_name(), timeout=seconds)


def _own_name() -> str:
    """What the server is greeted with. smtplib would ask the name service for it, with no end to the time that it takes."""
    name = socket.gethostname()
    return name if "." in name else "[127.0.0.1]"


def _said(line: smtplib.SMTP, through: Server, password: str, trust: Path | None, letter: Letter) -> None:
    if through.scheme == "smtp":
        line.starttls(context=_context(trust))
    if through.user:
        line.login(through.user, password)
    line.send_message(_message(letter), letter.sender, [letter.to])


def _message(letter: Letter) -> EmailMessage:
    message = EmailMessage()
    message["From"] = letter.sender
    message["To"] = letter.to
    message["Subject"] = letter.subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{letter.id}@{letter.sender.rpartition('@')[2] or 'azurine'}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


def _context(trust: Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(trust) if trust is not None else None)


def _plain(said: bytes | str) -> str:
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return " ".join(text.split())[:300]


def _words(problem: Exception) -> str:
    if isinstance(problem, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {problem.verify_message}"
    if isinstance(problem, ConnectionRefusedError):
        return "the connection was refused"
    return f"{type(problem).__name__}: {problem}" if str(problem) else type(problem).__name__
