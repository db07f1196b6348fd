import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

ROWS = {"x": [0.0, 1.0, 9.0, 10.0]}


def model():
    learner = trying.outputs("k_means_clustering", {}, {"initialization": "Evenly"})
    return trying.outputs("train_clustering_model", {**learner, "dataset": trying.table(ROWS)}, {"column_set": "x"})["trained_model"]


def assigned(rows, trained=None, append=True):
    inputs = {"trained_model": trained or model(), "dataset": trying.table(rows)}
    found = trying.outputs("assign_data_to_clusters", inputs, {"check_for_append_or_uncheck_for_result_only": append})
    return trying.rows(found["results_dataset"])


def test_rows_go_to_the_nearest_centre():
    # Rescaled by 10, the centres are .05 and .95.
    found = assigned({"id": [7, 8, 9], "x": [2.0, 6.0, None]})
    assert found["id"] == [7, 8, 9]
    assert found["Assignments"] == [0, 1, 0]
    assert found["DistancesToClusterCenter no.1"] == pytest.approx([0.75, 0.35, 0.95])


def test_only_the_result_on_demand():
    assert assigned(ROWS, append=False)["Assignments"] == [0, 0, 1, 1]
    assert "x" not in assigned(ROWS, append=False)


def test_what_does_not_fit_is_told():
    with pytest.raises(Invalid, match="Assign Data to Clusters: dataset: column not found: 'x', which the model was trained on; there are 'y'"):
        assigned({"y": [1]})
    line = trying.outputs(
        "train_model", {**trying.outputs("linear_regression"), "dataset": trying.table({"x": [1, 2], "y": [1, 2]})}, {"label_column": "y"}
    )
    with pytest.raises(Invalid, match="trained_model: a model for clustering is wanted here; this one is for regression"):
        assigned(ROWS, line["trained_model"])
