import errno
from pathlib import Path

import pytest
import requests
from azure.ai.ml import load_compute, load_job
from azure.core import exceptions as core

from azurine.cli import faults, printing
from azurine.model import errors

# what stands in the file → what the user reads
WRONG = {
    "unknown field": (
        "type: command\ncommand: echo\nenvironment: azureml:x@latest\ncomputee: c\n",
        "job.yml:4 computee: there is no such field; check the spelling and the indentation",
    ),
    "missing field": ("type: command\nenvironment: azureml:x@latest\n", "command: this field is needed and missing"),
    "wrong type": (
        "type: command\ncommand: echo\nenvironment: azureml:x@latest\nlimits:\n  timeout: soon\n",
        "job.yml:5 limits.timeout: Not a valid integer.",
    ),
    "missing component": (
        "type: pipeline\njobs:\n  a:\n    type: command\n    component: ./nope.yml\n",
        "job.yml:5 jobs.a.component: there is no file ",
    ),
    "a step that is not one": (
        "type: pipeline\njobs:\n  a:\n    type: command\n    command: echo\n    environment: azureml:x@latest\n    bogus: 2\n",
        "job.yml:3 jobs.a.component",
    ),
    "not YAML": ("type: command\n  bad: [1\n", "is not YAML"),
    "empty": ("", "is empty"),
    "a list": ("- a\n", "should hold fields and values"),
    "binding to nothing": (
        "type: pipeline\nsettings: {default_compute: azureml:c}\njobs:\n  a:\n    type: command\n    command: echo ${{inputs.x}}\n"
        "    environment: azureml:x@latest\n    inputs:\n      x: ${{parent.jobs.nope.outputs.y}}\n",
        "${{parent.jobs.nope.outputs.y}}",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_job_file_is_told_with_its_line(case: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    text, expected = WRONG[case]
    file = tmp_path / "job.yml"
    file.write_text(text)
    with pytest.raises(Exception) as raised:
        load_job(file)._validate(raise_error=True)
    fault = faults.told(raised.value, file)
    assert expected in str(fault)
    assert fault.code == 1
    assert len(str(fault).splitlines()) <= 4 and "\x1b" not in str(fault) and "IntelliSense" not in str(fault)


def test_a_missing_file_is_told() -> None:
    with pytest.raises(Exception) as raised:
        load_job("/nowhere/job.yml")
    assert str(faults.told(raised.value)) == "There is no file /nowhere/job.yml."


def test_a_wrong_compute_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "compute.yml"
    file.write_text("type: amlcompute\nname: c\nmax_instances: many\n")
    with pytest.raises(Exception) as raised:
        load_compute(file)
    assert "compute.yml:3 max_instances: Not a valid integer." in str(faults.told(raised.value, file))


def test_what_the_client_wrapped_while_uploading_is_unwrapped(tmp_path: Path) -> None:
    from azure.ai.ml._exception_helper import log_and_raise_error
    from azure.ai.ml.exceptions import ErrorCategory, ErrorTarget, ValidationErrorType, ValidationException

    original = ValidationException(
        message="No such file or directory: /x/y",
        no_personal_data_message="",
        target=ErrorTarget.DATA,
        error_category=ErrorCategory.USER_ERROR,
        error_type=ValidationErrorType.FILE_OR_FOLDER_NOT_FOUND,
    )
    with pytest.raises(Exception) as raised:
        try:
            raise original
        except ValidationException as error:
            log_and_raise_error(error)
    assert str(faults.told(raised.value)) == "There is no file /x/y."


def answered(kind: type[core.HttpResponseError], status: int, body: str) -> core.HttpResponseError:
    class Answer:
        status_code = status
        reason = "reason"
        headers: dict[str, str] = {}  # noqa: RUF012
        content_type = "application/json"

        def text(self, encoding: str | None = None) -> str:
            return body

        def body(self) -> bytes:
            return body.encode()

    error = kind(response=Answer())
    error.error = core.ODataV4Format(__import__("json").loads(body)["error"])
    return error


def test_what_the_server_refuses_is_told_with_code_and_place() -> None:
    body = '{"error": {"code": "ValidationError", "message": "Not valid", "details": [{"code": "x", "message": "is unknown", "target": "properties.a"}]}}'
    fault = faults.told(answered(core.HttpResponseError, 400, body))
    assert str(fault) == "Not valid (ValidationError).\n  properties.a: is unknown"
    assert fault.code == 1


def test_exit_codes() -> None:
    body = '{"error": {"code": "ResourceNotFound", "message": "There is no job j"}}'
    assert faults.told(answered(core.ResourceNotFoundError, 404, body)).code == 3
    assert faults.told(answered(core.HttpResponseError, 404, body)).code == 3
    assert faults.told(answered(core.ClientAuthenticationError, 401, body)).code == 1
    assert faults.told(core.ServiceRequestError("refused")).code == 5
    assert faults.told(requests.ConnectionError("refused")).code == 5
    assert faults.told(requests.Timeout("slow")).code == 5
    assert faults.told(ConnectionRefusedError(errno.ECONNREFUSED, "refused")).code == 5
    assert faults.told(errors.Missing("No server runs", code="ServerNotRunning")).code == 5
    assert faults.told(errors.Temporary("busy")).code == 5
    assert faults.told(errors.Missing("no such thing")).code == 3
    assert faults.told(errors.Invalid("wrong")).code == 1
    assert faults.told(printing.BadQuery("--query '['")).code == 2
    assert faults.told(KeyboardInterrupt()).code == 130
    assert faults.told(faults.Failure("x", code=4)).code == 4
    assert faults.told(ZeroDivisionError("inside")).code == 1


def test_our_own_errors_name_the_paths() -> None:
    error = errors.Invalid("The job is not valid", details=[errors.Detail("x", "must be a number", "properties.limits.timeout")])
    assert str(faults.told(error)) == "The job is not valid\n  properties.limits.timeout: must be a number"


def test_files_that_cannot_be_read_and_what_nobody_thought_of() -> None:
    assert str(faults.told(PermissionError(errno.EACCES, "Permission denied", "/x"))) == "/x: Permission denied."
    assert "ZeroDivisionError: inside" in str(faults.told(ZeroDivisionError("inside")))
    assert "azurine[clients]" in str(faults.told(ModuleNotFoundError("x", name="azure")))


def test_what_the_client_itself_did_not_find_is_missing() -> None:
    from azure.ai.ml.exceptions import ErrorCategory, ErrorTarget, ValidationErrorType, ValidationException

    error = ValidationException(
        message="Asset nope does not exist in workspace workshop.",
        no_personal_data_message="",
        target=ErrorTarget.ASSET,
        error_category=ErrorCategory.USER_ERROR,
        error_type=ValidationErrorType.RESOURCE_NOT_FOUND,
    )
    assert (faults.told(error).code, str(faults.told(error))) == (3, "Asset nope does not exist in workspace workshop.")
