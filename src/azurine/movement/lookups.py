"""Lookup: the first row, or the first rows, of a dataset or a query, as values.

Rows are cut at 5,000; what is larger than 4 MB as JSON fails. https://learn.microsoft.com/azure/data-factory/control-flow-lookup-activity
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import Any

import polars as pl

from azurine.movement import documents, sources
from azurine.movement.failing import SOURCE, failure, on
from azurine.movement.rejecting import Rejects
from azurine.movement.sources import Source

MOST = 5_000
LARGEST = 4 * 1024 * 1024


def look_up(order: Mapping[str, Any]) -> dict[str, Any]:
    """order: {"source": {"dataset", "settings"}, "first"}. Answers {"firstRow"} (nothing when there is none) or {"count", "value"}."""
    source = Source(order["source"]["dataset"], order["source"]["settings"], Rejects())
    if source.format == "binary":
        raise failure("UserErrorUnsupportedFormat", "A Lookup cannot read a binary dataset.")
    with on(SOURCE), closing(source):
        rows = _rows(source)
        if order["first"]:
            row = next(rows, None)
            return {} if row is None else {"firstRow": measured(row, LARGEST)}
        found: list[dict[str, Any]] = []
        size = 0
        for row in rows:
            size += len(documents.dump(row))
            if size > LARGEST:
                raise too_large(size)
            found.append(row)
            if len(found) == MOST:
                break
        return {"count": len(found), "value": json.loads(documents.dump(found))}


def measured(row: Any, most: int) -> Any:
    """The row as JSON. Raises when it is too long."""
    text = documents.dump(row)
    if len(text) > most:
        raise too_large(len(text))
    return json.loads(text)


def too_large(size: int) -> Exception:
    return failure("LookupOutputTooLarge", f"The size {size} of the lookup activity result exceeds the limitation {LARGEST}.")


def _rows(source: Source) -> Iterator[dict[str, Any]]:
    for unit in sources.units(source):
        for piece in unit.pieces():
            yield from piece.iter_rows(named=True) if isinstance(piece, pl.DataFrame) else piece
