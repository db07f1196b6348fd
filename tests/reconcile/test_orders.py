"""Orders: from a step's wish to what its guest can follow."""

from pathlib import Path
from typing import Any

import pytest

from azurine.model.errors import Missing
from azurine.reconcile.orders import Orders, variables

WORKSPACE = "subscriptions/s/resourceGroups/g/workspaces/w"


@pytest.fixture
def orders(tmp_path: Path) -> Orders:
    def locate(workspace: str, uri: str) -> Path | None:
        return tmp_path / uri.removeprefix("ours:") if uri.startswith("ours:") else None

    return Orders(
        "/own/python", locate, lambda workspace, run: tmp_path / "artifacts" / run, lambda wish: {"TOKEN": f"of {wish['run']}", "A": "house"}
    )


def wish(**more: Any) -> dict[str, Any]:
    return {"workspace": WORKSPACE, "run": "j", "python": "", **more}


def test_addresses_of_our_own_storage_become_paths_and_others_stay(orders: Orders, tmp_path: Path) -> None:
    inputs = {"here": {"uri": "ours:data"}, "there": {"uri": "https://elsewhere/x"}, "n": {"value": "3"}}
    laid = orders.lay_out(wish(inputs=inputs, outputs={"made": {"uri": "ours:out"}}))
    assert laid["inputs"]["here"]["path"] == str(tmp_path / "data")
    assert laid["inputs"]["there"] == {"uri": "https://elsewhere/x", "path": None}
    assert laid["inputs"]["n"] == {"value": "3"}
    assert laid["outputs"]["made"]["path"] == str(tmp_path / "out")
    assert laid["artifacts"] == str(tmp_path / "artifacts" / "j")


def test_code_is_a_folder_that_must_be_there(orders: Orders, tmp_path: Path) -> None:
    assert orders.lay_out(wish())["code"] is None
    (tmp_path / "code").mkdir()
    assert orders.lay_out(wish(code="ours:code"))["code"] == str(tmp_path / "code")
    for gone in ("ours:gone", "https://elsewhere/code"):
        with pytest.raises(Missing, match="not there any more"):
            orders.lay_out(wish(code=gone))


def test_the_server_s_python_is_used_where_no_other_is_named(orders: Orders) -> None:
    assert orders.lay_out(wish())["python"] == "/own/python"
    assert orders.lay_out(wish(python="/env/python"))["python"] == "/env/python"


def test_the_user_s_variables_win_over_ours_and_ours_over_azure_s(orders: Orders) -> None:
    laid = orders.lay_out(wish(variables={"A": "user", "AZUREML_CR_NODE_RANK": "7"}))["variables"]
    assert (laid["A"], laid["TOKEN"], laid["AZUREML_CR_NODE_RANK"]) == ("user", "of j", "7")


def test_a_job_is_told_who_it_is() -> None:
    told = variables(wish(root="top", experiment="e"))
    assert told["AZUREML_RUN_ID"] == told["MLFLOW_RUN_ID"] == "j"
    assert (told["AZUREML_ROOT_RUN_ID"], told["MLFLOW_EXPERIMENT_NAME"]) == ("top", "e")
    assert (told["AZUREML_ARM_SUBSCRIPTION"], told["AZUREML_ARM_RESOURCEGROUP"], told["AZUREML_ARM_WORKSPACE_NAME"]) == ("s", "g", "w")
    assert variables(wish())["AZUREML_ROOT_RUN_ID"] == "j"
    assert variables(wish())["MLFLOW_EXPERIMENT_NAME"] == "Default"
