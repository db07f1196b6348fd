"""Import Data: a table from a datastore's file or folder, from a web address, or from a query to a database.

Nothing but what is needed of a file is read, when it is needed. What comes over the network is kept in the scratch folder first.
"""

import shutil
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from azurine.designer import csv_files, ports, tables
from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.parameters import Parameters, clipped
from azurine.designer.ports import Port
from azurine.designer.tables import Table
from azurine.model.errors import AzurineError

_PATIENCE = 60
_ROWS = 50_000


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    make = {"Datastore": _from_datastore, "URL via HTTP": _from_web, "SQL database": _from_database}[parameters.text("data_source")]
    return {"results_dataset": make(parameters, bench)}


def _from_datastore(parameters: Parameters, bench: Bench) -> Table:
    address = parameters.text("datastore_path")
    if not address:
        raise parameters.wrong("datastore_path", "say which file or folder, such as azureml://datastores/workspaceblobstore/paths/patients.csv")
    try:
        path = bench.locate(address)
    except AzurineError as error:
        raise parameters.wrong("datastore_path", error.message, error.code) from error
    if not path.exists():
        raise parameters.wrong("datastore_path", "there is no such file or folder", "ResourceNotFound")
    return _read(path, "datastore_path", parameters, bench)


def _from_web(parameters: Parameters, bench: Bench) -> Table:
    address = urllib.parse.urlsplit(parameters.text("url"))
    if address.scheme not in ("http", "https") or not address.hostname:
        raise parameters.wrong("url", "an address begins with http:// or https://")
    path = bench.folder / (Path(address.path).name or "downloaded.csv")
    try:
        with urllib.request.urlopen(address.geturl(), timeout=_PATIENCE) as answer, path.open("wb") as file:
            shutil.copyfileobj(answer, file, 1 << 20)
    except (urllib.error.URLError, OSError) as error:
        raise parameters.wrong("url", f"it cannot be read: {error}") from error
    return _read(path, "url", parameters, bench)


def _read(path: Path, name: str, parameters: Parameters, bench: Bench) -> Table:
    sort = parameters.text("file_format")
    try:
        if sort == "Automatic" and (path.is_dir() or parameters.flag("has_header")):
            return ports.read_table(path, bench.sample)
        files = [path] if path.is_file() else sorted(one for one in path.rglob("*") if one.is_file() and not one.name.startswith((".", "_")))
        if sort == "Parquet":
            return tables.without_nan(tables.of(pl.scan_parquet(files, glob=False)))
        separator = {"CSV": ",", "TSV": "\t"}.get(sort, "")
        return tables.without_nan(tables.of(csv_files.scan(files, separator, parameters.flag("has_header"), bench.sample)))
    except AzurineError as error:
        raise parameters.wrong(name, error.message, error.code) from error
    except pl.exceptions.PolarsError as error:
        raise parameters.wrong(name, f"it cannot be read as a table: {error}") from error


def _from_database(parameters: Parameters, bench: Bench) -> Table:
    # SQLAlchemy is a third of a second of imports that only databases need.
    import sqlalchemy
    from sqlalchemy.exc import SQLAlchemyError

    if not parameters.text("query").strip():
        raise parameters.wrong("query", "write the SELECT whose rows are wanted")
    try:
        engine = sqlalchemy.create_engine(parameters.text("connection"))
        with engine.connect().execution_options(stream_results=True) as connection:
            result = connection.execute(sqlalchemy.text(parameters.text("query")))
            parts = list(_parts(list(result.keys()), result.partitions(_ROWS), bench.folder))
        engine.dispose()
    except SQLAlchemyError as error:
        raise parameters.wrong("query", f"the database answered: {clipped(str(error.__cause__ or error))}") from error
    except (ImportError, ValueError) as error:
        raise parameters.wrong("connection", f"this address cannot be used: {clipped(str(error))}") from error
    return tables.without_nan(tables.of(pl.concat([pl.scan_parquet(part, glob=False) for part in parts], how="vertical_relaxed")))


def _parts(names: list[str], parts: Iterator[Any], folder: Path) -> Iterator[Path]:
    """Rows as Parquet files of some ten thousand rows each. With no rows there is one file that has columns only."""
    names = tables.unique_names(names)
    number = 0
    for number, rows in enumerate(parts, start=1):
        frame = pl.DataFrame([tuple(row) for row in rows], schema=names, orient="row", infer_schema_length=None, strict=False)
        frame.write_parquet(folder / f"rows-{number}.parquet")
        yield folder / f"rows-{number}.parquet"
    if number == 0:
        pl.DataFrame(schema=dict.fromkeys(names, pl.String)).write_parquet(folder / "rows-0.parquet")
        yield folder / "rows-0.parquet"
