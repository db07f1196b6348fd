"""Lines of JSON as a table; of lines that a data collector wrote, each row that a line holds in `data` is a row.

A collected line is known by its `data` beside a `correlationid`, a `specversion` or a `time`. Its rows get the correlation id `<id>_<row>` and, where it is
asked for, the `time` of their line, unless they have their own. What is nested below a row's columns is text.
"""

import re
from collections.abc import Mapping
from typing import Any

from azurine.guest.drift.sources import Source, named, quoted
from azurine.model.errors import Invalid

DATA, ID, TIME = "data", "correlationid", "time"
MARKS = frozenset({ID, "specversion", TIME})


def opened(engine: Any, source: Source, as_text: bool = False) -> str:
    """What stands behind FROM. as_text: values of all types become texts, so that no line is refused for the type of a value."""
    relation = source.relation()
    stored = described(engine, relation)
    if not collected(stored):
        return typed(source, dict.fromkeys(stored, "VARCHAR")) if as_text else relation
    if as_text:
        stored = as_texts(engine, relation, stored)
        relation = typed(source, stored)
    return expanded(relation, stored, source.path, moments=True)


def as_texts(engine: Any, relation: str, stored: Mapping[str, str]) -> dict[str, str]:
    """The types of collected lines in which every value is a text."""
    rows = described(engine, f"(SELECT unnest(r) FROM (SELECT unnest({DATA}) AS r FROM {relation}))")
    inner = ", ".join(f"{named(name)} VARCHAR" for name in rows)
    return {**dict.fromkeys(stored, "VARCHAR"), DATA: f"STRUCT({inner})[]"}


def collected(stored: Mapping[str, str]) -> bool:
    return DATA in stored and not MARKS.isdisjoint(stored)


def expanded(relation: str, stored: Mapping[str, str], path: str, where: str = "", moments: bool = False) -> str:
    """The rows within collected lines. stored: the types of the lines' own columns. where: which lines; "" for all. moments: with the `time` of the line."""
    if not stored[DATA].endswith("[]"):
        raise Invalid("'data' of its lines should be a list of rows, and is one object", path=path)
    if not stored[DATA].upper().startswith("STRUCT("):
        raise Invalid(f"'data' of its lines should be a list of rows, and is {stored[DATA][:80]}", path=path)
    known = {ID: f"{ID}::VARCHAR || '_' || place::VARCHAR"} | ({TIME: TIME} if moments else {})
    added = [f"{value} AS {name}" for name, value in known.items() if name in stored and not _has(stored[DATA], name)]
    kept = ", ".join(name for name in known if name in stored)
    inner = f"SELECT unnest({DATA}) AS r, unnest(range(len({DATA}))) AS place{', ' + kept if kept else ''} FROM {relation}{where}"
    return f"(SELECT {', '.join(['unnest(r)', *added])} FROM ({inner}))"


def typed(source: Source, types: Mapping[str, str]) -> str:
    words = ", ".join(f"{quoted(name)}: {quoted(type)}" for name, type in types.items())
    return source.relation().removesuffix(")") + f", columns = {{{words}}})"


def described(engine: Any, relation: str) -> dict[str, str]:
    """The columns in their order, and the engine's types of them. (Of very many, its own DESCRIBE changes the order.)"""
    return {column[0]: str(column[1]) for column in engine.execute(f"SELECT * FROM {relation} LIMIT 0").description}


def _has(type: str, name: str) -> bool:
    """Whether a row has a column of that name itself."""
    return re.search(rf'[(,]\s*"?{name}"? ', type, re.IGNORECASE) is not None
