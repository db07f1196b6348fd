"""What passes between components, and the folders in which it is kept.

    DataFrameDirectory        Table            _meta.yaml  _data.parquet (or _data.csv)  schema/_schema.json
    TransformationDirectory   Transformation   _meta.yaml  transformation.json
    UntrainedModelDirectory   Learner          _meta.yaml  learner.json
    ModelDirectory            Model            _meta.yaml  model.json  files/…
    AnyFile                   File             any file, such as a script bundle (zip)

A table is also read from what is not such a folder: a CSV, TSV or Parquet file, or a folder of them. `_meta.yaml` is written last and
by renaming, so a folder that has one is whole.

`write` of a table answers a lazy sink and what is to be done after it, so that several tables can be written in one pass (`fusing`).
"""

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from azurine.designer import csv_files, tables
from azurine.designer.bench import SAMPLE
from azurine.designer.tables import Column, Table
from azurine.model.errors import Invalid

META, SCHEMA, DATA = "_meta.yaml", "schema/_schema.json", "_data"
TABLE, TRANSFORMATION, LEARNER, MODEL, FILE = (
    "DataFrameDirectory",
    "TransformationDirectory",
    "UntrainedModelDirectory",
    "ModelDirectory",
    "AnyFile",
)
SORTS = (TABLE, TRANSFORMATION, LEARNER, MODEL, FILE)
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Transformation:
    """What a component learned and can do again. component: folder name in the library, whose `apply` does it."""

    component: str
    settings: Json


@dataclass(frozen=True, slots=True)
class Learner:
    """A learner that has seen no data: which component made it, and with which parameters."""

    component: str
    settings: Json


@dataclass(frozen=True, slots=True)
class Model:
    """A trained model: plain facts, and whatever files it needs."""

    component: str
    settings: Json
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class File:
    path: Path


Port = Table | Transformation | Learner | Model | File
_PLAIN = {TRANSFORMATION: "transformation.json", LEARNER: "learner.json", MODEL: "model.json"}


def sort_of(port: Port) -> str:
    return {Table: TABLE, Transformation: TRANSFORMATION, Learner: LEARNER, Model: MODEL, File: FILE}[type(port)]


def table_of(inputs: Mapping[str, Port], name: str) -> Table:
    """The table at an input that is connected."""
    found = inputs[name]
    if not isinstance(found, Table):
        raise Invalid(f"{name}: a table is wanted here, not a {sort_of(found)}", path=name)
    return found


def read(path: Path, sort: str = TABLE, sample: int | None = SAMPLE) -> Port:
    """What is kept at path. sort: what is wanted; raises Invalid when something else, or nothing, is there. sample: see `csv_files`."""
    if not path.exists():
        raise Invalid(f"there is nothing at {path.name!r}", code="ResourceNotFound", path=str(path))
    if sort == FILE:
        return File(_only_file(path))
    if sort == TABLE:
        return read_table(path, sample)
    meta = _meta(path)
    if meta.get("type") != sort:
        raise Invalid(f"a {sort} is wanted here, and {meta.get('type') or 'a folder without ' + META} was found", path=str(path))
    found = json.loads((path / _PLAIN[sort]).read_text("utf-8"))
    component, settings = str(found["component"]), found["settings"]
    if sort == MODEL:
        return Model(component, settings, {one: (path / "files" / one).read_bytes() for one in found["files"]})
    return Transformation(component, settings) if sort == TRANSFORMATION else Learner(component, settings)


def read_table(path: Path, sample: int | None = SAMPLE) -> Table:
    meta = _meta(path)
    if not meta:
        return tables.without_nan(_foreign(path, sample))
    if meta.get("type") != TABLE:
        raise Invalid(f"a table is wanted here, and a {meta.get('type')} was found", path=str(path))
    data = path / str(meta["data"])
    frame = pl.scan_parquet(data, glob=False) if meta.get("format") == "Parquet" else csv_files.scan([data], sample=sample)
    written = json.loads((path / SCHEMA).read_text("utf-8"))
    known = {one["name"]: _column(one) for one in written["columnAttributes"]}
    fold = str(written.get("fold") or "")
    found = tables.of(frame, known, hidden=[fold] if fold else ())
    return Table(found.frame, found.columns, fold)


@dataclass(frozen=True, slots=True)
class Writing:
    """sink: to be collected, alone or with others. finish: to be called after it; makes the folder whole and answers the rows written."""

    sink: pl.LazyFrame
    finish: Callable[[], int | None]


def begin(table: Table, folder: Path) -> Writing:
    """Writes a table into folder, which may exist."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / META).unlink(missing_ok=True)
    plain = table.format == "Csv"
    data = folder / (DATA + (".csv" if plain else ".parquet"))
    started = data.with_name(data.name + ".part")
    if plain:
        sink = csv_files.sink(table.visible(), started)
    else:
        sink = table.frame.sink_parquet(started, compression="lz4", lazy=True)

    def finish() -> int | None:
        os.replace(started, data)
        _write(folder / SCHEMA, json.dumps(schema_of(table), indent=1))
        _write(folder / META, yaml.safe_dump({"type": TABLE, "format": table.format, "data": data.name, "schema": SCHEMA}))
        return None if plain else int(pl.scan_parquet(data, glob=False).select(pl.len()).collect().item())

    return Writing(sink, finish)


def write(port: Port, folder: Path) -> None:
    """Writes anything into folder at once."""
    if isinstance(port, Table):
        writing = begin(port, folder)
        writing.sink.collect(engine="streaming")
        writing.finish()
        return
    if isinstance(port, File):
        raise Invalid("a file is not written as a port; it is where it is", path=str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / META).unlink(missing_ok=True)
    sort = sort_of(port)
    body: dict[str, Any] = {"component": port.component, "settings": port.settings}
    if isinstance(port, Model):
        body["files"] = sorted(port.files)
        for name, content in port.files.items():
            _write(folder / "files" / name, content)
    _write(folder / _PLAIN[sort], json.dumps(body, indent=1))
    _write(folder / META, yaml.safe_dump({"type": sort}))


def schema_of(table: Table) -> Json:
    """What a table's schema file says."""
    return {
        "columnAttributes": [
            {
                "name": column.name,
                "type": column.kind.value,
                "isFeature": column.feature,
                "isLabel": column.label,
                "isWeight": column.weight,
                "score": column.score,
                "elementType": {"typeName": column.primitive, "rawType": str(column.type)},
            }
            for column in table.columns
        ],
        "labelColumns": {"True Labels": table.label.name} if table.label else {},
        "scoreColumns": {column.score: column.name for column in table.columns if column.score},
        "fold": table.fold,
    }


def _column(said: Json) -> Column:
    """What a schema file says of a column; the type is read from the data."""
    return Column(
        name=str(said["name"]),
        type=pl.String(),
        categorical=said.get("type") == "Categorical",
        feature=bool(said.get("isFeature", True)),
        label=bool(said.get("isLabel")),
        weight=bool(said.get("isWeight")),
        score=str(said.get("score") or ""),
    )


def _meta(path: Path) -> Json:
    if path.is_file() or not (path / META).is_file():
        return {}
    found = yaml.safe_load((path / META).read_text("utf-8"))
    return found if isinstance(found, Mapping) else {}


def _foreign(path: Path, sample: int | None) -> Table:
    """A table from files that no component wrote."""
    files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith((".", "_")))
    if not files:
        raise Invalid(f"the folder {path.name!r} has no files; a table needs CSV, TSV or Parquet", path=str(path))
    parquet = {_is_parquet(file) for file in files}
    if len(parquet) > 1:
        raise Invalid(f"the folder {path.name!r} has Parquet and other files; a table is made of one sort", path=str(path))
    return tables.of(pl.scan_parquet(files, glob=False) if parquet == {True} else csv_files.scan(files, sample=sample))


def _is_parquet(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(4) == b"PAR1"


def _only_file(path: Path) -> Path:
    if path.is_file():
        return path
    files = [one for one in path.rglob("*") if one.is_file()]
    if len(files) != 1:
        raise Invalid(f"one file is wanted here, and {path.name!r} is a folder with {len(files)}", path=str(path))
    return files[0]


def _write(path: Path, content: str | bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    started = path.with_name(path.name + ".part")
    started.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    os.replace(started, path)
