"""Aliases of model versions: `models:/NAME@champion`. One is a property of the model, `mlflow.alias.NAME`."""

import re

from azurine.api.mlflow import registered
from azurine.api.mlflow.house import Call, Shelf
from azurine.api.mlflow.registry import Registry
from azurine.model import errors
from azurine.model.resources import Json

_ALIAS = re.compile(r"[\w\-]{1,255}")


class Aliases:
    def __init__(self, shelf: Shelf, registry: Registry) -> None:
        self._shelf = shelf
        self._registry = registry

    def set(self, call: Call) -> Json:
        alias = _alias(call)
        model = self._registry.model(call.workspace, call.arguments.text("name"))
        version = self._registry.version(call.workspace, model.name, call.arguments.text("version"))
        self._write(call, model.id, alias, version.name)
        return {}

    def delete(self, call: Call) -> Json:
        alias = call.arguments.text("alias")
        self._write(call, self._registry.model(call.workspace, call.arguments.text("name")).id, alias, None)
        return {}

    def get(self, call: Call) -> Json:
        alias = call.arguments.text("alias")
        model = self._registry.model(call.workspace, call.arguments.text("name"))
        latest = next((version.name for version in self._registry.versions(model.id)), None) if alias == "latest" else None
        version = latest or registered.aliases(model).get(alias)
        if version is None:
            raise errors.Invalid(f"Registered model alias {alias[:255]} not found.", path="alias")
        return {"model_version": self._registry.shown_version(self._registry.version(call.workspace, model.name, version))}

    def drop(self, call: Call, model: str, version: str) -> None:
        """When a version goes, so do its aliases."""
        found = self._shelf.log.get(model)
        for alias in [alias for alias, name in registered.aliases(found).items() if name == version] if found else []:
            self._write(call, model, alias, None)

    def _write(self, call: Call, model: str, alias: str, version: str | None) -> None:
        self._shelf.change(model, lambda told: registered.with_property(told, registered.ALIAS + alias, version), call.by)


def _alias(call: Call) -> str:
    alias = call.arguments.text("alias")
    if not _ALIAS.fullmatch(alias) or re.fullmatch(r"[vV]\d+", alias) or alias.lower() == "latest":
        raise errors.Invalid(
            f"Invalid alias name: {alias[:100]!r}. It takes up to 255 letters, digits, _ and -; 'latest' and names like v1 are reserved.",
            path="alias",
        )
    return alias
