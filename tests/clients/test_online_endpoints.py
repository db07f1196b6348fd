"""Online endpoints with the official client: what an existing project does with them works, unchanged."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from azure.ai.ml.entities import CodeConfiguration, ManagedOnlineDeployment, ManagedOnlineEndpoint, Model, OnlineRequestSettings
from azure.core.exceptions import HttpResponseError

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
