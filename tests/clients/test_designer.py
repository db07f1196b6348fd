"""Components of the library in pipelines of the official client: a node is a step like any other."""

import logging
from typing import Any

import pytest

from azurine.designer import components
from clients.submitting import completed, finished, stored, written

BINS = {"binning_mode": "Custom Edges", "columns_to_bin": "Age", "comma_separated_list_of_bin_edges": "1,11,21,31,41,51,61,71,81,91"}
STORE = "azureml://datastores/workspaceblobstore/paths/designer"


@pytest.fixture(autouse=True)
def _quiet() -> None:
    logging.getLogger("azure").setLevel(logging.ERROR)


def of_library(name: str) -> Any:
    from azure.ai.ml import load_component

    return load_component(components.library() / name / "component.yaml")


def put(connection: Any, path: str, text: str) -> None:
    container = connection.ml.datastores.get_default().container_name
    connection.blobs.get_blob_client(container, path).upload_blob(text, overwrite=True)


def prepared(column: str) -> Any:
    """The workshop's preparation of its data, in short."""
    from azure.ai.ml import dsl

    names = ("import_data", "group_data_into_bins", "join_data", "apply_sql_transformation", "export_data")
    read, group, join, query, write = map(of_library, names)

    @dsl.pipeline(default_compute="local")
    def prepare() -> None:
        ages, levels = read(datastore_path=f"{STORE}/ages.csv"), read(datastore_path=f"{STORE}/levels.csv")
        binned = group(dataset=ages.outputs.results_dataset, **BINS)
        joined = join(
            left_dataset=binned.outputs.quantized_dataset,
            right_dataset=levels.outputs.results_dataset,
            join_key_columns_for_left_dataset="Id",
            join_key_columns_for_right_dataset="Id",
        )
        most = query(t1=joined.outputs.results_dataset, sql_query_script=f"SELECT Age_quantized, MAX({column}) FROM t1 -- 'the' \"most\"\nGROUP BY 1")
        write(dataset=most.outputs.results_dataset, datastore_path=f"{STORE}/most.csv")

    return prepare()


def test_a_pipeline_of_library_components_runs(connection: Any) -> None:
    put(connection, "designer/ages.csv", "Id,Age\n1,21\n2,25\n3,95\n")
    put(connection, "designer/levels.csv", "Id,BMI\n1,20.5\n2,30.5\n3,40.5\n")
    completed(connection, connection.ml.jobs.create_or_update(prepared("BMI")))
    assert stored(connection, "designer/most.csv") == "Age_quantized,MAX(BMI)\n2,20.5\n3,30.5\n10,40.5\n"


def test_what_is_wrong_is_told_by_the_step(connection: Any) -> None:
    put(connection, "designer/ages.csv", "Id,Age\n1,21\n")
    put(connection, "designer/levels.csv", "Id,BMI\n1,20.5\n")
    job = connection.ml.jobs.create_or_update(prepared("Weight"))
    assert finished(connection, job).status == "Failed"
    said = [written(connection, one.name) for one in connection.ml.jobs.list(parent_job_name=job.name) if one.status == "Failed"]
    assert any("Apply SQL Transformation: sql_query_script: SQL: no such column: Weight" in one for one in said)
