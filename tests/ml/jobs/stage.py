"""A stage for plays about jobs: the real loop and kinds over a store in memory, with performers that do what the play says."""

import json
from collections.abc import Mapping
from typing import Any

from azurine import ml
from azurine.ml import drafts, jobs, pipeline_endpoints, pipelines, resource_groups, subscriptions
from azurine.model.clock import Movable
from azurine.model.decisions import Outcome
from azurine.model.kinds import Kind
from azurine.model.resources import Json, Resource
from azurine.reconcile.loop import Loop
from azurine.reconcile.performers import File, Request
from azurine.store import admission
from azurine.store.log import Update
from azurine.store.memory import MemoryLog

GROUP = "subscriptions/s/resourceGroups/g"
WORKSPACE = f"{GROUP}/workspaces/shop"
ENVIRONMENT = "azureml:AzureML-sklearn-1.5@latest"
KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        *ml.kinds("https://localhost:1"),
        *jobs.KINDS,
        pipelines.KIND,
        pipeline_endpoints.KIND,
        drafts.KIND,
        subscriptions.KIND,
        resource_groups.KIND,
    )
}


class Performer:
    """Writes down what is wished; the play files how it goes."""

    def __init__(self) -> None:
        self.wishes: dict[str, Json] = {}
        self.files: dict[str, File] = {}
        self.ceased: list[str] = []

    def perform(self, request: Request, file: File) -> None:
        self.wishes[request.key] = request.arguments
        self.files[request.key] = file

    def cease(self, key: str, file: File) -> None:
        self.ceased.append(key)
        file(Outcome("cancelled"))


class Stage:
    def __init__(self) -> None:
        self.store = MemoryLog()
        self.clock = Movable()
        self.steps, self.graphs, self.copies, self.environments, self.clusters, self.containers = (Performer() for _ in range(6))
        works = {
            "step": self.steps,
            "graph": self.graphs,
            "tracking.copy": self.copies,
            "environment": self.environments,
            "cluster": self.clusters,
            "container": self.containers,
        }
        self.loop = Loop(self.store, KINDS, works, self.clock)
        for identifier, body in (("subscriptions/s", {}), (GROUP, {"location": "local"}), (WORKSPACE, {"location": "local"})):
            self.put(identifier, body)
        self.settle()
        for file in self.containers.files.values():
            file(Outcome("succeeded"))
        self.containers.wishes.clear()
        self.settle()

    def put(self, identifier: str, body: Json) -> Resource:
        """Admits a body under an id (below the workspace unless it begins with `subscriptions/`)."""
        full = identifier if identifier.startswith("subscriptions/") else f"{WORKSPACE}/{identifier}"
        return admission.admit(self.store, KINDS, admission.Request(full, lambda before: body, by="me"), self.clock()).resource

    def component(self, name: str, **spec: Any) -> str:
        """Registers a command component (a pipeline component when it has jobs); answers how to name it."""
        whole = {
            "name": name,
            **({"type": "pipeline"} if "jobs" in spec else {"type": "command", "command": "run", "environment": ENVIRONMENT}),
            **spec,
        }
        self.put(f"components/{name}/versions/1", {"properties": {"componentSpec": whole}})
        return f"azureml:{name}:1"

    def command(self, name: str, **properties: Any) -> Resource:
        return self.put(f"jobs/{name}", {"properties": {"jobType": "Command", "command": "run", "environmentId": ENVIRONMENT, **properties}})

    def pipeline(self, name: str, nodes: Mapping[str, Json], **properties: Any) -> Resource:
        return self.put(f"jobs/{name}", {"properties": {"jobType": "Pipeline", "jobs": nodes, **properties}})

    def settle(self) -> None:
        self.loop.settle()

    def job(self, name: str) -> Resource:
        found = self.store.get(f"{WORKSPACE}/jobs/{name}")
        assert found is not None, f"there is no job {name}"
        return found

    def child(self, pipeline: str, node: str) -> Resource:
        return next(one for one in self.store.owned_by(self.job(pipeline).id) if one.spec.get("node") == node)

    def children(self, pipeline: str) -> list[str]:
        """The nodes that have been started."""
        return [str(one.spec["node"]) for one in self.store.owned_by(self.job(pipeline).id) if one.spec.get("node")]

    def shown(self, name: str) -> Any:
        return json.loads(json.dumps(KINDS["workspaces/jobs"].show(self.job(name))))["properties"]

    def status(self, name: str) -> str:
        return str(self.shown(name)["status"])

    def wish(self, job: Resource, attempt: int = 1) -> Json:
        """What the step performer was told for a job."""
        return self.steps.wishes[_key(job, attempt)]

    def tell(self, job: Resource, state: str, attempt: int = 1, *, error: Json | None = None, **output: Any) -> None:
        """The step performer files how an attempt goes."""
        self.steps.files[_key(job, attempt)](Outcome(state, output, error))
        self.settle()

    def succeed(self, *nodes: str, of: str) -> None:
        for node in nodes:
            self.tell(self.child(of, node), "succeeded", ended=self.clock())

    def cancel(self, name: str) -> None:
        job = self.job(name)
        self.store.write([Update(job.id, jobs.cancel(job, {}), settled=False)], self.clock())
        self.settle()


def _key(job: Resource, attempt: int) -> str:
    return f"{job.id}#{job.created_at:.6f}#run#{attempt}"
