"""What is asked of jobs that needs more than one room: their files, their services, two of them side by side, an output made again.

A part of `app`, which puts the answers into the table of questions.
"""

from collections.abc import Mapping
from typing import Any

from azurine import results
from azurine.api.artifacts import Artifacts
from azurine.api.envelope import Addresses
from azurine.api.job_files import JobFiles
from azurine.ml.jobs import comparing, journal, retracing
from azurine.model import ids
from azurine.model.resources import Json, Resource
from azurine.places import Places
from azurine.store.log import Log
from azurine.tracking.contract import Tracking


class Inquiries:
    """url: where clients reach the server."""

    def __init__(self, log: Log, tracking: Tracking, places: Places, addresses: Addresses, url: str) -> None:
        self._log = log
        self._tracking = tracking
        self._places = places
        self._addresses = addresses
        self._url = url

    def artifacts(self) -> Artifacts:
        files = JobFiles(self._places.stores(), self._places.artifacts, lambda job: journal.text(job, self._log.owned_by(job.id)))
        return Artifacts(files.names, files.url)

    def with_addresses(self, job: Resource, body: dict[str, Any]) -> dict[str, Any]:
        """The addresses of a job's services, which only the running server knows."""
        workspace = f"/{self._addresses.path(ids.parent(job.id)).lstrip('/')}"
        known = {"Tracking": f"{self._url}/mlflow/v1.0{workspace}?", "Studio": f"{self._url}/runs/{job.name}?wsid={workspace}"}
        services = dict(body["properties"].get("services") or {})
        for name, address in known.items():
            if name in services:
                services[name] = {**services[name], "endpoint": address}
        return {**body, "properties": {**body["properties"], "services": services}}

    def compare(self, left: Resource, right: Resource) -> Mapping[str, Any]:
        """Two runs beside each other, with what their steps have measured."""
        return comparing.compare(left, right, lambda job: results.steps(self._log, job), lambda seen: results.measured(self._tracking, seen))

    def again(self, job: Resource, output: str) -> Json | None:
        """What makes an output again that was not kept, everything at its place on this machine."""
        above = self._log.get(job.owner) if job.owner else None
        found = retracing.graph(job, output, results.steps(self._log, above)) if above is not None else None
        workspace = ids.up_to(job.id, ids.WORKSPACES)
        return {"node": job.spec["node"], "port": output, "nodes": [self._placed(workspace, one) for one in found]} if found else None

    def _placed(self, workspace: str, node: Json) -> Json:
        locate = self._places.locate
        given: Mapping[str, Json] = node["inputs"]
        values = {port: one["value"] for port, one in given.items() if one.get("value") is not None}
        places = {str(one): locate(workspace, str(one)) for one in values.values() if str(one).startswith("azureml://datastores/")}
        paths = {port: locate(workspace, one["uri"]) for port, one in given.items() if "uri" in one}
        return {
            "name": node["name"],
            "component": node["component"],
            "parameters": values,
            "inputs": {port: one for port, one in given.items() if "node" in one}
            | {port: {"path": str(path)} for port, path in paths.items() if path is not None},
            "places": {address: str(path) for address, path in places.items() if path is not None},
        }
