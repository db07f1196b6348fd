"""What came of a job, where that takes the log and the tracking: the jobs of its steps, and what they measured.

A part of the roof: the tracking knows runs and no jobs, the log jobs and no metrics.
"""

from collections.abc import Sequence

from azurine.model.resources import Resource
from azurine.store.log import Log
from azurine.tracking.contract import Tracking


def steps(log: Log, job: Resource) -> dict[str, Resource]:
    """The jobs of a pipeline job's nodes, by the nodes' names."""
    return {str(one.spec["node"]): one for one in log.owned_by(job.id) if one.spec.get("node")}


def measured(tracking: Tracking, jobs: Sequence[Resource]) -> dict[str, dict[str, float]]:
    """{id: {metric: its latest value}}."""
    found = tracking.latest([one.id for one in jobs])
    return {run: {name: metric.value for name, metric in facts.metrics.items()} for run, facts in found.items()}
