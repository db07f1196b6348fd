"""What an activity that moves data may be asked for and does not do here: it fails and names it, rather than do something else in silence.

What only changes how fast something is done, or who pays for it, is taken and changes nothing: parallelCopies, dataIntegrationUnits, staging
(every copy is staged here), batch sizes, connections, retries of a source, table locks, how a table is parted for reading.
"""

from collections.abc import Callable, Mapping
from typing import Any

from azurine.model import errors

NOT_SUPPORTED = "UserErrorNotSupportedHere"
Asked = Callable[[Any], bool]


def _given(value: Any) -> bool:
    if isinstance(value, Mapping):
        return any(_given(one) for one in value.values())
    return value not in (None, "", False, [], {}) and str(value).lower() != "false"


def _among(*words: str) -> Asked:
    return lambda value: _given(value) and str(value).lower() not in words


ROWS: Mapping[str, tuple[tuple[str, Asked, str], ...]] = {
    # an activity's type: (path of a property, is it asked for?, what is so)
    "Copy": (
        ("preserve", _given, "attributes, owners and access lists of files are not kept; a copy has its own"),
        ("preserveRules", _given, "attributes, owners and access lists of files are not kept; a copy has its own"),
        ("source.isolationLevel", _given, "the database reads with its usual isolation"),
        ("source.storeSettings.fileFilter", _given, "a wildcardFileName says which files are read"),
        ("source.partitionedBy", _given, "an expression in the folder's path says the same"),
        ("sink.storeSettings.metadata", _given, "blobs are written without metadata"),
        ("sink.storeSettings.copyBehavior", _among("preservehierarchy", "flattenhierarchy", "mergefiles"), "PreserveHierarchy, FlattenHierarchy and MergeFiles are done"),
        ("sink.sqlWriterStoredProcedureName", _given, "a sink writes to a table, not through a stored procedure"),
        ("sink.tableOption", _among("none", "autocreate"), "none and autoCreate are done"),
        ("sink.writeBehavior", _among("insert", "upsert"), "insert and upsert are done"),
        ("sink.writeMethod", _among("bulkinsert", "copycommand", "upsert"), "BulkInsert, CopyCommand and Upsert are done"),
        ("translator.typeConversionSettings.culture", _among("en-us", "invariant", "iv"), "values are read and written as in en-US"),
        ("translator.typeConversionSettings.timeSpanFormat", _among("c"), "lengths of time are written [d.]hh:mm:ss"),
        ("translator.typeConversionSettings.dateTimeOffsetFormat", _given, "moments with an offset are read as ISO 8601"),
        ("translator.mappings[].source.culture", _among("en-us", "invariant", "iv"), "values are read and written as in en-US"),
        ("translator.mappings[].source.format", _given, "typeConversionSettings.dateTimeFormat says how dates are written"),
        ("translator.mappings[].sink.format", _given, "typeConversionSettings.dateTimeFormat says how dates are written"),
    ),
    "Lookup": (
        ("treatDecimalAsString", _given, "decimals are numbers; a cast in the query makes texts of them"),
        ("source.additionalColumns", _given, "a Lookup gives the columns that are there"),
        ("source.isolationLevel", _given, "the database reads with its usual isolation"),
        ("source.storeSettings.fileFilter", _given, "a wildcardFileName says which files are read"),
    ),
    "GetMetadata": (("storeSettings.fileFilter", _given, "all children are told"),),
    "Delete": (("storeSettings.fileFilter", _given, "a wildcardFileName says which files are deleted"),),
    "Script": (
        ("treatDecimalAsString", _given, "decimals are numbers; a cast in the script makes texts of them"),
        ("returnMultistatementResult", _given, "a script has one result; several scripts have one each"),
        ("logSettings.logDestination", _among("activityoutput"), "what the database says stands in outputLogs of the output"),
    ),
    "Custom": (
        ("referenceObjects", _given, "a command is given no linked services or datasets; extendedProperties are its variables"),
        ("autoUserSpecification", _given, "a command runs as the user of the server"),
    ),
}  # fmt: skip


def check(kind: str, shown: Mapping[str, Any]) -> None:
    """shown: the properties of an activity, evaluated. Raises errors.Invalid for the first that is asked for."""
    for path, is_asked, what in ROWS[kind]:
        for value in _found(shown, path.split(".")):
            if is_asked(value):
                message = f"'{path}' of the {kind} activity is not done here: {what}. What was asked for is {str(value)[:200]!r}."
                raise errors.Invalid(message, code=NOT_SUPPORTED, path=path)


def _found(value: Any, steps: list[str]) -> list[Any]:
    if not steps:
        return [value]
    if not isinstance(value, Mapping):
        return []
    name = steps[0].removesuffix("[]")
    inner = value.get(name)
    several = inner if steps[0].endswith("[]") and isinstance(inner, list) else [inner]
    return [one for item in several for one in _found(item, steps[1:])]
