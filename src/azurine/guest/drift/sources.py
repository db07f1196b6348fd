"""Which files a path means, and what kind they are: CSV, Parquet or JSON lines, one file or a folder of them, however deep, or an MLTable.

The types of CSV columns are found from the first rows of each file. Where a later value does not fit, everything is read as text instead, and what does not
fit is counted (`columns`). Empty files say nothing. Files whose names begin with a dot or an underscore are
somebody's bookkeeping. Who finds them, and how the engine reads them, is said by `opening`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from azurine.model.errors import Invalid

CSV, PARQUET, JSON = "csv", "parquet", "json"
FORMATS = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), CSV),
    **dict.fromkeys((".parquet", ".pqt"), PARQUET),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), JSON),
}
NAMES = {CSV: "CSV", PARQUET: "Parquet", JSON: "JSON lines"}
MLTABLE = "MLTable"
MISSING_WORDS = ("", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None")
"""What a CSV file may say where a value is missing."""
SMALL = 8 << 20
"""Bytes of CSV or JSON lines up to which the rows are kept while they are counted: finding out what a file means takes longer than reading it."""
BUFFER = 8_000_000
"""Bytes of CSV that each thread holds."""
LONGEST_LINE = 8 << 20
"""Bytes of a line of JSON. Each thread holds two of them."""


@dataclass(frozen=True, slots=True)
class Source:
    """path: as it was given, for messages. files: in the order of their names; none when there is no data at all. words: what the engine's reader is told
    beside. steps: what is done to the rows, each the words of a SELECT before and after them. types: of columns, by the words of somebody who knows. unnamed: the columns have no names.
    rows: only these of the one file, from the first on, before the second."""

    path: str
    format: str
    files: tuple[str, ...]
    words: tuple[str, ...] = ()
    steps: tuple[tuple[str, str], ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    unnamed: bool = False
    rows: tuple[int, int] | None = None

    @property
    def size(self) -> int:
        return sum(Path(file).stat().st_size for file in self.files)

    @property
    def small(self) -> bool:
        return self.size < SMALL

    @property
    def list(self) -> str:
        return "[" + ", ".join(map(quoted, self.files)) + "]"

    def relation(self, as_text: bool = False) -> str:
        """What stands behind FROM, for files whose columns need no looking at (`opening` looks)."""
        words = ["union_by_name = true", *self.words]
        if self.format == PARQUET:
            if self.rows is None:
                return f"read_parquet({self.list}, {', '.join(words)})"
            within = f"file_row_number >= {self.rows[0]} AND file_row_number < {self.rows[1]}"
            return f"(SELECT * EXCLUDE (file_row_number) FROM read_parquet({self.list}, {', '.join(words)}, file_row_number = true) WHERE {within})"
        if self.format == JSON:
            words += ["format = 'newline_delimited'", f"maximum_object_size = {LONGEST_LINE}"]
            return f"read_json({self.list}, {', '.join(words)})"
        words.append(f"buffer_size = {BUFFER}")
        said = {word.split(" =")[0] for word in self.words}
        words += [] if "nullstr" in said else [f"nullstr = [{', '.join(map(quoted, MISSING_WORDS))}]"]
        words += [] if "header" in said else ["header = true"]
        words += ["all_varchar = true"] if as_text and "all_varchar" not in said else []
        return f"read_csv({self.list}, {', '.join(words)})"


def of(path: str, files: Sequence[Path], format: str | None = None, explicit: bool = False) -> Source:
    """Of these files. format: of all of them, whatever their names; by their names, when None. explicit: somebody named them, so none is passed over."""
    formats = {file: format or FORMATS.get(file.suffix.lower()) for file in files}
    known = {one for one in formats.values() if one}
    if files and (not known or (explicit and None in formats.values())):
        odd = next(file for file, one in formats.items() if one is None)
        raise Invalid(f"is neither CSV nor Parquet nor JSON lines, by its name; read are {', '.join(FORMATS)}", path=str(odd))
    if len(known) > 1:
        raise Invalid(f"has {' and '.join(NAMES[one] for one in NAMES if one in known)} files; a table is of one format", path=path)
    kept = [str(file) for file, one in formats.items() if one and file.stat().st_size]
    return Source(path, next(iter(known), CSV), tuple(kept))


def lacking(uri: str, asset: str = "") -> str:
    """Of a place without files: which it is, and what to do about it. asset: whose place it is."""
    of = f" (data asset {asset})" if asset else ""
    return f"there are no files in {uri}{of}; check the path, or wait until something has been written or collected there"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def named(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)
