import textwrap
from functools import cache

import pytest

from azurine.designer import ports, trying
from azurine.model.errors import Invalid

MEAN = """
    import pandas as pd

    class AzureMLModel:
        def __init__(self):
            self.means = {}

        def train(self, df_train, df_label):
            assert list(df_train.columns) == ["group", "x"] and df_label.name == "y"
            self.means = df_label.groupby(df_train["group"]).mean().to_dict()

        def predict(self, df):
            return pd.DataFrame({"Scored Labels": df["group"].map(self.means), "note": "seen"})
"""
ROWS = {"group": ["a", "a", "b", "b", "b"], "x": [1, 2, 3, 4, 5], "y": [1.0, 3.0, 5.0, 7.0, None]}


@cache
def trained(script=MEAN):
    learner = trying.outputs("create_python_model", {}, {"python_script": textwrap.dedent(script)})
    return trying.outputs("train_model", {**learner, "dataset": trying.table(ROWS)}, {"label_column": "y"})["trained_model"]


def scored(model, rows=ROWS, append=True):
    found = trying.outputs("score_model", {"trained_model": model, "dataset": trying.table(rows)}, {"append_score_columns_to_output": append})
    return found["scored_dataset"]


def test_a_class_of_the_users_own_learns_and_predicts(tmp_path):
    ports.write(trained(), tmp_path)
    table = scored(ports.read(tmp_path, ports.MODEL))
    assert trying.rows(table) == {**ROWS, "Scored Labels": [2.0, 2.0, 6.0, 6.0, 6.0], "note": ["seen"] * 5}
    assert table["Scored Labels"].score == "Scored Labels" and not table["Scored Labels"].feature


def test_only_what_was_predicted_on_demand():
    assert trying.rows(scored(trained(), {"x": [1], "group": ["b"]}, append=False)) == {"Scored Labels": [6.0], "note": ["seen"]}


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("class Model:\n    pass", "Train Model: python_script: there is no class AzureMLModel with"),
        ("class AzureMLModel:\n    def train(self, a, b):\n        pass", "there is no class AzureMLModel with"),
        (MEAN.replace("groupby", "groop"), r"Train Model: python_script: line 10: AttributeError: .* in: self.means"),
        (MEAN.replace("self.means = {}", "self.means = {}; self.f = lambda: 1"), "the trained object of AzureMLModel cannot be kept"),
        ("class AzureMLModel(:", "Create Python Model: python_script: line 1: "),
    ],
)
def test_what_cannot_be_trained_is_told(script, message):
    with pytest.raises(Invalid, match=message):
        trained(script)


def test_what_cannot_be_predicted_is_told():
    with pytest.raises(Invalid, match="Score Model: dataset: column not found: 'x', which the model was trained on; there are 'group'"):
        scored(trained(), {"group": ["a"]})
    with pytest.raises(Invalid, match="Score Model: trained_model: predict returned 2 rows for 5"):
        scored(trained(MEAN.replace('"seen"})', '"seen"}).head(2)')), append=False)


def test_it_is_not_validated_by_others():
    learner = trying.outputs("create_python_model", {}, {"python_script": textwrap.dedent(MEAN)})
    with pytest.raises(Invalid, match=r"untrained_model: a learner for .* is wanted here; create_python_model is one for python"):
        trying.outputs("cross_validate_model", {**learner, "dataset": trying.table(ROWS)}, {"label_column": "y"})
