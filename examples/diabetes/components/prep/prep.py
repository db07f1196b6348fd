"""Merges the patient files of a folder, cleans them and splits them into a table to learn from and one to judge by."""

import argparse
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split

COLUMNS = [
    "PatientID",
    "Pregnancies",
    "PlasmaGlucose",
    "DiastolicBloodPressure",
    "TricepsThickness",
    "SerumInsulin",
    "BMI",
    "DiabetesPedigree",
    "Age",
    "Diabetic",
]
WHOLE = [name for name in COLUMNS if name not in ("BMI", "DiabetesPedigree")]


def parse_args():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with diabetes.csv, diabetes2.csv, …")
    parser.add_argument("--files", default="*.csv", help="which files of the folder")
    parser.add_argument("--diagnoses", type=Path, help="a file with Id and Diabetic, when the patients' own files do not say it")
    parser.add_argument("--test_share", type=float, default=0.3, help="share of the patients kept back to judge by")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--train", type=Path, required=True, help="folder to write train.csv to")
    parser.add_argument("--test", type=Path, required=True, help="folder to write test.csv to")
    return parser.parse_args()


def read(folder, pattern="*.csv", diagnoses=None):
    files = sorted(folder.glob(pattern))
    if not files:
        raise SystemExit(f"there is no file {pattern} in {folder}")
    tables = []
    for file in files:
        table = pd.read_csv(file)
        if diagnoses is not None:
            table = table.merge(pd.read_csv(diagnoses)[["Id", "Diabetic"]], on="Id", validate="one_to_one")
        missing = [name for name in COLUMNS if name not in table.columns]
        if missing:
            raise SystemExit(f"{file.name} lacks the column(s) {', '.join(missing)}")
        print(f"{file.name}: {len(table)} rows")
        tables.append(table[COLUMNS])
    return pd.concat(tables, ignore_index=True)


def clean(table):
    """Numbers everywhere, one row per patient (the last visit counts), nobody without a diagnosis, nothing impossible."""
    table = table.apply(pd.to_numeric, errors="coerce")
    table = table.dropna().drop_duplicates(subset="PatientID", keep="last")
    possible = (table[["PlasmaGlucose", "DiastolicBloodPressure", "BMI", "Age"]] > 0).all(axis=1) & table["Diabetic"].isin([0, 1])
    table = table[possible]
    return table.astype({name: "int64" for name in WHOLE}).reset_index(drop=True)


def main():
    args = parse_args()
    raw = read(args.data, args.files, args.diagnoses)
    table = clean(raw)
    print(f"{len(raw)} rows read, {len(raw) - len(table)} left out, {table['Diabetic'].mean():.1%} of the patients are diabetic")
    train, test = train_test_split(table, test_size=args.test_share, random_state=args.seed, stratify=table["Diabetic"])
    for part, folder, name in ((train, args.train, "train.csv"), (test, args.test, "test.csv")):
        folder.mkdir(parents=True, exist_ok=True)
        part.to_csv(folder / name, index=False)
        print(f"{name}: {len(part)} rows")


if __name__ == "__main__":
    main()
