"""What a model resource says, as MLflow reads it: aliases, stages, tags; and what it may say."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from azurine.api.mlflow import limits
from azurine.api.mlflow.arguments import Arguments
from azurine.model import errors
from azurine.model.resources import Json, Resource

ALIAS = "mlflow.alias."
SOURCE = "mlflow.modelSourceUri"
MODEL_ID = "mlflow.modelId"
RUN_LINK = "mlflow.runLink"
IS_PROMPT = "mlflow.prompt.is_prompt"
STAGES = ("None", "Staging", "Production", "Archived")
LONGEST_NAME = 255
LONGEST_TAG = 100_000


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


def with_property(told: Json, key: str, value: str | None) -> Json:
    kept = without(told.get("properties"), key)
    return {**told, "properties": kept if value is None else {**kept, key: value}}


def tagged(resource: Resource, key: str) -> str | None:
    """A tag as filters see it: what does not say that it is a prompt is none (clients ask for the models that are not)."""
    return texts(properties(resource).get("tags")).get(key, "false" if key == IS_PROMPT else None)


def properties(resource: Resource) -> Mapping[str, Any]:
    return resource.spec.get("properties") or {}


def texts(mapping: Mapping[str, Any] | None) -> dict[str, str]:
    return {key: str(value) for key, value in (mapping or {}).items() if value is not None}


def check_name(name: str) -> None:
    if not name.strip() or len(name) > LONGEST_NAME or re.search("[/:\x00-\x1f]", name):
        raise errors.Invalid(
            f"Invalid model name: {name[:100]!r}. It takes 1 to {LONGEST_NAME} characters, and none of '/', ':' and control characters.", path="name"
        )


def tag(arguments: Arguments) -> tuple[str, str]:
    key, value = limits.name(arguments.text("key"), arguments.path("key")), arguments.anything("value")
    if len(key) > limits.LONGEST_KEY or len(value) > LONGEST_TAG:
        raise errors.Invalid(
            f"A tag of a model has a key of at most {limits.LONGEST_KEY} and a value of at most {LONGEST_TAG} characters.",
            path=arguments.path("value"),
        )
    return key, value
