"""One side of a signal, cut out of its data: the rows of a window and of a data segment, as a table that `reading` can count.

How a window is found. Data whose files lie in folders of dates (`<root>/YYYY/MM/DD/HH`, as collected data does, or fewer levels) is chosen by folder,
and lines of collected data by their time as well. Other data is chosen by its timestamp column, when one is named. Data with neither is taken whole,
and that is told. Of a line of collected data, each of its rows becomes one, with the correlation id `<id>_<row>`.

CSV and Parquet that need no cutting are read where they lie; everything else is written once, as Parquet, into a folder that the caller removes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from azurine.drift.signals import plans
from azurine.drift.signals.plans import Data
from azurine.guest.drift import columns, lines, opening, reading, sources, windows
from azurine.guest.drift.sources import named, quoted
from azurine.guest.drift.windows import Window
from azurine.model.errors import Invalid, Missing

LINES = (".jsonl", ".ndjson", ".json")
_DATED = re.compile(r"(?:^|/)(\d{4})(?:/(\d{2})(?:/(\d{2})(?:/(\d{2})(?:/(\d{2}))?)?)?)?$")
_SPANS = {2: timedelta(days=31), 3: timedelta(days=1), 4: timedelta(hours=1), 5: timedelta(minutes=1)}
"""How long a folder's stretch is, by the depth of its name; of a month at most."""


@dataclass(frozen=True, slots=True)
class Staged:
    """path: what to read. types: of its columns, where the files do not say them. note: what somebody should know."""

    path: str
    types: Mapping[str, str]
    note: str = ""


@dataclass(frozen=True, slots=True)
class _Files:
    """lines: JSON, one object a line."""

    paths: Sequence[Path]
    dated: bool
    lines: bool


def stage(data: Data, path: str, segment: tuple[str, Sequence[str]] | None, target: Path) -> Staged:
    """target: the Parquet file to write, when one is needed. Raises Invalid for data that cannot be read so."""
    window = Window(datetime.fromisoformat(data.start), datetime.fromisoformat(data.end)) if data.start else None
    files = _files(path, window)
    stamp = data.columns.get(plans.TIMESTAMP)
    note = "" if window is None or files.dated or stamp else f"{data.uri} has neither folders of dates nor a {plans.TIMESTAMP}: all of its rows count"
    if not files.lines and not segment and (window is None or note):
        return Staged(path, {}, note)
    if not files.paths:
        # Nothing in the window: a table without rows, and without columns.
        return Staged("", {}, note)
    import duckdb

    with reading.engine() as engine:
        try:
            types = _written(engine, _relation(engine, path, files, window, as_text=False), window, stamp, segment, target, path)
        except duckdb.Error as error:
            if files.lines:
                raise Invalid(reading.first_line(error), path=path) from error
            types = _as_text(engine, path, files, window, stamp, segment, target)
    return Staged(str(target), types, note)


def _as_text(
    engine: Any, path: str, files: _Files, window: Window | None, stamp: str | None, segment: tuple[str, Sequence[str]] | None, target: Path
) -> Mapping[str, str]:
    """A value further down is of another type than the first rows: written as text, and told what it should have been."""
    import duckdb

    try:
        wished = {name: columns.type_of(type) for name, type in lines.described(engine, _table(path, files)).items()}
        _written(engine, _relation(engine, path, files, window, as_text=True), window, stamp, segment, target, path)
    except duckdb.Error as error:
        raise Invalid(reading.first_line(error), path=path) from error
    return wished


def _written(
    engine: Any,
    relation: str,
    window: Window | None,
    stamp: str | None,
    segment: tuple[str, Sequence[str]] | None,
    target: Path,
    path: str,
) -> Mapping[str, str]:
    stored = lines.described(engine, relation)
    conditions = []
    if stamp is not None and window is not None:
        _need(stamp, stored, path)
        conditions.append(f"{windows.cut(stamp, [window]).place(stored[stamp])} = 0")
    if segment is not None:
        _need(segment[0], stored, path)
        conditions.append(_within(*segment))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    engine.execute(f"COPY (SELECT * FROM {relation}{where}) TO {quoted(str(target))} (FORMAT parquet)")
    return {}


def _relation(engine: Any, path: str, files: _Files, window: Window | None, as_text: bool) -> str:
    if not files.lines:
        return _table(path, files, as_text)
    source = sources.of(path, files.paths)
    relation = source.relation()
    stored = lines.described(engine, relation)
    return lines.expanded(relation, stored, path, _at(stored, window)) if lines.collected(stored) else relation


def _at(stored: Mapping[str, str], window: Window | None) -> str:
    """A line without a readable time is where its folder says."""
    if window is None or "time" not in stored:
        return ""
    moment = "TRY_CAST(time AS TIMESTAMPTZ)"
    return f" WHERE {moment} IS NULL OR ({moment} >= {_moment(window.start)} AND {moment} < {_moment(window.end)})"


def _table(path: str, files: _Files, as_text: bool = False) -> str:
    source = opening.find(path)
    chosen = {str(one) for one in files.paths}
    return replace(source, files=tuple(one for one in source.files if one in chosen)).relation(as_text)


def _within(column: str, values: Sequence[str]) -> str:
    """As text, or as numbers: 1 and 1.0 are one value."""
    text = f"{named(column)}::VARCHAR"
    same = [f"{text} = {quoted(value)}" for value in values]
    numbers = [f"TRY_CAST({text} AS DOUBLE) = {float(value)!r}::DOUBLE" for value in values if re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,15})?", value)]
    return f"({' OR '.join([*same, *numbers])})"


def _need(column: str, stored: Mapping[str, str], path: str) -> None:
    if column not in stored:
        raise Invalid(f"there is no column {column!r}; there are: {', '.join(stored)}", path=path)


def _files(path: str, window: Window | None) -> _Files:
    place = Path(path)
    if not place.exists():
        raise Missing(f"there is no file or folder {path}", path=path)
    found = [place] if place.is_file() else sorted(one for one in place.rglob("*") if one.is_file() and not _hidden(one.relative_to(place)))
    found = [one for one in found if one.stat().st_size]
    lines = [one for one in found if one.suffix.lower() in LINES]
    if lines and len(lines) != len(found):
        raise Invalid("has JSON lines and files of other formats; a table is of one format", path=path)
    stretches = {one: _stretch(one.parent.relative_to(place).as_posix()) for one in found} if place.is_dir() else {}
    dated = bool(stretches) and all(stretches.values())
    chosen = [one for one in found if not dated or window is None or _overlaps(stretches[one], window)]
    return _Files(chosen, dated, bool(lines))


def _stretch(folder: str) -> tuple[datetime, datetime] | None:
    """What a folder's name says about the time of what lies in it."""
    found = _DATED.search(folder)
    if found is None:
        return None
    parts = [int(part) for part in found.groups() if part]
    year, month, day, hour, minute = [*parts, *(0, 1, 1, 0, 0)[len(parts) :]]
    try:
        start = datetime(year, month, day, hour, minute, tzinfo=UTC)
    except ValueError:
        return None
    return start, start + _SPANS.get(len(parts), timedelta(days=366))


def _overlaps(stretch: tuple[datetime, datetime] | None, window: Window) -> bool:
    return stretch is not None and stretch[0] < window.end.astimezone(UTC) and stretch[1] > window.start.astimezone(UTC)


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "_")) for part in path.parts)


def _moment(border: datetime) -> str:
    return f"TIMESTAMPTZ {quoted(border.astimezone(UTC).isoformat())}"
