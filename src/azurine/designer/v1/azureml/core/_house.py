"""The server of the step, as the step's variables name it: its REST calls, and the files that it keeps."""

import json
import os
import shutil
import ssl
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import IO, Any

from ..exceptions import RunEnvironmentException, ServiceException

PATIENCE = 120
_VERSION = "2024-04-01"
_FILES = "/api/2.0/mlflow-artifacts/artifacts"
RUNS = "ExperimentRun/dcid."


def variable(name: str) -> str:
    found = os.environ.get(name)
    if not found:
        raise RunEnvironmentException(f"This runs outside of a job: the variable {name} is not set.")
    return found


def inside() -> bool:
    """Is this process part of a job?"""
    return bool(os.environ.get("AZUREML_RUN_ID") and os.environ.get("MLFLOW_TRACKING_URI"))


def workspace() -> tuple[str, str, str]:
    """(subscription, resource group, name)."""
    return variable("AZUREML_ARM_SUBSCRIPTION"), variable("AZUREML_ARM_RESOURCEGROUP"), variable("AZUREML_ARM_WORKSPACE_NAME")


def resource(path: str, method: str = "GET", body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Something in the workspace: `models/m/versions/1`."""
    subscription, group, name = workspace()
    base = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.MachineLearningServices/workspaces/{name}/{path}"
    mark = "&" if "?" in path else "?"
    return _json(_request(variable("AZUREML_SERVICE_ENDPOINT") + base + f"{mark}api-version={_VERSION}", method, body))


def mlflow(name: str, body: Mapping[str, Any] | None = None, **query: str) -> dict[str, Any]:
    """A call of MLflow's: a POST when there is a body."""
    asked = "?" + urllib.parse.urlencode(query) if query else ""
    return _json(_request(f"{variable('MLFLOW_TRACKING_URI')}/api/2.0/mlflow/{name}{asked}", "POST" if body is not None else "GET", body))


def spot(uri: str) -> str:
    """Where the files are that an address of a datastore means."""
    _, found, rest = uri.partition("/datastores/") if "/datastores/" in uri else ("", uri.startswith("azureml://"), uri)
    store, _, path = rest.partition("/paths/")
    if not found or not store:
        raise ServiceException(f"{uri!r} is in no datastore of this workspace; only those can be read here")
    return f"datastores/{store}/paths/{path.strip('/')}"


def names(place: str, below: str = "") -> Iterator[str]:
    """The files below a place, at any depth; none when it is a file itself."""
    listed = _json(_request(f"{variable('MLFLOW_TRACKING_URI')}{_FILES}?path={urllib.parse.quote(f'{place}/{below}'.rstrip('/'), safe='')}"))
    for one in listed.get("files", []):
        path = f"{below}/{one['path']}".lstrip("/")
        if one.get("is_dir"):
            yield from names(place, path)
        else:
            yield path


def fetch(place: str, target: Path) -> Path:
    """Copies a file or a folder into target, which is its folder; answers the path of the copy."""
    copy = target / place.rstrip("/").rpartition("/")[2]
    found = list(names(place))
    for name in found:
        _fetch_file(f"{place}/{name}", copy / name)
    if not found:
        _fetch_file(place, copy)
    return copy


def send(place: str, content: IO[bytes], size: int) -> None:
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    with _open(f"{variable('MLFLOW_TRACKING_URI')}{_FILES}/{urllib.parse.quote(place)}", "PUT", content, headers) as answer:
        answer.read()


def _fetch_file(place: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    started = path.with_name(path.name + ".part")
    with _open(f"{variable('MLFLOW_TRACKING_URI')}{_FILES}/{urllib.parse.quote(place)}") as answer, started.open("wb") as file:
        shutil.copyfileobj(answer, file, 1 << 20)
    os.replace(started, path)


def _request(url: str, method: str = "GET", body: Mapping[str, Any] | None = None) -> bytes:
    content = json.dumps(body).encode() if body is not None else None
    with _open(url, method, content, {"Content-Type": "application/json"} if content is not None else {}) as answer:
        found: bytes = answer.read()
        return found


def _open(url: str, method: str = "GET", content: Any = None, headers: Mapping[str, str] | None = None) -> Any:
    asked = urllib.request.Request(url, data=content, method=method)
    for name, value in {"Authorization": f"Bearer {variable('MLFLOW_TRACKING_TOKEN')}", **(headers or {})}.items():
        asked.add_header(name, value)
    try:
        return _opener().open(asked, timeout=PATIENCE)
    except urllib.error.HTTPError as problem:
        raise ServiceException(_said(problem), problem.code) from problem


@cache
def _opener() -> urllib.request.OpenerDirector:
    trusted = ssl.create_default_context(cafile=os.environ.get("SSL_CERT_FILE") or None)
    # The server is reached directly, whatever proxy the machine has for the world.
    return urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trusted))


def _json(content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(content) if content else {}
    return found


def _said(problem: urllib.error.HTTPError) -> str:
    text = problem.read().decode("utf-8", "replace")
    try:
        body = json.loads(text)
        return str(body.get("message") or body["error"]["message"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return text or str(problem)
