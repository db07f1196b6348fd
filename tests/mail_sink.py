"""A small mail server for tests: it takes letters, refuses them, says nothing, or is away, as it is told.

    with MailSink() as sink:
        …send through 127.0.0.1:sink.port…
        sink.letters[0].message["Subject"]

sink.away: whoever comes is sent away, as by a server that is just being restarted. `no@…` is nobody whom it takes mail for.
"""

import base64
import socketserver
import ssl
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from pathlib import Path

from threaded import Threaded


@dataclass(frozen=True, slots=True)
class Taken:
    sender: str
    to: str
    message: Message
    user: str
    encrypted: bool

    @property
    def text(self) -> str:
        payload = self.message.get_payload(decode=True)
        assert isinstance(payload, bytes)
        return payload.decode()


class MailSink(Threaded):
    """certificate: a PEM file with its key, for one that speaks TLS. at_once: from the first byte. login: (user, password) that must be said."""

    def __init__(self, certificate: Path | None = None, at_once: bool = False, login: tuple[str, str] | None = None) -> None:
        super().__init__(_Server(("127.0.0.1", 0), _handler(self)))
        self.letters: list[Taken] = []
        self.away = False
        self.silent = False
        self.context: ssl.SSLContext | None = None
        self.at_once, self.login = at_once, login
        if certificate is not None:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Who breaks off, as some tests do, is nothing to tell."""


def _handler(sink: MailSink) -> type[socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        user = ""
        encrypted = False

        def handle(self) -> None:
            try:
                self._talk()
            finally:
                if self.encrypted:  # the server closes only what it opened
                    self.rfile.close()
                    self.wfile.close()
                    self.request.close()

        def _talk(self) -> None:
            if sink.silent:
                sink.over.wait(60)
                return
            if sink.at_once:
                self._encrypt()
            if sink.away:
                self._say("421 mail.test is away")
                return
            self._say("220 mail.test")
            sender = to = ""
            while line := self.rfile.readline(2000).decode().strip():
                word = line.partition(" ")[0].upper()
                match word:
                    case "EHLO" | "HELO":
                        self._greet()
                    case "STARTTLS":
                        self._say("220 go on")
                        self._encrypt()
                    case "AUTH":
                        self._sign_in(line)
                    case "MAIL" if sink.login is not None and not self.user:
                        self._say("530 sign in first")
                    case "MAIL":
                        sender = line.partition("<")[2].partition(">")[0]
                        self._say("250 ok")
                    case "RCPT":
                        to = line.partition("<")[2].partition(">")[0]
                        self._say("550 nobody of that name" if to.startswith("no@") else "250 ok")
                    case "DATA":
                        self._say("354 go on")
                        sink.letters.append(Taken(sender, to, message_from_bytes(self._letter()), self.user, self.encrypted))
                        self._say("250 taken")
                    case "QUIT":
                        self._say("221 bye")
                        return
                    case _:
                        self._say("250 ok")

        def _greet(self) -> None:
            offers = ["mail.test"]
            if sink.context is not None and not self.encrypted:
                offers.append("STARTTLS")
            if sink.login is not None:
                offers.append("AUTH PLAIN")
            for place, one in enumerate(offers):
                self._say(f"250{' ' if place == len(offers) - 1 else '-'}{one}")

        def _encrypt(self) -> None:
            assert sink.context is not None
            self.request = sink.context.wrap_socket(self.request, server_side=True)
            self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", 0)
            self.encrypted = True

        def _sign_in(self, line: str) -> None:
            _, user, password = base64.b64decode(line.split()[2]).decode().split("\0")
            self.user = user if (user, password) == sink.login else ""
            self._say("235 welcome" if self.user else "535 no such user")

        def _letter(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line[1:] if line.startswith(b"..") else line)
            return b"".join(lines)

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    return Handler
