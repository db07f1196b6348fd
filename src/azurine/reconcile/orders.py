"""From a step's wish to the order its guest can follow: addresses become paths, variables are completed.

Every address of our own storage is a path on this machine (`locate` says which); others stay addresses, and the guest
fetches them. The variables are those that Azure sets for a job, and those by which MLflow finds the job's run.

https://learn.microsoft.com/azure/machine-learning/how-to-use-environments · azureml-examples, `env` of a job
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from azurine.model.errors import AzurineError, Missing
from azurine.model.resources import Json

_DATASTORES = "azureml://datastores/"
Locate = Callable[[str, str], Path | None]
"""(workspace id, address) → the path here; None for what lies elsewhere. Raises AzurineError for a datastore that is not there."""


class Orders:
    """python: the server's own interpreter. artifacts: (workspace, run) → folder of its logs and artifacts. surroundings: what the server adds."""

    def __init__(
        self, python: str, locate: Locate, artifacts: Callable[[str, str], Path], surroundings: Callable[[Json], Mapping[str, str]], warm: bool = True
    ) -> None:
        self._python = python
        self._locate = locate
        self._artifacts = artifacts
        self._surroundings = surroundings
        self._warm = warm

    def lay_out(self, wish: Json) -> Json:
        """The order of `guest.step`. Raises AzurineError when code, data or datastore is not there."""
        workspace = str(wish["workspace"])
        if wish.get("nodes"):
            return self._graph(workspace, wish)
        return {
            **wish,
            "python": wish["python"] or self._python,
            "warm": self._warm,
            "code": self._code(workspace, wish.get("code")),
            "inputs": {name: self._placed(workspace, one) for name, one in (wish.get("inputs") or {}).items()},
            "outputs": {name: self._placed(workspace, one) for name, one in (wish.get("outputs") or {}).items()},
            **({"model": self._placed(workspace, wish["model"])} if wish.get("model") else {}),
            "variables": {**variables(wish), **self._surroundings(wish), **(wish.get("variables") or {})},
            "artifacts": str(self._artifacts(workspace, str(wish["run"]))),
        }

    def _graph(self, workspace: str, wish: Json) -> Json:
        """The same for nodes that run together (`guest.nodes`). They share the variables, but each knows its own run."""
        nodes = [dict(one) for one in wish["nodes"]]
        placed: dict[str, dict[str, Json]] = {
            side: {f"{one['name']}.{port}": self._tried(workspace, value) for one in nodes for port, value in one.pop(side).items()}
            for side in ("inputs", "outputs")
        }
        for one in nodes:
            one["spare"] = {port: self._placed(workspace, value) for port, value in (one.get("spare") or {}).items()}
            one["artifacts"] = str(self._artifacts(workspace, str(one["run"])))
        shared = {**variables(wish), **self._surroundings(wish)}
        for one in nodes:
            one["variables"] = {**shared, **variables({**wish, "run": one["run"]})}
        own = self._artifacts(workspace, str(wish["run"])) / "system_logs" / "graph"
        return {
            **wish,
            **placed,
            "nodes": nodes,
            "python": self._python,
            "warm": self._warm,
            "code": None,
            "variables": shared,
            "artifacts": str(own),
        }

    def _code(self, workspace: str, uri: str | None) -> str | None:
        if not uri:
            return None
        path = self._locate(workspace, uri)
        if path is None or not path.exists():
            raise Missing(f"the code of the step is not there any more: {uri}", code="CodeNotFound")
        return str(path)

    def _tried(self, workspace: str, one: Json) -> Json:
        """A plain value that names a place which is not there is the fault of its own node, which will say so."""
        try:
            return self._placed(workspace, one)
        except AzurineError as error:
            if "value" not in one:
                raise
            return {**one, "problem": error.message}

    def _placed(self, workspace: str, one: Json) -> Json:
        if "value" in one:
            address = str(one["value"])
            # A component such as Import Data is told where in a datastore to look by a plain value.
            path = self._locate(workspace, address) if address.startswith(_DATASTORES) else None
            return {**one, "path": str(path)} if path is not None else one
        path = self._locate(workspace, str(one["uri"]))
        return {**one, "path": str(path) if path is not None else None}


def variables(wish: Json) -> dict[str, str]:
    """What Azure tells every job about itself."""
    parts = str(wish["workspace"]).split("/")
    named: dict[str, Any] = dict(zip(parts[0::2], parts[1::2], strict=False))
    return {
        "AZUREML_RUN_ID": str(wish["run"]),
        "AZUREML_ROOT_RUN_ID": str(wish.get("root") or wish["run"]),
        "AZUREML_ARM_SUBSCRIPTION": str(named.get("subscriptions", "")),
        "AZUREML_ARM_RESOURCEGROUP": str(named.get("resourceGroups", "")),
        "AZUREML_ARM_WORKSPACE_NAME": str(named.get("workspaces", "")),
        "AZUREML_ARM_PROJECT_NAME": str(wish.get("experiment") or "Default"),
        "AZUREML_CR_NODE_RANK": "0",
        "MLFLOW_RUN_ID": str(wish["run"]),
        "MLFLOW_EXPERIMENT_NAME": str(wish.get("experiment") or "Default"),
    }
