"""Which files a path means, and how the engine reads them: CSV or Parquet, one file or a folder of them, however deep.

The types of CSV columns are found from the first rows of each file. Where a later value does not fit, everything is read as text instead, and what does not
fit is counted (`columns`). Empty files say nothing. Files whose names begin with a dot or an underscore are
somebody's bookkeeping.
"""

from dataclasses import dataclass
from pathlib import Path

from azurine.model.errors import Invalid, Missing

CSV, PARQUET = "csv", "parquet"
FORMATS = {".csv": CSV, ".tsv": CSV, ".txt": CSV, ".parquet": PARQUET, ".pqt": PARQUET}
MISSING_WORDS = ("", "NA", "N/A", "#N/A", "NaN", "nan", "null", "NULL", "None")
"""What a CSV file may say where a value is missing."""
BUFFER = 8_000_000
"""Bytes of CSV that each thread holds."""


@dataclass(frozen=True, slots=True)
class Source:
    """path: as it was given, for messages. files: in the order of their names; none when there is no data at all."""

    path: str
    format: str
    files: tuple[str, ...]

    @property
    def size(self) -> int:
        return sum(Path(file).stat().st_size for file in self.files)

    @property
    def list(self) -> str:
        return "[" + ", ".join(map(quoted, self.files)) + "]"

    def relation(self, as_text: bool = False) -> str:
        """What stands behind FROM."""
        if self.format == PARQUET:
            return f"read_parquet({self.list}, union_by_name = true)"
        words = [f"nullstr = [{', '.join(map(quoted, MISSING_WORDS))}]", f"buffer_size = {BUFFER}", "union_by_name = true"]
        if as_text:
            words.append("all_varchar = true")
        return f"read_csv({self.list}, header = true, {', '.join(words)})"


def find(path: str) -> Source:
    place = Path(path)
    if not place.exists():
        raise Missing(f"there is no file or folder {path}", path=path)
    files = [place] if place.is_file() else sorted(file for file in place.rglob("*") if file.is_file() and not _hidden(file.relative_to(place)))
    formats = {file: FORMATS.get(file.suffix.lower()) for file in files}
    known = {format for format in formats.values() if format}
    if files and (not known or (place.is_file() and None in formats.values())):
        raise Invalid(f"is neither CSV nor Parquet, by its name; read are {', '.join(FORMATS)}", path=str(files[0]))
    if len(known) > 1:
        raise Invalid("has CSV and Parquet files; a table is of one format", path=path)
    kept = [str(file) for file, format in formats.items() if format and file.stat().st_size]
    return Source(path, next(iter(known), CSV), tuple(kept))


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def named(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)
