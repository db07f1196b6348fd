"""Numbers of a component become metrics of the run it belongs to, where there is one: MLflow's own variables say which, and where.

One request of MLflow's REST contract, without the package: importing it takes longer than most components. Outside a job (no MLFLOW_RUN_ID)
nothing is recorded. That the tracking server cannot be reached is a line in the node's log and not the end of the node: the numbers are in its
output as well.
"""

import json
import os
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping

RUN, ADDRESS, TOKEN = "MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN"
AUTHORITIES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
PATIENCE = 30.0
MOST = 1000
"""Metrics of one request."""


def record(measures: Mapping[str, float | None], say: Callable[[str], None], variables: Mapping[str, str] | None = None) -> None:
    """Logs what has a value to the run this process belongs to. variables: those of a step; None: of this process."""
    record_all([(name, value, 0) for name, value in measures.items() if value is not None], {}, say, variables)


def record_all(
    points: Iterable[tuple[str, float, int]], parameters: Mapping[str, str], say: Callable[[str], None], variables: Mapping[str, str] | None = None
) -> None:
    """The same for many numbers. points: (name, value, step)."""
    # Read here and not in settings: they are MLflow's, and set for the one process of a step.
    said = os.environ if variables is None else variables
    run, address = said.get(RUN), said.get(ADDRESS, "")
    if not run:
        return
    if not address.startswith(("https://", "http://")):
        say(f"the numbers are not logged as metrics: {ADDRESS} is no address of a tracking server")
        return
    now = int(time.time() * 1000)
    metrics = [{"key": name, "value": float(value), "timestamp": now, "step": step} for name, value, step in points]
    told = [{"key": name, "value": value} for name, value in parameters.items()]
    try:
        for place in range(0, max(1, len(metrics)), MOST):
            batch = {"run_id": run, "metrics": metrics[place : place + MOST], **({"params": told} if told and not place else {})}
            _post(f"{address.rstrip('/')}/api/2.0/mlflow/runs/log-batch", batch, said)
    except (OSError, ValueError) as error:
        reason = error.read().decode("utf-8", "replace")[:500] if isinstance(error, urllib.error.HTTPError) else str(error)
        say(f"the numbers could not be logged as metrics: {reason}")


def fitting(name: str) -> str:
    """The name with what may not stand in a metric's name replaced."""
    return re.sub(r"[^\w\-. :/]", "_", name)[:200]


def _post(address: str, body: Mapping[str, object], said: Mapping[str, str]) -> None:
    headers = {"Content-Type": "application/json"}
    if said.get(TOKEN):
        headers["Authorization"] = f"Bearer {said[TOKEN]}"
    authority = next((said[name] for name in AUTHORITIES if said.get(name)), None)
    context = ssl.create_default_context(cafile=authority) if address.startswith("https://") else None
    request = urllib.request.Request(address, json.dumps(body).encode("utf-8"), headers, method="POST")
    with urllib.request.urlopen(request, timeout=PATIENCE, context=context):
        pass
