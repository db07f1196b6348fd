"""What tests of jobs share: waiting for a job's end, and reading what it has written, with the official clients."""

import os
from pathlib import Path
from typing import Any

from running import wait_until

ENVIRONMENT = "azureml:AzureML-sklearn-1.5@latest"
FINAL = ("Completed", "Failed", "Canceled")


def finished(connection: Any, job: Any, patience: float = 90.0) -> Any:
    """The job as it is shown when it has ended."""
    name = job if isinstance(job, str) else job.name
    jobs = connection.ml.jobs
    wait_until(lambda: jobs.get(name).status in FINAL, patience, lambda: f"{name} is {jobs.get(name).status}")
    return jobs.get(name)


def completed(connection: Any, job: Any) -> Any:
    found = finished(connection, job)
    assert found.status == "Completed", f"{shown(connection, found.name).get('error')}\n{written(connection, found.name)}"
    return found


def shown(connection: Any, name: str) -> dict[str, Any]:
    """The properties of a job, as REST answers them."""
    answer = connection.http.get(f"{connection.url}{connection.workspace_id}/jobs/{name}", params={"api-version": "2024-01-01-preview"})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["properties"]
    return found


def written(connection: Any, name: str, path: str = "user_logs/std_log.txt") -> str:
    """A file of the job's artifacts; "" when there is none."""
    from azure.core.exceptions import ResourceNotFoundError

    container = connection.ml.datastores.get("workspaceartifactstore").container_name
    blob = connection.blobs.get_blob_client(container, f"ExperimentRun/dcid.{name}/{path}")
    try:
        return blob.download_blob(encoding="utf-8").readall()
    except ResourceNotFoundError:
        return ""


def stored(connection: Any, path: str) -> str:
    """A file in the default datastore."""
    container = connection.ml.datastores.get_default().container_name
    text: str = connection.blobs.get_blob_client(container, path).download_blob(encoding="utf-8").readall()
    return text


def lines(connection: Any, name: str) -> dict[str, str]:
    """A log made of lines like `name=value`."""
    return dict(line.split("=", 1) for line in written(connection, name).splitlines() if "=" in line)


def running(pid: int) -> bool:
    """Whether a process lives; one that only waits to be collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def make(folder: Path, **files: str) -> Path:
    """A folder with files; `a__b_py` stands for `a/b.py`."""
    for name, text in files.items():
        *above, last = name.split("__")
        stem, _, ending = last.rpartition("_")
        path = folder.joinpath(*above, f"{stem}.{ending}")
        os.makedirs(path.parent, exist_ok=True)
        path.write_text(text)
    return folder
