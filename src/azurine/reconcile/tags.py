"""The tags of a job whose outcome stands for another's: what it was tagged with, that one is tagged with too, unless it says otherwise itself."""

from azurine.model import errors
from azurine.store.log import Log, Refusal, Update

ATTEMPTS = 20


def take_over(log: Log, source: str, target: str, now: float) -> None:
    """source, target: ids of jobs. Doing it again changes nothing. Raises errors.Temporary when others change the job all the time."""
    before = log.get(source)
    found = (before.spec["properties"].get("tags") or {}) if before is not None else {}
    for _ in range(ATTEMPTS if found else 0):
        job = log.get(target)
        if job is None:
            return
        properties = job.spec["properties"]
        merged = {**found, **(properties.get("tags") or {})}
        if merged == (properties.get("tags") or {}):
            return
        spec = {**job.spec, "properties": {**properties, "tags": merged}}
        [done] = log.write([Update(job.id, spec, job.updated_by, job.revision, job.settled)], now)
        if not isinstance(done, Refusal):
            return
    if found:
        raise errors.Temporary(f"{target} is being changed by others all the time; try again")
