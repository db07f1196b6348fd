"""REST by hand, for tests and benchmarks that count requests or kill servers: no SDK, no retries, one connection at a time.

Bodies are those that the official client sends (`tests/clients` proves that it does). A `Rest` outlives its server: its token is
signed by the home's key, so it goes on with the next server of the same home.
"""

import http.client
import json
import ssl
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from azurine.identity import directory, reaching

API = "api-version=2024-04-01"
HOST = "azureml:AzureML-sklearn-1.5@latest"
FINAL = ("Completed", "Failed", "Canceled")
AUDIENCE = "https://ml.azure.com"


class Refused(Exception):
    """The server answered, and said no."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status}: {body[:500].decode(errors='replace')}")
        self.status = status


class Rest:
    """One workspace of a server, spoken to by any number of threads, a connection for each. OSError or HTTPException: the server is gone."""

    def __init__(self, home: Path, workspace: str = "workshop") -> None:
        address = reaching.Address(str(json.loads((home / "server.json").read_bytes())["url"]), home / "certs" / "ca.pem", home)
        own = directory.credentials(home / "identity")
        assert own is not None
        self.host, self.port = "localhost", address.port
        self.token = reaching.token(address, own, AUDIENCE, 24 * 3600)
        self.context = ssl.create_default_context(cafile=str(address.authority))
        group = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/azurine"
        self.workspace = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{workspace}"
        self._own = threading.local()
        self._links: list[http.client.HTTPSConnection] = []

    def close(self) -> None:
        for link in self._links:
            link.close()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """path: below the workspace, or the rest of a `nextLink` when it begins with a slash. Raises Refused."""
        target = path if path.startswith("/") else f"{self.workspace}/{path}{'&' if '?' in path else '?'}{API}"
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        link = self._link()
        try:
            link.request(method, target, json.dumps(body) if body is not None else None, headers)
            answer = link.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException):
            link.close()
            del self._own.link
            raise
        if answer.status >= 300:
            raise Refused(answer.status, said)
        return json.loads(said) if said else None

    def get(self, path: str) -> Any:
        return self.call("GET", path)

    def put(self, path: str, body: Any) -> Any:
        return self.call("PUT", path, body)

    def listed(self, path: str) -> list[dict[str, Any]]:
        """All pages of a list."""
        found: list[dict[str, Any]] = []
        target = path
        while target:
            page = self.get(target)
            found += page["value"]
            target = (page.get("nextLink") or "").removeprefix(f"https://{self.host}:{self.port}")
        return found

    def status(self, job: str) -> str:
        return str(self.get(f"jobs/{job}")["properties"]["status"])

    def children(self, pipeline: str) -> dict[str, dict[str, Any]]:
        """The runs of a pipeline's steps that there are so far, by their display names."""
        found = self.listed(f"/history/v1.0{self.workspace}/runs/{pipeline}/children?{API}")
        return {one["displayName"]: one for one in found}

    def _link(self) -> http.client.HTTPSConnection:
        link: http.client.HTTPSConnection | None = getattr(self._own, "link", None)
        if link is None:
            link = self._own.link = http.client.HTTPSConnection(self.host, self.port, context=self.context, timeout=30)
            self._links.append(link)
        return link


def command(line: str, compute: str = "local", environment: str = HOST) -> dict[str, Any]:
    """A command job of its own."""
    return {"properties": {"jobType": "Command", "command": line, "environmentId": environment, "computeId": compute, "experimentName": "plain"}}


def component(line: str, needs: Sequence[str] = (), environment: str = HOST) -> dict[str, Any]:
    """A command component with an input folder for each name in `needs` and one output folder, `made`."""
    spec = {
        "name": "azureml_anonymous",
        "version": "1",
        "type": "command",
        "command": line,
        "environment": environment,
        "is_deterministic": False,
        "inputs": {name: {"type": "uri_folder"} for name in needs},
        "outputs": {"made": {"type": "uri_folder"}},
    }
    return {"properties": {"componentSpec": spec, "isAnonymous": True}}


def node(component_id: str, needs: Mapping[str, str]) -> dict[str, Any]:
    """A step of a pipeline. needs: input name → the node whose output it is."""
    bound = {name: {"job_input_type": "literal", "value": "${{parent.jobs." + source + ".outputs.made}}"} for name, source in needs.items()}
    return {"type": "command", "componentId": component_id, "inputs": bound, "computeId": None}


def pipeline(nodes: Mapping[str, Any], compute: str | None = None) -> dict[str, Any]:
    settings = {"default_compute": compute} if compute else {}
    return {"properties": {"jobType": "Pipeline", "experimentName": "plain", "jobs": dict(nodes), "settings": settings}}
