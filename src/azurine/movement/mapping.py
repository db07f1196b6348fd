"""Which column of the source becomes which column of the sink: the TabularTranslator of a Copy, in all the ways it is written.

    {"mappings": [{"source": {"name" | "path" | "ordinal", "type"}, "sink": {"name" | "path", "type"}}], "collectionReference": "$['items']"}
    {"columnMappings": "a: b, c: d"} or {"columnMappings": {"a": "b"}}
    {"schemaMapping": {"$.a": "b"}}

Without a mapping columns keep their names. Objects become rows by their paths; without a mapping by what stands at their top, nested values left out.
https://learn.microsoft.com/azure/data-factory/copy-activity-schema-and-type-mapping
"""

import datetime as dates
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import polars as pl

from azurine.movement import conversion, documents
from azurine.movement.conversion import Manner
from azurine.movement.failing import CONVERSION, failure
from azurine.movement.rejecting import Rejects

_STEP = re.compile(r"\['((?:[^'\\]|\\.)*)'\]|\[\"((?:[^\"\\]|\\.)*)\"\]|\[(\d+)\]|\.?([^.\[\]$]+)|\$")
MISSING = object()


@dataclass(frozen=True, slots=True)
class Pair:
    """name, path or ordinal (from 1) of the source; sink: its name. type: what the value is to be, None when nobody says."""

    sink: str
    name: str = ""
    path: tuple[str | int, ...] = ()
    rooted: bool = False
    ordinal: int = 0
    type: str = ""
    sink_path: tuple[str | int, ...] = ()

    @property
    def spoken(self) -> str:
        return self.name or (f"${''.join(f'[{one!r}]' for one in self.path)}" if self.path else f"ordinal {self.ordinal}")


@dataclass(frozen=True, slots=True)
class Translator:
    pairs: tuple[Pair, ...] = ()
    collection: tuple[str | int, ...] = ()
    complex_as_text: bool = False
    manner: Manner = field(default_factory=Manner)


def read(written: Any) -> Translator:
    """Raises UserErrorInvalidColumnMapping for what is no mapping."""
    if isinstance(written, str):
        try:
            written = json.loads(written)
        except ValueError as error:
            raise failure("UserErrorInvalidColumnMapping", f"The translator is a text that is no JSON: {error}.") from error
    if not isinstance(written, Mapping):
        return Translator()
    return Translator(
        tuple(_pairs(written)),
        steps(str(written.get("collectionReference") or "")),
        bool(written.get("mapComplexValuesToString")),
        conversion.manner(written),
    )


def steps(path: str) -> tuple[str | int, ...]:
    """A path such as $['a'][0].b in its steps."""
    found: list[str | int] = []
    for one, other, number, plain in _STEP.findall(path):
        if number:
            found.append(int(number))
        elif one or other or plain:
            found.append(one or other or plain)
    return tuple(found)


def map_frame(frame: pl.DataFrame, how: Translator, source: str, rejects: Rejects) -> pl.DataFrame:
    """The frame as the sink is to have it. source: what the message calls it."""
    pairs = how.pairs
    if not pairs:
        return frame
    chosen = {pair.sink: frame[_column(frame, pair, source)] for pair in pairs}
    renamed = pl.DataFrame([series.alias(name) for name, series in chosen.items()])
    return typed(renamed, {pair.sink: known for pair in pairs if (known := conversion.known(pair.type)) is not None}, how.manner, rejects)


def typed(frame: pl.DataFrame, types: Mapping[str, pl.DataType], how: Manner, rejects: Rejects) -> pl.DataFrame:
    """The frame with these columns converted. Rows that do not fit are rejected."""
    made = {name: conversion.convert(frame, name, to, how) for name, to in types.items() if name in frame.columns and frame.schema[name] != to}
    if not made:
        return frame
    bad = pl.Series([False]).new_from_index(0, frame.height) if frame.height else pl.Series([], dtype=pl.Boolean)
    for name, series in made.items():
        lost = conversion.wrong(frame[name], series)
        for place in (lost & ~bad).arg_true():
            value = str(frame[name][place])
            given, to = called(frame.schema[name]), called(types[name])
            rejects.take(
                frame.row(place),
                CONVERSION,
                f"Exception occurred when converting value '{value[:100]}' for column name '{name}' from type '{given}' to type '{to}'.",
            )
        bad = bad | lost
    converted = frame.with_columns(series.alias(name) for name, series in made.items())
    return converted.filter(~bad) if bad.any() else converted


def rows(objects: Iterable[Mapping[str, Any]], how: Translator) -> Iterator[dict[str, Any]]:
    """Objects as flat rows: by the paths of the mapping, once per item of the collection when there is one."""
    for one in objects:
        if not how.pairs:
            yield from ({name: value for name, value in row.items() if not isinstance(value, dict | list)} for row in _items(one, how.collection))
            continue
        for item in _items(one, how.collection):
            yield {pair.sink: _flat(_at(one if pair.rooted or not how.collection else item, pair), how) for pair in how.pairs}


def frame_of(flat: Sequence[Mapping[str, Any]], how: Translator, rejects: Rejects, columns: Sequence[str] = ()) -> pl.DataFrame:
    """Flat rows as a frame. columns: those of the first frame, which the others keep to."""
    names = list(columns) or list(dict.fromkeys(name for row in flat[:1] for name in row))
    frame = pl.DataFrame([series(name, [row.get(name) for row in flat]) for name in names]) if names else pl.DataFrame()
    return typed(frame, {pair.sink: known for pair in how.pairs if (known := conversion.known(pair.type)) is not None}, how.manner, rejects)


def nested(rows_: Iterable[Mapping[str, Any]], how: Translator) -> Iterator[dict[str, Any]]:
    """Rows as objects, when the mapping says where in them a value belongs."""
    deep = [pair for pair in how.pairs if len(pair.sink_path) > 1]
    for row in rows_:
        made = dict(row)
        for pair in deep:
            value, holder = made.pop(pair.sink, None), made
            for step in pair.sink_path[:-1]:
                holder = holder.setdefault(str(step), {})
            holder[str(pair.sink_path[-1])] = value
        yield made


def _pairs(written: Mapping[str, Any]) -> Iterator[Pair]:
    listed = written.get("mappings")
    if isinstance(listed, list):
        for one in listed:
            source, sink = (one.get(side) if isinstance(one, Mapping) else None for side in ("source", "sink"))
            if not isinstance(source, Mapping) or not isinstance(sink, Mapping):
                raise failure("UserErrorInvalidColumnMapping", "Each of the mappings is an object with a source and a sink.")
            yield _pair(source, sink)
        return
    older = written.get("columnMappings")
    if isinstance(older, str):
        older = dict(one.split(":", 1) for one in older.split(",") if ":" in one)
    if isinstance(older, Mapping):
        yield from (Pair(str(sink).strip(), name=str(source).strip()) for source, sink in older.items())
        return
    schema = written.get("schemaMapping")
    if isinstance(schema, Mapping):
        for source, sink in schema.items():
            path = steps(str(source))
            yield Pair(str(sink), path=path, name=str(path[0]) if len(path) == 1 else "", rooted=str(source).startswith("$"))


def _pair(source: Mapping[str, Any], sink: Mapping[str, Any]) -> Pair:
    said = str(source.get("path") or "")
    path = steps(said)
    at = steps(str(sink.get("path") or ""))
    name = str(source.get("name") or (path[0] if len(path) == 1 else ""))
    target = str(sink.get("name") or "") or (".".join(map(str, at)) if at else name)
    ordinal = int(source.get("ordinal") or 0)
    if not target or not (name or path or ordinal):
        raise failure("UserErrorInvalidColumnMapping", "A mapping needs the name, path or ordinal of a source column, and the name of a sink column.")
    return Pair(target, name, path or ((name,) if name else ()), said.startswith("$"), ordinal, str(sink.get("type") or source.get("type") or ""), at)


def _column(frame: pl.DataFrame, pair: Pair, source: str) -> str:
    if pair.name in frame.columns:
        return pair.name
    if 0 < pair.ordinal <= frame.width:
        return frame.columns[pair.ordinal - 1]
    raise failure(
        "MappingColumnNameNotFoundInSourceFile",
        f"Column '{pair.spoken}' specified in column mapping is not found in '{source}' source. Its columns are: {', '.join(frame.columns[:50])}.",
    )


def _items(one: Mapping[str, Any], collection: tuple[str | int, ...]) -> Iterator[Mapping[str, Any]]:
    if not collection:
        yield one
        return
    found = walk(one, collection)
    for item in found if isinstance(found, list) else [] if found is MISSING else [found]:
        yield item if isinstance(item, Mapping) else {"value": item}


def _at(one: Any, pair: Pair) -> Any:
    found = walk(one, pair.path)
    return None if found is MISSING else found


def walk(value: Any, path: tuple[str | int, ...]) -> Any:
    """What stands there; MISSING when nothing does."""
    for step in path:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return MISSING
            value = value[step]
        else:
            if not isinstance(value, Mapping) or step not in value:
                return MISSING
            value = value[step]
    return value


def _flat(value: Any, how: Translator) -> Any:
    return documents.dump(value) if isinstance(value, dict | list) else value


def series(name: str, values: list[Any]) -> pl.Series:
    """A column of what JSON and databases give: of one type, or of texts."""
    kinds = {type(one) for one in values if one is not None}
    if not kinds:
        return pl.Series(name, values, pl.String)
    if kinds <= {int, float} and float in kinds:
        return pl.Series(name, [None if one is None else float(one) for one in values], pl.Float64)
    if len(kinds) == 1 and kinds <= _KEPT:
        # An integer that no column holds, an object that no column knows: as text, below.
        with suppress(pl.exceptions.PolarsError, OverflowError, TypeError):
            return pl.Series(name, values, strict=True)
    return pl.Series(
        name,
        [
            None if one is None else one if isinstance(one, str) else documents.dump(one) if isinstance(one, _AS_JSON) else str(documents.plain(one))
            for one in values
        ],
        pl.String,
    )


_KEPT = {int, float, bool, str, bytes, Decimal, dates.date, dates.datetime, dates.time, dates.timedelta}
"""What a column of its own type can hold; all else is text."""
_AS_JSON = (bool, dict, list)


def called(kind: pl.DataType) -> str:
    """A type in Data Factory's words."""
    return next((name for name, one in _NAMES.items() if one == kind), str(kind))


_NAMES: Mapping[str, Any] = {
    "String": pl.String,
    "Byte": pl.UInt8,
    "Int16": pl.Int16,
    "Int32": pl.Int32,
    "Int64": pl.Int64,
    "Single": pl.Float32,
    "Double": pl.Float64,
    "Decimal": pl.Decimal,
    "Boolean": pl.Boolean,
    "DateTimeOffset": pl.Datetime("us", "UTC"),
    "DateTime": pl.Datetime,
    "Date": pl.Date,
    "TimeSpan": pl.Duration,
    "Byte[]": pl.Binary,
}
