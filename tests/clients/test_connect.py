"""`azurine.connect()` to a real server, in a fresh process, as a notebook does it."""

import json
import subprocess
import sys

from running import RunningServer

NOTEBOOK = """
import json, socket, sys
asked = set()
inner = socket.getaddrinfo
def listening(host, *rest, **named):
    asked.add(str(host))
    return inner(host, *rest, **named)
socket.getaddrinfo = listening

import azurine
house = azurine.connect(sys.argv[1])
found = {"workspace": house.ml.workspaces.get().name, "default": house.ml.datastores.get_default().name}
container = house.ml.datastores.get_default().container_name
house.blobs.get_blob_client(container, "notes/a.txt").upload_blob(b"hello")
found["blob"] = house.blobs.get_blob_client(container, "notes/a.txt").download_blob().readall().decode()

import adlfs
files = adlfs.AzureBlobFileSystem(account_name=house.account, account_host=house.blob_url.removeprefix("https://"), credential=house.credential)
found["adlfs"] = files.cat(f"{container}/notes/a.txt").decode()

import mlflow
mlflow.set_experiment("from a notebook")
with mlflow.start_run() as run:
    mlflow.log_metric("auc", 0.9)
found["metric"] = mlflow.get_run(run.info.run_id).data.metrics["auc"]
found["asked"] = sorted(asked)
print(json.dumps(found))
"""


def test_a_notebook_needs_one_line_and_nothing_leaves_the_machine(server: RunningServer) -> None:
    done = subprocess.run([sys.executable, "-c", NOTEBOOK, str(server.home)], capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    asked = set(found.pop("asked"))
    assert found == {"workspace": "workshop", "default": "workspaceblobstore", "blob": "hello", "adlfs": "hello", "metric": 0.9}
    assert asked <= {"localhost", "127.0.0.1", "azurine.blob.localhost"}
    assert "experimental" not in done.stderr and "Warning" not in done.stderr
