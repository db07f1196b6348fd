"""Processes, nodes and the server killed under a parallel job: every row is there, exactly once."""

import json
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

from azurine.compute import tasks
from clients.submitting import FINAL, stored
from running import RunningServer, wait_until

FILES = 120
SCRIPT = """
import os, threading
SEEN = {seen!r}

def init():
    with open(os.path.join(SEEN, f"process.{{os.getpid()}}"), "w"):
        pass

def run(mini_batch):
    threading.Event().wait(0.15)
    with open(os.path.join(SEEN, "runs"), "a") as file:
        file.write("run\\n")
    return [f"{{os.path.basename(one)}} {{open(one).read()}}" for one in mini_batch]
"""
PIPELINE = """
type: pipeline
inputs: {data: {type: uri_folder, path: data}}
outputs: {rows: {type: uri_file}}
jobs:
  score:
    type: parallel
    compute: azureml:pair
    mini_batch_size: "2"
    max_concurrency_per_instance: 1
    retry_settings: {max_retries: 0}
    error_threshold: 0
    resources: {instance_count: 2}
    inputs: {files: "${{parent.inputs.data}}"}
    outputs: {rows: "${{parent.outputs.rows}}"}
    input_data: ${{inputs.files}}
    task: {type: run_function, code: src, entry_script: score.py, environment: "azureml:AzureML-sklearn-1.5@latest", append_row_to: "${{outputs.rows}}"}
"""


def test_killed_processes_nodes_and_server(tmp_path: Path) -> None:
    from azure.ai.ml import load_job
    from azure.ai.ml.entities import AmlCompute

    seen = tmp_path / "seen"
    for name in ("seen", "src", "data"):
        (tmp_path / name).mkdir()
    (tmp_path / "pipeline.yml").write_text(PIPELINE)
    (tmp_path / "src" / "score.py").write_text(SCRIPT.format(seen=str(seen)))
    for number in range(FILES):
        (tmp_path / "data" / f"{number:03}").write_text(str(number))

    with RunningServer(tmp_path / "home") as server:
        ml = server.connect().ml
        ml.compute.begin_create_or_update(AmlCompute(name="pair", min_instances=2, max_instances=2)).result()
        job = ml.jobs.create_or_update(load_job(tmp_path / "pipeline.yml"))
        after(seen, 8)
        for path in sorted(seen.glob("process.*"))[:1]:
            kill(int(path.suffix[1:]))
        after(seen, 20)
        kill(guest(server.home))
        after(seen, 32)
        server.kill()
        server.start()
        connection = server.connect()
        wait_until(lambda: connection.ml.jobs.get(job.name).status in FINAL, 90, "the job did not end")
        assert connection.ml.jobs.get(job.name).status == "Completed", server.log()[-2000:]
        assert sorted(stored(connection, f"azureml/{job.name}/rows").splitlines()) == [f"{number:03} {number}" for number in range(FILES)]
    runs = (seen / "runs").read_text().count("run")
    assert FILES // 2 <= runs <= FILES // 2 + 6, "what was done is not done again"


def after(seen: Path, runs: int) -> None:
    def there() -> bool:
        with suppress(FileNotFoundError):
            return (seen / "runs").read_text().count("run") >= runs
        return False

    wait_until(there, 60, f"there were no {runs} runs")


def guest(home: Path) -> int:
    """A process that sees to one instance's share."""
    for path in home.glob(f"tasks/*/*/{tasks.GUEST}"):
        found: Any = tasks.guest(path.parent)
        order = json.loads((path.parent / tasks.ORDER).read_bytes())
        if found is not None and order.get("parallel") and tasks.is_alive(found[0]) and tasks.outcome(path.parent) is None:
            return int(found[0].pid)
    raise AssertionError("no guest of the job lives")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
