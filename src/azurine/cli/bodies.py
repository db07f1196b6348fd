"""A pipeline's YAML file as the body that would be PUT, without putting it: its code is uploaded, its steps are registered.

The official client does that as a part of submitting and has no public word for it alone; so its own functions are called here, and here
only.
"""

import json
from pathlib import Path
from typing import Any

from azurine.cli import commands, faults
from azurine.cli.commands import Here


def pipeline(here: Here, file: Path, sets: list[str] | None, checked: bool = True) -> dict[str, Any]:
    """The properties of the job. checked: let the client look for mistakes first."""
    # Here: with it comes the official client.
    from azure.ai.ml import load_job

    here.read(file)
    job = load_job(file, params_override=commands.overrides(sets))
    if job.type != "pipeline":
        raise faults.Failure(f"{file} is a {job.type} job; a pipeline is needed.")
    return of(here, job, checked)


def of(here: Here, job: Any, checked: bool = True) -> dict[str, Any]:
    from azure.ai.ml._restclient.arm_ml_service._utils.model_base import SdkJSONEncoder
    from azure.ai.ml.entities._job.to_rest_functions import to_rest_job_object

    jobs = here.ml.jobs
    # Else the client makes them up, from the name of the job and of the folder.
    made_up = [key for key, value in (("displayName", job.display_name), ("experimentName", job.experiment_name)) if value is None]
    if checked:
        jobs._validate(job, raise_on_failure=True)
    jobs._resolve_arm_id_or_upload_dependencies(job)
    written = json.dumps(to_rest_job_object(job), cls=SdkJSONEncoder, exclude_readonly=True)
    properties = _without_nothing(json.loads(written)["properties"])
    return {key: value for key, value in properties.items() if key not in made_up}


def _without_nothing(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nothing(one) for key, one in value.items() if one is not None}
    return [_without_nothing(one) for one in value] if isinstance(value, list) else value
