"""Trust: ours beside all that was trusted before."""

import ssl
import time
from pathlib import Path

import certifi
import pytest

from azurine.identity import certificates, trust


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> certificates.Certificates:
    return certificates.prepare(tmp_path_factory.mktemp("certs"), time.time())


def test_what_was_trusted_stays_trusted(made: certificates.Certificates, tmp_path: Path) -> None:
    company = certificates.prepare(tmp_path / "company", time.time()).authority
    found = trust.bundle(tmp_path / "bundles", made.authority, [str(company), "/does/not/exist", ""])
    whole = found.read_bytes()
    for one in (company, made.authority, Path(certifi.where())):
        assert certificates.contains(whole, one.read_bytes())
    ssl.create_default_context(cafile=str(found))


def test_the_same_roots_are_the_same_file(made: certificates.Certificates, tmp_path: Path) -> None:
    first = trust.bundle(tmp_path, made.authority)
    written = first.stat().st_mtime_ns
    assert trust.bundle(tmp_path, made.authority, [str(first)]) == first, "adding what is there already changes nothing"
    assert first.stat().st_mtime_ns == written


def test_an_aiohttp_that_was_imported_earlier_is_told(made: certificates.Certificates) -> None:
    import aiohttp.connector

    context = aiohttp.connector._SSL_CONTEXT_VERIFIED
    before = len(context.get_ca_certs())
    trust.in_aiohttp(made.authority)
    trust.in_aiohttp(made.authority)
    assert len(context.get_ca_certs()) == before + 1
