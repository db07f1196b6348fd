"""A table on disk → what `azurine.drift` keeps of it: of all of it, or of each of several windows, in one pass.

    baseline = read("bronze/diabetes")
    week = read("stage/2026", types=baseline.types, time=("date", [Window(monday, next_monday)]))

Types are found once and told (`types`); handing the baseline's to the target makes what does not fit there count as wrong, instead of being
another type. Memory stays under a limit whatever the number of rows: what does not fit is put into a folder that is removed afterwards.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from azurine.drift import tables
from azurine.drift.tables import EMPTY, Table
from azurine.guest.drift import columns, counting, opening, windows
from azurine.guest.drift.columns import Column
from azurine.guest.drift.sources import CSV, PARQUET, Source
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


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of a whole table before it is counted. columns: the wanted ones, and how each is counted. absent: those that are not there."""

    columns: Sequence[Column]
    absent: Sequence[str] = ()


def read(
    path: str,
    features: Sequence[str] | None = None,
    types: Mapping[str, str] | None = None,
    time: tuple[str, Sequence[Window]] | None = None,
    threads: int | None = None,
) -> Reading:
    """features: all columns (without the timestamp), when None. time: the timestamp's column and the windows to count."""
    return read_source(opening.find(path), features, types, time, threads)


def read_source(
    source: Source,
    features: Sequence[str] | None = None,
    types: Mapping[str, str] | None = None,
    time: tuple[str, Sequence[Window]] | None = None,
    threads: int | None = None,
    look: Look | None = None,
) -> Reading:
    """look: at the whole table, of which the source is a part."""
    path = source.path
    asked = len(time[1]) if time else 1
    if not source.files:
        return Reading([EMPTY] * asked, {}, 0, absent=look.absent if look else tuple(features or ()))
    import duckdb  # 40 ms and a native library, which only whoever reads a table needs

    # Of a table of thousands of columns, a row is all that fits into the memory that is enough else.
    for memory in (MEMORY, MORE):
        with engine(threads, memory=memory) as session:
            try:
                return _read(session, source, features, types or {}, time, look)
            except duckdb.OutOfMemoryException as error:
                short = error
            except duckdb.Error as error:
                raise Invalid(first_line(error), path=path) from error
    raise Invalid(f"is too wide to be read: {first_line(short)}", path=path)


def look_at(
    path: str, features: Sequence[str] | None = None, types: Mapping[str, str] | None = None, time: tuple[str, Sequence[Window]] | None = None
) -> tuple[Source, Look]:
    """As `read` would see it, so that parts of it can be counted as the whole would be."""
    source = opening.find(path)
    if not source.files:
        return source, Look((), tuple(features or ()))
    import duckdb

    with engine(memory=MORE) as session:
        try:
            relation, stored = opening.seen(session, source)
            if time is not None:
                _stamped(time[0], stored, source)
            wanted = _wanted(stored, features, time)
            try:
                known = columns.looked_at(session, relation, stored, wanted, {**wished(source, stored), **(types or {})}, not source.small)
            except duckdb.Error:
                if source.format == PARQUET:
                    raise
                text, texts = opening.seen(session, source, as_text=True)
                told = {**wished(source, stored), **(types or {})}
                known = columns.looked_at(session, text, texts, wanted, told, not source.small)
        except duckdb.Error as error:
            raise Invalid(first_line(error), path=path) from error
    return source, Look([replace(one, stored=stored[one.name]) for one in known], _absent(stored, wanted))


def _read(
    engine: Any,
    source: Source,
    features: Sequence[str] | None,
    types: Mapping[str, str],
    time: tuple[str, Sequence[Window]] | None,
    look: Look | None,
) -> Reading:
    import duckdb

    try:
        return _counted(engine, source, features, types, time, look, as_text=False)
    except duckdb.OutOfMemoryException:
        raise
    except duckdb.Error:
        if source.format == PARQUET:
            raise
    # Somewhere below the first rows may be a value of another type: as text every row can be read, and what does not fit is counted.
    return _counted(engine, source, features, types, time, look, as_text=True)


def _counted(
    engine: Any,
    source: Source,
    features: Sequence[str] | None,
    types: Mapping[str, str],
    time: tuple[str, Sequence[Window]] | None,
    look: Look | None,
    as_text: bool,
) -> Reading:
    relation, stored = opening.seen(engine, source)
    types = {**wished(source, stored), **types}
    if as_text or (look is not None and source.format != PARQUET and _narrower(look, stored)):
        relation, stored = opening.seen(engine, source, as_text=True)
    if source.format != PARQUET and source.small:
        with columns.ordered(engine):
            engine.execute(f"CREATE OR REPLACE TEMP TABLE everything AS SELECT * FROM {relation}")
        relation = "everything"
    wanted = _wanted(stored, features, time)
    if look is None:
        known = columns.looked_at(engine, relation, stored, wanted, types, not source.small)
    else:
        known = [replace(one, stored=stored[one.name]) for one in look.columns if one.name in stored]
    stretches = windows.cut(*time) if time else None
    if stretches and look is None:
        _stamped(stretches.column, stored, source)
    if source.format == CSV and not source.small and not as_text:
        relation = _sooner(engine, source, relation, stored, [*(one.name for one in known), *([stretches.column] if stretches else [])])
    place = (stretches.place(stored[stretches.column]) if stretches.column in stored else str(UNPLACED)) if stretches else None
    counted = counting.count(engine, source, relation, known, place)
    if look is not None:
        counted = {which: _completed(table, look) for which, table in counted.items()}
        known = list(look.columns)
    empty = Table(0, {column.name: counting.nothing(column) for column in known})
    parts = (
        [[counted[part] for part in stretches.of(window) if part in counted] for window in time[1]] if stretches and time else [[*counted.values()]]
    )
    unplaced = counted[UNPLACED].rows if stretches and UNPLACED in counted else 0
    told = {column.name: column.type for column in known}
    absent = look.absent if look else _absent(stored, wanted)
    return Reading([tables.merged(some) if some else empty for some in parts], told, len(source.files), unplaced, absent)


def _sooner(engine: Any, source: Source, relation: str, stored: Mapping[str, str], wanted: Sequence[str]) -> str:
    """Looking for each word that may mean a missing value costs a seventh of the time. No number is such a word: where the columns are numbers without
    them as well, only the empty value is looked for; a word further down is then a value of another type, for which everything is read as text."""
    if any(columns.type_of(stored[name]) == "text" for name in wanted if name in stored) or any(word.startswith("nullstr") for word in source.words):
        return relation
    plain, columns_of_it = opening.seen(engine, replace(source, words=(*source.words, "nullstr = ['']")), checked=True)
    return plain if columns_of_it == stored else relation


def _wanted(stored: Mapping[str, str], features: Sequence[str] | None, time: tuple[str, Sequence[Window]] | None) -> list[str]:
    return [name for name in (stored if features is None else features) if time is None or name != time[0]]


def _absent(stored: Mapping[str, str], wanted: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in wanted if name not in stored)


def _stamped(column: str, stored: Mapping[str, str], source: Source) -> None:
    if column not in stored:
        raise Invalid(f"there is no column {column!r}; there are: {', '.join(stored)}", path=source.path)


def _narrower(look: Look, stored: Mapping[str, str]) -> bool:
    """A part may look like numbers where the whole has texts: 01 and 1 are the same number then, but not the same text."""
    return any(one.name in stored and "text" in {columns.type_of(one.stored), one.type} and stored[one.name] != one.stored for one in look.columns)


def _completed(table: Table, look: Look) -> Table:
    """With the columns that only other parts have: their values are missing in this one."""
    lacking = {
        one.name: replace(counting.nothing(one), rows=table.rows, missing=table.rows) for one in look.columns if one.name not in table.features
    }
    return Table(table.rows, {one.name: table.features.get(one.name) or lacking[one.name] for one in look.columns})


def types_of(path: str) -> dict[str, str]:
    """The type of each column as the files themselves say; {} when there are none."""
    import duckdb

    source = opening.find(path)
    if not source.files:
        return {}
    with engine() as session:
        try:
            return wished(source, opening.seen(session, source)[1])
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
