"""Trusting the server's authority in a client's process, beside everything that was trusted before.

Most libraries take a file of roots from a variable, and taking ours alone would cut them off from everything else. So a
bundle is written that holds what the process trusts today, and ours.
"""

import contextlib
import ssl
import sys
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import certifi

from azurine.identity import certificates, keeping


def bundle(folder: Path, authority: Path, trusted: Iterable[str] = ()) -> Path:
    """A file with certifi's roots, the system's, those of the files `trusted`, and the authority; named by its content."""
    system = ssl.get_default_verify_paths().cafile
    paths = [certifi.where(), *trusted, *([system] if system else [])]
    contents = [content for path in dict.fromkeys(paths) if path and (content := _readable(Path(path)))]
    whole = certificates.merged([*contents, authority.read_bytes()])
    found = keeping.folder(folder) / f"bundle-{sha256(whole).hexdigest()[:16]}.pem"
    if keeping.read(found) != whole:
        keeping.write(found, whole, keeping.PUBLIC)
    return found


def in_aiohttp(authority: Path) -> None:
    """aiohttp (under adlfs) reads the roots once, when it is imported. If that has happened, ours is added to what it read."""
    connector = sys.modules.get("aiohttp.connector")
    context = getattr(connector, "_SSL_CONTEXT_VERIFIED", None)
    if isinstance(context, ssl.SSLContext):
        with contextlib.suppress(ssl.SSLError):
            context.load_verify_locations(cafile=str(authority))


def _readable(path: Path) -> bytes:
    """A variable may well name a file that is not there: that is no reason to stop."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
