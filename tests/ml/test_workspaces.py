"""What a workspace has from the first day, and what it tells of itself."""

from dataclasses import replace

from azurine import ml
from azurine.ml import datastores, numbers, workspaces
from azurine.model.decisions import Create
from azurine.model.kinds import Look

WORKSPACE = "subscriptions/s/resourceGroups/g/workspaces/other"


def test_a_new_workspace_asks_for_its_defaults_once(house):
    made = house.put(WORKSPACE, {"properties": {"storageAccount": "/subscriptions/s/x/storageAccounts/mystore"}})
    decision = workspaces.decide(Look(made, (), house.now, house))
    assert [type(one) for one in decision.effects] == [Create] * 6
    assert decision.settled
    for wish in decision.effects:
        house.put(wish.id, wish.body, owner=made.id)
    assert workspaces.decide(Look(made, (), house.now, house)).effects == ()
    blobs = house.get(f"{WORKSPACE}/datastores/workspaceblobstore")
    assert datastores.location(blobs) == {
        "type": "AzureBlob",
        "account": "mystore",
        "container": f"azureml-blobstore-{numbers.workspace(WORKSPACE)}",
        "endpoint": "",
        "protocol": "https",
    }
    defaults = [one.name for one in house.children(WORKSPACE, "workspaces/datastores") if house.show(one)["properties"]["isDefault"]]
    assert defaults == ["workspaceblobstore"]


def test_a_workspace_that_goes_asks_for_nothing(house):
    made = replace(house.put(WORKSPACE, {}), deleting=True)
    decision = workspaces.decide(Look(made, (), house.now, house))
    assert (decision.effects, decision.settled, decision.status) == ((), True, {"provisioningState": "Deleting"})


def test_what_it_tells_of_itself(house):
    shown = house.show(house.put(WORKSPACE, {"tags": {"a": "b"}, "properties": {"friendlyName": "Ours", "description": "said"}}))
    assert (shown["location"], shown["tags"], shown["kind"]) == ("local", {"a": "b"}, "Default")
    told = shown["properties"]
    assert (told["friendlyName"], told["description"], told["provisioningState"]) == ("Ours", "said", "Succeeded")
    assert told["workspaceId"] == numbers.workspace(WORKSPACE) == numbers.workspace(WORKSPACE)
    assert told["storageAccount"].endswith("/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/azurine")
    assert told["mlFlowTrackingUri"].endswith("/providers/Microsoft.MachineLearningServices/workspaces/other")


def test_every_kind_has_a_name_of_its_own():
    names = [kind.name for kind in ml.KINDS]
    assert len(names) == len(set(names))


def test_an_experiment_has_a_number_that_lasts(house):
    made = house.put("experiments/diabetes training", {})
    shown = house.show(made)["properties"]
    assert shown["experimentId"] == numbers.experiment(made.id)
    assert (len(shown["experimentId"]), shown["experimentId"].isdigit(), shown["lifecycle"]) == (18, True, "active")
    archived = house.put("experiments/diabetes training", {"properties": {"isArchived": True}})
    assert house.show(archived)["properties"]["lifecycle"] == "deleted"
