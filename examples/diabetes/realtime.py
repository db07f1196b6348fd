"""The real-time service of the demo: the registered model behind an address, and two patients asked about as any program would ask.

The files are those of `endpoint/`, and the calls those of the official client; only the question itself is plain HTTP, with a key.
"""

import json
from pathlib import Path
from typing import Any

import requests

FILES = Path(__file__).resolve().parent / "endpoint"
CLASSES = ("not-diabetic", "diabetic")


def deployed(connection: Any) -> Any:
    """The endpoint, with a deployment of the newest model that takes all traffic."""
    from azure.ai.ml import load_online_deployment, load_online_endpoint

    ml = connection.ml
    endpoint = ml.online_endpoints.begin_create_or_update(load_online_endpoint(FILES / "endpoint.yml")).result()
    deployment = ml.online_deployments.begin_create_or_update(load_online_deployment(FILES / "deployment.yml")).result()
    endpoint.traffic = {deployment.name: 100}
    return ml.online_endpoints.begin_create_or_update(endpoint).result()


def asked(connection: Any, endpoint: Any) -> list[str]:
    """What the service says of the two patients in `request.json`: the names of their classes."""
    key = connection.ml.online_endpoints.get_keys(endpoint.name).primary_key
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    body = (FILES / "request.json").read_bytes()
    answer = requests.post(endpoint.scoring_uri, data=body, headers=headers, verify=connection.http.verify, timeout=60)
    answer.raise_for_status()
    said: list[str] = json.loads(answer.json())  # twice: the script answers a text that is JSON
    return said
