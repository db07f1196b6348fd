"""Blocks of a large blob: staged one by one, in any order, then put together by a list of their ids.

Azure: https://learn.microsoft.com/rest/api/storageservices/put-block-list

A staged block is a file under `.azurine/blocks/{container}/{blob}/`, named after its id. Putting together copies file to file inside the
system. Blocks that no list ever named go when the blob is written, or after a week.
"""

import base64
import binascii
import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from azurine.model import errors
from azurine.storage import writing
from azurine.storage.files import Blob, Condition, Files
from azurine.storage.properties import Properties
from azurine.storage.uploads import Upload
from azurine.storage.urls import Location

LONGEST_ID = 64
MOST_BLOCKS = 50_000
KEPT_SECONDS = 7 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Wanted:
    """One line of a block list. where: Committed, Uncommitted or Latest (staged first, then committed)."""

    id: str
    where: str


def check_id(identifier: str) -> str:
    try:
        decoded = base64.b64decode(identifier, validate=True)
    except (binascii.Error, ValueError):
        decoded = b""
    if not 0 < len(decoded) <= LONGEST_ID:
        raise errors.Invalid(
            f"The block id {identifier[:100]!r} is not valid: it takes the base64 of 1 to {LONGEST_ID} bytes.", code="InvalidQueryParameterValue"
        )
    return identifier


def stage(files: Files, location: Location, identifier: str, upload: Upload) -> None:
    folder = _folder(files, location)
    name = _file_name(check_id(identifier))
    with writing.saying(location.path):
        folder.mkdir(parents=True, exist_ok=True)
        # Azure wants all ids of one blob to be of one length; a mistake here shows at once instead of at the commit.
        with os.scandir(folder) as others:
            other = next(others, None)
        if other is not None and len(other.name) != len(name):
            raise errors.Invalid(f"The block id {identifier!r} is not as long as those of the blob's other blocks.", code="InvalidBlobOrBlock")
        upload.finish()
        os.replace(upload.path, folder / name)


def staged(files: Files, location: Location) -> list[tuple[str, int]]:
    """Id and size of each block that waits, by id."""
    try:
        with os.scandir(_folder(files, location)) as entries:
            return sorted((_identifier(entry.name), entry.stat().st_size) for entry in entries)
    except FileNotFoundError:
        return []


def commit(files: Files, location: Location, wanted: Sequence[Wanted], described: Properties, condition: Condition | None = None) -> Blob:
    """The named blocks, in this order, become the blob; all other staged blocks of it are forgotten."""
    if len(wanted) > MOST_BLOCKS:
        raise errors.Invalid(f"The block list names {len(wanted)} blocks; {MOST_BLOCKS} is the most.", code="BlockListTooLong")
    upload = files.upload(location)
    try:
        written = _put_together(files, location, wanted, upload)
        blob = files.commit(location, upload, replace(described, blocks=tuple(written)), condition)
    finally:
        upload.abandon()
    discard(files, location)
    return blob


def discard(files: Files, location: Location) -> None:
    shutil.rmtree(_folder(files, location), ignore_errors=True)


def sweep(files: Files) -> None:
    """Forgets blocks that waited for a week."""
    oldest = files.accounts.now() - KEPT_SECONDS
    for account in files.accounts.names():
        for folder in (files.accounts.house(account) / "blocks").glob("*/*"):
            if folder.stat().st_mtime < oldest:
                shutil.rmtree(folder, ignore_errors=True)


def _put_together(files: Files, location: Location, wanted: Sequence[Wanted], upload: Upload) -> list[tuple[str, int]]:
    folder = _folder(files, location)
    before = files.find(location)
    offsets = _offsets(before)
    written = []
    committed = files.open(location) if offsets else None
    try:
        for one in wanted:
            size = _add_staged(folder, one, upload) if one.where != "Committed" else None
            if size is None and committed and one.where != "Uncommitted" and one.id in offsets:
                start, size = offsets[one.id]
                upload.write_from(committed.descriptor, start, size)
            if size is None:
                raise errors.Invalid(f"The block list names {one.id!r} ({one.where}), and there is no such block.", code="InvalidBlockList")
            written.append((one.id, size))
    finally:
        if committed:
            committed.close()
    return written


def _add_staged(folder: Path, one: Wanted, upload: Upload) -> int | None:
    try:
        descriptor = os.open(folder / _file_name(check_id(one.id)), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        size = os.fstat(descriptor).st_size
        upload.write_from(descriptor, 0, size)
        return size
    finally:
        os.close(descriptor)


def _offsets(blob: Blob | None) -> dict[str, tuple[int, int]]:
    offsets: dict[str, tuple[int, int]] = {}
    start = 0
    for identifier, size in blob.properties.blocks if blob and blob.properties.kind == "BlockBlob" else ():
        offsets[identifier] = (start, size)
        start += size
    return offsets


def _folder(files: Files, location: Location) -> Path:
    digest = hashlib.sha256(location.path.encode()).hexdigest()
    return files.accounts.house(location.account) / "blocks" / location.container / digest


def _file_name(identifier: str) -> str:
    return identifier.replace("/", "_").replace("+", "-")


def _identifier(file_name: str) -> str:
    return file_name.replace("_", "/").replace("-", "+")
