"""A linear model done as a sum over columns predicts what scikit-learn predicts, row for row, or says that it cannot."""

from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Perceptron, SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from azurine.guest.batching import columns
from azurine.guest.serving.inputs import Signature

NAMES = ["a", "b", "c"]
SIGNATURE = Signature(NAMES, ["double", "double", "long"], [True] * 3)
MODELS: list[Any] = [
    LogisticRegression(),
    make_pipeline(StandardScaler(), LogisticRegression()),
    make_pipeline(StandardScaler(with_mean=False), SGDClassifier()),
    make_pipeline(MinMaxScaler(), Perceptron()),
]


def made(rows: int = 5000, seed: int = 1) -> pandas.DataFrame:
    numbers = numpy.random.default_rng(seed)
    return pandas.DataFrame(
        {"id": range(rows), "c": numbers.integers(0, 90, rows), "a": numbers.normal(5, 3, rows), "b": numbers.normal(0, 1e-3, rows)}
    )


def fitted(model: Any, labels: tuple[Any, Any] = (0, 1)) -> Any:
    table = made(400, 2)
    return model.fit(table[NAMES], numpy.where(table.a + 1000 * table.b > table.c / 10, labels[1], labels[0]))


@pytest.mark.parametrize("labels", [(0, 1), ("no", "yes"), (False, True)])
@pytest.mark.parametrize("model", MODELS, ids=str)
def test_equal_predictions(tmp_path: Path, model: Any, labels: tuple[Any, Any]) -> None:
    import polars

    table = made()
    table.to_parquet(tmp_path / "in.parquet", row_group_size=700)
    found = columns.compiled(fitted(model, labels), SIGNATURE)
    assert found is not None
    expected = model.predict(table[NAMES]).tolist()
    assert columns.scored(str(tmp_path / "in.parquet"), found, str(tmp_path / "out.parquet"), "in.parquet", parquet=True) == len(table)
    written = polars.read_parquet(tmp_path / "out.parquet")
    assert written.columns == ["id", "prediction"]
    assert written["prediction"].to_list() == expected
    assert written["id"].to_list() == list(range(len(table)))
    assert columns.scored(str(tmp_path / "in.parquet"), found, str(tmp_path / "out.csv"), "in.parquet", parquet=False) == len(table)
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in lines] == [str(number) for number in range(len(table))]
    assert [line.split(",")[1].lower() for line in lines] == [str(one).lower() for one in expected]


@pytest.mark.parametrize("value", [numpy.nan, numpy.inf, None])
def test_what_scikit_learn_would_refuse_is_left_to_it(tmp_path: Path, value: Any) -> None:
    table = made(1000)
    table["a"] = table["a"].astype(object if value is None else float)
    table.loc[77, "a"] = value
    table["a"] = table["a"].astype("float64")
    table.to_parquet(tmp_path / "in.parquet")
    found = columns.compiled(fitted(LogisticRegression()), SIGNATURE)
    assert found is not None
    assert columns.scored(str(tmp_path / "in.parquet"), found, str(tmp_path / "out.parquet"), "x", parquet=True) is None


def test_a_row_on_the_boundary_is_left_to_scikit_learn(tmp_path: Path) -> None:
    model = fitted(LogisticRegression())
    model.coef_, model.intercept_ = numpy.array([[1.0, 0.0, 0.0]]), numpy.array([-0.1])
    table = made(100)
    table.loc[5, "a"] = 0.1
    table.to_parquet(tmp_path / "in.parquet")
    found = columns.compiled(model, SIGNATURE)
    assert found is not None
    assert columns.scored(str(tmp_path / "in.parquet"), found, str(tmp_path / "out.parquet"), "x", parquet=True) is None


@pytest.mark.parametrize("model", [LinearRegression(), RandomForestClassifier(3)], ids=str)
def test_other_models_are_not_compiled(model: Any) -> None:
    assert columns.compiled(fitted(model), SIGNATURE) is None


def test_a_file_that_lacks_a_column_or_has_texts_is_left_to_scikit_learn(tmp_path: Path) -> None:
    found = columns.compiled(fitted(LogisticRegression()), SIGNATURE)
    assert found is not None
    for number, table in enumerate((made(10).drop(columns="a"), made(10).assign(a="x"))):
        table.to_parquet(tmp_path / f"{number}.parquet")
        assert columns.scored(str(tmp_path / f"{number}.parquet"), found, str(tmp_path / "out"), "x", parquet=True) is None
