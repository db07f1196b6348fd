"""The control plane as the official client uses it: what it sends is understood, what it is answered it can read."""

import uuid
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def ml(connection: Any) -> Any:
    return connection.ml


def name() -> str:
    return f"t{uuid.uuid4().hex[:10]}"


def test_workspaces_are_listed_changed_and_diagnosed(ml: Any) -> None:
    assert ml.workspace_name in [one.name for one in ml.workspaces.list()]
    assert ml.workspace_name in [one.name for one in ml.workspaces.list(scope="subscription")]
    changed = ml.workspaces.begin_update(ml.workspaces.get(ml.workspace_name), description="mine", tags={"a": "b"}).result()
    assert (changed.description, changed.tags["a"]) == ("mine", "b")
    assert ml.workspaces.get_keys(ml.workspace_name).user_storage_key
    assert ml.workspaces.begin_diagnose(ml.workspace_name).result().storage_account_results == []


def test_versions_number_themselves_and_the_latest_is_the_newest_not_archived(ml: Any, tmp_path: Path) -> None:
    from azure.ai.ml.entities import Data

    (tmp_path / "a.csv").write_text("x\n1\n")
    asset = name()
    made = [ml.data.create_or_update(Data(name=asset, path=str(tmp_path / "a.csv"), type="uri_file")).version for _ in range(3)]
    assert made == ["1", "2", "3"]
    ml.data.archive(asset, version="3")
    assert ml.data.get(asset, label="latest").version == "2"
    assert [one.version for one in ml.data.list(name=asset)] == ["2", "1"]
    assert [one.latest_version for one in ml.data.list() if one.name == asset] == ["2"]
    ml.data.archive(asset)
    assert asset not in [one.name for one in ml.data.list()]
    ml.data.restore(asset)
    assert asset in [one.name for one in ml.data.list()]


def test_datastores_keep_their_secrets_and_there_is_a_default(ml: Any) -> None:
    from azure.ai.ml.entities import AccountKeyConfiguration, AzureBlobDatastore

    store = name()
    wanted = AzureBlobDatastore(name=store, account_name="contoso", container_name="c", credentials=AccountKeyConfiguration(account_key="a2V5"))
    ml.datastores.create_or_update(wanted)
    assert ml.datastores.get(store, include_secrets=True).credentials.account_key == "a2V5"
    assert ml.datastores.get_default().name == "workspaceblobstore"
    ml.datastores.delete(store)
    assert store not in [one.name for one in ml.datastores.list()]


def test_computes_come_and_go_and_tell_their_nodes_and_sizes(ml: Any) -> None:
    from azure.ai.ml.entities import AmlCompute

    compute = name()
    made = ml.compute.begin_create_or_update(AmlCompute(name=compute, size="STANDARD_DS11_V2", min_instances=0, max_instances=2)).result()
    assert str(made.provisioning_state).lower().endswith("succeeded")
    assert list(ml.compute.list_nodes(compute)) == []
    assert ml.compute.list_sizes()
    assert list(ml.compute.list_usage())
    ml.compute.begin_delete(compute).result()
    assert compute not in [one.name for one in ml.compute.list()]


def test_jobs_are_cancelled_changed_archived_and_deleted(ml: Any) -> None:
    from azure.ai.ml import command
    from azure.core.exceptions import ResourceNotFoundError

    def wait(seconds: int) -> Any:
        return command(command=f"sleep {seconds}", environment="azureml:AzureML-sklearn-1.5@latest", experiment_name="waiting")

    job = ml.jobs.create_or_update(wait(100)).name
    ml.jobs.begin_cancel(job).result()
    assert ml.jobs.get(job).status == "Canceled"
    changed = ml.jobs.update(job, display_name="slept", tags={"team": "red"})
    assert (changed.display_name, changed.tags["team"]) == ("slept", "red")
    ml.jobs.archive(job)
    assert job not in [one.name for one in ml.jobs.list()]
    assert job in [one.name for one in ml.jobs.list(list_view_type="ArchivedOnly")]
    ml.jobs.restore(job)
    assert job in [one.name for one in ml.jobs.list()]
    ml.jobs.begin_delete(job).result()
    with pytest.raises(ResourceNotFoundError):
        ml.jobs.get(job)


def test_what_is_refused_says_why_to_the_client(ml: Any) -> None:
    from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

    with pytest.raises(ResourceNotFoundError) as missing:
        ml.compute.get("nowhere")
    assert missing.value.error.code == "ResourceNotFound"
    with pytest.raises(HttpResponseError) as wrong:
        ml.jobs.get("a..b")
    assert wrong.value.status_code == 400
