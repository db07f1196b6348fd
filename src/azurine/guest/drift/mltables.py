"""A folder with a file `MLTable`: which files it names, how they are read, and what is done to their rows.

    read_delimited      delimiter, encoding, header, infer_column_types, empty_as_string, include_path_column
    read_parquet, read_json_lines   include_path_column
    keep_columns, drop_columns, convert_column_types, filter

Paths lie in the folder. Whatever else it says is refused by its name: a table read otherwise than it asks would be another table.

https://learn.microsoft.com/azure/machine-learning/reference-yaml-mltable
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from azurine.guest.drift import filters, sources
from azurine.guest.drift.sources import CSV, JSON, MISSING_WORDS, MLTABLE, PARQUET, Source, hidden, named, quoted
from azurine.model.errors import Invalid, Unsupported

LARGEST = 1 << 20
"""Bytes of the file MLTable."""
READERS = {"read_delimited": CSV, "read_parquet": PARQUET, "read_json_lines": JSON}
ENCODINGS = {"utf8": "utf-8", "ascii": "utf-8", "utf16": "utf-16", "latin1": "latin-1", "iso88591": "latin-1"}
TYPES = {"int": "integer", "float": "number", "string": "text", "boolean": "boolean"}
PATH_COLUMN = "filename = 'Path'"


def find(folder: Path, path: str) -> Source:
    said = _said(folder)
    steps = [_step(step) for step in _list(said, "transformations")]
    readers = [(name, words) for name, words in steps if name in READERS]
    if len(readers) > 1 or (readers and steps[0] != readers[0]):
        raise Invalid("has one way of reading, and that comes first", path=f"{MLTABLE}.transformations")
    files = [file for one in _list(said, "paths") for file in _files(folder, one)]
    if not files:
        raise Invalid("name no file that is there", path=f"{MLTABLE}.paths")
    name, words = readers[0] if readers else ("", {})
    source = sources.of(path, list(dict.fromkeys(files)), READERS.get(name))
    source = replace(source, words=tuple(_reader_words(name, words)), unnamed=words.get("header") == "no_header")
    for what, how in steps[1:] if readers else steps:
        source = _done(source, what, how)
    return source


def _said(folder: Path) -> Mapping[str, Any]:
    file = folder / MLTABLE
    if file.stat().st_size > LARGEST:
        raise Invalid(f"is of more than {LARGEST} bytes", path=str(file))
    try:
        said = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"is no YAML: {' '.join(str(error).split())[:300]}", path=str(file)) from error
    if not isinstance(said, Mapping) or not said.get("paths"):
        raise Invalid("has no list of paths", path=str(file))
    return said


def _list(said: Mapping[str, Any], name: str) -> Sequence[Any]:
    found = said.get(name) or []
    if not isinstance(found, list):
        raise Invalid(f"is a list, not {type(found).__name__}", path=f"{MLTABLE}.{name}")
    return found


def _step(step: Any) -> tuple[str, Any]:
    if isinstance(step, str):
        return step, {}
    if isinstance(step, Mapping) and len(step) == 1:
        ((name, words),) = step.items()
        return str(name), words if words is not None else {}
    raise Invalid("is a list of steps, each {name: settings}", path=f"{MLTABLE}.transformations")


def _files(folder: Path, said: Any) -> Sequence[Path]:
    kinds = ("file", "folder", "pattern")
    if not isinstance(said, Mapping) or len(said) != 1 or next(iter(said)) not in kinds or not isinstance(next(iter(said.values())), str):
        raise Invalid("is a list of {file: …}, {folder: …} or {pattern: …}", path=f"{MLTABLE}.paths")
    ((kind, text),) = said.items()
    if "://" in text or Path(text).is_absolute() or ".." in Path(text).parts:
        raise Unsupported(f"{text[:200]!r} does not lie in the folder of the file {MLTABLE}; paths beside it are read", path=f"{MLTABLE}.paths")
    relative = text.removeprefix("./") or "."
    if kind == "pattern":
        found = sorted(folder.glob(relative))
    else:
        place = folder / relative
        if not place.exists():
            raise Invalid(f"{text[:200]!r} is not there", path=f"{MLTABLE}.paths")
        found = sorted(place.rglob("*")) if kind == "folder" else [place]
    root = folder.resolve()
    return [
        file
        for file in found
        if file.is_file() and file.name != MLTABLE and not hidden(file.relative_to(folder)) and file.resolve().is_relative_to(root)
    ]


def _reader_words(name: str, words: Any) -> list[str]:
    if not isinstance(words, Mapping):
        raise Invalid("its settings are a mapping", path=f"{MLTABLE}.transformations.{name}")
    known = {"read_delimited": _delimited, "read_parquet": _plain, "read_json_lines": _plain}.get(name, _plain)
    answer = known(words, f"{MLTABLE}.transformations.{name}")
    return [*answer, PATH_COLUMN] if words.get("include_path_column") else answer


def _plain(words: Mapping[str, Any], path: str) -> list[str]:
    if words.get("invalid_lines") == "drop":
        return ["ignore_errors = true"]
    if words.get("encoding") not in (None, "utf8", "utf-8", "ascii"):
        raise Unsupported(f"the encoding {words['encoding']!r} of JSON lines is not read; utf8 is", path=f"{path}.encoding")
    return []


def _delimited(words: Mapping[str, Any], path: str) -> list[str]:
    header = words.get("header", "all_files_same_headers")
    if header not in ("all_files_same_headers", "all_files_different_headers", "no_header"):
        raise Unsupported(
            f"the header {header!r} is not read; all_files_same_headers, all_files_different_headers and no_header are", path=f"{path}.header"
        )
    answer = [f"header = {str(header != 'no_header').lower()}"]
    if words.get("delimiter"):
        answer.append(f"delim = {quoted(str(words['delimiter']))}")
    encoding = str(words.get("encoding") or "utf8").lower().replace("-", "").replace("_", "")
    if encoding not in ENCODINGS:
        raise Unsupported(f"the encoding {words['encoding']!r} is not read; {', '.join(ENCODINGS)} are", path=f"{path}.encoding")
    if ENCODINGS[encoding] != "utf-8":
        answer.append(f"encoding = {quoted(ENCODINGS[encoding])}")
    if words.get("infer_column_types") is False:
        answer.append("all_varchar = true")
    if words.get("empty_as_string"):
        answer.append(f"nullstr = [{', '.join(quoted(word) for word in MISSING_WORDS if word)}]")
    return answer


def _done(source: Source, what: str, how: Any) -> Source:
    path = f"{MLTABLE}.transformations.{what}"
    if what in ("keep_columns", "drop_columns"):
        chosen = [how] if isinstance(how, str) else how
        if not isinstance(chosen, list) or not chosen or not all(isinstance(name, str) for name in chosen):
            raise Invalid("is a list of names of columns", path=path)
        listed = ", ".join(map(named, chosen))
        return replace(source, steps=(*source.steps, (f"SELECT {listed if what == 'keep_columns' else f'* EXCLUDE ({listed})'} FROM", "")))
    if what == "filter":
        if not isinstance(how, str):
            raise Invalid("is a text", path=path)
        return replace(source, steps=(*source.steps, ("SELECT * FROM", f" WHERE {filters.condition(how, path)}")))
    if what == "convert_column_types":
        return _converted(source, how, path)
    heeded = (*READERS, "keep_columns", "drop_columns", "convert_column_types", "filter")
    raise Unsupported(f"is not done when a table is compared; {', '.join(heeded)} are", path=path)


def _converted(source: Source, how: Any, path: str) -> Source:
    """Types are told beside, so that a value that is not of its type counts as wrong; only moments in formats of their own are made here."""
    if not isinstance(how, list):
        raise Invalid("is a list of {columns: …, column_type: …}", path=path)
    types: dict[str, str] = dict(source.types)
    moments: dict[str, str] = {}
    for one in how:
        columns, type = (one.get("columns"), one.get("column_type")) if isinstance(one, Mapping) else (None, None)
        chosen = [columns] if isinstance(columns, str) else columns
        if not isinstance(chosen, list) or not all(isinstance(name, str) for name in chosen):
            raise Invalid("is a list of {columns: …, column_type: …}", path=path)
        formats = (type.get("datetime") or {}).get("formats") if isinstance(type, Mapping) else None
        if isinstance(type, str) and type in TYPES:
            types |= dict.fromkeys(chosen, TYPES[type])
        elif type == "datetime" or (isinstance(type, Mapping) and "datetime" in type):
            types |= dict.fromkeys(chosen, "timestamp")
            moments |= {name: _moment(name, [formats] if isinstance(formats, str) else formats, path) for name in chosen} if formats else {}
        else:
            raise Unsupported(f"the column type {str(type)[:80]} is not known; {', '.join(TYPES)} and datetime are", path=path)
    if not moments:
        return replace(source, types=types)
    # Kept from being understood while it is read.
    texts = ", ".join(f"{quoted(name)}: 'VARCHAR'" for name in moments)
    plain = (f"types = {{{texts}}}",) if source.format == CSV else ()
    steps = (*source.steps, (f"SELECT * REPLACE ({', '.join(moments.values())}) FROM", ""))
    return replace(source, types=types, steps=steps, words=(*source.words, *plain))


def _moment(name: str, formats: Any, path: str) -> str:
    if not isinstance(formats, list) or not all(isinstance(one, str) for one in formats):
        raise Invalid("its formats are a list of texts", path=path)
    return f"try_strptime({named(name)}::VARCHAR, [{', '.join(map(quoted, formats))}]) AS {named(name)}"
