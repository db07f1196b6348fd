"""Where the rooms of data factories meet: the kinds of the wing, and the doors by which its runs are begun and asked about.

A part of `app`, which puts the kinds, the table and the performers among the others.
"""

from collections.abc import Mapping
from typing import Any

from azurine import factory
from azurine.api.actions import Table
from azurine.api.factory import monitoring, running
from azurine.factory import integration_runtimes, runs
from azurine.factory import kinds as names
from azurine.factory.activities import azure_ml
from azurine.ml import jobs
from azurine.model import clock
from azurine.model.resources import Resource
from azurine.reconcile.following import Following
from azurine.reconcile.performers import Performer
from azurine.store.log import Log
from azurine.tracking.contract import Tracking

KINDS = factory.KINDS
_NAMES = monitoring.Names(names.FACTORIES, names.RUNS, names.PAGES, names.TRIGGERS, names.TRIGGER_RUNS)


def table() -> Table:
    """The questions that are asked of factories, pipelines, runs and triggers."""
    status: Table = {(names.INTEGRATION_RUNTIMES, "getStatus"): lambda asked: integration_runtimes.status(asked.resource)}
    return {**status, **running.table(names.PIPELINES, names.RUNS, runs.cancel), **monitoring.table(_NAMES, runs.told)}


class Workshop:
    """Those who do the work of activities, and what they work with."""

    def __init__(self, log: Log, tracking: Tracking) -> None:
        self._log = log
        self._tracking = tracking
        self._following = Following(log, "job", self._results)
        self.performers: Mapping[str, Performer] = {azure_ml.WORK: self._following}

    def close(self) -> None:
        self._following.close()

    def _results(self, job: Resource) -> dict[str, Any]:
        """What a later activity can read of a job that has ended."""
        steps = [one for one in self._log.owned_by(job.id) if one.spec.get("node")]
        measured = self._tracking.latest([job.id, *(one.id for one in steps)])
        metrics = {run: {name: metric.value for name, metric in facts.metrics.items()} for run, facts in measured.items()}
        merged: dict[str, float] = {}
        for one in sorted(steps, key=lambda step: float(step.status.get("ended") or 0)):
            merged.update(metrics.get(one.id, {}))
        shown = jobs.KIND.show(job)["properties"]
        began, ended = job.status.get("started"), job.status.get("ended")
        return {
            "runId": job.name,
            "experimentName": shown["experimentName"],
            "status": shown["status"],
            "pipelineId": shown["properties"].get("azureml.pipelineid"),
            "startTime": clock.iso(began) if began else None,
            "endTime": clock.iso(ended) if ended else None,
            "metrics": {**merged, **metrics.get(job.id, {})},
            "outputs": shown["outputs"],
            "steps": {str(one.spec["node"]): self._step(one, metrics.get(one.id, {})) for one in steps},
            "message": str((job.status.get("error") or {}).get("message") or ""),
        }

    def _step(self, step: Resource, metrics: Mapping[str, float]) -> dict[str, Any]:
        shown = jobs.KIND.show(step)["properties"]
        return {"runId": step.name, "status": shown["status"], "metrics": metrics, "outputs": shown["outputs"]}
