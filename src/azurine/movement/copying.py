"""Copy: from the files or the query of a source to the files or the table of a sink, piece by piece.

    unit ─▶ pieces ─▶ + additional columns ─▶ mapping, types (rows that do not fit are rejected) ─▶ sink, staged ─▶ put in place

https://learn.microsoft.com/azure/data-factory/copy-activity-overview
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import polars as pl

from azurine.movement import binaries, finding, logging, mapping, sources
from azurine.movement.failing import SINK, SOURCE, failure, on
from azurine.movement.mapping import Translator
from azurine.movement.rejecting import Rejects
from azurine.movement.sinks import FileSink
from azurine.movement.sources import Piece, Source, Unit
from azurine.movement.tables import TableSink

Sink = FileSink | TableSink


def copy(order: Mapping[str, Any]) -> dict[str, Any]:
    """order: {"source": {"dataset", "settings"}, "sink": {…}, "translator", "skip", "log": {"connection", "path"} or null, "key"}. Answers metrics."""
    began = time.monotonic()
    source, sink = order["source"], order["sink"]
    kinds = [str((one["dataset"].get("format") or {}).get("type") or "").lower() for one in (source, sink)]
    if "binary" in kinds:
        if kinds[0] != kinds[1]:
            message = "Binary copy is only supported when both the source and the sink dataset are binary."
            raise failure("UserErrorInvalidBinaryCopy", message)
        told = binaries.copy(order)
    else:
        told = _table(order)
    named = [{"type": str(one["dataset"]["connection"].get("type") or "")} for one in (source, sink)]
    return {**told, "seconds": time.monotonic() - began, "kinds": named}


def _table(order: Mapping[str, Any]) -> dict[str, Any]:
    if any(finding.truth(one, False) for one in (order.get("skipErrorFile") or {}).values()):
        raise failure("UserErrorNotSupportedHere", "'skipErrorFile' leaves out files of a binary copy only; of others single rows can be left out.")
    log = logging.Log(order.get("log"))
    with closing(log):
        rejects = Rejects(bool(order.get("skip")), log.staged)
        source = Source(order["source"]["dataset"], order["source"]["settings"], rejects)
        translator = mapping.read(order.get("translator"))
        with closing(source):
            with on(SINK):
                sink = _sink(order, translator, rejects)
            with closing(sink):
                try:
                    _pour(source, sink, translator, rejects)
                except BaseException:
                    sink.abandon()
                    raise
                with on(SINK):
                    sink.finish()
                    path = log.put() if rejects.count else ""
            if finding.truth((source.settings.get("storeSettings") or {}).get("deleteFilesAfterCompletion"), False):
                binaries.remove(source)
        return {
            "dataRead": source.tally.bytes,
            "dataWritten": sink.bytes,
            "filesRead": source.tally.files,
            "filesWritten": sink.files,
            "rowsRead": sink.rows + rejects.count,
            "rowsCopied": sink.rows,
            "rowsSkipped": rejects.count,
            "log": path,
        }


def _sink(order: Mapping[str, Any], translator: Translator, rejects: Rejects) -> Sink:
    dataset, settings = order["sink"]["dataset"], order["sink"]["settings"]
    if dataset["connection"]["kind"] == "sql":
        return TableSink(dataset, settings, translator.manner, rejects)
    if dataset["connection"]["kind"] != "files":
        raise failure(
            "UserErrorUnsupportedSink", f"Nothing can be written to the dataset '{dataset.get('name')}' here: files and databases are sinks."
        )
    return FileSink(dataset, settings, str(order["name"]))


def _pour(source: Source, sink: Sink, translator: Translator, rejects: Rejects) -> None:
    columns: list[str] = []
    for unit in _units(source):
        extra = {**unit.columns, **_additional(source.settings.get("additionalColumns"), unit)}
        with on(SINK):
            sink.begin(unit.path)
        given = False
        for piece in _pieces(unit):
            given = True
            made = _mapped(piece, extra, translator, source, sink, rejects, columns)
            with on(SINK):
                if isinstance(made, pl.DataFrame):
                    sink.write(made)
                else:
                    sink.write_objects(made)
        if not given or isinstance(sink, FileSink):
            sink.end()


def _mapped(
    piece: Piece, extra: Mapping[str, str], translator: Translator, source: Source, sink: Sink, rejects: Rejects, columns: list[str]
) -> Piece:
    with on(SOURCE):
        if isinstance(piece, list):
            if not translator.pairs and not translator.collection and _takes_objects(sink):
                return [{**one, **_of_objects(extra, one)} for one in piece]
            flat = list(mapping.rows(({**one, **_of_objects(extra, one)} for one in piece), translator))
            frame = mapping.frame_of(flat, translator, rejects, columns)
            columns[:] = columns or frame.columns
        else:
            added = piece.with_columns(_column(name, value) for name, value in extra.items())
            frame = mapping.map_frame(added, translator, str(source.dataset.get("name")), rejects)
        if _takes_objects(sink) and any(len(pair.sink_path) > 1 for pair in translator.pairs):
            return list(mapping.nested(frame.iter_rows(named=True), translator))
        return frame


def _takes_objects(sink: Sink) -> bool:
    return isinstance(sink, FileSink) and sink.takes_objects


def _units(source: Source) -> Iterator[Unit]:
    units = sources.units(source)
    while True:
        with on(SOURCE):
            unit = next(units, None)
        if unit is None:
            return
        yield unit


def _pieces(unit: Unit) -> Iterator[Piece]:
    pieces = unit.pieces()
    while True:
        with on(SOURCE):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def _additional(said: Any, unit: Unit) -> dict[str, str]:
    """additionalColumns: a name with a value, `$$FILEPATH`, or `$$COLUMN:name`."""
    listed = said if isinstance(said, list) else []
    return {
        str(one["name"]): unit.path if one.get("value") == "$$FILEPATH" else str(one.get("value"))
        for one in listed
        if isinstance(one, Mapping) and "name" in one
    }


def _column(name: str, value: str) -> pl.Expr:
    return pl.col(value.removeprefix("$$COLUMN:")).alias(name) if value.startswith("$$COLUMN:") else pl.lit(value, pl.String).alias(name)


def _of_objects(extra: Mapping[str, str], one: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one.get(value.removeprefix("$$COLUMN:")) if value.startswith("$$COLUMN:") else value for name, value in extra.items()}
