"""One pass over the files: how often each key of each column comes, in each stretch of time. Nothing is sorted, no row is kept.

The engine groups by every column at once (GROUPING SETS), each in a hash table of its own, so a CSV file is parsed once however many columns there are; what
the tables hold goes to disk when memory is short. Of Parquet without stretches, each column is read and counted by itself. A column that turns out to have far more keys than its sketch keeps is
folded there, before it gets here. Least and greatest value of a column on a grid stand in the footers of Parquet files, or cost a second pass; where that
is dear (large CSV files), they are the borders of the grid. The sum is then that of the middles of the bins.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from azurine.drift import categories, numbers
from azurine.drift.tables import Feature, Table
from azurine.guest.drift.columns import Column
from azurine.guest.drift.sources import PARQUET, Source

LARGE = 64 << 20
"""Bytes of CSV from which a second pass would be dear."""
CROWDED = 16 * numbers.LIMIT
"""Keys of a column: more, and the engine folds them before they are handed over."""

AT_ONCE = 16
"""Columns that are counted in one pass: each has hash tables of its own, and the engine needs longer for each the more there are."""

ALL = -1
"""Stands for a column where there is none."""

Counts = Mapping[tuple[int, int], Sequence[tuple[Any, bool, int]]]
"""By stretch and column: key, wrong, how many rows."""
Extremes = Mapping[tuple[int, int], tuple[float, float, float | None]]


def count(engine: Any, source: Source, relation: str, columns: Sequence[Column], stretch: str | None) -> dict[int, Table]:
    """By stretch. `stretch`: the expression that names a row's, NULL for rows that do not count; when None, all rows are of stretch 0.
    Stretches without rows are not answered."""
    answer: dict[int, Table] = {}
    for start in range(0, len(columns) or 1, AT_ONCE):
        for which, table in _count(engine, source, relation, columns[start : start + AT_ONCE], stretch).items():
            answer[which] = Table(table.rows, {**answer[which].features, **table.features}) if which in answer else table
    return answer


def _count(engine: Any, source: Source, relation: str, columns: Sequence[Column], stretch: str | None) -> dict[int, Table]:
    alone = source.format == PARQUET and stretch is None and len(columns) > 1
    asked = _each_alone(relation, columns) if alone else _counting(relation, columns, stretch)
    engine.execute(f"CREATE OR REPLACE TEMP TABLE counts AS {asked}")
    rows = dict(engine.execute(f"SELECT s, sum(n)::BIGINT FROM counts WHERE place = {0 if columns else ALL} GROUP BY s").fetchall())
    crowded = {place for place, number in engine.execute("SELECT place, count(*) FROM counts GROUP BY place").fetchall() if number > CROWDED}
    columns = [_folded(engine, place, column) if place in crowded else column for place, column in enumerate(columns)]
    counts = _fetched(engine, columns)
    extremes = {} if source.format != PARQUET and source.size >= LARGE else _extremes(engine, source, relation, columns, stretch)
    return {
        which: Table(
            total,
            {column.name: _feature(column, counts.get((which, place), ()), extremes.get((which, place))) for place, column in enumerate(columns)},
        )
        for which, total in rows.items()
    }


def _counting(relation: str, columns: Sequence[Column], stretch: str | None) -> str:
    """place: the column's; ALL when there is none. x: the key of numbers. t: that of the others. w: wrong. A missing value is a key too, so the counts of
    any column are those of all rows: to count these beside would be a ninth column to a table of eight."""
    keys = [f"{column.key()} AS k{place}" for place, column in enumerate(columns)]
    wrong = {place: f"{column.wrong()} AS w{place}" for place, column in enumerate(columns) if column.cast}
    each = [f"k{place}, w{place}" if place in wrong else f"k{place}" for place in range(len(columns))]
    sets = [f"({one})" if stretch is None else f"(s, {one})" for one in each] or ["()" if stretch is None else "(s)"]
    whether = [f"WHEN grouping(k{place}) = 0 THEN {place}" for place in range(len(columns))]
    case = f"CASE {' '.join(whether)} END" if columns else str(ALL)
    number = _either(f"k{place}::DOUBLE" for place, column in enumerate(columns) if column.numeric)
    text = _either(f"k{place}::VARCHAR" for place, column in enumerate(columns) if not column.numeric)
    marks = _either([*(f"w{place}" for place in wrong), "false"])
    inner = f"SELECT {', '.join([f'{stretch or 0} AS s', *keys, *wrong.values()])} FROM {relation}"
    which, where = ("0 AS s", "") if stretch is None else ("s", " WHERE s IS NOT NULL")
    asked = f"{which}, {case} AS place, {number}::DOUBLE AS x, {text}::VARCHAR AS t, {marks} AS w, count(*) AS n"
    return f"SELECT {asked} FROM ({inner}){where} GROUP BY GROUPING SETS ({', '.join(sets)})"


def _each_alone(relation: str, columns: Sequence[Column]) -> str:
    """The same rows, where a column can be read without the others: small whole numbers are then counted by an array, not by a hash table."""
    some = []
    for place, column in enumerate(columns):
        number, text = ("k::DOUBLE", "NULL") if column.numeric else ("NULL::DOUBLE", "k::VARCHAR")
        keys, by = (f"{column.key()} AS k, {column.wrong()} AS w", "k, w") if column.cast else (f"{column.key()} AS k, false AS w", "k")
        w = "w" if column.cast else "false AS w"
        asked = f"0 AS s, {place} AS place, {number} AS x, {text}::VARCHAR AS t, {w}, count(*) AS n"
        some.append(f"SELECT {asked} FROM (SELECT {keys} FROM {relation}) GROUP BY {by}")
    return " UNION ALL ".join(some)


def _either(some: Iterable[str]) -> str:
    return f"coalesce({words})" if (words := ", ".join(some)) else "NULL"


def _folded(engine: Any, place: int, column: Column) -> Column:
    """With so many keys, on a coarser grid or in buckets. Of keys that are values: on the finest grid that is not crowded, whatever part of a table it is."""
    if not column.numeric:
        engine.execute(f"UPDATE counts SET t = left(md5(t), {categories.DIGITS}) WHERE place = ?", [place])
        return replace(column, buckets=True)
    finite = "place = ? AND isfinite(x)"
    shift = 0 if column.exponent is not None else _first_step(engine, finite, place)
    while _bins(engine, finite, place, shift) > CROWDED:
        shift += 1
    while column.exponent is None and _bins(engine, finite, place, shift - 1) <= CROWDED:
        shift -= 1
    engine.execute(f"UPDATE counts SET x = floor(x * {2.0**-shift!r}::DOUBLE) WHERE place = ?", [place])
    return replace(column, exponent=shift + (column.exponent or 0))


def _bins(engine: Any, finite: str, place: int, shift: int) -> int:
    return int(engine.execute(f"SELECT count(DISTINCT floor(x * {2.0**-shift!r}::DOUBLE)) FROM counts WHERE {finite}", [place]).fetchone()[0])


def _first_step(engine: Any, finite: str, place: int) -> int:
    """Of a grid for keys that are values: fine over where most of them are, or over all, when most are one."""
    inner, outer = engine.execute(
        f"SELECT quantile_cont(x, 0.95) - quantile_cont(x, 0.05), max(x) - min(x) FROM counts WHERE {finite}", [place]
    ).fetchone()
    return numbers.finest(inner or outer)


def _fetched(engine: Any, columns: Sequence[Column]) -> Counts:
    answer: dict[tuple[int, int], list[tuple[Any, bool, int]]] = {}
    grouped = "SELECT s, place, x, t, w, sum(n)::BIGINT FROM counts WHERE place >= 0 GROUP BY ALL ORDER BY s, place"
    rows = engine.execute(grouped).fetchall()
    for (which, place), some in groupby(rows, key=lambda row: (row[0], row[1])):
        numeric = columns[place].numeric
        answer[which, place] = [(x if numeric else t, w, n) for _, _, x, t, w, n in some]
    return answer


def _extremes(engine: Any, source: Source, relation: str, columns: Sequence[Column], stretch: str | None) -> Extremes:
    asked = [(place, column) for place, column in enumerate(columns) if column.exponent is not None]
    if not asked:
        return {}
    odd = {row[0] for row in engine.execute("SELECT DISTINCT place FROM counts WHERE NOT isfinite(x)").fetchall()}
    if source.format == PARQUET and stretch is None and not odd and (known := _in_footers(engine, source, asked)):
        return known
    values = ", ".join(f"{column.value()} AS v{place}" for place, column in asked)
    each = ", ".join(f"{what}(v{place}){_finite(place) if place in odd else ''}" for place, _ in asked for what in ("min", "max", "sum"))
    which, rest = ("0", "") if stretch is None else ("s", " WHERE s IS NOT NULL GROUP BY s")
    rows = engine.execute(f"SELECT {which}, {each} FROM (SELECT {stretch or 0} AS s, {values} FROM {relation}){rest}").fetchall()
    by_column = ((row[0], place, row[1 + 3 * index : 4 + 3 * index]) for row in rows for index, (place, _) in enumerate(asked))
    return {(which, place): three for which, place, three in by_column if three[0] is not None}


def _in_footers(engine: Any, source: Source, asked: Sequence[tuple[int, Column]]) -> Extremes | None:
    """None when a part of a file does not say."""
    said = "count(stats_min_value) = count(*), min(TRY_CAST(stats_min_value AS DOUBLE)), max(TRY_CAST(stats_max_value AS DOUBLE))"
    rows = engine.execute(f"SELECT path_in_schema, {said} FROM parquet_metadata({source.list}) GROUP BY path_in_schema").fetchall()
    known = {name: (low, high, None) for name, every, low, high in rows if every and low is not None and high is not None}
    answer = {(0, place): known[column.name] for place, column in asked if column.name in known and not column.cast}
    return answer if len(answer) == len(asked) else None


def _finite(place: int) -> str:
    return f" FILTER (WHERE isfinite(v{place}::DOUBLE))"


def nothing(column: Column) -> Feature:
    """Of a stretch without rows."""
    return _feature(column, (), None)


def _feature(column: Column, counts: Sequence[tuple[Any, bool, int]], extremes: tuple[float, float, float | None] | None) -> Feature:
    rows = sum(number for _, _, number in counts)
    wrong = sum(number for key, bad, number in counts if key is None and bad)
    missing = sum(number for key, bad, number in counts if key is None and not bad)
    if column.numeric:
        return _numbers(column, counts, rows, missing, wrong, extremes)
    kept = _summed((key, number) for key, _, number in counts if key is not None)
    return categories.counted(column.type, kept, rows=rows, missing=missing, wrong=wrong, exact=not column.buckets)


def _numbers(
    column: Column, counts: Sequence[tuple[Any, bool, int]], rows: int, missing: int, wrong: int, extremes: tuple[float, float, float | None] | None
) -> Feature:
    whole = column.type == "integer" or column.exponent is not None
    kept: dict[numbers.Number, int] = {}
    for key, _, number in counts:
        if key is None:
            continue
        if key != key:
            missing += number
        elif key in (float("inf"), float("-inf")):
            wrong += number
        else:
            place = int(key) if whole else key
            kept[place] = kept.get(place, 0) + number
    if not kept:
        return numbers.Numbers(column.type, rows, missing, wrong)
    low, high, total = extremes or _of_keys(column, kept)
    if total is None:
        total = _of_keys(column, kept)[2]
    if column.type == "integer":
        low, high, total = int(low), int(high), int(total)
    return numbers.counted(column.type, kept, rows=rows, missing=missing, wrong=wrong, low=low, high=high, total=total, exponent=column.exponent)


def _of_keys(column: Column, kept: Mapping[numbers.Number, int]) -> tuple[float, float, float]:
    """Least, greatest and sum, as far as the keys know."""
    step, width = (1.0, 0) if column.exponent is None else (2.0**column.exponent, 1)
    return min(kept) * step, (max(kept) + width) * step, sum((key + width / 2) * step * number for key, number in kept.items())


def _summed(pairs: Iterator[tuple[str, int]]) -> dict[str, int]:
    answer: dict[str, int] = {}
    for key, number in pairs:
        answer[key] = answer.get(key, 0) + number
    return answer
