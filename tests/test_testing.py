"""azurine.testing: pipelines run with mocks on a moving clock, activities and expressions evaluated by themselves."""

import json
import time

import pytest

from azurine.model import errors
from azurine.testing import ExpressionError, Factory, Failure, Stuck, Takes, Unmocked, evaluate


def activity(name, kind, *after, conditions=("Succeeded",), policy=None, **properties):
    body = {"name": name, "type": kind, "typeProperties": properties}
    body["dependsOn"] = [{"activity": one, "dependencyConditions": list(conditions)} for one in after]
    return body | ({"policy": policy} if policy else {})


SINK = {"type": "SqlSink"}


def copy(name, *after, **more):
    inputs = [{"referenceName": "Source", "type": "DatasetReference", "parameters": {"file": "@pipeline().parameters.day"}}]
    return activity(
        name, "Copy", *after, source={"type": "DelimitedTextSource"}, sink={**SINK, "query": "@concat('into ', pipeline().parameters.day)"}, **more
    ) | {"inputs": inputs, "outputs": [{"referenceName": "Goal", "type": "DatasetReference"}]}


def call(name, pipeline, *after, **parameters):
    return activity(name, "ExecutePipeline", *after, pipeline={"referenceName": pipeline, "type": "PipelineReference"}, parameters=parameters)


NIGHTLY = {
    "parameters": {"day": {"type": "string", "defaultValue": "2024-01-01"}},
    "variables": {"rows": {"type": "Integer"}},
    "activities": [
        copy("Copy", policy={"retry": 1, "retryIntervalInSeconds": 60}),
        activity("Keep", "SetVariable", "Copy", variableName="rows", value="@activity('Copy').output.rowsCopied"),
        activity("Tell", "WebActivity", "Copy", conditions=("Failed",), method="POST", url="https://x.test", body="@activity('Copy').error.message"),
    ],
}


def test_a_run_with_mocks():
    run = Factory({"Nightly": NIGHTLY}).run("Nightly", {"day": "2024-01-02"}, mocks={"copy": {"rowsCopied": 7}})
    assert (run.status, run.message, run.order) == ("Succeeded", "", ["Copy", "Keep"])
    assert run["Copy"].input["sink"] == {**SINK, "query": "into 2024-01-02"}
    assert run["copy"].output == {"rowsCopied": 7}
    assert run.variables == {"rows": 7}
    assert "Tell" not in run
    assert run.parameters == {"day": "2024-01-02"}


def test_a_failure_is_tried_again_handled_and_takes_no_time():
    began = time.monotonic()
    run = Factory({"Nightly": NIGHTLY}).run(
        "Nightly", mocks={"Copy": [Takes(86_400 / 4, Failure("2200", "no disk")), Failure("2200", "still no disk")], "Tell": {"statusCode": 200}}
    )
    assert run.order == ["Copy", "Copy", "Tell"]
    assert run["Tell"].input["body"] == "still no disk"
    assert [(one.status, one.attempt, one.began, one.ended) for one in run.all("Copy")] == [("Failed", 0, 0, 21_600), ("Failed", 1, 21_660, 21_660)]
    assert run.status == "Failed", "Keep was skipped, and what it waits for failed"
    assert run.message == "Operation on target Copy failed: still no disk"
    assert run.seconds == 21_660
    assert time.monotonic() - began < 5


def test_a_work_activity_without_a_mock_is_an_error_that_names_it():
    with pytest.raises(Unmocked, match=r"no mock for Copy \(Copy\); give one with mocks=\{'Copy'"):
        Factory({"Nightly": NIGHTLY}).run("Nightly")
    with pytest.raises(Unmocked, match=r"Copy \(call 2, and there are 1 answers\)"):
        Factory({"Nightly": NIGHTLY}).run("Nightly", mocks={"Copy": [Failure()]})


def test_work_that_is_out_of_time_is_ended():
    pipeline = {"activities": [activity("Slow", "DatabricksNotebook", policy={"timeout": "0.00:10:00"}, notebookPath="/x")]}
    run = Factory({"p": pipeline}).run("p", mocks={"Slow": Takes(3600)})
    assert (run.status, run["Slow"].status, run.seconds) == ("Failed", "TimedOut", 600)


def test_loops_ask_a_function_or_give_each_call_its_answer():
    each = activity("Each", "ForEach", items="@pipeline().parameters.names", isSequential=True, activities=[copy("Load", table="@item()")])
    pipeline = {"parameters": {"names": {"type": "array"}, "day": {"type": "string", "defaultValue": "d"}}, "activities": [each]}
    run = Factory({"p": pipeline}).run("p", {"names": ["a", "b"]}, mocks={"Load": lambda given: {"of": given["table"]}})
    assert [one.output for one in run.all("Load")] == [{"of": "a"}, {"of": "b"}]
    assert all(one.iteration for one in run.all("Load"))
    run = Factory({"p": pipeline}).run("p", {"names": ["a", "b"]}, mocks={"Load": [{}, Failure("1", "broke")]})
    assert (run.status, run.statuses) == ("Failed", {"Load": "Failed", "Each": "Failed"})


def test_waits_of_days_and_until_with_a_moving_clock():
    until = activity("Poll", "Until", expression="@equals(activity('Look').output.ready, true)", timeout="7.00:00:00", activities=[
        activity("Look", "WebActivity", method="GET", url="https://x.test"),
        activity("Rest", "Wait", "Look", waitTimeInSeconds=86_400),
    ])  # fmt: skip
    run = Factory({"p": {"activities": [until]}}).run("p", mocks={"Look": [{"ready": False}, {"ready": False}, {"ready": True}]})
    assert (run.status, run.seconds, len(run.all("Look"))) == ("Succeeded", 3 * 86_400, 3)


def test_pipelines_that_are_called_run_too_and_may_be_mocked():
    child = {
        "parameters": {"n": {"type": "int"}},
        "activities": [
            activity("Give", "SetVariable", variableName="pipelineReturnValue", setSystemVariable=True,
                     value=[{"key": "twice", "value": {"type": "Expression", "content": "@mul(pipeline().parameters.n, 2)"}}]),
        ],
    }  # fmt: skip
    parent = {
        "variables": {"v": {"type": "Integer"}},
        "activities": [
            call("Ask", "Child", n=21) | {"typeProperties": {**call("Ask", "Child", n=21)["typeProperties"], "waitOnCompletion": True}},
            activity("Keep", "SetVariable", "Ask", variableName="v", value="@activity('Ask').output.pipelineReturnValue.twice"),
        ],
    }
    both = Factory({"Parent": parent, "Child": child})
    run = both.run("Parent")
    assert (run.variables, [one.pipeline for one in run.called], run.called[0].returned) == ({"v": 42}, ["Child"], {"twice": 42})
    mocked = both.run("Parent", mocks={"Ask": {"pipelineReturnValue": {"twice": 1}}})
    assert (mocked.variables, mocked.called) == ({"v": 1}, ())
    with pytest.raises(Unmocked, match="Ask"):
        Factory({"Parent": parent}).run("Parent")


def test_control_activities_may_be_mocked():
    pipeline = {"activities": [activity("Sleep", "Wait", waitTimeInSeconds=5), activity("Then", "Wait", "Sleep", waitTimeInSeconds=1)]}
    run = Factory({"p": pipeline}).run("p", mocks={"Sleep": Failure("9", "woken")})
    assert (run.status, run.order, run.seconds) == ("Failed", ["Sleep"], 0)


def test_the_moment_at_which_it_begins():
    pipeline = {
        "variables": {"v": {"type": "String"}},
        "activities": [activity("Now", "SetVariable", variableName="v", value="@utcNow('yyyy-MM-dd')")],
    }
    assert Factory({"p": pipeline}).run("p", start="2030-05-06T00:00:00Z").variables == {"v": "2030-05-06"}


def test_what_waits_for_ever_is_told():
    pipeline = {"activities": [activity("Sleep", "Wait", waitTimeInSeconds=1_000_000_000)]}
    with pytest.raises(Stuck, match="p waits for Sleep for more than a year"):
        Factory({"p": pipeline}).run("p")


def test_a_pipeline_that_could_not_be_published():
    with pytest.raises(errors.Invalid, match="foo"):
        Factory({"p": {"activities": [activity("A", "Wait", waitTimeInSeconds="@foo()")]}})
    with pytest.raises(KeyError, match="there is no pipeline q; there are: p"):
        Factory({"p": {"activities": []}}).run("q")
    with pytest.raises(errors.Invalid, match="needs a value for its parameter 'x'"):
        Factory({"p": {"activities": [], "parameters": {"x": {"type": "int"}}}}).run("p")


def test_a_mock_that_is_no_output():
    with pytest.raises(TypeError, match="a mock answers a JSON object"):
        Factory({"Nightly": NIGHTLY}).run("Nightly", mocks={"Copy": 7})


def test_one_activity_evaluated():
    factory = Factory({"Nightly": NIGHTLY}, {"env": "dev"})
    assert factory.evaluate("Nightly", "copy")["sink"] == {**SINK, "query": "into 2024-01-01"}
    assert factory.evaluate("Nightly", "Tell", activities={"Copy": Failure(message="no")})["body"] == "no"
    with pytest.raises(ExpressionError, match="the template action 'Copy' is not defined") as caught:
        factory.evaluate("Nightly", "Tell")
    assert caught.value.path == "typeProperties.body"
    with pytest.raises(KeyError, match="there is no activity X"):
        factory.evaluate("Nightly", "X")


@pytest.mark.parametrize(
    ("value", "known", "expected"),
    [
        ("@add(pipeline().parameters.n, 1)", {"parameters": {"n": 1}}, 2),
        ("@pipeline().globalParameters.env", {"global_parameters": {"env": "dev"}}, "dev"),
        ({"a": ["@variables('v')"]}, {"variables": {"v": None}}, {"a": [None]}),
        ("@activity('A').output.n", {"activities": {"A": {"n": 1}}}, 1),
        ("@activity('A').error.errorCode", {"activities": {"A": Failure("7")}}, "7"),
        ("@item()", {"item": None}, None),
        ("@utcNow()", {"now": "2024-02-29T00:00:00Z"}, "2024-02-29T00:00:00.0000000Z"),
        ("@trigger().outputs.windowStartTime", {"trigger": {"outputs": {"windowStartTime": "s"}}}, "s"),
        ("@triggerBody().fileName", {"trigger_body": {"fileName": "f"}}, "f"),
        ("@{dataset().d}@{linkedService().l}", {"dataset": {"d": 1}, "linked_service": {"l": 2}}, "12"),
        ("@pipeline().RunId", {"pipeline": {"RunId": "r"}}, "r"),
    ],
)
def test_one_expression(value, known, expected):
    assert evaluate(value, **known) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_folder_as_git_integration_saves_it(tmp_path, encoding):
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "factory").mkdir()
    body = {"name": "Nächtlich", "properties": {"activities": [activity("A", "Wait", waitTimeInSeconds="@pipeline().globalParameters.n")]}}
    (tmp_path / "pipeline" / "x.json").write_text(json.dumps(body, ensure_ascii=False), encoding=encoding)
    (tmp_path / "factory" / "f.json").write_text(
        json.dumps({"properties": {"globalParameters": {"n": {"type": "Int", "value": 3}}}}), encoding=encoding
    )
    assert Factory.load(tmp_path).run("Nächtlich").seconds == 3


@pytest.mark.parametrize(("text", "problem"), [("{", "x.json is no JSON"), ("[]", "x.json holds no JSON object")])
def test_a_file_that_does_not_load(tmp_path, text, problem):
    (tmp_path / "pipeline").mkdir()
    (tmp_path / "pipeline" / "x.json").write_text(text)
    with pytest.raises(ValueError, match=problem):
        Factory.load(tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no pipeline in"):
        Factory.load(tmp_path / "nowhere")
