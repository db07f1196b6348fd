"""The made-up patients look like the data set they stand in for: the numbers below were measured on it once (15,000 rows)."""

import csv
import tracemalloc
from pathlib import Path

import numpy
import pandas
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, roc_auc_score
from sklearn.model_selection import train_test_split

from azurine import patients

MEASUREMENTS = patients.COLUMNS[1:-1]

# column: mean, standard deviation, least, quartiles, greatest
REFERENCE = {
    "Pregnancies": (3.22, 3.39, 0, 0, 2, 6, 14),
    "PlasmaGlucose": (107.86, 31.98, 44, 84, 104, 129, 192),
    "DiastolicBloodPressure": (71.22, 16.76, 24, 58, 72, 85, 117),
    "TricepsThickness": (28.81, 14.56, 7, 15, 31, 41, 93),
    "SerumInsulin": (137.85, 133.07, 14, 39, 83, 195, 799),
    "BMI": (31.51, 9.76, 18.2, 21.26, 31.77, 39.26, 56.03),
    "DiabetesPedigree": (0.399, 0.378, 0.078, 0.138, 0.200, 0.616, 2.302),
    "Age": (30.14, 12.09, 21, 22, 24, 35, 77),
}

# Spearman's correlation of each measurement with the diagnosis
REFERENCE_RELATION = {
    "Pregnancies": 0.483,
    "PlasmaGlucose": 0.145,
    "DiastolicBloodPressure": 0.092,
    "TricepsThickness": 0.151,
    "SerumInsulin": 0.306,
    "BMI": 0.202,
    "DiabetesPedigree": 0.111,
    "Age": 0.206,
}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> pandas.DataFrame:
    return pandas.read_csv(patients.write(tmp_path_factory.mktemp("patients") / "diabetes.csv", 60_000, seed=3))


@pytest.mark.parametrize("name", MEASUREMENTS)
def test_a_measurement_is_distributed_as_in_the_original(table: pandas.DataFrame, name: str) -> None:
    column = table[name]
    mean, deviation, least, first, middle, third, greatest = REFERENCE[name]
    assert abs(column.mean() - mean) < 0.05 * deviation
    assert abs(column.std() / deviation - 1) < 0.05
    for share, expected in ((0.25, first), (0.5, middle), (0.75, third)):
        assert abs(column.quantile(share) - expected) < 0.12 * deviation
    assert least - 0.01 <= column.min() and column.max() <= greatest + 0.01


def test_one_in_three_is_diabetic_and_the_measurements_tell_as_much_as_in_the_original(table: pandas.DataFrame) -> None:
    assert abs(table["Diabetic"].mean() - 1 / 3) < 0.01
    relation = table[list(MEASUREMENTS)].corrwith(table["Diabetic"], method="spearman")
    for name, expected in REFERENCE_RELATION.items():
        assert abs(relation[name] - expected) < 0.03, name


def test_measurements_are_related_only_through_the_diagnosis(table: pandas.DataFrame) -> None:
    for _, group in table.groupby("Diabetic"):
        between = group[list(MEASUREMENTS)].corr(method="spearman").to_numpy()
        assert numpy.abs(between - numpy.eye(len(MEASUREMENTS))).max() < 0.04


def test_models_reach_what_they_reach_on_the_original(table: pandas.DataFrame) -> None:
    rows = table.iloc[:20_000]
    train, test, known, wanted = train_test_split(rows[list(MEASUREMENTS)], rows["Diabetic"], test_size=0.3, random_state=0)
    straight = LogisticRegression(C=100, solver="liblinear").fit(train, known)
    assert 0.765 < accuracy_score(wanted, straight.predict(test)) < 0.80
    assert 0.835 < roc_auc_score(wanted, straight.predict_proba(test)[:, 1]) < 0.87
    boosted = HistGradientBoostingClassifier(max_iter=60, random_state=0).fit(train, known)
    assert 0.92 < accuracy_score(wanted, boosted.predict(test)) < 0.97


def test_ids_are_unique_and_in_range(table: pandas.DataFrame) -> None:
    assert table["PatientID"].is_unique
    assert table["PatientID"].between(1_000_000, 1_999_999).all()


@pytest.mark.parametrize("seed", [0, 1, 999, 123_456_789])
def test_a_million_and_more_ids_stay_unique(seed: int) -> None:
    million = patients._Ids(1_000_000, seed).of(numpy.arange(1_000_000))
    assert numpy.unique(million).size == 1_000_000 and million.min() == 1_000_000 and million.max() == 1_999_999
    more = patients._Ids(1_234_567, seed).of(numpy.arange(1_250_000))
    assert numpy.unique(more).size == 1_250_000


def test_the_columns_are_written_as_in_the_original(tmp_path: Path) -> None:
    lines = patients.write(tmp_path / "p.csv", 500).read_text().splitlines()
    assert lines[0] == "PatientID,Pregnancies,PlasmaGlucose,DiastolicBloodPressure,TricepsThickness,SerumInsulin,BMI,DiabetesPedigree,Age,Diabetic"
    assert len(lines) == 501
    for row in csv.DictReader(lines):
        assert all(row[name].isdecimal() for name in patients.COLUMNS if name not in patients.DECIMALS)
        assert all(len(row[name].split(".")[1]) <= decimals for name, decimals in patients.DECIMALS.items())


def test_the_same_seed_makes_the_same_patients_and_more_rows_only_add(tmp_path: Path) -> None:
    few = patients.write(tmp_path / "few.csv", 1_000, seed=7).read_text()
    again = patients.write(tmp_path / "again.csv", 1_000, seed=7).read_text()
    many = patients.write(tmp_path / "many.csv", 60_000, seed=7).read_text()
    other = patients.write(tmp_path / "other.csv", 1_000, seed=8).read_text()
    assert few == again != other
    assert many.startswith(few)


def test_no_rows_is_a_header_and_fewer_is_refused(tmp_path: Path) -> None:
    assert patients.write(tmp_path / "none.csv", 0).read_text() == ",".join(patients.COLUMNS) + "\n"
    with pytest.raises(ValueError, match="0 or more, not -1"):
        patients.write(tmp_path / "less.csv", -1)
    assert [file.name for file in tmp_path.iterdir()] == ["none.csv"]


def test_many_rows_need_no_more_memory_than_a_few_blocks() -> None:
    patients.blocks(1)  # numpy is imported before the measurement
    block = patients.BLOCK * 8 * len(patients.COLUMNS)
    tracemalloc.start()
    rows = sum(len(columns["Age"]) for columns in patients.blocks(20 * patients.BLOCK))
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 20 * patients.BLOCK
    assert most < 6 * block


def test_a_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "p.csv").mkdir()
    with pytest.raises(IsADirectoryError):
        patients.write(tmp_path / "p.csv", 10)
    assert [file.name for file in tmp_path.iterdir()] == ["p.csv"]
