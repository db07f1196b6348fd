"""Pipelines to be tested: given as JSON, or read from the folder that Git integration saves."""

import codecs
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from azurine import factory as wing
from azurine.factory import activities, definitions, kinds, references, variables
from azurine.model.kinds import Kind
from azurine.store import admission
from azurine.store.log import Create
from azurine.store.memory import MemoryLog
from azurine.testing.answers import Mock
from azurine.testing.evaluating import START, evaluate, seconds
from azurine.testing.house import FACTORY, House
from azurine.testing.results import Run

Json = Any


class Factory:
    """pipelines: {name: its JSON, with "properties" or without}. global_parameters: {name: value}, or {name: {"type", "value"}}.

    What is wrong with a pipeline is found here, as when it is published: errors.Invalid tells all of it, each with its path."""

    def __init__(self, pipelines: Mapping[str, Json], global_parameters: Mapping[str, Json] | None = None) -> None:
        self.pipelines: dict[str, Mapping[str, Json]] = {name: body.get("properties", body) for name, body in pipelines.items()}
        self._globals = {name: _typed(value) for name, value in (global_parameters or {}).items()}
        self._publish(MemoryLog(), {kind.name: kind for kind in wing.KINDS}, START)

    @classmethod
    def load(cls, folder: str | Path) -> "Factory":
        """The pipelines and global parameters of a folder as Git integration saves it. Raises ValueError for a file that is no JSON."""
        root = Path(folder)
        pipelines = {str(body.get("name") or path.stem): body for path, body in _files(root / "pipeline")}
        if not pipelines:
            raise FileNotFoundError(f"there is no pipeline in {root / 'pipeline'}")
        found: dict[str, Json] = {}
        for _, body in _files(root / "factory"):
            found.update((body.get("properties") or {}).get("globalParameters") or {})
        return cls(pipelines, found)

    def run(self, pipeline: str, parameters: Mapping[str, Json] | None = None, *, mocks: Mapping[str, Mock] | None = None, start: str = "") -> Run:
        """Runs a pipeline to its end. start: the moment at which it begins, as a timestamp. Raises Unmocked, Stuck, errors.Invalid."""
        house = House(self.pipelines, self._publish, mocks or {}, seconds(start) if start else START)
        return house.run(pipeline, parameters or {})

    def evaluate(self, pipeline: str, activity: str, parameters: Mapping[str, Json] | None = None, **known: Any) -> dict[str, Json]:
        """The properties of one activity, evaluated; inner lists are left as they are written. known: as for `evaluate`.

        Parameters and variables that are not given have their defaults. Raises KeyError when there is no such activity; ExpressionError."""
        properties = self.pipelines[pipeline]
        definition = activities.DEFINITIONS.of(pipeline, properties, definitions.fingerprint(properties))
        found = _find(definition.line, activity)
        if found is None:
            raise KeyError(f"there is no activity {activity} in the pipeline {pipeline}")
        given = variables.arguments(definition, parameters or {})
        held = {**variables.initial(definition), **known.pop("variables", {})}
        everywhere = {name: one["value"] for name, one in self._globals.items()} | known.pop("global_parameters", {})
        return {
            **found.properties,
            **evaluate(
                {key: template.written for key, template in found.templates.items()},
                given,
                global_parameters=everywhere,
                variables=held,
                pipeline={"Pipeline": pipeline, **known.pop("pipeline", {})},
                path="typeProperties",
                **known,
            ),
        }

    def _publish(self, log: MemoryLog, known: Mapping[str, Kind], now: float) -> None:
        log.write([Create(FACTORY, kinds.FACTORIES, "", {"location": "local", "properties": {"globalParameters": self._globals}})], now)
        for kind, name in self._spoken():
            log.write([Create(kinds.of(FACTORY, kind, name), kind, "", {"properties": {"type": "Mocked", "activities": []}})], now)
        for name, properties in self.pipelines.items():
            body = {"properties": dict(properties)}
            admission.admit(log, known, admission.Request(kinds.of(FACTORY, kinds.PIPELINES, name), lambda _, body=body: body), now)  # type: ignore[misc]

    def _spoken(self) -> Iterator[tuple[str, str]]:
        """(kind, name) of all that pipelines speak of, so that it is there: other pipelines, datasets, linked services."""
        spoken = {(kind, name) for properties in self.pipelines.values() for _, kind, name in references.found(properties, "")}
        yield from sorted(spoken | {(kinds.PIPELINES, name) for name in self.pipelines})


def _find(line: definitions.Line, name: str) -> definitions.Activity | None:
    for one in line.activities.values():
        if one.name.lower() == name.lower():
            return one
        for inner in one.lists.values():
            found = _find(inner, name)
            if found is not None:
                return found
    return None


_TYPES = ((bool, "Bool"), (int, "Int"), (float, "Float"), (str, "String"), (list, "Array"))


def _typed(value: Json) -> Mapping[str, Json]:
    """A global parameter with its type."""
    if isinstance(value, Mapping) and set(value) == {"type", "value"}:
        return value
    return {"type": next((word for kind, word in _TYPES if isinstance(value, kind)), "Object"), "value": value}


_MARKS: Iterable[tuple[bytes, str]] = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def _files(folder: Path) -> Iterator[tuple[Path, dict[str, Json]]]:
    for path in sorted(folder.glob("*.json")):
        held = path.read_bytes()
        try:
            body = json.loads(held.decode(next((encoding for mark, encoding in _MARKS if held.startswith(mark)), "utf-8")))
        except ValueError as error:
            raise ValueError(f"{path} is no JSON: {error}") from error
        if not isinstance(body, dict):
            raise ValueError(f"{path} holds no JSON object")  # noqa: TRY004 — the file is wrong, not the call
        yield path, body
