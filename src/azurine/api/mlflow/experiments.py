"""Experiments: resources that give jobs a common name. MLflow knows them by a number, Azure by their name.

The number is made from the experiment's id (`ml.numbers`), so it can be told without looking; "0", which clients use while no
experiment was chosen, means Default. An experiment that jobs name is made when it is first asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from azurine.api.mlflow.arguments import Arguments
from azurine.api.mlflow.house import EXPERIMENTS, Call, Shelf
from azurine.api.mlflow.runs import DEFAULT
from azurine.ml import names, numbers
from azurine.model import errors, ids
from azurine.model.resources import Json, Resource

LONGEST_KEY = 250
LONGEST_VALUE = 20_000
PAGE = 1000
DEFAULT_ID = "0"

Retag = Callable[[Json], Json]


@dataclass(frozen=True, slots=True)
class Experiment:
    """key: what jobs call it; the name too, until it is renamed. Times are seconds since 1970."""

    id: str
    resource: str
    key: str
    name: str
    archived: bool
    created_at: float
    updated_at: float
    tags: Json = field(default_factory=dict)

    @property
    def stage(self) -> str:
        return "deleted" if self.archived else "active"


def from_resource(resource: Resource) -> Experiment:
    properties = resource.spec.get("properties") or {}
    archived = bool(properties.get("isArchived")) or properties.get("lifecycle") == "deleted"
    name, tags = str(properties.get("name") or resource.name), properties.get("tags") or {}
    return Experiment(numbers.experiment(resource.id), resource.id, resource.name, name, archived, resource.created_at, resource.updated_at, tags)


def number(workspace: str, key: str) -> str:
    """The number of the experiment that jobs call so, whether it was made yet or not."""
    return numbers.experiment(_identifier(workspace, key))


class Experiments:
    def __init__(self, shelf: Shelf, in_use: Callable[[str], set[str]]) -> None:
        """in_use: the experiments that the jobs of a workspace name."""
        self._shelf = shelf
        self._in_use = in_use
        self._known: dict[tuple[str, str], str] = {}

    def by_id(self, workspace: str, number: str) -> Experiment:
        """Raises errors.Missing."""
        if number in (DEFAULT_ID, numbers.experiment(_identifier(workspace, DEFAULT))):
            return self.named(workspace, DEFAULT)
        identifier = self._known.get((workspace, number)) or self._learn(workspace).get((workspace, number))
        if identifier is None:
            raise errors.Missing(f"No Experiment with id={number[:100]} exists")
        return from_resource(self._shelf.log.get(identifier) or self._make(identifier, ""))

    def _learn(self, workspace: str) -> dict[tuple[str, str], str]:
        """Which number belongs to which experiment: of those that exist, and of those that jobs name."""
        known = [one.resource for one in self.all(workspace)]
        known += [_identifier(workspace, key) for key in self._in_use(workspace)]
        self._known = {**self._known, **{(workspace, numbers.experiment(identifier)): identifier for identifier in known}}
        return self._known

    def by_name(self, workspace: str, name: str) -> Experiment | None:
        found = self._shelf.log.get(_identifier(workspace, name))
        if found is not None and from_resource(found).name == name:
            return from_resource(found)
        if name == DEFAULT or (found is None and name in self._in_use(workspace)):
            return self.named(workspace, name)
        return next((one for one in self.all(workspace) if one.name == name), None)

    def named(self, workspace: str, key: str, by: str = "") -> Experiment:
        """The experiment that jobs call so; made when it is not there."""
        identifier = _identifier(workspace, key)
        return from_resource(self._shelf.log.get(identifier) or self._make(identifier, by))

    def _make(self, identifier: str, by: str) -> Resource:
        body = {"properties": {"name": ids.name(identifier)}}
        made = self._shelf.create(identifier, body, by) or self._shelf.log.get(identifier)
        if made is None:
            raise errors.Temporary(f"the experiment {ids.name(identifier)} is just being removed; try again")
        return made

    def adopt(self, workspace: str) -> None:
        """Makes the experiments that jobs name and nobody made."""
        for key in {DEFAULT, *self._in_use(workspace)}:
            self.named(workspace, key)

    def all(self, workspace: str) -> list[Experiment]:
        """Newest first."""
        found: list[Experiment] = []
        after: int | None = None
        while page := self._shelf.log.page(EXPERIMENTS, workspace, after=after, limit=PAGE):
            found += [from_resource(one) for one in page]
            after = page[-1].created
            if len(page) < PAGE:
                break
        return found

    def create(self, call: Call) -> Json:
        name = call.arguments.text("name")
        _check_name(name)
        if call.arguments.text("artifact_location", ""):
            raise errors.Invalid("Artifacts are kept in the workspace's artifact store: leave artifact_location out.", path="artifact_location")
        tags = {key: value for key, value in (_tag(one) for one in call.arguments.objects("tags"))}
        before = self.by_name(call.workspace, name)
        made = None if before else self._shelf.create(_identifier(call.workspace, name), {"properties": {"name": name, "tags": tags}}, call.by)
        if made is None:
            state = f" in the {before.stage} state" if before else ""
            raise errors.Conflict(f"Experiment(name={name}) already exists{state}.")
        return {"experiment_id": from_resource(made).id}

    def get(self, call: Call) -> Json:
        return {"experiment": shown(self.by_id(call.workspace, call.arguments.text("experiment_id")))}

    def get_by_name(self, call: Call) -> Json:
        name = call.arguments.text("experiment_name")
        found = self.by_name(call.workspace, name)
        if found is None:
            raise errors.Missing(f"Could not find experiment with name '{name}'")
        return {"experiment": shown(found)}

    def update(self, call: Call) -> Json:
        name = call.arguments.text("new_name")
        _check_name(name)
        experiment = self.by_id(call.workspace, call.arguments.text("experiment_id"))
        other = self.by_name(call.workspace, name)
        if other is not None and other.resource != experiment.resource:
            raise errors.Conflict(f"Experiment(name={name}) already exists.")
        if experiment.archived:
            raise errors.Invalid(f"Cannot rename the experiment {experiment.id}: it is deleted.", path="experiment_id")
        self._change(call, experiment, {"name": name})
        return {}

    def delete(self, call: Call) -> Json:
        experiment = self.by_id(call.workspace, call.arguments.text("experiment_id"))
        self._change(call, experiment, {"isArchived": True})
        return {}

    def restore(self, call: Call) -> Json:
        experiment = self.by_id(call.workspace, call.arguments.text("experiment_id"))
        self._change(call, experiment, {"isArchived": False})
        return {}

    def set_tag(self, call: Call) -> Json:
        key, value = _tag(call.arguments)
        self._retag(call, lambda tags: {**tags, key: value})
        return {}

    def delete_tag(self, call: Call) -> Json:
        key = call.arguments.text("key")
        self._retag(call, lambda tags: {name: value for name, value in tags.items() if name != key})
        return {}

    def _retag(self, call: Call, change: Retag) -> None:
        experiment = self.by_id(call.workspace, call.arguments.text("experiment_id"))
        self._shelf.change(experiment.resource, lambda properties: {**properties, "tags": change(properties.get("tags") or {})}, call.by)

    def _change(self, call: Call, experiment: Experiment, changes: Json) -> None:
        self._shelf.change(experiment.resource, lambda properties: {**properties, **changes}, call.by)


def shown(experiment: Experiment) -> Json:
    return {
        "experiment_id": experiment.id,
        "name": experiment.name,
        "artifact_location": f"mlflow-artifacts:/experiments/{experiment.id}",
        "lifecycle_stage": experiment.stage,
        "creation_time": round(experiment.created_at * 1000),
        "last_update_time": round(experiment.updated_at * 1000),
        "tags": [{"key": key, "value": value} for key, value in experiment.tags.items()],
    }


def _identifier(workspace: str, key: str) -> str:
    return ids.child(workspace, "experiments", key)


def _check_name(name: str) -> None:
    if not names.fits(name, names.EXPERIMENT) or not name.strip():
        raise errors.Invalid(f"Invalid experiment name {name[:100]!r}: it takes {names.EXPERIMENT.words}.", path="name")


def _tag(arguments: Arguments) -> tuple[str, str]:
    key, value = arguments.text("key"), arguments.anything("value")
    if len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE:
        raise errors.Invalid(
            f"An experiment tag has a key of at most {LONGEST_KEY} and a value of at most {LONGEST_VALUE} characters.", path=arguments.path("value")
        )
    return key, value
