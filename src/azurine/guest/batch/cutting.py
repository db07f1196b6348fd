"""The input of a parallel job as mini-batches, written down once for all instances: a line of JSON for each.

    {"items": ["a.csv", …]}                       files, below the input's folder
    {"table": {"file", "begin", "end"}}           the lines of a text file that begin within these bytes
    {"table": {"file", "rows": [from, to]}}       rows of a Parquet file
    {"items": […], "key": {"store": "1"}}         the files whose path says so, or whose rows do (partition keys, `keying`)

A folder is its files, in the order of their names, folders below included; names that begin with a dot are left out. A table is a
folder with a file `MLTable`; one that does not say how its files are read is a list of files, too.
"""

import fnmatch
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from azurine.guest.batch import keying
from azurine.guest.batch.ledger import LIST
from azurine.model.errors import Invalid, Missing

HEAD = "batches.json"
TABLE = "MLTable"
BYTES = 1024 * 1024
"""Of a table in one mini-batch, when nothing is said."""
_TEXT, _PARQUET = ("read_delimited", "read_json_lines"), "read_parquet"
_DONE = ("keep_columns", "drop_columns", "convert_column_types", keying.FORMAT)


def cut(folder: Path, source: Path, told: Mapping[str, Any], name: str) -> None:
    """Writes the list into a folder, the head (what holds for all of them) last. told: the settings of the job."""
    table = _table(source)
    if table is None:
        root = source if source.is_dir() else source.parent
        files = _below(source) if source.is_dir() else iter([source.name])
        found: Iterable[Mapping[str, Any]] = _batches(files, int(told["batch_size"] or 1))
        head: dict[str, Any] = {"root": str(root), "kind": "files"}
        if told["keys"]:
            raise Invalid(f"the input {name} has no partitions; partition keys need a table with a partition format", path="partition_keys")
    else:
        found, head = _of_table(folder, source, table, told)
    count = _write(folder, found)
    if count == 0:
        raise Missing(f"input {name!r}: there is nothing in {source}", path=f"inputs.{name}")
    _place(folder / HEAD, {**head, "count": count})


def head(folder: Path) -> dict[str, Any] | None:
    """What holds for all mini-batches: root, kind ("files", "table"), count, how the table is read; None when nothing is cut yet."""
    try:
        found: dict[str, Any] = json.loads((folder / HEAD).read_bytes())
    except FileNotFoundError:
        return None
    return found


def _table(source: Path) -> dict[str, Any] | None:
    file = source / TABLE
    if not file.is_file():
        return None
    import yaml  # only for tables

    try:
        found = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise Invalid(f"{file.name} is not YAML: {problem}", path=TABLE) from problem
    if not isinstance(found, dict) or not isinstance(found.get("paths"), list):
        raise Invalid("the file MLTable must have a list of paths", path=f"{TABLE}.paths")
    return found


def _of_table(folder: Path, source: Path, table: Mapping[str, Any], told: Mapping[str, Any]) -> tuple[Iterable[Mapping[str, Any]], dict[str, Any]]:
    steps = [_step(one) for one in table.get("transformations") or []]
    files = list(_paths(source, table["paths"]))
    reading = [(name, options) for name, options in steps if name.startswith("read_")]
    if len(reading) > 1 or (reading and reading[0][0] not in (*_TEXT, _PARQUET)):
        raise Invalid(f"{reading[-1][0]} is not a way to read a table in mini-batches; {', '.join((*_TEXT, _PARQUET))} are", path=TABLE)
    unknown = [name for name, _ in steps if not name.startswith("read_") and name not in _DONE]
    if unknown:
        raise Invalid(f"{unknown[0]} cannot be done to parts of a table; {', '.join(_DONE)} can", path=f"{TABLE}.transformations")
    keys = told["keys"]
    head: dict[str, Any] = {"root": str(source), "kind": "files"}
    if reading:
        kept = [list(one) for one in steps if one[0] in _DONE[:3]]
        form = keying.partition_format(steps)
        head |= {"kind": "table", "how": reading[0][0], "options": reading[0][1], "steps": kept, "format": form}
    if keys and keying.in_paths(keys, steps):
        return keying.by_paths(files, steps, keys), head
    if keys:
        return keying.by_columns(folder, source, files, steps, keys), {**head, "root": str(folder / keying.ROOT)}
    size = int(told["batch_size"] or 0)
    if not reading:
        return _batches(iter(files), size or 1), head
    how, options = reading[0]
    if how == _PARQUET:
        return _of_parquet(source, files, size or BYTES), head
    return _of_text(source, files, BYTES * 1024 * 1024 if options.get("support_multi_line") else size or BYTES), head


def _step(one: Any) -> tuple[str, Any]:
    if isinstance(one, str):
        return one, {}
    if not isinstance(one, dict) or len(one) != 1:
        raise Invalid("each of the transformations is a name with its options", path=f"{TABLE}.transformations")
    name, options = next(iter(one.items()))
    return str(name), {} if options is None else options


def _paths(source: Path, paths: Iterable[Any]) -> Iterator[str]:
    for one in paths:
        sort, text = next(iter(one.items())) if isinstance(one, dict) and len(one) == 1 else ("", "")
        text = str(text).removeprefix("file://")
        if sort not in ("file", "folder", "pattern") or "://" in text or text.startswith("azureml:"):
            raise Invalid(f"{str(one)[:200]} is no path beside the file MLTable; tables in other places are not read in mini-batches", path=TABLE)
        place = os.path.normpath(text)
        if sort == "pattern":
            yield from (name for name in _below(source) if name != TABLE and fnmatch.fnmatch(name, place))
        elif sort == "folder":
            yield from (os.path.normpath(os.path.join(place, name)) for name in _below(source / place) if name != TABLE)
        elif not (source / place).is_file():
            raise Missing(f"the table's file {text} is not there", path=TABLE)
        else:
            yield place


def _below(folder: Path) -> Iterator[str]:
    """The files below, by their paths from here, in order."""
    for above, folders, names in os.walk(folder, followlinks=True):
        folders[:] = sorted(one for one in folders if not one.startswith("."))
        at = os.path.relpath(above, folder)
        for name in sorted(names):
            if not name.startswith("."):
                yield name if at == "." else f"{at}/{name}"


def _batches(names: Iterator[str], size: int) -> Iterator[Mapping[str, Any]]:
    items: list[str] = []
    for name in names:
        items.append(name)
        if len(items) == size:
            yield {"items": items}
            items = []
    if items:
        yield {"items": items}


def _of_text(source: Path, files: Iterable[str], size: int) -> Iterator[Mapping[str, Any]]:
    for name in files:
        length = (source / name).stat().st_size
        for begin in range(0, length, size):
            yield {"table": {"file": name, "begin": begin, "end": min(begin + size, length)}}


def _of_parquet(source: Path, files: Iterable[str], size: int) -> Iterator[Mapping[str, Any]]:
    import polars  # it knows how many rows there are without reading them

    for name in files:
        path = source / name
        count = int(polars.scan_parquet(path).select(polars.len()).collect().item())
        rows = max(1, count * size // max(1, path.stat().st_size))
        for begin in range(0, count, rows):
            yield {"table": {"file": name, "rows": [begin, min(begin + rows, count)]}}


def _write(folder: Path, batches: Iterable[Mapping[str, Any]]) -> int:
    count = 0
    aside = folder / f".{LIST}.{os.getpid()}"
    with aside.open("w", encoding="utf-8") as file:
        for one in batches:
            file.write(json.dumps(one, separators=(",", ":")) + "\n")
            count += 1
    aside.replace(folder / LIST)
    return count


def _place(path: Path, content: Mapping[str, Any]) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(json.dumps(content), encoding="utf-8")
    aside.replace(path)
