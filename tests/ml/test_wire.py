"""What the official client sends is taken, and what is answered is what the client reads: there and back for every asset.

No server: the client's own serialisers make the bodies, and its own readers take the answers.
"""

import json
import warnings

import pytest

with warnings.catch_warnings():
    # The client warns at import of features it has itself marked experimental or deprecated.
    warnings.simplefilter("ignore")
    from azure.ai.ml import entities, load_component
    from azure.ai.ml._restclient.arm_ml_service import models as rest
    from azure.ai.ml._restclient.arm_ml_service._utils.model_base import SdkJSONEncoder, _deserialize
    from azure.ai.ml.entities import AccountKeyConfiguration, SasTokenConfiguration, ServicePrincipalConfiguration

PROVIDER = "/providers/Microsoft.MachineLearningServices/workspaces"
pytestmark = pytest.mark.filterwarnings("ignore")
"""The client's own warnings are not ours to mend."""


def sent(entity) -> dict:
    """The body as the client would send it."""
    return json.loads(json.dumps(entity._to_rest_object(), cls=SdkJSONEncoder, exclude_readonly=True))


def read(model: str, house, resource) -> object:
    """The answer as the client would read it, envelope and all."""
    envelope = {
        "id": "/" + resource.id.replace("/workspaces", PROVIDER, 1),
        "name": resource.name,
        "type": f"Microsoft.MachineLearningServices/{resource.kind}",
        "systemData": {"createdBy": "me", "createdByType": "User", "createdAt": "2026-11-23T08:00:00Z"},
    }
    return _deserialize(getattr(rest, model), {**envelope, **json.loads(json.dumps(house.show(resource)))})


def test_data(house):
    data = entities.Data(
        name="d", version="1", path="azureml://datastores/workspaceblobstore/paths/x/y.csv", type="uri_file", tags={"a": "b"}, description="said"
    )
    made = house.put("data/d/versions/1", sent(data))
    back = entities.Data._from_rest_object(read("DataVersionBase", house, made))
    assert (back.path, back.type, back.tags, back.description, back.version) == (data.path, "uri_file", {"a": "b"}, "said", "1")


def test_a_data_container(house):
    body = {"properties": {}}
    back = entities.Data._from_container_rest_object(read("DataContainer", house, house.put("data/d", body)))
    assert (back.name, back.type) == ("d", "uri_folder")


@pytest.mark.parametrize("flavors", [None, {"sklearn": {"sklearn_version": "1.5"}}])
def test_a_model(house, flavors):
    model = entities.Model(
        name="m", version="3", path="azureml://jobs/j1/outputs/model/paths/", type="mlflow_model", flavors=flavors, properties={"Accuracy": 0.7}
    )
    back = entities.Model._from_rest_object(read("ModelVersion", house, house.put("models/m/versions/3", sent(model))))
    assert (back.path, back.type, back.version, back.properties) == (model.path, "mlflow_model", "3", {"Accuracy": "0.7"})
    assert back.flavors == (flavors or {}) or back.flavors is None


def test_an_environment(house):
    conda = {"name": "e", "dependencies": ["python=3.10", {"pip": ["pandas<2"]}]}
    environment = entities.Environment(name="e", version="1", image="mcr.microsoft.com/x:1", conda_file=conda)
    back = entities.Environment._from_rest_object(read("EnvironmentVersion", house, house.put("environments/e/versions/1", sent(environment))))
    assert (back.image, back.conda_file, back.version) == (environment.image, conda, "1")


def test_code(house):
    code = entities._assets.Code(name="c", version="9", path="https://azurine.blob.localhost:1/azureml-blobstore/LocalUpload/h/src")
    made = house.put("codes/c/versions/9", sent(code))
    assert entities._assets.Code._from_rest_object(read("CodeVersion", house, made)).path == code.path


def test_a_command_component(house, tmp_path):
    file = tmp_path / "c.yml"
    file.write_text(
        """
name: scale
version: 4
type: command
display_name: Scale
inputs: {raw: {type: uri_folder}, n: {type: integer, default: 3, min: 1, max: 4}, way: {type: string, enum: [up, down], optional: true}}
outputs: {out: {type: uri_file}}
command: python scale.py ${{inputs.raw}} ${{inputs.n}} $[[--way ${{inputs.way}}]] > ${{outputs.out}}
environment: azureml://registries/azureml/environments/sklearn-1.5/labels/latest
""",
        encoding="utf-8",
    )
    component = load_component(str(file))
    made = house.put("components/scale/versions/4", sent(component))
    back = entities.Component._from_rest_object(read("ComponentVersion", house, made))
    assert (back.name, back.version, back.command) == ("scale", "4", component.command)
    assert back.inputs["n"].default == 3 or back.inputs["n"].default == "3"
    assert house.put("components/scale/versions/4", sent(load_component(str(file)))).spec == made.spec


@pytest.mark.parametrize(
    ("datastore", "hidden"),
    [
        (
            entities.AzureBlobDatastore(name="d", account_name="acc", container_name="c", credentials=AccountKeyConfiguration(account_key="S3CRET")),
            "key",
        ),
        (
            entities.AzureBlobDatastore(name="d", account_name="acc", container_name="c", credentials=SasTokenConfiguration(sas_token="S3CRET")),
            "sasToken",
        ),
        (
            entities.AzureDataLakeGen2Datastore(
                name="d",
                account_name="acc",
                filesystem="f",
                credentials=ServicePrincipalConfiguration(tenant_id="t", client_id="c", client_secret="S3CRET"),
            ),
            "clientSecret",
        ),
        (entities.AzureFileDatastore(name="d", account_name="acc", file_share_name="f"), None),
        (entities.AzureDataLakeGen1Datastore(name="d", store_name="st"), None),
    ],
)
def test_a_datastore_keeps_its_secret_to_itself(house, datastore, hidden):
    from azurine.ml import datastores

    made = house.put("datastores/d", sent(datastore))
    assert "S3CRET" not in json.dumps(house.show(made))
    assert (datastores.secrets(made).get(hidden) == "S3CRET") if hidden else datastores.secrets(made) == {"secretsType": "None"}
    back = entities.Datastore._from_rest_object(read("Datastore", house, made))
    assert type(back) is type(datastore)
    again = house.put("datastores/d", sent(back))
    assert datastores.secrets(again) == datastores.secrets(made)


@pytest.mark.parametrize(
    "compute",
    [
        entities.AmlCompute(name="dev", size="STANDARD_DS3_V2", min_instances=0, max_instances=2, idle_time_before_scale_down=120, tags={"a": "b"}),
        entities.AmlCompute(name="dev", tier="low_priority", max_instances=1, tags={"azurine.dask.scheduler": "tcp://host:8786"}),
        entities.ComputeInstance(name="dev", size="STANDARD_DS3_V2", idle_time_before_shutdown_minutes=15),
        entities.KubernetesCompute(name="dev", resource_id="/x", namespace="n"),
        entities.VirtualMachineCompute(
            name="dev", resource_id="/x", ssh_settings=entities.VirtualMachineSshSettings(admin_username="u", admin_password="S3CRET")
        ),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_compute(house, compute):
    made = house.put("computes/dev", sent(compute))
    assert "S3CRET" not in json.dumps(house.show(made))
    back = entities.Compute._from_rest_object(read("ComputeResource", house, made))
    assert type(back) is type(compute)
    for field in ("size", "min_instances", "max_instances", "idle_time_before_scale_down", "tags", "tier"):
        given = getattr(compute, field, None)
        assert given is None or getattr(back, field) == given
    assert back.provisioning_state == "Creating"


def test_a_workspace(house):
    made = house.get("subscriptions/s/resourceGroups/g/workspaces/shop")
    back = entities.Workspace._from_rest_object(read("Workspace", house, made))
    assert (back.name, back.location, back.resource_group) == ("shop", "local", "g")
    assert back.discovery_url == "https://localhost:8443/discovery"
    assert back.mlflow_tracking_uri.startswith("https://localhost:8443/mlflow/v1.0/subscriptions/s/resourceGroups/g/providers/")
    assert house.put(made.id, sent(back)).spec["location"] == "local"


@pytest.mark.parametrize(
    ("identifier", "model", "body"),
    [
        ("data/d/versions/1", "DataVersionBase", {"dataUri": "https://x/y", "dataType": "uri_file"}),
        ("models/d/versions/1", "ModelVersion", {"modelUri": "https://x/y", "stage": "Production"}),
        ("environments/d/versions/1", "EnvironmentVersion", {"image": "x"}),
        ("components/d/versions/1", "ComponentVersion", {"componentSpec": {"command": "true", "environment": "azurine-host:1", "type": "command"}}),
        ("data/d", "DataContainer", {}),
        ("environments/d", "EnvironmentContainer", {}),
    ],
)
def test_archive_and_restore_as_the_client_does_them(house, identifier, model, body):
    from azure.ai.ml._utils._asset_utils import _archive_restore_body

    made = house.put(identifier, {"properties": body})
    for archived in (True, False):
        found = read(model, house, made)
        found.properties.is_archived = archived
        again = json.loads(json.dumps(_archive_restore_body(found, drop_stage=True), cls=SdkJSONEncoder, exclude_readonly=True))
        made = house.put(identifier, again)
        assert house.show(made)["properties"]["isArchived"] is archived
    assert house.show(made)["properties"].get("stage") == body.get("stage")
