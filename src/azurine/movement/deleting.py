"""Delete: files, or a folder with all that it holds; and a log of what went. https://learn.microsoft.com/azure/data-factory/delete-activity

Without wildcards a folder that is deleted recursively goes itself. One file, or a folder, that is not there is an error; nothing found
for a wildcard is none.
"""

import csv
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from azurine.movement import finding, places
from azurine.movement.failing import failure
from azurine.movement.places import Entry, Place


def delete(order: Mapping[str, Any]) -> dict[str, Any]:
    """order: {"dataset", "settings": storeSettings, "log": {"connection", "path"} or null}. Answers {"filesDeleted", "isWildcardUsed", "recursive", …}."""
    dataset, settings = order["dataset"], order["settings"]
    location: Mapping[str, str] = dataset["location"]
    recursive = finding.truth(settings.get("recursive"), False)
    place = places.of(dataset["connection"])
    with closing(place):
        found = finding.find(place, location, settings, recursive=False)
        whole = None if location.get("file") or found.is_wildcard or not recursive else place.look(found.base)
        if whole is not None and whole.is_folder and "/" not in found.base and location.get("container"):
            whole = None  # a container stays, whatever becomes of what is in it
        told = [_removed(place, one) for one in found.files]
        if whole is not None and whole.is_folder and not any(told):
            place.remove(whole)
    wrong = next((why for why in told if why), "")
    if order.get("log"):
        _write(order["log"], found.files, told)
    if wrong:
        raise failure("UserErrorDeleteFailed", f"{sum(1 for why in told if why)} of {len(told)} files could not be deleted: {wrong}")
    return {
        "filesDeleted": len(told),
        "recursive": recursive,
        "isWildcardUsed": bool(settings.get("wildcardFileName") or settings.get("wildcardFolderPath")),
    }


def _removed(place: Place, entry: Entry) -> str:
    """Why it could not be; "" when it could, or was gone already."""
    try:
        place.remove(entry)
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"'{entry.path}': {error.strerror or error}"
    return ""


def _write(log: Mapping[str, Any], files: tuple[Entry, ...], told: list[str]) -> None:
    place = places.of(log["connection"])
    with closing(place):
        staged = place.stage()
        with staged.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("Name", "Category", "Status", "Error"))
            rows.writerows((entry.path, "File", "Failed" if why else "Deleted", why) for entry, why in zip(files, told, strict=True))
        place.put(staged, str(log["path"]))
