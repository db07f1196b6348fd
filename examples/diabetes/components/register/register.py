"""Registers the model as the next version of its name, with the metrics as tags."""

import argparse
import json
from pathlib import Path

import mlflow


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder with the model, in MLflow's format")
    parser.add_argument("--report", type=Path, required=True, help="folder with metrics.json")
    parser.add_argument("--name", required=True, help="name to register the model under")
    parser.add_argument("--registration", type=Path, required=True, help="file to write name and version to")
    return parser.parse_args()


def main():
    args = parse_args()
    metrics = json.loads((args.report / "metrics.json").read_text())
    with mlflow.start_run() as run:
        mlflow.log_artifacts(str(args.model), "model")
        registered = mlflow.register_model(
            f"runs:/{run.info.run_id}/model", args.name, tags={name: f"{value:.6f}" for name, value in metrics.items()}
        )
        # For whoever runs this step, and has to know what it has made.
        mlflow.log_metric("model_version", int(registered.version))
    args.registration.write_text(json.dumps({"name": registered.name, "version": str(registered.version)}, indent=2))
    print(f"registered {registered.name} version {registered.version}")


if __name__ == "__main__":
    main()
