"""CSV as the designer reads and writes it: a header, UTF-8, commas (or tabs), empty is missing.

Types are inferred: integers, floats, true and false, dates and times, else text. Header names that are missing become `Column<i>`,
repeated ones get ` (2)`, ` (3)`.

A small file is inferred from all its rows, a large one from its first ones (reading a large file once more costs as much as the work), unless
these have a column without any value: text would fit it, and later rows might say more. When a later row does not fit, the plan fails, and
whoever runs it runs it again with sample=None: `is_surprise` tells that failure. So either way types are those of all rows.
"""

import csv
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from polars.exceptions import NoDataError, PolarsError

from azurine.designer import tables
from azurine.designer.bench import SAMPLE
from azurine.model.errors import Invalid

_SMALL = 1_000_000


def scan(files: Sequence[Path], separator: str = "", header: bool = True, sample: int | None = SAMPLE) -> pl.LazyFrame:
    """A plan over files of one shape. separator "": a tab for .tsv and .tab, a comma otherwise. sample: rows to infer types from, None for all."""
    first = files[0]
    between = separator or ("\t" if first.suffix.lower() in (".tsv", ".tab") else ",")
    if sum(file.stat().st_size for file in files) <= _SMALL:
        sample = None
    try:
        frame = pl.scan_csv(list(files), separator=between, has_header=header, infer_schema_length=sample, try_parse_dates=True, glob=False)
        if sample is not None and _has_silent_columns(frame, sample):
            return scan(files, separator, header, None)
        names = frame.collect_schema().names()
        said = _header(first, between) if header else []
        if len(said) == len(names) and (said != names or "" in said):
            frame = frame.rename(dict(zip(names, _distinct(said), strict=True)))
        elif not header:
            frame = frame.rename({name: f"Column{number}" for number, name in enumerate(names, start=1)})
    except NoDataError as error:
        raise Invalid(f"{first.name!r} is empty; a table has at least a header", path=str(first)) from error
    except (PolarsError, UnicodeDecodeError) as error:
        raise Invalid(f"{first.name!r} cannot be read as CSV: {error}", path=str(first)) from error
    return frame


def sink(frame: pl.LazyFrame, path: Path, separator: str = ",") -> pl.LazyFrame:
    """A lazy sink: header, UTF-8, no index, missing as nothing."""
    return frame.sink_csv(path, separator=separator, null_value="", lazy=True, check_extension=False)


def is_surprise(error: BaseException) -> bool:
    """Did a plan fail because a row of a CSV file does not have the type that the first rows had, or because of `surprised_below`?"""
    return isinstance(error, PolarsError) and ("could not parse" in str(error) or "conversion from `i16` to `u16` failed" in str(error))


def surprised_below(number: pl.Expr, least: int) -> pl.Expr:
    """The number (Int16) as it is; a row that has less makes the plan fail, as a surprise does.

    For a plan that may only be had cheaply where every row is as expected: to see that beforehand is to hold all rows until the last is read.
    """
    return (number - least).cast(pl.UInt16, strict=True).cast(pl.Int32) + least


def _has_silent_columns(frame: pl.LazyFrame, rows: int) -> bool:
    """Has a column, which was taken for text, no value in its first rows?"""
    texts = [name for name, type_ in frame.collect_schema().items() if type_ == pl.String]
    return bool(texts) and any(frame.select(texts).head(rows).select(pl.all().is_null().all()).collect().row(0))


def _header(file: Path, separator: str) -> list[str]:
    """The names as they stand in the file; the reader has made repeated ones distinct in its own way."""
    with file.open(encoding="utf-8-sig", errors="replace", newline="") as opened:
        return next(csv.reader(opened, delimiter=separator), [])


def _distinct(names: list[str]) -> list[str]:
    return tables.unique_names(name or f"Column{number}" for number, name in enumerate(names, start=1))
