import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

ROWS = {
    "age": [20, 30, 41, 80, 81, 82, 83, 84],
    "bmi": [20.0, 21.0, None, 40.0, 41.0, 42.0, 43.0, 44.0],
    "sex": ["m", "f", "f", "m", "m", "m", "m", "m"],
    "sick": [1, 1, 1, 0, 0, 0, 0, 0],
}


def enlarged(rows=ROWS, label="sick", **given):
    return trying.rows(trying.outputs("smote", {"samples": trying.table(rows)}, {"label_column": label, **given})["results_dataset"])


@pytest.mark.parametrize(("percentage", "made"), [(0, 0), (30, 0), (50, 1), (100, 3), (250, 7)])
def test_rows_of_the_rarer_class_are_made(percentage, made):
    found = enlarged(smote_percentage=percentage)
    assert {name: values[:8] for name, values in found.items()} == ROWS
    assert found["sick"][8:] == [1] * made


def test_made_up_rows_lie_between_a_row_and_its_neighbour():
    found = enlarged(smote_percentage=1000)
    for place in range(8, 38):
        start = (place - 8) % 3
        # The nearest one to 20 is 41 or 30; between 30 and 41, two women, it is the other one.
        assert found["sex"][place] == ROWS["sex"][start]
        assert isinstance(found["age"][place], int)
        low, high = [(20, 41), (30, 41), (30, 41)][start]
        assert low <= found["age"][place] <= high
    assert len(set(found["age"][9::3])) > 3


def test_the_same_seed_makes_the_same_rows():
    assert enlarged(random_seed=4) == enlarged(random_seed=4) != enlarged(random_seed=5)


def test_a_number_that_is_missing_on_one_side_is_missing():
    assert None in enlarged(smote_percentage=300)["bmi"][8:]


def test_rows_without_a_label_stay():
    rows = {name: [*values, None] for name, values in ROWS.items()}
    assert enlarged(rows)["sick"] == [*ROWS["sick"], None, 1, 1, 1]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"label": "gone"}, "SMOTE: label_column: column not found: 'gone'"),
        ({"label": "age"}, "label_column: two classes are wanted, and column 'age' has 8 different values"),
        ({"rows": {"x": [], "sick": []}}, "two classes are wanted, and column 'sick' has 0 different values"),
        ({"rows": {"x": [1, 2], "sick": [1, 1]}}, "has 1 different values"),
        ({"number_of_nearest_neighbors": 3}, "number_of_nearest_neighbors: the rarer class 1 has 3 rows; each of them has 2 neighbours"),
        ({"smote_percentage": -1}, "smote_percentage: -1 must be at least 0"),
    ],
)
def test_what_is_wrong_is_named(given, message):
    with pytest.raises(Invalid, match=message):
        enlarged(**given)
