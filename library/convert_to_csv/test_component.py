import yaml

from azurine.designer import ports, trying


def test_the_table_is_kept_as_csv(tmp_path):
    table = trying.outputs("convert_to_csv", {"dataset": trying.table({"a": [1, None], "b": ["x", "y"]})})["results_dataset"]
    ports.write(table, tmp_path)
    assert (tmp_path / "_data.csv").read_text() == "a,b\n1,x\n,y\n"
    assert yaml.safe_load((tmp_path / "_meta.yaml").read_text())["format"] == "Csv"
    assert trying.rows(ports.read(tmp_path)) == {"a": [1, None], "b": ["x", "y"]}
