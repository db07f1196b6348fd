"""The model registry: registered models and their versions are the workspace's model resources, whichever side made them.

    a registered model   workspaces/models            description, tags; aliases as properties `mlflow.alias.NAME`
    a version            workspaces/models/versions   modelUri, modelType, flavors, stage, jobName, description, tags;
                                                      what only MLflow says (source, model id) as properties `mlflow.…`

A version's `modelUri` is written in Azure's words, so that jobs and downloads of the other side can use it; the address that MLflow
downloads from is made from it when asked. Versions are numbered from 1; one that the other side called otherwise keeps its name.
"""

from collections.abc import Callable, Sequence

from azurine.api.mlflow import filters, matching, paging, registered, shapes
from azurine.api.mlflow.filters import ATTRIBUTE, NUMBER, TAG, TEXT, Grammar
from azurine.api.mlflow.house import MODELS, VERSIONS, Call, Shelf
from azurine.api.mlflow.searching import in_order
from azurine.api.mlflow.sources import Sources
from azurine.model import errors, ids
from azurine.model.resources import Json, Resource
from azurine.tracking.contract import Cell

PAGE = 1000

Value = Callable[[str, str, Resource], Cell]

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
        return [one for one in self._all(MODELS, workspace) if not registered.properties(one).get("isArchived") and one.name != "azureml_anonymous"]

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
        registered.check_name(name)
        tags = dict(registered.tag(one) for one in call.arguments.objects("tags"))
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
        registered.check_name(new)
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
            model for model in self.models(call.workspace) if all(matching.holds(one, _of_model(one.entity, one.key, model)) for one in comparisons)
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
        key, value = registered.tag(call.arguments)
        model = self.model(call.workspace, call.arguments.text("name"))
        self._revise(call, model, lambda told: {**told, "tags": {**(told.get("tags") or {}), key: value}})
        return {}

    def delete_tag(self, call: Call) -> Json:
        key = call.arguments.text("key")
        model = self.model(call.workspace, call.arguments.text("name"))
        self._revise(call, model, lambda told: {**told, "tags": registered.without(told.get("tags"), key)})
        return {}

    # ── shapes ──

    def _shown(self, model: Resource) -> Json:
        told = registered.properties(model)
        return {
            "name": model.name,
            "creation_timestamp": round(model.created_at * 1000),
            "last_updated_timestamp": round(model.updated_at * 1000),
            "user_id": model.created_by,
            "description": told.get("description") or "",
            "latest_versions": [self.shown_version(version) for version in registered.latest_by_stage(self.versions(model.id)).values()],
            "tags": shapes.pairs(registered.texts(told.get("tags"))),
            "aliases": [{"alias": alias, "version": version} for alias, version in registered.aliases(model).items()],
        }

    def shown_version(self, version: Resource) -> Json:
        told = registered.properties(version)
        notes = told.get("properties") or {}
        model = self._shelf.log.get(ids.parent(version.id))
        shown = {
            "name": ids.name(ids.parent(version.id)),
            "version": version.name,
            "creation_timestamp": round(version.created_at * 1000),
            "last_updated_timestamp": round(version.updated_at * 1000),
            "user_id": version.created_by,
            "current_stage": registered.stage(version),
            "description": told.get("description") or "",
            "source": notes.get(registered.SOURCE) or self._sources.download_uri(ids.up_to(version.id, "workspaces"), told.get("modelUri") or ""),
            "run_id": told.get("jobName") or "",
            "status": "READY",
            "tags": shapes.pairs(registered.texts(told.get("tags"))),
            "aliases": [alias for alias, name in registered.aliases(model).items() if name == version.name] if model else [],
        }
        return shown | {name: notes[key] for name, key in (("run_link", registered.RUN_LINK), ("model_id", registered.MODEL_ID)) if notes.get(key)}

    def _revise(self, call: Call, resource: Resource, revise: Callable[[Json], Json]) -> Resource:
        return self._shelf.change(resource.id, revise, call.by)


def _of_model(entity: str, key: str, model: Resource) -> Cell:
    if entity == TAG:
        return registered.tagged(model, key)
    values: dict[str, Cell] = {"name": model.name, "creation_timestamp": model.created_at, "last_updated_timestamp": model.updated_at}
    return values[key]


def _body(resource: Resource) -> Json:
    return {"properties": dict(registered.properties(resource))}


def _identifier(workspace: str, name: str) -> str:
    registered.check_name(name)
    return ids.child(workspace, "models", name)
