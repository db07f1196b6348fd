"""Trains a logistic regression on the patients and saves it in MLflow's format, the scaling included."""

import argparse
from importlib import metadata
from pathlib import Path

import mlflow
import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler

FEATURES = ["Pregnancies", "PlasmaGlucose", "DiastolicBloodPressure", "TricepsThickness", "SerumInsulin", "BMI", "DiabetesPedigree", "Age"]


# What it takes to load the model again (skops: the file format of newer MLflow). Named here, MLflow need not find out by trying.
NEEDED = ["scikit-learn", "pandas", "skops"]


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="folder with train.csv")
    parser.add_argument("--reg_rate", type=float, default=0.01, help="regularization rate: the larger, the simpler the model")
    parser.add_argument("--model", type=Path, required=True, help="folder to write the model to")
    return parser.parse_args()


def requirements():
    versions = {found.metadata["Name"]: found.version for found in metadata.distributions()}
    return [f"{name}=={versions[name]}" for name in NEEDED if name in versions]


def main():
    args = parse_args()
    table = pd.read_csv(args.train / "train.csv")
    # Fractions throughout, so that the model's signature also takes a table with gaps in it.
    features, diabetic = table[FEATURES].astype("float64"), table["Diabetic"]
    with mlflow.start_run():
        mlflow.log_param("reg_rate", args.reg_rate)
        mlflow.log_param("rows", len(table))
        # The scaling is part of the model: whoever uses it later passes patients as they are.
        model = make_pipeline(MinMaxScaler(), LogisticRegression(C=1 / args.reg_rate, solver="liblinear", random_state=0))
        model.fit(features, diabetic)
        accuracy = model.score(features, diabetic)
        mlflow.log_metric("training_accuracy", accuracy)
        signature = infer_signature(features, model.predict(features))
        mlflow.sklearn.save_model(model, args.model, signature=signature, input_example=features.head(2), pip_requirements=requirements())
    print(f"trained on {len(table)} patients, accuracy on them {accuracy:.4f}")


if __name__ == "__main__":
    main()
