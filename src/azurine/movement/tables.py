"""A table of a database as the sink of a copy: one transaction from `preCopyScript` to the last row, so a copy that fails leaves nothing.

Rows are inserted, or with writeBehavior upsert changed where their keys are there already. A table that does not exist is made
when tableOption is autoCreate. https://learn.microsoft.com/azure/data-factory/connector-azure-sql-database
"""

import datetime as dates
import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from decimal import Decimal
from typing import Any

import polars as pl
import sqlalchemy as sa
from sqlalchemy.exc import DataError, IntegrityError

from azurine.movement import databases, mapping
from azurine.movement.conversion import Manner
from azurine.movement.failing import SQL, failure
from azurine.movement.rejecting import Rejects

BATCH = 5_000
_MADE: tuple[tuple[Any, Any], ...] = (
    (pl.Boolean, sa.Boolean()),
    (pl.Date, sa.Date()),
    (pl.Datetime, sa.DateTime()),
    (pl.Binary, sa.LargeBinary()),
    (pl.Decimal, sa.Numeric(38, 10)),
    (pl.Float64, sa.Double()),
    (pl.Float32, sa.Float()),
    (pl.Int64, sa.BigInteger()),
)
_TYPES: Mapping[type, pl.DataType] = {
    int: pl.Int64(),
    float: pl.Float64(),
    bool: pl.Boolean(),
    str: pl.String(),
    bytes: pl.Binary(),
    dates.date: pl.Date(),
    dates.datetime: pl.Datetime("us"),
    dates.timedelta: pl.Duration("us"),
}


class TableSink:
    def __init__(self, dataset: Mapping[str, Any], settings: Mapping[str, Any], manner: Manner, rejects: Rejects) -> None:
        if settings.get("sqlWriterStoredProcedureName"):
            raise failure(
                "UserErrorStoredProcedureSinkNotSupported", "A sink that writes through a stored procedure is not run here; a table would be right."
            )
        self._dataset = dataset
        self._settings = settings
        self._manner = manner
        self._rejects = rejects
        self._table: sa.Table | None = None
        self._lists: set[str] = set()
        self._stack = ExitStack()
        self._stack.enter_context(databases.saying())
        self._link = self._stack.enter_context(databases.connected(dataset["connection"]))
        try:
            self._begin()
        except BaseException:
            self._stack.close()
            raise
        self.rows = 0
        self.bytes = 0
        self.files = 0

    def begin(self, path: str) -> None:
        """All files go into the same table."""

    def end(self) -> None:
        pass

    def write(self, frame: pl.DataFrame) -> None:
        with databases.saying():
            table = self._found(frame)
            fit = self._fitting(frame, table)
            self.bytes += int(fit.estimated_size())
            for piece in fit.iter_slices(BATCH):
                self._insert(table, [self._unfolded(row) for row in piece.to_dicts()] if self._lists else piece.to_dicts())

    def write_objects(self, objects: Sequence[Mapping[str, Any]]) -> None:
        raise AssertionError("objects are made a table before they are written to one")

    def finish(self) -> None:
        with databases.saying():
            self._link.commit()

    def abandon(self) -> None:
        self._link.rollback()

    def close(self) -> None:
        self._stack.close()

    def _begin(self) -> None:
        with databases.saying():
            if self._link.dialect.name == "sqlite":
                # Python's own transactions begin too late: a table would be made outside of them.
                self._link.exec_driver_sql("BEGIN IMMEDIATE")
            script = str(self._settings.get("preCopyScript") or "").strip()
            if script:
                databases.send(self._link, script)

    def _found(self, frame: pl.DataFrame) -> sa.Table:
        if self._table is not None:
            return self._table
        said = self._dataset.get("table") or {}
        name, schema = str(said.get("table") or ""), databases.schema_of(self._link, str(said.get("schema") or ""))
        if not name:
            raise failure("UserErrorInvalidTableName", f"The dataset '{self._dataset.get('name')}' names no table.")
        if not sa.inspect(self._link).has_table(name, schema=schema):
            if str(self._settings.get("tableOption") or "").lower() != "autocreate":
                message = f'Cannot find the object "{name}" because it does not exist or you do not have permissions.'
                raise failure("UserErrorInvalidTableName", message)
            made = sa.Table(name, sa.MetaData(), *(sa.Column(column, _made(kind)) for column, kind in frame.schema.items()), schema=schema)
            made.create(self._link)
        self._table = sa.Table(name, sa.MetaData(), autoload_with=self._link, schema=schema)
        for column in self._table.columns:
            if _wanted(column) is None and self._link.dialect.name != "sqlite":
                # A text without a type: the database makes JSON, an id, an address of it, and says what it cannot read.
                self._lists |= {column.name} if isinstance(column.type, sa.ARRAY) else set()
                column.type = sa.types.NullType()
        return self._table

    def _fitting(self, frame: pl.DataFrame, table: sa.Table) -> pl.DataFrame:
        """The frame with the table's columns and types."""
        spelled = {column.name.lower(): column.name for column in table.columns}
        names = {name: name if name in table.columns else spelled.get(name.lower(), "") for name in frame.columns}
        lost = next((name for name, found in names.items() if not found), None)
        if lost is not None:
            message = (
                f"The column '{lost}' of the source is not found in the target table '{table.name}'. Its columns are: {', '.join(spelled.values())}."
            )
            raise failure("UserErrorInvalidColumnMappingColumnNotFound", message)
        renamed = frame.rename(names)
        types = {name: kind for name in renamed.columns if (kind := _wanted(table.columns[name])) is not None}
        return mapping.typed(renamed, types, self._manner, self._rejects)

    def _unfolded(self, row: dict[str, Any]) -> dict[str, Any]:
        """Lists that were read from a database are texts of JSON; other texts are as the database writes its arrays."""
        return {name: json.loads(one) if name in self._lists and isinstance(one, str) and one.startswith("[") else one for name, one in row.items()}

    def _insert(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        if not self._rejects.skip:
            self._put(table, rows)
            self.rows += len(rows)
            return
        try:
            with self._link.begin_nested():
                self._put(table, rows)
            self.rows += len(rows)
        except (IntegrityError, DataError):
            for row in rows:
                self._insert_one(table, row)

    def _insert_one(self, table: sa.Table, row: dict[str, Any]) -> None:
        try:
            with self._link.begin_nested():
                self._put(table, [row])
            self.rows += 1
        except (IntegrityError, DataError) as error:
            self._rejects.take(list(row.values()), SQL, databases.told(error))

    def _put(self, table: sa.Table, rows: list[dict[str, Any]]) -> None:
        if str(self._settings.get("writeBehavior") or self._settings.get("writeMethod") or "insert").lower() != "upsert":
            self._link.execute(table.insert(), rows)
            return
        said = (self._settings.get("upsertSettings") or {}).get("keys") or [column.name for column in table.primary_key.columns]
        keys = [str(key) for key in said]
        if not keys or not set(keys) <= set(rows[0]):
            raise failure(
                "UserErrorInvalidUpsertKeys", f"An upsert needs keys that are columns of the source; they are: {', '.join(keys) or 'none'}."
            )
        others = [name for name in rows[0] if name not in keys]
        # Of rows with the same keys the last one counts, as it would if it came later.
        last = {tuple(row[key] for key in keys): row for row in rows}
        given = [{f"v_{name}": value for name, value in row.items()} for row in last.values()]
        same = sa.and_(*(table.columns[key] == sa.bindparam(f"v_{key}") for key in keys))
        if others:
            self._link.execute(table.update().where(same).values({name: sa.bindparam(f"v_{name}") for name in others}), given)
        new = sa.select(
            *(
                sa.cast(sa.bindparam(f"v_{name}"), table.columns[name].type) if not _is_loose(table.columns[name]) else sa.bindparam(f"v_{name}")
                for name in rows[0]
            )
        )
        there = sa.exists(sa.select(sa.literal(1)).select_from(table).where(same))
        self._link.execute(table.insert().from_select(list(rows[0]), new.where(~there)), given)


def _wanted(column: sa.Column[Any]) -> pl.DataType | None:
    """The type of a frame's column that this column takes; None when it takes anything."""
    try:
        kind = column.type.python_type
    except NotImplementedError:
        return None
    if kind is Decimal:
        return pl.Decimal(38, getattr(column.type, "scale", None) or 10)
    if kind is dates.datetime and getattr(column.type, "timezone", False):
        return pl.Datetime("us", "UTC")
    return _TYPES.get(kind)


def _is_loose(column: sa.Column[Any]) -> bool:
    """Would a cast lose something? SQLite keeps dates as texts, and a cast would make numbers of them."""
    return isinstance(column.type, sa.types.NullType | sa.DateTime | sa.Date | sa.Time)


def _made(kind: pl.DataType) -> Any:
    return next((made for one, made in _MADE if kind == one), sa.Integer() if kind.is_integer() else sa.Text())
