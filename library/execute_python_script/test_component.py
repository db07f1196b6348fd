import os
import textwrap
import zipfile

import pytest

from azurine.designer import trying
from azurine.designer.bench import Bench
from azurine.designer.ports import File
from azurine.designer.tables import Column
from azurine.model.errors import Invalid

ROWS = {"id": [1, 2, None], "name": ["a", None, "c"], "bmi": [20.5, None, 31.0]}


def result(script, tmp_path, said=None, **inputs):
    bench = Bench(tmp_path, say=(said if said is not None else []).append, failing=trying.failing("Execute Python Script"))
    return trying.outputs("execute_python_script", inputs, {"python_script": textwrap.dedent(script)}, bench)


def test_two_tables_in_two_tables_out(tmp_path):
    script = """
        import os
        import pandas as pd

        print("process", os.getpid(), "in", os.path.basename(os.getcwd()))

        def azureml_main(dataframe1=None, dataframe2=None):
            assert isinstance(dataframe1["kind"].dtype, pd.CategoricalDtype)
            dataframe1["half"] = dataframe1["bmi"] / 2
            return dataframe1, dataframe2[["x"]].astype("category")
    """
    said = []
    one = trying.table({**ROWS, "kind": ["k", "k", "l"]}, known=[Column("kind", None, categorical=True)])
    found = result(script, tmp_path, said, dataset1=one, dataset2=trying.table({"y": [1], "x": [2]}))
    assert trying.rows(found["result_dataset"]) == {**ROWS, "kind": ["k", "k", "l"], "half": [10.25, None, 15.5]}
    assert found["result_dataset"]["kind"].categorical
    assert trying.rows(found["result_dataset2"]) == {"x": [2]} and found["result_dataset2"]["x"].categorical
    (line,) = [line for line in said if line.startswith("process")]
    assert line.endswith("in work") and str(os.getpid()) not in line.split()


def test_nothing_returned_is_said(tmp_path):
    said = []
    result("def azureml_main():\n    return None", tmp_path, said)
    assert said == ["azureml_main returned nothing: the result is a table without columns"]


@pytest.mark.parametrize(
    "body", ["if True:\n        return", "try:\n        return None\n    finally:\n        pass", "for x in ():\n        return 1"]
)
def test_a_return_anywhere_may_return_nothing(body, tmp_path):
    assert result(f"def azureml_main():\n    {body}", tmp_path)["result_dataset"].columns == ()


def bundle(path, files):
    with zipfile.ZipFile(path, "w") as opened:
        for name, text in files.items():
            opened.writestr(name, text)
    return File(path)


def test_a_bundle_is_unpacked_and_importable(tmp_path):
    script = """
        import pandas as pd
        import helping
        def azureml_main():
            return pd.DataFrame({"a": [helping.double(21)], "b": [open("Script Bundle/data/one.txt").read()]})
    """
    files = {"helping.py": "def double(x):\n    return 2 * x\n", "data/one.txt": "1", "../outside.txt": "x"}
    found = result(script, tmp_path, script_bundle=bundle(tmp_path / "b.zip", files))
    assert trying.rows(found["result_dataset"]) == {"a": [42], "b": ["1"]}
    assert not list(tmp_path.rglob("work/outside.txt"))


def test_a_bundle_that_is_no_zip_is_told(tmp_path):
    (tmp_path / "b.zip").write_text("no zip")
    with pytest.raises(Invalid, match="Execute Python Script: script_bundle: this is not a zip that can be read"):
        result("def azureml_main():\n    pass", tmp_path, script_bundle=File(tmp_path / "b.zip"))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        (
            "def azureml_main():\n    x = 1\n    return 1 / 0\n",
            r"^Execute Python Script: python_script: line 3: ZeroDivisionError: division by zero in: return 1 / 0$",
        ),
        # The innermost line of the script, not of the library it called.
        ("import json\ndef azureml_main(one):\n    return json.loads('{')\n", r"python_script: line 3: JSONDecodeError: .* in: return json.loads"),
        ("def azureml_main(one):\n    return one['gone']\n", r"line 2: (KeyError|TypeError): .* in: return one"),
        ("def azureml_main(:\n    pass\n", r"line 1: SyntaxError: .* in: def azureml_main\(:"),
        ("import gone_module\n", r"line 1: ModuleNotFoundError: No module named 'gone_module' in: import gone_module"),
        ("import sys\ndef azureml_main():\n    sys.exit(3)\n", r"line 3: SystemExit: 3 in: sys.exit"),
        ("import os\ndef azureml_main():\n    os._exit(0)\n", r"the script ended its process \(exit code 0\) before azureml_main had returned"),
        (
            "import os, signal\ndef azureml_main():\n    os.kill(os.getpid(), signal.SIGKILL)\n",
            r"was ended by SIGKILL \(was there too little memory\?\)",
        ),
        ("x = 1\n", r"there is no function azureml_main; write def azureml_main"),
        ("", r"there is no function azureml_main"),
        ("def azureml_main(a, b, c):\n    pass\n", r"azureml_main takes 3 tables; it is given two at most"),
        ("def azureml_main():\n    return 1, 2, 3\n", r"azureml_main returned 3 tables; there are two outputs"),
        (
            "import os\n\ndef azureml_main(one=None):\n    one = 1\n",
            r"^Execute Python Script: python_script: line 3: azureml_main has no return statement",
        ),
        ("def azureml_main():\n    def inner():\n        return 1\n    [x for x in range(3)]\n", r"line 1: azureml_main has no return statement"),
        ("def azureml_main():\n    return object()\n", r"it returned object; a pandas DataFrame is wanted"),
    ],
)
def test_what_goes_wrong_in_a_script_is_told_with_its_line(script, message, tmp_path):
    with pytest.raises(Invalid, match=message):
        result(script, tmp_path)


def test_the_traceback_is_in_the_log_without_our_own_lines(tmp_path):
    said = []
    with pytest.raises(Invalid):
        result("def inner():\n    raise ValueError('boom')\ndef azureml_main():\n    inner()\n", tmp_path, said)
    text = "\n".join(said)
    assert "in inner" in text and "ValueError: boom" in text and "script_host" not in text


def test_what_is_hidden_from_the_user_is_hidden_from_the_script(tmp_path):
    split = {"partition_or_sample_mode": "Assign to Folds"}
    table = trying.outputs("partition_and_sample", {"dataset": trying.table({"x": list(range(10))})}, split)["results_dataset"]
    script = "def azureml_main(one):\n    assert list(one.columns) == ['x']\n    return one\n"
    assert sorted(trying.rows(result(script, tmp_path, dataset1=table)["result_dataset"])["x"]) == list(range(10))
