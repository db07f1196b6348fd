"""Command jobs with the official client: what is submitted runs as it says, and is told in Azure's words."""

import logging
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from clients.submitting import ENVIRONMENT, completed, finished, lines, make, running, shown, stored, written
from running import wait_until

ORDER = ["NotStarted", "Queued", "Preparing", "Provisioning", "Starting", "Running", "Finalizing", "Completed"]


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """The official clients warn in the log of features that they call experimental."""
    logging.getLogger("azure").setLevel(logging.ERROR)


def submit(connection: Any, text: str, **more: Any) -> Any:
    from azure.ai.ml import command

    return connection.ml.jobs.create_or_update(command(command=text, environment=ENVIRONMENT, **more))


def test_values_and_variables_reach_the_command_as_they_were_written(connection: Any) -> None:
    job = submit(
        connection,
        "echo rate=${{inputs.rate}}; echo small=${{ inputs.small }}; echo on=${{inputs.on}}; echo text='${{inputs.text}}'; env",
        inputs={"rate": 0.01, "small": 1e-05, "on": True, "text": "two words"},
        environment_variables={"OWN": "x-${{inputs.rate}}", "PLAIN": "1"},
        experiment_name="trying-values",
    )
    completed(connection, job)
    said = lines(connection, job.name)
    assert (said["rate"], said["small"], said["on"], said["text"]) == ("0.01", "1e-05", "True", "two words")
    assert (said["OWN"], said["PLAIN"]) == ("x-0.01", "1")
    assert {
        name: said[name] for name in said if name.startswith(("AZUREML_ARM", "AZUREML_RUN_ID", "AZUREML_ROOT", "MLFLOW_RUN_ID", "MLFLOW_EXP"))
    } == {
        "AZUREML_ARM_SUBSCRIPTION": connection.subscription,
        "AZUREML_ARM_RESOURCEGROUP": connection.resource_group,
        "AZUREML_ARM_WORKSPACE_NAME": connection.workspace,
        "AZUREML_ARM_PROJECT_NAME": "trying-values",
        "AZUREML_RUN_ID": job.name,
        "AZUREML_ROOT_RUN_ID": job.name,
        "MLFLOW_RUN_ID": job.name,
        "MLFLOW_EXPERIMENT_NAME": "trying-values",
    }
    assert said["AZUREML_SERVICE_ENDPOINT"] == connection.url
    assert {"AZUREML_RUN_TOKEN", "AZUREML_RUN_TOKEN_EXPIRY", "AZUREML_EXPERIMENT_ID", "AZUREML_WORKSPACE_ID", "AZUREML_CR_NODE_RANK"} <= said.keys()
    assert said["AZUREML_DISCOVERY_SERVICE_ENDPOINT"] == f"{connection.url}/discovery"
    assert said["MLFLOW_TRACKING_URI"] == connection.tracking_uri
    assert [name for name in said if name.startswith("AZURINE_")] == ["AZURINE_TASK"], "what the server keeps to itself does not reach a step"


def test_data_is_found_however_it_is_named(connection: Any, tmp_path: Path) -> None:
    from azure.ai.ml import Input, Output
    from azure.ai.ml.entities import Data, Model
    from azure.storage.blob import ContainerSasPermissions, generate_container_sas

    ml = connection.ml
    folder = make(tmp_path, data__one_txt="one", data__deep__two_txt="two")
    asset = ml.data.create_or_update(Data(name="found", path=str(folder / "data"), type="uri_folder"))
    first = submit(
        connection, "echo made > ${{outputs.o}}/made.txt; mkdir -p outputs; echo kept > outputs/kept.txt", outputs={"o": Output(type="uri_folder")}
    )
    completed(connection, first)
    model = ml.models.create_or_update(Model(name="from-run", path=f"runs:/{first.name}/outputs/", type="custom_model"))
    store = ml.datastores.get_default()
    path = asset.path.split("/paths/")[1].rstrip("/") + "/"
    key = ml.datastores._list_secrets("workspaceblobstore")
    sas = getattr(key, "sas_token", None) or generate_container_sas(
        store.account_name,
        store.container_name,
        key.key,
        permission=ContainerSasPermissions(read=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    given = {
        "file": Input(type="uri_file", path=str(folder / "data" / "one.txt")),
        "folder": Input(type="uri_folder", path=str(folder / "data"), mode="download"),
        "version": Input(type="uri_folder", path="azureml:found:1"),
        "latest": Input(type="uri_folder", path="found@latest"),
        "arm": Input(type="uri_folder", path=asset.id),
        "short": Input(type="uri_file", path=f"azureml://datastores/workspaceblobstore/paths/{path}one.txt"),
        "long": Input(type="uri_folder", path=asset.path, mode="ro_mount"),
        "job": Input(type="uri_folder", path=f"azureml://jobs/{first.name}/outputs/o/paths/"),
        "kept": Input(type="uri_file", path=f"azureml://jobs/{first.name}/outputs/artifacts/paths/outputs/kept.txt"),
        "run": Input(type="custom_model", path=model.id),
        "web": Input(type="uri_file", path=f"{connection.blob_url}/{store.container_name}/{path}one.txt?{sas}"),
        "straight": Input(type="uri_file", path=f"azureml://datastores/workspaceblobstore/paths/{path}one.txt", mode="direct"),
    }
    files = {"file": "", "folder": "/deep/two.txt", "version": "/one.txt", "latest": "/one.txt", "arm": "/one.txt", "short": "", "long": "/one.txt"}
    files |= {"job": "/made.txt", "kept": "", "web": "", "run": "/kept.txt"}
    script = "; ".join(f"echo read-{name}=$(cat '${{{{inputs.{name}}}}}'{below})" for name, below in files.items())
    job = submit(connection, f"{script}; echo read-straight=${{{{inputs.straight}}}}; env", inputs=given)
    completed(connection, job)
    said = lines(connection, job.name)
    assert {name: said[f"read-{name}"] for name in files} == dict.fromkeys(files, "one") | {
        "folder": "two",
        "job": "made",
        "kept": "kept",
        "run": "kept",
    }
    assert said["read-straight"] == said["AZURE_ML_INPUT_straight"] == said["straight"] == given["straight"].path
    assert said["AZURE_ML_INPUT_file"].endswith("/one.txt") and said["AZURE_ML_INPUT_file"] == said["FILE"] == said["AZUREML_DATAREFERENCE_file"]


def test_outputs_go_where_they_should_and_become_assets(connection: Any, tmp_path: Path) -> None:
    from azure.ai.ml import Output

    mine = "azureml://datastores/workspaceblobstore/paths/mine/${{name}}/${{output_name}}"
    job = submit(
        connection,
        "echo folder > ${{outputs.plain}}/a.txt; echo file > ${{outputs.file}}; echo up > ${{outputs.up}}/up.txt; echo straight=${{outputs.straight}};"
        " echo flavors: > ${{outputs.model}}/MLmodel; echo $AZURE_ML_OUTPUT_plain > outputs/where.txt; mkdir -p logs; echo x > logs/own.txt",
        outputs={
            "plain": Output(type="uri_folder"),
            "file": Output(type="uri_file", path=f"{mine}.csv", name="made-file"),
            "up": Output(
                type="uri_folder", path=mine.replace("workspaceblobstore", "${{default_datastore}}"), mode="upload", name="made-folder", version="v7"
            ),
            "straight": Output(type="uri_folder", path=mine, mode="direct"),
            "model": Output(type="mlflow_model", name="made-model"),
        },
    )
    completed(connection, job)
    base = f"mine/{job.name}"
    assert [stored(connection, path).strip() for path in (f"azureml/{job.name}/plain/a.txt", f"{base}/file.csv", f"{base}/up/up.txt")] == [
        "folder",
        "file",
        "up",
    ]
    assert lines(connection, job.name)["straight"] == f"azureml://datastores/workspaceblobstore/paths/{base}/straight"
    ml = connection.ml
    file, folder, model = ml.data.get("made-file", label="latest"), ml.data.get("made-folder", "v7"), ml.models.get("made-model", label="latest")
    assert (file.type, file.path.split("/paths/")[1]) == ("uri_file", f"{base}/file.csv")
    assert (folder.type, folder.path.split("/paths/")[1]) == ("uri_folder", f"{base}/up")
    assert (model.type, model.job_name) == ("mlflow_model", job.name)
    found = ml.jobs.get(job.name).outputs
    assert found["file"].path.split("/paths/")[1] == f"{base}/file.csv"

    ml.jobs.download(job.name, download_path=tmp_path / "all", all=True)
    ml.jobs.download(job.name, download_path=tmp_path / "one", output_name="plain")
    ml.jobs.download(job.name, download_path=tmp_path / "logs")
    there = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    artifacts = ["logs/own.txt", "outputs/where.txt", "user_logs/std_log.txt"]
    assert there == sorted(
        [
            *(f"{which}/artifacts/{one}" for which in ("all", "logs") for one in artifacts),
            "all/named-outputs/file/file.csv",
            "all/named-outputs/model/MLmodel",
            "all/named-outputs/plain/a.txt",
            "all/named-outputs/up/up.txt",
            "one/named-outputs/plain/a.txt",
        ]
    )


def test_a_local_folder_of_code_runs_in_a_copy_of_its_own(connection: Any, tmp_path: Path) -> None:
    code = make(
        tmp_path,
        src__main_py="import helper, sys\nprint('said=' + helper.said + sys.argv[1])\nopen('main.py', 'w').close()\n",
        src__helper_py="said = 'hello '\n",
    )
    for _ in range(2):
        job = submit(connection, "python main.py ${{inputs.who}}", code=str(code / "src"), inputs={"who": "Ada"})
        completed(connection, job)
        assert lines(connection, job.name)["said"] == "hello Ada", "what a step does to its code is not seen by the next one"


def test_several_processes_are_told_their_places(connection: Any) -> None:
    from azure.ai.ml import MpiDistribution, PyTorchDistribution

    torch = submit(connection, "env", instance_count=2, distribution=PyTorchDistribution(process_count_per_instance=2))
    mpi = submit(connection, "env", instance_count=2, distribution=MpiDistribution(process_count_per_instance=1))
    completed(connection, torch)
    completed(connection, mpi)

    def said(job: Any, rank: int) -> dict[str, str]:
        return dict(line.split("=", 1) for line in written(connection, job.name, f"user_logs/std_log_process_{rank}.txt").splitlines() if "=" in line)

    names = ("RANK", "LOCAL_RANK", "NODE_RANK", "WORLD_SIZE", "AZUREML_CR_NODE_RANK")
    assert [[said(torch, rank)[name] for name in names] for rank in range(4)] == [
        ["0", "0", "0", "4", "0"],
        ["1", "1", "0", "4", "0"],
        ["2", "0", "1", "4", "1"],
        ["3", "1", "1", "4", "1"],
    ]
    assert {"MASTER_ADDR", "MASTER_PORT"} <= said(torch, 0).keys()
    assert [said(mpi, rank)["OMPI_COMM_WORLD_RANK"] for rank in range(2)] == ["0", "1"]
    assert said(mpi, 1)["OMPI_COMM_WORLD_SIZE"] == "2"


def test_the_words_for_how_it_goes_come_in_azures_order(connection: Any) -> None:
    job = submit(connection, "sleep 0.3")
    said = [job.status]
    wait_until(lambda: said.append(connection.ml.jobs.get(job.name).status) or said[-1] == "Completed", 60, lambda: str(said), every=0.005)
    places = [ORDER.index(str(getattr(one, "value", one))) for one in said]
    assert places == sorted(places)
    assert {"Running", "Completed"} <= {ORDER[place] for place in places}
    times = shown(connection, job.name)
    assert times["startTimeUtc"] < times["endTimeUtc"]


def test_one_that_runs_longer_than_its_limit_is_cancelled(connection: Any) -> None:
    job = submit(connection, "echo pid=$$; sleep 3600", timeout=1)
    assert finished(connection, job).status == "Canceled"
    assert "longer than its limit of 1 seconds" in shown(connection, job.name)["error"]["error"]["message"]
    assert not running(int(lines(connection, job.name)["pid"]))


def test_cancel_ends_the_whole_process_tree(connection: Any) -> None:
    job = submit(connection, "trap '' TERM; sleep 3600 & echo one=$!; (setsid sleep 3600 & echo two=$!); echo three=$$; wait")
    wait_until(lambda: "three" in lines(connection, job.name), 60, lambda: connection.ml.jobs.get(job.name).status)
    pids = [int(pid) for pid in lines(connection, job.name).values()]
    assert all(running(pid) for pid in pids)
    connection.ml.jobs.begin_cancel(job.name).result(60)
    assert connection.ml.jobs.get(job.name).status == "Canceled"
    assert not [pid for pid in pids if running(pid)]


def test_a_job_that_waits_in_line_is_cancelled_too(connection: Any) -> None:
    jobs = [submit(connection, "sleep 3600") for _ in range(8)]
    for job in reversed(jobs):
        connection.ml.jobs.begin_cancel(job.name).result(60)
    assert {connection.ml.jobs.get(job.name).status for job in jobs} == {"Canceled"}


def test_logs_are_streamed_while_the_job_runs(connection: Any, capsys: pytest.CaptureFixture[str]) -> None:
    job = submit(connection, "echo first; until [ -e ${{outputs.o}}/go ]; do sleep 0.1; done; echo last", outputs={"o": {"type": "uri_folder"}})
    stream = threading.Thread(target=connection.ml.jobs.stream, args=(job.name,))
    stream.start()
    said = ""

    def heard(word: str) -> bool:
        nonlocal said
        said += capsys.readouterr().out
        return word in said.splitlines()

    wait_until(lambda: heard("first"), 60, lambda: said)
    assert connection.ml.jobs.get(job.name).status == "Running"
    container = connection.ml.datastores.get_default().container_name
    connection.blobs.get_blob_client(container, f"azureml/{job.name}/o/go").upload_blob(b"")
    stream.join(60)
    assert heard("last") and heard("Execution Summary") and f"RunId: {job.name}" in said
    assert said.splitlines().count("first") == 1


def test_lists_show_what_they_are_asked_for(connection: Any) -> None:
    from azure.ai.ml.constants import ListViewType

    ml = connection.ml
    made = [submit(connection, "true", tags={"group": "listed"}) for _ in range(3)]
    names = {job.name for job in made}
    assert names <= {one.name for one in ml.jobs.list()}
    ml.jobs.archive(made[0].name)
    assert names & {one.name for one in ml.jobs.list()} == names - {made[0].name}
    assert made[0].name in {one.name for one in ml.jobs.list(list_view_type=ListViewType.ARCHIVED_ONLY)}
    ml.jobs.restore(made[0].name)
    assert names <= {one.name for one in ml.jobs.list(list_view_type=ListViewType.ALL)}
    answer = connection.http.get(
        f"{connection.url}{connection.workspace_id}/jobs", params={"api-version": "2024-01-01-preview", "tag": "group=listed"}
    )
    assert {one["name"] for one in answer.json()["value"]} == names


def test_what_is_said_about_a_job_can_be_changed_later(connection: Any) -> None:
    ml = connection.ml
    job = submit(connection, "true", tags={"a": "1"})
    completed(connection, job)
    ml.jobs.update(job.name, display_name="renamed", tags={"b": "2"}, description="said")
    found = ml.jobs.get(job.name)
    assert (found.display_name, found.tags, found.description) == ("renamed", {"a": "1", "b": "2"}, "said")
    found.tags["c"] = "3"
    found.display_name = "again"
    ml.jobs.create_or_update(found)
    found = ml.jobs.get(job.name)
    assert (found.display_name, found.tags["c"], found.status) == ("again", "3", "Completed")


def test_tags_are_the_same_for_both_official_clients(connection: Any) -> None:
    ml, tracking = connection.ml, connection.mlflow().MlflowClient()
    job = submit(connection, "true", tags={"born": "1"})
    tracking.set_tag(job.name, "by_mlflow", "2")
    tracking.set_tag(job.name, "mlflow.note.content", "MLflow's own")
    assert ml.jobs.get(job.name).tags == {"born": "1", "by_mlflow": "2"}
    completed(connection, job)

    ml.jobs.update(job.name, tags={"by_mlflow": "3", "by_ml": "4"})
    tags = tracking.get_run(job.name).data.tags
    assert {key: tags.get(key) for key in ("born", "by_mlflow", "by_ml", "mlflow.note.content")} == {
        "born": "1",
        "by_mlflow": "3",
        "by_ml": "4",
        "mlflow.note.content": "MLflow's own",
    }
    experiment = tracking.get_run(job.name).info.experiment_id
    assert [run.info.run_id for run in tracking.search_runs([experiment], "tags.by_mlflow = '3' and tags.by_ml = '4'")] == [job.name]

    tracking.delete_tag(job.name, "born")
    assert ml.jobs.get(job.name).tags == {"by_mlflow": "3", "by_ml": "4"}


def test_a_datastore_has_its_container_at_once(connection: Any) -> None:
    from azure.ai.ml.entities import AzureBlobDatastore

    ml = connection.ml
    ml.datastores.create_or_update(AzureBlobDatastore(name="fresh", account_name=connection.account, container_name="fresh-one"))
    wait_until(lambda: connection.blobs.get_container_client("fresh-one").exists(), 30, "the container is not there")
    ml.datastores.delete("fresh")
    assert "fresh" not in {one.name for one in ml.datastores.list()}
