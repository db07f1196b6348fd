"""How results are shown: as a table, JSON, YAML, tab-separated values, or not at all.

Data goes to stdout, and only data; everything said beside it goes to stderr. Without `-o`, a person at a terminal gets a
table and a program at the other end of a pipe gets JSON. JSON keys are those of `az ml`; times are as the server sent them
there, and told from now ("3 min ago") in tables. `--query` picks with JMESPath before anything is formatted; what it picks
is then shown whole, with its own keys as columns.

This file knows nothing about where the data came from, but how the official client's entities are turned into mappings.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum, StrEnum
from pathlib import Path
from typing import Any, TextIO


class Format(StrEnum):
    TABLE = "table"
    JSON = "json"
    YAML = "yaml"
    TSV = "tsv"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its heading, and where its value is found (`creation_context.created_at`)."""

    heading: str
    path: str

    def of(self, row: Any) -> Any:
        if isinstance(row, Mapping) and self.path in row:
            return row[self.path]
        for part in self.path.split("."):
            row = row.get(part) if isinstance(row, Mapping) else None
        return row


class BadQuery(ValueError):
    """The `--query` cannot be read or applied."""


def default_format(out: TextIO) -> Format:
    return Format.TABLE if out.isatty() else Format.JSON


def show(
    value: Any, form: Format | None, query: str = "", columns: Sequence[Column] = (), out: TextIO | None = None, now: datetime | None = None
) -> None:
    """Writes a value. columns: what a table shows of it; without them, or after a query, all its plain fields."""
    out = out or sys.stdout
    form = form or default_format(out)
    value = plain(value)
    if query:
        value, columns = picked(value, query), ()
    if form is Format.NONE or (value is None and not query):
        return
    if form is Format.JSON:
        out.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
    elif form is Format.YAML:
        out.write(_yaml(value))
    elif form is Format.TSV:
        out.writelines("\t".join(_tsv(cell) for cell in row) + "\n" for row in _rows(value, columns))
    else:
        _table(value, columns, out, now or datetime.now(UTC))
    out.flush()


def plain(value: Any) -> Any:
    """JSON's own types: entities become what `az ml` prints of them, times ISO 8601, pages lists."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, Enum):
        return plain(value.value)
    if isinstance(value, str):
        return str(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, Path):
        return str(value)
    # Before mappings: some entities are mappings too, of something else.
    if hasattr(value, "_to_dict"):
        # A command is two things to the client, a node of a pipeline and a job; `az ml` prints the job.
        value = value._to_job() if hasattr(value, "_to_job") else value
        return plain(_said_plainly(value, value._to_dict()))
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, Iterable):
        return [plain(one) for one in value]
    return str(value)


def _said_plainly(entity: Any, body: Any) -> Any:
    """The entity's fields, with words in the place of the names that Python gives them (`ProvisioningState.SUCCEEDED`)."""
    if not isinstance(body, Mapping) or entity is None:
        return body
    return {key: _word(None if isinstance(entity, Mapping) else getattr(entity, str(key), None), one) for key, one in body.items()}


def _word(field: Any, shown: Any) -> Any:
    return field.value if isinstance(field, Enum) else _said_plainly(field, shown)


def picked(value: Any, query: str) -> Any:
    # Here: only asked for with --query, and it takes a while to load.
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        return jmespath.search(query, value)
    except (JMESPathError, ValueError, TypeError) as error:
        raise BadQuery(f"--query {query!r}: {error}") from error


def ago(text: str, now: datetime) -> str:
    """`2026-11-23T08:00:00Z` → `3 min ago`; a day back and more, the local date and time."""
    then = datetime.fromisoformat(text.replace("Z", "+00:00"))
    then = then.replace(tzinfo=UTC) if then.tzinfo is None else then
    seconds = (now - then).total_seconds()
    if -5 < seconds < 60:
        return f"{max(0, int(seconds))} s ago"
    if 0 <= seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if 0 <= seconds < 86400:
        return f"{int(seconds // 3600)} h ago"
    return then.astimezone().strftime("%Y-%m-%d %H:%M")


def seconds_text(seconds: float) -> str:
    """`4.2 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _table(value: Any, columns: Sequence[Column], out: TextIO, now: datetime) -> None:
    # Here: rich takes longer to load than everything else that prints JSON.
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not isinstance(value, (list, Mapping)):
        out.write(f"{_cell(value, now)}\n")
        return
    rows = value if isinstance(value, list) else [value]
    columns = columns or _found(rows)
    if not rows or not columns:
        if isinstance(value, list):
            print("nothing found" if not rows else "\n".join(_cell(row, now) for row in rows), file=sys.stderr if not rows else out)
        return
    # Wide enough for everything when it is not a terminal: whoever reads it then wants whole cells.
    console = Console(file=out, highlight=False, width=None if out.isatty() else 1000)
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column.heading, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(column.of(row), now)) for column in columns))
    with console.capture() as captured:
        console.print(table)
    out.write("\n".join(line.rstrip() for line in captured.get().splitlines()) + "\n")


def _found(rows: Sequence[Any]) -> list[Column]:
    """The plain fields of rows that nobody chose columns for."""
    names: dict[str, None] = {}
    for row in rows:
        if isinstance(row, Mapping):
            names.update(dict.fromkeys(name for name, cell in row.items() if not isinstance(cell, (Mapping, list))))
    return [Column(name, name) for name in names]


def _rows(value: Any, columns: Sequence[Column]) -> Iterable[Sequence[Any]]:
    for row in value if isinstance(value, list) else [value]:
        if isinstance(row, Mapping):
            yield [column.of(row) for column in columns] if columns else list(row.values())
        elif isinstance(row, list):
            yield row
        else:
            yield [row]


def _cell(value: Any, now: datetime) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (Mapping, list)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and len(value) > 18 and value[4:5] == "-" and value[10:11] == "T":
        try:
            return ago(value, now)
        except ValueError:
            return value
    return str(value)


def _tsv(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Mapping, list)):
        return json.dumps(value, ensure_ascii=False)
    # A tab or a new line inside a value would be taken for the next cell or row.
    return str(value).replace("\t", " ").replace("\r", " ").replace("\n", " ")


def _yaml(value: Any) -> str:
    # Here: loading it is only worth it when somebody asks for YAML.
    import yaml

    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, default_flow_style=False)
    return text.removesuffix("...\n")
