"""The authority and the server's certificate: made once, trusted by Python's TLS, renewed when they must be."""

import os
import socket
import ssl
import stat
import threading
import time
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from azurine.identity import certificates
from azurine.model import errors

NOW = time.time()
DAY = 86400.0


def shown(found: certificates.Certificates) -> x509.Certificate:
    return x509.load_pem_x509_certificate(found.server.read_bytes())


def greet(found: certificates.Certificates, name: str, roots: Path) -> None:
    """A whole TLS handshake with a server of this certificate, under this name."""
    ours, theirs = socket.socketpair()
    here = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    here.load_cert_chain(found.server)

    def serve() -> None:
        with ours:
            try:
                here.wrap_socket(ours, server_side=True).close()
            except (ssl.SSLError, OSError):
                return

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        context = ssl.create_default_context(cafile=str(roots))
        # What Python 3.13 asks for by itself: authority and subject key ids, critical constraints.
        context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN
        with theirs, context.wrap_socket(theirs, server_hostname=name):
            pass
    finally:
        thread.join(10)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    return certificates.prepare(tmp_path_factory.mktemp("certs"), NOW)


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "azurine.blob.localhost", "other1.dfs.localhost", "azurine.file.localhost"])
def test_it_is_trusted_under_each_of_its_names(made: certificates.Certificates, name: str) -> None:
    greet(made, name, made.authority)
    greet(made, name, made.bundle)


@pytest.mark.parametrize("name", ["example.org", "10.0.0.1", "blob.localhost.example.org"])
def test_it_is_not_trusted_under_other_names(made: certificates.Certificates, name: str) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        greet(made, name, made.authority)


def test_the_authority_cannot_vouch_for_other_names(tmp_path: Path, made: certificates.Certificates) -> None:
    """Even with its key a thief could not pretend to be somebody else."""
    pair = certificates._load(made.server, (made.authority.parent / "authority.pem").read_bytes())
    moment = certificates.datetime.fromtimestamp(NOW, certificates.UTC)
    certificate = certificates._server_certificate(pair.key, pair, ["example.org"], [], moment)
    forged = tmp_path / "server.pem"
    forged.write_bytes(certificates._private_pem(pair.key) + certificates._pem(certificate) + certificates._pem(pair.certificate))
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        greet(certificates.Certificates(forged, made.authority, made.bundle), "example.org", made.authority)


def test_private_files_are_for_their_owner_only(made: certificates.Certificates) -> None:
    folder = made.server.parent
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name for path in folder.iterdir() if stat.S_IMODE(path.stat().st_mode) != 0o600} == {"ca.pem", "bundle.pem"}


def test_the_bundle_holds_the_public_roots_too(made: certificates.Certificates) -> None:
    bundle = made.bundle.read_bytes()
    assert certificates.contains(bundle, Path(certifi.where()).read_bytes())
    assert certificates.contains(bundle, made.authority.read_bytes())
    assert b"PRIVATE" not in bundle


def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    first = certificates.prepare(tmp_path, NOW)
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()}
    assert certificates.prepare(tmp_path, NOW + DAY) == first
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in tmp_path.iterdir()} == before


def test_the_certificate_is_renewed_before_it_ends_and_the_authority_stays(tmp_path: Path) -> None:
    first = certificates.prepare(tmp_path, NOW)
    old, authority = shown(first), first.authority.read_bytes()
    late = certificates.prepare(tmp_path, NOW + 350 * DAY)
    assert shown(late).not_valid_after_utc > old.not_valid_after_utc
    assert late.authority.read_bytes() == authority


def test_an_authority_that_would_end_before_its_certificate_is_made_anew(tmp_path: Path) -> None:
    authority = certificates.prepare(tmp_path, NOW).authority.read_bytes()
    late = certificates.prepare(tmp_path, NOW + 3600 * DAY)
    assert late.authority.read_bytes() != authority
    assert shown(late).issuer == x509.load_pem_x509_certificate(late.authority.read_bytes()).subject


def test_another_host_is_added(tmp_path: Path) -> None:
    certificates.prepare(tmp_path, NOW)
    found = certificates.prepare(tmp_path, NOW, ["192.168.7.9", "build-box", "fe80::1%eth0", "0.0.0.0"])
    for name in ("192.168.7.9", "build-box", "localhost", "azurine.blob.localhost"):
        greet(found, name, found.authority)
    assert certificates.prepare(tmp_path, NOW).authority.read_bytes() == found.authority.read_bytes(), (
        "back on loopback, nothing has to be trusted anew"
    )


@pytest.mark.parametrize("damage", [b"", b"-----BEGIN", b"\x00" * 100])
def test_a_damaged_certificate_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    found = certificates.prepare(tmp_path, NOW)
    found.server.write_bytes(damage)
    greet(certificates.prepare(tmp_path, NOW), "localhost", found.authority)


def test_a_key_that_is_not_the_certificates_is_noticed(tmp_path: Path) -> None:
    found = certificates.prepare(tmp_path, NOW)
    other = certificates.ec.generate_private_key(certificates.ec.SECP256R1())
    pem = other.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    found.server.write_bytes(pem + found.server.read_bytes().split(b"-----END PRIVATE KEY-----\n")[1])
    greet(certificates.prepare(tmp_path, NOW), "localhost", found.authority)


def test_a_damaged_authority_is_said_and_not_replaced(tmp_path: Path) -> None:
    certificates.prepare(tmp_path, NOW)
    (tmp_path / "authority.pem").write_bytes(b"nonsense")
    with pytest.raises(errors.Invalid, match=r"authority\.pem is damaged\. Delete the folder"):
        certificates.prepare(tmp_path, NOW)


def test_several_at_once_agree(tmp_path: Path) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(certificates.prepare(tmp_path, NOW).authority.read_bytes())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4 and len(set(found)) == 1
    assert not [name for name in os.listdir(tmp_path) if name.startswith(".") and name != ".lock"]


def test_merging_keeps_each_certificate_once() -> None:
    one, two = (b"-----BEGIN CERTIFICATE-----\n" + body + b"\n-----END CERTIFICATE-----\n" for body in (b"AAAA", b"BBBB"))
    merged = certificates.merged([b"# a comment\n" + one, one.replace(b"\n", b"\r\n") + two, b"-----BEGIN CERTIFICATE-----\ncut off"])
    assert merged == one + two
