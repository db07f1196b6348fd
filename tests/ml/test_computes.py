"""How a compute comes up, grows, changes and goes: this look, that decision."""

from dataclasses import replace

import pytest

from azurine.ml import computes
from azurine.model import errors
from azurine.model.decisions import Cease, Perform
from azurine.model.kinds import Look


def cluster(house, **scale):
    settings = {"minNodeCount": 0, "maxNodeCount": 2, "nodeIdleTimeBeforeScaleDown": "PT2M", **scale}
    return house.put(
        "computes/dev", {"properties": {"computeType": "AmlCompute", "properties": {"vmSize": "STANDARD_D2_V2", "scaleSettings": settings}}}
    )


def instance(house):
    return house.put("computes/mine", {"properties": {"computeType": "ComputeInstance"}})


def look(house, resource, **outcomes):
    """A look at the compute when its cluster told the given outcomes: state=output."""
    return Look(resource, (), house.now, house)


def told(resource, state, output=None, error=None, key=None):
    outcomes = {**resource.status.get("outcomes", {}), key or computes.key(resource): {"state": state, "output": output or {}, "error": error}}
    return replace(resource, status={**resource.status, "outcomes": outcomes})


def decided(house, resource):
    """The resource with the decision's status filed, as the loop does it."""
    decision = computes.decide(look(house, resource))
    return decision, replace(resource, status={**decision.status, "outcomes": resource.status.get("outcomes", {})})


def test_a_new_cluster_wishes_for_its_nodes(house):
    made = cluster(house)
    decision, after = decided(house, made)
    wish = Perform(computes.key(made), "cluster", {"id": made.id, "name": "dev", "min": 0, "max": 2, "idle": 120.0, "scheduler": "", "slots": 1})
    assert decision.effects == (wish,)
    assert not decision.settled
    assert house.show(after)["properties"]["provisioningState"] == "Creating"


def test_what_the_cluster_tells_is_what_the_compute_shows(house):
    made = told(cluster(house), "running", {"current": 1, "target": 2, "running": 1, "idle": 0, "state": "Resizing"})
    decision, after = decided(house, made)
    shown = house.show(after)["properties"]
    assert shown["provisioningState"] == "Succeeded"
    assert (shown["properties"]["currentNodeCount"], shown["properties"]["targetNodeCount"], shown["properties"]["allocationState"]) == (
        1,
        2,
        "Resizing",
    )
    assert shown["properties"]["nodeStateCounts"]["runningNodeCount"] == 1
    assert [type(one) for one in decision.effects] == [Perform]


def test_a_cluster_that_could_not_be_started_says_why(house):
    made = told(cluster(house), "failed", error={"code": "SchedulerUnreachable", "message": "nobody answers at tcp://host:8786"})
    shown = house.show(decided(house, made)[1])["properties"]
    assert shown["provisioningState"] == "Failed"
    assert shown["provisioningErrors"] == [{"error": {"code": "SchedulerUnreachable", "message": "nobody answers at tcp://host:8786"}}]


def test_another_size_is_another_generation_and_the_old_one_ceases(house):
    first = told(cluster(house), "running", {"current": 1})
    house.resources[first.id] = first
    second = cluster(house, maxNodeCount=4)
    assert computes.key(first) != computes.key(second)
    decision, _ = decided(house, second)
    assert decision.effects[0] == Cease(computes.key(first), "cluster")
    assert isinstance(decision.effects[1], Perform)
    assert decision.effects[1].arguments["max"] == 4


def test_new_words_about_it_are_the_same_generation(house):
    first = cluster(house)
    body = {**house.show(first), "tags": {"a": "b"}}
    assert computes.key(house.put("computes/dev", body)) == computes.key(first)


def test_a_cluster_made_anew_under_an_old_name_is_not_the_old_one(house):
    first = cluster(house)
    del house.resources[first.id]
    assert computes.key(cluster(house)) != computes.key(first)


def test_a_deleted_cluster_ceases_and_goes_when_it_has_ended(house):
    made = told(cluster(house), "running", {"current": 1})
    going = replace(made, deleting=True)
    decision, _ = decided(house, going)
    assert decision.effects == (Cease(computes.key(made), "cluster"),)
    assert not decision.settled
    gone, after = decided(house, told(going, "cancelled"))
    assert (gone.effects, gone.settled) == ((), True)
    assert house.show(after)["properties"]["provisioningState"] == "Deleting"


def test_a_cluster_deleted_before_anything_was_heard_of_it_still_ceases(house):
    decision, _ = decided(house, replace(cluster(house), deleting=True))
    assert [type(one) for one in decision.effects] == [Cease]
    assert decision.settled


def test_an_instance_stops_and_starts_as_wished(house):
    made = told(instance(house), "running", {"current": 1})
    _, running = decided(house, made)
    assert house.show(running)["properties"]["properties"]["state"] == "Running"
    stopping = replace(running, spec=computes.stop(running, {}))
    decision, stopped = decided(house, stopping)
    assert decision.effects == (Cease(computes.key(made), "cluster"),)
    assert house.show(stopping)["properties"]["properties"]["state"] == "Stopping"
    stopped = told(stopped, "cancelled")
    assert house.show(stopped)["properties"]["properties"]["state"] == "Stopped"
    assert not computes.started(stopped)
    again = replace(stopped, spec=computes.start(stopped, {}))
    decision, _ = decided(house, again)
    assert isinstance(decision.effects[0], Perform)
    assert decision.effects[0].key != computes.key(made)
    assert (decision.effects[0].arguments["min"], decision.effects[0].arguments["max"]) == (1, 1)


def test_only_an_instance_can_be_stopped(house):
    with pytest.raises(errors.Invalid, match="only a compute instance"):
        computes.stop(cluster(house), {})


def test_a_compute_accepted_by_name_has_no_cluster_and_takes_steps(house):
    made = house.put("computes/kube", {"properties": {"computeType": "Kubernetes", "resourceId": "/x"}})
    decision, after = decided(house, made)
    assert (decision.effects, decision.settled, computes.key(made), computes.started(made)) == ((), True, None, True)
    assert house.show(after)["properties"]["provisioningState"] == "Succeeded"


def test_an_attached_scheduler_is_named_in_the_wish(house):
    made = house.put("computes/dev", {"tags": {computes.SCHEDULER: "tcp://10.0.0.1:8786"}, "properties": {"computeType": "AmlCompute"}})
    decision, after = decided(house, made)
    assert decision.effects[0].arguments["scheduler"] == "tcp://10.0.0.1:8786"
    assert house.show(after)["properties"]["isAttachedCompute"] is True


def test_another_type_under_the_same_name_is_refused(house):
    cluster(house)
    with pytest.raises(errors.Conflict, match="delete it"):
        house.put("computes/dev", {"properties": {"computeType": "ComputeInstance"}})


def test_passwords_are_kept_and_not_shown(house):
    detail = {"userAccountCredentials": {"adminUserName": "u", "adminUserPassword": "S3CRET"}, "scaleSettings": {"maxNodeCount": 1}}
    made = house.put("computes/dev", {"properties": {"computeType": "AmlCompute", "properties": detail}})
    assert "S3CRET" not in str(house.show(made))
    assert house.show(made)["properties"]["properties"]["userAccountCredentials"] == {"adminUserName": "u"}
    assert made.spec["plan"]["secrets"] == {"adminUserPassword": "S3CRET"}


def test_sizes_that_files_use_are_known():
    assert "STANDARD_DS11_V2" in {one["name"] for one in computes.sizes()}
