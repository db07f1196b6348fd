"""Tables of one thing that came in parts: inputs and outputs of a model, predictions and what turned out to be true; joined by their correlation ids.

A row without its counterpart is left out. Where both have a column of the same name, the first one's is kept.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from azurine.drift.signals import plans
from azurine.drift.signals.performance import Confusion, Errors
from azurine.drift.signals.plans import Data
from azurine.guest.drift import opening, reading
from azurine.guest.drift.lines import ID, described
from azurine.guest.drift.sources import named, quoted
from azurine.guest.drift.staging import Staged
from azurine.model.errors import Invalid

Side = tuple[Data, Staged]


def joined(sides: Sequence[Side], target: Path) -> str:
    """A Parquet file of them all; "" when one of them has no rows."""
    if any(not staged.path or not opening.find(staged.path).files for _, staged in sides):
        return ""
    with reading.engine() as engine:
        relations = [opening.opened(engine, opening.find(staged.path)) for _, staged in sides]
        stored = [described(engine, relation) for relation in relations]
        keys = [_key(data, types) for (data, _), types in zip(sides, stored, strict=True)]
        chosen = []
        known: set[str] = set()
        for place, types in enumerate(stored):
            chosen += [f"t{place}.{named(name)}" for name in types if name not in known]
            known |= types.keys()
        tables = [f"{relation} AS t{place}" for place, relation in enumerate(relations)]
        on = [
            f" JOIN {table} ON t0.{named(keys[0])}::VARCHAR = t{place}.{named(keys[place])}::VARCHAR" for place, table in enumerate(tables) if place
        ]
        _done(engine, f"COPY (SELECT {', '.join(chosen)} FROM {tables[0]}{''.join(on)}) TO {quoted(str(target))} (FORMAT parquet)")
    return str(target)


def confusion(path: str, true: str, predicted: str) -> Confusion:
    """Whole numbers are the same class however they are written."""
    with reading.engine() as engine:
        relation = _with(engine, path, true, predicted)
        each = [
            f"coalesce(CASE WHEN {one} = floor({one}) THEN {one}::BIGINT::VARCHAR END, {name}::VARCHAR)" for name, one in _numbers(true, predicted)
        ]
        found = _done(engine, f"SELECT {each[0]}, {each[1]}, count(*) FROM {relation} WHERE {_given(true, predicted)} GROUP BY ALL").fetchall()
    return {(first, second): number for first, second, number in found}


def errors(path: str, true: str, predicted: str) -> Errors:
    with reading.engine() as engine:
        relation = _with(engine, path, true, predicted)
        (_, first), (_, second) = _numbers(true, predicted)
        asked = f"count({first} - {second}), sum(abs({first} - {second})), sum(({first} - {second}) ** 2)"
        found = _done(engine, f"SELECT {asked} FROM {relation}").fetchone()
    return Errors(found[0], found[1] or 0.0, found[2] or 0.0)


def _with(engine: Any, path: str, true: str, predicted: str) -> str:
    relation = opening.opened(engine, opening.find(path))
    stored = described(engine, relation)
    for name in (true, predicted):
        if name not in stored:
            raise Invalid(f"there is no column {name!r}; there are: {', '.join(stored)}")
    return relation


def _numbers(*names: str) -> list[tuple[str, str]]:
    return [(named(name), f"TRY_CAST({named(name)}::VARCHAR AS DOUBLE)") for name in names]


def _given(*names: str) -> str:
    return " AND ".join(f"{named(name)} IS NOT NULL" for name in names)


def _key(data: Data, stored: Mapping[str, str]) -> str:
    name = data.columns.get(plans.CORRELATION, ID)
    if name not in stored:
        raise Invalid(f"{data.uri} is joined by its {plans.CORRELATION}, and there is no column {name!r}; there are: {', '.join(stored)}")
    return name


def _done(engine: Any, asked: str) -> Any:
    import duckdb

    try:
        return engine.execute(asked)
    except duckdb.Error as error:
        raise Invalid(reading.first_line(error)) from error
