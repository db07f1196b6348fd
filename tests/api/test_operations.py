import pytest

from api.toys import WORKSPACE, WORKSPACE_ID, Answer, Door, furnished
from azurine.api.operations import Operation, encode
from azurine.store.log import Remove

ENGINE = f"{WORKSPACE}/engines/e1"
ENGINE_ID = f"{WORKSPACE_ID}/engines/e1"


@pytest.fixture
def house() -> Door:
    return furnished()


def ask(house: Door, answer: Answer, header: str) -> Answer:
    return house.get(answer.headers[header].removeprefix("https://localhost:9999"))


def test_a_put_that_takes_time_is_an_operation_until_the_resource_says_otherwise(house: Door) -> None:
    made = house.put(f"{ENGINE}?api-version=2023-02-01-preview")
    assert (made.status, made.headers["retry-after"]) == (201, "1")
    assert made.body["properties"]["provisioningState"] == "Creating"
    going = ask(house, made, "azure-asyncoperation")
    assert (going.body["status"], going.headers["retry-after-ms"]) == ("InProgress", "200")
    assert ask(house, made, "location").status == 202
    house.report(ENGINE_ID, {"state": "Succeeded"})
    done = ask(house, made, "azure-asyncoperation")
    assert (done.body["status"], done.body["percentComplete"]) == ("Succeeded", 100.0)
    assert ask(house, made, "location").body["name"] == "e1"


def test_a_put_again_of_what_stands_is_over_at_once(house: Door) -> None:
    house.put(ENGINE)
    house.report(ENGINE_ID, {"state": "Succeeded"})
    again = house.put(ENGINE)
    assert again.status == 200
    assert "azure-asyncoperation" not in again.headers


def test_a_failed_operation_says_why(house: Door) -> None:
    made = house.put(ENGINE)
    house.report(ENGINE_ID, {"state": "Failed", "error": {"code": "NoNodes", "message": "there are no nodes"}})
    failed = ask(house, made, "azure-asyncoperation").body
    assert (failed["status"], failed["error"]) == ("Failed", {"code": "NoNodes", "message": "there are no nodes"})
    assert ask(house, made, "location").error["code"] == "NoNodes"


def test_a_deletion_is_over_when_it_is_gone(house: Door) -> None:
    house.put(ENGINE)
    deleted = house.call("DELETE", ENGINE)
    assert deleted.status == 202
    assert ask(house, deleted, "azure-asyncoperation").body["status"] == "InProgress"
    assert house.get(ENGINE).body["properties"]["provisioningState"] == "Deleting"
    assert house.call("DELETE", ENGINE).status == 202
    house.log.write([Remove(ENGINE_ID)], house.clock())
    assert ask(house, deleted, "azure-asyncoperation").body["status"] == "Succeeded"
    assert ask(house, deleted, "location").status == 204
    house.put(ENGINE)
    assert ask(house, deleted, "azure-asyncoperation").body["status"] == "Succeeded"


def test_a_creation_that_was_deleted_before_its_end_failed(house: Door) -> None:
    made = house.put(ENGINE)
    house.log.write([Remove(ENGINE_ID)], house.clock())
    assert ask(house, made, "azure-asyncoperation").body["status"] == "Failed"


def test_a_wish_is_written_into_the_spec_and_is_over_when_the_resource_rests(house: Door) -> None:
    house.put(f"{WORKSPACE}/jobs/j", {"properties": {"status": "Running"}})
    wished = house.post(f"{WORKSPACE}/jobs/j/HALT", {"why": "tired"})
    assert wished.status == 202
    spec = house.log.get(f"{WORKSPACE_ID}/jobs/j")
    assert spec is not None
    assert (spec.spec["halt"], spec.spec["why"]) == (True, "tired")
    assert ask(house, wished, "location").status == 202
    house.call("PATCH", f"{WORKSPACE}/jobs/j", {"properties": {"status": "Canceled"}})
    assert ask(house, wished, "location").status == 204
    assert house.post(f"{WORKSPACE}/jobs/j/halt").status == 409


def test_actions_that_nobody_has_are_404(house: Door) -> None:
    house.put(f"{WORKSPACE}/jobs/j")
    assert house.post(f"{WORKSPACE}/jobs/j/fly").error["code"] == "InvalidResourceAction"
    assert house.post(f"{WORKSPACE}/jobs/none/halt").status == 404


@pytest.mark.parametrize("text", ["x", "W10", "WyJhIiwxLDJd", "%ff", "a" * 3000])
def test_an_operation_that_is_not_ours_is_404(house: Door, text: str) -> None:
    place = "/subscriptions/s1/providers/Microsoft.MachineLearningServices/locations/local"
    assert house.get(f"{place}/operationsStatus/{text}").status == 404
    assert house.get(f"{place}/operationResults/{text}").status == 404


def test_an_operation_says_nothing_about_what_was_never_there(house: Door) -> None:
    place = "/subscriptions/s1/providers/Microsoft.MachineLearningServices/locations/local"
    assert house.get(f"{place}/operationsStatus/{encode(Operation('put', 'subscriptions/x/workspaces/y', 1))}").body["status"] == "Failed"
