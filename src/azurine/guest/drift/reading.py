"""A table on disk → what `azurine.drift` keeps of it: of all of it, or of each of several windows, in one pass.

    baseline = read("bronze/diabetes")
    week = read("stage/2026", types=baseline.types, time=("date", [Window(monday, next_monday)]))

Types are found once and told (`types`); handing the baseline's to the target makes what does not fit there count as wrong, instead of being
another type. Memory stays under a limit whatever the number of rows: what does not fit is put into a folder that is removed afterwards.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from azurine.drift import tables
from azurine.drift.tables import EMPTY, Table
from azurine.guest.drift import columns, counting, opening, windows
from azurine.guest.drift.lines import described
from azurine.guest.drift.sources import PARQUET, Source
from azurine.guest.drift.windows import UNPLACED, Window
from azurine.model.errors import Invalid

MEMORY = "120MB"
"""Of the engine, for what it buffers and counts; the process needs about as much beside."""
MORE = "2GB"

ASIDE = ("Original Line", "Possible", "LINE", "*", " ")


@dataclass(frozen=True, slots=True)
class Reading:
    """tables: one for each window, in their order, or one of everything. types: of the features. unplaced: rows without a readable timestamp.
    absent: features that were asked for and are not there."""

    tables: Sequence[Table]
    types: Mapping[str, str]
    files: int
    unplaced: int = 0
    absent: Sequence[str] = ()

    @property
    def table(self) -> Table:
        return self.tables[0]


def read(
    path: str,
    features: Sequence[str] | None = None,
    types: Mapping[str, str] | None = None,
    time: tuple[str, Sequence[Window]] | None = None,
    threads: int | None = None,
) -> Reading:
    """features: all columns (without the timestamp), when None. time: the timestamp's column and the windows to count."""
    source = opening.find(path)
    asked = len(time[1]) if time else 1
    if not source.files:
        return Reading([EMPTY] * asked, {}, 0, absent=tuple(features or ()))
    import duckdb  # 40 ms and a native library, which only whoever reads a table needs

    # Of a table of thousands of columns, a row is all that fits into the memory that is enough else.
    for memory in (MEMORY, MORE):
        with engine(threads, memory=memory) as session:
            try:
                return _read(session, source, features, types or {}, time)
            except duckdb.OutOfMemoryException as error:
                short = error
            except duckdb.Error as error:
                raise Invalid(first_line(error), path=path) from error
    raise Invalid(f"is too wide to be read: {first_line(short)}", path=path)


def _read(
    engine: Any, source: Source, features: Sequence[str] | None, types: Mapping[str, str], time: tuple[str, Sequence[Window]] | None
) -> Reading:
    import duckdb

    try:
        return _counted(engine, source, features, types, time, as_text=False)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        if source.format == PARQUET:
            raise
    # Somewhere below the first rows may be a value of another type: as text every row can be read, and what does not fit is counted.
    return _counted(engine, source, features, types, time, as_text=True)


def _counted(
    engine: Any, source: Source, features: Sequence[str] | None, types: Mapping[str, str], time: tuple[str, Sequence[Window]] | None, as_text: bool
) -> Reading:
    relation = opening.opened(engine, source)
    stored = described(engine, relation)
    types = {**wished(source, stored), **types}
    if as_text:
        relation = opening.opened(engine, source, as_text=True)
        stored = described(engine, relation)
    if source.format != PARQUET and source.small:
        engine.execute(f"CREATE OR REPLACE TEMP TABLE everything AS SELECT * FROM {relation}")
        relation = "everything"
    wanted = [name for name in (stored if features is None else features) if time is None or name != time[0]]
    known = columns.looked_at(engine, relation, stored, wanted, types, not source.small)
    stretches = windows.cut(*time) if time else None
    if stretches and stretches.column not in stored:
        raise Invalid(f"there is no column {stretches.column!r}; there are: {', '.join(stored)}", path=source.path)
    place = stretches.place(stored[stretches.column]) if stretches else None
    counted = counting.count(engine, source, relation, known, place)
    empty = Table(0, {column.name: counting.nothing(column) for column in known})
    parts = (
        [[counted[part] for part in stretches.of(window) if part in counted] for window in time[1]] if stretches and time else [[*counted.values()]]
    )
    unplaced = counted[UNPLACED].rows if stretches and UNPLACED in counted else 0
    told = {column.name: column.type for column in known}
    absent = tuple(name for name in wanted if name not in stored)
    return Reading([tables.merged(some) if some else empty for some in parts], told, len(source.files), unplaced, absent)


def types_of(path: str) -> dict[str, str]:
    """The type of each column as the files themselves say; {} when there are none."""
    import duckdb

    source = opening.find(path)
    if not source.files:
        return {}
    with engine() as session:
        try:
            return wished(source, described(session, opening.opened(session, source)))
        except duckdb.Error as error:
            raise Invalid(first_line(error), path=path) from error


def wished(source: Source, stored: Mapping[str, str]) -> dict[str, str]:
    """The types of the columns, by what the files say or, of an MLTable, by what it says."""
    return {name: source.types.get(name) or columns.type_of(type) for name, type in stored.items()}


@contextmanager
def engine(threads: int | None = None, ordered: bool = False, memory: str = MEMORY) -> Iterator[Any]:
    """A connection of its own, in UTC. ordered: rows come as they are in the files."""
    import duckdb

    with tempfile.TemporaryDirectory(prefix="drift-") as folder:
        words: dict[str, Any] = {
            "memory_limit": memory,
            "temp_directory": folder,
            "preserve_insertion_order": str(ordered).lower(),
            "autoinstall_known_extensions": "false",
        }
        with duckdb.connect(config=words | ({"threads": threads} if threads else {})) as session:
            session.execute("SET TimeZone = 'UTC'")
            yield session


def first_line(error: Exception) -> str:
    """What the engine says, without what it would do with other settings and without the line of data itself."""
    said = str(error).strip().splitlines()
    reason = next((line for line in said[1:] if line.strip() and not line.startswith(ASIDE)), "")
    return f"{said[0]} {reason}".strip() if said[0].endswith(":") or "Error on Line" in said[0] else said[0]
