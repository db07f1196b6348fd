"""Runs a library component on small tables, for tests and for a quick look in a Python prompt."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from azurine.designer import asking, components, tables
from azurine.designer.bench import Bench
from azurine.designer.ports import Port
from azurine.designer.tables import Column, Table
from azurine.model.errors import Invalid


def table(values: Mapping[str, Sequence[Any]], known: Sequence[Column] = (), schema: Mapping[str, Any] | None = None) -> Table:
    """A table of plain values. known: what else is known of columns (their types are read from the values)."""
    frame = pl.DataFrame(dict(values), schema_overrides=dict(schema or {}), strict=False)
    return tables.of(frame, {column.name: column for column in known})


def outputs(
    name: str, inputs: Mapping[str, Port] | None = None, given: Mapping[str, object] | None = None, bench: Bench | None = None
) -> Mapping[str, Port]:
    """The outputs of the component, tables settled in memory."""
    component = components.find(name)
    with tempfile.TemporaryDirectory() as folder:
        found = asking.run(
            component, inputs or {}, component.read(given or {}), bench or Bench(Path(folder), sample=None, failing=failing(component.title))
        )
        return {port: _settled(value) for port, value in found.items()}


def rows(port: Port) -> dict[str, list[Any]]:
    """The visible values of a table, by column."""
    if not isinstance(port, Table):
        raise Invalid(f"a table is wanted here, not {type(port).__name__}")
    return port.visible().collect().to_dict(as_series=False)


def failing(title: str) -> Any:
    return lambda message: Invalid(f"{title}: {message}")


def _settled(port: Port) -> Port:
    if not isinstance(port, Table):
        return port
    frame = port.frame.collect(engine="streaming")
    return Table(frame.lazy(), port.columns, port.fold, port.format)


def bench(folder: Path) -> Bench:
    """A bench in a folder that is made."""
    folder.mkdir(parents=True, exist_ok=True)
    return Bench(folder, sample=None)
