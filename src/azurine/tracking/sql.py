"""Tracking in SQLite (a file, WAL, every commit synced) or PostgreSQL: one SQL text for both.

Writes go through one thread that shares commits (`writing`); reads use connections of their own and never wait for writes.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, bindparam, text

from azurine.model import errors
from azurine.model.resources import Json
from azurine.tracking import contract, once, tables, writing
from azurine.tracking.contract import Cell, Facts, Link, LoggedModel, Metric, Sort

_NUMBER = text("SELECT id FROM tracking_runs WHERE name = :name")
_NUMBERS = text("SELECT id, name FROM tracking_runs WHERE name IN :names").bindparams(bindparam("names", expanding=True))
_NEW_RUN = text("INSERT INTO tracking_runs (name) VALUES (:name) ON CONFLICT DO NOTHING")
_POINT = text(
    "INSERT INTO tracking_points (run, key, timestamp, step, value, nan) VALUES (:run, :key, :timestamp, :step, :value, :nan) ON CONFLICT DO NOTHING"
)
_NEWER = "(excluded.step, excluded.timestamp, excluded.value) >= ({0}.step, {0}.timestamp, {0}.value)"
_LATEST = text(
    "INSERT INTO tracking_latest (run, key, timestamp, step, value, nan) VALUES (:run, :key, :timestamp, :step, :value, :nan) "
    "ON CONFLICT (run, key) DO UPDATE SET timestamp = excluded.timestamp, step = excluded.step, value = excluded.value, nan = excluded.nan "
    f"WHERE {_NEWER.format('tracking_latest')}"
)
_MODEL_METRIC = text(
    "INSERT INTO tracking_model_metrics (model, run, key, dataset, digest, timestamp, step, value, nan) "
    "VALUES (:model, :run, :key, :dataset, :digest, :timestamp, :step, :value, :nan) "
    "ON CONFLICT (model, run, key, dataset, digest) "
    "DO UPDATE SET timestamp = excluded.timestamp, step = excluded.step, value = excluded.value, nan = excluded.nan "
    f"WHERE {_NEWER.format('tracking_model_metrics')}"
)
_KNOWN_PARAMS = text("SELECT key, value FROM tracking_params WHERE run = :run AND key IN :keys").bindparams(bindparam("keys", expanding=True))
_PARAM = text("INSERT INTO tracking_params (run, key, value) VALUES (:run, :key, :value) ON CONFLICT DO NOTHING")
_TAG = text("INSERT INTO tracking_tags (run, key, value) VALUES (:run, :key, :value) ON CONFLICT (run, key) DO UPDATE SET value = excluded.value")
_LINK = text(
    "INSERT INTO tracking_links (run, sort, key, body) VALUES (:run, :sort, :key, :body) "
    "ON CONFLICT (run, sort, key) DO UPDATE SET body = excluded.body"
)
_FACTS = {
    "metrics": text("SELECT run, key, value, nan, timestamp, step FROM tracking_latest WHERE run IN :runs ORDER BY run, key"),
    "params": text("SELECT run, key, value FROM tracking_params WHERE run IN :runs ORDER BY run, key"),
    "tags": text("SELECT run, key, value FROM tracking_tags WHERE run IN :runs ORDER BY run, key"),
    "links": text("SELECT run, sort, key, body FROM tracking_links WHERE run IN :runs ORDER BY run, sort, key"),
}
_FACTS = {name: statement.bindparams(bindparam("runs", expanding=True)) for name, statement in _FACTS.items()}
_HISTORY = "SELECT value, nan, timestamp, step FROM tracking_points WHERE run = :run AND key = :key"
_COPIES = (
    "INSERT INTO tracking_points (run, key, timestamp, step, value, nan) "
    "SELECT :target, key, timestamp, step, value, nan FROM tracking_points WHERE run = :source",
    "INSERT INTO tracking_latest (run, key, timestamp, step, value, nan) "
    "SELECT :target, key, timestamp, step, value, nan FROM tracking_latest WHERE run = :source",
    "INSERT INTO tracking_params (run, key, value) SELECT :target, key, value FROM tracking_params WHERE run = :source",
    "INSERT INTO tracking_tags (run, key, value) SELECT :target, key, value FROM tracking_tags WHERE run = :source AND key NOT LIKE 'mlflow.%'",
    "INSERT INTO tracking_links (run, sort, key, body) SELECT :target, sort, key, body FROM tracking_links WHERE run = :source",
)
_NEW_MODEL = text(
    "INSERT INTO tracking_models (id, scope, experiment, name, run, created, body) VALUES (:id, :scope, :experiment, :name, :run, :created, :body) "
    "ON CONFLICT DO NOTHING"
)
_MODEL = "SELECT id, scope, experiment, name, run, created, body FROM tracking_models WHERE scope = :scope"

CHUNK = 500
"""Ids in one IN list: SQLite prepares a statement per length, and long ones slowly."""

REMEMBERED = 10_000
"""Numbers of runs kept in mind by the writer."""


class Sql:
    def __init__(self, url: str) -> None:
        self._engine = tables.connect(url)
        self._numbers: dict[str, int] = {}  # only the writing thread uses it
        self._writer = writing.Writer(self._engine, self._numbers.clear)

    # ── writing ──

    def record(
        self, run: str, metrics: Sequence[Metric] = (), params: Mapping[str, str] | None = None, tags: Mapping[str, str | None] | None = None
    ) -> None:
        self._writer.do(lambda connection: self._record(connection, run, metrics, params or {}, tags or {}))

    def _record(self, connection: Connection, run: str, metrics: Sequence[Metric], params: Mapping[str, str], tags: Mapping[str, str | None]) -> None:
        number = self._number(connection, run)
        if params:
            known = connection.execute(_KNOWN_PARAMS, {"run": number, "keys": list(params)})
            once.check(run, {row.key: row.value for row in known}, params)
            connection.execute(_PARAM, [{"run": number, "key": key, "value": value} for key, value in params.items()])
        if metrics:
            rows = [_as_row(number, metric) for metric in metrics]
            connection.execute(_POINT, rows)
            connection.execute(_LATEST, list(_newest(rows).values()))
        measures = [
            _as_row(number, metric) | {"model": metric.model, "dataset": metric.dataset, "digest": metric.digest}
            for metric in metrics
            if metric.model
        ]
        if measures:
            connection.execute(_MODEL_METRIC, measures)
        if tags:
            connection.execute(_TAG, [{"run": number, "key": key, "value": value} for key, value in tags.items()])

    def _number(self, connection: Connection, run: str) -> int:
        number = self._numbers.get(run)
        if number is None:
            connection.execute(_NEW_RUN, {"name": run})
            number = int(connection.execute(_NUMBER, {"name": run}).scalar_one())
            if len(self._numbers) >= REMEMBERED:
                self._numbers.clear()
            self._numbers[run] = number
        return number

    def link(self, run: str, links: Sequence[Link]) -> None:
        def work(connection: Connection) -> None:
            number = self._number(connection, run)
            connection.execute(_LINK, [{"run": number, "sort": one.sort, "key": one.key, "body": json.dumps(one.body)} for one in links])

        if links:
            self._writer.do(work)

    def copy(self, source: str, target: str) -> None:
        def work(connection: Connection) -> None:
            numbers = {"source": self._number(connection, source), "target": self._number(connection, target)}
            for statement in _COPIES:
                # `WHERE …` before it, because SQLite would read the ON of a bare SELECT as a join's.
                connection.execute(text(f"{statement} ON CONFLICT DO NOTHING"), numbers)

        if source != target:
            self._writer.do(work)

    def forget(self, run: str) -> None:
        def work(connection: Connection) -> None:
            number = self._number(connection, run)
            for table in tables.OF_RUN:
                connection.execute(text(f"DELETE FROM {table} WHERE run = :run"), {"run": number})
            connection.execute(text("DELETE FROM tracking_runs WHERE id = :run"), {"run": number})
            self._numbers.pop(run, None)

        self._writer.do(work)

    # ── reading ──

    def latest(self, runs: Sequence[str]) -> dict[str, Facts]:
        found = {run: Facts() for run in runs}
        with self._engine.connect() as connection:
            for chunk in _chunks(list(found)):
                found.update(self._latest(connection, chunk))
        return found

    def _latest(self, connection: Connection, runs: Sequence[str]) -> dict[str, Facts]:
        names = self._names(connection, runs)
        if not names:
            return {}
        rows = {part: connection.execute(statement, {"runs": list(names)}).all() for part, statement in _FACTS.items()}
        metrics: dict[int, dict[str, Metric]] = {number: {} for number in names}
        for run, key, value, nan, timestamp, step in rows["metrics"]:
            metrics[run][key] = Metric(key, float("nan") if nan else value, timestamp, step)
        params: dict[int, dict[str, str]] = {number: {} for number in names}
        for run, key, value in rows["params"]:
            params[run][key] = value
        tags: dict[int, dict[str, str | None]] = {number: {} for number in names}
        for run, key, value in rows["tags"]:
            tags[run][key] = value
        links: dict[int, list[Link]] = {number: [] for number in names}
        for run, sort, key, body in rows["links"]:
            links[run].append(Link(sort, key, json.loads(body)))
        return {name: Facts(metrics[number], params[number], tags[number], tuple(links[number])) for number, name in names.items()}

    def _names(self, connection: Connection, runs: Sequence[str]) -> dict[int, str]:
        return {row.id: row.name for row in connection.execute(_NUMBERS, {"names": list(runs)})}

    def history(self, run: str, key: str, *, after: Metric | None = None, limit: int | None = None) -> list[Metric]:
        statement, number = _HISTORY, self._read_number(run)
        arguments: dict[str, Any] = {"run": number, "key": key}
        if after is not None:
            statement += " AND (timestamp, step, value, nan) > (:timestamp, :step, :value, :nan)"
            arguments |= _as_row(number, after) | {"key": key}
        statement += " ORDER BY timestamp, step, value, nan"
        if limit is not None:
            statement, arguments = statement + " LIMIT :limit", arguments | {"limit": limit}
        with self._engine.connect() as connection:
            return [_as_metric(key, row) for row in connection.execute(text(statement), arguments)]

    def _read_number(self, run: str) -> int:
        with self._engine.connect() as connection:
            return int(connection.execute(_NUMBER, {"name": run}).scalar() or 0)

    def interval(self, runs: Sequence[str], key: str, first_step: int | None, last_step: int | None, limit: int) -> list[tuple[str, Metric]]:
        span = " AND step >= :first AND step <= :last"
        arguments = {"key": key, "first": -(2**63) if first_step is None else first_step, "last": 2**63 - 1 if last_step is None else last_step}
        found = []
        with self._engine.connect() as connection:
            for run in runs:
                here = arguments | {"run": connection.execute(_NUMBER, {"name": run}).scalar() or 0}
                of_run = f"FROM tracking_points WHERE run = :run AND key = :key{span}"
                steps = [row.step for row in connection.execute(text(f"SELECT DISTINCT step {of_run} ORDER BY step"), here)]
                kept = contract.thinned(steps, limit)
                rows = connection.execute(text(f"SELECT value, nan, timestamp, step {of_run} ORDER BY timestamp, step, value, nan"), here)
                found += [(run, _as_metric(key, row)) for row in rows if row.step in kept]
        return found

    def column(self, sort: Sort, key: str, runs: Sequence[str]) -> dict[str, Cell]:
        table, nan = ("tracking_latest", "c.nan") if sort is Sort.METRICS else (f"tracking_{sort}", "0")
        statement = f"SELECT r.name, c.value, {nan} FROM {table} c JOIN tracking_runs r ON r.id = c.run WHERE c.key = :key"
        wanted = set(runs)
        with self._engine.connect() as connection:
            if len(wanted) <= CHUNK:
                few = text(f"{statement} AND r.name IN :names").bindparams(bindparam("names", expanding=True))
                rows = connection.execute(few, {"key": key, "names": list(wanted)}).all()
            else:
                # One walk over the key's index is quicker than many lists of names.
                rows = connection.execute(text(statement), {"key": key}).all()
        return {name: float("nan") if is_nan else value for name, value, is_nan in rows if name in wanted}

    # ── logged models ──

    def add_model(self, model: LoggedModel) -> None:
        row = {name: getattr(model, name) for name in ("id", "scope", "experiment", "name", "run", "created")} | {"body": json.dumps(model.body)}
        if not self._writer.do(lambda connection: connection.execute(_NEW_MODEL, row).rowcount):
            raise errors.Conflict(f"There is a logged model {model.id} already.")

    def get_model(self, scope: str, identifier: str) -> LoggedModel | None:
        with self._engine.connect() as connection:
            return self._get_model(connection, scope, identifier)

    def _get_model(self, connection: Connection, scope: str, identifier: str) -> LoggedModel | None:
        row = connection.execute(text(f"{_MODEL} AND id = :id"), {"scope": scope, "id": identifier}).first()
        return _as_model(row) if row else None

    def change_model(self, scope: str, identifier: str, change: Callable[[Json], Json]) -> LoggedModel | None:
        def work(connection: Connection) -> LoggedModel | None:
            found = self._get_model(connection, scope, identifier)
            if found is None:
                return None
            changed = replace(found, body=change(found.body))
            connection.execute(text("UPDATE tracking_models SET body = :body WHERE id = :id"), {"id": identifier, "body": json.dumps(changed.body)})
            return changed

        return self._writer.do(work)

    def find_models(self, scope: str, experiments: Sequence[str], name: str | None = None) -> list[LoggedModel]:
        statement = f"{_MODEL} AND experiment IN :experiments" + ("" if name is None else " AND name = :name") + " ORDER BY created DESC, id DESC"
        query = text(statement).bindparams(bindparam("experiments", expanding=True))
        arguments = {"scope": scope, "experiments": list(experiments)} | ({} if name is None else {"name": name})
        with self._engine.connect() as connection:
            return [_as_model(row) for row in connection.execute(query, arguments)]

    def model_metrics(self, models: Sequence[str]) -> dict[str, list[tuple[str, Metric]]]:
        query = text(
            "SELECT m.model, r.name, m.key, m.value, m.nan, m.timestamp, m.step, m.dataset, m.digest FROM tracking_model_metrics m "
            "JOIN tracking_runs r ON r.id = m.run WHERE m.model IN :models ORDER BY m.model, m.key, m.run"
        ).bindparams(bindparam("models", expanding=True))
        found: dict[str, list[tuple[str, Metric]]] = {model: [] for model in models}
        with self._engine.connect() as connection:
            for chunk in _chunks(list(found)):
                for model, run, key, value, nan, timestamp, step, dataset, digest in connection.execute(query, {"models": chunk}):
                    found[model].append((run, Metric(key, float("nan") if nan else value, timestamp, step, model, dataset, digest)))
        return found

    def close(self) -> None:
        self._writer.close()
        self._engine.dispose()


def _as_row(run: int, metric: Metric) -> dict[str, Any]:
    nan = metric.value != metric.value
    return {
        "run": run,
        "key": metric.key,
        "timestamp": metric.timestamp,
        "step": metric.step,
        "value": contract.number(metric.value),
        "nan": int(nan),
    }


def _newest(rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """One row per key, so that a long batch of one metric touches its latest value once."""
    newest: dict[str, dict[str, Any]] = {}
    for row in rows:
        before = newest.get(row["key"])
        if before is None or (before["step"], before["timestamp"], before["value"]) <= (row["step"], row["timestamp"], row["value"]):
            newest[row["key"]] = row
    return newest


def _as_metric(key: str, row: Row[Any]) -> Metric:
    return Metric(key, float("nan") if row.nan else row.value, row.timestamp, row.step)


def _as_model(row: Row[Any]) -> LoggedModel:
    return LoggedModel(row.id, row.scope, row.experiment, row.name, row.run, row.created, json.loads(row.body))


def _chunks(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[start : start + CHUNK] for start in range(0, len(names), CHUNK)]
