"""Nodes that run together: their wishes are gathered into one task, and what is seen of it is told to each."""

import json
from pathlib import Path
from typing import Any

import pytest

from azurine.compute import tasks
from azurine.model.decisions import Outcome
from azurine.reconcile.graphs import Graphs
from azurine.reconcile.performers import File, Request
from reconcile.filing import Filed

WORKSPACE = "w/workspaces/shop"
MEMBERS = {"read": "r", "bins": "b", "keep": "k"}
SOURCES: dict[str, dict[str, list[str]]] = {"read": {}, "bins": {"dataset": ["read", "results"]}, "keep": {"dataset": ["bins", "made"]}}


class Tasks:
    """Stands for `Steps`: writes down what it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.wishes: list[Request] = []
        self.ceased: list[str] = []
        self.file: File = lambda outcome: None

    def perform(self, request: Request, file: File) -> None:
        self.wishes.append(request)
        self.file = file
        folder = self.task_folder("", request.key)
        folder.mkdir(exist_ok=True, parents=True)
        (folder / tasks.ORDER).write_text("{}")

    def cease(self, key: str, file: File) -> None:
        self.ceased.append(key)

    def task_folder(self, run: str, key: str) -> Path:
        return self.folder / key.replace("/", "-")


class Play:
    def __init__(self, folder: Path) -> None:
        self.tasks = Tasks(folder)
        self.resting: set[str] = set()
        self.filed: dict[str, Filed] = {}
        self.restart()

    def restart(self) -> None:
        self.graphs = Graphs(self.tasks, lambda job: job.rpartition("/")[2] in self.resting)  # type: ignore[arg-type]

    def wish(self, *nodes: str, attempt: int = 1) -> None:
        for node in nodes:
            fused = {"component": f"{node}_data", "members": MEMBERS, "sources": SOURCES[node], "wanted": ["made"], "halt": False}
            data = {"dataset": {"uri": "u", "type": "uri_folder", "mode": "ro_mount"}, "path": {"value": "x"}}
            arguments: dict[str, Any] = {
                "workspace": WORKSPACE,
                "compute": "local",
                "run": MEMBERS[node],
                "pipeline": f"{WORKSPACE}/jobs/p",
                "node": node,
            }
            arguments |= {"fused": fused, "attempt": attempt, "inputs": data, "outputs": {"made": {"uri": "m"}, "more": {"uri": "n"}}}
            self.filed[node] = Filed()
            self.graphs.perform(Request(f"{WORKSPACE}/jobs/{MEMBERS[node]}", self.key(node, attempt), arguments), self.filed[node])

    def cease(self, node: str, attempt: int = 1) -> None:
        self.graphs.cease(self.key(node, attempt), self.filed[node])

    def key(self, node: str, attempt: int) -> str:
        return f"{WORKSPACE}/jobs/{MEMBERS[node]}#{attempt}"

    def told(self, **states: str) -> None:
        """What the program notes."""
        folder = self.tasks.task_folder("", self.tasks.wishes[-1].key)
        with (folder / tasks.TOLD).open("a") as file:
            for node, state in states.items():
                error = "" if state == "succeeded" else "it was bad"
                said = {"name": node, "state": state, "error": error, "code": "UserError", "rows": {}, "seconds": 0.5, "ended": 7.0}
                file.write(json.dumps(said) + "\n")

    def states(self) -> dict[str, str]:
        """Of the outcome that was filed last for each."""
        found = {}
        for node, filed in self.filed.items():
            while not filed.nothing():
                found[node] = str(filed.next().state)
        return found


@pytest.fixture
def play(tmp_path: Path) -> Play:
    return Play(tmp_path)


def test_the_task_begins_when_every_member_has_wished(play: Play) -> None:
    play.wish("read", "bins")
    assert play.tasks.wishes == []
    play.wish("keep")
    (wish,) = play.tasks.wishes
    assert wish.key.startswith(f"{WORKSPACE}/jobs/p#graph-")
    assert wish.arguments["run"] == "p"
    read, bins, keep = wish.arguments["nodes"]
    assert (read["name"], read["component"], read["run"]) == ("read", "read_data", "r")
    assert set(read["inputs"]) == {"dataset", "path"}
    assert (set(bins["inputs"]), bins["sources"], set(bins["outputs"])) == ({"path"}, {"dataset": ["read", "results"]}, {"made"})
    assert keep["sources"] == {"dataset": ["bins", "made"]}


def test_each_member_is_told_how_it_went(play: Play) -> None:
    play.wish("read", "bins", "keep")
    play.tasks.file(Outcome("running", {"phase": "running"}))
    assert play.states() == {"read": "running", "bins": "running", "keep": "running"}
    play.told(read="succeeded")
    play.tasks.file(Outcome("running", {"phase": "told-1"}))
    assert play.states() == {"read": "succeeded", "bins": "running", "keep": "running"}
    play.told(bins="failed", keep="skipped")
    play.tasks.file(Outcome("succeeded", {"phase": ""}))
    assert play.states() == {"bins": "failed", "keep": "skipped"}


def test_what_is_done_when_the_task_is_lost_is_not_done_again(play: Play) -> None:
    play.wish("read", "bins", "keep")
    play.told(read="succeeded")
    play.tasks.file(Outcome("failed", {"lost": True}, {"code": "NodeLost", "message": "gone"}))
    assert play.filed["read"].next().state == "succeeded"
    for node in ("bins", "keep"):
        assert play.filed[node].next().output["lost"] is True
    play.resting.add("r")
    play.wish("bins", "keep", attempt=2)
    bins, keep = play.tasks.wishes[-1].arguments["nodes"]
    assert (bins["name"], bins["sources"], set(bins["inputs"])) == ("bins", {}, {"dataset", "path"})
    assert keep["sources"] == {"dataset": ["bins", "made"]}
    assert len(play.tasks.wishes) == 2
    assert play.tasks.wishes[0].key != play.tasks.wishes[1].key


def test_who_is_done_need_not_be_at_rest_yet_when_the_others_come_again(play: Play) -> None:
    play.wish("read", "bins", "keep")
    play.told(read="succeeded")
    play.tasks.file(Outcome("failed", {"lost": True}, {"code": "NodeLost", "message": "gone"}))
    play.restart()
    play.wish("bins", "keep", attempt=2)
    assert [one["name"] for one in play.tasks.wishes[-1].arguments["nodes"]] == ["bins", "keep"]


def test_a_task_of_an_earlier_server_is_adopted_with_the_first_wish(play: Play) -> None:
    play.wish("read", "bins", "keep")
    play.told(read="succeeded")
    play.restart()
    play.filed.clear()
    play.wish("keep")
    assert len(play.tasks.wishes) == 2
    play.tasks.file(Outcome("running", {"phase": "running"}))
    play.wish("read")
    assert play.states() == {"keep": "running", "read": "succeeded"}


def test_a_cancelled_member_ends_the_task_and_the_others_come_again(play: Play) -> None:
    play.wish("read", "bins", "keep")
    play.cease("bins")
    assert len(play.tasks.ceased) == 1
    play.tasks.file(Outcome("cancelled", {}, {"code": "Canceled", "message": "ended"}))
    assert play.filed["bins"].next().state == "cancelled"
    assert play.filed["keep"].next().state == "skipped"
    assert play.filed["read"].next().output == {"lost": True}


def test_members_cancelled_before_the_task_begins_are_not_waited_for(play: Play) -> None:
    play.wish("read", "bins")
    play.cease("bins")
    play.wish("keep")
    (wish,) = play.tasks.wishes
    assert [one["name"] for one in wish.arguments["nodes"]] == ["read"]
    play.told(read="succeeded")
    play.tasks.file(Outcome("succeeded"))
    assert play.states() == {"read": "succeeded", "bins": "cancelled", "keep": "skipped"}


def test_all_cancelled_before_it_begins(play: Play) -> None:
    play.wish("read", "bins")
    play.cease("read")
    play.cease("bins")
    play.resting.add("k")
    play.wish("bins")
    play.cease("bins")
    assert play.tasks.wishes == []
    assert play.states() == {"read": "cancelled", "bins": "cancelled"}


def test_a_program_that_breaks_fails_what_is_not_done(play: Play) -> None:
    play.wish("read", "bins", "keep")
    play.told(read="succeeded")
    play.tasks.file(Outcome("failed", {"exit_code": 137}, {"code": "UserError", "message": "Execution failed."}))
    assert play.states() == {"read": "succeeded", "bins": "failed", "keep": "failed"}
