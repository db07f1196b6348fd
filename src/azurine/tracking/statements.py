"""The SQL of tracking. What is called often is written with `?` and runs as it stands; the rest with names, through SQLAlchemy."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, text

_POINT_COLUMNS = "run, key, timestamp, step, value, nan"
_VALUES = "ON CONFLICT ({keys}) DO UPDATE SET timestamp = excluded.timestamp, step = excluded.step, value = excluded.value, nan = excluded.nan"
_NEWER = "WHERE (excluded.step, excluded.timestamp, excluded.value) >= ({table}.step, {table}.timestamp, {table}.value)"

# ── called often ──

POINT = f"INSERT INTO tracking_points ({_POINT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
LATEST = (
    f"INSERT INTO tracking_latest ({_POINT_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) "
    f"{_VALUES.format(keys='run, key')} {_NEWER.format(table='tracking_latest')}"
)
MODEL_METRIC = (
    f"INSERT INTO tracking_model_metrics ({_POINT_COLUMNS}, model, dataset, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) "
    f"{_VALUES.format(keys='model, run, key, dataset, digest')} {_NEWER.format(table='tracking_model_metrics')}"
)
PARAM = "INSERT INTO tracking_params (run, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"
TAG = "INSERT INTO tracking_tags (run, key, value) VALUES (?, ?, ?) ON CONFLICT (run, key) DO UPDATE SET value = excluded.value"
PARAMS_OF = "SELECT key, value FROM tracking_params WHERE run = ? AND key IN ({marks})"
NUMBER = "SELECT id FROM tracking_runs WHERE name = ?"
NEW_RUN = "INSERT INTO tracking_runs (name) VALUES (?) ON CONFLICT DO NOTHING"


def _facts(columns: str, table: str) -> str:
    return f"SELECT r.name, {columns} FROM tracking_runs r JOIN {table} f ON f.run = r.id WHERE r.name IN ({{marks}}) ORDER BY f.run"


METRICS = _facts("f.key, f.value, f.nan, f.timestamp, f.step", "tracking_latest") + ", f.key"
PARAMS = _facts("f.key, f.value", "tracking_params") + ", f.key"
TAGS = _facts("f.key, f.value", "tracking_tags") + ", f.key"
LINKS = _facts("f.sort, f.key, f.body", "tracking_links") + ", f.sort, f.key"

# ── called now and then ──

LINK = text(
    "INSERT INTO tracking_links (run, sort, key, body) VALUES (:run, :sort, :key, :body) "
    "ON CONFLICT (run, sort, key) DO UPDATE SET body = excluded.body"
)
HISTORY = "SELECT value, nan, timestamp, step FROM tracking_points WHERE run = :run AND key = :key"
IN_ORDER = " ORDER BY timestamp, step, value, nan"
STEPS = "SELECT DISTINCT step FROM tracking_points WHERE run = :run AND key = :key"
COPIES = tuple(
    # `WHERE …` before ON CONFLICT, because SQLite would read the ON of a bare SELECT as a join's.
    text(f"INSERT INTO {table} (run, {columns}) SELECT :target, {columns} FROM {table} WHERE run = :source{only} ON CONFLICT DO NOTHING")
    for table, columns, only in (
        ("tracking_points", "key, timestamp, step, value, nan", ""),
        ("tracking_latest", "key, timestamp, step, value, nan", ""),
        ("tracking_params", "key, value", ""),
        ("tracking_tags", "key, value", " AND key NOT LIKE 'mlflow.%'"),
        ("tracking_links", "sort, key, body", ""),
    )
)
_OF_RUN = ("tracking_points", "tracking_latest", "tracking_params", "tracking_tags", "tracking_links", "tracking_model_metrics")
FORGET = (*(text(f"DELETE FROM {table} WHERE run = :run") for table in _OF_RUN), text("DELETE FROM tracking_runs WHERE id = :run"))
COLUMN = "SELECT r.name, c.value, {nan} FROM {table} c JOIN tracking_runs r ON r.id = c.run WHERE c.key = :key"
NAMED = " AND r.name IN :names"

NEW_MODEL = text(
    "INSERT INTO tracking_models (id, scope, experiment, name, run, created, body) VALUES (:id, :scope, :experiment, :name, :run, :created, :body) "
    "ON CONFLICT DO NOTHING"
)
_MODEL = "SELECT id, scope, experiment, name, run, created, body FROM tracking_models WHERE scope = :scope"
MODEL = text(f"{_MODEL} AND id = :id")
MODELS = text(f"{_MODEL} AND experiment IN :experiments ORDER BY created DESC, id DESC").bindparams(bindparam("experiments", expanding=True))
MODELS_NAMED = text(f"{_MODEL} AND experiment IN :experiments AND name = :name ORDER BY created DESC, id DESC").bindparams(
    bindparam("experiments", expanding=True)
)
CHANGE_MODEL = text("UPDATE tracking_models SET body = :body WHERE id = :id")
MODEL_METRICS = text(
    "SELECT m.model, r.name, m.key, m.value, m.nan, m.timestamp, m.step, m.dataset, m.digest FROM tracking_model_metrics m "
    "JOIN tracking_runs r ON r.id = m.run WHERE m.model IN :models ORDER BY m.model, m.key, m.run"
).bindparams(bindparam("models", expanding=True))

CHUNK = 500
"""Values in one IN list: a statement is prepared for each length, and a long one slowly."""


def marked(connection: Connection, statement: str, values: int = 0) -> str:
    """A statement with `?` as the driver wants it; `{marks}` becomes as many marks as there are values."""
    if values:
        statement = statement.replace("{marks}", ", ".join("?" * values))
    return statement if connection.dialect.name == "sqlite" else statement.replace("?", "%s")


def chunks(values: Sequence[str]) -> list[Sequence[str]]:
    return [values[start : start + CHUNK] for start in range(0, len(values), CHUNK)]
