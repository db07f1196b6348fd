import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

FRACTION = "fraction_of_rows_in_the_first_output_dataset"
PEOPLE = {"Name": ["ann", "bob", "abe", None, "cid"], "Age": [20, 30, 40, 50, None], "Kind": ["x", "x", "y", "y", "y"]}


def split(values=PEOPLE, column="Age", **given):
    found = trying.outputs("split_data", {"dataset": trying.table(values)}, given)
    return trying.rows(found["results_dataset1"])[column], trying.rows(found["results_dataset2"])[column]


@pytest.mark.parametrize(("share", "first"), [("0.5", [1, 2]), ("0", []), ("1", [1, 2, 3, 4, 5]), ("0.7", [1, 2, 3, 4])])
def test_without_chance_the_first_rows_come_first(share, first):
    """Rows are rounded half to even: 2.5 is 2, 3.5 is 4."""
    one, other = split({"n": [1, 2, 3, 4, 5]}, "n", randomized_split="false", **{FRACTION: share})
    assert one == first
    assert one + other == [1, 2, 3, 4, 5]


def test_a_seed_draws_the_same_rows_again():
    numbers = {"n": list(range(100))}
    one, other = split(numbers, "n", random_seed="42", **{FRACTION: "0.7"})
    assert (len(one), sorted(one + other)) == (70, list(range(100)))
    assert one != sorted(one)
    assert split(numbers, "n", random_seed="42", **{FRACTION: "0.7"}) == (one, other)
    assert split(numbers, "n", random_seed="43", **{FRACTION: "0.7"}) != (one, other)


def test_strata_are_divided_alike():
    values = {"n": list(range(100)), "k": ["a"] * 80 + ["b"] * 20}
    one, _ = split(values, "k", stratified_split="True", stratification_key_column="k", **{FRACTION: "0.75"})
    assert (one.count("a"), one.count("b")) == (60, 15)


@pytest.mark.parametrize(
    ("expression", "first"),
    [(r'\"Name" ^a', ["ann", "abe"]), (r"(\1) b$", ["bob"]), (r'"Name" [b-c]i?', ["bob", "abe", "cid"])],
)
def test_regular_expressions(expression, first):
    assert split(column="Name", splitting_mode="Regular Expression", regular_expression=expression)[0] == first


@pytest.mark.parametrize(
    ("expression", "first"),
    [
        (r'\"Age" > 30', [40, 50]),
        (r'\"Age" >= 30 & \"Age" < 50', [30, 40]),
        (r'\"Age" = 20 | \"Age" > 30 & \"Kind" = "y"', [20, 40, 50]),
        (r'\"Kind" != y', [20, 30]),
    ],
)
def test_relative_expressions(expression, first):
    one, other = split(splitting_mode="Relative Expression", relational_expression=expression)
    assert one == first
    assert len(one) + len(other) == 5


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"splitting_mode": "Recommender Split"}, "Recommender Split is not available"),
        ({FRACTION: "1.5"}, "must be at least 0 and at most 1"),
        ({"splitting_mode": "Regular Expression", "regular_expression": r'\"Name" ('}, "this is not a regular expression"),
        ({"splitting_mode": "Regular Expression", "regular_expression": r'\"Nope" x'}, "column not found: 'Nope'"),
        ({"splitting_mode": "Regular Expression", "regular_expression": r"(\9) x"}, "there is no column 9; there are 3"),
        (
            {"splitting_mode": "Relative Expression", "relational_expression": r'\"Age" > old'},
            "column 'Age' is Integer and is not compared with 'old'",
        ),
        ({"splitting_mode": "Relative Expression", "relational_expression": "Age > 3"}, "at place 1: write"),
        ({"stratified_split": "True", "stratification_key_column": "Age, Kind"}, "choose one column; chosen are 'Age', 'Kind'"),
    ],
)
def test_wrong_parameters_are_named(given, message):
    with pytest.raises(Invalid, match=message):
        split(**given)
