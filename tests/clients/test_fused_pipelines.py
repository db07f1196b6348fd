"""Components of the registry `azureml` in pipelines of the official client: those that are connected run as one, and each is a job of its own."""

import logging
from typing import Any

import pytest
from azure.ai.ml import load_job

from clients.submitting import completed, finished, shown, stored, written

STORE = "azureml://datastores/workspaceblobstore/paths/fused"
EDGES = "1,11,21,31,41,51,61,71,81,91"


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("azure").setLevel(logging.ERROR)


@pytest.fixture(scope="module", autouse=True)
def _files(connection: Any) -> None:
    container = connection.ml.datastores.get_default().container_name
    for name, text in {
        "ages": "Id,PatientID,Age\n1,10,21\n2,20,35\n3,30,95\n",
        "levels": "Id,PatientID,BMI\n1,10,20.5\n2,20,30.5\n3,30,40.5\n",
    }.items():
        connection.blobs.get_blob_client(container, f"fused/{name}.csv").upload_blob(text, overwrite=True)


def of(node: str, port: str) -> str:
    return f"${{{{parent.jobs.{node}.outputs.{port}}}}}"


def node(component: str, outputs: Any = None, **inputs: Any) -> dict[str, Any]:
    where = f"azureml://registries/azureml/components/{component}/versions/1"
    return {"type": "command", "component": where, "inputs": inputs, **({"outputs": outputs} if outputs else {})}


def prepared(
    folder: str, columns: str = "PatientID, Age, Age_quantized, BMI", query: str = "SELECT PatientID, MAX(BMI) FROM t1 GROUP BY PatientID"
) -> Any:
    """The workshop's preparation of its data."""
    return {
        "ages": node("import_data", datastore_path=f"{STORE}/ages.csv"),
        "levels": node("import_data", datastore_path=f"{STORE}/levels.csv"),
        "bins": node(
            "group_data_into_bins",
            dataset=of("ages", "results_dataset"),
            binning_mode="Custom Edges",
            columns_to_bin="Age",
            comma_separated_list_of_bin_edges=EDGES,
        ),
        "join": node(
            "join_data",
            left_dataset=of("bins", "quantized_dataset"),
            right_dataset=of("levels", "results_dataset"),
            join_key_columns_for_left_dataset="PatientID",
            join_key_columns_for_right_dataset="PatientID",
        ),
        "choose": node("select_columns_in_dataset", dataset=of("join", "results_dataset"), select_columns=columns),
        "keep": node("export_data", dataset=of("choose", "results_dataset"), datastore_path=f"{STORE}/{folder}/diabetes.csv"),
        "most": node("apply_sql_transformation", t1=of("join", "results_dataset"), sql_query_script=query),
        "keep_most": node("export_data", dataset=of("most", "results_dataset"), datastore_path=f"{STORE}/{folder}/most.csv"),
    }


def submitted(connection: Any, jobs: dict[str, Any], **more: Any) -> Any:
    import yaml

    settings = {"default_compute": "azureml:serverless", **more.pop("settings", {})}
    text = yaml.safe_dump({"type": "pipeline", "settings": settings, "jobs": jobs, **more})
    return connection.ml.jobs.create_or_update(load_job_of(text))


def load_job_of(text: str) -> Any:
    import io

    return load_job(io.StringIO(text))


def children(connection: Any, job: Any) -> dict[str, Any]:
    return {one.display_name: one for one in connection.ml.jobs.list(parent_job_name=job.name)}


def test_the_workshop_prepares_its_data(connection: Any) -> None:
    job = completed(connection, submitted(connection, prepared("prep")))
    assert stored(connection, "fused/prep/diabetes.csv") == "PatientID,Age,Age_quantized,BMI\n10,21,2,20.5\n20,35,4,30.5\n30,95,10,40.5\n"
    assert stored(connection, "fused/prep/most.csv") == "PatientID,MAX(BMI)\n10,20.5\n20,30.5\n30,40.5\n"
    found = children(connection, job)
    assert {name: one.status for name, one in found.items()} == dict.fromkeys(prepared(""), "Completed")
    kept = f"azureml/{found['join'].name}/results_dataset/_data.parquet"
    assert connection.blobs.get_blob_client(connection.ml.datastores.get_default().container_name, kept).exists()
    assert "Export Data: dataset has 4 columns\nexported 3 rows" in written(connection, found["keep"].name)


def test_a_node_that_fails_is_named_and_others_go_on(connection: Any) -> None:
    job = finished(connection, submitted(connection, prepared("missing", columns="Weight")))
    found = children(connection, job)
    assert {name: one.status for name, one in found.items()} == dict.fromkeys(prepared(""), "Completed") | {"choose": "Failed", "keep": "NotStarted"}
    told = shown(connection, found["choose"].name)["error"]["error"]["message"]
    assert told.startswith("Select Columns in Dataset: select_columns: column not found: 'Weight'")
    assert "(given: 'Weight')" in told
    assert f"the job choose ({found['choose'].name}) did not complete: Select Columns" in shown(connection, job.name)["error"]["error"]["message"]
    assert stored(connection, "fused/missing/most.csv").startswith("PatientID,MAX(BMI)\n")


def test_each_node_logs_metrics_to_a_run_of_its_own(connection: Any) -> None:
    """Two evaluations in one program, of the same table with another label."""
    marked = ("a", "b")
    jobs = {"typed": node("enter_data_manually", data="a,b,Scored Labels\n1,2,1\n2,4,2\n3,6,3\n", data_format="CSV")}
    for name in marked:
        jobs[f"mark_{name}"] = node("edit_metadata", dataset=of("typed", "dataset"), column=name, fields="Label")
        jobs[f"measure_{name}"] = node("evaluate_model", scored_dataset=of(f"mark_{name}", "results_dataset"))
    found = children(connection, completed(connection, submitted(connection, jobs)))
    runs = {name: connection.mlflow().MlflowClient().get_run(found[f"measure_{name}"].name).data.metrics for name in marked}
    assert (runs["a"]["Mean_Absolute_Error"], runs["b"]["Mean_Absolute_Error"]) == (0.0, 2.0)


def test_nodes_run_together_on_a_cluster(connection: Any) -> None:
    from azure.ai.ml.entities import AmlCompute

    connection.ml.compute.begin_create_or_update(AmlCompute(name="fused-nodes", min_instances=0, max_instances=1)).result(60)
    job = completed(connection, submitted(connection, prepared("cluster"), settings={"default_compute": "azureml:fused-nodes"}))
    assert {one.status for one in children(connection, job).values()} == {"Completed"}
    assert stored(connection, "fused/cluster/most.csv") == "PatientID,MAX(BMI)\n10,20.5\n20,30.5\n30,40.5\n"
    assert "exported 3 rows" in written(connection, children(connection, job)["keep"].name)
