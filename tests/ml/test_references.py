"""Which resource a text means, in every form that clients and files use."""

import pytest

from azurine.ml import curated, environments, numbers, references
from azurine.model import errors

WORKSPACE = "subscriptions/s/resourceGroups/g/workspaces/shop"
ARM = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/shop"


@pytest.mark.parametrize(
    ("collection", "text", "found"),
    [
        ("data", "azureml:patients:1", "data/patients/versions/1"),
        ("data", "patients:2", "data/patients/versions/2"),
        ("data", "azureml:patients@latest", "data/patients/versions/2"),
        ("data", f"{ARM}/data/patients/versions/1", "data/patients/versions/1"),
        ("data", f"azureml:{ARM}/data/patients/versions/1", "data/patients/versions/1"),
        ("data", f"azureml:{ARM}/data/patients/labels/latest", "data/patients/versions/2"),
        ("data", f"{ARM.lower().replace('microsoft', 'Microsoft')}/data/patients/versions/1", "data/patients/versions/1"),
        ("data", f"{WORKSPACE}/data/patients/versions/1", "data/patients/versions/1"),
        ("data", f"azureml://locations/local/workspaces/{numbers.workspace(WORKSPACE)}/data/patients/versions/1", "data/patients/versions/1"),
        ("components", "prep@latest", "components/prep/versions/1"),
        ("codes", f"{ARM}/codes/c/versions/1", "codes/c/versions/1"),
        ("environments", "azureml:azurine-host:1", "environments/azurine-host/versions/1"),
        ("environments", "azureml:azurine-host@latest", "environments/azurine-host/versions/1"),
        ("environments", "azureml://registries/azureml/environments/sklearn-1.5/labels/latest", "environments/sklearn-1.5/versions/1"),
        ("environments", "azureml://registries/azureml/environments/sklearn-1.5/versions/33", "environments/sklearn-1.5/versions/33"),
        ("environments", f"{ARM}/environments/azureml:sklearn-1.5/versions/1", "environments/sklearn-1.5/versions/1"),
        ("environments", "azureml:AzureML-sklearn-1.5@latest", "environments/AzureML-sklearn-1.5/versions/1"),
        (
            "environments",
            "azureml:AzureML-sklearn-0.24-ubuntu18.04-py37-cpu:44",
            "environments/AzureML-sklearn-0.24-ubuntu18.04-py37-cpu/versions/44",
        ),
        ("environments", f"{ARM}/environments/AzureML-lightgbm-3.3/versions/1", "environments/AzureML-lightgbm-3.3/versions/1"),
    ],
)
def test_the_version_that_is_meant(house, collection, text, found):
    assert references.find_version(house, WORKSPACE, collection, text).id == f"{WORKSPACE}/{found}"


@pytest.mark.parametrize(
    ("collection", "text", "says"),
    [
        ("data", "azureml:patients:9", "there is no data asset 'patients:9' in the workspace"),
        ("data", "azureml:nobody@latest", "there is no data asset 'nobody@latest'"),
        ("data", "azureml:patients", "write patients:<version> or patients@latest"),
        ("data", "azureml:patients@newest", "the only label known here is @latest"),
        ("data", f"{ARM}/models/patients/versions/1", "does not name a data asset"),
        ("data", "", "does not name a data asset"),
        ("data", "../../etc/passwd", "does not name a data asset"),
        ("data", "azureml://locations/local/workspaces/0000/data/patients/versions/1", "does not name a data asset"),
        ("data", "x" * 100_000, "does not name a data asset"),
        (
            "components",
            "azureml://registries/mine/components/x/versions/1",
            "the registry 'mine' is not known here; the registry of this server is azureml",
        ),
        ("environments", "azureml://registries/mine/environments/sklearn-1.5/versions/1", "there is no curated environment"),
        ("environments", "azureml:AzureML-pytorch-1.10:1", "there is no environment 'AzureML-pytorch-1.10:1'"),
    ],
)
def test_what_is_not_there_is_said_at_its_path(house, collection, text, says):
    with pytest.raises(errors.Invalid) as caught:
        references.find_version(house, WORKSPACE, collection, text, path="properties.x")
    assert says in caught.value.message
    assert caught.value.path == "properties.x"
    assert len(caught.value.message) < 500


def test_latest_is_what_was_created_last_not_what_counts_highest(house):
    house.put("data/patients/versions/0", {"properties": {"dataUri": "https://x/"}})
    assert references.find_version(house, WORKSPACE, "data", "patients@latest").name == "0"


def test_latest_leaves_archived_versions_out(house):
    body = house.show(house.get(f"{WORKSPACE}/data/patients/versions/2"))
    house.put("data/patients/versions/2", {"properties": {**body["properties"], "isArchived": True}})
    assert references.find_version(house, WORKSPACE, "data", "patients@latest").name == "1"


@pytest.mark.parametrize("text", ["dev", "azureml:dev", f"{ARM}/computes/dev"])
def test_things_without_versions(house, text):
    house.put("computes/dev", {"properties": {"computeType": "AmlCompute"}})
    assert references.find(house, WORKSPACE, "computes", text).name == "dev"


@pytest.mark.parametrize("text", ["nobody", "dev:1", "dev@latest", f"{ARM}/datastores/dev", "a/b"])
def test_things_without_versions_that_are_not_there(house, text):
    house.put("computes/dev", {"properties": {"computeType": "AmlCompute"}})
    with pytest.raises(errors.Invalid, match="compute"):
        references.find(house, WORKSPACE, "computes", text)


@pytest.mark.parametrize(
    ("name", "host"),
    [
        ("azurine-host", True),
        ("sklearn-1.5", True),
        ("AzureML-sklearn-1.0-ubuntu20.04-py38-cpu", True),
        ("AzureML-Minimal", True),
        ("AzureML-lightgbm-3.3", False),
        ("acpt-pytorch-2.2-cuda12.1", None),
        ("sklearn", None),
        ("x" * 100_000, None),
    ],
)
def test_curated_names(name, host):
    found = curated.known(name)
    assert (found["host"] if found else None) == host
    if found and not host:
        assert "lightgbm" in found["properties"]["condaFile"]


def test_a_curated_environment_is_told_from_a_users_own(house):
    host = references.find_version(house, WORKSPACE, "environments", "azurine-host:1")
    own = house.put("environments/own/versions/1", {"properties": {"image": "x", "condaFile": "dependencies: []"}})
    assert (environments.on_host(host), environments.on_host(own)) == (True, False)
    assert house.show(host)["properties"]["environmentType"] == "Curated"
    assert house.show(own)["properties"]["environmentType"] == "UserCreated"
    assert "plan" not in house.show(host)


def test_a_user_may_not_pass_an_environment_off_as_curated(house):
    own = house.put("environments/azurine-host/versions/2", {"properties": {"image": "mine"}, "plan": {"host": True}})
    assert not environments.on_host(own)
