"""The notebook of `examples/` runs from top to bottom, and holds what it answered."""

import json
import os
import subprocess
import sys
from pathlib import Path

from running import RunningServer

NOTEBOOK = Path(__file__).parents[2] / "examples" / "connect.ipynb"


def test_the_notebook_runs_from_top_to_bottom(server: RunningServer) -> None:
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    program = "\n".join("".join(cell["source"]) for cell in cells)
    environ = {name: value for name, value in os.environ.items() if not name.startswith(("AZURE", "MLFLOW"))} | {"AZURINE_HOME": str(server.home)}
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=200, env=environ)
    assert ran.returncode == 0, ran.stderr
    assert "step 3" in ran.stdout and "5050" in ran.stdout


def test_the_notebook_was_executed_without_an_error() -> None:
    cells = [cell for cell in json.loads(NOTEBOOK.read_text())["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert not [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
