"""A table counted in shares, by several processes or nodes, with the same counts as if one had read it all.

    plan = spreading.plan(path, 4, features, time=("date", windows))      once: what the columns are, and who reads what
    spreading.save(spreading.count(plan, 2, time), folder / "2.sketch")   by each
    reading = spreading.merged([spreading.load(folder / f"{share}.sketch") for share in range(4)])

The plan is plain words, for JSON. It fixes the type and the grid of each column, which a share alone would have chosen otherwise. Parquet is cut between
groups of rows, other files are whole. Least, greatest and all counts are equal, sums but for rounding; once they are `settled`, all is.
"""

import json
import math
import os
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from azurine.drift import shares, tables
from azurine.drift.numbers import Numbers
from azurine.drift.tables import EMPTY, Feature, Table
from azurine.guest.drift import counting, opening, reading
from azurine.guest.drift.columns import Column
from azurine.guest.drift.reading import Look, Reading
from azurine.guest.drift.sources import PARQUET, Source
from azurine.guest.drift.windows import Window
from azurine.model.errors import Invalid

VERSION = 1
Json = Mapping[str, Any]
Time = tuple[str, Sequence[Window]]


def plan(
    path: str, number: int, features: Sequence[str] | None = None, types: Mapping[str, str] | None = None, time: Time | None = None
) -> dict[str, Any]:
    """number: of shares."""
    source, look = reading.look_at(path, features, types, time)
    pieces = _pieces(source)
    cuts = shares.cut([size for *_, size in pieces], number)
    spread = [_joined([pieces[place] for place in share]) for share in cuts]
    return {"version": VERSION, "path": path, "columns": [asdict(one) for one in look.columns], "absent": list(look.absent), "shares": spread}


def count(plan: Json, share: int, time: Time | None = None, threads: int | None = None) -> Reading:
    """time: the one that was planned with."""
    if plan.get("version") != VERSION:
        raise Invalid(f"is a plan of version {plan.get('version')!r}; this reads version {VERSION}", path="version")
    source = opening.find(plan["path"])
    look = Look([Column(**one) for one in plan["columns"]], tuple(plan["absent"]))
    parts = [replace(source, files=tuple(one["files"]), rows=tuple(one["rows"]) if one["rows"] else None) for one in plan["shares"][share]]
    read = [reading.read_source(part, time=time, threads=threads, look=look) for part in parts]
    return merged(read) if read else Reading([EMPTY] * (len(time[1]) if time else 1), {}, 0, absent=look.absent)


def merged(readings: Sequence[Reading]) -> Reading:
    """There is one at least."""
    together = [tables.merged(one.tables[place] for one in readings) for place in range(len(readings[0].tables))]
    types = {name: type for one in readings for name, type in one.types.items()}
    return Reading(together, types, sum(one.files for one in readings), sum(one.unplaced for one in readings), readings[0].absent)


def settled(found: Reading, path: str, large: int = counting.LARGE) -> Reading:
    """The same to the last bit, whether the table was read at once or in shares, and by however many threads: the sum of a feature is that of its keys,
    and where the reader only knows borders of bins (of large text files), least and greatest are those of the bins that are kept."""
    source = opening.find(path)
    bordered = source.format != PARQUET and source.size >= large
    kept = [Table(one.rows, {name: _settled(feature, bordered) for name, feature in one.features.items()}) for one in found.tables]
    return replace(found, tables=kept)


def _settled(feature: Feature, bordered: bool) -> Feature:
    if not isinstance(feature, Numbers) or not feature.keys:
        return feature
    if bordered and not feature.exact:
        feature = replace(feature, low=feature.keys[0] * feature.step, high=(feature.keys[-1] + 1) * feature.step)
    if feature.exact and feature.type == "integer":
        return replace(feature, total=sum(int(key) * count for key, count in zip(feature.keys, feature.counts, strict=True)))
    return replace(feature, total=math.fsum(point * count for point, count in zip(feature.points(), feature.counts, strict=True)))


def save(found: Reading, file: Path) -> None:
    """Whole or not at all."""
    words = {
        "version": VERSION,
        "tables": [tables.as_dict(one) for one in found.tables],
        "types": dict(found.types),
        "files": found.files,
        "unplaced": found.unplaced,
        "absent": list(found.absent),
    }
    aside = file.with_name(f".{file.name}.{os.getpid()}.part")
    with aside.open("wb") as out:
        out.write(zlib.compress(json.dumps(words, separators=(",", ":")).encode()))
        out.flush()
        os.fsync(out.fileno())
    aside.replace(file)


def load(file: Path) -> Reading:
    try:
        words = json.loads(zlib.decompress(file.read_bytes()))
    except (zlib.error, ValueError) as error:
        raise Invalid(f"is no sketch of a share: {error}", path=str(file)) from error
    if words.get("version") != VERSION:
        raise Invalid(f"is a sketch of version {words.get('version')!r}; this reads version {VERSION}", path=str(file))
    found = [tables.from_dict(one) for one in words["tables"]]
    return Reading(found, words["types"], words["files"], words["unplaced"], tuple(words["absent"]))


def _pieces(source: Source) -> list[tuple[str, int, int, int]]:
    """file, first row, row after the last, bytes; of files that are not cut, no rows."""
    if source.format != PARQUET or not source.files:
        return [(file, 0, 0, Path(file).stat().st_size) for file in source.files]
    import duckdb

    asked = "SELECT file_name, row_group_id, any_value(row_group_num_rows), sum(total_compressed_size)::BIGINT"
    with reading.engine() as session:
        try:
            groups = session.execute(f"{asked} FROM parquet_metadata({source.list}) GROUP BY ALL ORDER BY 1, 2").fetchall()
        except duckdb.Error as error:
            raise Invalid(reading.first_line(error), path=source.path) from error
    answer = []
    ends: dict[str, int] = {}
    for file, _, rows, size in groups:
        begin = ends.get(file, 0)
        ends[file] = begin + rows
        answer.append((file, begin, begin + rows, size))
    return answer


def _joined(pieces: Sequence[tuple[str, int, int, int]]) -> list[dict[str, Any]]:
    """Whole files together; the groups of rows of a file as one stretch."""
    whole = [file for file, begin, end, _ in pieces if begin == end]
    stretches: dict[str, tuple[int, int]] = {}
    for file, begin, end, _ in pieces:
        if begin != end:
            stretches[file] = (stretches[file][0] if file in stretches else begin, end)
    answer: list[dict[str, Any]] = [{"files": whole, "rows": None}] if whole else []
    return answer + [{"files": [file], "rows": list(rows)} for file, rows in stretches.items()]
