"""Which names Azure allows for accounts, containers and blobs, and which of them can be files here.

Azure: https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata

A blob is a file, so a few names that Azure would take are refused with a clear error: those with an empty, `.` or `..`
segment, a backslash, a control character, or a segment of more than 255 bytes. The `..` is looked for behind any number
of percent-encodings too: a name that only turns into a way out when a later reader decodes it once more is not let in.
"""

import re
from urllib.parse import unquote

from azurine.model import errors

LONGEST_NAME = 1024
LONGEST_SEGMENT = 255
SPECIAL_CONTAINERS = frozenset({"$root", "$web", "$logs"})

_ACCOUNT = re.compile(r"[a-z0-9]{3,24}")
_CONTAINER = re.compile(r"[a-z0-9](?:-?[a-z0-9])+")
_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_METADATA = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def account(name: str) -> str:
    if not _ACCOUNT.fullmatch(name):
        raise errors.Invalid(f"The account name {name!r} is not valid: it takes 3 to 24 lower-case letters and digits.", code="InvalidResourceName")
    return name


def is_account(name: str) -> bool:
    return _ACCOUNT.fullmatch(name) is not None


def container(name: str) -> str:
    if name in SPECIAL_CONTAINERS:
        return name
    if not 3 <= len(name) <= 63 or not _CONTAINER.fullmatch(name):
        raise errors.Invalid(
            f"The container name {_shown(name)} is not valid: it takes 3 to 63 lower-case letters, digits and single hyphens,"
            " and begins and ends with a letter or digit.",
            code="InvalidResourceName",
        )
    return name


def blob(name: str) -> tuple[str, ...]:
    """The segments of a blob's name. Raises Invalid when the name cannot be a file below its container."""
    if not name:
        raise _refusal(name, "it is empty")
    if len(name) > LONGEST_NAME:
        raise _refusal(name, f"it has {len(name)} characters, and {LONGEST_NAME} is the most")
    if _UNWRITABLE.search(name):
        raise _refusal(name, "it holds a control character, or one that is not text")
    if "\\" in name:
        raise _refusal(name, "it holds a backslash; segments are parted by /")
    segments = tuple(name.split("/"))
    if "" in segments:
        raise _refusal(name, "it begins or ends with /, or has two in a row")
    if any(len(segment.encode()) > LONGEST_SEGMENT for segment in segments):
        raise _refusal(name, f"a segment is longer than {LONGEST_SEGMENT} bytes")
    if _leads_elsewhere(name):
        raise _refusal(name, "a segment is . or ..")
    return segments


def is_blob(name: str) -> bool:
    """Can a file of this name, found in a container's folder, be shown as a blob?"""
    try:
        blob(name)
    except errors.Invalid:
        return False
    return True


def metadata(name: str) -> str:
    """A metadata key must be a C# identifier; Azure keeps its spelling and compares it without regard to case."""
    if not name:
        raise errors.Invalid("A metadata header has no name after x-ms-meta-.", code="EmptyMetadataKey")
    if not _METADATA.fullmatch(name):
        raise errors.Invalid(f"The metadata name {_shown(name)} is not valid: letters, digits and _ only, no digit first.", code="InvalidMetadata")
    return name


def _leads_elsewhere(name: str) -> bool:
    while True:
        if any(segment in (".", "..") for segment in name.replace("\\", "/").split("/")):
            return True
        decoded = unquote(name)
        if decoded == name:
            return False
        name = decoded


def _refusal(name: str, reason: str) -> errors.Invalid:
    return errors.Invalid(f"The blob name {_shown(name)} is not valid: {reason}.", code="InvalidResourceName")


def _shown(name: str) -> str:
    return ascii(name if len(name) <= 80 else name[:77] + "…")
