"""The server's own certificate authority and certificate, so that the official clients, which insist on https, can trust it.

Made at first start, kept under `home/certs`:

    authority.pem   key and certificate of the authority (private)
    server.pem      key, certificate and chain of the server (private; both `ssl_certfile` and `ssl_keyfile`)
    ca.pem          the authority's certificate: what other programs import
    bundle.pem      certifi's roots and ours: what REQUESTS_CA_BUNDLE points to

The authority may only speak for this machine's names (name constraints), so trusting it gives nothing else away. The
server's certificate is made anew when it nears its end, when the names it must carry change, or when it is damaged.
What it does not do: install itself into the system's or a browser's trust store.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from azurine.identity import keeping
from azurine.model import errors

AUTHORITY_LIFE = timedelta(days=3650)
SERVER_LIFE = timedelta(days=397)  # browsers refuse more than 398
RENEW_BEFORE = timedelta(days=60)

# A star stands for one label and needs two behind it (OpenSSL), so each storage service is named.
NAMES = ("localhost", "*.localhost", *(f"*.{service}.localhost" for service in ("blob", "dfs", "file", "queue", "table", "web")))
ADDRESSES = ("127.0.0.1", "::1")

_Key = ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True)
class Certificates:
    """Where the files are. server: certificate, chain and key in one file."""

    server: Path
    authority: Path
    bundle: Path


@dataclass(frozen=True, slots=True)
class _Pair:
    key: _Key
    certificate: x509.Certificate


def prepare(folder: Path, now: float, extra_names: Sequence[str] = ()) -> Certificates:
    """The files, made or renewed where needed. extra_names: further host names or addresses the server is reached by."""
    keeping.folder(folder)
    found = Certificates(folder / "server.pem", folder / "ca.pem", folder / "bundle.pem")
    moment = datetime.fromtimestamp(now, UTC).replace(microsecond=0)
    names, addresses = _sorted_out(extra_names)
    with keeping.locked(folder / ".lock"):
        authority = _authority(folder / "authority.pem", names, addresses, moment)
        _server(found.server, authority, names, addresses, moment)
        public = _pem(authority.certificate)
        _keep(found.authority, public)
        _keep(found.bundle, merged([Path(certifi.where()).read_bytes(), public]))
    return found


def merged(bundles: Iterable[bytes]) -> bytes:
    """Several PEM bundles as one, each certificate once, in order."""
    seen: set[bytes] = set()
    kept: list[bytes] = []
    for bundle in bundles:
        for block in _blocks(bundle):
            bare = b"".join(block.split())
            if bare not in seen:
                seen.add(bare)
                kept.append(block)
    return b"".join(kept)


def contains(bundle: bytes, certificates: bytes) -> bool:
    """Are all certificates of the second bundle in the first?"""
    there = {b"".join(block.split()) for block in _blocks(bundle)}
    return all(b"".join(block.split()) in there for block in _blocks(certificates))


def _blocks(bundle: bytes) -> list[bytes]:
    begin, end = b"-----BEGIN CERTIFICATE-----", b"-----END CERTIFICATE-----"
    parts = bundle.replace(b"\r\n", b"\n").split(begin)[1:]
    return [begin + part.split(end)[0] + end + b"\n" for part in parts if end in part]


def _sorted_out(extra: Sequence[str]) -> tuple[list[str], list[str]]:
    """Names and addresses, ours first, each once. The addresses that mean "all" name nobody."""
    names, addresses = list(NAMES), list(ADDRESSES)
    for name in extra:
        bare = name.strip().strip("[]").lower().rstrip(".")
        try:
            address = ipaddress.ip_address(bare.split("%")[0])
        except ValueError:
            if bare and bare not in names and bare.isascii():
                names.append(bare)
            continue
        if not address.is_unspecified and str(address) not in addresses:
            addresses.append(str(address))
    return names, addresses


def _authority(path: Path, names: Sequence[str], addresses: Sequence[str], now: datetime) -> _Pair:
    content = keeping.read(path)
    if content is not None:
        pair = _load(path, content)
        if _speaks_for(pair.certificate, names, addresses) and now < pair.certificate.not_valid_after_utc - SERVER_LIFE:
            return pair
    pair = _new_authority(names, addresses, now)
    keeping.write(path, _private_pem(pair.key) + _pem(pair.certificate))
    return pair


def _load(path: Path, content: bytes) -> _Pair:
    try:
        key = serialization.load_pem_private_key(content, None)
        certificate = x509.load_pem_x509_certificate(content)
    except ValueError as problem:
        # Not replaced in silence: everything that trusted the old authority would stop working without a word.
        raise errors.Invalid(f"{path} is damaged. Delete the folder {path.parent}; the next start makes a new authority.") from problem
    if not isinstance(key, _Key) or key.public_key() != certificate.public_key():
        raise errors.Invalid(
            f"The key in {path} does not belong to its certificate. Delete the folder {path.parent}; the next start makes a new authority."
        )
    return _Pair(key, certificate)


def _server(path: Path, authority: _Pair, names: Sequence[str], addresses: Sequence[str], now: datetime) -> None:
    content = keeping.read(path)
    if content is not None and _still_good(content, authority, names, addresses, now):
        return
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _server_certificate(key, authority, names, addresses, now)
    keeping.write(path, _private_pem(key) + _pem(certificate) + _pem(authority.certificate))


def _still_good(content: bytes, authority: _Pair, names: Sequence[str], addresses: Sequence[str], now: datetime) -> bool:
    """Ours, whole, for all the names, and not near its end. A damaged one is simply made anew: nobody pins it."""
    try:
        key = serialization.load_pem_private_key(content, None)
        certificate = x509.load_pem_x509_certificate(content)
        certificate.verify_directly_issued_by(authority.certificate)
        carried = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except Exception:  # noqa: BLE001 — the library raises many kinds for a damaged file; each means: make a new one
        return False
    if not isinstance(key, _Key) or key.public_key() != certificate.public_key():
        return False
    has = {*carried.get_values_for_type(x509.DNSName), *(str(one) for one in carried.get_values_for_type(x509.IPAddress))}
    return {*names, *addresses} <= has and certificate.not_valid_before_utc <= now < certificate.not_valid_after_utc - RENEW_BEFORE


def _new_authority(names: Sequence[str], addresses: Sequence[str], now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(f"Azurine local authority {x509.random_serial_number() & 0xFFFFFF:06x}")
    certificate = (
        _begin(subject, subject, key.public_key(), now, AUTHORITY_LIFE)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(x509.NameConstraints(_permitted(names, addresses), None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return _Pair(key, certificate)


def _server_certificate(key: _Key, authority: _Pair, names: Sequence[str], addresses: Sequence[str], now: datetime) -> x509.Certificate:
    alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in names]
    alternatives += [x509.IPAddress(ipaddress.ip_address(address)) for address in addresses]
    return (
        _begin(_name("localhost"), authority.certificate.subject, key.public_key(), now, SERVER_LIFE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .sign(authority.key, hashes.SHA256())
    )


def _begin(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime, life: timedelta) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key)
    # An hour earlier, for containers and virtual machines whose clock is a little behind.
    return builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(hours=1)).not_valid_after(now + life)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _permitted(names: Sequence[str], addresses: Sequence[str]) -> list[x509.GeneralName]:
    """ "localhost" permits every name below it too."""
    outside = [name for name in names if name not in NAMES]
    networks = [ipaddress.ip_network("127.0.0.0/8"), *(ipaddress.ip_network(address) for address in addresses if address != "127.0.0.1")]
    return [x509.DNSName(name.removeprefix("*.")) for name in ["localhost", *outside]] + [x509.IPAddress(network) for network in networks]


def _speaks_for(certificate: x509.Certificate, names: Sequence[str], addresses: Sequence[str]) -> bool:
    try:
        allowed = certificate.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    except x509.ExtensionNotFound:
        return False
    return all(one in allowed for one in _permitted(names, addresses))


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Azurine"), x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _keep(path: Path, content: bytes) -> None:
    if keeping.read(path) != content:
        keeping.write(path, content, keeping.PUBLIC)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: _Key) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
