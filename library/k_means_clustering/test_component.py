import pytest

from azurine.designer import trying
from azurine.designer.tables import Column
from azurine.model.errors import Invalid

ROWS = {"x": [0.0, 10.0, 1.0, 9.0, 0.5, 9.5], "y": [0.0, 10.0, 1.0, 9.0, 0.5, 9.5], "kind": ["a", "b", "a", "b", "a", "b"]}
LABELLED = (Column("kind", None, label=True),)


def trained(known=LABELLED, rows=ROWS, **given):
    learner = trying.outputs("k_means_clustering", {}, given)
    table = trying.table(rows, known=known)
    return trying.rows(trying.outputs("train_clustering_model", {**learner, "dataset": table}, {"column_set": "x, y"})["results_dataset"])


@pytest.mark.parametrize("initialization", ["Random", "K-Means++", "First N", "Evenly", "Use label column", "K-Means++ Fast"])
def test_two_clouds_are_two_groups(initialization):
    groups = trained(initialization=initialization)["Assignments"]
    assert groups in ([0, 1] * 3, [1, 0] * 3)


def test_the_first_rows_are_the_first_centres():
    assert trained(initialization="First N")["Assignments"] == [0, 1] * 3


def test_distances_are_those_to_the_mean_of_the_group():
    found = trained(initialization="First N", normalize_features=False)
    assert found["DistancesToClusterCenter no.0"] == pytest.approx([abs(x - 0.5) * 2**0.5 for x in ROWS["x"]])
    assert found["DistancesToClusterCenter no.1"] == pytest.approx([abs(x - 9.5) * 2**0.5 for x in ROWS["x"]])


def test_cosine_compares_directions():
    rows = {"x": [1.0, 0.1, 50.0, 0.0], "y": [0.1, 1.0, 0.0, 50.0]}
    assert trained((), rows, metric="Cosine", normalize_features=False, initialization="First N")["Assignments"] == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"number_of_centroids": 1}, "K-Means Clustering: number_of_centroids: 1 must be at least 2"),
        ({"number_of_centroids": 7}, "K-Means Clustering: number_of_centroids: there are 6 rows, too few for 7 groups"),
        ({"number_of_centroids": 3, "initialization": "Use label column"}, "initialization: the label has 2 values, too few for 3 groups"),
        ({"known": (), "initialization": "Use label column"}, "initialization: there is no label column"),
        ({"metric": "Manhattan"}, "is not one of Euclidean, Cosine"),
    ],
)
def test_what_is_wrong_is_named(given, message):
    with pytest.raises(Invalid, match=message):
        trained(**given)
