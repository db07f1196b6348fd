"""Letters to a real mail server that takes, refuses, is silent, or speaks TLS."""

import socket
import time
from collections.abc import Iterator

import pytest

from azurine.identity import certificates
from azurine.model import errors
from azurine.outbound import mail
from azurine.outbound.calls import NoAnswer
from azurine.outbound.mail import Letter, Server
from mail_sink import MailSink

LETTER = Letter("7f0c", "azurine@example.org", "ops@example.org", "Drift: 74 %, über alles", "Zeile eins\n.\nEnde ✓\n")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    return certificates.prepare(tmp_path_factory.mktemp("certs"), time.time(), ())


@pytest.fixture
def sink() -> Iterator[MailSink]:
    with MailSink() as running:
        yield running


def plain(sink: MailSink) -> Server:
    return Server("smtp+plain", "127.0.0.1", sink.port)


def test_a_letter_arrives_as_it_was_written(sink: MailSink) -> None:
    mail.send(plain(sink), "", LETTER)
    (taken,) = sink.letters
    assert (taken.sender, taken.to, taken.text.replace("\r\n", "\n")) == (LETTER.sender, LETTER.to, LETTER.text)
    assert taken.message["Message-ID"] == "<7f0c@example.org>" and taken.message["Auto-Submitted"] == "auto-generated"


@pytest.mark.parametrize(("scheme", "at_once"), [("smtp", False), ("smtps", True)])
def test_with_tls_and_a_password(known: certificates.Certificates, scheme: str, at_once: bool) -> None:
    with MailSink(known.server, at_once, ("ann", "pw")) as sink:
        server = Server(scheme, "localhost", sink.port, "ann")
        mail.send(server, "pw", LETTER, known.bundle)
        assert [(one.user, one.encrypted) for one in sink.letters] == [("ann", True)]
        with pytest.raises(errors.Denied, match="535 no such user") as denied:
            mail.send(server, "secret-word", LETTER, known.bundle)
        assert "secret-word" not in str(denied.value)
        with pytest.raises(NoAnswer, match="certificate is not trusted"):
            mail.send(server, "pw", LETTER)
    assert len(sink.letters) == 1


def test_without_tls_nothing_is_sent_where_it_is_wanted(sink: MailSink) -> None:
    with pytest.raises(errors.Denied, match="STARTTLS"):
        mail.send(Server("smtp", "127.0.0.1", sink.port), "", LETTER)
    assert sink.letters == []


def test_who_is_not_known_there_is_said(sink: MailSink) -> None:
    with pytest.raises(errors.Denied, match=r"does not take mail for no@example\.org: 550 nobody"):
        mail.send(plain(sink), "", Letter("1", "a@b.c", "no@example.org", "s", "t"))


def test_a_server_that_is_away(sink: MailSink) -> None:
    sink.away = True
    with pytest.raises(errors.Denied, match=r"421 mail\.test is away"):
        mail.send(plain(sink), "", LETTER)


def test_a_server_that_says_nothing(sink: MailSink) -> None:
    sink.silent = True
    with pytest.raises(NoAnswer, match="did not answer in time"):
        mail.send(plain(sink), "", LETTER, seconds=0.2)


def test_a_server_that_is_none() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        port = taken.getsockname()[1]
        with pytest.raises(NoAnswer, match=rf"The mail server 127\.0\.0\.1:{port} cannot be reached: the connection was refused\."):
            mail.send(Server("smtp+plain", "127.0.0.1", port), "", LETTER)


ADDRESSES = [
    ("smtp://ann@mail.example.org", Server("smtp", "mail.example.org", 587, "ann")),
    ("smtps://ann%40example.org@mail.example.org:2465/", Server("smtps", "mail.example.org", 2465, "ann@example.org")),
    ("smtp+plain://localhost", Server("smtp+plain", "localhost", 25)),
]


@pytest.mark.parametrize(("address", "server"), ADDRESSES)
def test_addresses(address: str, server: Server) -> None:
    assert mail.server(address) == server


@pytest.mark.parametrize(
    "address", ["", "mail.example.org", "http://x", "smtp://", "smtp://u:pw@host", "smtp://host:port", "smtp://host/path", "smtp://h?x=1"]
)
def test_wrong_addresses_are_refused_and_not_repeated(address: str) -> None:
    with pytest.raises(errors.Invalid, match="smtp://user@host:587") as refused:
        mail.server(address)
    assert "pw" not in str(refused.value)
