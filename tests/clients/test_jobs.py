"""Jobs with the official client: what is submitted runs, and is told in Azure's words."""

from typing import Any

from running import wait_until

FINAL = ("Completed", "Failed", "Canceled")


def finished(ml: Any, name: str, patience: float = 60.0) -> Any:
    wait_until(lambda: ml.jobs.get(name).status in FINAL, patience, lambda: f"{name} is {ml.jobs.get(name).status}")
    return ml.jobs.get(name)


def test_a_command_runs_and_completes(connection: Any) -> None:
    from azure.ai.ml import command

    job = connection.ml.jobs.create_or_update(
        command(command="echo hello ${{inputs.n}}", environment="azureml:AzureML-sklearn-1.5@latest", inputs={"n": 3})
    )
    assert finished(connection.ml, job.name).status == "Completed"
