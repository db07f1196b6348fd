"""A path → its source → what the engine reads: the columns looked at where the files alone do not say them, and the steps of an MLTable done.

Two columns of one name are refused: which of them a feature means, nobody can say. (The engine does not tell big letters from small ones.)
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from azurine.guest.drift import lines, mltables, sources
from azurine.guest.drift.lines import described
from azurine.guest.drift.sources import CSV, JSON, MLTABLE, PARQUET, Source, hidden, named, quoted
from azurine.model.errors import Invalid, Missing

HEADER = 1 << 20
"""Bytes of a file in which its header must end."""


def find(path: str) -> Source:
    place = Path(path)
    if not place.exists():
        raise Missing(f"there is no file or folder {path}", path=path)
    if place.name == MLTABLE or (place.is_dir() and (place / MLTABLE).is_file()):
        return mltables.find(place if place.is_dir() else place.parent, path)
    if place.is_file():
        return sources.of(path, [place], explicit=True)
    return sources.of(path, sorted(file for file in place.rglob("*") if file.is_file() and not hidden(file.relative_to(place))))


def opened(engine: Any, source: Source, as_text: bool = False) -> str:
    """What stands behind FROM."""
    return _opened(engine, source, as_text, checked=False)[0]


def seen(engine: Any, source: Source, as_text: bool = False, checked: bool = False) -> tuple[str, dict[str, str]]:
    """The same, and its columns: finding out what a text file means takes a while, so it is not asked twice. checked: this has been done before."""
    relation, stored = _opened(engine, source, as_text, checked)
    return relation, described(engine, relation) if stored is None else stored


def _opened(engine: Any, source: Source, as_text: bool, checked: bool) -> tuple[str, dict[str, str] | None]:
    """None when nobody has looked at the columns yet."""
    stored = None
    if source.format == JSON:
        relation = lines.opened(engine, source, as_text)
    else:
        relation = source.relation(as_text)
        stored = described(engine, relation)
        if not checked:
            _check_names(engine, source, stored)
    if source.unnamed:
        names = [f"{named(name)} AS Column{place}" for place, name in enumerate(stored or described(engine, relation), start=1)]
        relation, stored = f"(SELECT {', '.join(names)} FROM {relation})", None
    for before, after in source.steps:
        relation, stored = f"({before} {relation}{after})", None
    return relation, stored


def _check_names(engine: Any, source: Source, stored: Mapping[str, str]) -> None:
    """The engine gives a second column of the same name another one; only where it may have done so is the file itself looked at."""
    lowered = {name.lower() for name in stored}
    if not any(name.rpartition("_")[2].isdigit() and name.rpartition("_")[0].lower() in lowered for name in stored):
        return
    for file in source.files:
        names = _columns_of(engine, source, file)
        if twice := sorted({name for name in names if sum(name.lower() == other.lower() for other in names) > 1}):
            raise Invalid(f"has more than one column {' or '.join(map(repr, twice))}; names of columns must differ", path=file)


def _columns_of(engine: Any, source: Source, file: str) -> Sequence[str]:
    if source.format == PARQUET:
        asked = f"SELECT name FROM parquet_schema({quoted(file)}) WHERE num_children IS NULL OR num_children = 0"
        return [row[0] for row in engine.execute(asked).fetchall()]
    if source.format == CSV and not source.unnamed:
        (delimiter,) = engine.execute(f"SELECT Delimiter FROM sniff_csv({quoted(file)})").fetchone()
        with Path(file).open(encoding="utf-8-sig", errors="replace", newline="") as text:
            return next(csv.reader([text.readline(HEADER)], delimiter=delimiter or ","), [])
    return []
