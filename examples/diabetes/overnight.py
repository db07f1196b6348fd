"""The batch service of the demo: the registered model behind a batch endpoint, called with a hundred files of one patient each.

The files are those of `batch/`, and the calls those of the official client. Mini-batches of five files go to two nodes; the answers are
one file of lines such as `001.csv: 0`.
"""

import sys
from pathlib import Path
from typing import Any

FILES = Path(__file__).resolve().parent / "batch"
sys.path.insert(0, str(FILES))

import patients  # noqa: E402 it lies with the files


def called(connection: Any, table: Path, folder: Path, count: int = 100) -> Any:
    """Makes endpoint and deployment, and calls them with patients of a table; the job that it gives."""
    from azure.ai.ml import Input, load_batch_endpoint

    # What the client reads files of `type: model` with; it names only the reader of older files at its top.
    from azure.ai.ml.entities._load_functions import load_model_batch_deployment

    ml = connection.ml
    endpoint = ml.batch_endpoints.begin_create_or_update(load_batch_endpoint(FILES / "endpoint.yml")).result()
    deployment = ml.batch_deployments.begin_create_or_update(load_model_batch_deployment(FILES / "deployment.yml")).result()
    endpoint.defaults = {"deployment_name": deployment.name}
    ml.batch_endpoints.begin_create_or_update(endpoint).result()
    data = Input(type="uri_folder", path=str(patients.write(table, folder, count)))
    return ml.batch_endpoints.invoke(endpoint.name, deployment_name=deployment.name, inputs={"patients": data})


def answers(connection: Any, job: str, folder: Path) -> dict[str, str]:
    """What the job has written: file → class."""
    connection.ml.jobs.download(job, output_name="score", download_path=folder)
    lines = (folder / "named-outputs" / "score" / "diabetes.csv").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines)
