"""Previews and profiles over REST and by command, of a real server: ports of finished steps, data assets, paths, and what cannot be looked at."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
from azure.ai.ml import load_data, load_job

from azurine import cli
from clients.submitting import completed
from running import RunningServer

CSV = "Id,Age\n1,30\n2,\n3,50\n"
PIPELINE = """
type: pipeline
settings: {default_compute: serverless}
inputs: {raw: {type: uri_file, path: raw.csv}}
outputs: {kept: {type: uri_folder}}
jobs:
  copy:
    command: cp ${{inputs.raw}} ${{outputs.made}}/copied.csv; echo hello > ${{outputs.other}}/words.md
    environment: azureml:AzureML-sklearn-1.5@latest
    inputs: {raw: "${{parent.inputs.raw}}", factor: 3}
    outputs: {made: "${{parent.outputs.kept}}", other: {type: uri_folder}}
"""


@pytest.fixture(scope="module")
def job(connection: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("looking")
    (folder / "raw.csv").write_text(CSV)
    (folder / "pipeline.yml").write_text(PIPELINE)
    (folder / "data.yml").write_text("name: looked-at\nversion: '1'\ntype: uri_file\npath: raw.csv\n")
    connection.ml.data.create_or_update(load_data(folder / "data.yml"))
    return str(completed(connection, connection.ml.jobs.create_or_update(load_job(folder / "pipeline.yml"))).name)


@pytest.fixture
def ask(connection: Any) -> Callable[..., Any]:
    def post(path: str, body: Any, status: int = 200) -> Any:
        answer = connection.http.post(f"{connection.url}{connection.workspace_id}/{path}?api-version=2024-04-01", json=body)
        assert answer.status_code == status, answer.text
        return answer.json()

    return post


@pytest.mark.parametrize(
    "port",
    [{"output": "kept"}, {"node": "copy", "output": "made"}, {"node": "copy", "output": "made", "path": "copied.csv"}, {"input": "raw"}, {"node": "copy", "input": "raw"}],
)  # fmt: skip
def test_any_port_of_a_finished_job(ask: Callable[..., Any], job: str, port: dict[str, str]) -> None:
    seen = ask(f"jobs/{job}/preview", {**port, "rows": 2})
    assert ([one["name"] for one in seen["columns"]], seen["rows"], seen["rowCount"]) == (["Id", "Age"], [[1, 30], [2, None]], 3)
    told = ask(f"jobs/{job}/profile", {**port, "bins": 2})
    assert [(one["missing"], one["min"], one["max"], one["mean"]) for one in told["columns"]] == [(0, 1, 3, 2.0), (1, 30, 50, 40.0)]


def test_data_assets_and_paths(ask: Callable[..., Any], connection: Any, job: str) -> None:
    assert ask("data/looked-at/versions/1/preview", {})["rowCount"] == 3
    container = connection.ml.datastores.get("workspaceblobstore").container_name
    connection.blobs.get_blob_client(container, "looks/one.csv").upload_blob(CSV.encode(), overwrite=True)
    assert ask("datastores/workspaceblobstore/profile", {"path": "looks"})["rowCount"] == 3


@pytest.mark.parametrize(
    ("action", "body", "status", "target", "message"),
    [
        ("preview", {}, 400, "output", "name one port"),
        ("preview", {"output": "nothing"}, 400, "output", "it has: kept"),
        ("preview", {"node": "copy", "input": "factor"}, 400, "input", "a plain value"),
        ("preview", {"node": "nobody", "output": "made"}, 404, "node", "it has: copy"),
        ("preview", {"node": "copy", "output": "made", "path": "../.."}, 400, "path", "without '..'"),
        ("preview", {"node": "copy", "output": "made", "path": "gone.csv"}, 404, "path", "there is nothing at"),
        ("preview", {"output": "kept", "rows": 100_000}, 400, "rows", "between 1 and 1000"),
        ("profile", {"output": "kept", "bins": "many"}, 400, "bins", "between 1 and 100"),
        ("profile", {"node": "copy", "output": "other"}, 400, "", "no CSV, TSV or Parquet file, but 'words.md'"),
    ],
)  # fmt: skip
def test_what_cannot_be_looked_at(ask: Callable[..., Any], job: str, action: str, body: Any, status: int, target: str, message: str) -> None:
    error = ask(f"jobs/{job}/{action}", body, status)["error"]
    assert message in error["message"]
    assert (error.get("target") or "") == target


def test_the_server_itself_reads_no_table(ask: Callable[..., Any], server: RunningServer, job: str) -> None:
    ask(f"jobs/{job}/profile", {"output": "kept"})
    mapped = {Path(one.path).name for one in psutil.Process(server.pid).memory_maps()}
    assert not [name for name in mapped if "polars" in name]


def test_by_command(server: RunningServer, job: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    def azurine(*words: str, code: int = 0) -> str:
        capfd.readouterr()
        assert cli.main(["data", *words, "--home", str(server.home)]) == code
        out, err = capfd.readouterr()
        return err if code else out

    (tmp_path / "mine.csv").write_text(CSV)
    local = azurine("profile", str(tmp_path / "mine.csv"), "-o", "json")
    for what in (f"azureml://jobs/{job}/outputs/kept", "azureml:looked-at:1", "azureml:looked-at@latest"):
        assert azurine("profile", what, "-o", "json") == local
    assert azurine("profile", "--job", job, "--node", "copy", "--output-name", "made", "-o", "json") == local
    assert json.loads(azurine("preview", str(tmp_path / "mine.csv"), "--rows", "1", "-o", "json")) == [{"Id": 1, "Age": 30}]
    assert "█" in azurine("profile", str(tmp_path / "mine.csv"), "-o", "table")
    assert "There is no file" in azurine("profile", str(tmp_path / "gone.csv"), code=3)
    assert "is not an address" in azurine("profile", "ftp://x/y", code=2)
    assert "What is to be looked at?" in azurine("preview", code=2)
    assert "it has: kept" in azurine("preview", "--job", job, "--output-name", "x", code=1)
