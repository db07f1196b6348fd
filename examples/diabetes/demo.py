"""The main job, from nothing: starts a server of its own, and has a data factory train and deploy a model, score, and train anew when patients drift; reports.

    python demo.py                       made-up patients
    python demo.py --data folder         your own diabetes.csv and diabetes2.csv
    python demo.py --rows 1000000        more of the made-up ones
    python demo.py --keep                leaves the server running

Everything between starting and stopping the server is done with the official clients, `azure.ai.ml.MLClient` and
`azure.mgmt.datafactory.DataFactoryManagementClient`, and would be the same in Azure: a compute cluster, published ML pipelines over a lake
of files, a monitor, and a factory of pipelines that run them.

    Training    data prep ──► train ──► evaluate ──► deploy, if it is good enough       0-raw ──► 1-bronze ──► model in service
    Scoring     data prep ──► score                                                     0-raw ──► 1-bronze ──► 2-silver
    Drift       the monitor is asked ──► Retrain, if the week has drifted too far
    Retrain     data prep ──► train ──► evaluate, and the published model ──► deploy, if the new one is better

The exit code is 0 only if every patient arrived in bronze and got an answer in silver; the model is registered, loads, predicts, and answers as a
service and by the hundred; the week of new visits has drifted, was told of, and led to a better model, which then scores; and the
week after that led to nothing.
"""

import argparse
import contextlib
import csv
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import lake
import loop
import orchestration
import overnight
import realtime
from telling import Failed, account, done, row, shown

import azurine
from azurine.cli import faults, following, printing, progress, quieting

HERE = Path(__file__).resolve().parent
RUNS = HERE.parents[1] / ".demo"
TAIL = 30
BRONZE, SILVER = "1-bronze/diabetes", "2-silver/diabetes"


def main() -> int:
    args = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the server is stopped then, too
    folder: Path = args.into or RUNS / datetime.now().strftime("%Y%m%d-%H%M%S-%f")
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    try:
        data = args.data or made_up(folder / "patients", args.rows)
        parts = lake.split(data, folder / "raw")
        with server(home, args.keep), quieting.clients(bars=False):
            connection = azurine.connect(home=home)
            done("server", f"{connection.url}, {printing.seconds_text(time.monotonic() - begun)} after the start")
            lake.upload(connection, parts, lake.RAW)
            done("lake", f"{lake.RAW}: {', '.join(part.name for part in parts)}")
            furnished(connection)
            training = orchestration.followed(connection, "Training", pause=1)
            names = served(connection, training)
            batch = called(connection, sorted(data.glob("*.csv"))[0], folder)
            scoring = orchestration.followed(connection, "Scoring")
            told = loop.closed(connection, data, folder)
            print()
            for one in (training, scoring, *told.runs):
                account(one)
            kept(connection, parts[0], folder / "results", scoring)
            row("batch", batch)
            report(connection, training, data, folder / "results", names)
            told.show(training, scoring)
            row("all in all", printing.seconds_text(time.monotonic() - begun))
            if args.keep:
                how_to_go_on(home)
    except KeyboardInterrupt:
        print("interrupted; the server was stopped", file=sys.stderr)
        return 130
    except Exception as error:  # noqa: BLE001 - the edge: whatever happened is told, with what the server says about it
        print(f"\nThe demo failed: {error if isinstance(error, Failed | lake.Unfit) else faults.told(error)}", file=sys.stderr)
        log = getattr(error, "log", "") or tail(home / "server.log")
        print(f"{log}\n(everything is kept in {shown(folder)})", file=sys.stderr)
        return 1
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder with your own CSV files")
    parser.add_argument("--rows", type=int, default=10_000, help="how many patients to make up (default: %(default)s)")
    parser.add_argument("--into", type=Path, help="folder to keep everything in (default: a new one in .demo)")
    parser.add_argument("--keep", action="store_true", help="leave the server running")
    args = parser.parse_args()
    if args.into is not None and args.into.exists() and list(args.into.iterdir()):
        parser.error(f"{args.into} is not empty; the demo begins with nothing")
    if args.data is not None and not list(args.data.glob("*.csv")):
        parser.error(f"there is no .csv file in {args.data}")
    if args.rows < 100:
        parser.error("--rows must be 100 or more: there is nothing to learn from fewer")
    return args


def made_up(folder: Path, rows: int) -> Path:
    """Two files, as in the workshop: the second half as long as the first."""
    from azurine import patients

    patients.write(folder / "diabetes.csv", rows, seed=0)
    patients.write(folder / "diabetes2.csv", rows // 2, seed=1)
    done("patients", f"{rows + rows // 2} made up, in {shown(folder)}")
    return folder


@contextlib.contextmanager
def server(home: Path, keep: bool) -> Iterator[None]:
    """A running server with a fresh home on a free port, stopped at the end however the end comes."""
    azurine_command("up", "--home", str(home), "--port", "0", "--quiet", "-o", "none")
    finished = False
    try:
        yield
        finished = True
    finally:
        if not (keep and finished):
            azurine_command("down", "--home", str(home), "--quiet", "-o", "none")


def azurine_command(*words: str) -> None:
    ran = subprocess.run([sys.executable, "-m", "azurine", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if ran.returncode != 0:
        raise Failed(f"azurine {words[0]} ended with {ran.returncode}: {ran.stderr.strip()}")


def furnished(connection: Any) -> None:
    """Compute, published pipelines and the factory."""
    from azure.ai.ml import load_compute

    cluster = connection.ml.compute.begin_create_or_update(load_compute(HERE / "compute.yml")).result()
    done("compute", f"{cluster.name}, {cluster.min_instances} to {cluster.max_instances} nodes")
    endpoints = orchestration.published(connection)
    done("published", ", ".join(endpoints))
    done("address", realtime.addressed(connection).scoring_uri)
    done("factory", f"{orchestration.FACTORY}, with the pipelines {', '.join(orchestration.built(connection, endpoints))}")


def followed(connection: Any, name: str) -> following.Sight:
    runs = following.History(connection.http, connection.url, connection.workspace_id)
    said: list[str] = []
    sight = None
    with progress.screen(None, sys.__stderr__) as screen:
        for sight in following.Follower(runs, name).looks():
            screen.show(sight)
            said = [*said, *(line for _, line in sight.said)][-TAIL:]
    assert sight is not None
    if sight.job.status != "Completed":
        raise Failed(f"{sight.job.title} is {sight.job.status}: {sight.job.error}", "\n".join(said))
    return sight


def served(connection: Any, training: orchestration.Ran) -> list[str]:
    """The model as a service that answers at once: the version that was trained is behind the address; the names of the classes of two patients."""
    endpoint = connection.ml.online_endpoints.get("diabetes-now")
    behind = {name: connection.ml.online_deployments.get(name, endpoint.name).model for name, share in endpoint.traffic.items() if share}
    version = int(training.output("Deploy")["metrics"]["model_version"])
    if not behind or any(not str(model).endswith(f"/diabetes/versions/{version}") for model in behind.values()):
        raise Failed(f"version {version} of the model was trained, and behind {endpoint.name} there is {behind or 'nothing'}")
    names = realtime.asked(connection, endpoint)
    if len(names) != 2:
        raise Failed(f"the service answered {names} for two patients; {' or '.join(realtime.CLASSES)} for each was expected")
    done("real time", f"{endpoint.scoring_uri} says {', '.join(names)}")
    return names


def called(connection: Any, table: Path, folder: Path) -> str:
    """The model asked about a hundred files of one patient each, in mini-batches on two nodes; how that went."""
    job = overnight.called(connection, table, folder / "one-each")
    done("batch", f"{job.name}, 100 files in mini-batches of 5")
    sight = followed(connection, job.name)
    said = overnight.answers(connection, job.name, folder / "results" / "batch")
    if len(said) != 100 or set(said.values()) - {"0", "1"}:
        raise Failed(f"the batch run answered {len(said)} lines for 100 files, with {sorted(set(said.values()))[:5]}; 0 or 1 for each was expected")
    return (
        f"100 files of one patient each, {printing.seconds_text(sight.job.seconds or 0.0)}, {list(said.values()).count('1')} are said to be diabetic"
    )


def kept(connection: Any, raw: Path, results: Path, scoring: orchestration.Ran) -> None:
    """Sees for itself that no patient got lost between raw, bronze and silver, and that the factory says the same."""
    import pandas

    bronze = pandas.read_csv(lake.download(connection, f"{BRONZE}/diabetes.csv", results / "bronze"))
    silver = pandas.read_csv(lake.download(connection, f"{SILVER}/diabetes.csv", results / "silver"))
    with open(raw, "rb") as lines:
        rows = sum(1 for _ in lines) - 1
    if not (len(bronze) == len(silver) == rows == scoring.result["patients"]) or set(silver["Diabetic"]) - {0, 1}:
        said = f"{scoring.result['patients']} by the factory's account"
        raise Failed(f"of {rows} patients {len(bronze)} arrived in {BRONZE}, and {len(silver)} in {SILVER} with the model's answer, {said}")
    print()
    row("prepared", f"{len(bronze)} patients, in {BRONZE}/diabetes.csv")
    row("scored", f"{silver['Diabetic'].mean():.1%} are said to be diabetic, in {SILVER}/diabetes.csv")


def report(connection: Any, training: orchestration.Ran, data: Path, results: Path, names: list[str]) -> None:
    """Sees for itself that the model is registered, loads and predicts; then tells how it went."""
    mlflow = connection.mlflow()
    register, evaluate = (training.output(name)["steps"][step]["runId"] for name, step in (("Deploy", "register"), ("Evaluate", "evaluate")))
    registered = [one for one in connection.ml.models.list(name="diabetes") if one.job_name == register]
    if not registered:
        raise Failed("the factory's run succeeded, yet no model is registered by it")
    model = registered[0]

    loaded = mlflow.pyfunc.load_model(f"models:/{model.name}/{model.version}")
    patients = two_patients(data)
    answers = [int(answer) for answer in loaded.predict(patients.drop(columns=["PatientID", "Diabetic"]).astype("float64"))]
    if len(answers) != 2 or set(answers) - {0, 1}:
        raise Failed(f"the model answered {answers} for two patients; 0 or 1 for each was expected")
    said = [f"{number} {'is' if answer else 'is not'} diabetic" for number, answer in zip(patients["PatientID"], answers, strict=True)]

    connection.ml.jobs.download(training.output("Evaluate")["runId"], output_name="report", download_path=results)
    mlflow.artifacts.download_artifacts(run_id=evaluate, dst_path=str(results / "evaluate"))
    mlflow.artifacts.download_artifacts(f"models:/{model.name}/{model.version}", dst_path=str(results / "model"))

    row("accuracy", f"{training.result['accuracy']:.4f}")
    row("AUC", f"{training.result['auc']:.4f}")
    row("model", f"{model.name}, version {model.version}")
    row("it says", f"patient {', '.join(said)}")
    row("at once", f"{', '.join(names)} (the two of endpoint/request-mlflow.json, asked over HTTP)")
    row("files", f"{shown(results)} (tables, metrics, plots and logs, model)")


def two_patients(data: Path) -> Any:
    import pandas

    file = sorted(data.glob("*.csv"))[0]
    with open(file, newline="") as lines:
        rows = [row for row, _ in zip(csv.DictReader(lines), range(2), strict=False)]
    return pandas.DataFrame(rows).apply(pandas.to_numeric)


def how_to_go_on(home: Path) -> None:
    print(f'\nThe server goes on. In this shell:   eval "$(azurine env --home {shown(home)})"; azurine job list')
    print(f"In Python:                           azurine.connect(home={str(home)!r}).ml.jobs.list()")
    print(f"To stop it:                          azurine down --home {shown(home)}")


def tail(file: Path) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(file.read_text(errors="replace").splitlines()[-TAIL:])
    return ""


if __name__ == "__main__":
    sys.exit(main())
