"""MLflow models without a script: what scikit-learn itself would predict, to the bit, however requests arrive together."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from azurine.guest.serving import inputs, linear, models, wire

COLUMNS = list("ABCDEFGH")
NUMBERS = np.random.default_rng(7)
TABLE = pd.DataFrame(NUMBERS.normal(size=(300, 8)) * 10, columns=COLUMNS).assign(A=lambda table: table["A"].round().astype(int))
SUM = TABLE.sum(axis=1)
TWO = (SUM > 0).astype(int)
THREE = pd.cut(SUM, 3, labels=["low", "middle", "high"]).astype(str)
TYPES = ["long", *["double"] * 7]
HEAD = wire.head(b"POST /score HTTP/1.1\r\ncontent-length: 1")
SIZES = (1, 1, 1, 2, 3, 32, 1, 64)


def signature() -> inputs.Signature:
    return inputs.Signature(COLUMNS, TYPES, [True] * 8)


def given(table: pd.DataFrame) -> inputs.Given:
    rows = [[int(row[0]), *row[1:]] for row in table.values.tolist()]
    return signature().read(json.dumps({"input_data": {"columns": COLUMNS, "index": list(range(len(rows))), "data": rows}}).encode())


CLASSIFIERS = [
    LogisticRegression(max_iter=1000).fit(TABLE, TWO),
    LogisticRegression(max_iter=1000).fit(TABLE, THREE),
    make_pipeline(StandardScaler(), LogisticRegression()).fit(TABLE, TWO),
    make_pipeline(MinMaxScaler(), LogisticRegression()).fit(TABLE, THREE),
]
REGRESSIONS = [LinearRegression().fit(TABLE, SUM), Ridge().fit(TABLE, SUM), make_pipeline(StandardScaler(), Ridge()).fit(TABLE, SUM)]


@pytest.mark.parametrize("estimator", [*CLASSIFIERS, *REGRESSIONS], ids=lambda one: type(one).__name__)
def test_arithmetic_equals_scikit_learn_to_the_bit(estimator: Any) -> None:
    made = linear.compiled(estimator, signature())
    assert made is not None
    tables = [TABLE.sample(size, random_state=size) for size in SIZES]
    for table, answer in zip(tables, made.predict([given(one) for one in tables]), strict=True):
        expected = estimator.predict(table)
        assert answer is not None
        found, text = answer
        assert found.dtype == expected.dtype
        assert found.tolist() == expected.tolist()
        assert text is None or text == json.dumps(expected.tolist()).encode()
        assert (text is not None) == made.classifies


def test_rows_on_the_border_are_left_to_scikit_learn() -> None:
    estimator = CLASSIFIERS[0]
    made = linear.compiled(estimator, signature())
    assert made is not None
    # A point of the separating plane: the score is a sum of large numbers that is all rounding.
    row = np.array([3.0, *NUMBERS.normal(size=7) * 1e6])
    row[7] = -(row[:7] @ estimator.coef_[0, :7] + estimator.intercept_[0]) / estimator.coef_[0, 7]
    close = pd.DataFrame([row], columns=COLUMNS)
    results = list(made.predict([given(TABLE.iloc[:1]), given(close), given(TABLE.iloc[1:2])]))
    assert results[1] is None
    assert results[0] is not None and results[0][0].tolist() == estimator.predict(TABLE.iloc[:1]).tolist()


@pytest.mark.parametrize(
    "estimator",
    [RandomForestClassifier(5), make_pipeline(StandardScaler(), RandomForestClassifier(5))],
    ids=["forest", "pipeline"],
)
def test_other_models_are_not_compiled(estimator: Any) -> None:
    assert linear.compiled(estimator.fit(TABLE, TWO), signature()) is None


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A forest, a regression and a model of one's own, as MLflow saves them."""
    import mlflow
    from mlflow.models import infer_signature

    class Adds(mlflow.pyfunc.PythonModel):  # type: ignore[misc]
        def predict(self, model_input: pd.DataFrame) -> Any:
            return model_input.sum(axis=1)

    folder = tmp_path_factory.mktemp("models")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        forest = RandomForestClassifier(5, random_state=0).fit(TABLE, TWO)
        mlflow.sklearn.save_model(
            forest, folder / "forest", signature=infer_signature(TABLE, TWO), serialization_format="cloudpickle", pip_requirements=[]
        )
        mlflow.sklearn.save_model(CLASSIFIERS[0], folder / "linear", signature=infer_signature(TABLE, TWO), pip_requirements=[])
        mlflow.pyfunc.save_model(folder / "own", python_model=Adds(), signature=infer_signature(TABLE, SUM), pip_requirements=[])
    return folder


def answers(model: models.Model, *bodies: Any) -> list[tuple[int, Any]]:
    found = model.score([(HEAD, one if isinstance(one, bytes) else json.dumps(one).encode()) for one in bodies])
    return [(status, json.loads(body)) for status, body, _, _ in found]


def frame(table: pd.DataFrame) -> dict[str, Any]:
    return {"columns": COLUMNS, "data": [[int(row[0]), *row[1:]] for row in table.values.tolist()]}


@pytest.mark.parametrize("name", ["forest", "linear", "own"])
@pytest.mark.filterwarnings("ignore")
def test_what_pyfunc_predicts(saved: Path, name: str) -> None:
    import mlflow

    model, general = models.Model(str(saved / name), {}), mlflow.pyfunc.load_model(str(saved / name))
    tables = [TABLE.sample(size, random_state=size) for size in SIZES]
    expected = [general.predict(one).tolist() for one in tables]
    assert [body for _, body in answers(model, *({"input_data": frame(one)} for one in tables))] == expected


@pytest.mark.parametrize(
    "asked",
    [
        lambda table: {"input_data": frame(table)},
        lambda table: {"dataframe_split": frame(table)},
        lambda table: {"input_data": frame(table)["data"]},
        lambda table: {"input_data": table.to_dict(orient="records")},
        lambda table: {"dataframe_records": table.to_dict(orient="records")},
        lambda table: {"input_data": table.to_dict(orient="list")},
        lambda table: {"input_data": frame(table[COLUMNS]) | {"index": [0, 1]}, "params": None},
        lambda table: {"input_data": {"columns": COLUMNS[::-1], "data": table[COLUMNS[::-1]].values.tolist()}},
        lambda table: {"inputs": table.assign(extra=1).to_dict(orient="records")},
    ],
)
def test_every_way_to_write_rows(saved: Path, asked: Any) -> None:
    model = models.Model(str(saved / "linear"), {})
    assert answers(model, asked(TABLE.iloc[:2])) == [(200, CLASSIFIERS[0].predict(TABLE.iloc[:2]).tolist())]


def test_a_wrong_request_does_not_spoil_the_others(saved: Path) -> None:
    right = {"input_data": frame(TABLE.iloc[:1])}
    expected = (200, CLASSIFIERS[0].predict(TABLE.iloc[:1]).tolist())
    wrong = [
        b"{",
        b"[]",
        b"\xff\xfe",
        {"input_data": []},
        {"input_data": {"columns": ["A"], "data": [[1]]}},
        {"input_data": [["x", 1, 1, 1, 1, 1, 1, 1]]},
        {"input_data": [[1.5, 1, 1, 1, 1, 1, 1, 1]]},
        {"input_data": [[1, 2], [3]]},
        {"input_data": {"columns": COLUMNS, "data": [[1]]}},
        {"something": 1},
    ]
    for name in ("linear", "forest"):
        model = models.Model(str(saved / name), {})
        for one in wrong:
            first, middle, last = answers(model, right, one, right)
            assert first[0] == last[0] == 200 and (name == "forest" or first == last == expected)
            assert middle[0] == 400 and middle[1]["message"], one
