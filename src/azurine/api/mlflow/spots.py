"""Where artifacts are: MLflow's addresses ⇄ Azure's addresses ⇄ a spot in a datastore.

    mlflow-artifacts:/ExperimentRun/dcid.RUN/PATH     the run's own folder of the artifact store; also seen as blobs and by `job download`
    mlflow-artifacts:/LoggedModels/ID/PATH            a logged model that belongs to no run
    mlflow-artifacts:/datastores/NAME/paths/PATH      anything else that a model may be made of; for reading only
    azureml://jobs/RUN/outputs/artifacts/paths/PATH   the same folder of the run, in Azure's words

Everything that is written goes below `dcid.RUN` of a run that exists, or below a logged model that exists.
"""

import re

from azurine.api.mlflow.house import Spot
from azurine.model import errors
from azurine.storage import naming, urls

SCHEME = "mlflow-artifacts:/"
ARTIFACT_STORE = "workspaceartifactstore"
OUTPUT_STORE = "workspaceblobstore"
RUNS = "ExperimentRun"
MODELS = "LoggedModels"
DATASTORES = "datastores"
_RUN = re.compile(rf"{RUNS}/dcid\.([^/]+)(?:/(.*))?", re.DOTALL)
_MODEL = re.compile(rf"{MODELS}/([^/]+)(?:/(.*))?", re.DOTALL)
_DATASTORE = re.compile(rf"{DATASTORES}/([^/]+)/paths(?:/(.*))?", re.DOTALL)
ANY_ARTIFACT_OUTPUT = ("artifacts", "default")


def of_run(workspace: str, run: str, path: str = "") -> Spot:
    return Spot(workspace, ARTIFACT_STORE, _joined(f"{RUNS}/dcid.{run}", path))


def of_model(workspace: str, model: str, path: str = "") -> Spot:
    return Spot(workspace, ARTIFACT_STORE, _joined(f"{MODELS}/{model}", path))


def run_of(spot: Spot) -> str:
    """The run whose folder this spot is in; "" when it is in none."""
    found = _RUN.fullmatch(spot.path) if spot.datastore == ARTIFACT_STORE else None
    return found[1] if found else ""


def model_of(spot: Spot) -> str:
    found = _MODEL.fullmatch(spot.path) if spot.datastore == ARTIFACT_STORE else None
    return found[1] if found else ""


def is_root(spot: Spot) -> bool:
    """Is it the folder of a run or model itself?"""
    found = _RUN.fullmatch(spot.path) or _MODEL.fullmatch(spot.path)
    return spot.datastore == ARTIFACT_STORE and found is not None and not found[2]


def read(workspace: str, path: str) -> Spot:
    """The spot of a path as MLflow's clients write it. Raises errors.Invalid when it leads outside, or nowhere."""
    path = path.strip("/")
    if path:
        safe(path)
    if found := _DATASTORE.fullmatch(path):
        return Spot(workspace, found[1], found[2] or "")
    if _RUN.fullmatch(path) or _MODEL.fullmatch(path):
        return Spot(workspace, ARTIFACT_STORE, path)
    raise errors.Invalid(f"Invalid path: {path[:200]!r}. Artifacts are below {RUNS}/dcid.<run>/ or {DATASTORES}/<name>/paths/.", path="path")


def below(spot: Spot, path: str) -> Spot:
    """A path inside a folder, as a client gave it."""
    path = path.strip("/")
    if not path:
        return spot
    safe(path)
    return Spot(spot.workspace, spot.datastore, _joined(spot.path, path))


def safe(path: str) -> None:
    try:
        naming.blob(path)
    except errors.Invalid as problem:
        raise errors.Invalid(f"Invalid path: {path[:200]!r}: {problem.message}", path="path") from problem


def artifact_uri(spot: Spot) -> str:
    """The address by which MLflow's clients read it through this server, whatever they call the server."""
    if spot.datastore == ARTIFACT_STORE and spot.path.startswith((f"{RUNS}/", f"{MODELS}/")):
        return SCHEME + spot.path
    return f"{SCHEME}{DATASTORES}/{spot.datastore}/paths/{spot.path}"


def azure_uri(spot: Spot) -> str:
    return urls.long(urls.DatastorePath(spot.datastore, spot.path, spot.workspace))


def from_uri(workspace: str, uri: str) -> Spot | None:
    """The spot an address of MLflow's or Azure's means; None when it is somewhere this door cannot read."""
    if uri.startswith(SCHEME):
        return read(workspace, uri[len(SCHEME) :].split("/artifacts/", 1)[-1] if uri.startswith(f"{SCHEME}/") else uri[len(SCHEME) :])
    if not uri.startswith("azureml://"):
        return None
    place = urls.parse(uri)
    if isinstance(place, urls.DatastorePath):
        return Spot(place.workspace or workspace, place.datastore, place.path.strip("/"))
    if isinstance(place, urls.JobOutput):
        if place.output in ANY_ARTIFACT_OUTPUT:
            return of_run(workspace, place.job, place.path.strip("/"))
        return Spot(workspace, OUTPUT_STORE, _joined(f"azureml/{place.job}/{place.output}", place.path.strip("/")))
    return None


def _joined(folder: str, path: str) -> str:
    return f"{folder}/{path}" if folder and path else folder or path
