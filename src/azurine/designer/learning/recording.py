"""Numbers of a component become metrics of the run, where there is one: MLflow's own variables say which.

Outside a job (no MLFLOW_RUN_ID) and without the package mlflow nothing is recorded. That the tracking server cannot be reached is a line
in the node's log and not the end of the node: the numbers are in its output as well.
"""

import os
import time
from collections.abc import Callable, Mapping

RUN = "MLFLOW_RUN_ID"


def record(measures: Mapping[str, float | None], say: Callable[[str], None]) -> None:
    """Logs what has a value to the run this process belongs to."""
    # The variable is read here and not in settings: it is MLflow's, set for the one process of a step.
    if RUN not in os.environ:
        return
    known = {name: float(value) for name, value in measures.items() if value is not None}
    try:
        # Inside: a second and a half, only where there is something to log to.
        from mlflow import MlflowClient
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        MlflowClient().log_batch(os.environ[RUN], metrics=[Metric(name, value, now, 0) for name, value in known.items()])
    except ModuleNotFoundError:
        say("the numbers are not logged as metrics: mlflow is not installed here")
    except Exception as error:  # noqa: BLE001 whatever the way to the tracking server throws; see above
        say(f"the numbers could not be logged as metrics: {error}")
