import pytest

from azurine.designer import trying
from azurine.designer.ports import Model
from azurine.designer.tables import Column
from azurine.model.errors import Invalid

ROWS = {"x": [0.0, 1.0, 0.4, 10.0, 9.0, 9.6], "kind": ["a", "b", "c", "d", "e", "f"]}
LABELLED = (Column("kind", None, label=True),)


def trained(rows=ROWS, columns="x", known=LABELLED, append=True, learner=None, **given):
    learner = learner or trying.outputs("k_means_clustering", {}, {"initialization": "Evenly", **given})
    inputs = {**learner, "dataset": trying.table(rows, known=known)}
    return trying.outputs("train_clustering_model", inputs, {"column_set": columns, "check_for_append_or_uncheck_for_result_only": append})


def test_rows_get_their_group_and_the_distance_to_every_centre():
    found = trained()
    assert isinstance(found["trained_model"], Model) and found["trained_model"].settings["clusters"] == 2
    rows = trying.rows(found["results_dataset"])
    assert list(rows) == ["x", "kind", "Assignments", "DistancesToClusterCenter no.0", "DistancesToClusterCenter no.1"]
    assert rows["Assignments"] == [0, 0, 0, 1, 1, 1]
    # Rescaled to 0…1, the centres are the means of the groups.
    assert rows["DistancesToClusterCenter no.0"] == pytest.approx([abs(x - sum(ROWS["x"][:3]) / 3) / 10 for x in ROWS["x"]])


def test_only_the_result_on_demand():
    assert next(iter(trying.rows(trained(append=False)["results_dataset"]))) == "Assignments"


@pytest.mark.parametrize(
    ("mode", "features", "labels"),
    [
        ("Ignore label column", ["x"], list("abcdef")),
        ("Fill missing values", ["x", "kind"], list("abcdef")),
        # .4 is the nearest to the mean of its group, and so is 9.6.
        ("Overwrite from closest to center", ["x"], list("cccfff")),
    ],
)
def test_what_the_label_is_used_for(mode, features, labels):
    found = trained(columns="x, kind", assign_label_mode=mode)
    assert [one["name"] for one in found["trained_model"].settings["features"]] == features
    assert trying.rows(found["results_dataset"])["kind"] == labels


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"columns": "gone"}, "Train Clustering Model: column_set: column not found: 'gone'"),
        ({"columns": "kind"}, "column_set: there is no column besides the label"),
        ({"rows": {"x": [], "kind": []}}, "dataset: there are no rows"),
        ({"rows": {"x": [1.0, float("inf")], "kind": ["a", "b"]}}, "column 'x' holds infinite values"),
        (
            {"learner": trying.outputs("linear_regression")},
            "untrained_model: a learner for clustering is wanted here; linear_regression is one for regression",
        ),
    ],
)
def test_what_cannot_be_grouped_is_told(given, message):
    with pytest.raises(Invalid, match=message):
        trained(**given)
