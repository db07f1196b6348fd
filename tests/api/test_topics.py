"""The door of topics: what is published, and what is refused with its path."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from api.toys import Door, door
from azurine.api.factory import topics

GROUP = "/subscriptions/s/resourceGroups/g/providers/Microsoft.EventGrid"
EVENT = {"id": "1", "subject": "a/b", "eventType": "T", "data": {"k": 1}}


@pytest.fixture
def published() -> list[tuple[str, Mapping[str, Any]]]:
    return []


@pytest.fixture
def front(published: list[tuple[str, Mapping[str, Any]]]) -> Door:
    def publish(topic: str, event: Mapping[str, Any]) -> None:
        published.append((topic, event))

    return door(early=topics.routes(publish, lambda principal, action, scope: not scope.endswith("/secret")))


@pytest.mark.parametrize("sent", [EVENT, [EVENT], [EVENT, {**EVENT, "id": "2"}], []], ids=["one", "an array of one", "two", "none"])
def test_events_are_published(front: Door, published: list[tuple[str, Mapping[str, Any]]], sent: Any) -> None:
    answer = front.post(f"{GROUP}/topics/t/api/events", sent)
    assert (answer.status, answer.raw) == (200, b"")
    topic = f"{GROUP}/topics/t"
    assert published == [(topic, {**one, "topic": topic}) for one in (sent if isinstance(sent, list) else [sent])]


WRONG: list[tuple[bytes, int, str]] = [
    (b"", 400, ""),
    (b"nonsense", 400, ""),
    (b"1", 400, "[0]"),
    (b"[[]]", 400, "[0]"),
    (b"[" * 200 + b"]" * 200, 400, ""),
    (json.dumps([EVENT, {**EVENT, "id": 1}]).encode(), 400, "[1].id"),
    (json.dumps({**EVENT, "subject": ""}).encode(), 400, "[0].subject"),
    (json.dumps([EVENT] * 5001).encode(), 413, ""),
    (b" " * (topics.LIMIT + 1), 413, ""),
]


@pytest.mark.parametrize(("raw", "status", "path"), WRONG, ids=[f"{status}-{place}" for place, (_, status, _) in enumerate(WRONG)])
def test_what_is_wrong_is_refused_whole(front: Door, published: list[tuple[str, Mapping[str, Any]]], raw: bytes, status: int, path: str) -> None:
    answer = front.call("POST", f"{GROUP}/topics/t/api/events", raw)
    assert answer.status == status
    assert (answer.error.get("target") or "") == path
    assert published == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (f"{GROUP}/topics/secret/api/events", 403),
        ("/subscriptions/s/resourceGroups/g/providers/Microsoft.Other/topics/t/api/events", 404),
        ("/subscriptions/s/places/g/providers/Microsoft.EventGrid/topics/t/api/events", 404),
    ],
)
def test_where_nothing_is_published(front: Door, published: list[tuple[str, Mapping[str, Any]]], path: str, status: int) -> None:
    assert front.post(path, EVENT).status == status
    assert published == []
