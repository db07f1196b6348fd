"""The files of a run: its logs, by address, and its artifacts as run history lists them.

Which files there are, and the address that opens one, are asked of functions given when wired; an address carries its own
signature, so that a plain GET of it works.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from azurine.model import errors
from azurine.model.resources import Resource

LOGS = ("user_logs/", "system_logs/", "logs/", "azureml-logs/")
List = Callable[[Resource], Iterable[tuple[str, int]]]
Url = Callable[[Resource, str], str]


@dataclass(frozen=True, slots=True)
class Artifacts:
    """list_of: job → (name, size) of each artifact. url: (job, name) → an address that can be read without signing in."""

    list_of: List
    url: Url

    def logs(self, job: Resource) -> dict[str, str]:
        return {name: self.url(job, name) for name, _ in self.list_of(job) if name.startswith(LOGS)}

    def answer(self, job: Resource, part: str, parameters: Mapping[str, str]) -> dict[str, Any]:
        """GET …/runs/{id}/artifacts and what is below: path, contentinfo, prefix/contentinfo, metadata, artifacturi."""
        path = parameters.get("path", "")
        if part == "artifacts":
            return {"value": [_described(job, name) for name, _ in self.list_of(job)]}
        if part == "artifacts/path":
            return {"value": [_described(job, name) for name, _ in self.list_of(job) if _inside(name, path)]}
        if part == "artifacts/prefix/contentinfo":
            return {"value": [self._content(job, name) for name, _ in self.list_of(job) if _inside(name, path)]}
        if part not in ("artifacts/contentinfo", "artifacts/metadata", "artifacts/artifacturi"):
            raise errors.Missing(f"run history has no {part[:60]!r} of a run", code="NotFound")
        if path not in (name for name, _ in self.list_of(job)):
            raise errors.Missing(f"the run {job.name!r} has no artifact {path[:200]!r}", code="ArtifactNotFound", path="path")
        return _described(job, path) if part == "artifacts/metadata" else self._content(job, path)

    def _content(self, job: Resource, name: str) -> dict[str, Any]:
        return {"contentUri": self.url(job, name), "origin": "ExperimentRun", "container": f"dcid.{job.name}", "path": name}


def _described(job: Resource, name: str) -> dict[str, Any]:
    container = f"dcid.{job.name}"
    return {"artifactId": f"ExperimentRun/{container}/{quote(name)}", "origin": "ExperimentRun", "container": container, "path": name}


def _inside(name: str, path: str) -> bool:
    folder = path.strip("/")
    return not folder or name == folder or name.startswith(folder + "/")
