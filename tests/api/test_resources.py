import pytest

from api.toys import GROUP, WORKSPACE, WORKSPACE_ID, Door, furnished
from azurine.store.log import Create


@pytest.fixture
def house() -> Door:
    return furnished()


def test_what_was_put_can_be_got_in_azures_envelope(house: Door) -> None:
    made = house.put(f"{WORKSPACE}/jobs/j1", {"properties": {"command": "echo", "new": [1, {"a": None}]}, "odd": 1, "id": "/x", "systemData": {}})
    found = house.get(f"{WORKSPACE}/jobs/j1?api-version=2024-01-01-preview")
    assert (made.status, found.status) == (201, 200)
    assert found.body == made.body
    assert found.body["id"] == f"{WORKSPACE}/jobs/j1"
    assert found.body["name"] == "j1"
    assert found.body["type"] == "Microsoft.MachineLearningServices/workspaces/jobs"
    assert found.body["properties"] == {"command": "echo", "new": [1, {"a": None}]}
    assert found.body["odd"] == 1
    assert found.body["systemData"]["createdBy"] == "00000000-0000-0000-0000-0000000000aa"
    assert found.body["systemData"]["createdAt"].endswith("Z")
    assert found.headers["etag"] == found.body["etag"]
    assert found.headers["x-ms-request-id"]


def test_type_segments_are_read_in_any_case_and_answered_in_ours(house: Door) -> None:
    house.put(f"{WORKSPACE}/jobs/j1")
    lower = "/subscriptions/s1/resourcegroups/g1/providers/microsoft.machinelearningservices/WORKSPACES/w1/JOBS/j1"
    assert house.get(lower).body["id"] == f"{WORKSPACE}/jobs/j1"


def test_names_are_percent_decoded_once(house: Door) -> None:
    house.put(f"{WORKSPACE}/jobs/a%20b%2541%C3%A9")
    found = house.get(f"{WORKSPACE}/jobs/a%20b%2541é".encode().decode("latin-1"))
    assert found.body["name"] == "a b%41é"


def test_a_put_that_changes_nothing_writes_nothing(house: Door) -> None:
    first = house.put(f"{WORKSPACE}/data/d/versions/1", {"properties": {"colour": "red"}})
    again = house.put(f"{WORKSPACE}/data/d/versions/1", {"properties": {"colour": "red"}})
    assert (first.status, again.status) == (201, 200)
    assert first.headers["etag"] == again.headers["etag"]


def test_an_immutable_version_cannot_be_changed_but_archived(house: Door) -> None:
    house.put(f"{WORKSPACE}/data/d/versions/1", {"properties": {"colour": "red"}})
    assert house.put(f"{WORKSPACE}/data/d/versions/1", {"properties": {"colour": "blue"}}).status == 409
    assert house.put(f"{WORKSPACE}/data/d/versions/1", {"properties": {"colour": "red", "isArchived": True}}).status == 200


def test_a_version_brings_its_container_which_tells_latest_and_next(house: Door) -> None:
    for version in ("1", "7", "final"):
        assert house.put(f"{WORKSPACE}/data/d/versions/{version}", {"properties": {"dataType": "uri_file"}}).status == 201
    container = house.get(f"{WORKSPACE}/data/d").body["properties"]
    assert container == {"dataType": "uri_file", "latestVersion": "final", "nextVersion": "8"}
    house.put(f"{WORKSPACE}/data/d/versions/final", {"properties": {"dataType": "uri_file", "isArchived": True}})
    assert house.get(f"{WORKSPACE}/data/d").body["properties"]["latestVersion"] == "7"
    assert house.get(f"{WORKSPACE}/data").body["value"][0]["properties"]["latestVersion"] == "7"
    assert house.get(f"{WORKSPACE}/data/d", {"If-None-Match": house.get(f"{WORKSPACE}/data/d").headers["etag"]}).status == 200


def test_patch_merges_properties_and_tags_one_by_one(house: Door) -> None:
    house.put(WORKSPACE, {"properties": {"a": 1, "b": {"c": 1}}, "tags": {"x": "1", "y": "2"}, "sku": {"name": "Basic"}})
    answer = house.call("PATCH", WORKSPACE, {"properties": {"b": {"d": 2}, "a": None}, "tags": {"x": "3"}, "sku": {"tier": "T"}})
    assert answer.status == 200
    kept = {key: answer.body[key] for key in ("properties", "tags", "sku")}
    assert kept == {"properties": {"b": {"d": 2}}, "tags": {"x": "3", "y": "2"}, "sku": {"tier": "T"}}


def test_patch_of_what_is_not_there_is_404(house: Door) -> None:
    assert house.call("PATCH", f"{WORKSPACE}/jobs/none", {"properties": {}}).status == 404


def test_if_match_and_if_none_match(house: Door) -> None:
    path = f"{WORKSPACE}/jobs/j1"
    tag = house.put(path, {"properties": {"n": 1}}).headers["etag"]
    assert house.get(path, {"If-None-Match": tag}).status == 304
    assert house.get(path, {"If-None-Match": f'"9999", W/{tag}'}).raw == b""
    assert house.put(path, {"properties": {"n": 2}}, {"If-None-Match": "*"}).status == 412
    newer = house.put(path, {"properties": {"n": 2}}, {"If-Match": tag})
    assert newer.status == 200
    assert house.put(path, {"properties": {"n": 3}}, {"If-Match": tag}).error["code"] == "PreconditionFailed"
    assert house.call("DELETE", path, None, {"If-Match": tag}).status == 412
    assert house.put(path, {"properties": {"n": 3}}, {"If-Match": '"not-ours"'}).status == 412
    assert house.put(f"{WORKSPACE}/jobs/none", None, {"If-Match": "*"}).status == 412
    assert house.call("DELETE", path, None, {"If-Match": newer.headers["etag"]}).status == 200
    assert house.call("DELETE", path, None, {"If-Match": newer.headers["etag"]}).status == 412


def test_delete_takes_along_what_is_below_and_the_second_one_finds_nothing(house: Door) -> None:
    house.put(f"{WORKSPACE}/data/d/versions/1")
    assert house.call("DELETE", f"{WORKSPACE}/data/d").status == 200
    assert house.get(f"{WORKSPACE}/data/d/versions/1").status == 404
    assert house.call("DELETE", f"{WORKSPACE}/data/d").status == 204


def test_a_subscription_cannot_be_deleted(house: Door) -> None:
    assert house.call("DELETE", "/subscriptions/s1").status == 405


def test_head_says_whether_it_is_there(house: Door) -> None:
    assert house.call("HEAD", GROUP).status == 204
    gone = house.call("HEAD", "/subscriptions/s1/resourceGroups/none")
    assert (gone.status, gone.raw) == (404, b"")


def test_404_names_the_first_thing_that_is_missing(house: Door) -> None:
    no_group = house.get("/subscriptions/s1/resourceGroups/no/providers/Microsoft.MachineLearningServices/workspaces/w/jobs/j")
    assert no_group.error["code"] == "ResourceGroupNotFound"
    no_workspace = house.get(f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/no/jobs/j")
    assert no_workspace.error["target"].endswith("workspaces/no")


def test_nothing_is_made_below_what_is_missing_or_going(house: Door) -> None:
    missing = house.put(f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/no/jobs/j")
    assert (missing.status, missing.error["code"]) == (404, "ParentResourceNotFound")
    house.put(f"{WORKSPACE}/engines/e")
    assert house.call("DELETE", WORKSPACE).status == 202
    assert house.get(WORKSPACE).body["properties"]["provisioningState"] == "Deleting"
    assert house.put(f"{WORKSPACE}/jobs/j").status == 409
    assert house.put(WORKSPACE, {"properties": {"n": 1}}).status == 409


def test_a_job_asked_for_by_another_resource_is_not_in_the_list(house: Door) -> None:
    house.put(f"{WORKSPACE}/jobs/mine")
    child = Create(f"{WORKSPACE_ID}/jobs/child", "workspaces/jobs", WORKSPACE_ID, {"properties": {}}, owner=f"{WORKSPACE_ID}/jobs/mine")
    house.log.write([child], house.clock())
    assert [job["name"] for job in house.get(f"{WORKSPACE}/jobs").body["value"]] == ["mine"]
    assert house.get(f"{WORKSPACE}/jobs/child").status == 200


def test_methods_that_make_no_sense_are_405(house: Door) -> None:
    for method, path in [("PUT", f"{WORKSPACE}/jobs"), ("DELETE", f"{WORKSPACE}/jobs"), ("OPTIONS", WORKSPACE), ("POST", WORKSPACE)]:
        assert house.call(method, path, {}).status == 405


def test_other_providers_have_their_own_addresses(house: Door) -> None:
    made = house.put(f"{GROUP}/providers/Microsoft.DataFactory/factories/f")
    assert made.body["id"] == f"{GROUP}/providers/Microsoft.DataFactory/factories/f"
    assert house.get(f"{GROUP}/providers/Microsoft.MachineLearningServices/factories/f").error["code"] == "InvalidResourceType"
    assert house.get(f"{GROUP}/providers/Microsoft.Unknown/factories/f").error["code"] == "InvalidResourceNamespace"
