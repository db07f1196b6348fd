"""Other people's storages, through fsspec: a URL and options → an open file, or a folder.

Which filesystem opens which scheme stands in `urls.FILESYSTEMS`; it is imported at the first use, for some cost a second
and a hundred megabytes. A whole-file write goes to a temporary name first where the storage can rename; object stores
show a file only when it is whole anyway.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import IO, Any, cast

from azurine.model import errors
from azurine.storage import naming, urls
from azurine.storage.folders import Entry
from azurine.storage.uploads import PIECE


def filesystem(url: str, options: Mapping[str, Any] | None = None) -> tuple[Any, str]:
    """The fsspec filesystem of a URL, and the path in it. Raises errors.Invalid with the install line when its package is not there."""
    scheme = url.partition("://")[0].lower() if "://" in url else "file"
    known = urls.FILESYSTEMS.get(scheme)
    if known is None:
        raise errors.Invalid(f"The scheme {scheme!r} of {url!r} is not known. Known are {', '.join(urls.FILESYSTEMS)}.", code="InvalidPath")
    module, _, name = known.implementation.rpartition(".")
    try:
        made = getattr(import_module(module), name)
    except ImportError as error:
        raise errors.Unsupported(f"To read {scheme}:// something must be installed first: {known.install}.", code="MissingPackage") from error
    with _saying(url):
        # An instance of its own: fsspec would share one, with its cached listings, among all who ask alike.
        return made(**dict(options or {}), skip_instance_cache=True), str(made._strip_protocol(url))


@contextmanager
def open_url(url: str, mode: str = "rb", options: Mapping[str, Any] | None = None) -> Iterator[IO[bytes]]:
    """mode: rb or wb. A `wb` file that is left by an exception is thrown away where the storage can do that."""
    storage, path = filesystem(url, options)
    with _saying(url):
        if mode == "wb":
            with suppress(NotImplementedError):
                storage.makedirs(storage._parent(path), exist_ok=True)
        file = storage.open(path, mode)
    try:
        yield cast("IO[bytes]", file)
    except BaseException:
        if mode == "wb" and hasattr(file, "discard"):
            file.discard()
        raise
    finally:
        with _saying(url):
            file.close()


class OutsideFolder:
    """A folder of an outside storage."""

    def __init__(self, url: str, options: Mapping[str, Any] | None = None) -> None:
        self._url = url
        self._storage, root = filesystem(url, options)
        self._root = root.rstrip("/")

    def stat(self, path: str) -> Entry:
        with _saying(path):
            found = self._storage.info(self._at(path))
        if found["type"] != "file":
            raise errors.Missing(f"{path!r} is a folder in {self._url!r}, not a file.", code="BlobNotFound")
        return Entry(path, int(found["size"]))

    def read(self, path: str, start: int = 0, length: int | None = None) -> Iterator[bytes]:
        size = self.stat(path).size
        end = size if length is None else min(size, start + length)
        with _saying(path), self._storage.open(self._at(path), "rb") as file:
            file.seek(start)
            while start < end and (data := file.read(min(PIECE, end - start))):
                start += len(data)
                yield data

    def write(self, path: str, data: bytes | Iterable[bytes]) -> Entry:
        target = self._at(path)
        size = 0
        with _saying(path):
            with suppress(NotImplementedError):
                self._storage.makedirs(self._storage._parent(target), exist_ok=True)
            with self._storage.transaction, self._storage.open(target, "wb") as file:
                for piece in [data] if isinstance(data, bytes) else data:
                    file.write(piece)
                    size += len(piece)
        return Entry(path, size)

    def entries(self, prefix: str = "") -> Iterator[Entry]:
        with _saying(prefix):
            found = self._storage.find(self._root, detail=True)
        start = len(self._root) + 1
        for path in sorted(found):
            if path[start:].startswith(prefix):
                yield Entry(path[start:], int(found[path]["size"]))

    def delete(self, path: str) -> None:
        self.stat(path)
        with _saying(path):
            self._storage.rm_file(self._at(path))

    def copy(self, source: str, target: str) -> Entry:
        return self.write(target, self.read(source))

    def _at(self, path: str) -> str:
        return f"{self._root}/{'/'.join(naming.blob(path))}"


@contextmanager
def _saying(what: str) -> Iterator[None]:
    """The refusals of whatever library stands behind, in our words."""
    try:
        yield
    except errors.AzurineError:
        raise
    except FileNotFoundError as error:
        raise errors.Missing(f"There is no {what!r}.", code="BlobNotFound") from error
    except (NotADirectoryError, IsADirectoryError, FileExistsError) as error:
        raise errors.Conflict(
            f"{what!r} cannot be a file: a folder has this name, or a file that of its folder.", code="ResourceTypeMismatch"
        ) from error
    except PermissionError as error:
        raise errors.Denied(f"{what!r} may not be touched: {error}", code="AuthorizationPermissionMismatch") from error
    except (TypeError, ValueError) as error:
        raise errors.Invalid(f"{what!r} cannot be opened with these options: {error}", code="InvalidPath") from error
    except OSError as error:
        raise errors.Temporary(f"{what!r}: {error}", code="ServerBusy") from error
