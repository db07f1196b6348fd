"""What bad jobs get: each a clear error in Azure's shape, nothing half-made, and a server that lives on."""

import logging
from pathlib import Path
from typing import Any

import psutil
import pytest

from clients.submitting import ENVIRONMENT, completed, finished, make, shown, stored, written
from running import RunningServer, wait_until

COMMAND = {"jobType": "Command", "command": "true", "environmentId": ENVIRONMENT}
MEGABYTE = 1024 * 1024


@pytest.fixture(autouse=True)
def _quiet() -> None:
    """The official clients warn in the log of features that they call experimental."""
    logging.getLogger("azure").setLevel(logging.CRITICAL)


def put(connection: Any, name: str, properties: Any) -> Any:
    address = f"{connection.url}{connection.workspace_id}/jobs/{name}"
    return connection.http.put(address, params={"api-version": "2024-01-01-preview"}, json={"properties": properties})


def load(folder: Path, text: str) -> Any:
    from azure.ai.ml import load_job

    make(folder, job_yml=text)
    return load_job(folder / "job.yml")


def job(**more: str) -> str:
    fields = {"command": "echo hello", "environment": ENVIRONMENT, **more}
    return "\n".join(f"{name}: {value}" for name, value in fields.items())


def pipeline(node: str, more: str = "") -> str:
    return f"type: pipeline\nsettings: {{default_compute: serverless}}\n{more}\njobs:\n  a:\n    environment: {ENVIRONMENT}\n    {node}\n"


FILES = [
    # the file, words that the error must hold
    (job(comand="x"), ["comand", "Unknown field"]),
    (job(code="./nowhere"), ["nowhere"]),
    (job(compute="azureml:nowhere"), ["nowhere"]),
    (job(environment="azureml:nowhere:1"), ["nowhere:1"]),
    (job(environment="azureml:nowhere@latest"), ["nowhere"]),
    (job(inputs="{d: {type: uri_folder, path: 'azureml:nowhere:1'}}"), ["nowhere:1"]),
    (job(inputs="{d: {type: uri_folder, path: 'azureml://datastores/nowhere/paths/x'}}"), ["nowhere"]),
    (job(inputs="{d: {type: uri_folder, path: 'azureml://jobs/nowhere/outputs/o'}}"), ["nowhere"]),
    (job(inputs="{d: {type: uri_folder, path: ./nowhere}}"), ["nowhere"]),
    (job(command="'echo ${{inputs.n}}'"), ["'n' referenced in command"]),
    (job(command="'echo ${{inputs.n'", inputs="{n: 1}"), ["never closed by }}"]),
    (job(limits="{timeout: soon}"), ["limits", "timeout"]),
    (pipeline("command: echo ${{inputs.d}}\n    inputs: {d: '${{parent.jobs.b.outputs.o}}'}"), ["parent.jobs.b.outputs.o"]),
    (pipeline("command: echo ${{inputs.d}}\n    inputs: {d: '${{parent.inputs.x}}'}"), ["parent.inputs.x"]),
    (pipeline("component: azureml:nowhere:1"), ["nowhere:1"]),
    (pipeline("component: ./nowhere.yml"), ["nowhere.yml"]),
]


@pytest.mark.parametrize(("text", "words"), FILES, ids=lambda one: str(one)[-60:])
def test_a_bad_file_is_refused_by_the_client_or_the_server(connection: Any, tmp_path: Path, text: str, words: list[str]) -> None:
    before = {one.name for one in connection.ml.jobs.list()}
    with pytest.raises(Exception) as caught:  # the client has a class of its own for nearly each of these
        connection.ml.jobs.create_or_update(load(tmp_path, text))
    message = str(caught.value)
    assert not [word for word in words if word not in message], message
    assert {one.name for one in connection.ml.jobs.list()} == before, "nothing is half-made"


BODIES: list[tuple[Any, int, str, str, str]] = [
    # properties, HTTP status, code, target, words
    (None, 400, "InvalidType|MissingField", "properties", "properties"),
    ({"jobType": "Sweep"}, 501, "NotSupported", "properties.jobType", "Command and Pipeline jobs do"),
    ({**COMMAND, "computeId": "azureml:nowhere"}, 400, "ResourceNotFound", "properties.computeId", "there is no compute 'nowhere'"),
    ({**COMMAND, "environmentId": "azureml:nowhere:1"}, 400, "ResourceNotFound", "properties.environmentId", "there is no environment"),
    (
        {**COMMAND, "inputs": {"d": {"jobInputType": "uri_folder", "uri": "azureml:nowhere:1"}}},
        400,
        "ResourceNotFound",
        "properties.inputs.d.uri",
        "nowhere:1",
    ),
    ({**COMMAND, "command": "echo ${{inputs.x}"}, 400, "InvalidExpression", "properties.command", "never closed"),
    ({**COMMAND, "inputs": ["x"]}, 400, "InvalidType", "properties.inputs", "must be an object, not a list"),
    ({**COMMAND, "limits": {"timeout": "P1Y"}}, 400, "InvalidDuration", "properties.limits.timeout", "PT90S"),
    ({**COMMAND, "command": "x" * 1_000_000}, 400, "InvalidValue", "properties.command", "at most 100000"),
    ({**COMMAND, "tags": {"a": "\ud800"}, "command": 5}, 400, "InvalidType", "properties.command", "must be a string"),
    ({"jobType": "Pipeline", "jobs": {"a": {"type": "sweep"}}}, 501, "NotSupported", "properties.jobs.a.type", "command, parallel and pipeline do"),
    ({"jobType": "Pipeline", "jobs": {f"n{one}": {} for one in range(5001)}}, 400, "TooManyJobs", "properties.jobs", "at most 5000"),
]


@pytest.mark.parametrize(("properties", "status", "code", "target", "words"), BODIES, ids=lambda one: str(one)[:50])
def test_a_bad_body_gets_azures_error(connection: Any, properties: Any, status: int, code: str, target: str, words: str) -> None:
    answer = put(connection, "bad-body", properties)
    error = answer.json()["error"]
    assert (answer.status_code, error["target"]) == (status, target), answer.text[:500]
    assert error["code"] in code.split("|") and words in error["message"]
    assert error["details"][0]["target"] == target and error["details"][0]["message"]
    found = connection.http.get(f"{connection.url}{connection.workspace_id}/jobs/bad-body", params={"api-version": "2024-01-01-preview"})
    assert found.status_code == 404


@pytest.mark.parametrize("name", ["..%2Fescape", "%2e%2e", "a%00b", "a%20b", "x" * 300])
def test_a_bad_name_is_refused(connection: Any, server: RunningServer, name: str) -> None:
    answer = put(connection, name, COMMAND)
    assert 400 <= answer.status_code < 500 and answer.json()["error"]["code"]
    assert not list(server.home.rglob("escape*"))


def test_a_cycle_is_told_with_its_names(connection: Any) -> None:
    from azure.ai.ml import command, dsl
    from azure.ai.ml.entities import PipelineJob
    from azure.core.exceptions import HttpResponseError

    @dsl.pipeline()
    def ring() -> None:
        made = {}
        for name in ("one", "two"):
            made[name] = command(
                name=name,
                command="cp -r ${{inputs.i}} ${{outputs.o}}",
                environment=ENVIRONMENT,
                inputs={"i": {"type": "uri_folder"}},
                outputs={"o": {"type": "uri_folder"}},
            )
        one, two = made["one"](i="${{parent.jobs.two.outputs.o}}"), made["two"](i="${{parent.jobs.one.outputs.o}}")
        one.name, two.name = "one", "two"

    whole: PipelineJob = ring()
    whole.settings.default_compute = "serverless"
    with pytest.raises(HttpResponseError) as caught:
        connection.ml.jobs.create_or_update(whole, skip_validation=True)
    assert caught.value.error.code == "CyclicPipeline"
    assert "one → two → one" in str(caught.value) or "two → one → two" in str(caught.value)


def test_a_name_that_is_taken_is_not_given_to_another_job(connection: Any) -> None:
    assert put(connection, "taken", COMMAND).status_code in (200, 201)
    assert put(connection, "taken", COMMAND).status_code == 200, "the same again is the same"
    answer = put(connection, "taken", {**COMMAND, "command": "false"})
    error = answer.json()["error"]
    assert (answer.status_code, error["target"]) == (409, "properties.command")
    assert "'taken' exists already with another command" in error["message"]
    assert shown(connection, "taken")["command"] == "true"


def test_a_script_that_exits_3_fails_with_its_last_words(connection: Any) -> None:
    put(connection, "exits-3", {**COMMAND, "command": "echo 'cannot find the patients' >&2; exit 3"})
    assert finished(connection, "exits-3").status == "Failed"
    error = shown(connection, "exits-3")["error"]["error"]
    assert error["code"] == "UserError"
    assert "status code 3" in error["message"] and "cannot find the patients" in error["message"] and "user_logs/std_log.txt" in error["message"]


def test_a_script_that_writes_200_megabytes_of_log_does_not_fill_the_servers_memory(connection: Any, server: RunningServer) -> None:
    process = psutil.Process(server.pid)
    before = process.memory_info().rss
    put(
        connection,
        "wordy",
        {**COMMAND, "command": "yes 'a line that says nothing at all, again and again and again' | head -c 209715200; echo; echo last"},
    )
    most = before

    def watched() -> bool:
        nonlocal most
        most = max(most, process.memory_info().rss)
        return shown(connection, "wordy")["status"] == "Completed"

    wait_until(watched, 120, lambda: str(shown(connection, "wordy")))
    details = f"{connection.url}/history/v1.0{connection.workspace_id}/runs/wordy/details"
    address = connection.http.get(details).json()["logFiles"]["user_logs/std_log.txt"]
    size = 0
    with connection.http.get(address, stream=True, auth=lambda request: request) as answer:
        for piece in answer.iter_content(MEGABYTE):
            size += len(piece)
            last = piece
            most = max(most, process.memory_info().rss)
    assert size >= 200 * MEGABYTE and last.endswith(b"last\n")
    assert most - before < 60 * MEGABYTE, f"the server grew by {(most - before) // MEGABYTE} MB"


def test_data_that_was_deleted_before_the_step_starts_is_named(connection: Any) -> None:
    missing = "azureml://datastores/workspaceblobstore/paths/was/here.csv"
    put(connection, "deleted", {**COMMAND, "inputs": {"patients": {"jobInputType": "uri_file", "uri": missing}}})
    assert finished(connection, "deleted").status == "Failed"
    message = shown(connection, "deleted")["error"]["error"]["message"]
    assert "patients" in message and missing in message


def test_code_that_was_deleted_before_the_step_starts_is_named(connection: Any) -> None:
    code = "azureml://datastores/workspaceblobstore/paths/no/code"
    address = f"{connection.url}{connection.workspace_id}/codes/gone/versions/1"
    connection.http.put(address, params={"api-version": "2024-01-01-preview"}, json={"properties": {"codeUri": code}}).raise_for_status()
    put(connection, "no-code", {**COMMAND, "codeId": "azureml:gone:1"})
    assert finished(connection, "no-code").status == "Failed"
    assert code in shown(connection, "no-code")["error"]["error"]["message"]


def test_a_step_whose_data_vanishes_between_two_steps_fails_with_its_name(connection: Any, tmp_path: Path) -> None:
    text = f"""
type: pipeline
settings: {{default_compute: serverless, force_rerun: true}}
jobs:
  make:
    command: rm -r ${{{{outputs.o}}}}
    environment: {ENVIRONMENT}
    outputs: {{o: {{type: uri_folder}}}}
  use:
    command: ls ${{{{inputs.made}}}}
    environment: {ENVIRONMENT}
    inputs: {{made: "${{{{parent.jobs.make.outputs.o}}}}"}}
"""
    made = connection.ml.jobs.create_or_update(load(tmp_path, text))
    assert finished(connection, made).status == "Failed"
    message = shown(connection, made.name)["error"]["error"]["message"]
    assert message.startswith("the job use (") and "made" in message and "azureml://datastores/workspaceblobstore/paths/azureml/" in message


def test_a_version_that_stands_already_is_not_written_over(connection: Any) -> None:
    outputs = {"o": {"jobOutputType": "uri_folder", "assetName": "once", "assetVersion": "1"}}
    names = ["once-a", "once-b"]
    for name in names:
        put(
            connection,
            name,
            {
                **COMMAND,
                "command": "echo ${{inputs.who}} > ${{outputs.o}}/who",
                "inputs": {"who": {"jobInputType": "literal", "value": name}},
                "outputs": outputs,
            },
        )
    said = {name: finished(connection, name).status for name in names}
    assert sorted(said.values()) == ["Completed", "Failed"]
    loser = next(name for name in names if said[name] == "Failed")
    assert "once:1" in shown(connection, loser)["error"]["error"]["message"]
    winner = next(name for name in names if said[name] == "Completed")
    assert stored(connection, f"azureml/{winner}/o/who").strip() == winner
    assert connection.ml.data.get("once", "1").path.endswith(f"/{winner}/o/")


def test_jobs_that_end_at_once_and_register_the_same_name_get_versions_of_their_own(connection: Any) -> None:
    names = [f"many-{number}" for number in range(6)]
    for name in names:
        put(connection, name, {**COMMAND, "command": "echo ${{outputs.o}}", "outputs": {"o": {"jobOutputType": "uri_folder", "assetName": "many"}}})
    for name in names:
        completed(connection, name)
    versions = sorted(shown(connection, name)["outputs"]["o"]["assetVersion"] for name in names)
    assert versions == ["1", "2", "3", "4", "5", "6"]


def test_what_a_step_prints_in_any_encoding_is_kept(connection: Any) -> None:
    put(connection, "bytes", {**COMMAND, "command": r"printf 'caf\xc3\xa9 \xff\xfe\n'; exit 1"})
    assert finished(connection, "bytes").status == "Failed"
    assert "café" in shown(connection, "bytes")["error"]["error"]["message"]
    container = connection.ml.datastores.get("workspaceartifactstore").container_name
    blob = connection.blobs.get_blob_client(container, "ExperimentRun/dcid.bytes/user_logs/std_log.txt")
    assert blob.download_blob().readall() == b"caf\xc3\xa9 \xff\xfe\n"


def test_what_was_written_in_short_is_shown_as_the_official_client_can_read_it(connection: Any) -> None:
    put(
        connection,
        "in-short",
        {
            **COMMAND,
            "computeId": "local",
            "inputs": {
                "n": 3,
                "on": True,
                "none": None,
                "d": {"type": "uri_folder", "path": "azureml://datastores/workspaceblobstore/paths/", "mode": "ro_mount"},
            },
            "outputs": {"o": None, "p": {"type": "uri_file", "mode": "mount"}},
            "distribution": {"type": "pytorch"},
            "displayName": None,
            "tags": None,
        },
    )
    found = connection.ml.jobs.get("in-short")
    assert (found.inputs["d"].mode, found.outputs["p"].mode, found.outputs["o"].type) == ("ro_mount", "rw_mount", "uri_folder")
    assert found.inputs["d"].path == "azureml://datastores/workspaceblobstore/paths/"
    assert {name: one["value"] for name, one in shown(connection, "in-short")["inputs"].items() if name != "d"} == {"n": "3", "on": "True"}
    assert "in-short" in {one.name for one in connection.ml.jobs.list()}
    assert finished(connection, "in-short").status == "Completed"


def test_the_server_is_as_well_as_before(connection: Any) -> None:
    put(connection, "after-all", {**COMMAND, "command": "echo well"})
    completed(connection, "after-all")
    assert written(connection, "after-all") == "well\n"
