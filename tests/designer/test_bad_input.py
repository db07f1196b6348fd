"""Bad input to a graph of components: the node that is at fault says which component, parameter and value; others go on; nothing is half-written."""

import os
import re

import polars as pl
import pytest

from azurine.designer import running

EDGES = {"binning_mode": "Custom Edges", "columns_to_bin": "Age"}
STORE = "azureml://datastores/data/paths"


def node(name, component, given, **inputs):
    return {"name": name, "component": component, "parameters": given, "inputs": {port: source(one) for port, one in inputs.items()}}


def source(text):
    name, _, port = text.partition(".")
    return {"node": name, "port": port or "results_dataset"}


def imported(name, path=None):
    return node(name, "import_data", {"datastore_path": f"{STORE}/{path or name}.csv"})


def exported(before, path=f"{STORE}/out.csv"):
    return node("out", "export_data", {"datastore_path": path}, dataset=before)


def joined(left, right):
    keys = {"join_key_columns_for_left_dataset": left, "join_key_columns_for_right_dataset": right}
    return node("x", "join_data", keys, left_dataset="ages", right_dataset="names")


def queried(query, before="ages"):
    return node("x", "apply_sql_transformation", {"sql_query_script": query}, t1=before)


def scripted(body):
    return node("x", "execute_python_script", {"python_script": f"def azureml_main(first=None, second=None):\n    {body}\n"}, dataset1="ages")


def chosen(columns, before="ages"):
    return node("x", "select_columns_in_dataset", {"select_columns": columns}, dataset=before)


@pytest.fixture
def run(tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    (store / "ages.csv").write_text("Id,Age\n1,21\n2,35\n")
    (store / "names.csv").write_text("Id,Name\n1,ann\n2,bob\n")
    (store / "empty.csv").write_text("Id,Age\n")
    (store / "nothing.csv").write_text("")
    (store / "twice.csv").write_text("a,a,b\n1,2,3\n")
    (store / "ragged.csv").write_text("a,b\n1,2\n3,4,5\n")
    pl.DataFrame({f"c{number}": [1.0, 2.0] for number in range(5000)}).write_csv(store / "wide.csv")
    (store / "out.csv").write_text("old")

    def run(*nodes):
        plan = {"nodes": nodes, "scratch": str(tmp_path / "scratch"), "datastores": {"data": str(store), "locked": "/sys"}}
        return running.run(plan)

    run.out = store / "out.csv"
    return run


@pytest.mark.parametrize(
    ("at_fault", "message"),
    [
        (chosen("Age, Weight"), r"Select Columns in Dataset: select_columns: .*'Weight'.* \(given: 'Age, Weight'\)"),
        (joined("Id", "Weight"), r"Join Data: join_key_columns_for_right_dataset: .*'Weight'"),
        (
            joined("Id", "Name"),
            r"Join Data: join_key_columns_for_right_dataset: 'Name' is String and cannot .* 'Id', which is Integer \(given: 'Name'\)",
        ),
        (joined("Id, Age", "Id"), r"Join Data: join_key_columns_for_"),
        (
            node("x", "group_data_into_bins", {**EDGES, "comma_separated_list_of_bin_edges": "1,11,5"}, dataset="ages"),
            r"Group Data into Bins: comma_separated_list_of_bin_edges: .* \(given: '1,11,5'\)",
        ),
        (
            node("x", "group_data_into_bins", {**EDGES, "comma_separated_list_of_bin_edges": "1,x"}, dataset="ages"),
            r"Group Data into Bins: comma_separated_list_of_bin_edges: .* \(given: '1,x'\)",
        ),
        (queried("SELEC Age"), r"Apply SQL Transformation: sql_query_script: SQL: near \"SELEC\": syntax error \(given: 'SELEC Age'\)"),
        (queried("SELECT Weight FROM t1"), r"Apply SQL Transformation: sql_query_script: SQL: no such column: Weight"),
        (queried("SELECT * FROM read_csv('/etc/passwd')"), r"Apply SQL Transformation: sql_query_script: .*read_csv"),
        (queried("ATTACH '/etc/passwd' AS x; SELECT 1"), r"Apply SQL Transformation: sql_query_script: SQL may touch its own tables only.*ATTACH"),
        (queried("VACUUM INTO '/tmp/x'; SELECT 1"), r"Apply SQL Transformation: sql_query_script: SQL"),
        (scripted("return 1 / 0"), r"Execute Python Script: python_script: line 2: ZeroDivisionError: division by zero in: return 1 / 0"),
        (scripted("first = 1"), r"Execute Python Script: python_script: line 1: azureml_main has no return statement"),
        (scripted("import os; os._exit(3)"), r"Execute Python Script: python_script: the script ended its process \(exit code 3\)"),
        (node("x", "execute_python_script", {"python_script": "a = 1"}, dataset1="ages"), r"Execute Python Script: .*azureml_main"),
        (imported("x", "missing"), r"Import Data: datastore_path: there is no such file or folder \(given: '.*/missing.csv'\)"),
        (imported("x", "nothing"), r"Import Data: datastore_path: 'nothing.csv' is empty.* \(given: '.*/nothing.csv'\)"),
        (imported("x", "../../etc/passwd"), r"Import Data: datastore_path: the path leads out of the datastore 'data' \(given: "),
        (
            node("x", "import_data", {"datastore_path": "azureml://datastores/other/paths/x"}),
            r"Import Data: datastore_path: there is no datastore 'other'",
        ),
        (
            node("x", "split_data", {"fraction_of_rows_in_the_first_output_dataset": "7"}, dataset="ages"),
            r"Split Data: fraction.*: '7' must be at least 0 and at most 1",
        ),
        (node("x", "partition_and_sample", {"partition_or_sample_mode": "Some"}, dataset="ages"), r"Partition and Sample: .*: 'Some' is not one of"),
    ],
)
def test_the_node_at_fault_is_named_and_what_it_was_given(run, at_fault, message):
    results = run(imported("ages"), imported("names"), at_fault, exported("x"), {**exported("ages", f"{STORE}/other.csv"), "name": "other"})
    assert {name: one.state for name, one in results.items()} == {
        "ages": "succeeded",
        "names": "succeeded",
        "x": "failed",
        "out": "skipped",
        "other": "succeeded",
    }
    assert re.search(message, results["x"].error), results["x"].error
    assert run.out.read_text() == "old"


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([imported("empty"), exported("empty")], "Export Data: dataset: the table has no rows; there is nothing to export"),
        ([imported("ages"), queried("SELECT * FROM t1 WHERE Age > 99"), exported("x")], "Export Data: dataset: the table has no rows"),
        ([imported("ages"), scripted("return None"), exported("x.result_dataset")], "Export Data: dataset: the table has no columns"),
        ([imported("ages"), scripted("return first.head(0)"), exported("x.result_dataset")], "Export Data: dataset: the table has no rows"),
        (
            [imported("ages"), exported("ages", "azureml://datastores/locked/paths/new/out.csv")],
            "Export Data: datastore_path: it cannot be written: ",
        ),
        ([imported("ages"), exported("ages", f"{STORE}/ages.csv/out.csv")], "Export Data: datastore_path: it cannot be written: File exists"),
        ([imported("ages"), exported("ages", f"{STORE}/")], "Export Data: datastore_path: say which file"),
        ([imported("ages"), exported("ages", "")], "Export Data: datastore_path: say which file"),
    ],
)
def test_an_export_that_cannot_be_leaves_what_was_there(run, nodes, message):
    results = run(*nodes)
    assert {name: one.state for name, one in results.items() if name != "out"} == {one["name"]: "succeeded" for one in nodes[:-1]}
    assert results["out"].state == "failed"
    assert results["out"].error.startswith(message)
    assert run.out.read_text() == "old"
    assert sorted(os.listdir(run.out.parent)) == [
        "ages.csv",
        "empty.csv",
        "names.csv",
        "nothing.csv",
        "out.csv",
        "ragged.csv",
        "twice.csv",
        "wide.csv",
    ]


@pytest.mark.parametrize("sort", ["csv", "tsv", "parquet"])
@pytest.mark.parametrize("fault", ["rows", "columns"])
def test_an_empty_table_is_exported_in_no_format(run, sort, fault):
    given = {"datastore_path": f"{STORE}/out.csv", "file_format": sort}
    if fault == "rows":
        before, nodes = "empty", [imported("empty")]
    else:
        before, nodes = "x.result_dataset", [imported("ages"), scripted("return None")]
    results = run(*nodes, node("out", "export_data", given, dataset=before))
    assert results["out"].error == f"Export Data: dataset: the table has no {fault}; there is nothing to export"
    assert run.out.read_text() == "old"
    assert not [name for name in os.listdir(run.out.parent) if name.startswith(".")]


def test_a_file_whose_rows_differ_in_length_is_no_table(run):
    results = run(imported("ragged"), exported("ragged"))
    assert {name: one.state for name, one in results.items()} == {"ragged": "failed", "out": "skipped"}
    assert results["ragged"].error.startswith("Import Data: ")
    assert run.out.read_text() == "old"


def test_names_that_are_there_twice_are_made_distinct(run):
    assert {one.state for one in run(imported("twice"), exported("twice")).values()} == {"succeeded"}
    assert run.out.read_text() == "a,a (2),b\n1,2,3\n"


def test_five_thousand_columns(run):
    results = run(imported("wide"), chosen('{"isFilter": true, "rules": [{"ruleType": "AllColumns", "exclude": false}]}', "wide"), exported("x"))
    assert {one.state for one in results.values()} == {"succeeded"}
    assert len(run.out.read_text().splitlines()[0].split(",")) == 5000
    refused = run(imported("wide"), queried("SELECT c1 FROM t1", "wide"))["x"].error
    assert refused.startswith("Apply SQL Transformation: sql_query_script: t1 has 5000 columns; SQL takes at most 1000. Select columns first")
