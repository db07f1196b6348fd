"""Mini-batches by keys: one for each combination of values that the rows of a table have, whatever its size.

A key stands in the paths of the files (`/{store}/{brand}.csv`, the table's partition format), then the files are sorted out; or it is a column
(ours: in Azure a table must have been partitioned before), then the rows are: into files of their own, one for each combination and
file, that lie beside the list of mini-batches. One file is in memory at a time. Values are told as text, as they are written.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from azurine.guest.batching import tables
from azurine.model.errors import Invalid

ROOT = "keyed"
FORMAT = "extract_columns_from_partition_format"
Step = tuple[str, Any]
Batch = Mapping[str, Any]


def partition_format(steps: Sequence[Step]) -> str:
    found = next((options for name, options in steps if name == FORMAT), None)
    return str(found.get("partition_format", "")) if isinstance(found, dict) else str(found or "")


def in_paths(keys: Sequence[str], steps: Sequence[Step]) -> bool:
    """Do the paths tell all of them? Otherwise some are columns."""
    return all(f"{{{key}}}" in partition_format(steps) for key in keys)


def by_paths(files: Sequence[str], steps: Sequence[Step], keys: Sequence[str]) -> Iterator[Batch]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for name in files:
        values = _told(name, steps)
        missing = [key for key in keys if key not in values]
        if missing:
            text = partition_format(steps) or "missing"
            raise Invalid(f"the path {name} does not tell {missing[0]!r}; the table's partition format is {text}", path="partition_keys")
        groups.setdefault(tuple(values[key] for key in keys), []).append(name)
    return _batches(keys, groups)


def by_columns(folder: Path, source: Path, files: Sequence[str], steps: Sequence[Step], keys: Sequence[str]) -> Iterator[Batch]:
    """folder: where the rows go, in a folder ROOT."""
    reading: Step = next((one for one in steps if one[0].startswith("read_")), ("", {}))
    parted = {"read_delimited": _delimited, "read_parquet": _parquet}.get(reading[0])
    if parted is None:
        how = reading[0] or "its files are not read"
        raise Invalid(f"keys that stand in columns need read_delimited or read_parquet; the table has {how}", path="partition_keys")
    if str(reading[1].get("include_path_column", "")).lower() in tables.TRUE:
        raise Invalid("rows that were sorted out by keys in columns have no path (include_path_column)", path="partition_keys")
    (folder / ROOT).mkdir(exist_ok=True)
    groups: dict[tuple[str, ...], list[str]] = {}
    made = 0
    for name in files:
        told = _told(name, steps)
        columns = [key for key in keys if key not in told]
        for found, write in parted(source / name, reading[1], columns):
            values = {**told, **dict(zip(columns, found, strict=True))}
            made += 1
            target = f"{made:06}{Path(name).suffix}"
            write(folder / ROOT / target)
            groups.setdefault(tuple(values[key] for key in keys), []).append(target)
    return _batches(keys, groups)


def _batches(keys: Sequence[str], groups: Mapping[tuple[str, ...], list[str]]) -> Iterator[Batch]:
    return ({"items": names, "key": dict(zip(keys, values, strict=True))} for values, names in sorted(groups.items()))


def _told(name: str, steps: Sequence[Step]) -> dict[str, str]:
    """What a path says by the table's partition format."""
    text = partition_format(steps)
    found = _pattern(text).search(name) if text else None
    return found.groupdict() if found else {}


def _pattern(text: str) -> re.Pattern[str]:
    """Of `/{store}/{brand}.csv`: what stands in braces is a name, up to the next / or what follows."""
    pattern = "".join(f"(?P<{part[1:-1]}>[^/]+?)" if part[:1] == "{" else re.escape(part) for part in re.split(r"(\{\w+\})", text.lstrip("/")))
    return re.compile(pattern + "$")


_Parts = Iterator[tuple[tuple[str, ...], Callable[[Path], None]]]
"""For each combination of values: they, and how to write its rows to a file."""


def _delimited(path: Path, options: Mapping[str, Any], columns: list[str]) -> _Parts:
    import polars  # only for keys

    encoding, delimiter = tables.encoding(options), str(options.get("delimiter", ","))
    has_header = str(options.get("header") or "") != "no_header"
    # Every cell as it is written: what it is of is found out by whoever is given the rows.
    frame = polars.read_csv(path, separator=delimiter, has_header=has_header, infer_schema=False, encoding=encoding)
    if not has_header:
        frame.columns = [f"Column{place + 1}" for place in range(frame.width)]
    for values, part in _parted(frame, path, columns):

        def write(target: Path, part: Any = part) -> None:
            text = part.write_csv(separator=delimiter, include_header=has_header)
            target.write_bytes(text.encode(encoding))

        yield values, write


def _parquet(path: Path, options: Mapping[str, Any], columns: list[str]) -> _Parts:
    import polars  # only for keys

    for values, part in _parted(polars.read_parquet(path), path, columns):
        yield values, part.write_parquet


def _parted(frame: Any, path: Path, columns: list[str]) -> Iterator[tuple[tuple[str, ...], Any]]:
    missing = [one for one in columns if one not in frame.columns]
    if missing:
        there = ", ".join(frame.columns[:20])
        raise Invalid(f"{path.name} has no column {missing[0]!r}, and its path does not tell it; there are: {there}", path="partition_keys")
    if not columns:
        yield (), frame
        return
    for values, part in frame.partition_by(columns, as_dict=True, maintain_order=True).items():
        yield tuple("" if value is None else str(value) for value in values), part
