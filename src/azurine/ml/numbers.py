"""Numbers that Azure gives to things and programs keep: always the same for the same id, so nothing has to be remembered."""

import hashlib
import uuid

_SPACE = uuid.UUID("5b0c8a52-6a0f-5c0e-9d5e-a2e000000001")


def workspace(identifier: str) -> str:
    """A workspace's number, a GUID."""
    return str(uuid.uuid5(_SPACE, identifier))


def experiment(identifier: str) -> str:
    """An experiment's number: 18 digits, as text."""
    digest = hashlib.sha256(identifier.encode()).digest()
    return str(10**17 + int.from_bytes(digest[:8]) % (9 * 10**17))
