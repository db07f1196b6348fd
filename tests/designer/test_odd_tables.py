"""Every component with tables that are odd: without rows, very wide, without the column that it is told to take.

It makes what it can of them, or says what is wrong beginning with its name; nothing else may come out.
"""

import pytest

from azurine.designer import components, ports, trying
from azurine.designer.bench import Bench
from azurine.model.errors import Invalid

ROWS = {"x": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], "k": [1, 2, 3, 4, 5, 6, 7, 8], "y": [0, 1, 0, 1, 0, 1, 1, 0]}
SCRIPT = "def azureml_main(first=None, second=None):\n    return first"

GIVEN = {
    "add_columns": {},
    "add_rows": {},
    "apply_math_operation": {"column_set": "x"},
    "apply_sql_transformation": {"sql_query_script": "SELECT x FROM t1"},
    "apply_transformation": {},
    "assign_data_to_clusters": {},
    "clean_missing_data": {"columns_to_be_cleaned": "x"},
    "clip_values": {"list_of_columns": "x"},
    "convert_to_csv": {},
    "convert_to_dataset": {},
    "convert_to_indicator_values": {"categorical_columns_to_convert": "x"},
    "cross_validate_model": {"label_column": "y"},
    "edit_metadata": {"column": "x"},
    "evaluate_model": {},
    "execute_python_script": {"python_script": SCRIPT},
    "export_data": {"datastore_path": "azureml://datastores/workspaceblobstore/paths/out.csv"},
    "filter_based_feature_selection": {"target_column": "y"},
    "group_data_into_bins": {"columns_to_bin": "x"},
    "join_data": {"join_key_columns_for_left_dataset": "k", "join_key_columns_for_right_dataset": "k"},
    "normalize_data": {"columns_to_transform": "x"},
    "partition_and_sample": {},
    "permutation_feature_importance": {},
    "remove_duplicate_rows": {"key_column_selection_filter_expression": "x"},
    "score_model": {},
    "select_columns_in_dataset": {"select_columns": "x"},
    "select_columns_transform": {},
    "smote": {"label_column": "y"},
    "split_data": {},
    "summarize_data": {},
    "train_clustering_model": {"column_set": "x"},
    "train_model": {"label_column": "y"},
    "tune_model_hyperparameters": {"label_column": "y"},
    "web_service_input": {},
    "web_service_output": {},
}
"""What each component that takes a table must be told."""


def without_rows():
    return trying.table({name: [] for name in ROWS}, schema=dict.fromkeys(ROWS, float) | {"k": int, "y": int})


def wide():
    return trying.table(ROWS | {f"c{number}": [1.0] * 8 for number in range(5000)})


def without_values():
    return trying.table({name: [None] * 8 for name in ROWS}, schema=dict.fromkeys(ROWS, float))


def one_row():
    return trying.table({name: values[:1] for name, values in ROWS.items()})


def other_columns():
    return trying.table({"other": [1.0, 2.0], "text": ["a", "b"]})


@pytest.fixture(scope="module")
def learned():
    """What other components hand on."""
    table = trying.table(ROWS)
    learner = trying.outputs("two_class_logistic_regression")["untrained_model"]
    clusters = trying.outputs("k_means_clustering")["untrained_model"]
    train = {"untrained_model": learner, "dataset": table}
    return {
        "untrained_model": learner,
        "clusters": clusters,
        "trained_model": trying.outputs("train_model", train, {"label_column": "y"})["trained_model"],
        "transformation": trying.outputs("normalize_data", {"dataset": table}, {"columns_to_transform": "x"})["transformation_function"],
        "trained_clusters": trying.outputs("train_clustering_model", {"untrained_model": clusters, "dataset": table}, {"column_set": "x"})[
            "trained_model"
        ],
    }


def inputs_of(component, table, learned):
    of_clusters = {"untrained_model": "clusters", "trained_model": "trained_clusters"} if "cluster" in component.name else {}
    found = {}
    for port, sort in component.inputs.items():
        if sort == ports.TABLE:
            found[port] = table
        elif not component.optional(port):
            found[port] = learned[of_clusters.get(port, port)]
    return found


def test_every_component_that_takes_a_table_is_here():
    every = [one for one in components.every() if ports.TABLE in one.inputs.values()]
    assert sorted(one.name for one in every) == sorted(GIVEN)


@pytest.mark.parametrize("odd", [without_rows, without_values, one_row, other_columns, wide], ids=lambda made: made.__name__)
@pytest.mark.parametrize("name", sorted(GIVEN))
def test_an_odd_table_is_taken_or_refused_by_name(name, odd, learned, tmp_path):
    component = components.find(name)
    bench = Bench(tmp_path, sample=None, failing=trying.failing(component.title), locate=lambda address: tmp_path / "out.csv")
    try:
        found = trying.outputs(name, inputs_of(component, odd(), learned), GIVEN[name], bench)
    except Invalid as refused:
        # What a learner cannot do with the table is said in its name, not in that of the component which trains it.
        assert refused.message.startswith((f"{component.title}: ", "K-Means Clustering: ")), refused.message
    else:
        assert set(found) == set(component.outputs)
