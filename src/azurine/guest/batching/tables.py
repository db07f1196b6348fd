"""The rows of a table that make a mini-batch, as a frame: some lines of a text file, some rows of a Parquet file, or whole files.

A line belongs to the mini-batch within whose bytes it begins. What the table says of its columns (kept, dropped, converted) is done
to each part by itself.
"""

from __future__ import annotations

import importlib
import io
import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES = {"int": "Int64", "float": "float64", "string": "string", "boolean": "boolean"}
TRUE = ("true", "1", "yes")


class Table:
    """head: what holds for all mini-batches (`guest.batch.cutting`): root, how, options, steps."""

    def __init__(self, head: dict[str, Any]) -> None:
        self._root = head["root"]
        self._how = head["how"]
        self._options = head.get("options") or {}
        self._steps = head.get("steps") or []
        self._headers: dict[str, bytes] = {}

    def part(self, what: dict[str, Any]) -> Any:
        if "items" in what:
            import pandas

            frames = [self._file(name, 0, -1, None) for name in what["items"]]
            frame = pandas.concat(frames, ignore_index=True) if len(frames) != 1 else frames[0]
            for name, value in (what.get("key") or {}).items():
                if name not in frame.columns:  # it stands in the path
                    frame[name] = value
        else:
            part = what["table"]
            frame = self._file(part["file"], part.get("begin", 0), part.get("end", -1), part.get("rows"))
        for name, options in self._steps:
            frame = _done(frame, name, options)
        return frame

    def _file(self, name: str, begin: int, end: int, rows: Any) -> Any:
        path = os.path.join(self._root, name)
        if self._how == "read_parquet":
            frame = _parquet(path, rows)
        elif self._how == "read_json_lines":
            import pandas

            frame = pandas.read_json(io.BytesIO(_lines(path, begin, end)), lines=True, encoding=encoding(self._options))
        else:
            frame = self._delimited(path, begin, end)
        if str(self._options.get("include_path_column", "")).lower() in TRUE:
            frame.insert(0, "Path", path)
        return frame

    def _delimited(self, path: str, begin: int, end: int) -> Any:
        import pandas

        options = self._options
        kind = str(options.get("header") or "all_files_same_headers")
        reading: dict[str, Any] = {"sep": options.get("delimiter", ","), "encoding": encoding(options)}
        if str(options.get("infer_column_types", "true")).lower() == "false":
            reading["dtype"] = "string"
        text = _lines(path, begin, end)
        if kind == "no_header":
            frame = pandas.read_csv(io.BytesIO(text), header=None, **reading) if text.strip() else pandas.DataFrame()
            frame.columns = [f"Column{place + 1}" for place in range(len(frame.columns))]
            return frame
        if begin > 0:
            text = self._header(path) + text
        return pandas.read_csv(io.BytesIO(text), **reading)

    def _header(self, path: str) -> bytes:
        if path not in self._headers:
            with open(path, "rb") as file:
                self._headers = {path: file.readline()}
        return self._headers[path]


def _lines(path: str, begin: int, end: int) -> bytes:
    """The lines that begin in [begin, end); all that are left when the end is -1."""
    with open(path, "rb") as file:
        if begin > 0:
            file.seek(begin - 1)
            # What is left of a line that began before belongs to the part before.
            file.readline()
            begin = file.tell()
        else:
            file.seek(0)
        if end < 0:
            return file.read()
        text = file.read(end - begin) if end > begin else b""
        return text + file.readline() if text and not text.endswith(b"\n") else text


def _parquet(path: str, rows: Any) -> Any:
    if rows is None:
        import pandas

        return pandas.read_parquet(path)
    file = importlib.import_module("pyarrow.parquet").ParquetFile(path)
    begin, end = rows
    at, skipped = 0, 0
    groups: list[int] = []
    for group in range(file.metadata.num_row_groups):
        count = file.metadata.row_group(group).num_rows
        if at < end and at + count > begin:
            if not groups:
                skipped = begin - at
            groups.append(group)
        at += count
    return file.read_row_groups(groups).slice(skipped, end - begin).to_pandas()


def encoding(options: Mapping[str, Any]) -> str:
    """As Python calls it."""
    return {"utf8": "utf-8", "iso88591": "iso-8859-1", "latin1": "latin-1", "utf8bom": "utf-8-sig"}.get(
        re.sub(r"[^a-z0-9]", "", str(options.get("encoding") or "utf8").lower()), str(options.get("encoding") or "utf-8")
    )


def _done(frame: Any, name: str, options: Any) -> Any:
    names = options if isinstance(options, list) else [options]
    if name == "keep_columns":
        return frame[names]
    if name == "drop_columns":
        return frame.drop(columns=[one for one in names if one in frame.columns])
    for one in names:
        columns = one["columns"] if isinstance(one["columns"], list) else [one["columns"]]
        for column in columns:
            frame[column] = _converted(frame[column], one["column_type"])
    return frame


def _converted(column: Any, kind: Any) -> Any:
    import pandas

    sort = next(iter(kind)) if isinstance(kind, dict) else str(kind)
    if sort == "datetime":
        formats = (kind.get("datetime") or {}).get("formats") if isinstance(kind, dict) else None
        return pandas.to_datetime(column, format=formats[0] if formats else None)
    if sort == "stream_info":
        return column
    if sort in ("int", "float"):
        column = pandas.to_numeric(column)
    return column.astype(_TYPES.get(sort, "string"))
