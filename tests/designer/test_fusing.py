"""Graphs of library components in one process."""

import json
import os

import polars as pl
import pytest

from azurine.designer import fusing, ports, running, trying
from azurine.model.errors import Invalid

AGES = "Id,PatientID,Age\n1,10,21\n2,20,35\n3,30,95\n"
LEVELS = "Id,PatientID,BMI\n1,10,20.5\n2,20,30.5\n3,30,40.5\n4,40,50.5\n"
EDGES = "1,11,21,31,41,51,61,71,81,91"


def imported(name, path):
    return {"name": name, "component": "import_data", "parameters": {"datastore_path": f"azureml://datastores/data/paths/{path}"}}


def exported(name, before, port, path):
    given = {"datastore_path": f"azureml://datastores/data/paths/{path}"}
    return {"name": name, "component": "export_data", "parameters": given, "inputs": {"dataset": {"node": before, "port": port}}}


def prep(extra=()):
    keys = {f"join_key_columns_for_{side}_dataset": "Id" for side in ("left", "right")}
    bins = {"binning_mode": "Custom Edges", "columns_to_bin": "Age", "comma_separated_list_of_bin_edges": EDGES}
    sides = {"left_dataset": {"node": "bins", "port": "quantized_dataset"}, "right_dataset": {"node": "levels", "port": "results_dataset"}}
    query = {"sql_query_script": "SELECT PatientID, MAX(BMI) FROM t1 GROUP BY PatientID"}
    return [
        exported("export", "select", "results_dataset", "1-bronze/me/diabetes.csv"),
        imported("ages", "ages.csv"),
        imported("levels", "levels.csv"),
        {"name": "bins", "component": "group_data_into_bins", "parameters": bins, "inputs": {"dataset": {"node": "ages", "port": "results_dataset"}}},
        {"name": "join", "component": "join_data", "parameters": keys, "inputs": sides},
        {
            "name": "select",
            "component": "select_columns_in_dataset",
            "parameters": {"select_columns": "Id, PatientID, Age, Age_quantized, BMI"},
            "inputs": {"dataset": {"node": "join", "port": "results_dataset"}},
        },
        {"name": "sql", "component": "apply_sql_transformation", "parameters": query, "inputs": {"t1": {"node": "join", "port": "results_dataset"}}},
        exported("export_sql", "sql", "results_dataset", "1-bronze/me/diabetes_sql_example.csv"),
        *extra,
    ]


@pytest.fixture
def run(tmp_path):
    store = tmp_path / "store"
    store.mkdir()
    (store / "ages.csv").write_text(AGES)
    (store / "levels.csv").write_text(LEVELS)

    def run(nodes):
        logged = [{**node, "log": str(tmp_path / f"{node['name']}.txt")} for node in nodes]
        plan = {"nodes": logged, "scratch": str(tmp_path / "scratch"), "datastores": {"data": str(store)}, "outcome": str(tmp_path / "outcome.json")}
        results = running.run(plan)
        assert not (tmp_path / "scratch").exists()
        assert {name: one["state"] for name, one in json.loads((tmp_path / "outcome.json").read_text()).items()} == states(results)
        return results

    return run


def states(results):
    return {name: result.state for name, result in results.items()}


def test_the_workshop_prepares_its_data(run, tmp_path):
    results = run(prep())
    assert set(states(results).values()) == {"succeeded"}
    assert (tmp_path / "store/1-bronze/me/diabetes.csv").read_text() == (
        "Id,PatientID,Age,Age_quantized,BMI\n1,10,21,2,20.5\n2,20,35,4,30.5\n3,30,95,10,40.5\n"
    )
    assert (tmp_path / "store/1-bronze/me/diabetes_sql_example.csv").read_text() == "PatientID,MAX(BMI)\n10,20.5\n20,30.5\n30,40.5\n"
    assert "exported 3 rows" in (tmp_path / "export.txt").read_text()


def test_what_is_wanted_in_a_folder_is_written(run, tmp_path):
    nodes = prep()
    nodes[3]["outputs"] = {"quantized_dataset": str(tmp_path / "bins"), "binning_transformation": str(tmp_path / "edges")}
    results = run(nodes)
    assert results["bins"].rows == {"quantized_dataset": 3}
    table = ports.read(tmp_path / "bins")
    assert trying.rows(table)["Age_quantized"] == [2, 4, 10]
    assert table["Age_quantized"].kind == "Categorical"
    assert ports.read(tmp_path / "edges", ports.TRANSFORMATION).settings["columns"] == ["Age"]


def test_an_input_may_be_a_path(run, tmp_path):
    head = {"partition_or_sample_mode": "Head", "number_of_rows_to_select": "1"}
    node = {
        "name": "head",
        "component": "partition_and_sample",
        "parameters": head,
        "inputs": {"dataset": {"path": str(tmp_path / "store/ages.csv")}},
    }
    assert states(run([{**node, "outputs": {"results_dataset": str(tmp_path / "out")}}])) == {"head": "succeeded"}
    assert trying.rows(ports.read(tmp_path / "out")) == {"Id": [1], "PatientID": [10], "Age": [21]}


def test_a_node_that_fails_is_named_and_others_go_on(run, tmp_path):
    nodes = prep()
    nodes[5]["parameters"] = {"select_columns": "Weight"}
    results = run(nodes)
    assert states(results) == {name: "succeeded" for name in results} | {"select": "failed", "export": "skipped"}
    assert "Select Columns in Dataset: select_columns: column not found: 'Weight'" in results["select"].error
    assert results["export"].cause == "select"
    assert "failed: Select Columns" in (tmp_path / "select.txt").read_text()
    assert not (tmp_path / "store/1-bronze/me/diabetes.csv").exists()
    assert (tmp_path / "store/1-bronze/me/diabetes_sql_example.csv").exists()


def test_what_fails_while_it_is_computed_is_found_where_it_began(run, tmp_path):
    """The file's types are inferred from its first rows, so its last one, which is too long, is met when the export is computed."""
    rows = "".join(f"{number},{number},1.5\n" for number in range(5, 100_000))
    (tmp_path / "store/levels.csv").write_text(LEVELS + rows + "5,50,1,2,3\n")
    head = {"partition_or_sample_mode": "Sampling", "rate_of_sampling": "0.5"}
    sample = {
        "name": "sample",
        "component": "partition_and_sample",
        "parameters": head,
        "inputs": {"dataset": {"node": "levels", "port": "results_dataset"}},
    }
    nodes = [imported("levels", "levels.csv"), sample, exported("out", "sample", "results_dataset", "new/out.csv"), imported("ages", "ages.csv")]
    results = run([*nodes, exported("other", "ages", "results_dataset", "new/other.csv")])
    assert states(results) == {"levels": "failed", "sample": "skipped", "out": "skipped", "ages": "succeeded", "other": "succeeded"}
    assert "Import Data: found more fields" in results["levels"].error
    assert results["out"].cause == "levels"
    assert os.listdir(tmp_path / "store/new") == ["other.csv"]


def test_types_that_later_rows_do_not_have_are_inferred_again(run, tmp_path):
    """More than the first thousand rows, and more than a million bytes, are looked at when they must be."""
    rows = [f"{number},{number},{number}{'.5' if number == 150_000 else ''}" for number in range(1, 150_001)]
    (tmp_path / "store/ages.csv").write_text("Id,PatientID,Age\n" + "\n".join(rows) + "\n")
    assert set(states(run(prep())).values()) == {"succeeded"}
    nodes = [imported("ages", "ages.csv"), exported("out", "ages", "results_dataset", "out.csv")]
    assert set(states(run(nodes)).values()) == {"succeeded"}
    assert (tmp_path / "store/out.csv").read_text().endswith("150000,150000,150000.5\n")


def test_a_value_below_the_first_edge_that_comes_late_moves_all_groups_up(run, tmp_path):
    """That there is none is taken for granted while the file is read for the first time."""
    rows = [f"{number},{number},{0 if number == 150_000 else 21}" for number in range(1, 150_001)]
    (tmp_path / "store/ages.csv").write_text("Id,PatientID,Age\n" + "\n".join(rows) + "\n")
    assert set(states(run(prep())).values()) == {"succeeded"}
    assert (tmp_path / "store/1-bronze/me/diabetes.csv").read_text() == (
        "Id,PatientID,Age,Age_quantized,BMI\n1,1,21,3,20.5\n2,2,21,3,30.5\n3,3,21,3,40.5\n4,4,21,3,50.5\n"
    )


def test_a_column_without_a_value_in_the_first_rows_has_the_type_of_later_ones(run, tmp_path):
    rows = [f"{number},{number}{',1.5' if number == 150_000 else ','}" for number in range(1, 150_001)]
    (tmp_path / "store/ages.csv").write_text("Id,PatientID,Age\n" + "\n".join(rows) + "\n")
    twice = {"category": "Basic", "basic_math_function": "Square", "column_set": "Age", "output_mode": "Inplace"}
    source = {"node": "ages", "port": "results_dataset"}
    nodes = [
        imported("ages", "ages.csv"),
        {"name": "square", "component": "apply_math_operation", "parameters": twice, "inputs": {"dataset": source}},
        exported("out", "square", "results_dataset", "out.csv"),
    ]
    assert set(states(run(nodes)).values()) == {"succeeded"}
    assert (tmp_path / "store/out.csv").read_text().endswith("149999,149999,\n150000,150000,2.25\n")


def test_questions_of_several_nodes_are_answered_before_what_follows(run, tmp_path):
    """A chain of components that each need numbers of the one before."""
    chain = [imported("levels", "levels.csv")]
    for number in range(4):
        before = {"node": "levels", "port": "results_dataset"} if number == 0 else {"node": f"scale{number - 1}", "port": "transformed_dataset"}
        given = {"columns_to_transform": "BMI", "transformation_method": "MinMax"}
        chain.append({"name": f"scale{number}", "component": "normalize_data", "parameters": given, "inputs": {"dataset": before}})
    chain[-1]["outputs"] = {"transformed_dataset": str(tmp_path / "out")}
    assert set(states(run(chain)).values()) == {"succeeded"}
    assert trying.rows(ports.read(tmp_path / "out"))["BMI"] == pytest.approx([0, 1 / 3, 2 / 3, 1])


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        ([exported("a", "b", "x", "y")], "a: dataset: there is no node 'b'"),
        ([exported("a", "b", "x", "y"), exported("b", "a", "x", "y")], "these nodes wait for each other: a, b"),
    ],
)
def test_a_graph_that_cannot_be_run_is_refused(run, nodes, message):
    with pytest.raises(Invalid, match=message):
        run(nodes)


@pytest.mark.parametrize(
    ("node", "message"),
    [
        ({"name": "x", "component": "nothing"}, "there is no component 'nothing' in the library"),
        ({"name": "x", "component": "convert_to_csv"}, "Convert to CSV: dataset: this input must be connected"),
        ({"name": "x", "component": "import_data", "parameters": {"nope": 1}}, "Import Data: there is no parameter 'nope'"),
        (imported("x", "../../etc/passwd"), "the path leads out of the datastore 'data'"),
        ({**imported("x", "ages.csv"), "outputs": {"nope": "/tmp/x"}}, "Import Data: there is no output 'nope'; there are results_dataset"),
        (exported("x", "ages", "nope", "y"), "Export Data: dataset: ages has no output 'nope'; it has results_dataset"),
    ],
)
def test_a_node_that_is_written_wrongly_fails_with_its_name(run, node, message):
    results = run([imported("ages", "ages.csv"), node])
    assert results["x"].state == "failed"
    assert message in results["x"].error


def test_a_component_that_breaks_fails_its_node_only(tmp_path):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "component.yaml").write_text("name: broken\ntype: command\ninputs: {}\noutputs: {out: {type: uri_folder}}\n")
    (folder / "component.py").write_text("def run(inputs, parameters, bench):\n    return {'out': 1 / 0}\n")
    said = []
    results = fusing.run([fusing.Node("x", str(folder))], trying.bench(tmp_path / "scratch"), fusing.Manner(lambda node, line: said.append(line)))
    assert (results["x"].state, "division by zero" in results["x"].error) == ("failed", True)
    assert any("component.py" in line for line in said)


def test_wide_tables(run, tmp_path):
    pl.DataFrame({f"c{number}": [1.0, 2.0] for number in range(5000)}).write_csv(tmp_path / "store/wide.csv")
    nodes = [imported("wide", "wide.csv"), exported("out", "wide", "results_dataset", "out.csv")]
    assert set(states(run(nodes)).values()) == {"succeeded"}
