"""Numbers, parameters and tags of a run of a monitor, told to the tracking server: requests of MLflow's REST contract, without the package.

Outside a run (no MLFLOW_RUN_ID) nothing is told. What cannot be told is a line in the log and not the end of the run: it is in its outputs as well.
"""

import json
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping

RUN, ADDRESS, TOKEN = "MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN"
AUTHORITIES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
PATIENCE = 30.0
BATCH = 500
"""What a request may carry is a thousand."""


Point = tuple[str, float, int]
"""(name, value, step)"""


def tell(points: Iterable[Point], marks: Mapping[str, Mapping[str, str]], variables: Mapping[str, str], say: Callable[[str], None]) -> None:
    """marks: `tags` and `params`. variables: of a step; they say which run it is, and where it is kept."""
    run, address = variables.get(RUN), variables.get(ADDRESS, "")
    if not run or not address.startswith(("https://", "http://")):
        return
    now = int(time.time() * 1000)
    metrics = [{"key": name, "value": value, "timestamp": now, "step": step} for name, value, step in points]
    first = {sort: [{"key": name, "value": value} for name, value in some.items()] for sort, some in marks.items()}
    try:
        for start in range(0, max(len(metrics), 1), BATCH):
            body = {"run_id": run, "metrics": metrics[start : start + BATCH], **({} if start else first)}
            _post(f"{address.rstrip('/')}/api/2.0/mlflow/runs/log-batch", body, variables)
    except (OSError, ValueError) as error:
        reason = error.read().decode("utf-8", "replace")[:500] if isinstance(error, urllib.error.HTTPError) else str(error)
        say(f"the numbers could not be told to the tracking server: {reason}")


def fitting(name: str) -> str:
    """The name with what may not stand in a metric's name replaced."""
    return re.sub(r"[^\w\-. :/]", "_", name)[:200]


def _post(address: str, body: Mapping[str, object], variables: Mapping[str, str]) -> None:
    headers = {"Content-Type": "application/json"}
    if variables.get(TOKEN):
        headers["Authorization"] = f"Bearer {variables[TOKEN]}"
    authority = next((variables[name] for name in AUTHORITIES if variables.get(name)), None)
    context = ssl.create_default_context(cafile=authority) if address.startswith("https://") else None
    request = urllib.request.Request(address, json.dumps(body).encode("utf-8"), headers, method="POST")
    with urllib.request.urlopen(request, timeout=PATIENCE, context=context):
        pass
