"""Nodes that run together, through a real server: killed, cancelled, timed out. Nothing that was done is done again, nothing stays Running.

One node reads from a web address which answers when the test lets it, so the graph is under way as long as is wanted.
"""

import http.client
import http.server
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

import rest
from azurine.compute import tasks
from clients.submitting import running
from running import RunningServer, wait_until

STORE = "azureml://datastores/workspaceblobstore/paths/story"
PATIENCE = 60.0
GONE = (OSError, http.client.HTTPException)


class Web:
    """Answers a small table at any path, once the gate is open; `asked` counts."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.asked: list[str] = []
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.append(self.path)
                web.gate.wait(PATIENCE)
                self.send_response(200)
                self.end_headers()
                with suppress(OSError):
                    self.wfile.write(b"Id,Age\n1,21\n2,35\n")

            def log_message(self, *_: Any) -> None:
                """Silence."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self.server.server_port}/ages.csv"

    def close(self) -> None:
        self.gate.set()
        self.server.shutdown()
        self.server.server_close()


def node(component: str, needs: dict[str, str] | None = None, more: dict[str, Any] | None = None, **given: str) -> dict[str, Any]:
    inputs = {port: f"${{{{parent.jobs.{source}}}}}" for port, source in (needs or {}).items()} | given
    said = {port: {"job_input_type": "literal", "value": value} for port, value in inputs.items()}
    return {"type": "command", "componentId": f"azureml://registries/azureml/components/{component}/versions/1", "inputs": said, **(more or {})}


def script(body: str, source: str) -> dict[str, Any]:
    return node("execute_python_script", {"dataset1": source}, python_script=f"def azureml_main(a, b=None):\n    {body}\n")


class Story:
    def __init__(self, server: RunningServer, web: Web) -> None:
        self.server, self.web = server, web
        self.rest = rest.Rest(server.home)

    def graph(self, name: str, **more: dict[str, Any]) -> dict[str, Any]:
        """`early` exports at once what was typed in; `late` waits for the web."""
        return {
            "typed": node("enter_data_manually", data="a,b\n1,2\n", data_format="CSV"),
            "early": node("export_data", {"dataset": "typed.outputs.dataset"}, datastore_path=f"{STORE}/{name}/early.csv"),
            "both": node("add_columns", {"left_dataset": "web.outputs.results_dataset", "right_dataset": "typed.outputs.dataset"}),
            "late": node("export_data", {"dataset": "both.outputs.combined_dataset"}, datastore_path=f"{STORE}/{name}/late.csv"),
            "web": node("import_data", data_source="URL via HTTP", url=self.web.address),
            **more,
        }

    def submit(self, name: str, nodes: dict[str, Any], **settings: Any) -> None:
        body = rest.pipeline(nodes, "local")
        body["properties"]["settings"] = {**body["properties"].get("settings", {}), **settings}
        self.rest.put(f"jobs/{name}", body)

    def ends(self, name: str) -> str:
        wait_until(lambda: self.rest.status(name) in rest.FINAL, PATIENCE, lambda: f"{name} is {self.rest.status(name)}: {self.states(name)}")
        return self.rest.status(name)

    def states(self, name: str) -> dict[str, str]:
        return {node: one["status"] for node, one in self.rest.children(name).items()}

    def asked(self, times: int) -> None:
        wait_until(lambda: len(self.web.asked) >= times, PATIENCE, lambda: f"asked {len(self.web.asked)} times")

    def programs(self, name: str) -> list[int]:
        """The processes of the user in the tasks of a pipeline."""
        folders = (self.server.home / "tasks" / name).glob("*")
        return [one.pid for folder in folders if (found := tasks.guest(folder)) for one in found[1] if tasks.is_alive(one)]


@pytest.fixture
def story(tmp_path: Path) -> Iterator[Story]:
    web = Web()
    try:
        with RunningServer(tmp_path / "home") as server:
            found = Story(server, web)
            yield found
            found.rest.close()
    finally:
        web.close()


def test_a_server_that_is_killed_finds_its_graph_again(story: Story) -> None:
    story.submit("p", story.graph("p"))
    story.asked(1)
    story.server.kill()
    story.web.gate.set()
    story.server.start()
    with suppress(*GONE):  # the connection to the old one
        story.rest.status("p")
    assert story.ends("p") == "Completed"
    assert set(story.states("p").values()) == {"Completed"}
    assert len(story.web.asked) == 1


def test_a_program_that_is_killed_fails_its_nodes_and_nothing_stays_running(story: Story) -> None:
    story.submit("p", story.graph("p"))
    story.asked(1)
    (program,) = story.programs("p")
    os.kill(program, signal.SIGKILL)
    assert story.ends("p") == "Failed"
    assert "Running" not in story.states("p").values()
    assert story.states("p")["web"] == "Failed"


def test_a_guest_that_is_killed_is_followed_by_another_that_does_only_the_rest(story: Story) -> None:
    story.submit("p", story.graph("p"))
    story.asked(1)
    guests = [found[0].pid for folder in (story.server.home / "tasks" / "p").glob("*") if (found := tasks.guest(folder))]
    os.kill(guests[0], signal.SIGKILL)
    story.asked(2)
    story.web.gate.set()
    assert story.ends("p") == "Completed"
    assert set(story.states("p").values()) == {"Completed"}


def test_a_pipeline_that_is_cancelled_takes_its_graph_with_it(story: Story) -> None:
    story.submit("p", story.graph("p"))
    story.asked(1)
    (program,) = story.programs("p")
    story.rest.call("POST", "jobs/p/cancel")
    assert story.ends("p") == "Canceled"
    assert set(story.states("p").values()) <= {"Completed", "Canceled"}
    assert not running(program)


def test_a_node_with_a_time_limit_has_a_process_of_its_own(story: Story) -> None:
    nodes = story.graph("p")
    nodes["web"]["limits"] = {"timeout": 1}
    story.submit("p", nodes)
    assert story.ends("p") in ("Failed", "Canceled")
    found = story.states("p")
    assert (found["typed"], found["early"]) == ("Completed", "Completed")
    assert found["web"] in ("Failed", "Canceled")
    assert "late" not in found


def test_a_script_stands_between_two_graphs(story: Story) -> None:
    story.web.gate.set()
    nodes = story.graph("p", script=script("a['c'] = a['Age'] * 2; return a", "both.outputs.combined_dataset"))
    nodes["late"] = node("export_data", {"dataset": "script.outputs.result_dataset"}, datastore_path=f"{STORE}/p/late.csv")
    story.submit("p", nodes)
    assert story.ends("p") == "Completed"
    found = next(story.server.home.glob("storage/*/*/story/p/late.csv"))
    assert found.read_text().splitlines()[0].endswith(",c")
    assert next(story.server.home.glob("storage/*/*/azureml/*/combined_dataset/_data.parquet"), None) is not None


def test_what_is_deterministic_is_reused_node_by_node(story: Story) -> None:
    chain = {
        "typed": node("enter_data_manually", data="a,b\n1,2\n", data_format="CSV"),
        "pick": node("select_columns_in_dataset", {"dataset": "typed.outputs.dataset"}, select_columns="a"),
    }
    story.submit("first", chain)
    assert story.ends("first") == "Completed"
    story.submit("second", {**chain, "other": node("select_columns_in_dataset", {"dataset": "typed.outputs.dataset"}, select_columns="b")})
    assert story.ends("second") == "Completed"
    children = {name: one["properties"].get("azureml.isreused") for name, one in story.rest.children("second").items()}
    assert children == {"typed": "true", "pick": "true", "other": None}


def test_a_graph_that_halts_at_a_failure(story: Story) -> None:
    bad = node("select_columns_in_dataset", {"dataset": "typed.outputs.dataset"}, select_columns="nope")
    story.web.gate.set()
    story.submit("p", story.graph("p", bad=bad), continue_on_step_failure=False)
    assert story.ends("p") == "Failed"
    assert story.states("p")["bad"] == "Failed"
    assert "Running" not in story.states("p").values()
