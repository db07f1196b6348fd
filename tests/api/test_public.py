from typing import Any

import pytest

from api.toys import door, furnished


def test_health_needs_nothing() -> None:
    assert door().get("/healthz").body["status"] == "ok"
    assert door(ready=lambda: False).get("/healthz").status == 503


def test_providers_and_their_operations_come_from_the_kinds() -> None:
    house = furnished()
    found = {one["namespace"]: [kind["resourceType"] for kind in one["resourceTypes"]] for one in house.get("/providers").body["value"]}
    assert "workspaces/jobs" in found["Microsoft.MachineLearningServices"]
    assert found["Microsoft.DataFactory"] == ["factories"]
    operations = house.get("/providers/Microsoft.MachineLearningServices/operations").body["value"]
    assert "Microsoft.MachineLearningServices/workspaces/jobs/halt/action" in [one["name"] for one in operations]


def test_a_location_lists_its_machine_sizes() -> None:
    house = furnished(sizes=lambda: [{"name": "STANDARD_D2_V2", "family": "standardDv2Family"}])
    place = "/subscriptions/s1/providers/Microsoft.MachineLearningServices/locations/local"
    assert house.get(f"{place}/vmSizes").body["value"][0]["name"] == "STANDARD_D2_V2"
    assert house.get(f"{place}/usages").body["value"][0]["name"]["value"] == "standardDv2Family"


@pytest.mark.parametrize(
    ("host", "is_blob"),
    [
        ("azurine.blob.localhost:9999", True),
        ("AZURINE.BLOB.localhost", True),
        ("localhost:9999", False),
        ("127.0.0.1", False),
        ("blob.localhost", False),
        ("", False),
    ],
)
def test_the_host_decides_the_door(host: str, is_blob: bool) -> None:
    async def blobs(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 299, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    house = door(blobs=blobs)
    house.host = host
    assert (house.get("/healthz").status == 299) is is_blob
