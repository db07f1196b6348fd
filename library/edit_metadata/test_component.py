import datetime

import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

TABLE = {"n": [1, 2], "t": ["3", "4"], "d": ["2020-01-02", "2020-01-03"], "f": [1.0, 2.0], "b": ["true", "No"]}


def edited(columns, values=TABLE, **given):
    return trying.outputs("edit_metadata", {"dataset": trying.table(values)}, {"column": columns, **given})["results_dataset"]


@pytest.mark.parametrize(
    ("column", "type_", "expected"),
    [
        ("t", "Integer", [3, 4]),
        ("t", "Double", [3.0, 4.0]),
        ("n", "String", ["1", "2"]),
        ("f", "Integer", [1, 2]),
        ("b", "Boolean", [True, False]),
        ("n", "Boolean", [True, True]),
        ("d", "DateTime", [datetime.datetime(2020, 1, 2), datetime.datetime(2020, 1, 3)]),
    ],
)
def test_types_change(column, type_, expected):
    table = edited(column, data_type=type_)
    assert trying.rows(table)[column] == expected
    assert table[column].primitive == type_


def test_formats_read_dates_and_time_spans():
    values = {"d": ["03/02/2020"], "s": ["01:30:00"]}
    assert trying.rows(edited("d", values, data_type="DateTime", datetime_format="%d/%m/%Y"))["d"] == [datetime.datetime(2020, 2, 3)]
    assert trying.rows(edited("s", values, data_type="TimeSpan"))["s"] == [datetime.timedelta(hours=1, minutes=30)]


def test_categories_come_and_go_and_give_the_type_back():
    made = edited("n", categorical="Make Categorical")
    assert made["n"].kind == "Categorical"
    found = trying.outputs("edit_metadata", {"dataset": made}, {"column": "n", "categorical": "Make non-categorical"})["results_dataset"]
    assert found["n"].kind == "Numeric"


def test_several_columns_may_be_labels():
    table = edited("n, t", fields="Label")
    assert [one.name for one in table.columns if one.label] == ["n", "t"]
    assert [one.name for one in table.features] == ["d", "f", "b"]


def test_names_change():
    assert edited("f, n", new_column_names="Weight, Number").names == ("Number", "t", "d", "Weight", "b")


@pytest.mark.parametrize(
    ("columns", "given", "message"),
    [
        ("n, t", {"new_column_names": "only"}, "give 2 names, one for each chosen column, not 1"),
        ("n", {"new_column_names": "t"}, "there would be two columns 't'"),
        ("d", {"data_type": "Integer"}, r"2 values of column 'd' \(String\) cannot be read as Integer"),
        ("n", {"data_type": "DateTime"}, "column 'n' is Integer and cannot become DateTime"),
        ("n", {"data_type": "Number"}, "'Number' is not one of Unchanged, String"),
    ],
)
def test_wrong_parameters_are_named(columns, given, message):
    with pytest.raises(Invalid, match=message):
        edited(columns, **given)


def test_a_broken_number_is_no_integer():
    with pytest.raises(Invalid, match="1 values of column 'f'"):
        edited("f", {"f": [1.5, 2.0]}, data_type="Integer")
