"""A server that runs for longer than its certificate lasts shows a new one in time."""

import ssl
from pathlib import Path

from cryptography import x509

from azurine.identity import certificates
from azurine.identity.renewing import Renewal

BEGUN = 1_800_000_000.0
DAY = 86_400.0


class Time:
    def __init__(self) -> None:
        self.now = BEGUN

    def __call__(self) -> float:
        return self.now


def shown(context: ssl.SSLContext) -> x509.Certificate:
    """What a connection made now is shown."""
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.check_hostname = False
    asking.verify_mode = ssl.CERT_NONE  # the clock of this test is not that of the machine
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client, server = asking.wrap_bio(back, there), context.wrap_bio(there, back, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    found = client.getpeercert(binary_form=True)
    assert found is not None
    return x509.load_der_x509_certificate(found)


def test_the_certificate_is_made_anew_before_it_ends_and_shown_to_new_connections(tmp_path: Path) -> None:
    time, context = Time(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    renewal = Renewal(context, tmp_path, (), time)
    first = shown(context)
    authority = (tmp_path / "ca.pem").read_bytes()

    time.now = BEGUN + 300 * DAY
    assert not renewal.look()
    assert shown(context) == first

    time.now = BEGUN + 360 * DAY
    assert renewal.look()
    second = shown(context)
    assert second.serial_number != first.serial_number
    assert second.not_valid_after_utc > first.not_valid_after_utc
    assert (tmp_path / "ca.pem").read_bytes() == authority
    assert not renewal.look()


def test_one_that_somebody_else_has_renewed_is_shown_too(tmp_path: Path) -> None:
    time, context = Time(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    renewal = Renewal(context, tmp_path, (), time)
    first = shown(context)
    certificates.prepare(tmp_path, BEGUN, ("host.example",))
    renewed = Renewal(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), tmp_path, ("host.example",), time)
    assert not renewed.look()
    assert renewal.look()
    assert shown(context).serial_number != first.serial_number


def test_the_watch_ends_at_once(tmp_path: Path) -> None:
    renewal = Renewal(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), tmp_path, (), Time())
    renewal.start()
    renewal.close()
