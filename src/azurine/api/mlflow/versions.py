"""Versions of registered models: made, described, moved between stages, found, deleted."""

from typing import Any

from azurine.api.mlflow import filters, matching
from azurine.api.mlflow.aliases import Aliases
from azurine.api.mlflow.arguments import Arguments, invalid
from azurine.api.mlflow.filters import ATTRIBUTE, NUMBER, TAG, TEXT, Comparison, Grammar
from azurine.api.mlflow.house import Call, Shelf
from azurine.api.mlflow.registered import MODEL_ID, RUN_LINK, SOURCE, STAGES, latest_by_stage, stage, tag, tagged, without
from azurine.api.mlflow.registered import properties as said
from azurine.api.mlflow.registry import Registry
from azurine.api.mlflow.sources import Sources
from azurine.model import errors, ids
from azurine.model.resources import Json, Resource
from azurine.tracking.contract import Cell

ATTEMPTS = 50
LONGEST_PAGE = 200_000
SELECTED = ("Staging", "Production")

GRAMMAR = Grammar(
    {"name": TEXT, "run_id": TEXT, "source_path": TEXT, "version_number": NUMBER, "creation_timestamp": NUMBER, "last_updated_timestamp": NUMBER},
    frozenset({ATTRIBUTE, TAG}),
    {"version": "version_number", "source": "source_path"},
)


class Versions:
    def __init__(self, shelf: Shelf, registry: Registry, aliases: Aliases, sources: Sources) -> None:
        self._shelf = shelf
        self._registry = registry
        self._aliases = aliases
        self._sources = sources

    def create(self, call: Call) -> Json:
        arguments = call.arguments
        model = self._registry.model(call.workspace, arguments.text("name"))
        source = self._sources.find(call.workspace, arguments.text("source"))
        notes = {SOURCE: arguments.text("source"), MODEL_ID: arguments.text("model_id", "") or source.model, RUN_LINK: arguments.text("run_link", "")}
        properties: dict[str, Any] = {
            "modelUri": source.uri,
            "modelType": "mlflow_model" if source.flavors else "custom_model",
            "flavors": dict(source.flavors),
            "description": arguments.anything("description"),
            "tags": dict(tag(one) for one in arguments.objects("tags")),
            "properties": {key: value for key, value in notes.items() if value},
            "isArchived": False,
            "isAnonymous": False,
        }
        if run := arguments.text("run_id", "") or source.run:
            properties["jobName"] = run
        return {"model_version": self._registry.shown_version(self._add(call, model, properties))}

    def _add(self, call: Call, model: Resource, properties: Json) -> Resource:
        """Under the next free number: somebody else may take it at the same moment."""
        number = max((int(one.name) for one in self._registry.versions(model.id) if one.name.isascii() and one.name.isdigit()), default=0)
        for attempt in range(1, ATTEMPTS + 1):
            made = self._shelf.create(ids.child(model.id, "versions", str(number + attempt)), {"properties": properties}, call.by)
            if made is not None:
                return made
        raise errors.Temporary(f"too many versions of {model.name} are being made at once; try again")

    def _version(self, call: Call) -> Resource:
        return self._registry.version(call.workspace, call.arguments.text("name"), call.arguments.text("version"))

    def get(self, call: Call) -> Json:
        return {"model_version": self._registry.shown_version(self._version(call))}

    def update(self, call: Call) -> Json:
        description = call.arguments.anything("description")
        changed = self._shelf.change(self._version(call).id, lambda properties: {**properties, "description": description}, call.by)
        return {"model_version": self._registry.shown_version(changed)}

    def delete(self, call: Call) -> Json:
        version = self._version(call)
        self._shelf.remove([version.id])
        self._aliases.drop(call, ids.parent(version.id), version.name)
        return {}

    def move(self, call: Call) -> Json:
        wanted = _stage(call.arguments)
        version = self._version(call)
        if call.arguments.flag("archive_existing_versions"):
            if wanted not in SELECTED:
                raise errors.Invalid(
                    f"Model version transition cannot archive existing model versions because '{wanted}' is not an Active stage. "
                    f"Valid stages are {', '.join(SELECTED)}",
                    path="archive_existing_versions",
                )
            for other in self._registry.versions(ids.parent(version.id)):
                if other.id != version.id and stage(other) == wanted:
                    self._shelf.change(other.id, lambda properties: {**properties, "stage": "Archived"}, call.by)
        moved = self._shelf.change(version.id, lambda properties: {**properties, "stage": wanted}, call.by)
        return {"model_version": self._registry.shown_version(moved)}

    def latest(self, call: Call) -> Json:
        model = self._registry.model(call.workspace, call.arguments.text("name"))
        found = latest_by_stage(self._registry.versions(model.id))
        wanted = [_stage(Arguments({"stage": one})) for one in call.arguments.texts("stages")] or list(found)
        return {"model_versions": [self._registry.shown_version(found[one]) for one in wanted if one in found]}

    def download_uri(self, call: Call) -> Json:
        uri = str(said(self._version(call)).get("modelUri") or "")
        return {"artifact_uri": self._sources.download_uri(call.workspace, uri)}

    def set_tag(self, call: Call) -> Json:
        key, value = tag(call.arguments)
        version = self._version(call)
        self._shelf.change(version.id, lambda properties: {**properties, "tags": {**(properties.get("tags") or {}), key: value}}, call.by)
        return {}

    def delete_tag(self, call: Call) -> Json:
        key = call.arguments.text("key")
        version = self._version(call)
        self._shelf.change(version.id, lambda properties: {**properties, "tags": without(properties.get("tags"), key)}, call.by)
        return {}

    def search(self, call: Call) -> Json:
        comparisons = filters.parse(call.arguments.text("filter", ""), GRAMMAR)
        found = [
            version
            for version in self._candidates(call, comparisons)
            if all(matching.holds(one, self._value(one.entity, one.key, version)) for one in comparisons)
        ]
        found.sort(key=lambda version: (-version.updated_at, ids.name(ids.parent(version.id)), -version.created))
        page, token = self._registry.page(call, found, GRAMMAR, 10_000, LONGEST_PAGE, self._value)
        return {"model_versions": [self._registry.shown_version(version) for version in page], **token}

    def _candidates(self, call: Call, comparisons: list[Comparison]) -> list[Resource]:
        """Versions of the model that is named, or of all models."""
        names = [one.value for one in comparisons if (one.entity, one.key, one.operator) == (ATTRIBUTE, "name", "=")]
        if names and isinstance(names[0], str):
            model = self._shelf.log.get(ids.child(call.workspace, "models", names[0])) if "/" not in names[0] else None
            models = [] if model is None else [model]
        else:
            models = self._registry.models(call.workspace)
        return [version for model in models for version in self._registry.versions(model.id) if not said(version).get("isArchived")]

    def _value(self, entity: str, key: str, version: Resource) -> Cell:
        if entity == TAG:
            return tagged(version, key)
        if key == "source_path":
            return str(self._registry.shown_version(version)["source"])
        if key == "version_number":
            return float(version.name) if version.name.isascii() and version.name.isdigit() else None
        values: dict[str, Cell] = {
            "name": ids.name(ids.parent(version.id)),
            "run_id": str(said(version).get("jobName") or ""),
            "creation_timestamp": round(version.created_at * 1000),
            "last_updated_timestamp": round(version.updated_at * 1000),
        }
        return values[key]


def _stage(arguments: Arguments) -> str:
    wanted = arguments.text("stage")
    for known in STAGES:
        if known.lower() == wanted.lower():
            return known
    raise invalid("stage", wanted, f"Invalid Model Version stage. Value must be one of {', '.join(STAGES)}.")
