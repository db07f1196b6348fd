"""What is wrong with a job is told at once, with its path and what would be right: a table of bad bodies."""

from typing import Any

import pytest

from azurine.model.errors import AzurineError, Conflict, Invalid, Unsupported
from azurine.model.resources import Json
from ml.jobs.stage import ENVIRONMENT, Stage

FOLDER = {"type": "uri_folder"}
LITERAL = "literal"


def lit(value: object) -> Json:
    return {"jobInputType": LITERAL, "value": value}


def data(uri: str, sort: str = "uri_folder", **more: Any) -> Json:
    return {"jobInputType": sort, "uri": uri, **more}


@pytest.fixture(scope="module")
def filled() -> Stage:
    stage = Stage()
    stage.component(
        "prep",
        command="prep ${{inputs.d}} ${{inputs.n}} $[[${{inputs.t}}]] ${{outputs.o}}",
        inputs={
            "d": FOLDER,
            "n": {"type": "integer", "min": 1, "max": 9},
            "t": {"type": "string", "optional": True, "enum": ["x", "y"]},
            "f": {"type": "uri_file", "optional": True},
        },
        outputs={"o": FOLDER},
    )
    stage.component("make", command="make ${{outputs.o}}", outputs={"o": FOLDER})
    stage.component("count", command="count", outputs={"n": {"type": "integer"}})
    stage.component("inner", jobs={"x": {"componentId": "azureml:make:1"}}, outputs={})
    stage.put("data/d/versions/1", {"properties": {"dataUri": "azureml://datastores/workspaceblobstore/paths/d/"}})
    stage.put("computes/box", {"properties": {"computeType": "ComputeInstance"}})
    stage.command("done", outputs={"o": {}})
    return stage


GOOD: Json = {"jobType": "Command", "command": "run", "environmentId": ENVIRONMENT}
COMMANDS: list[tuple[Json, str, str, str]] = [
    # what is said, the code, the path, what the message holds
    ({"jobType": None}, "MissingField", "jobType", "jobType is required"),
    ({"jobType": "Comand"}, "InvalidValue", "jobType", "Command and Pipeline would be right"),
    ({"jobType": 7}, "InvalidType", "jobType", "must be a string"),
    ({"command": ""}, "MissingField", "command", "python train.py"),
    ({"command": "x" * 100_001}, "InvalidValue", "command", "at most 100000"),
    ({"command": "a\0b"}, "InvalidValue", "command", "zero character"),
    ({"command": "a ${{inputs.x"}, "InvalidExpression", "command", "never closed by }}"),
    ({"command": "a ${{inputs.x}}"}, "InvalidExpression", "command", "there is no input x; inputs are: none"),
    ({"command": "a ${{outputs.x}}", "outputs": {"y": {}}}, "InvalidExpression", "command", "there is no output x; outputs are: y"),
    ({"command": "a ${{parent.inputs.x}}"}, "InvalidExpression", "command", "may not stand here"),
    ({"environmentId": None}, "MissingField", "environmentId", "azureml:AzureML-sklearn-1.5@latest"),
    ({"environmentId": "azureml:nothing:1"}, "ResourceNotFound", "environmentId", "there is no environment 'nothing:1'"),
    ({"environmentId": {"image": "x"}}, "InvalidType", "environmentId", "must be a string"),
    ({"codeId": "azureml:nothing:1"}, "ResourceNotFound", "codeId", "there is no code 'nothing:1'"),
    ({"codeId": "./src"}, "ValidationError", "codeId", "does not name a code"),
    ({"componentId": "azureml:nothing:1"}, "ResourceNotFound", "componentId", "there is no component 'nothing:1'"),
    ({"componentId": "azureml:inner:1"}, "InvalidType", "componentId", "inner:1 is a pipeline component"),
    ({"computeId": "azureml:x"}, "ResourceNotFound", "computeId", "there is no compute 'x'"),
    ({"computeId": "a/b/c"}, "ValidationError", "computeId", "does not name a compute"),
    ({"experimentName": "a/b"}, "InvalidName", "experimentName", "cannot be the name of an experiment"),
    ({"limits": {"timeout": "soon"}}, "InvalidDuration", "limits.timeout", "PT90S"),
    ({"limits": {"timeout": "PT0S"}}, "InvalidDuration", "limits.timeout", "PT90S"),
    ({"limits": {"timeout": -1}}, "InvalidDuration", "limits.timeout", "PT90S"),
    ({"limits": "PT5S"}, "InvalidType", "limits", "must be an object"),
    ({"resources": {"instanceCount": 0}}, "InvalidValue", "resources.instanceCount", "between 1 and 64"),
    ({"resources": {"instanceCount": "two"}}, "InvalidType", "resources.instanceCount", "whole number"),
    ({"distribution": {"distributionType": "Ray"}}, "NotSupported", "distribution.distributionType", "pytorch, mpi, tensorflow"),
    ({"distribution": {"distributionType": "Mpi", "processCountPerInstance": "x"}}, "InvalidType", "distribution.processCountPerInstance", "whole"),
    ({"environmentVariables": {"A=B": "x"}}, "InvalidName", "environmentVariables.A=B", "environment variable"),
    ({"environmentVariables": {"A": {"b": 1}}}, "InvalidType", "environmentVariables.A", "is a text"),
    ({"environmentVariables": {"A": "${{inputs.x}}"}}, "InvalidExpression", "environmentVariables.A", "there is no input x"),
    ({"tags": {"a": [1]}}, "InvalidType", "tags.a", "must be a string"),
    ({"isArchived": "no"}, "InvalidType", "isArchived", "true or false"),
    ({"inputs": "x"}, "InvalidType", "inputs", "must be an object"),
    ({"inputs": {"a b": lit(1)}}, "InvalidName", "inputs.a b", "letters, digits and _"),
    ({"inputs": {"PATH": lit(1)}}, "InvalidName", "inputs.PATH", "reserved"),
    ({"inputs": {"a": lit([1])}}, "InvalidType", "inputs.a", "not a list"),
    ({"inputs": {"a": lit("x" * 100_001)}}, "InvalidValue", "inputs.a", "at most 100000"),
    ({"inputs": {"a": data("azureml:d:1", "folder")}}, "InvalidType", "inputs.a", "uri_folder"),
    ({"inputs": {"a": data("")}}, "MissingField", "inputs.a.uri", "must not be empty"),
    ({"inputs": {"a": data("azureml:d:1", mode="Teleport")}}, "InvalidValue", "inputs.a.mode", "ro_mount, download, direct"),
    ({"inputs": {"a": data("azureml:d:1", mode="EvalMount")}}, "InvalidValue", "inputs.a.mode", "mltable"),
    ({"inputs": {"a": data("azureml:d:2")}}, "ResourceNotFound", "inputs.a.uri", "there is no data asset 'd:2'"),
    ({"inputs": {"a": data("azureml:d")}}, "ValidationError", "inputs.a.uri", "d:<version> or d@latest"),
    ({"inputs": {"a": data("azureml:d@newest")}}, "ResourceNotFound", "inputs.a.uri", "@latest"),
    ({"inputs": {"a": data("./folder")}}, "ValidationError", "inputs.a.uri", "does not name a data asset"),
    ({"inputs": {"a": data("azureml://datastores/none/paths/x")}}, "ResourceNotFound", "inputs.a.uri", "there is no datastore 'none'"),
    ({"inputs": {"a": data("azureml://datastores/workspaceblobstore/paths/../x")}}, "InvalidPath", "inputs.a.uri", "may not hold .."),
    ({"inputs": {"a": data("azureml://jobs/none/outputs/o")}}, "ResourceNotFound", "inputs.a.uri", "there is no job 'none'"),
    ({"inputs": {"a": data("azureml://jobs/done/outputs/x")}}, "ResourceNotFound", "inputs.a.uri", "no output 'x'; it has: o, artifacts"),
    ({"inputs": {"a": data("runs:/none/model")}}, "ResourceNotFound", "inputs.a.uri", "there is no run 'none'"),
    ({"inputs": {"a": data("${{parent.inputs.x}}")}}, "InvalidExpression", "inputs.a.uri", "may not stand here"),
    ({"outputs": {"o": "x"}}, "InvalidType", "outputs.o", "such as {}"),
    ({"outputs": {"shell": {}}}, "InvalidName", "outputs.shell", "reserved"),
    ({"outputs": {"o": {"jobOutputType": "folder"}}}, "InvalidType", "outputs.o", "uri_folder"),
    ({"outputs": {"o": {"mode": "download"}}}, "InvalidValue", "outputs.o.mode", "rw_mount, upload or direct"),
    ({"outputs": {"o": {"uri": "azureml://datastores/none/paths/x"}}}, "ResourceNotFound", "outputs.o.uri", "there is no datastore 'none'"),
    ({"outputs": {"o": {"uri": "azureml://datastores/workspaceblobstore/paths/a/%2e%2e/b"}}}, "InvalidPath", "outputs.o.uri", "may not hold .."),
    ({"outputs": {"o": {"uri": "https://elsewhere/x"}}}, "InvalidPath", "outputs.o.uri", "cannot be written to"),
    ({"outputs": {"o": {"uri": "azureml://datastores/workspaceblobstore/paths/${{who}}"}}}, "InvalidExpression", "outputs.o.uri", "output_name"),
    ({"outputs": {"o": {"assetName": "a/b"}}}, "InvalidName", "outputs.o.assetName", "name of an asset"),
    ({"outputs": {"o": {"assetName": "a", "assetVersion": "../1"}}}, "InvalidName", "outputs.o.assetVersion", "version of an asset"),
]


@pytest.mark.parametrize(("said", "code", "path", "words"), COMMANDS, ids=lambda one: str(one)[:60])
def test_a_bad_command(filled: Stage, said: Json, code: str, path: str, words: str) -> None:
    with pytest.raises(AzurineError) as caught:
        filled.put("jobs/bad", {"properties": {**GOOD, **said}})
    error = caught.value
    assert (error.details[0].code, error.details[0].path) == (code, f"properties.{path}")
    assert words in error.message
    assert isinstance(error, Unsupported if code == "NotSupported" else Invalid)
    assert len(error.message) < 1000


PREP: Json = {"type": "command", "componentId": "azureml:prep:1", "inputs": {"d": {"job_input_type": "uri_folder", "uri": "azureml:d:1"}, "n": "3"}}
MAKE: Json = {"componentId": "azureml:make:1"}


def prep(**inputs: Any) -> Json:
    return {**PREP, "inputs": {**PREP["inputs"], **inputs}}


def use(node: str, port: str = "o") -> Json:
    return prep(d=f"${{{{parent.jobs.{node}.outputs.{port}}}}}")


PIPELINES: list[tuple[Json, Json, str, str, str]] = [
    # nodes, the pipeline's other properties, the code, the path, what the message holds
    ({}, {}, "MissingField", "jobs", "at least one job"),
    ({"a": 5}, {}, "InvalidType", "jobs.a", "must be an object"),
    ({"a-b": MAKE}, {}, "InvalidName", "jobs.a-b", "letters, digits and _"),
    ({"a": {}}, {}, "MissingField", "jobs.a.componentId", "componentId is required"),
    ({"a": {"componentId": "azureml:nothing:1"}}, {}, "ResourceNotFound", "jobs.a.componentId", "there is no component 'nothing:1'"),
    ({"a": {**MAKE, "type": "sweep"}}, {}, "NotSupported", "jobs.a.type", "command, parallel and pipeline do"),
    ({"a": {**MAKE, "type": "spark"}}, {}, "NotSupported", "jobs.a.type", "command, parallel and pipeline do"),
    ({"a": {**MAKE, "inputs": {"x": "1"}}}, {}, "UnknownInput", "jobs.a.inputs.x", "no input 'x'; it has: none"),
    ({"a": {**MAKE, "outputs": {"x": {}}}}, {}, "UnknownOutput", "jobs.a.outputs.x", "no output 'x'; it has: o"),
    ({"a": {"componentId": "azureml:prep:1", "inputs": {"n": 1}}}, {}, "MissingInput", "jobs.a.inputs.d", "the required input d is not given"),
    ({"a": prep(n="many")}, {}, "InvalidType", "jobs.a.inputs.n", "'many' is not an integer"),
    ({"a": prep(n="10")}, {}, "InvalidValue", "jobs.a.inputs.n", "at least 1 and at most 9"),
    ({"a": prep(n="nan")}, {}, "InvalidType", "jobs.a.inputs.n", "is not an integer"),
    ({"a": prep(t="z")}, {}, "InvalidValue", "jobs.a.inputs.t", "x, y"),
    ({"a": prep(n={"job_input_type": "uri_file", "uri": "azureml:d:1"})}, {}, "InvalidType", "jobs.a.inputs.n", "wants a integer here"),
    ({"a": prep(f="${{parent.jobs.b.outputs.o}}"), "b": MAKE}, {}, "InvalidType", "jobs.a.inputs.f", "wants uri_file here, not uri_folder"),
    ({"a": prep(d="${{parent.inputs.x}}")}, {}, "InvalidBinding", "jobs.a.inputs.d", "the pipeline has no input x; it has: none"),
    ({"a": prep(n="${{parent.inputs.n}}")}, {"inputs": {"n": lit("x")}}, "InvalidType", "jobs.a.inputs.n", "'x' is not an integer"),
    ({"a": use("b")}, {}, "InvalidBinding", "jobs.a.inputs.d", "the pipeline has no job b; it has: a"),
    ({"a": use("b", "x"), "b": MAKE}, {}, "InvalidBinding", "jobs.a.inputs.d", "the job b has no output x; it has: o"),
    ({"a": prep(d="${{inputs.d}}")}, {}, "InvalidBinding", "jobs.a.inputs.d", "may not stand here"),
    ({"a": prep(d="${{parent.jobs.b.outputs.o}"), "b": MAKE}, {}, "InvalidExpression", "jobs.a.inputs.d", "never closed by }}"),
    ({"a": {**MAKE, "outputs": {"o": {"value": "${{parent.outputs.x}}"}}}}, {}, "InvalidBinding", "jobs.a.outputs.o", "no output x; it has: none"),
    ({"a": use("a")}, {}, "CyclicPipeline", "jobs.a", "a → a"),
    ({"a": use("c"), "b": use("a"), "c": use("b")}, {}, "CyclicPipeline", "jobs.a", "→ a"),
    ({"a": prep(n="${{parent.jobs.b.inputs.n}}"), "b": prep(n="${{parent.jobs.a.inputs.n}}")}, {}, "InvalidBinding", "jobs.a.inputs.n", "each other"),
    ({"a": {**MAKE, "computeId": "azureml:x"}}, {}, "ResourceNotFound", "jobs.a.computeId", "there is no compute 'x'"),
    ({"a": {**MAKE, "limits": {"timeout": "soon"}}}, {}, "InvalidDuration", "jobs.a.limits.timeout", "PT90S"),
    (
        {"a": {"componentId": "azureml:count:1", "outputs": {"n": {"mode": "Direct"}}}},
        {},
        "InvalidValue",
        "jobs.a.outputs.n.mode",
        "the value (integer) is read from its file",
    ),
    ({"a": MAKE}, {"settings": {"default_compute": "azureml:x"}}, "ResourceNotFound", "settings.default_compute", "there is no compute 'x'"),
    ({"a": MAKE}, {"settings": {"default_datastore": "x"}}, "ResourceNotFound", "settings.default_datastore", "there is no datastore 'x'"),
    ({"a": MAKE}, {"settings": {"force_rerun": "perhaps"}}, "InvalidType", "settings.force_rerun", "true or false"),
    ({"a": MAKE}, {"settings": 5}, "InvalidType", "settings", "must be an object"),
    ({"a": MAKE}, {"inputs": {"x": data("azureml:d:9")}}, "ResourceNotFound", "inputs.x.uri", "'d:9'"),
    ({"a": MAKE}, {"outputs": {"x": {"mode": "sideways"}}}, "InvalidValue", "outputs.x.mode", "rw_mount, upload or direct"),
    ({f"n{number}": MAKE for number in range(5001)}, {}, "TooManyJobs", "jobs", "5001 jobs are too many for one pipeline; at most 5000"),
]


@pytest.mark.parametrize(("nodes", "more", "code", "path", "words"), PIPELINES, ids=lambda one: str(one)[:60])
def test_a_bad_pipeline(filled: Stage, nodes: Json, more: Json, code: str, path: str, words: str) -> None:
    with pytest.raises(AzurineError) as caught:
        filled.pipeline("bad", nodes, **more)
    error = caught.value
    assert (error.details[0].code, error.details[0].path) == (code, f"properties.{path}"), error.details
    assert words in error.message
    assert isinstance(error, Unsupported if code == "NotSupported" else Invalid)


@pytest.mark.parametrize("sort", ["Sweep", "AutoML", "Spark", "FineTuning"])
def test_a_type_of_job_that_azure_has_and_this_server_has_not(filled: Stage, sort: str) -> None:
    with pytest.raises(Unsupported, match=f"{sort} jobs do not run here; Command and Pipeline jobs do"):
        filled.put("jobs/bad", {"properties": {"jobType": sort}})


@pytest.mark.parametrize("body", [{}, {"properties": None}, {"properties": "x"}, {"properties": []}, {"properties": {}}])
def test_a_body_without_properties(filled: Stage, body: Json) -> None:
    with pytest.raises(Invalid, match=r"required|must be an object"):
        filled.put("jobs/bad", body)


@pytest.mark.parametrize("name", ["..", ".hidden", "a b", "-x", "a..b", "x" * 256])
def test_a_bad_name(filled: Stage, name: str) -> None:
    with pytest.raises(Invalid, match="cannot be a name here"):
        filled.put(f"jobs/{name}", {"properties": GOOD})


def test_everything_that_is_wrong_is_told_at_once(filled: Stage) -> None:
    with pytest.raises(Invalid, match="and 3 more") as caught:
        filled.put(
            "jobs/bad",
            {
                "properties": {
                    "jobType": "Command",
                    "computeId": "x9",
                    "inputs": {"a": data("azureml:d:9")},
                    "limits": {"timeout": "x"},
                    "command": "run",
                }
            },
        )
    assert [one.path.removeprefix("properties.") for one in caught.value.details] == ["environmentId", "computeId", "inputs.a.uri", "limits.timeout"]


def test_a_stopped_compute_takes_no_jobs(filled: Stage) -> None:
    from azurine.ml import computes
    from azurine.store.log import Update
    from ml.jobs.stage import WORKSPACE

    box = filled.store.get(f"{WORKSPACE}/computes/box")
    assert box is not None
    filled.store.write([Update(box.id, computes.stop(box, {}))], filled.clock())
    with pytest.raises(Invalid, match="box is stopped or being deleted; start it") as caught:
        filled.command("bad", computeId="azureml:box")
    assert caught.value.code == "ComputeNotRunning"


def test_pipelines_nested_too_deep(stage: Stage) -> None:
    stage.component("c0", jobs={"x": {"componentId": stage.component("make")}})
    for level in range(1, 20):
        stage.component(f"c{level}", jobs={"x": {"type": "pipeline", "componentId": f"azureml:c{level - 1}:1"}})
    stage.pipeline("deep", {"x": {"componentId": "azureml:c14:1"}})
    with pytest.raises(Invalid, match="nested more than 16 deep") as caught:
        stage.pipeline("bad", {"x": {"componentId": "azureml:c19:1"}})
    assert caught.value.path.startswith("properties.jobs.x.jobs.x")


def test_more_jobs_in_all_than_can_be(stage: Stage) -> None:
    stage.component("make")
    for level in range(3):
        below = {"componentId": f"azureml:{f'wide{level - 1}' if level else 'make'}:1", **({"type": "pipeline"} if level else {})}
        stage.component(f"wide{level}", jobs={f"n{number}": below for number in range(30)})
    with pytest.raises(Invalid, match="more than 5000 jobs in all"):
        stage.pipeline("bad", {"x": {"componentId": "azureml:wide2:1"}})


def test_what_a_second_put_may_change(filled: Stage) -> None:
    filled.command("again", tags={"a": "1"}, outputs={"o": {"jobOutputType": "uri_folder"}}, inputs={"n": lit("1")})
    shown = filled.shown("again")
    filled.put("jobs/again", {"properties": {**shown, "displayName": "new", "tags": {"b": "2"}, "isArchived": True}})
    now = filled.shown("again")
    assert (now["displayName"], now["tags"], now["isArchived"]) == ("new", {"b": "2"}, True)
    for field, value in {
        "command": "other",
        "inputs": {"n": lit("2")},
        "outputs": {"p": {}},
        "environmentId": "azureml:AzureML-sklearn-1.0@latest",
        "jobType": "Pipeline",
    }.items():
        with pytest.raises(Conflict, match=f"exists already with another {field}") as caught:
            filled.put("jobs/again", {"properties": {**GOOD, field: value}})
        assert caught.value.path == f"properties.{field}"


def test_numbers_and_truth_values_without_a_declaration_are_written_as_they_stand(stage: Stage) -> None:
    job = stage.command("j", inputs={"a": lit(0.10), "b": lit(True), "c": lit("0.010"), "d": lit(None), "e": None, "f": 3})
    stage.settle()
    assert stage.wish(job)["inputs"] == {"a": {"value": "0.1"}, "b": {"value": "True"}, "c": {"value": "0.010"}, "f": {"value": "3"}}


def test_where_data_lies_is_found_when_the_job_is_submitted(filled: Stage) -> None:
    filled.put("models/m/versions/1", {"properties": {"modelUri": "azureml://jobs/done/outputs/o/paths/model", "modelType": "mlflow_model"}})
    long = "azureml://subscriptions/s/resourcegroups/g/workspaces/shop/datastores/workspaceblobstore/paths/x"
    given = {
        "version": data("azureml:d:1"),
        "arm": data("/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/shop/data/d/versions/1"),
        "short": data("azureml://datastores/workspaceblobstore/paths/x"),
        "long": data(long, mode="Direct"),
        "job": data("azureml://jobs/done/outputs/o/paths/sub"),
        "store": data("azureml://jobs/done/outputs/artifacts/paths/outputs/model.pkl", "uri_file"),
        "run": data("runs:/done/model", "mlflow_model"),
        "model": data("azureml:m@latest", "mlflow_model"),
        "web": data("https://example.com/x.csv", "uri_file"),
    }
    job = filled.command("finds", inputs=given)
    filled.settle()
    found = {name: one["uri"].removeprefix("azureml://datastores/workspace") for name, one in filled.wish(job)["inputs"].items()}
    store = "artifactstore/paths/ExperimentRun/dcid.done"
    assert found == {
        "version": "blobstore/paths/d/",
        "arm": "blobstore/paths/d/",
        "short": "blobstore/paths/x",
        "long": long,
        "job": "blobstore/paths/azureml/done/o/sub",
        "store": f"{store}/outputs/model.pkl",
        "run": f"{store}/model",
        "model": "blobstore/paths/azureml/done/o/model",
        "web": "https://example.com/x.csv",
    }
