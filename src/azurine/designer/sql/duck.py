"""A translated SELECT computed by DuckDB over Parquet files, its result written as a Parquet file.

The connection sees the files of its tables, the result's and its scratch folder, and nothing else; it cannot be told otherwise afterwards.
"""

from collections.abc import Mapping
from pathlib import Path

import duckdb

from azurine.designer.sql.checking import quoted
from azurine.designer.sql.faithful import ROW
from azurine.designer.tables import Table

_AS = {
    "BOOLEAN": "BIGINT",
    "HUGEINT": "BIGINT",
    "UHUGEINT": "BIGINT",
    "INTEGER": "BIGINT",
    "SMALLINT": "BIGINT",
    "TINYINT": "BIGINT",
    "FLOAT": "DOUBLE",
}


class Refused(Exception):
    """DuckDB cannot say what SQLite would."""


def compute(statement: str, files: Mapping[str, Path], tables: Mapping[str, Table], count: int, folder: Path) -> Path:
    """Where the result is. count: how many columns it must have. Raises Refused."""
    result = folder / "result.parquet"
    scratch = folder / "duckdb"
    scratch.mkdir(exist_ok=True)
    try:
        with duckdb.connect(":memory:", config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}) as connection:
            for name, path in files.items():
                connection.execute(f"CREATE VIEW {quoted(name)} AS {_view(path, tables[name])}")
            allowed = [str(path) for path in (*files.values(), result)]
            connection.execute(f"SET temp_directory = {_text(str(scratch))}")
            connection.execute(f"SET allowed_paths = [{', '.join(map(_text, allowed))}]")
            connection.execute(f"SET allowed_directories = [{_text(str(scratch))}]")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            types = [str(row[1]) for row in connection.execute(f"DESCRIBE {statement}").fetchall()]
            if len(types) != count:
                raise Refused("another number of columns")
            names = [f"c{place}" for place in range(count)]
            columns = ", ".join(f"CAST({name} AS {_type(type_)}) AS {name}" for name, type_ in zip(names, types, strict=True))
            connection.execute(f"COPY (SELECT {columns} FROM ({statement}) AS q({', '.join(names)})) TO {_text(str(result))} (FORMAT parquet)")
    except duckdb.Error as error:
        raise Refused(str(error)) from error
    return result


def _view(path: Path, table: Table) -> str:
    columns = ", ".join(_column(one.name, one.primitive) for one in table.columns)
    return f"SELECT {columns}, file_row_number AS {quoted(ROW)} FROM read_parquet({_text(str(path))}, file_row_number = true)"


def _column(name: str, primitive: str) -> str:
    type_ = {"Integer": "BIGINT", "Double": "DOUBLE"}.get(primitive)
    return f"CAST({quoted(name)} AS {type_}) AS {quoted(name)}" if type_ else quoted(name)


def _type(type_: str) -> str:
    return "DOUBLE" if type_.startswith("DECIMAL") else _AS.get(type_, type_)


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
