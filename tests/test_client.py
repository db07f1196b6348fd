"""`azurine.connect()`: the official clients come ready, nothing else in the process breaks, and no other host is called."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import jwt
import pytest

import azurine
import standin
from azurine import client
from azurine.identity import certificates, directory
from azurine.model import errors


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    with standin.running(folder):
        yield folder


@pytest.fixture(autouse=True)
def environment() -> Iterator[None]:
    """Connecting changes the process's environment; each test leaves it as it was."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(("AZURINE_", "AZURE_", "MLFLOW_", "AZUREML_")):
            del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


# ── the clients ──


def test_the_ml_client_is_the_official_one_pointed_here(home: Path) -> None:
    house = azurine.connect(home)
    from azure.ai.ml import MLClient, _azure_environments

    assert isinstance(house.ml, MLClient)
    assert house.ml._base_url == house.url
    assert house.ml.workspace_name == "workshop"
    assert _azure_environments._get_storage_endpoint_from_metadata() == f"localhost:{house.address.port}"
    house.ml.jobs._set_headers_with_user_aml_token({})  # what it insists on before it submits a job
    assert house.ml is house.ml


def test_two_servers_can_be_used_in_one_process(home: Path, tmp_path: Path) -> None:
    with standin.running(tmp_path):
        first, second = azurine.connect(home), azurine.connect(tmp_path)
        assert first.url != second.url
        from azure.ai.ml import _azure_environments

        for house in (first, second, first):
            assert house.ml._base_url == house.url
            assert _azure_environments._get_base_url_from_metadata() == house.url
            assert house.http.get(f"{house.url}/x").json()["host"] == house.url.removeprefix("https://")


def test_the_blob_client_speaks_to_the_accounts_own_name(home: Path) -> None:
    house = azurine.connect(home)
    from azure.storage.blob import BlobServiceClient

    assert isinstance(house.blobs, BlobServiceClient)
    assert house.blobs.url.rstrip("/") == house.blob_url == f"https://azurine.blob.localhost:{house.address.port}"
    house.blobs.get_service_properties()


def test_the_session_signs_its_requests(home: Path) -> None:
    house = azurine.connect(home)
    assert house.http.get(f"{house.url}/subscriptions").json()["kind"] == "owner"


def test_asynchronous_clients_trust_and_find_it_too(home: Path) -> None:
    import asyncio

    import aiohttp

    house = azurine.connect(home)

    async def ask() -> int:
        async with aiohttp.ClientSession() as session, session.get(f"{house.blob_url}/healthz") as answer:
            return answer.status

    assert asyncio.run(ask()) == 200


def test_mlflow_is_pointed_here_with_a_token_that_lasts_weeks(home: Path) -> None:
    house = azurine.connect(home)
    assert os.environ["MLFLOW_TRACKING_URI"] == house.tracking_uri
    assert house.tracking_uri.startswith(f"{house.url}/mlflow/v1.0/subscriptions/{house.subscription}/resourceGroups/azurine/providers/")
    claims = jwt.decode(os.environ["MLFLOW_TRACKING_TOKEN"], options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == client.TOKEN_LIFE
    assert house.mlflow().get_tracking_uri() == house.tracking_uri


def test_an_mlflow_that_was_pointed_elsewhere_is_turned(home: Path, tmp_path: Path) -> None:
    import mlflow

    mlflow.set_tracking_uri(f"sqlite:///{tmp_path / 'other.db'}")
    assert azurine.connect(home).tracking_uri == mlflow.get_tracking_uri()


def test_other_names_of_workspace_and_group(home: Path) -> None:
    house = azurine.connect(home, workspace="other", resource_group="rg", subscription="sub")
    assert house.workspace_id == "/subscriptions/sub/resourceGroups/rg/providers/Microsoft.MachineLearningServices/workspaces/other"
    assert house.ml.workspace_name == "other"


# ── what it does to the process ──


def test_no_other_host_is_called(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = azurine.connect(home)
    asked: set[str] = set()
    inner = socket.getaddrinfo

    def listening(host: Any, *rest: Any, **named: Any) -> Any:
        asked.add(str(host))
        return inner(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", listening)
    house.ml.jobs._set_headers_with_user_aml_token({})
    house.blobs.get_service_properties()
    assert asked == {"localhost", "azurine.blob.localhost"}


def test_what_was_trusted_before_is_trusted_still(home: Path, tmp_path: Path) -> None:
    company = certificates.prepare(tmp_path, 1_800_000_000.0).authority
    os.environ["REQUESTS_CA_BUNDLE"] = str(company)
    os.environ["NO_PROXY"] = "intranet"
    azurine.connect(home)
    for name in ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"):
        bundle = Path(os.environ[name]).read_bytes()
        for one in (company, home / "certs" / "ca.pem", Path(certifi.where())):
            assert certificates.contains(bundle, one.read_bytes())
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "intranet,localhost,.localhost,127.0.0.1"


def test_connecting_again_changes_nothing_more(home: Path) -> None:
    azurine.connect(home)
    before = {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_TOKEN"}
    azurine.connect(home)
    assert {name: value for name, value in os.environ.items() if name != "MLFLOW_TRACKING_TOKEN"} == before


def test_credentials_of_the_real_azure_in_the_environment_are_left_alone(home: Path) -> None:
    os.environ |= {"AZURE_CLIENT_ID": "real", "AZURE_CLIENT_SECRET": "real", "AZURE_TENANT_ID": "real"}
    assert azurine.connect(home).http.get(f"{client.server_url(home)}/x").json()["kind"] == "owner"
    assert os.environ["AZURE_CLIENT_ID"] == "real"


def test_importing_loads_no_client() -> None:
    script = "import sys, azurine.client; assert not {'azure.ai.ml', 'azure.identity', 'mlflow', 'requests', 'aiohttp'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


# ── other programs ──

OTHER_PROGRAM = """
from azure.identity import DefaultAzureCredential
from azure.ai.ml import MLClient, _azure_environments
client = MLClient(DefaultAzureCredential(), "s", "g", "w")
client.jobs._set_headers_with_user_aml_token({})
import json, mlflow, azurine
print(json.dumps([client._base_url, _azure_environments._get_storage_endpoint_from_metadata(), mlflow.get_tracking_uri(), azurine.connect().url]))
"""


def test_the_environment_points_a_plain_program_here(home: Path) -> None:
    """No word of ours in the first four lines: DefaultAzureCredential and MLClient as in Azure."""
    house = azurine.connect(home)
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROGRAM], env={**os.environ, **house.environment()}, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [house.url, f"localhost:{house.address.port}", house.tracking_uri, house.url]


def test_a_child_of_a_connected_process_calls_no_other_host(home: Path) -> None:
    """The client leaves its cloud's name in the environment; a child that imports it must be able to look it up here."""
    house = azurine.connect(home)
    assert house.ml is not None
    script = "from azure.ai.ml import _azure_environments as e; print(e._get_base_url_from_metadata())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, house.url, "")


def test_from_another_machine(home: Path, tmp_path: Path) -> None:
    """There is no home there: the address, a secret and a copy of the authority's certificate are given."""
    authority = tmp_path / "copy.pem"
    authority.write_bytes((home / "certs" / "ca.pem").read_bytes())
    os.environ |= {"AZURINE_HOME": str(tmp_path / "none"), "HOME": str(tmp_path)}
    principal, secret = directory.Directory(home / "identity").create("remote")
    url = client.server_url(home)
    house = azurine.connect(url=url, client_id=principal.app_id, client_secret=secret, authority=authority)
    assert house.http.get(f"{url}/x").json()["oid"] == principal.oid
    assert "AZURINE_HOME" not in house.environment()
    os.environ |= {"AZURINE_URL": str(url), "AZURINE_AUTHORITY": str(authority), "AZURE_CLIENT_ID": principal.app_id, "AZURE_CLIENT_SECRET": secret}
    assert azurine.connect().url == url


# ── what goes wrong ──


def test_no_server_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(errors.Missing, match=r"No server runs in the home .*azurine up --home") as caught:
        azurine.connect(tmp_path)
    assert caught.value.code == "ServerNotRunning"


@pytest.mark.parametrize("content", ["", "{}", '{"url": "http://localhost:1"}', '{"url": 7}', "[]"])
def test_a_damaged_note_of_the_server_is_as_none(tmp_path: Path, content: str) -> None:
    (tmp_path / "server.json").write_text(content)
    with pytest.raises(errors.Missing):
        azurine.connect(tmp_path)


def test_a_server_that_is_gone_is_said(home: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as once:
        port = once.getsockname()[1]
    for name in ("certs", "identity"):
        (tmp_path / name).symlink_to(home / name)
    (tmp_path / "server.json").write_text(json.dumps({"url": f"https://localhost:{port}"}))
    with pytest.raises(errors.Temporary, match="nobody listens there"):
        azurine.connect(tmp_path)


def test_somebody_else_at_the_servers_address_is_not_trusted(home: Path, tmp_path: Path) -> None:
    certificates.prepare(tmp_path / "certs", 1_800_000_000.0)
    directory.Directory(tmp_path / "identity")
    (tmp_path / "server.json").write_text(json.dumps({"url": client.server_url(home)}))
    with pytest.raises(errors.Temporary, match="not trusted"):
        azurine.connect(tmp_path)


@pytest.mark.parametrize("url", ["http://localhost:1", "localhost:8443", "https://", "https://x:port", "ftp://x", "https://[::1"])
def test_an_address_that_is_none_is_said(home: Path, url: str) -> None:
    with pytest.raises(errors.Invalid, match="https://localhost:8443"):
        azurine.connect(home, url)


def test_a_missing_authority_is_said(home: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.Invalid, match=r"ca\.pem"):
        azurine.connect(tmp_path, client.server_url(home), client_id="x", client_secret="y", authority=tmp_path / "nothing.pem")


def test_nobody_to_sign_in_as_is_said(home: Path, tmp_path: Path) -> None:
    with pytest.raises(errors.Unauthenticated, match="AZURE_CLIENT_ID"):
        azurine.connect(tmp_path, client.server_url(home), authority=home / "certs" / "ca.pem")


def test_a_wrong_secret_is_said(home: Path) -> None:
    with pytest.raises(errors.Unauthenticated, match="AADSTS7000215"):
        azurine.connect(home, client_id=directory.Directory(home / "identity").owner.app_id, client_secret="wrong")


def test_a_client_that_is_not_installed_is_named(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house = azurine.connect(home)
    monkeypatch.setitem(sys.modules, "azure.storage.blob", None)
    with pytest.raises(errors.Missing, match=r"azure-storage-blob is not installed.*azurine\[clients\]"):
        _ = house.blobs
