"""The factory of the demo: the ML pipelines published, `factory/` loaded as Data Factory's Git integration saves it, its pipelines run and watched.

Everything here is asked of the server by the official client, `azure.mgmt.datafactory.DataFactoryManagementClient`, which is handed the
files as they stand. Only publishing is plain REST: the clients of today have no word for it.
"""

import json
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from telling import Failed, done

from azurine.cli import bodies, following, progress

HERE = Path(__file__).resolve().parent
FACTORY = "diabetes"
PIPELINES = {
    "dataPrep": HERE / "designer" / "data-prep.yml",
    "train": HERE / "published" / "train.yml",
    "evaluate": HERE / "published" / "evaluate.yml",
    "deploy": HERE / "published" / "deploy.yml",
    "scoring": HERE / "designer" / "scoring.yml",
}
"""What the factory's global parameters are called, and the ML pipelines whose endpoints' ids they hold."""
ML = "AzureMLExecutePipeline"
FINAL = ("Succeeded", "Failed", "Cancelled")
PAUSE = 0.3
TAIL = 30


@dataclass(frozen=True, slots=True)
class Ran:
    """A pipeline run that is over. jobs: by activity, the last sight of the ML pipeline it ran. log: by step, the last lines."""

    run: Any
    activities: tuple[Any, ...]
    jobs: dict[str, following.Sight]
    log: dict[str, deque[str]]

    def output(self, activity: str) -> dict[str, Any]:
        return next(dict(one.output) for one in self.activities if one.activity_name == activity)

    @property
    def result(self) -> dict[str, Any]:
        """What the pipeline returned, as another one that calls it reads it."""
        return dict(self.output("Result")["value"])


def published(connection: Any) -> dict[str, str]:
    """Publishes the ML pipelines, each behind an endpoint; the endpoints' ids."""
    from azure.ai.ml import load_job

    root = f"{connection.url}/pipelines/v1.0{connection.workspace_id}"
    found = {}
    for parameter, file in PIPELINES.items():
        job = load_job(file)
        made = _asked(connection, f"{root}/Pipelines/Create", {"Name": job.display_name, "Job": bodies.of(connection, job)})
        endpoint = _asked(connection, f"{root}/PipelineEndpoints/Create", {"Name": job.display_name, "PipelineId": made["Id"]})
        found[parameter] = endpoint["Id"]
    return found


def built(connection: Any, endpoints: dict[str, str]) -> list[str]:
    """Makes the factory of the files; the names of its pipelines. endpoints: of the published pipelines, for the global parameters."""
    factory, place = connection.factory, (connection.resource_group, FACTORY)
    about = json.loads((HERE / "factory" / "factory" / f"{FACTORY}.json").read_text())
    here = {**endpoints, "management": connection.url, "workspace": connection.workspace_id}
    for name, value in here.items():
        about["properties"]["globalParameters"][name]["value"] = value
    factory.factories.create_or_update(*place, _bytes(about))
    for kind, operations in (("linkedService", factory.linked_services), ("pipeline", factory.pipelines), ("trigger", factory.triggers)):
        for name, document in _in_order({file.stem: json.loads(file.read_text()) for file in (HERE / "factory" / kind).glob("*.json")}):
            operations.create_or_update(*place, name, _bytes(document))
    return [one.name for one in factory.pipelines.list_by_factory(*place)]


def _in_order(documents: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """What others call comes before them."""
    left = dict(sorted(documents.items()))
    while left:
        name = next(
            name for name, one in left.items() if not any(f'"referenceName": "{other}"' in json.dumps(one) for other in left if other != name)
        )
        yield name, left.pop(name)


def looked(connection: Any, run: str) -> Ran:
    """A pipeline run that is over, such as one that another pipeline has called."""
    watch = _Watch(connection, run)
    for _ in watch.looks():
        pass
    return watch.over()


def ran(connection: Any, pipeline: str, err: Any, **parameters: Any) -> Ran:
    """Runs a pipeline and shows it until it is over: its activities, and below each the steps of the ML pipeline."""
    name = connection.factory.pipelines.create_run(connection.resource_group, FACTORY, pipeline, parameters=parameters).run_id
    watch = _Watch(connection, name)
    with progress.screen(None, err) as screen:
        for sight in watch.looks():
            screen.show(sight)
    return watch.over()


def followed(connection: Any, pipeline: str, **parameters: Any) -> Ran:
    """The same, told at the terminal. Raises Failed when it does not succeed, with what the step that failed said last."""
    done(pipeline.lower(), "run by the factory")
    found = ran(connection, pipeline, sys.__stderr__, **parameters)
    if found.run.status != "Succeeded":
        step = next((step for job in found.jobs.values() for step in job.steps if step.status == "Failed"), None)
        cause = f"; {step.title} is {step.status}: {step.error}" if step else ""
        raise Failed(f"{pipeline} is {found.run.status}: {found.run.message}{cause}", "\n".join(found.log.get(step.name, ())) if step else "")
    return found


@dataclass
class _Watch:
    connection: Any
    name: str
    _run: Any = None
    _activities: tuple[Any, ...] = ()
    _followers: dict[str, following.Follower] = field(default_factory=dict)
    _jobs: dict[str, following.Sight] = field(default_factory=dict)
    _log: dict[str, deque[str]] = field(default_factory=dict)

    def looks(self) -> Iterator[following.Sight]:
        while True:
            yield self._look()
            if self._run.status in FINAL:
                return
            time.sleep(PAUSE)

    def over(self) -> Ran:
        return Ran(self._run, self._activities, self._jobs, self._log)

    def _look(self) -> following.Sight:
        factory, place = self.connection.factory, (self.connection.resource_group, FACTORY)
        # First the run: when that is over, all of its activities are.
        self._run = factory.pipeline_runs.get(*place, self.name)
        now = datetime.now(UTC)
        window = {"lastUpdatedAfter": (now - timedelta(days=1)).isoformat(), "lastUpdatedBefore": (now + timedelta(days=1)).isoformat()}
        found = factory.activity_runs.query_by_pipeline_run(*place, self.name, _bytes(window)).value
        self._activities = tuple(sorted(found, key=lambda one: (one.activity_run_start, one.activity_type == ML)))
        self._find_jobs()
        steps = tuple(step for one in self._activities for step in self._below(one))
        return following.Sight(_step(self._run, self.name, self._run.pipeline_name, self._run.run_start, self._run.message), steps)

    def _find_jobs(self) -> None:
        """Which jobs the activities run: a job says who has asked for it, before the activity says which one it asked for."""
        wanted = {one.activity_name for one in self._activities if one.activity_type == ML} - set(self._followers)
        if not wanted:
            return
        history = following.History(self.connection.http, self.connection.url, self.connection.workspace_id)
        for job in self.connection.ml.jobs.list():
            if job.properties.get("azurine.pipelinerun") == self.name:
                self._followers.setdefault(job.properties["azurine.activity"], following.Follower(history, job.name))

    def _below(self, activity: Any) -> Iterator[following.Step]:
        name = activity.activity_name
        error = (activity.error or {}).get("message")
        yield replace(_step(activity, activity.activity_run_id, name, activity.activity_run_start, error), depth=1)
        if name in self._followers and (name not in self._jobs or not self._jobs[name].job.final):
            self._jobs[name] = self._followers[name].look()
            for step, line in self._jobs[name].said:
                self._log.setdefault(step.name, deque(maxlen=TAIL)).append(line)
        if name in self._jobs:
            yield from (replace(step, depth=step.depth + 1) for step in self._jobs[name].steps)


def _step(run: Any, name: str, title: str, began: datetime | None, error: Any) -> following.Step:
    seconds = run.duration_in_ms / 1000 if run.duration_in_ms is not None else (datetime.now(UTC) - began).total_seconds() if began else None
    return following.Step(name, title, run.status, 0, seconds, error=" ".join(str(error or "").split()))


def _asked(connection: Any, address: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = connection.http.post(address, json=body)
    if answer.status_code >= 400:
        raise RuntimeError(f"{address} answered {answer.status_code}: {answer.text}")
    made: dict[str, Any] = answer.json()
    return made


def _bytes(body: Any) -> bytes:
    return json.dumps(body).encode()
