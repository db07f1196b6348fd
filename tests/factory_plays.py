"""A factory on a store in memory, with the real loop and a clock that is moved: pipelines are published and run, and their end looked at."""

from collections.abc import Mapping
from typing import Any

from azurine import factory
from azurine.factory import kinds, runs
from azurine.factory.runs import records
from azurine.model import ids
from azurine.model.clock import Movable
from azurine.model.decisions import Outcome
from azurine.model.kinds import Kind
from azurine.model.resources import Resource
from azurine.model.states import State
from azurine.reconcile.loop import Loop
from azurine.reconcile.performers import File, Request
from azurine.store import admission
from azurine.store.log import Create, Log, Update
from azurine.store.memory import MemoryLog

FACTORY = "subscriptions/s/resourceGroups/g/factories/shop"
KINDS: dict[str, Kind] = {kind.name: kind for kind in factory.KINDS}
Json = Mapping[str, Any]


class Workshop:
    """A performer for one sort of work, answered by hand: `asked` holds what was wished, by key."""

    def __init__(self) -> None:
        self.asked: dict[str, Request] = {}
        self.ceased: list[str] = []
        self.times: dict[str, int] = {}
        self._files: dict[str, File] = {}

    def perform(self, request: Request, file: File) -> None:
        self.asked[request.key] = request
        self.times[request.key] = self.times.get(request.key, 0) + 1
        self._files[request.key] = file

    def cease(self, key: str, file: File) -> None:
        self.ceased.append(key)
        file(Outcome(State.CANCELLED))

    def answer(self, key: str, output: Json | None = None, error: Json | None = None) -> None:
        self._files[key](Outcome(State.FAILED if error else State.SUCCEEDED, output or {}, error))


class Play:
    """performers: by the name of the work."""

    def __init__(self, performers: Mapping[str, Any] | None = None, log: Log | None = None) -> None:
        self.clock = Movable()
        self.log: Log = log or MemoryLog()
        self.performers = performers or {}
        self.loop = self._loop()
        self._runs = 0
        if self.log.get(FACTORY) is None:
            self.log.write([Create(FACTORY, kinds.FACTORIES, "", {"location": "local"})], self.clock())

    def _loop(self) -> Loop:
        return Loop(self.log, KINDS, self.performers, self.clock)

    def restart(self) -> None:
        """As after kill -9: another loop looks at everything that has not come to rest."""
        self.loop = self._loop()
        self.loop.rouse()

    def put(self, path: str, body: Json) -> Resource:
        identifier = path if path.startswith("subscriptions/") else f"{FACTORY}/{path}"
        return admission.admit(self.log, KINDS, admission.Request(identifier, lambda _: body), self.clock()).resource

    def pipeline(self, name: str, *activities: Json, **properties: Any) -> Resource:
        return self.put(f"pipelines/{name}", {"properties": {"activities": list(activities), **properties}})

    def create(self, pipeline: str, parameters: Json | None = None, **more: Any) -> str:
        self._runs += 1
        name = f"run-{self._runs}"
        self.put(f"pipelineruns/{name}", {"pipeline": pipeline, "parameters": parameters or {}, **more})
        return name

    def run(self, pipeline: str, parameters: Json | None = None, **more: Any) -> Resource:
        """A run, as far as it goes at this moment."""
        name = self.create(pipeline, parameters, **more)
        self.loop.settle()
        return self.get(name)

    def go(self, *activities: Json, **properties: Any) -> Resource:
        """Publishes a pipeline of these activities and runs it."""
        self.pipeline("p", *activities, **properties)
        return self.run("p")

    def get(self, name: str) -> Resource:
        found = self.log.get(f"{FACTORY}/pipelineruns/{name}")
        assert found is not None
        return found

    def wait(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.loop.settle()

    def cancel(self, name: str, recursive: bool = True) -> None:
        current = self.get(name)
        self.log.write([Update(current.id, runs.cancel(current, {"recursive": recursive}), settled=False)], self.clock())
        self.loop.settle()

    def activities(self, run: Resource) -> list[dict[str, Any]]:
        """The ActivityRuns that are over, in the order in which they ended."""
        current = self.get(run.name)
        pages = {one.name: one for one in self.log.page(kinds.PAGES, current.id, limit=100_000)}
        return [records.show(current, current.id, one) for one in reversed(list(records.chained(current, pages)))]

    def statuses(self, run: Resource) -> dict[str, str]:
        return {one["activityName"]: one["status"] for one in self.activities(run)}

    def show(self, run: Resource) -> Json:
        return KINDS[run.kind].show(self.get(run.name))

    def children(self, run: Resource) -> list[Resource]:
        return [one for one in self.log.owned_by(run.id) if one.kind == kinds.RUNS]


def activity(name: str, kind: str, *after: str | tuple[str, str], **properties: Any) -> dict[str, Any]:
    """after: names of activities that must succeed before, or (name, conditions with commas)."""
    needs = [(one, "Succeeded") if isinstance(one, str) else one for one in after]
    top = {key.removeprefix("_"): properties.pop(key) for key in list(properties) if key.startswith("_")}
    return {
        "name": name,
        "type": kind,
        "dependsOn": [{"activity": needed, "dependencyConditions": wanted.split(",")} for needed, wanted in needs],
        "typeProperties": properties,
        **top,
    }


def expression(text: str) -> dict[str, str]:
    return {"value": text, "type": "Expression"}


def done(name: str, *after: str | tuple[str, str]) -> dict[str, Any]:
    """An activity that succeeds at once."""
    return activity(name, "Wait", *after, waitTimeInSeconds=0)


def broken(name: str, *after: str | tuple[str, str]) -> dict[str, Any]:
    """An activity that fails at once."""
    return activity(name, "Fail", *after, message=f"{name} broke", errorCode="500")


def name_of(resource: Resource) -> str:
    return ids.name(resource.id)
