"""Where the library and the store meet: the registry `azureml` is filled from `library/` at the start of the server.

A part of `app`. It is done once for each state of the library: what the files are known by stands in the registry, and when it is the same
nothing is read but the files themselves (some hundredths of a second). What has left the library leaves the registry too.
"""

import hashlib
from pathlib import Path

from azurine.designer import catalog
from azurine.ml import registries, registry_ids
from azurine.model import ids
from azurine.model.resources import Json
from azurine.model.version import __version__
from azurine.store.log import Create, Log, Remove, Update, Write


def fill(log: Log, location: str, by: str, now: float, root: Path | None = None) -> bool:
    """Answers whether anything had to be done. root: the folder of the library."""
    root = root or catalog.library()
    known = hashlib.sha256(f"{__version__} {location} {catalog.fingerprint(root)}".encode()).hexdigest()
    if registries.fingerprint(log.get(registry_ids.ID)) == known:
        return False
    registry = log.get(registry_ids.ID)
    standing = {one.id: one for one in (*log.under(registry_ids.ID), *([registry] if registry else []))}
    # Lists begin with what was created last: in this order they are by name.
    library = [(entry.definition, entry.content) for entry in catalog.entries(root)][::-1]
    wanted: dict[str, tuple[str, Json]] = {identifier: (kind, spec) for identifier, kind, spec in registries.contents(library, known, location)}
    writes: list[Write] = [Remove(identifier) for identifier in standing if identifier not in wanted]
    for identifier, (kind, spec) in wanted.items():
        if identifier not in standing:
            writes.append(Create(identifier, kind, ids.parent(identifier), spec, by=by))
        elif standing[identifier].spec != spec:
            writes.append(Update(identifier, spec, by=by))
    log.write(writes, now)
    return True


def code(uri: str) -> Path | None:
    """The folder of the code that an address in the registry means; None for any other address."""
    name = registry_ids.code_of(uri)
    folder = catalog.library() / name
    return folder if name and folder in catalog.folders(catalog.library()) else None
