"""`make demo`, as a new user runs it: from nothing, by way of a data factory, to a model that predicts; and how it fails."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

DEMO = Path(__file__).parents[2] / "examples" / "diabetes" / "demo.py"
BRONZE = "Id,PatientID,Age,Age_quantized,Pregnancies,PlasmaGlucose,DiastolicBloodPressure,TricepsThickness,SerumInsulin,BMI,DiabetesPedigree"
ENVIRON = {name: value for name, value in os.environ.items() if not name.startswith(("AZURINE_", "MLFLOW_", "AZURE"))}


def demo(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(DEMO), *words], capture_output=True, text=True, timeout=560, env=ENVIRON)


def stopped(folder: Path) -> bool:
    """Does no server run in the demo's home?"""
    words = [sys.executable, "-m", "azurine", "status", "--home", str(folder / "demo" / "home")]
    return subprocess.run(words, capture_output=True, env=ENVIRON).returncode == 5


@pytest.mark.timeout(600)
def test_the_demo_trains_registers_predicts_and_trains_anew(tmp_path: Path) -> None:
    ran = demo("--rows", "1000", "--into", str(tmp_path / "demo"))
    assert ran.returncode == 0, ran.stdout + ran.stderr
    told = {line.split()[0]: line for line in ran.stdout.splitlines() if line.startswith("  ")}
    assert 0.7 < float(told["accuracy"].split()[1]) < 0.9
    assert 0.75 < float(told["AUC"].split()[1]) < 0.95
    assert "diabetes, version 1" in told["model"]
    assert told["it"].count("diabetic") == 2
    assert all(one in ("diabetic", "not-diabetic") for one in told["at"].split("  ")[-1].split(" (")[0].split("once")[-1].strip().split(", "))
    assert all(f"{step}: Completed" in ran.stderr for step in ("prep", "train", "evaluate", "register", "export_query", "export_predictions"))
    assert all(f"{activity}: Succeeded" in ran.stderr for activity in ("Data prep", "Train", "Evaluate", "Good enough", "Deploy", "Serve", "Score"))
    assert "Succeeded in" in told["Training"] and "Succeeded in" in told["Scoring"]
    assert "1500 patients" in told["prepared"] and "are said to be diabetic" in told["scored"]
    closes_the_loop(told, ran.stderr)
    results = tmp_path / "demo" / "results"
    page = (results / "drift-2026-03-08" / "named-outputs" / "result" / "report.html").read_text()
    assert "Drift in the week from 8 March 2026" in page and "drift-2026-03-08/named-outputs/result/report.html" in told["report"]
    assert (results / "model" / "MLmodel").is_file() and (results / "evaluate" / "roc.png").read_bytes().startswith(b"\x89PNG")
    assert (results / "bronze" / "diabetes.csv").read_text().splitlines()[0] == BRONZE
    assert (results / "silver" / "diabetes.csv").read_text().splitlines()[0] == BRONZE + ",Diabetic"
    assert stopped(tmp_path)


def closes_the_loop(told: dict[str, str], err: str) -> None:
    """Drift is found in the visits that have shifted, leads to a better model that scores them, and the week after to none."""
    assert "1500 visits" in told["3"] and 10 < float(told["4"].split()[2]) <= 100
    assert told["5"].endswith("event to drift: Delivered")
    new, old = (float(one) for one in re.findall(r"0\.\d{4}", told["6"]))
    assert new > old
    assert "registered as version 2" in told["7"] and told["8"].endswith("1500 visits, by version 2")
    assert "750 visits" in told["9"] and float(told["9"].split("drift ")[1].split()[0]) <= 10 and "version 2 stays" in told["9"]
    assert all(f"{activity}: Succeeded" in err for activity in ("Begin", "Until it is over", "Drift", "Retrain", "Too far"))


def test_data_that_does_not_fit_fails_with_the_steps_own_words(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    row = "1000000,1,90,70,20,50,30.5,0.4,old,0\n"
    (tmp_path / "data" / "diabetes.csv").write_text(
        f"PatientID,Pregnancies,PlasmaGlucose,DiastolicBloodPressure,TricepsThickness,SerumInsulin,BMI,DiabetesPedigree,Age,Diabetic\n{row}"
    )
    ran = demo("--data", str(tmp_path / "data"), "--into", str(tmp_path / "demo"))
    assert ran.returncode == 1
    assert "group_age is Failed" in ran.stderr and "Group Data into Bins: columns_to_bin: " in ran.stderr
    assert stopped(tmp_path)


def test_data_that_lacks_columns_is_refused_before_anything_starts(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "diabetes.csv").write_text("PatientID,Age\n1000000,50\n")
    ran = demo("--data", str(tmp_path / "data"), "--into", str(tmp_path / "demo"))
    assert ran.returncode == 1 and "The demo failed: diabetes.csv lacks the column(s) Pregnancies" in ran.stderr
    assert stopped(tmp_path)


def test_a_folder_without_data_is_refused_before_anything_starts(tmp_path: Path) -> None:
    ran = demo("--data", str(tmp_path), "--into", str(tmp_path / "demo"))
    assert ran.returncode == 2 and "there is no .csv file" in ran.stderr
    assert not (tmp_path / "demo").exists()


def test_ctrl_c_stops_the_server(tmp_path: Path) -> None:
    words = [sys.executable, str(DEMO), "--rows", "1000", "--into", str(tmp_path / "demo")]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRON) as running:
        assert running.stdout is not None
        for line in running.stdout:
            if line.startswith("training"):
                break
        os.kill(running.pid, signal.SIGINT)
        _, err = running.communicate(timeout=120)
    assert running.returncode == 130 and "the server was stopped" in err
    assert stopped(tmp_path)
