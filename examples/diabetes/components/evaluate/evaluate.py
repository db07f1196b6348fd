"""Judges the model on patients it has not seen: accuracy, AUC, the ROC curve and the confusion matrix."""

import argparse
import json
from pathlib import Path

import matplotlib
import mlflow
import mlflow.sklearn
import pandas as pd
from sklearn.metrics import ConfusionMatrixDisplay, RocCurveDisplay, accuracy_score, roc_auc_score

matplotlib.use("Agg")  # pictures into files: there is no screen here
from matplotlib import pyplot as plt


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test", type=Path, required=True, help="folder with test.csv")
    parser.add_argument("--model", type=Path, required=True, help="folder with the model, in MLflow's format")
    parser.add_argument("--report", type=Path, required=True, help="folder to write metrics.json to")
    return parser.parse_args()


def main():
    args = parse_args()
    table = pd.read_csv(args.test / "test.csv")
    model = mlflow.sklearn.load_model(str(args.model))
    features = table[list(model.feature_names_in_)].astype("float64")
    predicted, likelihood = model.predict(features), model.predict_proba(features)[:, 1]
    metrics = {
        "accuracy": float(accuracy_score(table["Diabetic"], predicted)),
        "auc": float(roc_auc_score(table["Diabetic"], likelihood)),
    }
    pictures = {
        "roc.png": RocCurveDisplay.from_predictions(table["Diabetic"], likelihood, name="logistic regression"),
        "confusion.png": ConfusionMatrixDisplay.from_predictions(table["Diabetic"], predicted, display_labels=["no", "yes"]),
    }
    args.report.mkdir(parents=True, exist_ok=True)
    with mlflow.start_run():
        mlflow.log_metrics(metrics)
        for name, display in pictures.items():
            mlflow.log_figure(display.figure_, name)
            plt.close(display.figure_)
    (args.report / "metrics.json").write_text(json.dumps(metrics, indent=2))
    print(f"judged by {len(table)} patients: " + ", ".join(f"{name} {value:.4f}" for name, value in metrics.items()))


if __name__ == "__main__":
    main()
