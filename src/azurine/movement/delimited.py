"""Delimited text, read and written in pieces of some rows: all columns are texts when they are read.

    names without a header are Prop_0, Prop_1, …; what equals nullValue is nothing; a row with more columns than the first is one that does not fit

https://learn.microsoft.com/azure/data-factory/format-delimited-text
"""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO, TextIO

import polars as pl

from azurine.movement import documents
from azurine.movement.failing import failure
from azurine.movement.rejecting import Rejects

ROWS = 20_000
LARGEST_FIELD = 64 << 20
_STAND_IN = "\x1f"
"""For a delimiter of several characters, while rows are taken apart."""
_ENCODINGS = {"utf-8": "utf-8-sig", "utf-8 without bom": "utf-8", "utf-16": "utf-16", "unicode": "utf-16", "us-ascii": "ascii"}
_WRITTEN = {"utf-8": "utf-8", "utf-16": "utf-16", "us-ascii": "ascii"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """delimiter, quote, escape: characters, "" when there is none. row: what ends a row when it is not a usual line end."""

    delimiter: str = ","
    quote: str = '"'
    escape: str = "\\"
    row: str = ""
    header: bool = False
    null: str = ""
    encoding: str = "utf-8"

    @property
    def doubles(self) -> bool:
        """Is a quote within quotes written twice?"""
        return not self.escape or self.escape == self.quote


def dialect(written: Mapping[str, Any]) -> Dialect:
    """From a dataset's format."""
    rows = _plain(written.get("rowDelimiter"), "")
    return Dialect(
        _plain(written.get("columnDelimiter"), ",") or _STAND_IN,
        _one(written, "quoteChar", '"'),
        _one(written, "escapeChar", "\\"),
        "" if rows in ("", "\n", "\r\n", "\r") else rows,
        _truth(written.get("firstRowAsHeader")),
        str(written.get("nullValue") or ""),
        str(written.get("encodingName") or "utf-8"),
    )


def read(stream: BinaryIO, name: str, how: Dialect, rejects: Rejects, skip: int = 0, rows: int = ROWS) -> Iterator[pl.DataFrame]:
    """Frames of texts. name: of the file, for messages. skip: lines to leave out first. A file without a row gives one frame without rows if it has a header."""
    csv.field_size_limit(LARGEST_FIELD)
    text = io.TextIOWrapper(stream, _encoding(how.encoding, name), newline="")
    try:
        for _ in range(skip):
            text.readline()
        yield from _frames(_rows(text, how, name), name, how, rejects, rows)
    except UnicodeDecodeError as error:
        raise failure("UserErrorInvalidEncoding", f"'{name}' is not encoded in {how.encoding}: {error}.") from error
    finally:
        text.detach()


def _frames(parsed: Iterator[list[str]], name: str, how: Dialect, rejects: Rejects, rows: int) -> Iterator[pl.DataFrame]:
    first = next(parsed, None)
    if first is None:
        return
    names = _names(first, name) if how.header else [f"Prop_{number}" for number in range(len(first))]
    width = len(names)
    piece: list[list[str]] = [] if how.header else [first]
    given = False
    for number, row in enumerate(parsed, start=2):
        if len(row) > width:
            rejects.take(
                row,
                "DelimitedTextMoreColumnsThanDefined",
                f"Error found when processing 'Csv/Tsv Format Text' source '{name}' with row number {number}: found more columns than expected column count {width}.",
            )
            continue
        piece.append(row if len(row) == width else row + [how.null] * (width - len(row)))
        if len(piece) >= rows:
            yield _frame(names, piece, how)
            piece, given = [], True
    if piece or not given:
        yield _frame(names, piece, how)


def _frame(names: list[str], rows: list[list[str]], how: Dialect) -> pl.DataFrame:
    columns = zip(*rows, strict=True) if rows else [()] * len(names)
    frame = pl.DataFrame([pl.Series(name, column, pl.String) for name, column in zip(names, columns, strict=True)])
    return frame.with_columns(pl.when(pl.col(name) != how.null).then(pl.col(name)).alias(name) for name in names)


def _names(row: list[str], file: str) -> list[str]:
    for number, one in enumerate(row):
        if not one.strip():
            raise failure(
                "DelimitedTextColumnNameNotAllowNull",
                f"The name of column index {number} is empty. Make sure column name is properly specified in the header row of '{file}'.",
            )
    doubled = next((one for one in row if row.count(one) > 1), None) if len(set(row)) < len(row) else None
    if doubled is not None:
        raise failure("DelimitedTextColumnNameDuplicated", f"The column name '{doubled}' is found more than once in the header row of '{file}'.")
    return row


def _rows(text: TextIO, how: Dialect, name: str) -> Iterator[list[str]]:
    lines: Iterator[str] = iter(text) if not how.row else _parted(text, how.row)
    several = len(how.delimiter) > 1
    if several:
        lines = (line.replace(how.delimiter, _STAND_IN) for line in lines)
    reader = csv.reader(
        lines,
        delimiter=_STAND_IN if several else how.delimiter,
        quotechar=how.quote or None,
        quoting=csv.QUOTE_MINIMAL if how.quote else csv.QUOTE_NONE,
        escapechar=None if how.doubles else how.escape,
        doublequote=True,
        strict=True,
    )
    try:
        for row in reader:
            if row:
                yield [one.replace(_STAND_IN, how.delimiter) for one in row] if several else row
    except csv.Error as error:
        raise failure("DelimitedTextBadDataDetected", f"Bad data is found at line {reader.line_num} in source '{name}': {error}.") from error


def _parted(text: TextIO, mark: str) -> Iterator[str]:
    """Rows that end with something of their own. The reader takes each for a line."""
    left = ""
    while piece := text.read(1 << 16):
        *whole, left = (left + piece).split(mark)
        yield from (f"{one}\n" for one in whole)
    if left:
        yield left


def write(frame: pl.DataFrame, stream: BinaryIO, how: Dialect, *, head: bool, quote_all: bool = False) -> None:
    """head: is this the first piece, which a header goes before?"""
    lines = []
    if head:
        if how.encoding.lower() in ("utf-16", "unicode"):
            stream.write(b"\xff\xfe")
        if how.header:
            lines.append(how.delimiter.join(_quoted(name, how, quote_all) for name in frame.columns))
    if frame.height:
        columns = [_written(pl.col(name), kind, how, quote_all) for name, kind in frame.schema.items()]
        lines += frame.select(pl.concat_str(columns, separator=how.delimiter)).to_series().to_list()
    if lines:
        end = how.row or "\r\n"
        stream.write((end.join(lines) + end).encode(_written_encoding(how.encoding), "strict" if _is_unicode(how.encoding) else "replace"))


def as_text(column: pl.Expr, kind: pl.DataType) -> pl.Expr:
    """A value as Data Factory writes it: True and False, moments with seven digits of a second."""
    match kind:
        case pl.String:
            return column
        case pl.Boolean:
            return pl.when(column).then(pl.lit("True")).when(~column).then(pl.lit("False"))
        case pl.Datetime():
            return column.dt.strftime("%Y-%m-%d %H:%M:%S.") + column.dt.strftime("%6f") + pl.lit("0")
        case pl.Binary:
            return column.bin.encode("base64")
        case pl.Duration():
            return column.map_elements(documents.span, return_dtype=pl.String)
    return column.cast(pl.String)


def _written(column: pl.Expr, kind: pl.DataType, how: Dialect, quote_all: bool) -> pl.Expr:
    text = as_text(column, kind)
    if how.quote and (quote_all or kind == pl.String or kind == pl.Binary):
        escaped = text
        if not how.doubles:
            escaped = escaped.str.replace_all(how.escape, how.escape * 2, literal=True)
        escaped = escaped.str.replace_all(how.quote, (how.quote if how.doubles else how.escape) + how.quote, literal=True)
        quoted = pl.lit(how.quote) + escaped + pl.lit(how.quote)
        needed = pl.lit(True) if quote_all else text.str.contains_any(list(_special(how)))
        # An empty text is not nothing, when nothing is written as an empty text.
        text = pl.when(needed | (text == how.null)).then(quoted).otherwise(text)
    return text.fill_null(how.null)


def _quoted(text: str, how: Dialect, quote_all: bool) -> str:
    if not how.quote or not (quote_all or any(one in text for one in _special(how))):
        return text
    escape = how.quote if how.doubles else how.escape
    return how.quote + text.replace(how.quote, escape + how.quote) + how.quote


def _special(how: Dialect) -> Sequence[str]:
    return [one for one in (how.delimiter, how.quote, "" if how.doubles else how.escape, how.row, "\n", "\r") if one]


def _one(written: Mapping[str, Any], key: str, default: str) -> str:
    found = _plain(written.get(key), default)
    if len(found) > 1:
        raise failure("DelimitedTextInvalidSettings", f"The {key} '{found}' must be one character, or none.")
    return found


def _plain(value: Any, default: str) -> str:
    """A character that may be written as \\t, \\n, …"""
    if value is None:
        return default
    text = str(value)
    return {"\\t": "\t", "\\n": "\n", "\\r": "\r", "\\r\\n": "\r\n", "\\\\": "\\", "\\0": "\0", "\\u0001": "\x01"}.get(text, text)


def _truth(value: Any) -> bool:
    return value.strip().lower() == "true" if isinstance(value, str) else bool(value)


def _encoding(name: str, file: str) -> str:
    found = _ENCODINGS.get(name.lower(), name.lower())
    try:
        "".encode(found)
    except LookupError as error:
        raise failure("UserErrorInvalidEncodingName", f"The encoding '{name}' of '{file}' is not known.") from error
    return found


def _written_encoding(name: str) -> str:
    # Its mark goes before the first piece, once.
    return (
        "utf-16-le"
        if name.lower() in ("utf-16", "unicode")
        else _WRITTEN.get(name.lower(), "utf-8" if name.lower().startswith("utf-8") else name.lower())
    )


def _is_unicode(name: str) -> bool:
    return name.lower().startswith(("utf", "unicode"))
