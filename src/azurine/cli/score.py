"""`azurine score ENDPOINT -d FILE`: a request to a model, for people without Python."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from azurine.cli import commands, faults
from azurine.cli.commands import Here


def register(app: typer.Typer) -> None:
    commands.command(app, "score")(score)


def score(
    here: Here,
    endpoint: Annotated[str, typer.Argument(help="The endpoint's name, or its address.", show_default=False)],
    data: Annotated[str, typer.Option("--data", "-d", help="A file with JSON; - for standard input; or the JSON itself.", show_default=False)],
    deployment: Annotated[str | None, typer.Option("--deployment-name", help="This deployment, whatever the traffic.", show_default=False)] = None,
    key: Annotated[str | None, typer.Option("--key", help="A key or token; without it the server is asked for one.", show_default=False)] = None,
) -> Any:
    """Sends data to an endpoint, and prints what the model answers."""
    import requests  # here: only wanted by this command

    body = _read(data)
    address, token = _where(here, endpoint, key)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if deployment:
        headers["azureml-model-deployment"] = deployment
    answer = requests.post(address, data=body, headers=headers, verify=here.connection.http.verify, timeout=200)
    if answer.status_code != 200:
        raise faults.Failure(f"{address} answered {answer.status_code}: {_reason(answer)}")
    try:
        found = answer.json()
        # A script that answers with json.dumps is written twice on the wire; whoever reads it wants what was meant.
        return json.loads(found) if isinstance(found, str) else found
    except ValueError:
        return answer.text


def _where(here: Here, endpoint: str, key: str | None) -> tuple[str, str]:
    name = endpoint.split("/endpoints/")[-1].split("/")[0] if "://" in endpoint else endpoint
    if "://" in endpoint and key:
        return endpoint, key
    found = here.ml.online_endpoints.get(name)
    held = vars(here.ml.online_endpoints.get_keys(name)) if not key else {}
    return endpoint if "://" in endpoint else found.scoring_uri, key or held.get("primary_key") or held["access_token"]


def _read(data: str) -> bytes:
    if data == "-":
        return sys.stdin.buffer.read()
    if data.lstrip()[:1] in ("{", "["):
        return data.encode()
    path = Path(data.removeprefix("@"))
    if not path.is_file():
        raise faults.Failure(f"There is no file {path}.")
    return path.read_bytes()


def _reason(answer: Any) -> str:
    try:
        found = answer.json()
        return str(found.get("message") or found["error"]["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return str(answer.text[:500])
