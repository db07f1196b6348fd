"""A run is a job, seen by MLflow. This file is the one place that knows how.

    the job's name                        run_id
    spec.properties.experimentName        the experiment, by name ("Default" when none is said; `plan.experiment` is what was made of it)
    spec.properties.displayName           run name
    spec.properties.tags                  tags: the same ones, whoever set them; what MLflow says of itself ("mlflow.…") is recorded beside them
    spec.properties.isArchived            lifecycle_stage deleted
    status.state, started, ended          status, start_time, end_time
    owner, when it is a job               the tag mlflow.parentRunId

A run that a client starts without a job becomes a job of type Tracked, which the house does not run: it goes as the client
reports. The state of any other job is not the client's to change.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from azurine.api.mlflow import house
from azurine.api.mlflow.names import run_name
from azurine.model import errors, ids, states
from azurine.model.clock import Clock
from azurine.model.resources import Json, Resource
from azurine.model.states import State
from azurine.store.log import Create, Log, Refusal, Report, Update, Write

TRACKED = "Tracked"
DEFAULT = "Default"
PARENT = "mlflow.parentRunId"
RUN_NAME = "mlflow.runName"
USER = "mlflow.user"
ATTEMPTS = 20

_STATUS: Mapping[str, str] = {
    State.PENDING: "SCHEDULED",
    State.RUNNING: "RUNNING",
    State.SUCCEEDED: "FINISHED",
    State.FAILED: "FAILED",
    State.CANCELLED: "KILLED",
    State.SKIPPED: "KILLED",
}
STATES = {"SCHEDULED": State.PENDING, "RUNNING": State.RUNNING, "FINISHED": State.SUCCEEDED, "FAILED": State.FAILED, "KILLED": State.CANCELLED}
NUMBERED = {"1": "RUNNING", "2": "SCHEDULED", "3": "FINISHED", "4": "FAILED", "5": "KILLED"}


@dataclass(frozen=True, slots=True)
class Run:
    """id: the job's id. name: MLflow's run_id. experiment: its name as the job says it. Times are seconds since 1970."""

    id: str
    name: str
    experiment: str
    title: str
    state: str
    started: float
    ended: float | None
    user: str
    tags: Mapping[str, str] = field(default_factory=dict)
    archived: bool = False
    tracked: bool = False
    created: int = 0

    @property
    def status(self) -> str:
        return _STATUS[self.state]

    @property
    def stage(self) -> str:
        return "deleted" if self.archived else "active"


def from_resource(job: Resource) -> Run:
    properties = job.spec.get("properties") or {}
    plan = job.spec.get("plan") or {}
    title = str(properties.get("displayName") or job.name)
    tags = {RUN_NAME: title, USER: job.created_by}
    if job.owner and ids.kind_of(job.owner) == house.JOBS:
        tags[PARENT] = ids.name(job.owner)
    tags |= {str(key): str(value) for key, value in (properties.get("tags") or {}).items() if value is not None}
    return Run(
        id=job.id,
        name=job.name,
        experiment=str(plan.get("experiment") or properties.get("experimentName") or DEFAULT),
        title=title,
        state=str(job.status.get("state") or State.PENDING),
        started=float(job.status.get("started") or job.created_at),
        ended=job.status.get("ended"),
        user=tags[USER],
        tags={key: value for key, value in tags.items() if value},
        archived=bool(properties.get("isArchived")),
        tracked=properties.get("jobType") == TRACKED,
        created=job.created,
    )


@dataclass(frozen=True, slots=True)
class NewRun:
    experiment: str
    title: str
    started: float
    tags: Mapping[str, str]
    by: str


class StoredRuns:
    def __init__(self, log: Log, clock: Clock) -> None:
        self._log = log
        self._clock = clock

    def now(self) -> float:
        return self._clock()

    def get(self, workspace: str, name: str) -> Run:
        """Raises errors.Missing."""
        return from_resource(self._job(workspace, name))

    def _job(self, workspace: str, name: str) -> Resource:
        job = self._log.get(ids.child(workspace, "jobs", name)) if "/" not in name else None
        if job is None:
            raise errors.Missing(f"Run with id={name[:300]} not found")
        return job

    def create(self, workspace: str, new: NewRun) -> Run:
        """A job of type Tracked, running from now on."""
        title = new.title or new.tags.get(RUN_NAME) or run_name()
        tags = {key: value for key, value in new.tags.items() if key != RUN_NAME}
        properties = {"jobType": TRACKED, "experimentName": new.experiment, "displayName": title, "tags": tags, "isArchived": False}
        identifier = ids.child(workspace, "jobs", secrets.token_hex(16))
        plan = {"type": "tracked", "experiment": new.experiment, "workspace": workspace, "root": ids.name(identifier)}
        spec = {"properties": properties, "plan": plan}
        status = {"state": str(State.RUNNING), "started": new.started, "ended": None}
        write = Create(identifier, house.JOBS, workspace, spec, status, self._owner(workspace, new.tags.get(PARENT, "")), new.by)
        made = self._log.write([write], self._clock())[0]
        if isinstance(made, Refusal):
            raise errors.Temporary("the new run could not be kept; try again")
        return from_resource(made)

    def _owner(self, workspace: str, parent: str) -> str:
        """The parent job's id; "" for a pipeline, whose steps are its only children."""
        job = self._log.get(ids.child(workspace, "jobs", parent)) if parent and "/" not in parent else None
        return job.id if job is not None and (job.spec.get("properties") or {}).get("jobType") != "Pipeline" else ""

    def report(self, workspace: str, name: str, status: str, ended: float | None) -> Run:
        """What the client says of its run; of a job that the house runs, nothing changes."""

        def write(job: Resource) -> Write | None:
            if not from_resource(job).tracked:
                return None
            state = STATES[status]
            final = states.is_final(state)
            after = {**job.status, "state": str(state), "ended": (ended if ended is not None else self._clock()) if final else None}
            return None if after == job.status else Report(job.id, after, job.revision, job.settled)

        return self._change(workspace, name, write)

    def rename(self, workspace: str, name: str, title: str) -> Run:
        return self._respell(workspace, name, {"displayName": title})

    def retag(self, workspace: str, name: str, changes: Mapping[str, str | None]) -> Run:
        """Other tags of the job itself, so that every client sees them; None takes one away."""

        def write(job: Resource) -> Write | None:
            properties: dict[str, Any] = {**(job.spec.get("properties") or {})}
            before = properties.get("tags") or {}
            tags = {key: value for key, value in {**before, **changes}.items() if value is not None}
            if tags == before:
                return None
            return Update(job.id, {**job.spec, "properties": {**properties, "tags": tags}}, job.updated_by, job.revision, job.settled)

        return self._change(workspace, name, write)

    def archive(self, workspace: str, name: str, archived: bool) -> Run:
        return self._respell(workspace, name, {"isArchived": archived})

    def _respell(self, workspace: str, name: str, changes: Json) -> Run:
        def write(job: Resource) -> Write | None:
            properties: dict[str, Any] = {**(job.spec.get("properties") or {}), **changes}
            if properties == job.spec.get("properties"):
                return None
            return Update(job.id, {**job.spec, "properties": properties}, job.updated_by, job.revision, job.settled)

        return self._change(workspace, name, write)

    def _change(self, workspace: str, name: str, write: Callable[[Resource], Write | None]) -> Run:
        for _ in range(ATTEMPTS):
            job = self._job(workspace, name)
            wanted = write(job)
            if wanted is None:
                return from_resource(job)
            done = self._log.write([wanted], self._clock())[0]
            if isinstance(done, Resource):
                return from_resource(done)
        raise errors.Temporary(f"the run {name} is being changed by others all the time; try again")

    def under(self, workspace: str, after: int | None, limit: int) -> Sequence[tuple[Run, int]]:
        """Runs in the order of their creation, with their revisions: for the index."""
        return [(from_resource(job), job.revision) for job in self._log.page(house.JOBS, workspace, after=after, newest_first=False, limit=limit)]
