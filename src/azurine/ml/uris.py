"""The addresses at which data lives, taken apart and put together.

    azureml://datastores/<datastore>/paths/<path>                         short
    azureml://subscriptions/<s>/resourcegroups/<g>/workspaces/<w>/datastores/<d>/paths/<path>      long
    azureml://jobs/<job>/outputs/<output>/paths/<path>                    what a job wrote
    runs:/<run>/<path>                                                    an artifact of a run
    https:// http:// wasbs:// abfss:// adl://                             elsewhere

Nothing is fetched or looked up here. https://learn.microsoft.com/azure/machine-learning/how-to-access-data
"""

import re
from dataclasses import dataclass

from azurine.ml.reading import Reader, clipped
from azurine.model import ids

_SHORT = re.compile(r"azureml://datastores/(?P<datastore>[^/]+)(?:/paths)?(?:/(?P<path>.*))?", re.S)
_LONG = re.compile(
    r"azureml://subscriptions/(?P<subscription>[^/]+)/resourcegroups/(?P<group>[^/]+)/(?:providers/[^/]+/)?workspaces/(?P<workspace>[^/]+)"
    r"/datastores/(?P<datastore>[^/]+)(?:/paths)?(?:/(?P<path>.*))?",
    re.I | re.S,
)
_JOB = re.compile(r"azureml://jobs/(?P<job>[^/]+)/outputs/(?P<output>[^/]+)(?:/paths)?(?:/(?P<path>.*))?", re.S)
_RUN = re.compile(r"runs:/(?P<run>[^/]+)(?:/(?P<path>.*))?", re.S)
ELSEWHERE = ("https://", "http://", "wasbs://", "wasb://", "abfss://", "abfs://", "adl://")
_FORMS = "azureml://datastores/<datastore>/paths/<path>, azureml://jobs/<job>/outputs/<output>/paths/<path>, runs:/<run>/<path> or https://…"


@dataclass(frozen=True, slots=True)
class InDatastore:
    """datastore: the datastore's id."""

    datastore: str
    path: str


@dataclass(frozen=True, slots=True)
class OfJob:
    job: str
    output: str
    path: str


@dataclass(frozen=True, slots=True)
class OfRun:
    run: str
    path: str


@dataclass(frozen=True, slots=True)
class Elsewhere:
    url: str


Address = InDatastore | OfJob | OfRun | Elsewhere


def read(uri: str, workspace: str) -> Address | None:
    """The address, seen from a workspace (its id); None when the text is none of the forms."""
    if found := _LONG.fullmatch(uri):
        there = f"subscriptions/{found['subscription']}/resourceGroups/{found['group']}/workspaces/{found['workspace']}"
        return InDatastore(ids.child(there, "datastores", found["datastore"]), found["path"] or "")
    if found := _SHORT.fullmatch(uri):
        return InDatastore(ids.child(workspace, "datastores", found["datastore"]), found["path"] or "")
    if found := _JOB.fullmatch(uri):
        return OfJob(found["job"], found["output"], found["path"] or "")
    if found := _RUN.fullmatch(uri):
        return OfRun(found["run"], found["path"] or "")
    return Elsewhere(uri) if uri.lower().startswith(ELSEWHERE) else None


def climbs(path: str) -> bool:
    """Does the path try to leave its root, also when written in percent signs or backslashes?"""
    plain = re.sub("%2e", ".", re.sub("%2f|%5c", "/", path, flags=re.I), flags=re.I).replace("\\", "/")
    return ".." in plain.split("/") or "\x00" in plain


def check(reader: Reader, key: str, workspace: str, required: bool = True) -> str:
    """Reads the address at a key, noting what is wrong with it."""
    uri = reader.text(key, required)
    if not uri.strip():
        return ""
    found = read(uri, workspace)
    if found is None:
        reader.fault(key, f"{clipped(uri)} is not an address of data; it should be {_FORMS}")
    elif not isinstance(found, Elsewhere) and climbs(found.path):
        reader.fault(key, f"{clipped(uri)} leaves its root; a path may not hold ..")
    return uri
