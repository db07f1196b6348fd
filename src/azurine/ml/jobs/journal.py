"""What a pipeline tells of itself while it runs: a line for each step that began or ended.

Lines are only ever added at the end, so a reader can go on from where it was: they stand in the order in which the house came to
know of what they tell, though each says when it really happened.
"""

from collections.abc import Sequence

from azurine.ml.jobs import words
from azurine.model import clock, states
from azurine.model.resources import Resource


def text(pipeline: Resource, children: Sequence[Resource]) -> str:
    """The log so far; "" for a job that is no pipeline."""
    if pipeline.spec.get("plan", {}).get("type") != "pipeline":
        return ""
    begun = pipeline.status.get("started") or pipeline.created_at
    lines = [(0.0, 0, f"[{clock.iso(begun)}] pipeline {pipeline.name} has started")]
    for child in children:
        lines += _lines(child, str(child.spec.get("node") or child.name), 1)
    lines += [line for line in _lines(pipeline, f"pipeline {pipeline.name}", 3) if line[1] != 3]
    return "".join(f"{said}\n" for _, _, said in sorted(lines, key=lambda line: line[:2]))


def _lines(job: Resource, name: str, rank: int) -> list[tuple[float, int, str]]:
    """(known since, rank among what became known at the same moment, the line)."""
    seen, started, end = job.status.get("seen", {}), job.status.get("started"), job.status.get("ended")
    found = []
    if started and not job.status.get("reused"):
        found.append((seen.get("started", started), rank, f"[{clock.iso(started)}] {name}: started ({job.name})"))
    if states.is_final(job.status.get("state", "")) and end:
        found.append((seen.get("ended", end), rank + 1, f"[{clock.iso(end)}] {name}: {_ending(job)}"))
    return found


def _ending(job: Resource) -> str:
    said = words.status(job)
    if job.status.get("reused"):
        said += f" (reused from {job.status['reused']})"
    error = (job.status.get("error") or {}).get("message")
    return f"{said}: {error.splitlines()[0]}" if error else said
