"""REST APIs as sources: what pagination rules ask for, request by request, and what ends them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from answering import Answering
from azurine.movement import orders

Json = Mapping[str, Any]
PAGES = 4


def made(asked: dict[str, Any]) -> tuple[int, str, dict[str, str]]:
    """An API of four pages with one row each, that tells the next one in many ways; what it is asked for says the page: ?page=, or a header."""
    url = urlsplit(asked["path"])
    query = {name: values[-1] for name, values in parse_qs(url.query).items()}
    headers = {name.lower(): value for name, value in asked["headers"].items()}
    page = int(query.get("page") or headers.get("x-page") or 1)
    if page > PAGES:
        return 204, "", {}
    body: dict[str, Any] = {"data": [{"n": page}], "next": page + 1 if page < PAGES else None, "done": page == PAGES}
    if page < PAGES:
        body["link"] = {"href": f"?page={page + 1}"}
    told = {"X-Next": str(page + 1)} if page < PAGES else {"X-Last": "yes"}
    if page < PAGES:
        told["Link"] = f'</made?page=1>; rel="first", </made?page={page + 1}>; rel="next"'
    if page == PAGES and query.get("empty"):
        body["data"] = []
    return 200, json.dumps(body), told


@pytest.fixture(scope="module")
def api() -> Any:
    with Answering(made) as server:
        yield server


def rest(api: Answering, relative: str, **connection: Any) -> Json:
    at = {"kind": "http", "name": "api", "type": "RestService", "url": api.url, **connection}
    return {"name": "r", "type": "RestResource", "connection": at, "relativeUrl": relative, "format": {"type": "RestResource"}}


def read(source: Json, **settings: Any) -> Any:
    """The rows, of all pages; or the code of the error."""
    order = {"do": "lookup", "source": {"dataset": source, "settings": settings}, "first": False}
    said = orders.carry_out(order)
    return said["output"]["value"] if "output" in said else said["error"]["message"].partition("ErrorCode=")[2].partition(",")[0]


RULES: list[tuple[str, str, dict[str, Any], Any]] = [
    # title, relative URL, paginationRules, the pages that were read
    ("the next address", "made", {"AbsoluteUrl": "$.link.href"}, [1, 2, 3, 4]),
    ("links in a header, without rules", "made", {}, [1, 2, 3, 4]),
    ("links in a header, wished", "made", {"supportRFC5988": "true"}, [1, 2, 3, 4]),
    ("no links", "made", {"supportRFC5988": "false"}, [1]),
    ("a parameter from the body", "made?x=1", {"QueryParameters.page": "$.next"}, [1, 2, 3, 4]),
    ("a parameter from a header", "made?x=1", {"QueryParameters['page']": "Headers.X-Next"}, [1, 2, 3, 4]),
    ("a header from a header", "made", {"Headers.X-Page": "Headers['x-next']"}, [1, 2, 3, 4]),
    ("a range", "made?page={p}", {"QueryParameters.{p}": "RANGE:1:3:2"}, [1, 3]),
    ("a range of the address", "made?page={p}", {"AbsoluteUrl.{p}": "RANGE:2:3:1"}, [2, 3]),
    ("a range that goes down", "made?page={p}", {"AbsoluteUrl.{p}": "RANGE:3:2:-1"}, [3, 2]),
    ("a range without an end, until there is no content", "made?page={p}", {"QueryParameters.{p}": "RANGE:3::1"}, [3, 4]),
    ("a variable that is not there at first", "made?page={p}", {"QueryParameters.{p}": "$.next"}, [1, 2, 3, 4]),
    ("until a value is so", "made?page={p}", {"QueryParameters.{p}": "RANGE:1::1", "EndCondition:$.done": "Const:true"}, [1, 2, 3, 4]),
    ("until it is there", "made?page={p}", {"QueryParameters.{p}": "RANGE:1::1", "EndCondition:headers.X-Last": "Exist"}, [1, 2, 3, 4]),
    ("until it is not there", "made?page={p}", {"QueryParameters.{p}": "RANGE:1:9:1", "EndCondition:$.link": "NonExist"}, [1, 2, 3, 4]),
    ("until it is empty", "made?empty=1&page={p}", {"QueryParameters.{p}": "RANGE:3::1", "EndCondition:$['data']": "Empty"}, [3, 4]),
    ("so many requests", "made", {"AbsoluteUrl": "$.link.href", "MaxRequestNumber": 2}, [1, 2]),
    ("the same for ever", "made?page=1", {"QueryParameters.x": "$.data[0].n"}, "UserErrorEndlessPagination"),
    ("no rule", "made", {"Nope": "$.next"}, "UserErrorInvalidPaginationRule"),
    ("no value", "made", {"AbsoluteUrl": "next"}, "UserErrorInvalidPaginationRule"),
    ("no condition", "made", {"EndCondition:$.a": "Maybe"}, "UserErrorInvalidPaginationRule"),
    ("a step of nothing", "made?page={p}", {"QueryParameters.{p}": "RANGE:1:3:0"}, "UserErrorInvalidPaginationRule"),
    ("no number", "made", {"MaxRequestNumber": "many"}, "UserErrorInvalidPaginationRule"),
]


@pytest.mark.parametrize(("relative", "rules", "expected"), [row[1:] for row in RULES], ids=[row[0] for row in RULES])
def test_pagination_rules(api: Answering, relative: str, rules: Json, expected: Any) -> None:
    found = read(rest(api, relative), paginationRules=rules, requestInterval="00.00:00:00.001")
    if isinstance(expected, str):
        assert found == expected
    else:
        assert [int(urlsplit(f"?{one['next'] or PAGES + 1}").query) - 1 for one in found] == expected


def test_a_range_in_a_header_and_what_else_is_asked(api: Answering) -> None:
    settings = {
        "paginationRules": {"Headers.{p}": "RANGE:2:3:1"},
        "additionalHeaders": {"x-page": "{p}"},
        "requestMethod": "POST",
        "requestBody": "{}",
    }
    assert [one["data"][0]["n"] for one in read(rest(api, "made"), **settings)] == [2, 3]
    assert (api.asked[-1]["method"], api.asked[-1]["body"]) == ("POST", "{}")


def test_a_copy_takes_each_item_of_each_page(api: Answering, tmp_path: Path) -> None:
    location = {"container": "", "folder": "", "file": "a.csv", "path": "a.csv"}
    connection = {"kind": "files", "store": "folder", "root": str(tmp_path)}
    sink = {"name": "s", "connection": connection, "location": location, "format": {"type": "DelimitedText", "firstRowAsHeader": True}}
    each = {"collectionReference": "$['data']", "mappings": [{"source": {"path": "['n']"}, "sink": {"name": "n", "type": "Int32"}}]}
    sides = {"source": {"dataset": rest(api, "made"), "settings": {}}, "sink": {"dataset": sink, "settings": {}}}
    said = orders.carry_out({"do": "copy", "name": "k", **sides, "translator": each})
    assert (said["output"]["rowsCopied"], said["output"]["filesWritten"]) == (4, 1)
    assert (tmp_path / "a.csv").read_text() == "n\n1\n2\n3\n4\n"


BAD: list[tuple[str, str, dict[str, Any], str]] = [
    ("not there", "status/404", {}, "UserErrorFileNotFound"),
    ("not allowed", "status/403", {}, "UserErrorPermissionDenied"),
    ("broken", "status/500", {}, "HttpFileFailedToRead"),
    ("no JSON", "say/hello%20you", {}, "JsonInvalidDataFormat"),
    ("less than was announced", "short", {}, "HttpFileFailedToRead"),
    ("nobody answers", "hang", {"httpRequestTimeout": "00:00:00.2"}, "HttpFileFailedToRead"),
    ("no time-out", "made", {"httpRequestTimeout": "soon"}, "UserErrorInvalidTimeSpan"),
]


@pytest.mark.parametrize(("relative", "settings", "code"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_what_goes_wrong(api: Answering, relative: str, settings: Json, code: str) -> None:
    assert read(rest(api, relative), **settings) == code


def test_what_a_linked_service_says_is_told_to_its_own_server_only(api: Answering) -> None:
    with Answering(lambda asked: (200, json.dumps({"next": f"{api.url}/echo"}), {})) as other:
        source = rest(other, "made", headers={"x-key": "k"}, authentication={"type": "Basic", "username": "u", "password": "p"})
        first, second = read(source, paginationRules={"AbsoluteUrl": "$.next"})
    told = {name.lower() for name in other.asked[0]["headers"]}
    assert {"x-key", "authorization"} <= told
    assert first["next"] == f"{api.url}/echo"
    assert {"x-key", "authorization"} & {name.lower() for name in second["headers"]} == set()


def test_a_redirect_to_another_server_takes_nothing_along(api: Answering) -> None:
    with Answering(lambda asked: (302, "", {"Location": f"{api.url}/echo"})) as other:
        [found] = read(rest(other, "made", headers={"X-Key": "k"}, authentication={"type": "Basic", "username": "u", "password": "p"}))
        assert "X-Key" in other.asked[0]["headers"]
    assert {"x-key", "authorization"} & {name.lower() for name in found["headers"]} == set()


def test_signing_in_in_another_way_is_refused_by_name(api: Answering) -> None:
    assert read(rest(api, "made", authentication={"type": "MSI"})) == "UserErrorUnsupportedAuthentication"


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "file:///etc/passwd", "http://[", "nonsense"])
def test_only_the_web_is_read(api: Answering, url: str) -> None:
    source = {**rest(api, ""), "connection": {"kind": "http", "name": "api", "url": url}}
    assert read(source) in ("UserErrorInvalidUrl", "HttpFileFailedToRead")
