"""Keys and tokens of endpoints: made from one secret of the server's, so that none of them is kept anywhere.

A key is the secret applied to a text that names it (which endpoint, which key, how often it was made anew). A token says until when
it holds and whose it is, and is signed the same way. Comparing takes the same time whatever is wrong.
"""

import base64
import hashlib
import hmac
import os
from pathlib import Path

from azurine.identity import keeping
from azurine.model import errors
from azurine.model.clock import Clock, system

LIFETIME = 3600.0
_PREFIX = "azt1"


class EndpointKeys:
    def __init__(self, folder: Path, clock: Clock = system) -> None:
        """folder: where the secret is kept (made at first start)."""
        self._secret = _secret(keeping.folder(folder) / "endpoints.secret")
        self._clock = clock

    def key(self, text: str) -> str:
        """The key that the text names: 43 letters, digits, - and _."""
        return self._sign(f"key#{text}")

    def token(self, endpoint: str, oid: str) -> tuple[str, float]:
        """A token for one endpoint (its id and when it was made), and until when it holds."""
        until = int(self._clock() + LIFETIME)
        said = f"{_PREFIX}.{until}.{_encode(oid.encode())}"
        return f"{said}.{self._sign(f'token#{endpoint}#{said}')}", float(until)

    def holds(self, endpoint: str, token: str) -> bool:
        """Is this a token for that endpoint, and still good?"""
        said, _, signature = token.rpartition(".")
        parts = said.split(".")
        if len(parts) != 3 or parts[0] != _PREFIX or not parts[1].isdigit() or len(parts[1]) > 12:
            return False
        return hmac.compare_digest(signature.encode(), self._sign(f"token#{endpoint}#{said}").encode()) and self._clock() < int(parts[1])

    def _sign(self, text: str) -> str:
        return _encode(hmac.new(self._secret, text.encode(), hashlib.sha256).digest())


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _secret(path: Path) -> bytes:
    with keeping.locked(path.parent / ".lock"):
        found = keeping.read(path)
        if found is None:
            found = os.urandom(32)
            keeping.write(path, found)
    if len(found) < 32:
        raise errors.Invalid(f"{path} is damaged. Delete it; the next start makes a new one, and every endpoint has other keys.")
    return found
