"""What is asked of the database: each statement written once in SQLAlchemy's terms and compiled once for the dialect.

Afterwards only its text and parameters go to the driver: compiling anew would cost more than the query.
"""

from sqlalchemy import BigInteger, ColumnElement, Dialect, Integer, Select, bindparam, literal_column, select
from sqlalchemy.sql.expression import ClauseElement

from azurine.store.sql import schema

_versions = schema.versions
_latest = schema.is_latest
_limit = bindparam("limit", type_=BigInteger)


class Statements:
    """Texts for one dialect. Parameters are named as in the text."""

    def __init__(self, dialect: Dialect) -> None:
        self._dialect = dialect
        newest = select(_versions).where(_latest)
        rows = _versions.c
        self.newest = self._text(newest.where(rows.id == bindparam("id")))
        self.page = self._pages(newest)
        self.owned_by = self._text(newest.where(rows.owner == bindparam("owner"), rows.owner != literal_column("''")).order_by(rows.created))
        self.under = self._text(newest.where(rows.id > bindparam("first"), rows.id < bindparam("last")).order_by(rows.created))
        self.unsettled = self._text(select(rows.id).where(_latest, rows.settled.is_(False)).order_by(rows.created))
        self.since = self._text(_first(select(_versions).where(rows.revision > bindparam("revision")).order_by(rows.revision)))
        self.revision = self._text(select(schema.log.c.revision))
        old = select(rows.revision).where(schema.is_superseded, rows.revision < bindparam("before"))
        self.trim = self._text(_versions.delete().where(rows.revision.in_(_first(old.order_by(rows.revision)))))

    def _pages(self, newest: Select[tuple[object, ...]]) -> dict[tuple[bool, bool], str]:
        """By (of one owner only?, newest first?)."""
        return {(owned, newest_first): self._text(_page(newest, owned, newest_first)) for owned in (True, False) for newest_first in (True, False)}

    def _text(self, statement: ClauseElement) -> str:
        return str(statement.compile(dialect=self._dialect))


def _page(newest: Select[tuple[object, ...]], owned: bool, newest_first: bool) -> Select[tuple[object, ...]]:
    rows = _versions.c
    after = bindparam("after", type_=BigInteger)
    beyond: ColumnElement[bool] = rows.created < after if newest_first else rows.created > after
    page = newest.where(rows.kind == bindparam("kind"), rows.parent == bindparam("parent"), beyond)
    if owned:
        page = page.where(rows.owner == bindparam("owner"))
    return _first(page.order_by(rows.created.desc() if newest_first else rows.created))


def _first(statement: Select[tuple[object, ...]]) -> Select[tuple[object, ...]]:
    # The literal offset keeps SQLite's dialect from adding a parameter of its own.
    return statement.limit(_limit).offset(literal_column("0", Integer))
