"""`azureml.core` in a script that runs outside of any job, and how it stands beside what is installed."""

import subprocess
import sys
from pathlib import Path

import pytest

from azurine.designer import script_host, trying
from azurine.designer.bench import Bench
from azurine.model.errors import Invalid


def ran(script: str, folder: Path) -> tuple[object, str]:
    said: list[str] = []
    folder.mkdir(exist_ok=True)
    found = trying.outputs("execute_python_script", {}, {"python_script": script}, Bench(folder, say=said.append))
    return trying.rows(found["result_dataset"]), "\n".join(said)


def test_outside_of_a_job_a_run_only_prints(tmp_path, monkeypatch):
    monkeypatch.delenv("AZUREML_RUN_ID", raising=False)
    script = """
from azureml.core import Run, VERSION
def azureml_main():
    run = Run.get_context()
    run.log("rows", 3)
    run.tag("who", "me")
    return {"id": [run.id], "parent": [str(run.parent)]}
"""
    rows, said = ran(script, tmp_path)
    assert rows == {"id": ["OfflineRun"], "parent": ["None"]}
    assert "scalar metric rows:\n3" in said and "who=me" in said


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("Run.get_context(allow_offline=False)", "RunEnvironmentException: Could not load a submitted run"),
        ("Model.get_model_path('m')", "RunEnvironmentException: This runs outside of a job: the variable AZUREML_ARM_SUBSCRIPTION is not set"),
    ],
)
def test_outside_of_a_job_there_is_no_server(line, message, tmp_path, monkeypatch):
    for name in ("AZUREML_RUN_ID", "AZUREML_ARM_SUBSCRIPTION"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(Invalid, match=message):
        ran(f"from azureml.core import Model, Run\ndef azureml_main():\n    {line}\n", tmp_path)


def test_what_is_installed_comes_first(tmp_path):
    (tmp_path / "azureml" / "core").mkdir(parents=True)
    (tmp_path / "azureml" / "__init__.py").touch()
    (tmp_path / "azureml" / "core" / "__init__.py").write_text("VERSION = 'installed'")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.path.append({str(script_host.V1)!r}); import azureml.core; print(azureml.core.VERSION)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "installed\n"


def test_names_that_numpy_had_are_there(tmp_path):
    rows, _ = ran("import numpy\ndef azureml_main():\n    return {'a': [numpy.float(1), numpy.int(2.5)]}\n", tmp_path)
    assert rows == {"a": [1.0, 2.0]}
