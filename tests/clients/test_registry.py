"""The registry `azureml` through the official client: what is in it, that it cannot be written, and jobs that use what is in it."""

from pathlib import Path
from typing import Any

import pytest
from azure.ai.ml import command, dsl, load_component, load_job
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from azurine.designer import catalog
from clients.submitting import completed, shown, stored

STORE = "azureml://datastores/workspaceblobstore/paths/registry"
PIPELINE = f"""
type: pipeline
settings: {{default_compute: azureml:serverless}}
jobs:
  read:
    type: command
    component: azureml://registries/azureml/components/import_data/versions/1
    inputs: {{datastore_path: {STORE}/ages.csv}}
  bins:
    type: command
    component: azureml://registries/azureml/components/group_data_into_bins/labels/latest
    inputs:
      dataset: ${{{{parent.jobs.read.outputs.results_dataset}}}}
      columns_to_bin: Age
      binning_mode: Custom Edges
      comma_separated_list_of_bin_edges: "1,11,21"
  write:
    type: command
    component: azureml://registries/azureml/components/export_data@latest
    inputs: {{dataset: "${{{{parent.jobs.bins.outputs.quantized_dataset}}}}", datastore_path: {STORE}/binned.csv}}
"""


@pytest.fixture(scope="module")
def registry(connection: Any) -> Any:
    return connection.registry()


@pytest.fixture(scope="module")
def ages(connection: Any) -> None:
    container = connection.ml.datastores.get_default().container_name
    connection.blobs.get_blob_client(container, "registry/ages.csv").upload_blob("Id,Age\n1,21\n2,35\n", overwrite=True)


def test_it_has_every_component_of_the_library(registry: Any) -> None:
    assert [one.name for one in registry.components.list()] == [one.name for one in catalog.folders(catalog.library())]
    assert [one.version for one in registry.components.list(name="join_data")] == ["1"]


def test_a_component_is_what_its_file_says(registry: Any) -> None:
    found = registry.components.get("split_data", "1")
    assert found.id == "azureml://registries/azureml/components/split_data/versions/1"
    written = load_component(catalog.library() / "split_data" / "component.yaml")
    assert (found.display_name, found.description, dict(found.tags)) == (written.display_name, written.description, dict(written.tags))
    assert {name: dict(one) for name, one in found.inputs.items()} == {name: dict(one) for name, one in written.inputs.items()}
    assert found.outputs.keys() == written.outputs.keys()
    assert found.code.startswith("azureml://registries/azureml/codes/split_data/versions/")
    assert {registry.components.get("split_data", label="latest").id, registry.components.get("split_data").id} == {found.id}


def test_curated_environments(registry: Any) -> None:
    assert {"sklearn-1.5", "azurine-host"} <= {one.name for one in registry.environments.list()}
    assert registry.environments.get("sklearn-1.5", label="latest").id == "azureml://registries/azureml/environments/sklearn-1.5/versions/1"
    assert list(registry.models.list()) == list(registry.data.list()) == []


def test_where_it_is(connection: Any) -> None:
    assert [one.name for one in connection.ml.registries.list()] == ["azureml"]
    assert connection.ml.registries.get("azureml").location == "local"
    with pytest.raises(ResourceNotFoundError, match="registries/mine"):
        connection.registry("mine")


def test_nobody_writes_it(connection: Any, registry: Any) -> None:
    mine = load_component(catalog.library() / "split_data" / "component.yaml", params_override=[{"name": "mine"}])
    with pytest.raises(HttpResponseError, match=r"ReadOnly.*can only be read"):
        registry.components.create_or_update(mine)
    with pytest.raises(HttpResponseError, match="can only be read"):
        registry.components.archive("split_data", "1")
    address = f"{connection.url}{connection.workspace_id.partition('/providers')[0]}/providers/Microsoft.MachineLearningServices/registries/azureml"
    for path in ("", "/components/split_data/versions/1", "/components/mine/versions/1"):
        for method in ("PUT", "PATCH", "DELETE"):
            answer = connection.http.request(method, address + path, json={"properties": {}})
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "ReadOnly"), (method, path)
    with pytest.raises(ResourceNotFoundError, match="split_dat"):
        registry.components.get("split_dat", "1")


def test_a_pipeline_of_yaml_uses_them(connection: Any, ages: None, tmp_path: Path) -> None:
    (tmp_path / "pipeline.yml").write_text(PIPELINE)
    job = completed(connection, connection.ml.jobs.create_or_update(load_job(tmp_path / "pipeline.yml")))
    assert stored(connection, "registry/binned.csv") == "Id,Age,Age_quantized\n1,21,2\n2,35,3\n"
    steps = [shown(connection, one.name) for one in connection.ml.jobs.list(parent_job_name=job.name)]
    assert {one["codeId"].rpartition("/versions/")[0].rpartition("/")[2] for one in steps} == {"import_data", "group_data_into_bins", "export_data"}


def test_a_pipeline_of_the_dsl_uses_them(connection: Any, registry: Any, ages: None) -> None:
    read, query, write = (registry.components.get(name, label="latest") for name in ("import_data", "apply_sql_transformation", "export_data"))

    @dsl.pipeline(default_compute="serverless")
    def oldest() -> None:
        found = read(datastore_path=f"{STORE}/ages.csv")
        most = query(t1=found.outputs.results_dataset, sql_query_script="SELECT MAX(Age) FROM t1")
        write(dataset=most.outputs.results_dataset, datastore_path=f"{STORE}/oldest.csv")

    completed(connection, connection.ml.jobs.create_or_update(oldest()))
    assert stored(connection, "registry/oldest.csv") == "MAX(Age)\n35\n"


@pytest.mark.parametrize(
    "environment",
    [
        "azureml://registries/azureml/environments/sklearn-1.5/labels/latest",
        "azureml://registries/azureml/environments/sklearn-1.5/versions/35",
        "azureml:AzureML-sklearn-1.5@latest",
        "azureml:sklearn-1.5@latest",
        "azureml:sklearn-1.5:1",
    ],
)
def test_curated_environments_by_every_name(connection: Any, environment: str) -> None:
    completed(
        connection, connection.ml.jobs.create_or_update(command(command="python -c 'import sklearn'", environment=environment, compute="local"))
    )


@pytest.mark.parametrize(
    ("component", "said"),
    [
        ("azureml://registries/azureml/components/joindata/versions/1", "there is no component .*joindata/versions/1' in the registry"),
        ("azureml://registries/azureml/components/join_data/versions/9", "there is no component .*join_data/versions/9' in the registry"),
        ("azureml://registries/azureml/components/join_data/labels/oldest", "the only label known here is latest"),
        (
            "azureml://registries/mine/components/join_data/versions/1",
            "the registry 'mine' is not known here; the registry of this server is azureml",
        ),
    ],
)
def test_what_is_not_there(connection: Any, component: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "pipeline.yml").write_text(
        f"type: pipeline\nsettings: {{default_compute: azureml:local}}\njobs: {{a: {{type: command, component: '{component}'}}}}\n"
    )
    with pytest.raises(HttpResponseError, match=said):
        connection.ml.jobs.create_or_update(load_job(tmp_path / "pipeline.yml"))
