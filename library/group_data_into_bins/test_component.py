import pytest
from polars.exceptions import PolarsError

from azurine.designer import csv_files, trying
from azurine.designer.bench import Bench
from azurine.model.errors import Invalid

WORKSHOP = "1,11,21,31,41,51,61,71,81,91"


def grouped(values, output="quantized_dataset", **given):
    defaults = {"columns_to_bin": "Age", "binning_mode": "Custom Edges", "comma_separated_list_of_bin_edges": WORKSHOP}
    found = trying.outputs("group_data_into_bins", {"dataset": trying.table({"Age": values})}, defaults | given)
    return found[output]


def indexes(values, **given):
    return trying.rows(grouped(values, **given))["Age_quantized"]


@pytest.mark.parametrize(
    ("edges", "values", "expected"),
    [
        # Right-closed, the first closed on the left too.
        (WORKSHOP, [1, 11, 12, 21, 22, 31, 90, 91], [1, 1, 2, 2, 3, 3, 9, 9]),
        # A value above the last edge makes one more group.
        (WORKSHOP, [21, 92, 95], [2, 10, 10]),
        # A value below the first edge makes one more group below: all others move up by one, and the first edge lies in it.
        (WORKSHOP, [0, 1, 2, 11, 12], [1, 1, 2, 2, 3]),
        (WORKSHOP, [-5, 100], [1, 11]),
        (WORKSHOP, [None, 5], [None, 1]),
        ("0.5, 1.5", [0.5, 1.0, 1.5, 2.0], [1, 1, 1, 2]),
        (",".join(str(edge) for edge in range(100)), [0, 0.5, 1.5, 99], [1, 1, 2, 99]),
    ],
)
def test_custom_edges(edges, values, expected):
    assert indexes(values, comma_separated_list_of_bin_edges=edges) == expected


@pytest.mark.parametrize(
    ("edges", "values"),
    [(WORKSHOP, [1, 11, 12, 91, 95, None]), ("-0.5, 1.5", [-0.5, 1.0, None, 2.0]), (",".join(map(str, range(100))), [0, 0.5, 98.5, 99, 100])],
)
def test_groups_are_the_same_where_nothing_is_known_of_later_rows(edges, values, tmp_path):
    given = {"columns_to_bin": "Age", "binning_mode": "Custom Edges", "comma_separated_list_of_bin_edges": edges}
    found = trying.outputs("group_data_into_bins", {"dataset": trying.table({"Age": values})}, given, Bench(tmp_path))
    assert trying.rows(found["quantized_dataset"])["Age_quantized"] == indexes(values, comma_separated_list_of_bin_edges=edges)


def test_a_later_row_below_the_first_edge_is_a_surprise(tmp_path):
    given = {"columns_to_bin": "Age", "binning_mode": "Custom Edges", "comma_separated_list_of_bin_edges": WORKSHOP}
    with pytest.raises(PolarsError) as caught:
        trying.outputs("group_data_into_bins", {"dataset": trying.table({"Age": [5, 0]})}, given, Bench(tmp_path))
    assert csv_files.is_surprise(caught.value)


def test_equal_width_divides_the_range():
    assert indexes([0, 2, 2.5, 5, 9.9, 10], binning_mode="Equal Width", number_of_bins=4) == [1, 1, 1, 2, 4, 4]


@pytest.mark.parametrize(
    ("written", "expected"),
    [("Quantile Index", [1, 1, 2, 2]), ("PQuantile", [1 / 3, 1 / 3, 2 / 3, 2 / 3]), ("Percent", [100 / 3, 100 / 3, 200 / 3, 200 / 3])],
)
def test_quantiles_are_of_equal_frequency(written, expected):
    assert indexes([1, 2, 3, 4], binning_mode="Quantiles", number_of_bins=2, quantile_normalization=written) == pytest.approx(expected)


def test_equal_edges_of_quantiles_are_merged():
    assert indexes([1, 1, 1, 1, 1, 9], binning_mode="Quantiles", number_of_bins=4, quantile_normalization="Quantile Index") == [1, 1, 1, 1, 1, 1]


@pytest.mark.parametrize(("output", "names"), [("Append", ["Age", "Age_quantized"]), ("Inplace", ["Age"]), ("Result Only", ["Age_quantized"])])
def test_output_modes(output, names):
    table = grouped([5, 15], output_mode=output)
    assert list(table.names) == names
    assert table[names[-1]].kind == "Categorical"
    assert trying.rows(table)[names[-1]] == [1, 2]


def test_groups_need_not_be_categories():
    assert grouped([5], tag_columns_as_categorical="false")["Age_quantized"].kind == "Numeric"


def test_the_transformation_finds_its_edges_anew():
    learned = grouped([1, 2, 3, 4], "binning_transformation", binning_mode="Quantiles", number_of_bins=2, quantile_normalization="Quantile Index")
    found = trying.outputs("apply_transformation", {"transformation": learned, "dataset": trying.table({"Age": [10, 20, 30, 40]})})
    assert trying.rows(found["transformed_dataset"])["Age_quantized"] == [1, 1, 2, 2]


@pytest.mark.parametrize("mode", ["Custom Edges", "Equal Width", "Quantiles"])
def test_no_rows_have_no_groups(mode):
    table = trying.table({"Age": []}, schema={"Age": int})
    given = {"columns_to_bin": "Age", "binning_mode": mode, "comma_separated_list_of_bin_edges": WORKSHOP}
    assert trying.rows(trying.outputs("group_data_into_bins", {"dataset": table}, given)["quantized_dataset"]) == {"Age": [], "Age_quantized": []}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"comma_separated_list_of_bin_edges": "1,5,5"},
            "Group Data into Bins: comma_separated_list_of_bin_edges: edges must ascend strictly; 5 comes after 5",
        ),
        ({"comma_separated_list_of_bin_edges": "1,x"}, "edges are numbers"),
        ({"comma_separated_list_of_bin_edges": ""}, "give at least two edges"),
        ({"binning_mode": "Entropy MDL"}, "binning_mode: this mode is not available"),
        ({"columns_to_bin": "Weight"}, "columns_to_bin: column not found: 'Weight'"),
        ({"number_of_bins": "0", "binning_mode": "Quantiles"}, "number_of_bins: '0' must be at least 1"),
    ],
)
def test_wrong_parameters_are_named(given, message):
    with pytest.raises(Invalid, match=message):
        grouped([1, 2], **given)


def test_text_cannot_be_grouped():
    with pytest.raises(Invalid, match="column 'Age' is String; only numbers can be grouped"):
        grouped(["a"])


def test_infinity_has_no_width():
    with pytest.raises(Invalid, match="holds infinity"):
        grouped([1.0, float("inf")], binning_mode="Equal Width")
