from typing import Any

import pytest

from api.toys import GROUP, KINDS, PROVIDER, Door, Someone, signed_in
from api.toys import keep as admit
from api.toys import show as shown
from azurine.api import questions
from azurine.api.routes import create_app
from azurine.api.stores import Stores
from azurine.model.clock import Movable
from azurine.model.kinds import Kind
from azurine.store.memory import MemoryLog

WORKSPACE = f"{GROUP}/providers/{PROVIDER}/workspaces/w1"


class Storage:
    def __init__(self) -> None:
        self.containers: list[tuple[str, str]] = []
        self.seconds: list[float] = []

    def sign(self, account: str, container: str, permissions: str, seconds: float) -> str:
        self.seconds.append(seconds)
        return f"sp={permissions}&sig={account}-{container}"

    def stores(self) -> Stores:
        return Stores(
            self.sign,
            lambda account: f"https://{account}.blob.localhost:9999",
            lambda account, container: self.containers.append((account, container)),
            lambda account: account == "azurine",
            lambda account: ["a2V5MQ==", "a2V5Mg=="],
        )


@pytest.fixture
def storage() -> Storage:
    return Storage()


@pytest.fixture
def house(storage: Storage) -> Door:
    kinds = dict(KINDS)
    for name in ("datastores", "computes"):
        kinds[f"workspaces/{name}"] = Kind(f"workspaces/{name}", admit, shown)
    kinds["workspaces/codes"] = Kind("workspaces/codes", admit, shown, container=True)
    kinds["workspaces/codes/versions"] = Kind("workspaces/codes/versions", admit, shown)
    table = questions.table(
        storage.stores(),
        account_of=lambda workspace: "azurine",
        location=lambda store: store.spec["properties"],
        secrets=lambda store: {"secretsType": "AccountKey", "key": "theirs"},
        nodes=lambda compute: [{"nodeId": "n1", "nodeState": "idle"}],
    )
    log, clock = MemoryLog(), Movable()
    made = Door(create_app(log, kinds, clock=clock, table=table, sign_in=signed_in), log, clock)
    for path in ("/subscriptions/s1", GROUP, WORKSPACE, f"{WORKSPACE}/computes/c"):
        made.put(path)
    made.put(f"{WORKSPACE}/datastores/ours", {"properties": {"account": "azurine", "container": "azureml-blobstore"}})
    made.put(f"{WORKSPACE}/datastores/theirs", {"properties": {"account": "contoso", "container": "x"}})
    return made


def test_secrets_of_our_own_storage_are_a_signature_for_a_while(house: Door, storage: Storage) -> None:
    answer = house.post(f"{WORKSPACE}/datastores/ours/listSecrets", {"expirableSecret": True, "expireAfterHours": 2})
    assert answer.body == {"secretsType": "Sas", "sasToken": "sp=racwdl&sig=azurine-azureml-blobstore"}
    assert storage.seconds == [7200.0]
    assert house.post(f"{WORKSPACE}/datastores/ours/listSecrets").body["secretsType"] == "Sas"
    assert house.post(f"{WORKSPACE}/datastores/ours/listSecrets", {"expirableSecret": False}).body == {"secretsType": "AccountKey", "key": "a2V5MQ=="}


def test_secrets_of_storage_elsewhere_are_what_was_registered(house: Door) -> None:
    assert house.post(f"{WORKSPACE}/datastores/theirs/listSecrets").body == {"secretsType": "AccountKey", "key": "theirs"}


@pytest.mark.parametrize("hours", [0, -1, 1000, "1", True, None])
def test_a_lifetime_that_makes_no_sense_is_refused(house: Door, hours: Any) -> None:
    assert house.post(f"{WORKSPACE}/datastores/ours/listSecrets", {"expireAfterHours": hours}).error["target"] == "expireAfterHours"


def test_an_upload_gets_a_container_of_its_own_and_the_same_one_again(house: Door, storage: Storage) -> None:
    path = f"{WORKSPACE}/codes/c1/versions/1/startPendingUpload"
    answer = house.post(path, {"pendingUploadType": "TemporaryBlobReference"})
    reference = answer.body["blobReferenceForConsumption"]
    assert answer.status == 200
    assert reference["credential"]["credentialType"] == "SAS"
    assert reference["credential"]["sasUri"].startswith(reference["blobUri"] + "?sp=")
    assert reference["blobUri"].startswith("https://azurine.blob.localhost:9999/upload-")
    assert storage.containers == [("azurine", reference["blobUri"].rsplit("/", 1)[1])]
    assert house.post(path).body["pendingUploadId"] == answer.body["pendingUploadId"]
    assert house.post(path.replace("c1", "c2")).body["pendingUploadId"] != answer.body["pendingUploadId"]
    assert house.get(f"{WORKSPACE}/codes/c1").status == 404
    assert house.post(path.replace("w1", "none")).status == 404


def test_questions_about_a_workspace(house: Door) -> None:
    keys = house.post(f"{WORKSPACE}/listKeys").body
    assert keys["userStorageKey"] == "a2V5MQ=="
    assert keys["userStorageArmId"].endswith("/providers/Microsoft.Storage/storageAccounts/azurine")
    assert house.post(f"{WORKSPACE}/listStorageAccountKeys").body == {"userStorageKey": "a2V5MQ=="}
    assert house.post(f"{WORKSPACE}/diagnose", {"value": {}}).body["value"]["storageAccountResults"] == []
    assert (house.post(f"{WORKSPACE}/resyncKeys").status, house.post(f"{WORKSPACE}/resyncKeys").raw) == (200, b"")
    assert house.post(f"{WORKSPACE}/listNotebookAccessToken").body["accessToken"] == ""
    assert house.post(f"{GROUP}/providers/{PROVIDER}/workspaces/none/listKeys").status == 404
    assert Someone.object_id


def test_nodes_of_a_compute(house: Door) -> None:
    assert house.post(f"{WORKSPACE}/computes/c/listNodes").body == {"nodes": [{"nodeId": "n1", "nodeState": "idle"}]}
    assert house.post(f"{WORKSPACE}/computes/none/listNodes").status == 404
