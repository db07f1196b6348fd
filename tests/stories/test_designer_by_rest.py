"""A day with the designer's engine and no canvas: the example of data preparation is drafted, tried, looked at, published and started by its address."""

import json
from pathlib import Path
from typing import Any

import pytest

from azurine import cli
from clients.submitting import completed, stored
from running import RunningServer

EXAMPLE = Path(__file__).parents[2] / "examples" / "diabetes" / "designer" / "data-prep.yml"
LEVELS = "Id,PatientID,Pregnancies,PlasmaGlucose,DiastolicBloodPressure,TricepsThickness,SerumInsulin,BMI,DiabetesPedigree\n"
RAW = "0-raw/diabetes"


@pytest.mark.long
def test_from_a_draft_to_a_published_pipeline(server: RunningServer, connection: Any, capfd: pytest.CaptureFixture[str]) -> None:
    def azurine(*words: str, code: int = 0) -> Any:
        capfd.readouterr()
        assert cli.main([*words, "--home", str(server.home), "-o", "json"]) == code, capfd.readouterr().err
        out, _ = capfd.readouterr()
        return json.loads(out) if out.strip() else None

    def put(path: str, text: str) -> None:
        container = connection.ml.datastores.get_default().container_name
        connection.blobs.get_blob_client(container, path).upload_blob(text, overwrite=True)

    put(f"{RAW}/patient-age.csv", "Id,Age\n1,21\n2,25\n3,95\n")
    put(f"{RAW}/patient-levels.csv", LEVELS + "1,100,0,1,2,3,4,20.5,0.1\n2,100,0,1,2,3,4,30.5,0.2\n3,300,0,1,2,3,4,40.5,0.3\n")

    azurine("draft", "create", "-n", "data-prep", "-f", str(EXAMPLE), "--set", "jobs.group_age.inputs.binning_mode=By Magic")
    (problem,) = azurine("draft", "validate", "-n", "data-prep", code=4)
    assert (problem["node"], problem["input"], problem["kind"]) == ("group_age", "binning_mode", "parameter")
    azurine("draft", "update", "-n", "data-prep", "--set", "jobs.group_age.inputs.binning_mode=Custom Edges")
    first = azurine("draft", "submit", "-n", "data-prep", "--stream")

    joined = azurine("data", "profile", "--job", first["name"], "--node", "join", "--output-name", "results_dataset")
    age = next(one for one in joined if one["name"] == "Age_quantized")
    assert (age["distinct"], age["missing"]) == (3, 0)
    rows = azurine("data", "preview", "azureml://datastores/workspaceblobstore/paths/1-bronze/diabetes/diabetes.csv")
    assert [row["Age_quantized"] for row in rows] == [2, 3, 10]

    made = azurine("pipeline", "publish", "-n", "data prep", "--job", first["name"], "--endpoint", "data-prep")
    assert set(made["parameters"]) == {"patient_age", "patient_levels", "patients", "sql_example"}
    put(f"{RAW}/tomorrow.csv", "Id,Age\n1,5\n")
    assigned = {"patient_age": {"DataStoreName": "workspaceblobstore", "RelativePath": f"{RAW}/tomorrow.csv"}}
    answer = connection.http.post(made["endpoint"], json={"ExperimentName": "nightly", "DataPathAssignments": assigned})
    assert answer.status_code == 200, answer.text
    second = completed(connection, answer.json()["Id"])
    assert [line.split(",")[:4] for line in stored(connection, "1-bronze/diabetes/diabetes.csv").splitlines()[1:]] == [["1", "100", "5", "1"]]
    told = azurine("draft", "compare", first["name"], second.name)
    assert {(one["node"], one["what"], one["name"]) for one in told} >= {(None, "parameter", "patient_age")}
    assert not [one for one in told if one["what"] in ("component", "status", "node")]
