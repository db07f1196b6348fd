import pytest

from azurine.designer import trying

COLUMNS = [
    "Feature",
    "Count",
    "Unique Value Count",
    "Missing Value Count",
    "Min",
    "Max",
    "Mean",
    "Mean Deviation",
    "1st quantile",
    "Median",
    "3rd quantile",
    "Mode",
    "Range",
    "Sample Variance",
    "Sample Standard Deviation",
    "Sample Skewness",
    "Sample Kurtosis",
    "P0.5",
    "P1",
    "P5",
    "P95",
    "P99",
    "P99.5",
]


def test_numbers_of_each_column():
    table = trying.table({"x": [1, 2, 2, 3, 12, None], "t": ["a", "b", "a", None, None, None]})
    found = trying.rows(trying.outputs("summarize_data", {"dataset": table})["results_dataset"])
    assert list(found) == COLUMNS
    x = {name: values[0] for name, values in found.items()}
    expected = {
        "Feature": "x",
        "Count": 6,
        "Unique Value Count": 4,
        "Missing Value Count": 1,
        "Min": 1,
        "Max": 12,
        "Mean": 4,
        "Mean Deviation": 3.2,
        "1st quantile": 2,
        "Median": 2,
        "3rd quantile": 3,
        "Mode": 2,
        "Range": 11,
        "Sample Variance": 20.5,
        "Sample Standard Deviation": 20.5**0.5,
        "Sample Skewness": 2.1009,
        "Sample Kurtosis": 4.5223,
        "P95": 10.2,
    }
    assert {name: x[name] for name in expected} == {
        name: value if isinstance(value, str) else pytest.approx(value, abs=1e-3) for name, value in expected.items()
    }
    assert [values[1] for values in found.values()][:4] == ["t", 6, 2, 3]
    assert all(values[1] is None for values in list(found.values())[4:])


def test_no_rows_and_many_columns():
    found = trying.rows(trying.outputs("summarize_data", {"dataset": trying.table({"a": []}, schema={"a": float})})["results_dataset"])
    assert (found["Count"], found["Mean"]) == ([0], [None])
    wide = trying.table({f"c{number}": [1.0, 2.0] for number in range(500)})
    assert trying.rows(trying.outputs("summarize_data", {"dataset": wide})["results_dataset"])["Mean"] == [1.5] * 500
