"""The real-time service of the demo: an address, behind which the factory puts the model it has trained, and two patients asked about as any program would.

The files are those of `endpoint/`, and the calls those of the official client; only the question itself is plain HTTP, with a key.
"""

from pathlib import Path
from typing import Any

import requests

FILES = Path(__file__).resolve().parent / "endpoint"
CLASSES = ("not-diabetic", "diabetic")


def addressed(connection: Any) -> Any:
    """The endpoint, with nothing behind it yet."""
    from azure.ai.ml import load_online_endpoint

    return connection.ml.online_endpoints.begin_create_or_update(load_online_endpoint(FILES / "endpoint.yml")).result()


def asked(connection: Any, endpoint: Any) -> list[str]:
    """What the service says of the two patients in `request-mlflow.json`: the names of their classes."""
    key = connection.ml.online_endpoints.get_keys(endpoint.name).primary_key
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    body = (FILES / "request-mlflow.json").read_bytes()
    answer = requests.post(endpoint.scoring_uri, data=body, headers=headers, verify=connection.http.verify, timeout=60)
    answer.raise_for_status()
    return [CLASSES[one] for one in answer.json()]
