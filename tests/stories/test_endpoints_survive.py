"""kill -9 of the server: its endpoints answer again when it is back, and the processes of the models were never away."""

import json
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment, ManagedOnlineEndpoint

from running import RunningServer, wait_until

HOST = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"
SCRIPT = "import os\ndef init(): pass\ndef run(raw):\n    return os.getpid()\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    with RunningServer(tmp_path / "home") as running:
        yield running


def lives(pid: int | None) -> bool:
    """Whether it runs: the remains of a process whose parent is gone may stay in the list."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_an_endpoint_answers_again_after_the_server_was_killed(server: RunningServer, tmp_path: Path) -> None:
    connection = server.connect()
    ml = connection.ml
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").write_text(SCRIPT)
    made = ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name="lasting")).result()
    code = CodeConfiguration(code=str(tmp_path / "src"), scoring_script="score.py")
    wanted = ManagedOnlineDeployment(
        name="blue", endpoint_name="lasting", code_configuration=code, environment=HOST, instance_type="Standard_DS3_v2", instance_count=2
    )
    ml.online_deployments.begin_create_or_update(wanted).result()
    made.traffic = {"blue": 100}
    ml.online_endpoints.begin_create_or_update(made).result()
    headers = {"Authorization": f"Bearer {ml.online_endpoints.get_keys('lasting').primary_key}"}

    def answered() -> int | None:
        try:
            answer = requests.post(made.scoring_uri, data="1", headers=headers, verify=connection.http.verify, timeout=10)
        except requests.ConnectionError:
            return None
        return int(answer.text) if answer.status_code == 200 else None

    workers = {answered() for _ in range(40)}
    server.kill()
    assert all(worker is not None and psutil.pid_exists(worker) for worker in workers)
    server.start()
    wait_until(lambda: answered() is not None, 30, "the endpoint does not answer again")
    wait_until(lambda: {answered() for _ in range(20)} == workers, 10, "other processes answer than before")

    server.kill()
    for worker in workers:
        assert worker is not None
        psutil.Process(worker).kill()
    server.start()
    wait_until(lambda: answered() is not None, 30, "the endpoint does not answer again after its processes were killed too")
    assert answered() not in workers
    assert json.loads(requests.get(f"{server.url}/healthz", verify=connection.http.verify, timeout=10).text)["status"] == "ok"
    living = [answered() for _ in range(10)]
    server.stop()
    wait_until(lambda: not any(lives(one) for one in living), 15, "processes stay behind a server that was stopped")
