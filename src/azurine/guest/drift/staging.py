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
from azurine.guest.drift import lines, opening, reading, windows
from azurine.guest.drift.sources import JSON, Source, named, quoted
from azurine.guest.drift.windows import Window
from azurine.model.errors import Invalid

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
class _Cut:
    """What is to be cut out of which files. dated: by folder; a line of collected data by its time as well. stamp: the timestamp's column."""

    source: Source
    dated: bool
    window: Window | None
    stamp: str | None
    segment: tuple[str, Sequence[str]] | None


def stage(data: Data, path: str, segment: tuple[str, Sequence[str]] | None, target: Path) -> Staged:
    """target: the Parquet file to write, when one is needed. Raises Invalid for data that cannot be read so."""
    window = Window(datetime.fromisoformat(data.start), datetime.fromisoformat(data.end)) if data.start else None
    stamp = data.columns.get(plans.TIMESTAMP)
    source, dated = _chosen(opening.find(path), Path(path), window)
    note = "" if window is None or dated or stamp else f"{data.uri} has neither folders of dates nor a {plans.TIMESTAMP}: all of its rows count"
    if not segment and (window is None or note) and source.format != JSON:
        return Staged(path, {}, note)
    if not source.files:
        # Nothing in the window: a table without rows, and without columns.
        return Staged("", {}, note)
    import duckdb

    cut = _Cut(source, dated, window, stamp, segment)
    with reading.engine() as engine:
        try:
            types = _written(engine, cut, target, as_text=False)
        except duckdb.Error:
            # A value further down is of another type than the first rows: written as text, and told what it should have been.
            try:
                types = _written(engine, cut, target, as_text=True)
            except duckdb.Error as error:
                raise Invalid(reading.first_line(error), path=path) from error
        told = "" if note and _is_timed(engine, source) else note
    return Staged(str(target), types, told)


def _is_timed(engine: Any, source: Source) -> bool:
    """Whether each line says when it was collected."""
    return source.format == JSON and lines.collected(stored := lines.described(engine, source.relation())) and lines.TIME in stored


def _chosen(source: Source, place: Path, window: Window | None) -> tuple[Source, bool]:
    """The files that may have rows of the window; whether their folders say so."""
    root = place if place.is_dir() else place.parent
    stretches = {file: _stretch(Path(file).parent.relative_to(root).as_posix()) for file in source.files}
    if not stretches or not all(stretches.values()):
        return source, False
    return replace(source, files=tuple(file for file, stretch in stretches.items() if window is None or _overlaps(stretch, window))), True


def _written(engine: Any, cut: _Cut, target: Path, as_text: bool) -> Mapping[str, str]:
    """The types that its columns should have."""
    relation = _relation(engine, cut, as_text)
    stored = lines.described(engine, relation)
    conditions = []
    if cut.stamp is not None and cut.window is not None:
        _need(cut.stamp, stored, cut.source.path)
        conditions.append(f"{windows.cut(cut.stamp, [cut.window]).place(stored[cut.stamp])} = 0")
    if cut.segment is not None:
        _need(cut.segment[0], stored, cut.source.path)
        conditions.append(_within(*cut.segment))
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    engine.execute(f"COPY (SELECT * FROM {relation}{where}) TO {quoted(str(target))} (FORMAT parquet)")
    return reading.wished(cut.source, lines.described(engine, _relation(engine, cut, as_text=False))) if as_text else cut.source.types


def _relation(engine: Any, cut: _Cut, as_text: bool) -> str:
    if cut.source.format != JSON or cut.source.steps:
        return opening.opened(engine, cut.source, as_text)
    relation = cut.source.relation()
    stored = lines.described(engine, relation)
    if not lines.collected(stored):
        return opening.opened(engine, cut.source, as_text)
    if as_text:
        stored = lines.as_texts(engine, relation, stored)
        relation = lines.typed(cut.source, stored)
    return lines.expanded(relation, stored, cut.source.path, _at(stored, cut.window))


def _at(stored: Mapping[str, str], window: Window | None) -> str:
    """A line without a readable time is where its folder says."""
    if window is None or "time" not in stored:
        return ""
    moment = "TRY_CAST(time AS TIMESTAMPTZ)"
    return f" WHERE {moment} IS NULL OR ({moment} >= {_moment(window.start)} AND {moment} < {_moment(window.end)})"


def _within(column: str, values: Sequence[str]) -> str:
    """As text, or as numbers: 1 and 1.0 are one value."""
    text = f"{named(column)}::VARCHAR"
    same = [f"{text} = {quoted(value)}" for value in values]
    numbers = [f"TRY_CAST({text} AS DOUBLE) = {float(value)!r}::DOUBLE" for value in values if re.fullmatch(r"[+-]?\d{1,15}(\.\d{1,15})?", value)]
    return f"({' OR '.join([*same, *numbers])})"


def _need(column: str, stored: Mapping[str, str], path: str) -> None:
    if column not in stored:
        raise Invalid(f"there is no column {column!r}; there are: {', '.join(stored)}", path=path)


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


def _moment(border: datetime) -> str:
    return f"TIMESTAMPTZ {quoted(border.astimezone(UTC).isoformat())}"
