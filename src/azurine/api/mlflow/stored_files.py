"""Artifacts in the house's own storage: spots become locations of `storage.files`, where they are blobs like any other."""

from collections.abc import Callable, Iterable, Iterator

from azurine.api.mlflow.house import Entry, Opened, Spot
from azurine.model import errors
from azurine.storage import listing
from azurine.storage.files import Files, Reading
from azurine.storage.urls import Location

Locate = Callable[[Spot], Location]
"""Where a spot is. Raises errors.Missing for a datastore that is not there, errors.Unsupported for one that is elsewhere."""

MOST = 100_000


class _Open:
    """A blob open for reading."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    @property
    def size(self) -> int:
        return self._reading.blob.size

    def pieces(self) -> Iterator[bytes]:
        return self._reading.pieces(0, self.size)

    def close(self) -> None:
        self._reading.close()


class StoredFiles:
    def __init__(self, files: Files, locate: Locate) -> None:
        self._files = files
        self._locate = locate

    def put(self, spot: Spot, pieces: Iterable[bytes]) -> None:
        self._files.put(self._at(spot), pieces)

    def open(self, spot: Spot) -> Opened:
        reading = self._files.open(self._locate(spot))
        return _Open(reading)

    def list(self, spot: Spot) -> list[Entry]:
        location = self._at(spot)
        prefix = f"{location.path}/" if location.path else ""
        page = listing.page(self._files, Location(location.account, location.container), prefix, "/", limit=MOST)
        folders = {one.removeprefix(prefix).strip("/"): Entry(one.removeprefix(prefix).strip("/"), None) for one in page.prefixes}
        files = {one.location.path.removeprefix(prefix): one for one in page.blobs if not one.folder}
        found = folders | {name: Entry(name, blob.size) for name, blob in files.items()}
        return [found[name] for name in sorted(found)]

    def delete(self, spot: Spot) -> None:
        location = self._at(spot)
        container = Location(location.account, location.container)
        names = [location.path, *listing.names(self._files, container, f"{location.path}/")]
        for name in names:
            try:
                self._files.delete(Location(location.account, location.container, name))
            except errors.Missing:
                continue

    def _at(self, spot: Spot) -> Location:
        location = self._locate(spot)
        self._files.accounts.ensure_container(location.account, location.container)
        return Location(location.account, location.container, location.path.strip("/"))


class OpenBlob:
    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self.size = reading.blob.size

    def pieces(self) -> Iterator[bytes]:
        return self._reading.pieces(0, self.size)

    def close(self) -> None:
        self._reading.close()
