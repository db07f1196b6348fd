"""GetMetadata: what a file, a folder or a table is: its name, size, times, children, columns; or whether it is there at all.

https://learn.microsoft.com/azure/data-factory/control-flow-get-metadata-activity
"""

import base64
import hashlib
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import polars as pl
import sqlalchemy as sa

from azurine.movement import databases, documents, finding, mapping, places, sources
from azurine.movement.failing import SQL, failure
from azurine.movement.places import PIECE, Entry, Place
from azurine.movement.rejecting import Rejects
from azurine.movement.sources import Source

LARGEST = 4 * 1024 * 1024
FIELDS = ("itemName", "itemType", "size", "created", "lastModified", "childItems", "contentMD5", "structure", "columnCount", "exists")
OF_FILES = ("size", "contentMD5", "structure", "columnCount")


def tell(order: Mapping[str, Any]) -> dict[str, Any]:
    """order: {"dataset", "fields", "settings": {"storeSettings", "formatSettings"}}."""
    fields = [str(one) for one in order["fields"]]
    unknown = next((one for one in fields if one not in FIELDS), None)
    if unknown is not None:
        raise failure("UserErrorInvalidField", f"'{unknown}' is no field of metadata; there are: {', '.join(FIELDS)}.")
    dataset = order["dataset"]
    told = _of_table(dataset, fields) if dataset["connection"]["kind"] == "sql" else _of_files(dataset, order["settings"], fields)
    if len(documents.dump(told)) > LARGEST:
        raise failure("UserErrorMetadataTooLarge", f"The metadata of '{dataset['name']}' is larger than {LARGEST} bytes.")
    return told


def look(order: Mapping[str, Any]) -> dict[str, Any]:
    """What a Validation waits for: {"exists", "itemType", "size", "children"}."""
    dataset = order["dataset"]
    if dataset["connection"]["kind"] == "sql":
        return {
            "exists": bool(_of_table(dataset, ["exists"])["exists"]),
            "itemType": "Table",
            "itemName": str((dataset.get("table") or {}).get("table")),
        }
    place = places.of(dataset["connection"])
    with closing(place):
        entry = place.look(_path(dataset))
        if entry is None:
            return {"exists": False}
        facts = {"exists": True, "itemName": entry.name, "itemType": "Folder" if entry.is_folder else "File", "lastModified": stamp(entry.modified)}
        return {**facts, "children": len(place.children(entry.path))} if entry.is_folder else {**facts, "size": entry.size}


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _of_files(dataset: Mapping[str, Any], settings: Mapping[str, Any], fields: list[str]) -> dict[str, Any]:
    path = _path(dataset)
    if finding.has_wildcard(path):
        raise failure("UserErrorWildcardNotSupported", f"Wildcards are not supported in the path '{path}' of a Get Metadata activity.")
    place = places.of(dataset["connection"])
    with closing(place):
        entry = place.look(path)
        if entry is None:
            if "exists" not in fields:
                raise finding.missing(path)
            return {"exists": False}
        wrong = next((one for one in fields if one in OF_FILES), None) if entry.is_folder else ("childItems" if "childItems" in fields else None)
        if wrong is not None:
            kind = "folder" if entry.is_folder else "file"
            raise failure("UserErrorFieldNotSupported", f"The field '{wrong}' is not supported for the {kind} '{path}'.")
        told: dict[str, Any] = {}
        for one in fields:
            told[one] = _field(one, place, entry, dataset, settings)
        return told


def _field(field: str, place: Place, entry: Entry, dataset: Mapping[str, Any], settings: Mapping[str, Any]) -> Any:
    match field:
        case "exists":
            return True
        case "itemName":
            return entry.name
        case "itemType":
            return "Folder" if entry.is_folder else "File"
        case "size":
            return entry.size
        case "created":
            return stamp(entry.created)
        case "lastModified":
            return stamp(entry.modified)
        case "childItems":
            return _children(place, entry, settings.get("storeSettings") or {})
        case "contentMD5":
            return _md5(place, entry)
    columns = _columns(dataset, settings)
    return len(columns) if field == "columnCount" else columns


def _children(place: Place, entry: Entry, store: Mapping[str, Any]) -> list[dict[str, str]]:
    start, end = finding.moment(store.get("modifiedDatetimeStart")), finding.moment(store.get("modifiedDatetimeEnd"))

    def is_timely(one: Entry) -> bool:
        return one.is_folder or ((start is None or one.modified >= start) and (end is None or one.modified < end))

    return [{"name": one.name, "type": "Folder" if one.is_folder else "File"} for one in place.children(entry.path) if is_timely(one)]


def _md5(place: Place, entry: Entry) -> str:
    made = hashlib.md5(usedforsecurity=False)
    with place.open(entry.path) as stream:
        while piece := stream.read(PIECE):
            made.update(piece)
    return base64.b64encode(made.digest()).decode()


def _columns(dataset: Mapping[str, Any], settings: Mapping[str, Any]) -> list[dict[str, str]]:
    source = Source(dataset, settings, Rejects(skip=True))
    with closing(source):
        for unit in sources.units(source):
            for piece in unit.pieces():
                if isinstance(piece, list):
                    piece = mapping.frame_of(list(mapping.rows(piece[:100], mapping.Translator())), mapping.Translator(), source.rejects)
                return [{"name": name, "type": _type(piece, name)} for name in piece.columns]
    return []


def _type(frame: pl.DataFrame, name: str) -> str:
    return mapping.called(frame.schema[name])


def _of_table(dataset: Mapping[str, Any], fields: list[str]) -> dict[str, Any]:
    said = dataset.get("table") or {}
    name = str(said.get("table") or "")
    with databases.connected(dataset["connection"]) as link:
        schema = databases.schema_of(link, str(said.get("schema") or ""))
        if not sa.inspect(link).has_table(name, schema=schema):
            if "exists" in fields:
                return {"exists": False}
            raise failure(SQL, f'Cannot find the object "{name}" because it does not exist or you do not have permissions.')
        columns = [{"name": one["name"], "type": str(one["type"])} for one in sa.inspect(link).get_columns(name, schema=schema)]
    known: dict[str, Any] = {"exists": True, "structure": columns, "columnCount": len(columns), "itemName": name, "itemType": "Table"}
    wrong = next((one for one in fields if one not in known), None)
    if wrong is not None:
        raise failure("UserErrorFieldNotSupported", f"The field '{wrong}' is not supported for the table '{name}'.")
    return {one: known[one] for one in fields}


def _path(dataset: Mapping[str, Any]) -> str:
    return str(dataset["location"]["path"])
