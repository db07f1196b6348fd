"""A datastore has its container from the moment it is made: plays."""

from azurine.model.decisions import Outcome
from azurine.model.resources import Json
from azurine.store.log import Mark
from ml.jobs.stage import KINDS, WORKSPACE, Stage


def blob(container: str) -> Json:
    return {"properties": {"datastoreType": "AzureBlob", "accountName": "azurine", "containerName": container}}


def shown(stage: Stage, name: str) -> Json:
    found = stage.store.get(f"{WORKSPACE}/datastores/{name}")
    assert found is not None
    return KINDS[found.kind].show(found)["properties"]


def test_its_container_is_wished_for_once_for_each_place_it_has_had() -> None:
    stage = Stage()
    for container in ("one", "one", "two"):
        stage.put("datastores/d", blob(container))
        stage.settle()
        for file in stage.containers.files.values():
            file(Outcome("succeeded"))
        stage.settle()
    assert [wish["container"] for wish in stage.containers.wishes.values()] == ["one", "two"]
    assert f"{WORKSPACE}/datastores/d" not in stage.store.unsettled()


def test_a_container_that_cannot_be_made_is_told_and_blocks_nothing() -> None:
    stage = Stage()
    stage.put("datastores/d", blob("full"))
    stage.settle()
    [key] = [one for one in stage.containers.files if one.endswith("/full")]
    stage.containers.files[key](Outcome("failed", {}, {"code": "DiskFull", "message": "no space is left"}))
    stage.settle()
    assert shown(stage, "d")["containerError"]["message"] == "no space is left"
    stage.command("j", inputs={"d": {"jobInputType": "uri_folder", "uri": "azureml://datastores/d/paths/x"}})
    stage.settle()
    assert stage.status("j") == "Queued"
    stage.put("datastores/d", {"properties": {**shown(stage, "d"), "containerName": "other"}})
    stage.settle()
    assert "containerError" not in (stage.store.get(f"{WORKSPACE}/datastores/d") or stage.job("j")).spec["properties"]


def test_one_that_lies_elsewhere_wishes_for_nothing_and_a_leaving_one_goes() -> None:
    stage = Stage()
    stage.put("datastores/lake", {"properties": {"datastoreType": "AzureDataLakeGen1", "storeName": "s"}})
    stage.settle()
    assert stage.containers.wishes == {}
    stage.store.write([Mark(f"{WORKSPACE}/datastores/lake")], stage.clock())
    stage.settle()
    assert stage.store.get(f"{WORKSPACE}/datastores/lake") is None
