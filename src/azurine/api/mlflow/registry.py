"""The model registry: registered models and their versions are the workspace's model resources, whichever side made them.

    a registered model   workspaces/models            description, tags; aliases as properties `mlflow.alias.NAME`
    a version            workspaces/models/versions   modelUri, modelType, flavors, stage, jobName, description, tags;
                                                      what only MLflow says (source, model id) as properties `mlflow.…`

A version's `modelUri` is written in Azure's words, so that jobs and downloads of the other side can use it; the address that MLflow
downloads from is made from it when asked. Versions are numbered from 1; one that the other side called otherwise keeps its name.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from azurine.api.mlflow import filters, limits, paging, shapes
from azurine.api.mlflow.filters import ATTRIBUTE, NUMBER, TAG, TEXT, Grammar
from azurine.api.mlflow.house import MODELS, VERSIONS, Call, Shelf
from azurine.api.mlflow.searching import in_order
from azurine.api.mlflow.sources import Sources
from azurine.model import errors, ids
from azurine.model.resources import Json, Resource
from azurine.tracking.contract import Cell

ALIAS = "mlflow.alias."
SOURCE = "mlflow.modelSourceUri"
MODEL_ID = "mlflow.modelId"
RUN_LINK = "mlflow.runLink"
IS_PROMPT = "mlflow.prompt.is_prompt"
STAGES = ("None", "Staging", "Production", "Archived")
LONGEST_NAME = 255
LONGEST_TAG = 100_000
PAGE = 1000
_ALIAS = re.compile(r"[\w\-]{1,255}")

MODEL_GRAMMAR = Grammar({"name": TEXT}, frozenset({ATTRIBUTE, TAG}))
MODEL_ORDER = Grammar(
    {"name": TEXT, "creation_timestamp": NUMBER, "last_updated_timestamp": NUMBER},
    frozenset({ATTRIBUTE}),
    {"timestamp": "last_updated_timestamp"},
)


class Registry:
    def __init__(self, shelf: Shelf, sources: Sources) -> None:
        self._shelf = shelf
        self._sources = sources

    # ── finding ──

    def model(self, workspace: str, name: str) -> Resource:
        found = self._shelf.log.get(_identifier(workspace, name))
        if found is None or found.deleting:
            raise errors.Missing(f"Registered Model with name={name[:300]} not found")
        return found

    def version(self, workspace: str, name: str, version: str) -> Resource:
        found = self._shelf.log.get(ids.child(_identifier(workspace, name), "versions", version)) if "/" not in version else None
        if found is None or found.deleting:
            raise errors.Missing(f"Model Version (name={name[:300]}, version={version[:100]}) not found")
        return found

    def versions(self, model: str) -> list[Resource]:
        """Of a model (its id), newest first."""
        return self._all(VERSIONS, model)

    def models(self, workspace: str) -> list[Resource]:
        """Not the archived ones, nor those that only exist inside jobs."""
        return [one for one in self._all(MODELS, workspace) if not properties(one).get("isArchived") and one.name != "azureml_anonymous"]

    def _all(self, kind: str, parent: str) -> list[Resource]:
        found: list[Resource] = []
        after: int | None = None
        while page := self._shelf.log.page(kind, parent, after=after, limit=PAGE):
            found += [one for one in page if not one.deleting]
            after = page[-1].created
            if len(page) < PAGE:
                break
        return found

    # ── registered models ──

    def create(self, call: Call) -> Json:
        name = call.arguments.text("name")
        _check_name(name)
        tags = dict(tag(one) for one in call.arguments.objects("tags"))
        body = {"properties": {"description": call.arguments.anything("description"), "tags": tags, "properties": {}, "isArchived": False}}
        made = self._shelf.create(_identifier(call.workspace, name), body, call.by)
        if made is None:
            raise errors.Conflict(f"Registered Model (name={name}) already exists.")
        return {"registered_model": self._shown(made)}

    def get(self, call: Call) -> Json:
        return {"registered_model": self._shown(self.model(call.workspace, call.arguments.text("name")))}

    def update(self, call: Call) -> Json:
        model = self.model(call.workspace, call.arguments.text("name"))
        description = call.arguments.anything("description")
        return {"registered_model": self._shown(self._revise(call, model, lambda told: {**told, "description": description}))}

    def rename(self, call: Call) -> Json:
        """A new model with the same versions; the old one goes. What refers to the old name does not follow."""
        model = self.model(call.workspace, call.arguments.text("name"))
        new = call.arguments.text("new_name")
        _check_name(new)
        made = self._shelf.create(_identifier(call.workspace, new), _body(model), call.by)
        if made is None:
            raise errors.Conflict(f"Registered Model (name={new}) already exists.")
        versions = self.versions(model.id)
        for version in reversed(versions):
            self._shelf.create(ids.child(made.id, "versions", version.name), _body(version), call.by)
        self._shelf.remove([*(version.id for version in versions), model.id])
        return {"registered_model": self._shown(made)}

    def delete(self, call: Call) -> Json:
        model = self.model(call.workspace, call.arguments.text("name"))
        self._shelf.remove([*(version.id for version in self.versions(model.id)), model.id])
        return {}

    def search(self, call: Call) -> Json:
        comparisons = filters.parse(call.arguments.text("filter", ""), MODEL_GRAMMAR)
        found = [
            model for model in self.models(call.workspace) if all(filters.holds(one, _of_model(one.entity, one.key, model)) for one in comparisons)
        ]
        found.sort(key=lambda model: model.name)
        page, token = self.page(call, found, MODEL_ORDER, 100, 1000, _of_model)
        return {"registered_models": [self._shown(model) for model in page], **token}

    def page(self, call: Call, found: list[Resource], grammar: Grammar, size: int, most: int, value: "Value") -> tuple[Sequence[Resource], Json]:
        for text in reversed(call.arguments.texts("order_by")):
            order = filters.parse_order(text, grammar)
            found = in_order(found, lambda one, order=order: value(order.entity, order.key, one), order.ascending)  # type: ignore[misc]
        page, token = paging.cut(found, call.arguments.text("page_token", ""), call.arguments.limit("max_results", size, most))
        return page, {"next_page_token": token} if token else {}

    def set_tag(self, call: Call) -> Json:
        key, value = tag(call.arguments)
        model = self.model(call.workspace, call.arguments.text("name"))
        self._revise(call, model, lambda told: {**told, "tags": {**(told.get("tags") or {}), key: value}})
        return {}

    def delete_tag(self, call: Call) -> Json:
        key = call.arguments.text("key")
        model = self.model(call.workspace, call.arguments.text("name"))
        self._revise(call, model, lambda told: {**told, "tags": without(told.get("tags"), key)})
        return {}

    # ── aliases ──

    def set_alias(self, call: Call) -> Json:
        alias = _alias(call)
        model = self.model(call.workspace, call.arguments.text("name"))
        version = self.version(call.workspace, model.name, call.arguments.text("version"))
        self._revise(call, model, lambda told: _with_property(told, ALIAS + alias, version.name))
        return {}

    def delete_alias(self, call: Call) -> Json:
        alias = call.arguments.text("alias")
        model = self.model(call.workspace, call.arguments.text("name"))
        self._revise(call, model, lambda told: _with_property(told, ALIAS + alias, None))
        return {}

    def by_alias(self, call: Call) -> Json:
        alias = call.arguments.text("alias")
        model = self.model(call.workspace, call.arguments.text("name"))
        version = self._latest(model) if alias == "latest" else aliases(model).get(alias)
        if version is None:
            raise errors.Invalid(f"Registered model alias {alias[:255]} not found.", path="alias")
        return {"model_version": self.shown_version(self.version(call.workspace, model.name, version))}

    def drop_aliases(self, call: Call, model: str, version: str) -> None:
        """When a version goes, so do its aliases."""
        found = self._shelf.log.get(model)
        for alias in [alias for alias, name in aliases(found).items() if name == version] if found else []:
            self._shelf.change(model, lambda told, alias=alias: _with_property(told, ALIAS + alias, None), call.by)  # type: ignore[misc]

    def _latest(self, model: Resource) -> str | None:
        return next((version.name for version in self.versions(model.id)), None)

    # ── shapes ──

    def _shown(self, model: Resource) -> Json:
        told = properties(model)
        return {
            "name": model.name,
            "creation_timestamp": round(model.created_at * 1000),
            "last_updated_timestamp": round(model.updated_at * 1000),
            "user_id": model.created_by,
            "description": told.get("description") or "",
            "latest_versions": [self.shown_version(version) for version in latest_by_stage(self.versions(model.id)).values()],
            "tags": shapes.pairs(texts(told.get("tags"))),
            "aliases": [{"alias": alias, "version": version} for alias, version in aliases(model).items()],
        }

    def shown_version(self, version: Resource) -> Json:
        told = properties(version)
        notes = told.get("properties") or {}
        model = self._shelf.log.get(ids.parent(version.id))
        shown = {
            "name": ids.name(ids.parent(version.id)),
            "version": version.name,
            "creation_timestamp": round(version.created_at * 1000),
            "last_updated_timestamp": round(version.updated_at * 1000),
            "user_id": version.created_by,
            "current_stage": stage(version),
            "description": told.get("description") or "",
            "source": notes.get(SOURCE) or self._sources.download_uri(ids.up_to(version.id, "workspaces"), told.get("modelUri") or ""),
            "run_id": told.get("jobName") or "",
            "status": "READY",
            "tags": shapes.pairs(texts(told.get("tags"))),
            "aliases": [alias for alias, name in aliases(model).items() if name == version.name] if model else [],
        }
        return shown | {name: notes[key] for name, key in (("run_link", RUN_LINK), ("model_id", MODEL_ID)) if notes.get(key)}

    def _revise(self, call: Call, resource: Resource, revise: Callable[[Json], Json]) -> Resource:
        return self._shelf.change(resource.id, revise, call.by)


Value = Callable[[str, str, Resource], Cell]


def aliases(model: Resource) -> dict[str, str]:
    notes = properties(model).get("properties") or {}
    return {key.removeprefix(ALIAS): str(value) for key, value in notes.items() if key.startswith(ALIAS)}


def stage(version: Resource) -> str:
    said = str(properties(version).get("stage") or STAGES[0])
    return next((known for known in STAGES if known.lower() == said.lower()), said)


def latest_by_stage(versions: Sequence[Resource]) -> dict[str, Resource]:
    """The newest version in each stage."""
    found: dict[str, Resource] = {}
    for version in versions:
        found.setdefault(stage(version), version)
    return found


def without(mapping: Mapping[str, Any] | None, key: str) -> dict[str, Any]:
    return {name: value for name, value in (mapping or {}).items() if name != key}


def _with_property(told: Json, key: str, value: str | None) -> Json:
    kept = without(told.get("properties"), key)
    return {**told, "properties": kept if value is None else {**kept, key: value}}


def _of_model(entity: str, key: str, model: Resource) -> Cell:
    if entity == TAG:
        return tagged(model, key)
    values: dict[str, Cell] = {"name": model.name, "creation_timestamp": model.created_at, "last_updated_timestamp": model.updated_at}
    return values[key]


def tagged(resource: Resource, key: str) -> str | None:
    """A tag as filters see it: what does not say that it is a prompt is none (clients ask for the models that are not)."""
    return texts(properties(resource).get("tags")).get(key, "false" if key == IS_PROMPT else None)


def properties(resource: Resource) -> Mapping[str, Any]:
    return resource.spec.get("properties") or {}


def _body(resource: Resource) -> Json:
    return {"properties": dict(properties(resource))}


def texts(mapping: Mapping[str, Any] | None) -> dict[str, str]:
    return {key: str(value) for key, value in (mapping or {}).items() if value is not None}


def _identifier(workspace: str, name: str) -> str:
    _check_name(name)
    return ids.child(workspace, "models", name)


def _check_name(name: str) -> None:
    if not name.strip() or len(name) > LONGEST_NAME or re.search("[/:\x00-\x1f]", name):
        raise errors.Invalid(
            f"Invalid model name: {name[:100]!r}. It takes 1 to {LONGEST_NAME} characters, and none of '/', ':' and control characters.", path="name"
        )


def tag(arguments: Any) -> tuple[str, str]:
    key, value = limits.name(arguments.text("key"), arguments.path("key")), arguments.anything("value")
    if len(key) > limits.LONGEST_KEY or len(value) > LONGEST_TAG:
        raise errors.Invalid(
            f"A tag of a model has a key of at most {limits.LONGEST_KEY} and a value of at most {LONGEST_TAG} characters.",
            path=arguments.path("value"),
        )
    return key, value


def _alias(call: Call) -> str:
    alias = call.arguments.text("alias")
    if not _ALIAS.fullmatch(alias) or re.fullmatch(r"[vV]\d+", alias) or alias.lower() == "latest":
        raise errors.Invalid(
            f"Invalid alias name: {alias[:100]!r}. It takes up to 255 letters, digits, _ and -; 'latest' and names like v1 are reserved.",
            path="alias",
        )
    return alias
