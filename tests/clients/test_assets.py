"""What lies in a workspace, through `MLClient`: data, environments, components, models, datastores, computes, the workspace itself."""

from pathlib import Path
from typing import Any

import pytest
from azure.ai.ml import command, load_component
from azure.ai.ml.constants import ListViewType
from azure.ai.ml.entities import AmlCompute, ComputeInstance, Data, Environment, Model, Workspace
from azure.core.exceptions import ResourceNotFoundError

HOST = "azureml://registries/azureml/environments/azurine-host/labels/latest"
COMPONENT = """
type: command
name: assets_greet
version: "1"
inputs: {name: {type: string}}
command: echo hello ${{inputs.name}}
environment: azureml:azurine-host@latest
"""


@pytest.fixture(scope="module")
def ml(connection: Any) -> Any:
    return connection.ml


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_text("x\n1\n")
    return tmp_path / "in"


def names(found: Any) -> list[str]:
    return [one.name for one in found]


def test_data(ml: Any, folder: Path) -> None:
    made = ml.data.create_or_update(Data(name="assets-data", version="1", path=str(folder), type="uri_folder", tags={"a": "b"}))
    assert made.path.startswith("azureml://datastores/workspaceblobstore/paths/LocalUpload/")
    ml.data.create_or_update(Data(name="assets-data", path=str(folder / "a.csv"), type="uri_file"))
    assert [one.version for one in ml.data.list(name="assets-data")] == ["2", "1"]
    assert ml.data.get("assets-data", label="latest").type == "uri_file"
    ml.data.archive("assets-data", version="1")
    assert [one.version for one in ml.data.list(name="assets-data")] == ["2"]
    assert [one.version for one in ml.data.list(name="assets-data", list_view_type=ListViewType.ARCHIVED_ONLY)] == ["1"]
    ml.data.restore("assets-data", version="1")
    assert ml.data.get("assets-data", version="1").tags == {"a": "b"}
    assert "assets-data" in names(ml.data.list())


def test_environments(ml: Any) -> None:
    made = ml.environments.create_or_update(
        Environment(name="assets-environment", version="1", image="ubuntu:22.04", conda_file={"dependencies": ["python=3.11"]})
    )
    assert made.conda_file == {"dependencies": ["python=3.11"]}
    assert ml.environments.get("assets-environment", version="1").image == "ubuntu:22.04"
    ml.environments.archive("assets-environment", version="1")
    assert list(ml.environments.list(name="assets-environment")) == []
    ml.environments.restore("assets-environment", version="1")
    assert [one.version for one in ml.environments.list(name="assets-environment")] == ["1"]


def test_components(ml: Any, tmp_path: Path) -> None:
    (tmp_path / "component.yml").write_text(COMPONENT)
    component = load_component(str(tmp_path / "component.yml"))
    assert ml.components.validate(component).passed
    assert ml.components.create_or_update(component).version == "1"
    assert ml.components.get("assets_greet").command == "echo hello ${{inputs.name}}"
    ml.components.archive("assets_greet", version="1")
    assert list(ml.components.list(name="assets_greet")) == []
    ml.components.restore("assets_greet", version="1")
    assert [one.version for one in ml.components.list(name="assets_greet")] == ["1"]


def test_models(ml: Any, folder: Path, tmp_path: Path) -> None:
    ml.models.create_or_update(Model(name="assets-model", path=str(folder), type="custom_model"))
    assert ml.models.get("assets-model", label="latest").version == "1"
    ml.models.download("assets-model", version="1", download_path=str(tmp_path / "out"))
    assert [file.read_text() for file in (tmp_path / "out").rglob("a.csv")] == ["x\n1\n"]
    ml.models.archive("assets-model", version="1")
    assert list(ml.models.list(name="assets-model")) == []
    ml.models.restore("assets-model", version="1")
    assert [one.version for one in ml.models.list(name="assets-model")] == ["1"]


def test_computes(ml: Any) -> None:
    ml.compute.begin_create_or_update(AmlCompute(name="assets-nodes", size="STANDARD_DS3_V2", min_instances=0, max_instances=2)).result()
    assert "assets-nodes" in names(ml.compute.list())
    assert list(ml.compute.list_nodes("assets-nodes")) == []
    larger = ml.compute.get("assets-nodes")
    larger.max_instances = 3
    ml.compute.begin_update(larger).result()
    assert ml.compute.get("assets-nodes").max_instances == 3
    assert "STANDARD_DS3_V2" in names(ml.compute.list_sizes())
    assert list(ml.compute.list_usage())
    ml.compute.begin_delete("assets-nodes").result()
    with pytest.raises(ResourceNotFoundError):
        ml.compute.get("assets-nodes")


def test_a_compute_instance_is_stopped_and_started(ml: Any) -> None:
    ml.compute.begin_create_or_update(ComputeInstance(name="assets-instance", size="STANDARD_DS3_V2")).result()
    ml.compute.begin_stop("assets-instance").result()
    assert ml.compute.get("assets-instance").state == "Stopped"
    ml.compute.begin_start("assets-instance").result()
    ml.compute.begin_restart("assets-instance").result()
    ml.compute.begin_delete("assets-instance").result()


def test_workspaces(ml: Any, connection: Any) -> None:
    made = ml.workspaces.begin_create(Workspace(name="assets-workspace", location="local", description="one more")).result()
    assert made.description == "one more"
    assert {"assets-workspace", connection.workspace} <= set(names(ml.workspaces.list()))
    assert ml.workspaces.get_keys(connection.workspace).user_storage_key
    made.description = "another"
    assert ml.workspaces.begin_update(made).result().description == "another"
    ml.workspaces.begin_delete("assets-workspace", delete_dependent_resources=False).result()
    assert "assets-workspace" not in names(ml.workspaces.list())


def test_the_default_datastore(ml: Any) -> None:
    assert ml.datastores.get_default().name == "workspaceblobstore"


def test_what_is_done_to_a_job(ml: Any, capsys: pytest.CaptureFixture[str]) -> None:
    wanted = command(command="echo hello", environment=HOST)
    assert ml.jobs.validate(wanted).passed
    job = ml.jobs.create_or_update(wanted)
    ml.jobs.stream(job.name)
    assert f"RunId: {job.name}" in capsys.readouterr().out
    found = ml.jobs.get(job.name)
    assert found.status == "Completed"
    found.tags = {"seen": "yes"}
    assert ml.jobs.create_or_update(found).tags["seen"] == "yes"
    assert job.name in names(ml.jobs.list())
