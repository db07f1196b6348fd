"""What a file cannot say about itself: content type, metadata, ETag. Kept beside the account, one small JSON per version.

A sidecar's name holds the blob's name (hashed) and the file's size and time of change. So it belongs to exactly one version of the file: it is
written before the new file gets its name, and is found only once that has happened; and when a user's step writes the
file itself, the old sidecar no longer fits and is not used, as an overwritten blob in Azure has lost its metadata.
"""

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from azurine.storage import writing

BLOCK = "BlockBlob"
APPEND = "AppendBlob"
FOLDER_MARK = "hdi_isfolder"
DEFAULT_TYPE = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Properties:
    """The empty string is "not set". content_md5 is base64, as on the wire. Times are seconds since 1970.

    blocks: id and size of each committed block, so that a later block list may name them. copied: what Azure tells of the
    copy that made this blob (id, source, completed).
    """

    content_type: str = ""
    content_encoding: str = ""
    content_language: str = ""
    content_disposition: str = ""
    cache_control: str = ""
    content_md5: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    kind: str = BLOCK
    etag: str = ""
    created_at: float = 0.0
    modified_at: float = 0.0
    blocks: tuple[tuple[str, int], ...] = ()
    copied: Mapping[str, str] = field(default_factory=dict)


_NAMES = frozenset(one.name for one in fields(Properties))


def version_of(stat: os.stat_result) -> str:
    """Which version of a file this is. Not the inode: a home that was copied or restored keeps its properties."""
    return f"{stat.st_size:x}-{stat.st_mtime_ns:x}"


FOLDER_VERSION = "folder"
"""A folder's time changes with each file in it, so the mark of an (otherwise empty) folder has one version only."""


def plain_tag(modified: int, size: int) -> str:
    """The ETag of a file that no client put here. modified: in nanoseconds."""
    return f'"0x{modified:X}{size:X}"'


def of_plain_file(stat: os.stat_result) -> Properties:
    """A file that no client put here: written by a step, or by hand."""
    return Properties(content_type=DEFAULT_TYPE, etag=plain_tag(stat.st_mtime_ns, stat.st_size), created_at=stat.st_mtime, modified_at=stat.st_mtime)


class Sidecars:
    """The sidecars of one container. folder: `.azurine/properties/{container}`."""

    def __init__(self, folder: Path) -> None:
        # Text, not a Path: a list reads thousands of these.
        self._folder = str(folder)

    def read(self, name: str, version: str) -> Properties | None:
        found = writing.read_json(self._path(name, version))
        return _properties(found) if isinstance(found, dict) and found.get("name") == name else None

    def has(self, name: str, version: str) -> bool:
        return os.path.exists(self._path(name, version))

    def write(self, name: str, version: str, properties: Properties) -> None:
        # The folder is not synced: after a power cut a blob may have lost its sidecar, and is a plain file then.
        writing.write_json(Path(self._path(name, version)), {"name": name} | asdict(properties), lasting=False)

    def drop(self, name: str, version: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self._path(name, version))

    def _path(self, name: str, version: str) -> str:
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
        return f"{self._folder}/{digest[:2]}/{digest[2:]}.{version}.json"


def _properties(found: dict[str, Any]) -> Properties:
    known = {name: value for name, value in found.items() if name in _NAMES}
    known["blocks"] = tuple((str(identifier), int(size)) for identifier, size in known.get("blocks", ()))
    return Properties(**known)
