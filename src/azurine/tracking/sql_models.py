"""Logged models in SQL: a row each, its body as JSON; and the latest of the metrics that were measured on them."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Engine, Row

from azurine.model import errors
from azurine.model.resources import Json
from azurine.tracking import statements, tables
from azurine.tracking.contract import LoggedModel, Metric
from azurine.tracking.writing import Writer

_FIELDS = ("id", "scope", "experiment", "name", "run", "created")


class SqlModels:
    def __init__(self, engine: Engine, writer: Writer) -> None:
        self._engine = engine
        self._writer = writer

    def add(self, model: LoggedModel) -> None:
        row = {name: getattr(model, name) for name in _FIELDS} | {"body": json.dumps(model.body)}
        if not self._writer.do(lambda connection: connection.execute(statements.NEW_MODEL, row).rowcount):
            raise errors.Conflict(f"There is a logged model {model.id} already.")

    def get(self, scope: str, identifier: str) -> LoggedModel | None:
        with tables.reading(self._engine) as connection:
            return _get(connection, scope, identifier)

    def change(self, scope: str, identifier: str, change: Callable[[Json], Json]) -> LoggedModel | None:
        def work(connection: Connection) -> LoggedModel | None:
            found = _get(connection, scope, identifier)
            if found is None:
                return None
            changed = replace(found, body=change(found.body))
            connection.execute(statements.CHANGE_MODEL, {"id": identifier, "body": json.dumps(changed.body)})
            return changed

        return self._writer.do(work)

    def find(self, scope: str, experiments: Sequence[str], name: str | None) -> list[LoggedModel]:
        if not experiments:
            return []
        arguments = {"scope": scope, "experiments": list(experiments), "name": name}
        with tables.reading(self._engine) as connection:
            if name is None:
                return [_model(row) for row in connection.execute(statements.MODELS, {key: arguments[key] for key in ("scope", "experiments")})]
            return [_model(row) for row in connection.execute(statements.MODELS_NAMED, arguments)]

    def metrics(self, models: Sequence[str]) -> dict[str, list[tuple[str, Metric]]]:
        found: dict[str, list[tuple[str, Metric]]] = {model: [] for model in models}
        with tables.reading(self._engine) as connection:
            for chunk in statements.chunks(list(found)):
                rows = connection.execute(statements.MODEL_METRICS, {"models": chunk})
                for model, run, key, value, nan, timestamp, step, dataset, digest in rows:
                    found[model].append((run, Metric(key, float("nan") if nan else value, timestamp, step, model, dataset, digest)))
        return found


def _get(connection: Connection, scope: str, identifier: str) -> LoggedModel | None:
    row = connection.execute(statements.MODEL, {"scope": scope, "id": identifier}).first()
    return _model(row) if row else None


def _model(row: Row[Any]) -> LoggedModel:
    return LoggedModel(row.id, row.scope, row.experiment, row.name, row.run, row.created, json.loads(row.body))
