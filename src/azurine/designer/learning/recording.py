"""Numbers of a component become metrics of the run it belongs to, where there is one: MLflow's own variables say which, and where.

One request of MLflow's REST contract, without the package: importing it takes longer than most components. Outside a job (no MLFLOW_RUN_ID)
nothing is recorded. That the tracking server cannot be reached is a line in the node's log and not the end of the node: the numbers are in its
output as well.
"""

import json
import os
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

RUN, ADDRESS, TOKEN = "MLFLOW_RUN_ID", "MLFLOW_TRACKING_URI", "MLFLOW_TRACKING_TOKEN"
AUTHORITIES = ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
PATIENCE = 30.0


def record(measures: Mapping[str, float | None], say: Callable[[str], None], variables: Mapping[str, str] | None = None) -> None:
    """Logs what has a value to the run this process belongs to. variables: those of a step; None: of this process."""
    # Read here and not in settings: they are MLflow's, and set for the one process of a step.
    said = os.environ if variables is None else variables
    run, address = said.get(RUN), said.get(ADDRESS, "")
    if not run:
        return
    if not address.startswith(("https://", "http://")):
        say(f"the numbers are not logged as metrics: {ADDRESS} is no address of a tracking server")
        return
    now = int(time.time() * 1000)
    metrics = [{"key": name, "value": float(value), "timestamp": now, "step": 0} for name, value in measures.items() if value is not None]
    try:
        post(address, {"run_id": run, "metrics": metrics}, said)
    except (OSError, ValueError) as error:
        say(f"the numbers could not be logged as metrics: {reason(error)}")


def post(address: str, batch: Mapping[str, object], variables: Mapping[str, str]) -> None:
    """A batch of what is to be logged, to the tracking server at that address. variables: of a step. Raises OSError or ValueError."""
    headers = {"Content-Type": "application/json"}
    if variables.get(TOKEN):
        headers["Authorization"] = f"Bearer {variables[TOKEN]}"
    authority = next((variables[name] for name in AUTHORITIES if variables.get(name)), None)
    context = ssl.create_default_context(cafile=authority) if address.startswith("https://") else None
    place = f"{address.rstrip('/')}/api/2.0/mlflow/runs/log-batch"
    request = urllib.request.Request(place, json.dumps(batch).encode("utf-8"), headers, method="POST")
    with urllib.request.urlopen(request, timeout=PATIENCE, context=context):
        pass


def reason(error: Exception) -> str:
    """Why a batch could not be logged: what the server says, if it does."""
    return error.read().decode("utf-8", "replace")[:500] if isinstance(error, urllib.error.HTTPError) else str(error)
