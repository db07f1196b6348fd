"""Scores patients, one in each file: a row of eight numbers in, a line with the file's name and the class out."""

import argparse
import os
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd


def init():
    global model, columns
    parser = argparse.ArgumentParser()
    parser.add_argument("--model", default=os.environ.get("AZUREML_MODEL_DIR"))
    args, _ = parser.parse_known_args()
    folder = next(Path(args.model).rglob("MLmodel")).parent
    model = mlflow.sklearn.load_model(str(folder))
    columns = list(model.feature_names_in_)


def run(mini_batch):
    results = []
    for file in mini_batch:
        patient = pd.DataFrame(np.genfromtxt(file, delimiter=",").reshape(1, -1), columns=columns)
        results.append(f"{os.path.basename(file)}: {int(model.predict(patient)[0])}")
    return results
