"""Bodies of queries for runs: what they keep, in which order, page by page, and what is refused."""

from typing import Any

import pytest

from azurine.api.factory import asking, monitoring
from azurine.model import errors

WINDOW = {"lastUpdatedAfter": "2024-01-01T00:00:00Z", "lastUpdatedBefore": "2024-12-31T00:00:00.0000000Z"}


def run(name: str, start: str, status: str = "Succeeded") -> dict[str, Any]:
    return {
        "pipelineName": name,
        "status": status,
        "runStart": start,
        "lastUpdated": start,
        "isLatest": name != "old",
        "invokedBy": {"name": "Manual"},
    }


RUNS = [
    run("b", "2024-03-01T00:00:00Z"),
    run("a", "2024-02-01T00:00:00Z", "Failed"),
    run("old", "2024-04-01T00:00:00Z"),
    run("late", "2025-01-01T00:00:00Z"),
]


def names(**more: Any) -> list[str]:
    query = asking.read({**WINDOW, **more}, monitoring.RUNS)
    return [one["pipelineName"] for one in asking.answer([one for one in RUNS if query.keeps(one, monitoring.RUNS)], query)["value"]]


def kept(operand: str, operator: str, *values: str) -> list[str]:
    return names(filters=[{"operand": operand, "operator": operator, "values": list(values)}])


def test_filters() -> None:
    assert names() == ["b", "a", "old"]
    assert kept("PipelineName", "Equals", "A") == ["a"]
    assert kept("pipelinename", "notin", "a", "b") == ["old"]
    assert kept("Status", "NotEquals", "Failed") == ["b", "old"]
    assert kept("RunStart", "Equals", "2024-03-01T01:00:00+01:00") == ["b"]
    assert kept("LatestOnly", "Equals", "true") == ["b", "a"]
    assert kept("TriggerName", "In", "Manual") == ["b", "a", "old"]


def test_orders() -> None:
    assert names(orderBy=[{"orderBy": "RunStart", "order": "ASC"}]) == ["a", "b", "old"]
    assert names(orderBy=[{"orderBy": "RunStart", "order": "DESC"}]) == ["old", "b", "a"]
    assert names(orderBy=[{"orderBy": "Status", "order": "DESC"}, {"orderBy": "PipelineName", "order": "DESC"}]) == ["old", "b", "a"]


def test_pages() -> None:
    many = [run(str(number), "2024-02-01T00:00:00Z") for number in range(asking.PAGE + 5)]
    first = asking.answer(many, asking.read(WINDOW, monitoring.RUNS))
    second = asking.answer(many, asking.read({**WINDOW, "continuationToken": first["continuationToken"]}, monitoring.RUNS))
    assert [*first["value"], *second["value"]] == many
    assert "continuationToken" not in second


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"lastUpdatedAfter": None}, "lastUpdatedAfter"),
        ({"lastUpdatedBefore": "soon"}, "lastUpdatedBefore"),
        ({"filters": {}}, "filters"),
        ({"filters": [1]}, "filters[0]"),
        ({"filters": [{"operand": "Colour", "operator": "Equals", "values": ["x"]}]}, "filters[0].operand"),
        ({"filters": [{"operand": "Status", "operator": "Like", "values": ["x"]}]}, "filters[0].operator"),
        ({"filters": [{"operand": "Status", "operator": "Equals", "values": []}]}, "filters[0].values"),
        ({"orderBy": [{"orderBy": []}]}, "orderBy[0].orderBy"),
        ({"orderBy": ["RunStart"]}, "orderBy[0]"),
        ({"continuationToken": "x"}, "continuationToken"),
        ({"continuationToken": {"a": 1}}, "continuationToken"),
        ({"continuationToken": "eyJza2lwIjogLTF9"}, "continuationToken"),
    ],
)
def test_what_is_refused(body: dict[str, Any], path: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        asking.read({**WINDOW, **body}, monitoring.RUNS)
    assert caught.value.path == path
