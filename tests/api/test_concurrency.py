from concurrent.futures import ThreadPoolExecutor

from api.toys import WORKSPACE, furnished

MANY = 24


def test_versions_made_at_once_share_one_container() -> None:
    house = furnished()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda n: house.put(f"{WORKSPACE}/data/d/versions/{n}").status, range(MANY)))
    assert statuses == [201] * MANY
    assert len(house.get(f"{WORKSPACE}/data/d/versions").body["value"]) == MANY
    assert house.get(f"{WORKSPACE}/data/d").body["properties"]["nextVersion"] == str(MANY)


def test_the_same_resource_made_at_once_is_made_once() -> None:
    house = furnished()
    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(lambda n: house.put(f"{WORKSPACE}/jobs/j", {"properties": {"n": 1}}, {"If-None-Match": "*"}).status, range(MANY)))
    assert sorted(statuses) == [201] + [412] * (MANY - 1)


def test_patches_made_at_once_all_hold() -> None:
    house = furnished()
    house.put(f"{WORKSPACE}/jobs/j")
    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(lambda n: house.call("PATCH", f"{WORKSPACE}/jobs/j", {"properties": {f"p{n}": n}}).status, range(MANY)))
    assert statuses == [200] * MANY
    assert house.get(f"{WORKSPACE}/jobs/j").body["properties"] == {f"p{n}": n for n in range(MANY)}
