"""A dataset monitor as a YAML file, and the body that it becomes.

    name: diabetes
    baseline: azureml:diabetes:1
    target:
      data: azureml:visits@latest
      timestamp_column: date
    features: [Pregnancies, Age, BMI]
    frequency: week                  # day, week, month
    latency: 24                      # hours
    drift_threshold: 0.1
    compute: azureml:cpu-cluster
    enabled: true
    schedule_start: 2026-03-01
    alert: {email_addresses: [ops@example.org], webhooks: [], topic: null, silence: P1D, re_alert: OnWorse}
    description: …
    tags: {team: ml}

The REST door's own names (`featureList`, `timestampColumn`, `state`, …) are understood, too. Fields are checked here only by their names; what the server then finds wrong is told with the line of the file.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from azurine.cli import faults, places
from azurine.cli.commands import Here

FIELDS = {
    "baseline": "baseline",
    "target": "target",
    "features": "featureList",
    "frequency": "frequency",
    "latency": "latency",
    "drift_threshold": "driftThreshold",
    "compute": "compute",
    "schedule_start": "scheduleStart",
    "alert": "alertConfiguration",
    "description": "description",
    "tags": "tags",
}
INSIDE = {
    "target": {"data": "data", "timestamp_column": "timestampColumn"},
    "baseline": {"data": "data"},
    "alert": {
        "email_addresses": "emailAddresses",
        "webhooks": "webhooks",
        "topic": "topic",
        "silence": "silence",
        "re_alert": "reAlert",
    },
}
_ALONE = ("$schema", "name", "type", "enabled", "state")
_TIDY = {camel: snake for pairs in (FIELDS, *INSIDE.values()) for snake, camel in pairs.items()} | {"state": "enabled"}


@dataclass(frozen=True, slots=True)
class Said:
    name: str
    properties: Mapping[str, Any]


def read(here: Here, file: Path, changes: list[dict[str, Any]]) -> Said:
    """changes: of fields, by their dotted paths. Raises faults.Failure."""
    # Here: only this command reads YAML by itself.
    import yaml

    here.read(file)
    try:
        said = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise faults.Failure(f"{file} is not YAML.", " ".join(str(problem).split())) from problem
    if not isinstance(said, dict):
        raise faults.Failure(f"{file} must hold the fields of a monitor, such as name, baseline and target.")
    for one in changes:
        for path, value in one.items():
            _place(said, path, value)
    _check(said, file)
    said = _spelled(said)
    enabled = said.get("enabled")
    properties: dict[str, Any] = {FIELDS[key]: _inside(key, value) for key, value in said.items() if key in FIELDS and value is not None}
    if said.get("state") is not None:
        properties["state"] = said["state"]
    elif enabled is not None:
        properties["state"] = "Enabled" if enabled else "Disabled"
    return Said(str(said["name"]), _plain(properties))


def written(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What is beside baseline and target, in the file's words."""
    plain = {snake: properties.get(camel) for snake, camel in FIELDS.items() if snake not in ("baseline", "target", "alert")}
    alert = properties.get("alertConfiguration") or {}
    target = properties["target"]
    return {
        "timestamp_column": target.get("timestampColumn") if isinstance(target, Mapping) else None,
        **plain,
        "state": properties["state"],
        "alert": {snake: alert[camel] for snake, camel in INSIDE["alert"].items() if camel in alert},
    }


def placed(failure: faults.Failure, file: Path) -> faults.Failure:
    """The same with the file's words, and its lines."""
    told = failure.fault
    causes = []
    for cause in told.causes:
        path, colon, message = cause.partition(": ")
        words = ".".join(_TIDY.get(part, part) for part in path.removeprefix("properties.").replace("[", ".").replace("]", "").split("."))
        line = places.line_of(file, words) if colon else None
        causes.append(f"{file}{f':{line}' if line else ''}: {words}: {message}" if colon and path.startswith("properties") else cause)
    return faults.Failure(told.sentence, *causes, advice=told.advice, code=told.code)


def _check(said: Mapping[str, Any], file: Path) -> None:
    unknown = [str(key) for key in said if key not in (*FIELDS, *FIELDS.values(), *_ALONE)]
    for outer, known in INSIDE.items():
        for spelling in {outer, FIELDS[outer]}:
            below = said.get(spelling)
            if isinstance(below, Mapping):
                unknown += [f"{spelling}.{key}" for key in below if key not in (*known, *known.values())]
    if unknown:
        causes = [f"{file}:{places.line_of(file, one) or 1}: {one}: there is no such field" for one in unknown]
        raise faults.Failure(f"{file} is not valid.", *causes)
    if not said.get("name"):
        raise faults.Failure(f"{file} has no name.", advice="name: … in the file, or --name")


def _spelled(said: Mapping[str, Any]) -> dict[str, Any]:
    """With the file's names where it has those of the REST door."""
    tidy = {camel: snake for snake, camel in FIELDS.items()}
    return {tidy.get(str(key), str(key)): value for key, value in said.items()}


def _inside(key: str, value: Any) -> Any:
    if key == "frequency" and isinstance(value, str):
        return value.capitalize()
    if key not in INSIDE or not isinstance(value, Mapping):
        return value
    return {INSIDE[key].get(name, name): one for name, one in value.items() if one is not None}


def _plain(value: Any) -> Any:
    """YAML reads a date where a date is written."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date | datetime) else value


def _place(body: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for key in above:
        body = body.setdefault(key, {})
        if not isinstance(body, dict):
            raise faults.Failure(f"{path}: {key} is no object.", code=faults.USAGE)
    body[last] = value
