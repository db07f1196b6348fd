"""The real-time lab from its files: a trained model behind an endpoint, two patients in, the names of their classes out."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from azurine import cli
from running import RunningServer

FILES = Path(__file__).parents[2] / "examples" / "diabetes" / "endpoint"


@pytest.fixture
def azurine(server: RunningServer, capfd: pytest.CaptureFixture[str]) -> Any:
    """`azurine("model", "list")`: runs one command against the server, and answers what it prints, read as JSON."""

    def run(*words: str) -> Any:
        capfd.readouterr()
        code = cli.main([*words, "--home", str(server.home)])
        out, err = capfd.readouterr()
        assert code == 0, f"{words}: {code}\n{out}\n{err}"
        return json.loads(out) if out.strip().startswith(("{", "[", '"')) else out

    return run


@pytest.fixture
def trained(azurine: Any, tmp_path: Path) -> None:
    """A model named diabetes, as the pipeline's training step makes it. Glucose alone decides, so that the answers are known."""
    import mlflow
    import numpy as np
    import pandas as pd
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    columns = json.loads((FILES / "request-mlflow.json").read_text())["input_data"]["columns"]
    table = pd.DataFrame(np.random.default_rng(0).uniform(0, 200, size=(200, 8)), columns=columns)
    model = make_pipeline(MinMaxScaler(), LogisticRegression(C=100)).fit(table, (table["PlasmaGlucose"] > 165).astype(int))
    signature = mlflow.models.infer_signature(table, model.predict(table))
    mlflow.sklearn.save_model(model, tmp_path / "model", signature=signature, pip_requirements=["scikit-learn"])
    azurine("model", "create", "-n", "diabetes", "--type", "mlflow_model", "--path", str(tmp_path / "model"))


@pytest.mark.usefixtures("trained")
@pytest.mark.filterwarnings("ignore")
def test_two_patients_in_class_names_out(azurine: Any) -> None:
    made = azurine("online-endpoint", "create", "-f", str(FILES / "endpoint.yml"))
    azurine("online-deployment", "create", "-f", str(FILES / "deployment.yml"), "--all-traffic")
    assert azurine("score", "diabetes-now", "-d", str(FILES / "request.json")) == ["diabetic", "not-diabetic"]
    assert azurine("score", made["scoring_uri"], "-d", (FILES / "request.json").read_text()) == ["diabetic", "not-diabetic"]

    azurine("online-deployment", "create", "-f", str(FILES / "deployment-mlflow.yml"))
    azurine("online-endpoint", "update", "-n", "diabetes-now", "--traffic", "blue=0 green=100")
    assert azurine("score", "diabetes-now", "-d", str(FILES / "request-mlflow.json")) == [1, 0]
    answer = azurine("online-endpoint", "invoke", "-n", "diabetes-now", "-r", str(FILES / "request.json"), "-d", "blue")
    assert json.loads(answer) == ["diabetic", "not-diabetic"]

    assert "POST /score 200" in azurine("online-deployment", "get-logs", "-n", "blue", "-e", "diabetes-now")
    assert azurine("online-deployment", "update", "-n", "green", "-e", "diabetes-now", "--instance-count", "2")["instance_count"] == 2
    before = azurine("endpoint", "get-credentials", "-n", "diabetes-now")["primary_key"]
    azurine("endpoint", "regenerate-keys", "-n", "diabetes-now")
    assert azurine("endpoint", "get-credentials", "-n", "diabetes-now")["primary_key"] != before
    azurine("online-endpoint", "delete", "-n", "diabetes-now", "--yes")


@pytest.mark.usefixtures("trained")
@pytest.mark.filterwarnings("ignore")
def test_the_documents_way_with_curl(server: RunningServer, azurine: Any) -> None:
    """Every line of docs/endpoints.md that a shell can run, in the order in which it stands there."""
    text = (FILES.parents[2] / "docs" / "endpoints.md").read_text()
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    environ = {**os.environ, "AZURINE_HOME": str(server.home), "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    words = ["bash", "-euo", "pipefail", "-c", "\n".join(blocks)]
    ran = subprocess.run(words, cwd=FILES.parents[2], env=environ, capture_output=True, text=True, timeout=120)
    assert ran.returncode == 0, ran.stderr
    said = '"[\\"diabetic\\", \\"not-diabetic\\"]"'
    assert said in ran.stdout and said in text
    assert 'azurine_requests_total{workspace="workshop",endpoint="diabetes-now",deployment="blue",status="200"}' in ran.stdout
    azurine("online-endpoint", "delete", "-n", "diabetes-now", "--yes")
