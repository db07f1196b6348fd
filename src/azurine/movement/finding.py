"""Which files a source reads, or a Delete deletes: a file, a folder, wildcards, a prefix, a list of files; changed since, or before.

    Found(files, base)      base: the folder that has no wildcard; what lies below it keeps its path when a hierarchy is preserved

https://learn.microsoft.com/azure/data-factory/connector-azure-blob-storage#folder-and-file-filter-examples
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from azurine.movement import places
from azurine.movement.failing import NOT_FOUND, failure
from azurine.movement.places import Entry, Place

LONGEST_LIST = 16 << 20
"""Bytes of a list of files."""


@dataclass(frozen=True, slots=True)
class Found:
    """files: in order. base: see above. is_wildcard: more than one path was asked for, so that nothing found is no error."""

    files: tuple[Entry, ...]
    base: str
    is_wildcard: bool = False

    def relative(self, file: Entry) -> str:
        return (
            file.path[len(self.base) :].lstrip("/")
            if self.base and file.path.startswith(f"{self.base}/")
            else file.path
            if not self.base
            else file.name
        )


def find(place: Place, location: Mapping[str, str], settings: Mapping[str, Any], recursive: bool = True) -> Found:
    """settings: storeSettings. recursive: what they mean when they do not say. Raises UserErrorFileNotFound for one file, or folder, that is not there."""
    recursive = truth(settings.get("recursive"), recursive)
    container, folder, name = location.get("container") or "", location.get("folder") or "", location.get("file") or ""
    wildcards = str(settings.get("wildcardFolderPath") or ""), str(settings.get("wildcardFileName") or "")
    if settings.get("fileListPath"):
        return _listed(place, str(settings["fileListPath"]), _join(container, folder))
    if settings.get("prefix"):
        files = [one for one in places.walk(place, container) if one.path.startswith(_join(container, str(settings["prefix"])))]
        return _timely(Found(tuple(files), container, True), settings)
    if any(wildcards):
        return _timely(_matching(place, container, wildcards[0] or folder, wildcards[1] or name or "*", recursive), settings)
    if name and has_wildcard(name):
        # parity: the older datasets write the wildcard into the name of the file.
        return _timely(_matching(place, container, folder, name, recursive), settings)
    path = _join(container, folder, name)
    if name:
        entry = place.look(path)
        if entry is None or entry.is_folder:
            raise missing(path)
        return _timely(Found((entry,), _join(container, folder)), settings)
    entry = place.look(path)
    if entry is None:
        raise missing(path)
    if not entry.is_folder:
        return _timely(Found((entry,), path.rpartition("/")[0]), settings)
    return _timely(Found(tuple(places.walk(place, path, recursive)), path), settings)


def missing(path: str) -> Exception:
    folder, _, name = path.rpartition("/")
    return failure(
        NOT_FOUND, f"The required file or folder is missing: cannot find the path specified. Folder path: '{folder}', file name: '{name}'."
    )


def has_wildcard(text: str) -> bool:
    return bool(re.search(r"(?<!\^)[*?]", text))


@lru_cache(256)
def pattern(text: str) -> re.Pattern[str]:
    """`*` is any number of characters of a name, `?` is at most one, `^` takes the meaning from what follows."""
    made, place = "", 0
    while place < len(text):
        one = text[place]
        if one == "^" and place + 1 < len(text):
            place += 1
            made += re.escape(text[place])
        else:
            made += {"*": "[^/]*", "?": "[^/]?"}.get(one, re.escape(one))
        place += 1
    return re.compile(made, re.DOTALL)


def truth(value: Any, default: bool) -> bool:
    if value is None:
        return default
    return value.strip().lower() == "true" if isinstance(value, str) else bool(value)


def moment(value: Any) -> float | None:
    """A timestamp in seconds since 1970; without a zone it is UTC."""
    if value in (None, ""):
        return None
    try:
        # More than six digits of a second are more than Python takes.
        said = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(value).strip()))
    except ValueError as error:
        raise failure("UserErrorInvalidDateTime", f"'{value}' is no date and time; 2024-01-31T00:00:00Z would be right.") from error
    return (said if said.tzinfo else said.replace(tzinfo=UTC)).timestamp()


def seconds(value: Any, default: float) -> float:
    """A length of time, [d.]hh:mm:ss[.fff]."""
    if value in (None, ""):
        return default
    found = re.fullmatch(r"(?:(\d+)\.)?(\d+):(\d+):(\d+(?:\.\d+)?)", str(value).strip())
    if found is None:
        raise failure("UserErrorInvalidTimeSpan", f"'{value}' is no length of time; 00:01:40 would be right.")
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + rest


def _timely(found: Found, settings: Mapping[str, Any]) -> Found:
    start, end = moment(settings.get("modifiedDatetimeStart")), moment(settings.get("modifiedDatetimeEnd"))
    if start is None and end is None:
        return found
    files = tuple(one for one in found.files if (start is None or one.modified >= start) and (end is None or one.modified < end))
    return Found(files, found.base, True)


def _matching(place: Place, container: str, folder: str, name: str, recursive: bool) -> Found:
    wanted = [part for part in folder.split("/") if part]
    fixed = next((number for number, part in enumerate(wanted) if has_wildcard(part)), len(wanted))
    base = _join(container, *(part.replace("^", "") for part in wanted[:fixed]))
    if place.look(base) is None:
        raise missing(base)
    folders = [pattern(part) for part in wanted[fixed:]]
    files = tuple(_descend(place, base, folders, pattern(name), recursive))
    return Found(files, base, True)


def _descend(place: Place, folder: str, wanted: list[re.Pattern[str]], name: re.Pattern[str], recursive: bool) -> list[Entry]:
    found: list[Entry] = []
    for one in place.children(folder):
        if wanted and one.is_folder and wanted[0].fullmatch(one.name):
            found += _descend(place, one.path, wanted[1:], name, recursive)
        elif not wanted and one.is_folder and recursive:
            found += _descend(place, one.path, wanted, name, recursive)
        elif not wanted and not one.is_folder and name.fullmatch(one.name):
            found.append(one)
    return found


def _listed(place: Place, path: str, base: str) -> Found:
    entry = place.look(path)
    if entry is None or entry.is_folder:
        raise missing(path)
    if entry.size > LONGEST_LIST:
        raise failure("UserErrorFileListTooLarge", f"The list of files '{path}' is larger than {LONGEST_LIST} bytes.")
    with place.open(path) as stream:
        lines = [line.strip() for line in stream.read().decode("utf-8-sig", "replace").splitlines()]
    files = []
    for line in lines:
        if line:
            listed = place.look(_join(base, line))
            if listed is None or listed.is_folder:
                raise missing(_join(base, line))
            files.append(listed)
    return Found(tuple(files), base, True)


def _join(*parts: str) -> str:
    return "/".join(part.strip("/") for part in parts if part.strip("/"))
