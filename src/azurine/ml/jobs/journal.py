"""What a pipeline tells of itself while it runs: a line for each step that began or ended, in the order of time.

Lines are only ever added at the end, so a reader can go on from where it was.
"""

from collections.abc import Sequence

from azurine.ml.jobs import words
from azurine.model import clock, states
from azurine.model.resources import Resource


def text(pipeline: Resource, children: Sequence[Resource]) -> str:
    """The log so far; "" for a job that is no pipeline."""
    if pipeline.spec.get("plan", {}).get("type") != "pipeline":
        return ""
    lines = [(pipeline.status.get("started") or pipeline.created_at, 0, f"pipeline {pipeline.name} has started")]
    for child in children:
        name = child.spec.get("node") or child.name
        if child.status.get("started"):
            lines.append((child.status["started"], 1, f"{name}: started ({child.name})"))
        if states.is_final(child.status.get("state", "")):
            lines.append((child.status.get("ended") or 0.0, 2, f"{name}: {_ending(child)}"))
    if states.is_final(pipeline.status.get("state", "")):
        lines.append((pipeline.status.get("ended") or 0.0, 3, f"pipeline {pipeline.name}: {_ending(pipeline)}"))
    return "".join(f"[{clock.iso(moment)}] {said}\n" for moment, _, said in sorted(lines))


def _ending(job: Resource) -> str:
    said = words.status(job)
    if job.status.get("reused"):
        said += f" (reused from {job.status['reused']})"
    error = (job.status.get("error") or {}).get("message")
    return f"{said}: {error.splitlines()[0]}" if error else said
