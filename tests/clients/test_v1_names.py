"""Scripts inside a component that import `azureml.core`, as those written for the designer do: what they see and what is seen of them."""

import textwrap
from typing import Any

import pytest
from azure.ai.ml import dsl
from azure.ai.ml.entities import Data, Model

from clients.submitting import completed, finished, shown, stored, written

STORE = "azureml://datastores/workspaceblobstore/paths/v1"


@pytest.fixture(scope="module")
def execute(connection: Any) -> Any:
    """Runs a script as a step of a pipeline; answers the pipeline and the step."""
    registry = connection.registry()
    python, write = registry.components.get("execute_python_script", "1"), registry.components.get("export_data", "1")

    def run(script: str, ended: Any = completed) -> tuple[Any, Any]:
        @dsl.pipeline(default_compute="serverless")
        def pipeline() -> None:
            step = python(python_script=textwrap.dedent(script))
            write(dataset=step.outputs.result_dataset, datastore_path=f"{STORE}/out.csv")

        job = connection.ml.jobs.create_or_update(pipeline(), experiment_name="v1-names")
        ended(connection, job)
        return job, next(one for one in connection.ml.jobs.list(parent_job_name=job.name) if one.display_name == "step")

    return run


def test_models(connection: Any, execute: Any, tmp_path: Any) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "weights.txt").write_text("7")
    (tmp_path / "single.txt").write_text("1")
    ml = connection.ml
    ml.models.create_or_update(Model(name="v1-folder", path=str(tmp_path / "folder"), type="custom_model", tags={"kind": "folder"}))
    ml.models.create_or_update(Model(name="v1-single", path=str(tmp_path / "single.txt"), type="custom_model"))
    (tmp_path / "single.txt").write_text("22")
    ml.models.create_or_update(Model(name="v1-single", path=str(tmp_path / "single.txt"), type="custom_model", properties={"Accuracy": "0.5"}))
    execute("""
        import os
        import numpy
        import pandas
        from azureml.core import Model, Workspace
        from azureml.core.model import Model as Same
        from azureml.exceptions import WebserviceException

        def azureml_main(dataframe1=None, dataframe2=None):
            folder, single = Model.get_model_path("v1-folder"), Model.get_model_path("v1-single")
            assert single == Model.get_model_path("v1-single") and open(Same.get_model_path("v1-single", version=1)).read() == "1"
            newest = Model(Workspace.from_config(), "v1-single")
            try:
                Model(Workspace.from_config(), "v1-nobody")
            except WebserviceException as error:
                gone = str(error)
            return pandas.DataFrame({
                "folder": [open(os.path.join(folder, "weights.txt")).read()],
                "single": [open(single).read()],
                "version": [newest.version],
                "accuracy": [numpy.float(newest.properties["Accuracy"])],
                "kind": [Model(None, "v1-folder").tags["kind"]],
                "gone": [gone],
                "listed": [len(Model.list(newest.workspace, name="v1-single"))],
            })
    """)
    header, row = stored(connection, "v1/out.csv").splitlines()
    assert header == "folder,single,version,accuracy,kind,gone,listed"
    assert row == '7,22,2,0.5,folder,"ModelNotFound: no model named v1-nobody is registered in the workspace",2'.replace('"', "")


def test_the_run(connection: Any, execute: Any) -> None:
    job, step = execute("""
        import io
        import pandas
        from azureml.core import Run
        from azureml.core.run import Run as Same

        def azureml_main():
            run = Run.get_context(allow_offline=False)
            run.log("rows", 3)
            run.log_list("loss", [3, 2, 1])
            run.log("note", "no number")
            run.upload_file("outputs/said.txt", io.BytesIO(b"hello"))
            run.parent.log("drift_percent", "12.5")
            run.parent.tag("drift_percent", "12.5")
            run.parent.upload_file("outputs/of_parent.txt", io.BytesIO(b"above"))
            run.complete()
            model = run.register_model("v1-registered", "outputs/said.txt", properties={"Accuracy": 0.75})
            workspace = run.experiment.workspace
            return pandas.DataFrame({
                "metrics": [str(run.get_metrics())],
                "id": [run.id],
                "parent": [run.parent.id],
                "noted": [run.get_properties()["azureml.pipelinerunid"]],
                "workspace": [workspace.name],
                "experiment": [run.experiment.name],
                "files": [" ".join(one for one in run.get_file_names() if one.startswith("outputs"))],
                "model": [model.id],
            })
    """)
    row = stored(connection, "v1/out.csv").splitlines()[1]
    assert row.endswith(f",{step.name},{job.name},{job.name},workshop,v1-names,outputs/said.txt,v1-registered:1")
    assert "'rows': 3.0" in row and "'loss': [3.0, 2.0, 1.0]" in row
    mlflow = connection.mlflow()
    assert mlflow.get_run(step.name).data.tags["note"] == "no number"
    above = mlflow.get_run(job.name).data
    assert (above.metrics["drift_percent"], above.tags["drift_percent"]) == (12.5, "12.5")
    assert connection.ml.jobs.get(job.name).tags["drift_percent"] == "12.5"
    assert (written(connection, step.name, "outputs/said.txt"), written(connection, job.name, "outputs/of_parent.txt")) == ("hello", "above")
    assert connection.ml.models.get("v1-registered", version="1").properties["Accuracy"] == "0.75"


def test_data(connection: Any, execute: Any, tmp_path: Any) -> None:
    (tmp_path / "parts").mkdir()
    for name in ("a", "b"):
        (tmp_path / "parts" / f"{name}.csv").write_text("x\n1\n2\n")
    connection.ml.data.create_or_update(Data(name="v1-data", path=str(tmp_path / "parts"), type="uri_folder"))
    execute("""
        from azureml.core import Dataset, Datastore, Run

        def azureml_main():
            workspace = Run.get_context().experiment.workspace
            found = Dataset.get_by_name(workspace, "v1-data")
            assert found.to_path() == ["/a.csv", "/b.csv"] and Datastore.get(workspace, "workspaceblobstore").name == "workspaceblobstore"
            return found.to_pandas_dataframe()
    """)
    assert stored(connection, "v1/out.csv") == "x\n1\n2\n1\n2\n"


def test_what_is_not_there_is_told_with_the_line(connection: Any, execute: Any) -> None:
    _, step = execute("from azureml.core import ScriptRunConfig\ndef azureml_main():\n    pass\n", finished)
    assert shown(connection, step.name)["status"] == "Failed"
    assert "python_script: line 1: ImportError: cannot import name 'ScriptRunConfig' from 'azureml.core'" in written(connection, step.name)
