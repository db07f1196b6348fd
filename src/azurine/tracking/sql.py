"""Tracking in SQLite (a file, WAL, every commit synced) or PostgreSQL: one SQL text for both.

Writes go through one thread that shares commits (`writing`); reads use connections of their own and never wait for writes.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, text

from azurine.model.resources import Json
from azurine.tracking import contract, once, statements, tables, writing
from azurine.tracking.contract import Cell, Facts, Link, LoggedModel, Metric, Only, Sort
from azurine.tracking.sql_models import SqlModels

PointRow = tuple[int, str, int, int, float, int]

REMEMBERED = 10_000
"""Numbers of runs kept in mind by the writer."""

_LEAST, _MOST = -(2**63), 2**63 - 1


class Sql:
    def __init__(self, url: str) -> None:
        self._engine = tables.connect(url)
        self._numbers: dict[str, int] = {}  # only the writing thread uses it
        self._writer = writing.Writer(self._engine, self._numbers.clear)
        self._models = SqlModels(self._engine, self._writer)

    # ── writing ──

    def record(
        self, run: str, metrics: Sequence[Metric] = (), params: Mapping[str, str] | None = None, tags: Mapping[str, str | None] | None = None
    ) -> None:
        self._writer.do(lambda connection: self._record(connection, run, metrics, params or {}, tags or {}))

    def _record(self, connection: Connection, run: str, metrics: Sequence[Metric], params: Mapping[str, str], tags: Mapping[str, str | None]) -> None:
        number = self._number(connection, run)
        if params:
            query = statements.marked(connection, statements.PARAMS_OF, len(params))
            once.check(run, dict(connection.exec_driver_sql(query, (number, *params)).all()), params)
            _many(connection, statements.PARAM, [(number, key, value) for key, value in params.items()])
        if metrics:
            rows = [_row(number, metric) for metric in metrics]
            _many(connection, statements.POINT, rows)
            _many(connection, statements.LATEST, list(_newest(rows).values()))
        measures = [(*_row(number, metric), metric.model, metric.dataset, metric.digest) for metric in metrics if metric.model]
        if measures:
            _many(connection, statements.MODEL_METRIC, measures)
        if tags:
            _many(connection, statements.TAG, [(number, key, value) for key, value in tags.items()])

    def _number(self, connection: Connection, run: str) -> int:
        number = self._numbers.get(run)
        if number is None:
            connection.exec_driver_sql(statements.marked(connection, statements.NEW_RUN), (run,))
            number = _find(connection, run)
            if len(self._numbers) >= REMEMBERED:
                self._numbers.clear()
            self._numbers[run] = number
        return number

    def link(self, run: str, links: Sequence[Link]) -> None:
        def work(connection: Connection) -> None:
            number = self._number(connection, run)
            connection.execute(statements.LINK, [{"run": number, "sort": one.sort, "key": one.key, "body": json.dumps(one.body)} for one in links])

        if links:
            self._writer.do(work)

    def copy(self, source: str, target: str) -> None:
        def work(connection: Connection) -> None:
            numbers = {"source": self._number(connection, source), "target": self._number(connection, target)}
            for statement in statements.COPIES:
                connection.execute(statement, numbers)

        if source != target:
            self._writer.do(work)

    def forget(self, run: str) -> None:
        def work(connection: Connection) -> None:
            number = self._number(connection, run)
            for statement in statements.FORGET:
                connection.execute(statement, {"run": number})
            self._numbers.pop(run, None)

        self._writer.do(work)

    # ── reading ──

    def latest(self, runs: Sequence[str]) -> dict[str, Facts]:
        found = {run: Facts() for run in runs}
        with tables.reading(self._engine) as connection:
            for chunk in statements.chunks(list(found)):
                found.update(_latest(connection, chunk))
        return found

    def history(self, run: str, key: str, *, after: Metric | None = None, limit: int | None = None) -> list[Metric]:
        with tables.reading(self._engine) as connection:
            number = _find(connection, run)
            statement, arguments = statements.HISTORY, {"run": number, "key": key}
            if after is not None:
                statement += " AND (timestamp, step, value, nan) > (:timestamp, :step, :value, :nan)"
                arguments |= dict(zip(("timestamp", "step", "value", "nan"), _row(number, after)[2:], strict=True))
            if limit is not None:
                arguments["limit"] = limit
            query = statement + statements.IN_ORDER + ("" if limit is None else " LIMIT :limit")
            return [_metric(key, *row) for row in connection.execute(text(query), arguments)]

    def interval(self, runs: Sequence[str], key: str, first_step: int | None, last_step: int | None, limit: int) -> list[tuple[str, Metric]]:
        span = " AND step >= :first AND step <= :last"
        arguments = {"key": key, "first": _LEAST if first_step is None else first_step, "last": _MOST if last_step is None else last_step}
        found = []
        with tables.reading(self._engine) as connection:
            for run in runs:
                here = arguments | {"run": _find(connection, run)}
                steps = connection.execute(text(f"{statements.STEPS}{span} ORDER BY step"), here).scalars().all()
                kept = contract.thinned(steps, limit)
                rows = connection.execute(text(statements.HISTORY + span + statements.IN_ORDER), here)
                found += [(run, point) for point in (_metric(key, *row) for row in rows) if point.step in kept]
        return found

    def column(self, sort: Sort, key: str, runs: Sequence[str], only: Only | None = None) -> dict[str, Cell]:
        wanted = set(runs)
        arguments: dict[str, Any] = {"key": key}
        table, nan = ("tracking_latest", "c.nan") if sort is Sort.METRICS else (f"tracking_{sort}", "0")
        statement = statements.COLUMN.format(table=table, nan=nan)
        if only is not None:
            assert only.operator in contract.OPERATORS
            fits = f"{nan} = 0 AND c.value {only.operator} :value"
            statement += f" AND ({fits}{f' OR {nan} = 1' if only.operator == '!=' else ''})"
            arguments["value"] = only.value
        with tables.reading(self._engine) as connection:
            if 0 < len(wanted) <= statements.CHUNK:
                few = text(statement + statements.NAMED).bindparams(bindparam("names", expanding=True))
                rows = connection.execute(few, arguments | {"names": list(wanted)}).all()
            else:
                # One walk over the key's index is quicker than many lists of names.
                rows = connection.execute(text(statement), arguments).all() if wanted else []
        return {name: float("nan") if is_nan else value for name, value, is_nan in rows if name in wanted}

    # ── logged models ──

    def add_model(self, model: LoggedModel) -> None:
        self._models.add(model)

    def get_model(self, scope: str, identifier: str) -> LoggedModel | None:
        return self._models.get(scope, identifier)

    def change_model(self, scope: str, identifier: str, change: Callable[[Json], Json]) -> LoggedModel | None:
        return self._models.change(scope, identifier, change)

    def find_models(self, scope: str, experiments: Sequence[str], name: str | None = None) -> list[LoggedModel]:
        return self._models.find(scope, experiments, name)

    def model_metrics(self, models: Sequence[str]) -> dict[str, list[tuple[str, Metric]]]:
        return self._models.metrics(models)

    def close(self) -> None:
        self._writer.close()
        self._engine.dispose()


def _many(connection: Connection, statement: str, rows: list[Any]) -> None:
    # Straight to the driver: SQLAlchemy would spend more time on each row's parameters than the database on the row.
    connection.exec_driver_sql(statements.marked(connection, statement), rows)


def _find(connection: Connection, run: str) -> int:
    """The run's number; 0, which no run has, when nothing is known of it."""
    return int(connection.exec_driver_sql(statements.marked(connection, statements.NUMBER), (run,)).scalar() or 0)


def _row(run: int, metric: Metric) -> PointRow:
    nan = metric.value != metric.value
    return (run, metric.key, metric.timestamp, metric.step, contract.number(metric.value), int(nan))


def _newest(rows: Sequence[PointRow]) -> dict[str, PointRow]:
    """One row per key, so that a long batch of one metric touches its latest value once."""
    newest: dict[str, PointRow] = {}
    for row in rows:
        before = newest.get(row[1])
        if before is None or (before[3], before[2], before[4]) <= (row[3], row[2], row[4]):
            newest[row[1]] = row
    return newest


def _latest(connection: Connection, runs: Sequence[str]) -> dict[str, Facts]:
    def rows(statement: str) -> Sequence[Any]:
        return connection.exec_driver_sql(statements.marked(connection, statement, len(runs)), tuple(runs)).all()

    metrics: dict[str, dict[str, Metric]] = {run: {} for run in runs}
    for run, key, value, nan, timestamp, step in rows(statements.METRICS):
        metrics[run][key] = Metric(key, float("nan") if nan else value, timestamp, step)
    params: dict[str, dict[str, str]] = {run: {} for run in runs}
    for run, key, value in rows(statements.PARAMS):
        params[run][key] = value
    tags: dict[str, dict[str, str | None]] = {run: {} for run in runs}
    for run, key, value in rows(statements.TAGS):
        tags[run][key] = value
    links: dict[str, list[Link]] = {run: [] for run in runs}
    for run, sort, key, body in rows(statements.LINKS):
        links[run].append(Link(sort, key, json.loads(body)))
    return {run: Facts(metrics[run], params[run], tags[run], tuple(links[run])) for run in runs}


def _metric(key: str, value: float, nan: int, timestamp: int, step: int) -> Metric:
    return Metric(key, float("nan") if nan else value, timestamp, step)
