"""Scores patients: rows of eight numbers in, the names of their classes out."""

import json
import os
from pathlib import Path

import mlflow
import pandas as pd

CLASSES = ["not-diabetic", "diabetic"]


def init():
    global model, columns
    folder = next(Path(os.environ["AZUREML_MODEL_DIR"]).rglob("MLmodel")).parent
    model = mlflow.sklearn.load_model(str(folder))
    columns = list(model.feature_names_in_)


def run(raw_data):
    patients = pd.DataFrame(json.loads(raw_data)["data"], columns=columns)
    return json.dumps([CLASSES[diabetic] for diabetic in model.predict(patients)])
