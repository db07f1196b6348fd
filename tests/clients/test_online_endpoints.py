"""Online endpoints with the official client: what an existing project does with them works, unchanged."""

import json
import os
import signal
import threading
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import requests
from azure.ai.ml.constants._endpoint import EndpointInvokeFields
from azure.ai.ml.entities import (
    CodeConfiguration,
    DataCollector,
    DeploymentCollection,
    ManagedOnlineDeployment,
    ManagedOnlineEndpoint,
    Model,
    OnlineRequestSettings,
)
from azure.core.exceptions import HttpResponseError

from running import wait_until

HOST = "azureml://registries/azureml/environments/sklearn-1.5/labels/latest"
GREETS = """
import json, os
def init():
    global greeting
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "greeting.txt")) as file:
        greeting = file.read()
    print("init is done")
def run(raw_data):
    return json.dumps([greeting + str(one) for one in json.loads(raw_data)["data"]])
"""


@pytest.fixture(scope="module")
def ml(connection: Any) -> Any:
    return connection.ml


@pytest.fixture(autouse=True)
def headers_of_its_own() -> Iterator[None]:
    """The official client keeps what one invoke() sets (a deployment's name) for all that follow in the process."""
    before = dict(EndpointInvokeFields.DEFAULT_HEADER)
    yield
    EndpointInvokeFields.DEFAULT_HEADER.clear()
    EndpointInvokeFields.DEFAULT_HEADER.update(before)


@pytest.fixture(scope="module")
def caller(connection: Any) -> Iterator[requests.Session]:
    """Trusts the server, and shows nothing by itself."""
    with requests.Session() as session:
        session.verify = connection.http.verify
        yield session


def endpoint(ml: Any, name: str, **fields: Any) -> Any:
    return ml.online_endpoints.begin_create_or_update(ManagedOnlineEndpoint(name=name, **fields)).result()


def deploy(ml: Any, folder: Path, endpoint_name: str, name: str, script: str, **fields: Any) -> Any:
    """Deploys a script, with a model that is the file greeting.txt."""
    own = folder / f"{endpoint_name}-{name}-{abs(hash(script))}"
    (own / "src").mkdir(parents=True, exist_ok=True)
    (own / "src" / "score.py").write_text(script)
    (own / "greeting.txt").write_text("hello ")
    wanted = ManagedOnlineDeployment(
        name=name,
        endpoint_name=endpoint_name,
        model=Model(path=str(own / "greeting.txt"), name="greeting"),
        code_configuration=CodeConfiguration(code=str(own / "src"), scoring_script="score.py"),
        environment=HOST,
        instance_type="Standard_DS3_v2",
        **{"instance_count": 1, **fields},
    )
    return ml.online_deployments.begin_create_or_update(wanted).result()


def traffic(ml: Any, name: str, **shares: int) -> Any:
    found = ml.online_endpoints.get(name)
    found.traffic = dict(shares)
    return ml.online_endpoints.begin_create_or_update(found).result()


@pytest.fixture
def asking(tmp_path: Path) -> Path:
    path = tmp_path / "request.json"
    path.write_text(json.dumps({"data": ["you", 2]}))
    return path


def test_a_script_is_deployed_and_invoked(ml: Any, tmp_path: Path, asking: Path) -> None:
    made = endpoint(ml, "greeter", description="greets", tags={"a": "b"})
    assert made.provisioning_state == "Succeeded" and made.scoring_uri.endswith("/endpoints/greeter/score")
    deployed = deploy(ml, tmp_path, "greeter", "blue", GREETS)
    assert (deployed.provisioning_state, deployed.instance_count, deployed.name) == ("Succeeded", 1, "blue")
    assert traffic(ml, "greeter", blue=100).traffic == {"blue": 100}
    answer = ml.online_endpoints.invoke("greeter", request_file=str(asking))
    assert json.loads(json.loads(answer)) == ["hello you", "hello 2"]
    assert "init is done" in ml.online_deployments.get_logs("blue", "greeter", lines=50)
    assert [one.name for one in ml.online_deployments.list("greeter")] == ["blue"]
    ml.online_endpoints.begin_delete("greeter").result()
    assert "greeter" not in [one.name for one in ml.online_endpoints.list()]


def test_blue_and_green_share_the_traffic(ml: Any, tmp_path: Path, asking: Path) -> None:
    endpoint(ml, "both")
    for name in ("blue", "green"):
        deploy(ml, tmp_path, "both", name, GREETS.replace("greeting + str(one)", f"'{name}'"))
    traffic(ml, "both", blue=50, green=50)
    answers = {json.loads(json.loads(ml.online_endpoints.invoke("both", request_file=str(asking))))[0] for _ in range(40)}
    assert answers == {"blue", "green"}
    traffic(ml, "both", blue=0, green=100)
    assert json.loads(json.loads(ml.online_endpoints.invoke("both", request_file=str(asking))))[0] == "green"
    pinned = ml.online_endpoints.invoke("both", request_file=str(asking), deployment_name="blue")
    assert json.loads(json.loads(pinned))[0] == "blue"
    with pytest.raises(HttpResponseError, match="sum to 90"):
        traffic(ml, "both", blue=40, green=50)
    with pytest.raises(HttpResponseError, match="there is no deployment 'red'"):
        traffic(ml, "both", red=100)
    ml.online_endpoints.begin_delete("both").result()


def test_keys_are_made_anew_and_the_old_one_is_dead(ml: Any, caller: Any, tmp_path: Path, asking: Path) -> None:
    made = endpoint(ml, "keyed")
    deploy(ml, tmp_path, "keyed", "blue", GREETS)
    traffic(ml, "keyed", blue=100)
    before = ml.online_endpoints.get_keys("keyed")
    ml.online_endpoints.begin_regenerate_keys("keyed", key_type="primary").result()
    after = ml.online_endpoints.get_keys("keyed")
    assert after.primary_key != before.primary_key and after.secondary_key == before.secondary_key
    for key, status in ((before.primary_key, 401), (after.primary_key, 200), (after.secondary_key, 200)):
        answer = caller.post(made.scoring_uri, data=asking.read_text(), headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status, answer.text
    ml.online_endpoints.begin_delete("keyed").result()


@pytest.mark.parametrize("mode", ["aml_token", "aad_token"])
def test_tokens_in_the_place_of_keys(ml: Any, tmp_path: Path, asking: Path, mode: str) -> None:
    name = mode.replace("_", "-")
    endpoint(ml, name, auth_mode=mode)
    deploy(ml, tmp_path, name, "blue", GREETS)
    traffic(ml, name, blue=100)
    assert json.loads(json.loads(ml.online_endpoints.invoke(name, request_file=str(asking))))[0] == "hello you"
    ml.online_endpoints.begin_delete(name).result()


def test_an_init_that_fails_is_told_with_the_last_lines_of_the_log(ml: Any, tmp_path: Path) -> None:
    endpoint(ml, "broken")
    with pytest.raises(HttpResponseError, match=r"(?s)could not be loaded.*ValueError: no such luck"):
        deploy(ml, tmp_path, "broken", "blue", "def init():\n    raise ValueError('no such luck')\ndef run(raw):\n    return raw\n")
    assert ml.online_deployments.get("blue", "broken").provisioning_state == "Failed"
    assert "no such luck" in ml.online_deployments.get_logs("blue", "broken", lines=50)
    assert deploy(ml, tmp_path, "broken", "blue", GREETS).provisioning_state == "Succeeded"
    ml.online_endpoints.begin_delete("broken").result()


def test_what_the_model_raises_is_424_and_what_takes_too_long_408(ml: Any, caller: Any, tmp_path: Path, asking: Path) -> None:
    made = endpoint(ml, "trouble")
    script = "import time\ndef init(): pass\ndef run(raw):\n    raise RuntimeError(raw)\n"
    deploy(ml, tmp_path, "trouble", "raises", script)
    settings = OnlineRequestSettings(request_timeout_ms=300)
    deploy(ml, tmp_path, "trouble", "sleeps", script.replace("raise RuntimeError(raw)", "time.sleep(1)"), request_settings=settings)
    with pytest.raises(HttpResponseError) as failed:
        ml.online_endpoints.invoke("trouble", request_file=str(asking), deployment_name="raises")
    assert failed.value.status_code == 424
    assert failed.value.response.headers["ms-azureml-model-error-statuscode"] == "500"
    # Not with invoke(): the official client cannot make its own error of a 408.
    key = ml.online_endpoints.get_keys("trouble").primary_key
    slow = caller.post(made.scoring_uri, data="1", headers={"Authorization": f"Bearer {key}", "azureml-model-deployment": "sleeps"})
    assert (slow.status_code, slow.json()["error"]["code"]) == (408, "RequestTimeout")
    ml.online_endpoints.begin_delete("trouble").result()


def test_a_key_of_another_endpoint_does_not_open(ml: Any, caller: Any) -> None:
    one, other = endpoint(ml, "one-door"), endpoint(ml, "other-door")
    key = ml.online_endpoints.get_keys("one-door").primary_key
    assert caller.post(other.scoring_uri, data="{}", headers={"Authorization": f"Bearer {key}"}).status_code == 401
    answer = caller.post(one.scoring_uri, data="{}", headers={"Authorization": f"Bearer {key}"})
    assert answer.status_code == 404 and answer.json()["error"]["code"] == "NoTraffic"
    for name in ("one-door", "other-door"):
        ml.online_endpoints.begin_delete(name).result()


UNFIT = (
    ("", "not valid JSON"),
    ("{", "not valid JSON"),
    ("[1]", "one of the keys"),
    ('{"input_data": []}', "no rows"),
    ('{"input_data": [[1.0]]}', "must have 2 values"),
    ('{"input_data": {"columns": ["age", "bmi"], "data": [[1.0, 2.0, 3.0]]}}', "must have 2 values"),
    ('{"input_data": {"columns": ["age", "bmi"], "data": [["old", 2.0]]}}', "column age"),
    ('{"input_data": {"columns": ["age", "age"], "data": [[1.0, 2.0]]}}', "comes twice"),
)


def test_an_mlflow_model_needs_no_script(ml: Any, caller: Any, tmp_path: Path) -> None:
    import mlflow
    from mlflow.models import infer_signature
    from sklearn.linear_model import LogisticRegression

    table = pd.DataFrame({"age": [1.0, 2.0, 8.0, 9.0], "bmi": [3.0, 1.0, 2.0, 3.0]})
    classes = ["no", "no", "yes", "yes"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = LogisticRegression().fit(table, classes)
        mlflow.sklearn.save_model(made, tmp_path / "sick", signature=infer_signature(table, made.predict(table)), pip_requirements=["scikit-learn"])
    endpoint(ml, "no-script")
    model = Model(path=str(tmp_path / "sick"), name="sick", type="mlflow_model")
    wanted = ManagedOnlineDeployment(name="blue", endpoint_name="no-script", model=model, instance_type="Standard_DS3_v2", instance_count=1)
    assert ml.online_deployments.begin_create_or_update(wanted).result().provisioning_state == "Succeeded"
    traffic(ml, "no-script", blue=100)
    asked = tmp_path / "rows.json"
    asked.write_text(json.dumps({"input_data": {"columns": ["bmi", "age"], "index": [0, 1], "data": [[3.0, 1.0], [3.0, 9.0]]}}))
    assert json.loads(ml.online_endpoints.invoke("no-script", request_file=str(asked))) == ["no", "yes"]
    asked.write_text(json.dumps({"input_data": {"columns": ["bmi"], "data": [[3.0]]}}))
    with pytest.raises(HttpResponseError) as wrong:
        ml.online_endpoints.invoke("no-script", request_file=str(asked))
    assert wrong.value.response.headers["ms-azureml-model-error-statuscode"] == "400"
    assert "missing inputs: age" in wrong.value.response.text()
    headers = {"Authorization": f"Bearer {ml.online_endpoints.get_keys('no-script').primary_key}"}
    address = ml.online_endpoints.get("no-script").scoring_uri
    for body, why in UNFIT:
        answer = caller.post(address, data=body, headers=headers)
        assert (answer.status_code, answer.headers["ms-azureml-model-error-statuscode"]) == (424, "400"), body
        assert why in answer.json()["message"], body
    ml.online_endpoints.begin_delete("no-script").result()


class Asking:
    """Asks an endpoint again and again from several threads, and keeps what came."""

    def __init__(self, caller: Any, made: Any, key: str, threads: int = 4) -> None:
        self.answers: Counter[tuple[int, str]] = Counter()
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask, args=(caller.verify, made.scoring_uri, key)) for _ in range(threads)]

    def __enter__(self) -> "Asking":
        for one in self._threads:
            one.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for one in self._threads:
            one.join(30)

    def until(self, holds: Any, patience: float = 20.0) -> None:
        wait_until(lambda: holds(self.answers), patience, lambda: f"so far: {self.answers}", every=0.01)

    def _ask(self, verify: str, address: str, key: str) -> None:
        with requests.Session() as session:
            session.verify = verify
            while not self._over.is_set():
                answer = session.post(address, data="1", headers={"Authorization": f"Bearer {key}"}, timeout=20)
                with self._lock:
                    self.answers[answer.status_code, answer.text] += 1


NAMED = "import os, time\ndef init(): pass\ndef run(raw):\n    time.sleep(0.005)\n    return 'NAME'\n"
MANY = OnlineRequestSettings(max_concurrent_requests_per_instance=50)


def test_an_update_in_place_drops_no_request(ml: Any, caller: Any, tmp_path: Path) -> None:
    made = endpoint(ml, "updated")
    deploy(ml, tmp_path, "updated", "blue", NAMED.replace("NAME", "old"), request_settings=MANY)
    traffic(ml, "updated", blue=100)
    with Asking(caller, made, ml.online_endpoints.get_keys("updated").primary_key) as asking:
        asking.until(lambda answers: answers[200, '"old"'] > 20)
        deploy(ml, tmp_path, "updated", "blue", NAMED.replace("NAME", "new"), request_settings=MANY)
        asking.until(lambda answers: answers[200, '"new"'] > 50)
        deploy(ml, tmp_path, "updated", "blue", NAMED.replace("NAME", "new"), request_settings=MANY, instance_count=3)
        before = asking.answers[200, '"new"']
        asking.until(lambda answers: answers[200, '"new"'] > before + 50)
        deploy(ml, tmp_path, "updated", "blue", NAMED.replace("NAME", "newest"), request_settings=MANY, instance_count=3)
        asking.until(lambda answers: answers[200, '"newest"'] > 50)
        deploy(ml, tmp_path, "updated", "blue", NAMED.replace("NAME", "newest"), request_settings=MANY, instance_count=1)
        after = asking.answers[200, '"newest"']
        asking.until(lambda answers: answers[200, '"newest"'] > after + 50)
    assert {status for status, _ in asking.answers} == {200}, asking.answers
    assert ml.online_deployments.get("blue", "updated").instance_count == 1
    ml.online_endpoints.begin_delete("updated").result()


def test_a_killed_process_is_replaced_and_no_other_notices(ml: Any, caller: Any, tmp_path: Path) -> None:
    made = endpoint(ml, "killed")
    script = NAMED.replace("'NAME'", "str(os.getpid())")
    deploy(ml, tmp_path, "killed", "blue", script, request_settings=MANY, instance_count=2)
    traffic(ml, "killed", blue=100)
    with Asking(caller, made, ml.online_endpoints.get_keys("killed").primary_key) as asking:
        asking.until(lambda answers: len({text for status, text in answers if status == 200}) == 2)
        victim = int(json.loads(next(text for status, text in asking.answers if status == 200)))
        os.kill(victim, signal.SIGKILL)
        asking.until(lambda answers: len({text for status, text in answers if status == 200}) == 3)
    failed = {pair: count for pair, count in asking.answers.items() if pair[0] != 200}
    assert {status for status, _ in failed} <= {502} and sum(failed.values()) <= 4, failed
    ml.online_endpoints.begin_delete("killed").result()


TROUBLES = """
import os, threading, time
hoard = []
def init(): pass
def run(raw):
    if raw == '"crash"':
        os.kill(os.getpid(), 11)
    if raw == '"leak"':
        hoard.append(bytearray(20_000_000))
    if raw == '"sleep"':
        time.sleep(30)
    return "done"
"""


def test_a_model_in_trouble_troubles_no_other(ml: Any, caller: Any, tmp_path: Path) -> None:
    made = endpoint(ml, "crowd")
    deploy(ml, tmp_path, "crowd", "good", NAMED.replace("NAME", "good"), request_settings=MANY)
    deploy(ml, tmp_path, "crowd", "bad", TROUBLES, request_settings=OnlineRequestSettings(request_timeout_ms=1000))
    traffic(ml, "crowd", good=100)
    key = ml.online_endpoints.get_keys("crowd").primary_key
    pinned = {"Authorization": f"Bearer {key}", "azureml-model-deployment": "bad"}

    def trouble(what: str) -> int:
        return int(caller.post(made.scoring_uri, data=json.dumps(what), headers=pinned, timeout=20).status_code)

    with Asking(caller, made, key) as asking:
        asking.until(lambda answers: answers[200, '"good"'] > 10)
        assert trouble("crash") == 502
        wait_until(lambda: trouble("nothing") == 200, 20, "it does not come back after a crash")
        assert [trouble("leak") for _ in range(10)] == [200] * 10
        assert trouble("sleep") == 408
        before = asking.answers[200, '"good"']
        asking.until(lambda answers: answers[200, '"good"'] > before + 50)
    assert set(asking.answers) == {(200, '"good"')}, asking.answers
    # It sleeps still; what is deleted is gone all the same.
    ml.online_endpoints.begin_delete("crowd").result(timeout=60)
    assert "crowd" not in [one.name for one in ml.online_endpoints.list()]


def test_an_endpoint_goes_whatever_its_models_do(ml: Any, caller: Any, tmp_path: Path) -> None:
    """One that will not end when it is told to, with requests that are never answered, and one that cannot even start."""
    made = endpoint(ml, "stubborn")
    script = "import signal, time\ndef init(): pass\ndef run(raw):\n    signal.signal(signal.SIGTERM, signal.SIG_IGN)\n    time.sleep(600)\n"
    deploy(ml, tmp_path, "stubborn", "blue", script, request_settings=OnlineRequestSettings(request_timeout_ms=1500))
    traffic(ml, "stubborn", blue=100)
    headers = {"Authorization": f"Bearer {ml.online_endpoints.get_keys('stubborn').primary_key}"}
    assert caller.post(made.scoring_uri, data="1", headers=headers).status_code == 408
    with pytest.raises(HttpResponseError, match="ValueError"):
        deploy(ml, tmp_path, "stubborn", "green", "def init():\n    raise ValueError\ndef run(raw): pass\n")
    ml.online_endpoints.begin_delete("stubborn").result(timeout=60)
    assert caller.post(made.scoring_uri, data="1", headers=headers).status_code == 404


def test_a_deployment_that_takes_traffic_stays(ml: Any, tmp_path: Path, asking: Path) -> None:
    endpoint(ml, "busy-one")
    for name in ("blue", "green"):
        deploy(ml, tmp_path, "busy-one", name, GREETS)
    found = ml.online_endpoints.get("busy-one")
    found.traffic, found.mirror_traffic = {"blue": 100}, {"green": 10}
    ml.online_endpoints.begin_create_or_update(found).result()
    with pytest.raises(HttpResponseError, match="can't delete a deployment that has live traffic") as refused:
        ml.online_deployments.begin_delete("blue", "busy-one")
    assert refused.value.status_code == 400
    with pytest.raises(HttpResponseError, match="has mirrored traffic"):
        ml.online_deployments.begin_delete("green", "busy-one")
    assert ml.online_deployments.get("blue", "busy-one").provisioning_state == "Succeeded"
    found.traffic, found.mirror_traffic = {"blue": 0, "green": 100}, {}
    ml.online_endpoints.begin_create_or_update(found).result()
    ml.online_deployments.begin_delete("blue", "busy-one").result()
    assert [one.name for one in ml.online_deployments.list("busy-one")] == ["green"]
    assert json.loads(json.loads(ml.online_endpoints.invoke("busy-one", request_file=str(asking))))[0] == "hello you"
    ml.online_endpoints.begin_delete("busy-one").result()


COLLECTS = """
import json
import pandas as pd
from azureml.ai.monitoring import Collector
def init():
    global asked, answered
    asked, answered = Collector(name="model_inputs"), Collector(name="model_outputs")
def run(raw_data):
    table = pd.DataFrame(json.loads(raw_data)["data"], columns=["word"])
    context = asked.collect(table)
    answered.collect(table.assign(length=1), context)
    return len(table)
"""


@pytest.mark.parametrize(("name", "script", "field"), [("by-hand", COLLECTS, "length"), ("by-itself", GREETS, "prediction")])
def test_data_is_collected_as_an_asset(ml: Any, server: Any, tmp_path: Path, asking: Path, name: str, script: str, field: str) -> None:
    endpoint(ml, name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = DataCollector(
            collections={one: DeploymentCollection(enabled="true") for one in ("model_inputs", "model_outputs", "request")}, sampling_rate=1.0
        )
    deploy(ml, tmp_path, name, "blue", script, data_collector=wanted)
    traffic(ml, name, blue=100)
    ml.online_endpoints.invoke(name, request_file=str(asking))
    asset = ml.data.get(f"{name}-blue-model_outputs", version="1")
    assert f"modelDataCollector/{name}/blue/model_outputs" in asset.path
    folder = next((server.home / "storage" / "azurine").glob("azureml-blobstore*/modelDataCollector")) / name / "blue"
    found = {one: [json.loads(line) for file in (folder / one).glob("*/*/*/*/*.jsonl") for line in file.read_text().splitlines()] for one in _KEPT}
    assert [len(lines) for lines in found.values()] == [1, 1, 1]
    assert found["model_outputs"][0]["data"][0][field] and len(found["model_outputs"][0]["data"]) == 2
    assert found["request"][0]["data"] == json.loads(asking.read_text())
    assert len(found["model_inputs"][0]["data"]) == 2 and found["model_inputs"][0]["specversion"] == "1.0"
    ml.online_endpoints.begin_delete(name).result()


_KEPT = ("model_inputs", "model_outputs", "request")


def test_mirrored_traffic_is_copied_and_its_answers_dropped(ml: Any, caller: Any, connection: Any, tmp_path: Path, asking: Path) -> None:
    made = endpoint(ml, "mirrors")
    deploy(ml, tmp_path, "mirrors", "blue", GREETS)
    deploy(ml, tmp_path, "mirrors", "green", "def init(): pass\ndef run(raw):\n    raise ValueError('never heard')\n")
    found = ml.online_endpoints.get("mirrors")
    found.traffic, found.mirror_traffic = {"blue": 100}, {"green": 50}
    assert ml.online_endpoints.begin_create_or_update(found).result().mirror_traffic == {"green": 50}
    for _ in range(40):
        assert json.loads(json.loads(ml.online_endpoints.invoke("mirrors", request_file=str(asking))))[0] == "hello you"
    page = caller.get(made.scoring_uri.split("/endpoints")[0] + "/metrics").text
    copied = next(line for line in page.splitlines() if line.startswith("azurine_requests_total") and 'endpoint="mirrors",deployment="green"' in line)
    assert 'status="424"' in copied and 5 <= int(copied.split()[-1]) <= 35
    found.mirror_traffic = {"green": 51}
    with pytest.raises(HttpResponseError, match="at most 50"):
        ml.online_endpoints.begin_create_or_update(found).result()
    ml.online_endpoints.begin_delete("mirrors").result()
