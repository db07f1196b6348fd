"""What the demo says of itself: a line when something is done, a row of the report at the end, and why it failed."""

import contextlib
from collections import Counter
from pathlib import Path
from typing import Any

from azurine.cli import printing


class Failed(Exception):
    """The demo did not reach its end. Its text says why; log: the last lines of whatever tells more."""

    def __init__(self, reason: str, log: str = "") -> None:
        super().__init__(reason)
        self.log = log


def done(what: str, text: str) -> None:
    print(f"{what:<9} {text}", flush=True)


def row(name: str, text: str) -> None:
    print(f"  {name:<12}{text}")


def shown(path: Path) -> str:
    """From where the user stands, when it is below."""
    with contextlib.suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


def account(ran: Any) -> None:
    """What the factory did, activity by activity; those of a loop once, with how often they ran."""
    row(ran.run.pipeline_name, f"{ran.run.status} in {printing.seconds_text(ran.run.duration_in_ms / 1000)}")
    often = Counter(one.activity_name for one in ran.activities)
    for one in {one.activity_name: one for one in ran.activities}.values():
        job = ran.jobs.get(one.activity_name)
        steps = f"  {', '.join(step.title for step in job.steps)}" if job else ""
        times = f"  {often[one.activity_name]} times" if often[one.activity_name] > 1 else ""
        print(f"    {one.activity_name:<20}{one.status:<11}{printing.seconds_text(one.duration_in_ms / 1000):>7}{steps}{times}")
