from typing import Any

import pytest

from api.toys import GROUP, WORKSPACE, WORKSPACE_ID, Door, furnished
from azurine.store.log import Create


@pytest.fixture
def house() -> Door:
    return furnished()


def names(answer: Any) -> list[str]:
    return [one["name"] for one in answer.body["value"]]


def fill(house: Door, count: int, kind: str = "jobs") -> None:
    rows = [Create(f"{WORKSPACE_ID}/{kind}/n{place}", f"workspaces/{kind}", WORKSPACE_ID, {"properties": {"n": place}}) for place in range(count)]
    house.log.write(rows, house.clock())


def walk(house: Door, path: str) -> list[list[str]]:
    pages = []
    while path:
        answer = house.get(path)
        assert answer.status == 200, answer.raw
        pages.append(names(answer))
        link = answer.body.get("nextLink", "")
        assert link == "" or link.startswith("https://localhost:9999/")
        path = link.removeprefix("https://localhost:9999")
    return pages


def test_a_long_list_comes_in_pages_newest_first(house: Door) -> None:
    fill(house, 250)
    pages = walk(house, f"{WORKSPACE}/jobs?api-version=2024-01-01-preview&listViewType=All")
    assert [len(page) for page in pages] == [100, 100, 50]
    assert [one for page in pages for one in page] == [f"n{place}" for place in reversed(range(250))]


def test_what_is_added_meanwhile_does_not_move_the_pages(house: Door) -> None:
    fill(house, 150)
    first = house.get(f"{WORKSPACE}/jobs")
    house.put(f"{WORKSPACE}/jobs/late")
    second = house.get(first.body["nextLink"].removeprefix("https://localhost:9999"))
    assert len(set(names(first) + names(second))) == 150


def test_top_is_how_many_in_all(house: Door) -> None:
    fill(house, 30)
    assert walk(house, f"{WORKSPACE}/jobs?$top=1") == [["n29"]]
    assert walk(house, f"{WORKSPACE}/jobs?count=5&$orderBy=createdtime%20asc") == [["n0", "n1", "n2", "n3", "n4"]]
    assert walk(house, f"{WORKSPACE}/jobs?$top=30") == [[f"n{place}" for place in reversed(range(30))]]


def test_a_page_of_what_hardly_anything_passes_is_short_but_leads_on(house: Door) -> None:
    fill(house, 3500)
    pages = walk(house, f"{WORKSPACE}/jobs?searchText=n123")
    assert [one for page in pages for one in page] == [*(f"n{place}" for place in reversed(range(1230, 1240))), "n123"]
    assert len(pages) == 2


@pytest.mark.parametrize("token", ["x", "%2e%2e", "W10", "eyJhIjoxfQ", "WzEsMl0x", "WzFlOTk5LG51bGxd", "[]", "9" * 500])
def test_a_token_that_is_not_ours_is_refused(house: Door, token: str) -> None:
    answer = house.get(f"{WORKSPACE}/jobs?$skip={token}")
    assert (answer.status, answer.error["code"]) == (400, "InvalidSkipToken")


@pytest.mark.parametrize("query", ["$top=0", "$top=-1", "$top=x", "$top=99999999999999", "listViewType=Some", "isDefault=perhaps", "count=1.5"])
def test_a_parameter_that_makes_no_sense_is_refused(house: Door, query: str) -> None:
    answer = house.get(f"{WORKSPACE}/jobs?{query}")
    assert (answer.status, answer.error["code"]) == (400, "InvalidQueryParameterValue")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"a", "b"}),
        ("listViewType=ActiveOnly", {"a", "b"}),
        ("listViewType=archivedonly", {"c"}),
        ("listViewType=All", {"a", "b", "c"}),
        ("jobType=command", {"a"}),
        ("tag=team", {"a", "b"}),
        ("tags=team=blue", {"b"}),
        ("$tags=team=blue,late", set()),
        ("properties=p1", {"a"}),
        ("properties=p1=no", set()),
        ("names=a,c", {"a"}),
        ("searchText=B", {"b"}),
        ("isDefault=true", {"b"}),
        ("isDefault=false", {"a"}),
        ("version=a", {"a"}),
        ("someday=1", {"a", "b"}),
    ],
)
def test_filters(house: Door, query: str, found: set[str]) -> None:
    house.put(f"{WORKSPACE}/jobs/a", {"properties": {"jobType": "Command", "tags": {"team": "red"}, "properties": {"p1": "yes"}}})
    house.put(f"{WORKSPACE}/jobs/b", {"properties": {"jobType": "Pipeline", "tags": {"team": "blue"}, "isDefault": True}})
    house.put(f"{WORKSPACE}/jobs/c", {"properties": {"isArchived": True, "tags": {"team": "blue"}}})
    assert set(names(house.get(f"{WORKSPACE}/jobs?{query}"))) == found


def test_a_list_below_what_is_missing_is_404_but_below_a_container_to_be_empty(house: Door) -> None:
    assert house.get(f"{WORKSPACE}/data/none/versions?hash=1").body == {"value": []}
    assert house.get(f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/none/jobs").status == 404


def test_the_same_content_is_found_under_another_name(house: Door) -> None:
    body = {"properties": {"properties": {"hash_sha256": "abc", "hash_version": "202208"}}}
    house.put(f"{WORKSPACE}/data/first/versions/1", body)
    answer = house.get(f"{WORKSPACE}/data/second/versions?hash=abc&hashVersion=202208")
    assert [one["id"] for one in answer.body["value"]] == [f"{WORKSPACE}/data/first/versions/1"]
    assert house.get(f"{WORKSPACE}/data/second/versions?hash=abd").body == {"value": []}


def test_subscriptions_groups_and_workspaces_are_listed(house: Door) -> None:
    house.put("/subscriptions/s1/resourceGroups/g2", {"location": "local"})
    house.put("/subscriptions/s1/resourceGroups/g2/providers/Microsoft.MachineLearningServices/workspaces/w2", {"kind": "Hub"})
    assert names(house.get("/subscriptions")) == ["s1"]
    assert house.get("/subscriptions").body["value"][0]["subscriptionId"] == "s1"
    assert names(house.get("/subscriptions/s1/resourcegroups?$orderBy=x%20asc")) == ["g1", "g2"]
    assert names(house.get(f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces")) == ["w1"]
    everywhere = "/subscriptions/s1/providers/Microsoft.MachineLearningServices/workspaces"
    assert names(house.get(everywhere)) == ["w1", "w2"]
    assert names(house.get(f"{everywhere}?kind=default,project")) == ["w1"]
    assert house.get("/subscriptions/none/resourceGroups").error["code"] == "SubscriptionNotFound"


def test_containers_of_anonymous_assets_are_not_listed(house: Door) -> None:
    house.put(f"{WORKSPACE}/data/made-up/versions/1", {"properties": {"isAnonymous": True}})
    house.put(f"{WORKSPACE}/data/named/versions/1")
    assert names(house.get(f"{WORKSPACE}/data?listViewType=All")) == ["named"]
    assert house.get(f"{WORKSPACE}/data/made-up").status == 200
