"""Which nodes of a pipeline run together, as plays: what is wished for, with which, and what is wanted in a folder."""

from typing import Any

import pytest

from azurine.ml import registries
from azurine.model import ids
from azurine.model.decisions import Outcome
from azurine.model.resources import Json
from azurine.store.log import Create
from ml.jobs.stage import ENVIRONMENT, Stage

FOLDER = {"type": "uri_folder"}
TEXT = {"type": "string", "optional": True}
HOST = "azureml://registries/azureml/environments/azurine-host/labels/latest"
LIBRARY: dict[str, Json] = {
    "read": {"inputs": {"path": TEXT}, "outputs": {"made": FOLDER}, "is_deterministic": False},
    "typed": {"inputs": {"path": TEXT}, "outputs": {"made": FOLDER}},
    "use": {"inputs": {"d": FOLDER, "path": TEXT}, "outputs": {"made": FOLDER, "learned": FOLDER}},
    "may": {"inputs": {"d": FOLDER, "e": {**FOLDER, "optional": True}}, "outputs": {"made": FOLDER}},
    "keep": {"inputs": {"d": FOLDER}, "outputs": {}, "is_deterministic": False},
    "script": {"inputs": {"d": FOLDER, "code": TEXT}, "outputs": {"made": FOLDER}, "tags": {"scripts": "code: python"}},
}


def node(component: str, *, version: str = "azureml://registries/azureml/components/{}/versions/1", more: Any = None, **needs: str) -> Json:
    inputs = {port: {"job_input_type": "literal", "value": f"${{{{parent.jobs.{one}}}}}" if "." in one else one} for port, one in needs.items()}
    return {"type": "command", "componentId": version.format(component), "inputs": inputs, **(more or {})}


@pytest.fixture
def play(stage: Stage) -> Stage:
    said = [
        ({"name": name, "version": "1", "command": "run", "environment": HOST, "code": ".", "type": "command", **one}, name * 9)
        for name, one in LIBRARY.items()
    ]
    writes = [Create(identifier, kind, ids.parent(identifier), spec) for identifier, kind, spec in registries.contents(said, "f", "local")]
    stage.store.write(writes, stage.clock())
    stage.component("mine", inputs={"d": FOLDER}, outputs={"made": FOLDER})
    return stage


def wishes(play: Stage) -> dict[str, Json]:
    return {one["node"]: one["fused"] for one in play.graphs.wishes.values()}


def groups(play: Stage) -> list[list[str]]:
    found = {tuple(sorted(one["members"])) for one in wishes(play).values()}
    return sorted(map(list, found))


CHAIN = {"a": node("read"), "b": node("use", d="a.outputs.made"), "c": node("keep", d="b.outputs.made")}


def test_a_chain_starts_together_and_hands_on(play: Stage) -> None:
    play.pipeline("p", CHAIN)
    play.settle()
    assert play.children("p") == ["a", "b", "c"]
    assert groups(play) == [["a", "b", "c"]]
    found = wishes(play)
    assert found["b"]["sources"] == {"d": ["a", "made"]}
    assert {name: one["wanted"] for name, one in found.items()} == {"a": [], "b": ["learned"], "c": []}
    assert play.child("p", "b").spec["plan"]["inputs"]["d"]["uri"] == play.child("p", "a").spec["plan"]["outputs"]["made"]["uri"]


@pytest.mark.parametrize(
    ("nodes", "together"),
    [
        ({**CHAIN, "x": node("read"), "y": node("keep", d="x.outputs.made")}, [["a", "b", "c"], ["x", "y"]]),
        ({**CHAIN, "b": node("script", d="a.outputs.made")}, [["a"]]),
        ({**CHAIN, "b": node("mine", d="a.outputs.made", version="azureml:mine:1")}, [["a"]]),
        ({**CHAIN, "b": node("use", d="a.outputs.made", more={"limits": {"timeout": "PT5S"}})}, [["a"]]),
        ({**CHAIN, "b": node("use", d="a.outputs.made", more={"environment_variables": {"A": "1"}})}, [["a"]]),
        ({**CHAIN, "b": node("use", d="a.outputs.made", more={"environment": ENVIRONMENT})}, [["a"]]),
        ({"a": node("read"), "b": node("read"), "c": node("may", d="a.outputs.made", e="b.outputs.made")}, [["a"], ["b"]]),
    ],
)
def test_who_starts_together(play: Stage, nodes: dict[str, Json], together: list[list[str]]) -> None:
    play.pipeline("p", nodes)
    play.settle()
    assert groups(play) == together


def test_what_a_node_outside_needs_is_wanted_in_a_folder(play: Stage) -> None:
    play.pipeline("p", {**CHAIN, "x": node("mine", d="a.outputs.made", version="azureml:mine:1")})
    play.settle()
    assert wishes(play)["a"]["wanted"] == ["made"]


def test_what_can_be_reused_is_wanted_in_folders(play: Stage) -> None:
    play.pipeline("p", {**CHAIN, "a": node("typed")})
    play.settle()
    assert {name: one["wanted"] for name, one in wishes(play).items()} == {"a": ["made"], "b": ["made", "learned"], "c": []}


def test_a_user_cannot_say_that_a_job_runs_with_others(play: Stage) -> None:
    body = {"properties": {"jobType": "Command", "command": "run", "environmentId": ENVIRONMENT}, "fused": {"component": "use", "members": {}}}
    spec = play.put("jobs/j", body).spec
    assert "fused" not in spec
    assert "fused" not in spec["plan"]


def test_a_node_that_is_skipped_ends_without_having_run(play: Stage) -> None:
    play.pipeline("p", CHAIN)
    play.settle()
    for key, wish in play.graphs.wishes.items():
        state = {"a": "succeeded", "b": "failed", "c": "skipped"}[wish["node"]]
        play.graphs.files[key](Outcome(state, {}, {"code": "UserError", "message": "bad"} if state != "succeeded" else None))
    play.settle()
    assert [play.status(play.child("p", one).name) for one in "abc"] == ["Completed", "Failed", "NotStarted"]
    assert play.status("p") == "Failed"
    assert play.store.unsettled() == []
