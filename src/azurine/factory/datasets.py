"""From a dataset to where its data is and how it is written: what Copy, Lookup, GetMetadata, Delete and Validation begin with.

    dataset = datasets.resolve(sight, sight.activity.written["inputs"][0])

The reference is taken as it is *written*; expressions in it, in the dataset and in its linked service are evaluated, each with the
parameters of its own. The answer is plain JSON, made to be handed to a performer:

    {"name": "Sales", "type": "DelimitedText",
     "connection": {"kind": "files", …},                        see `connections`
     "location": {"container": "raw", "folder": "2024", "file": "a.csv", "path": "raw/2024/a.csv"},      for files; what is not said is ""
     "format": {"type": "DelimitedText", "firstRowAsHeader": true, …},   the rest of its typeProperties, as they are written in Azure
     "table": {"schema": "dbo", "table": "sales"},                for tables; "" what is not said
     "relativeUrl": "v1/items",                                   for web resources
     "schema": […]}                                               columns, as they are written; [] when it has none

`connections.below(dataset["connection"], dataset["location"]["path"])` tells where the file or folder is. The older types (AzureBlob, FileShare,
AzureDataLakeStoreFile, …) are told in the same words.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from azurine.expressions import factory as formulas
from azurine.factory import connections, kinds
from azurine.factory.connections import Place
from azurine.factory.sight import Sight
from azurine.model import errors

CONTAINERS = ("container", "fileSystem", "bucketName")
LEGACY = {"azureblob": True, "azureblobfsfile": True, "amazons3object": False, "fileshare": False, "azuredatalakestorefile": False, "httpfile": False}
"""Older types that say their format beside their place → is the first part of folderPath a container?"""
FORMATS = {"textformat": "DelimitedText", "jsonformat": "Json", "parquetformat": "Parquet", "avroformat": "Avro", "orcformat": "Orc"}
_BESIDE = ("location", "folderPath", "fileName", "format", "relativeUrl", "schema", "table", "tableName")


def resolve(sight: Sight, reference: Any) -> dict[str, Any]:
    """What a reference to a dataset leads to. Raises errors.Invalid and ExpressionError."""
    return look_up(connections.of(sight), reference)


def look_up(place: Place, reference: Any) -> dict[str, Any]:
    """The same for whoever is no activity."""
    name, given = connections.named(place, reference, "dataset")
    written: Mapping[str, Any] = place.document(kinds.DATASETS, name, "dataset").spec["properties"]
    values = connections.arguments(written.get("parameters"), given, f"dataset '{name}'")
    inner = replace(place, scope=replace(place.scope, dataset=values))
    properties = formulas.evaluate(written.get("typeProperties") or {}, inner.scope)
    if not isinstance(properties, Mapping):
        raise errors.Invalid(f"The typeProperties of the dataset '{name}' are not an object.", code=connections.BAD, path=name)
    connection = connections.connect(inner, written.get("linkedServiceName"))
    kind = str(written.get("type") or "")
    columns = formulas.evaluate(written.get("schema") or written.get("structure") or [], inner.scope)
    found: dict[str, Any] = {"name": name, "type": kind, "connection": connection, "schema": columns if isinstance(columns, list) else []}
    rest = {key: value for key, value in properties.items() if key not in _BESIDE}
    if kind.lower() in LEGACY:
        return {**found, "location": _older(name, kind, properties), "format": _older_format(properties, rest)}
    location = properties.get("location")
    if isinstance(location, Mapping):
        return {**found, "location": _location(name, location), "format": {**rest, "type": kind}}
    if connection["kind"] == connections.HTTP or "relativeUrl" in properties:
        relative = _text(name, properties, "relativeUrl")
        if connection["kind"] == connections.FILES:
            # A folder stands for the web server: what it answers is a file there, all of its pages in one.
            return {**found, "location": _placed("", "", relative.partition("?")[0]), "format": {"type": "Json"}}
        return {**found, "relativeUrl": relative, "format": {**rest, "type": kind}}
    return {**found, "table": _table(name, properties), "format": {**rest, "type": kind}}


def _location(name: str, location: Mapping[str, Any]) -> dict[str, str]:
    container = next((_text(name, location, key) for key in CONTAINERS if location.get(key) is not None), "")
    folder = _text(name, location, "folderPath")
    if location.get("relativeUrl") is not None:
        folder = "/".join(part for part in (_text(name, location, "relativeUrl"), folder) if part)
    return _placed(container, folder, _text(name, location, "fileName"))


def _older(name: str, kind: str, properties: Mapping[str, Any]) -> dict[str, str]:
    folder, file = _text(name, properties, "folderPath").strip("/"), _text(name, properties, "fileName")
    if LEGACY[kind.lower()]:
        container, _, folder = folder.partition("/")
        return _placed(container, folder, file)
    if kind.lower() == "httpfile":
        return _placed("", _text(name, properties, "relativeUrl"), "")
    return _placed(_text(name, properties, "bucketName"), folder or _text(name, properties, "key"), file)


def _older_format(properties: Mapping[str, Any], rest: Mapping[str, Any]) -> dict[str, Any]:
    given = properties.get("format")
    if not isinstance(given, Mapping):
        return {**rest, "type": "Binary"}
    return {**rest, **given, "type": FORMATS.get(str(given.get("type")).lower(), str(given.get("type")))}


def _placed(container: str, folder: str, file: str) -> dict[str, str]:
    parts = [part.strip("/") for part in (container, folder, file)]
    return {"container": parts[0], "folder": parts[1], "file": parts[2], "path": "/".join(part for part in parts if part)}


def _table(name: str, properties: Mapping[str, Any]) -> dict[str, str]:
    schema, table = _text(name, properties, "schema"), _text(name, properties, "table")
    older = _text(name, properties, "tableName")
    if older and not table:
        # parity: the older spelling is one text, such as [dbo].[sales] or dbo.sales.
        first, dot, second = older.replace("[", "").replace("]", "").partition(".")
        schema, table = (first, second) if dot else (schema, first)
    return {"schema": schema, "table": table}


def _text(name: str, holder: Mapping[str, Any], key: str) -> str:
    found = holder.get(key)
    if found is None:
        return ""
    if isinstance(found, Mapping | list):
        raise errors.Invalid(f"'{key}' of the dataset '{name}' must be a text.", code=connections.BAD, path=key)
    return str(found)
