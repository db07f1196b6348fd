"""The table at a path that somebody wants to look at, whoever wrote it: a plan over it, columns of any type as they are.

A component's output (`ports`), a CSV, TSV or Parquet file, a folder of them (other files in it are passed over), or a folder with an `MLTable` file
that names delimited or Parquet files below it. Of an MLTable's transformations those that say how to read are heeded; the rest are not.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import yaml

from azurine.designer import csv_files, ports, tables
from azurine.designer.bench import SAMPLE
from azurine.model.errors import Invalid

MLTABLE = "MLTable"
MOST_FILES = 10_000
_ENDINGS = (".csv", ".tsv", ".tab", ".txt", ".parquet", ".pq")
_DELIMITERS = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|", "space": " "}


def scan(path: Path, sample: int | None = SAMPLE) -> tuple[pl.LazyFrame, dict[str, str]]:
    """(the plan, kinds of columns that a designer's component noted, by name). Raises Invalid when there is no table."""
    if not path.exists():
        raise Invalid(f"there is nothing at {path.name!r}", code="ResourceNotFound")
    if path.is_dir() and (path / ports.META).is_file():
        found = ports.read_table(path, sample)
        return found.visible(), {column.name: column.kind.value for column in found.columns}
    if path.is_dir() and (path / MLTABLE).is_file():
        return _mltable(path, sample), {}
    return _files(_below(path), "", True, sample), {}


def is_quickly_counted(path: Path) -> bool:
    """Whether counting the rows takes no longer than a moment."""
    files = _all(path)
    return all(_is_parquet(file) for file in files) or sum(file.stat().st_size for file in files) <= 64 * 1024 * 1024


def is_quickly_read(path: Path) -> bool:
    """Whether reading it again and again costs little: it is Parquet, or small."""
    files = _all(path)
    return all(_is_parquet(file) for file in files) or sum(file.stat().st_size for file in files) <= 8 * 1024 * 1024


def _files(files: Sequence[Path], separator: str, header: bool, sample: int | None) -> pl.LazyFrame:
    parquet = {_is_parquet(file) for file in files}
    if len(parquet) > 1:
        raise Invalid("the folder has Parquet and other files; a table is made of one sort")
    if parquet == {True}:
        return pl.scan_parquet(list(files), glob=False)
    if _is_binary(files[0]):
        raise Invalid(f"{files[0].name!r} is neither text nor Parquet; there is no table to look at", code="NoTable")
    return csv_files.scan(files, separator, header, sample)


def _below(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    found: list[Path] = []
    for one in path.rglob("*"):
        if one.is_file() and not one.name.startswith((".", "_")) and one.suffix.lower() in _ENDINGS:
            found.append(one)
        if len(found) > MOST_FILES:
            raise Invalid(f"the folder has more than {MOST_FILES} files; look at one of them, or at a folder below")
    if not found:
        others = sorted(one.name for one in path.iterdir())
        raise Invalid(f"there is no table here: no CSV, TSV or Parquet file, but {tables.listed(others, 10)}", code="NoTable")
    return sorted(found)


def _all(path: Path) -> list[Path]:
    """The files that hold the rows, or more: those of a component begin with an underscore."""
    if path.is_dir() and (path / ports.META).is_file():
        return sorted(path.glob(f"{ports.DATA}.*"))
    return [one for one in path.rglob("*") if one.is_file()] if path.is_dir() and (path / MLTABLE).is_file() else _below(path)


def _mltable(folder: Path, sample: int | None) -> pl.LazyFrame:
    try:
        said = yaml.safe_load((folder / MLTABLE).read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise Invalid(f"the MLTable file cannot be read: {problem}") from problem
    if not isinstance(said, Mapping) or not isinstance(said.get("paths"), list):
        raise Invalid("the MLTable file has no list of paths")
    files = [file for one in said["paths"] for file in _named(folder, one)]
    if not files:
        raise Invalid("the paths of the MLTable file name no file that is there", code="ResourceNotFound")
    reading = _reading(said.get("transformations"))
    separator = str(reading.get("delimiter") or "")
    header = str(reading.get("header") or "all_files_same_headers").lower() not in ("no_header", "false")
    return _files(files, _DELIMITERS.get(separator.lower(), separator.replace("\\t", "\t")), header, sample)


def _named(folder: Path, one: Any) -> list[Path]:
    """The files that an entry of `paths` names; none leads out of the folder."""
    if not isinstance(one, Mapping) or len(one) != 1:
        raise Invalid("a path of an MLTable is {file: …}, {folder: …} or {pattern: …}")
    how, said = next(iter(one.items()))
    text = str(said).removeprefix("file://").removeprefix("./")
    if "://" in text or text.startswith(("/", "~")) or ".." in text.split("/"):
        raise Invalid(f"the path {text[:80]!r} leads out of the MLTable's folder; only what lies in it can be looked at", code="NotSupported")
    if how == "pattern":
        return sorted(found for found in folder.glob(text) if found.is_file())
    place = folder / text
    if not place.exists():
        raise Invalid(f"the MLTable names {text!r}, which is not there", code="ResourceNotFound")
    return _below(place)


def _reading(transformations: Any) -> Mapping[str, Any]:
    for one in transformations if isinstance(transformations, list) else []:
        if isinstance(one, Mapping):
            for name, settings in one.items():
                if str(name).startswith("read_"):
                    return settings if isinstance(settings, Mapping) else {}
    return {}


def _is_parquet(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(4) == b"PAR1"


def _is_binary(file: Path) -> bool:
    with file.open("rb") as opened:
        return b"\0" in opened.read(4096)
