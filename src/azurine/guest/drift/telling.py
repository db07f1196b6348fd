"""Numbers, parameters and tags of a run of a monitor, told to the tracking server: requests of MLflow's REST contract, without the package.

Outside a run (no MLFLOW_RUN_ID) nothing is told. What cannot be told is a line in the log and not the end of the run: it is in its outputs as well.
"""

import re
import time
from collections.abc import Callable, Iterable, Mapping

from azurine.designer.learning import recording

BATCH = 500
"""What a request may carry is a thousand."""


Point = tuple[str, float, int]
"""(name, value, step)"""


def tell(points: Iterable[Point], marks: Mapping[str, Mapping[str, str]], variables: Mapping[str, str], say: Callable[[str], None]) -> None:
    """marks: `tags` and `params`. variables: of a step; they say which run it is, and where it is kept."""
    run, address = variables.get(recording.RUN), variables.get(recording.ADDRESS, "")
    if not run or not address.startswith(("https://", "http://")):
        return
    now = int(time.time() * 1000)
    metrics = [{"key": name, "value": value, "timestamp": now, "step": step} for name, value, step in points]
    first = {sort: [{"key": name, "value": value} for name, value in some.items()] for sort, some in marks.items()}
    try:
        for start in range(0, max(len(metrics), 1), BATCH):
            body = {"run_id": run, "metrics": metrics[start : start + BATCH], **({} if start else first)}
            recording.post(address, body, variables)
    except (OSError, ValueError) as error:
        say(f"the numbers could not be told to the tracking server: {recording.reason(error)}")


def fitting(name: str) -> str:
    """The name with what may not stand in a metric's name replaced."""
    return re.sub(r"[^\w\-. :/]", "_", name)[:200]
