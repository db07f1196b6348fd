"""Blobs by location: plain files below their container's folder, and never outside it.

Reading holds one open file, so what is read is one version even while it is replaced. Writing is a staged upload that
gets its name by a rename. Conditions (If-Match and the like) are asked, and the change made, while no other writer of the same blob
is let in; there is one server per home, so a lock in the process is enough. What a step writes straight into the folder needs none of
this and is seen at once.

A link inside a container is followed on reading while it stays inside; one that leads out is refused. Writing replaces a link, never
what it leads to.
"""

import errno
import os
import secrets
import stat as modes
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from azurine.model import errors
from azurine.storage import naming, properties, writing
from azurine.storage.accounts import Accounts
from azurine.storage.properties import Properties, Sidecars
from azurine.storage.uploads import PIECE, Upload, copy_range
from azurine.storage.urls import Location


@dataclass(frozen=True, slots=True)
class Blob:
    """folder: an empty blob that marks a folder (Azure's hdi_isfolder). plain: a file that no client put there."""

    location: Location
    size: int
    properties: Properties
    folder: bool = False
    plain: bool = False
    version: str = ""


Condition = Callable[[Blob | None], None]
"""Asked with the blob as it is (None when there is none) just before a change; raises to prevent it."""


class Reading:
    """One version of a blob, open. Closes itself at the end of a `with`."""

    def __init__(self, blob: Blob, descriptor: int) -> None:
        self.blob = blob
        self.descriptor = descriptor

    def read(self, start: int, length: int) -> bytes:
        """At most PIECE bytes at a time; b"" at the end."""
        if self.descriptor < 0:
            return b""
        return os.pread(self.descriptor, min(length, PIECE), start)

    def pieces(self, start: int, length: int) -> Iterator[bytes]:
        end = start + length
        while start < end and (data := self.read(start, end - start)):
            yield data
            start += len(data)

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1

    def __enter__(self) -> "Reading":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


Listener = Callable[[Blob, bool], None]
"""(a blob, is it deleted?) Called when the change is made, before whoever made it hears so."""


class Files:
    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self._listeners: list[Listener] = []
        self._locks = tuple(threading.RLock() for _ in range(256))

    def listen(self, listener: Listener) -> None:
        """Tells of every blob that is created or deleted here. What a step writes into its folders is not seen."""
        self._listeners.append(listener)

    # Looking

    def local_path(self, location: Location) -> Path:
        """Where a blob, or a folder of blobs, lies on this machine (whether there is one yet or not): what a mount points to."""
        root = self._root(location)
        path = location.path.rstrip("/")
        return _inside(root, root.joinpath(*naming.blob(path)), path) if path else root

    def stat(self, location: Location) -> Blob:
        with self.open(location) as reading:
            return reading.blob

    def find(self, location: Location) -> Blob | None:
        """None when there is no such blob. A missing container is still an error."""
        try:
            return self.stat(location)
        except errors.Missing as missing:
            if missing.code == "BlobNotFound":
                return None
            raise

    def open(self, location: Location) -> Reading:
        reading = self._open(location)
        if reading.blob.plain:
            # Written by a step, or just being changed by a client, the new file there and its properties not yet: wait for such a change.
            with self._alone(location):
                reading.close()
                return self._open(location)
        return reading

    def _open(self, location: Location) -> Reading:
        root = self._root(location)
        path = _inside(root, root.joinpath(*naming.blob(location.path)), location.path)
        try:
            # Not blocking: opening a pipe that a step left here would wait for ever.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            _missing(location)
        except OSError as error:
            raise writing.refusal(error, location.path) from error
        try:
            return self._opened(location, descriptor)
        except BaseException:
            os.close(descriptor)
            raise

    def read(self, location: Location, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        with self.open(location) as reading:
            yield from reading.pieces(start, reading.blob.size - start if length is None else length)

    def sidecars(self, account: str, container: str) -> Sidecars:
        return Sidecars(self.accounts.house(account) / "properties" / container)

    # Changing

    def upload(self, location: Location) -> Upload:
        """The place for bytes that are on their way to this location; ends in `commit`, `append` or `abandon`."""
        naming.blob(location.path)
        self._root(location)
        return Upload(self.accounts.house(location.account) / "staging", location.path)

    def put(self, location: Location, data: bytes | Iterable[bytes], described: Properties | None = None, condition: Condition | None = None) -> Blob:
        upload = self.upload(location)
        try:
            for piece in [data] if isinstance(data, bytes) else data:
                upload.write(piece)
            return self.commit(location, upload, described or Properties(content_type=properties.DEFAULT_TYPE, content_md5=upload.md5()), condition)
        finally:
            upload.abandon()

    def commit(self, location: Location, upload: Upload, described: Properties, condition: Condition | None = None) -> Blob:
        """The upload becomes the blob, whole, with its properties; ETag and times are given here."""
        with self._alone(location):
            before = self._allowed(location, condition)
            version = properties.version_of(upload.finish())
            described = self._stamped(described, before)
            sidecars = self.sidecars(location.account, location.container)
            sidecars.write(location.path, version, described)
            try:
                self._place(location, upload.path)
            except BaseException:
                if before is None or before.version != version:
                    sidecars.drop(location.path, version)
                raise
            if before is not None and before.version != version:
                sidecars.drop(location.path, before.version)
        return self._told(Blob(location, upload.size, described, version=version))

    def append(self, location: Location, upload: Upload, condition: Condition | None = None) -> Blob:
        """Adds the upload's bytes to the end of an append blob. A machine that dies meanwhile may leave a part of them."""
        with self._alone(location):
            before = self._allowed(location, condition)
            if before is None:
                _missing(location)
            if before.properties.kind != properties.APPEND:
                raise errors.Conflict(f"{location.path!r} is not an append blob.", code="InvalidBlobType")
            version = self._extend(location, upload)
            described = self._stamped(replace(before.properties, blocks=((str(_appends(before) + 1), 0),), content_md5=""), before)
            sidecars = self.sidecars(location.account, location.container)
            sidecars.write(location.path, version, described)
            if version != before.version:
                sidecars.drop(location.path, before.version)
        return Blob(location, before.size + upload.size, described, version=version)

    def mark_folder(self, location: Location, described: Properties, condition: Condition | None = None) -> Blob:
        """An empty blob that says "I am a folder" becomes one, so that a folder and its mark can both be here."""
        with self._alone(location):
            before = self._allowed(location, condition)
            root = self._root(location)
            with writing.saying(location.path):
                _inside(root, root.joinpath(*naming.blob(location.path)), location.path).mkdir(parents=True, exist_ok=True)
            described = self._stamped(described, before)
            self.sidecars(location.account, location.container).write(location.path, properties.FOLDER_VERSION, described)
        return Blob(location, 0, described, folder=True, version=properties.FOLDER_VERSION)

    def describe(self, location: Location, change: Callable[[Blob], Properties], condition: Condition | None = None) -> Blob:
        """New properties for the same bytes."""
        with self._alone(location):
            before = self._allowed(location, condition)
            if before is None:
                _missing(location)
            described = self._stamped(change(before), before)
            self.sidecars(location.account, location.container).write(location.path, before.version, described)
        return replace(before, properties=described, plain=False)

    def delete(self, location: Location, condition: Condition | None = None) -> None:
        """The blob goes, and with it the folders that only it had kept from being empty."""
        with self._alone(location):
            before = self._allowed(location, condition)
            if before is None:
                _missing(location)
            root = self._root(location)
            path = self._target(location)
            with writing.saying(location.path):
                if not before.folder:
                    path.unlink()
            self.sidecars(location.account, location.container).drop(location.path, before.version)
            self._prune(path if before.folder else path.parent, root, location)
        if not before.folder:
            self._told(before, deleted=True)

    def copy(
        self, source: Location, target: Location, change: Callable[[Properties], Properties] | None = None, condition: Condition | None = None
    ) -> Blob:
        with self.open(source) as reading:
            described = change(reading.blob.properties) if change else reading.blob.properties
            if reading.blob.folder:
                return self.mark_folder(target, described, condition)
            upload = self.upload(target)
            try:
                upload.write_from(reading.descriptor, 0, reading.blob.size)
                return self.commit(target, upload, described, condition)
            finally:
                upload.abandon()

    # How

    def _told(self, blob: Blob, deleted: bool = False) -> Blob:
        for listener in self._listeners:
            listener(blob, deleted)
        return blob

    def _root(self, location: Location) -> Path:
        return Path(os.path.realpath(self.accounts.container_folder(location.account, location.container)))

    def _target(self, location: Location) -> Path:
        """Where the name itself lies: links on the way are followed, one in the last place is not."""
        root = self._root(location)
        *folders, name = naming.blob(location.path)
        return _inside(root, root.joinpath(*folders), location.path) / name

    def _opened(self, location: Location, descriptor: int) -> Reading:
        stat = os.fstat(descriptor)
        sidecars = self.sidecars(location.account, location.container)
        if modes.S_ISDIR(stat.st_mode):
            described = sidecars.read(location.path, properties.FOLDER_VERSION)
            if described is None:
                _missing(location)
            os.close(descriptor)
            return Reading(Blob(location, 0, described, folder=True, version=properties.FOLDER_VERSION), -1)
        if not modes.S_ISREG(stat.st_mode):
            _missing(location)
        version = properties.version_of(stat)
        described = sidecars.read(location.path, version)
        blob = Blob(location, stat.st_size, described or properties.of_plain_file(stat), plain=described is None, version=version)
        return Reading(blob, descriptor)

    def _allowed(self, location: Location, condition: Condition | None) -> Blob | None:
        before = self.find(location)
        if condition:
            condition(before)
        return before

    def _stamped(self, described: Properties, before: Blob | None) -> Properties:
        now = self.accounts.now()
        return replace(
            described,
            etag=f'"0x{secrets.token_hex(8).upper()}"',
            modified_at=now,
            created_at=before.properties.created_at if before else now,
        )

    def _place(self, location: Location, finished: Path) -> None:
        """Gives a finished file its name. A folder may vanish under it when its last blob is deleted meanwhile: then it is made again."""
        for _ in range(20):
            target = self._target(location)
            with writing.saying(location.path), suppress(FileNotFoundError):
                if self._root(location) != target.parent and not _made(target.parent):
                    continue
                try:
                    writing.replace(finished, target)
                except IsADirectoryError:
                    _remove_empty(target)
                    writing.replace(finished, target)
                return
        raise errors.Temporary(f"{location.path!r}: its folder is being removed again and again.", code="ServerBusy")

    def _extend(self, location: Location, upload: Upload) -> str:
        with writing.saying(location.path):
            upload.finish()
            source = os.open(upload.path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                # Not O_APPEND: the system refuses to copy file to file into it.
                target = os.open(self._target(location), os.O_WRONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
                try:
                    os.lseek(target, 0, os.SEEK_END)
                    copy_range(source, 0, upload.size, target)
                    os.fsync(target)
                    return properties.version_of(os.fstat(target))
                finally:
                    os.close(target)
            finally:
                os.close(source)

    def _prune(self, folder: Path, root: Path, location: Location) -> None:
        sidecars = self.sidecars(location.account, location.container)
        while root in folder.parents:
            if sidecars.has(folder.relative_to(root).as_posix(), properties.FOLDER_VERSION):
                return
            try:
                folder.rmdir()
            except OSError:
                return  # not empty, or gone already
            folder = folder.parent

    @contextmanager
    def _alone(self, location: Location) -> Iterator[None]:
        with self._locks[hash(location) % len(self._locks)]:
            yield


def _inside(root: Path, path: Path, name: str) -> Path:
    """The path with its links followed; raises when they lead out of the container."""
    real = Path(os.path.realpath(path))
    if real != root and root not in real.parents:
        raise errors.Denied(f"{name!r} leads out of its container by a link, and is not followed.", code="AuthorizationPermissionMismatch")
    return real


def _made(folder: Path) -> bool:
    """False when it vanished again while it was being made. Raises FileExistsError where a file is in the way."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        if folder.exists() and not folder.is_dir():
            raise
        return False
    return True


def _missing(location: Location) -> NoReturn:
    raise errors.Missing(f"The blob {location.path!r} does not exist in the container {location.container!r}.", code="BlobNotFound")


def _appends(blob: Blob) -> int:
    return int(blob.properties.blocks[0][0]) if blob.properties.blocks else 0


def _remove_empty(folder: Path) -> None:
    """Removes a tree of folders without any file, which no client can see. With a file in it, nothing is touched."""
    if any(names for _, _, names in os.walk(folder)):
        raise OSError(errno.ENOTEMPTY, os.strerror(errno.ENOTEMPTY))
    for inner, _, _ in os.walk(folder, topdown=False):
        os.rmdir(inner)
