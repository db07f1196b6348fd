import logging

import pytest

from api.toys import GROUP, KINDS, WORKSPACE, Door, furnished, signed_in
from azurine.api.routes import create_app
from azurine.model.errors import Temporary
from azurine.model.resources import Resource
from azurine.store.memory import MemoryLog

HOSTILE_NAMES = [
    ("%2e%2e", "InvalidResourceName"),
    ("..%2f..%2fetc", "InvalidResourceName"),
    ("a%2fb", "InvalidResourceName"),
    ("a%5cb", "InvalidResourceName"),
    ("a%00b", "InvalidResourceName"),
    ("a..b", "InvalidResourceName"),
    ("%ff%fe", "InvalidResourceName"),
    ("%20", "InvalidResourceName"),
    ("x" * 261, "InvalidResourceName"),
    ("é" * 261, "InvalidResourceName"),
]

HOSTILE_BODIES = [
    (b"", "InvalidRequestContent"),
    (b"{", "InvalidRequestContent"),
    (b"[]", "InvalidRequestContent"),
    (b'"text"', "InvalidRequestContent"),
    (b"null", "InvalidRequestContent"),
    (b"12", "InvalidRequestContent"),
    (b"{}{}", "InvalidRequestContent"),
    (b"\xff\xfe{}", "InvalidRequestContent"),
    (b'{"a": NaN}', "InvalidRequestContent"),
    (b'{"a": Infinity}', "InvalidRequestContent"),
    (b'{"a": 1e999}', "InvalidRequestContent"),
    (b'{"a": ' + b"9" * 5000 + b"}", "InvalidRequestContent"),
    (b'{"a":' * 200 + b"1" + b"}" * 200, "InvalidRequestContent"),
    (b"[" * 200_000, "InvalidRequestContent"),
    (b'{"a":' * 200_000, "InvalidRequestContent"),
]


@pytest.fixture
def house() -> Door:
    return furnished()


@pytest.mark.parametrize(("name", "code"), HOSTILE_NAMES)
def test_a_name_that_cannot_be_one_is_refused(house: Door, name: str, code: str) -> None:
    name = name.encode().decode("latin-1")
    for answer in (house.put(f"{WORKSPACE}/jobs/{name}"), house.get(f"{WORKSPACE}/jobs/{name}"), house.call("DELETE", f"{WORKSPACE}/jobs/{name}")):
        assert (answer.status, answer.error["code"]) == (400, code)


@pytest.mark.parametrize(("raw", "code"), HOSTILE_BODIES)
def test_a_body_that_is_no_json_object_is_refused(house: Door, raw: bytes, code: str) -> None:
    answer = house.call("PUT", f"{WORKSPACE}/jobs/j", raw)
    assert (answer.status, answer.error["code"]) == (400, code)
    assert house.get(f"{WORKSPACE}/jobs/j").status == 404


def test_a_body_of_100_megabytes_is_refused_before_it_is_read(house: Door) -> None:
    assert house.call("PUT", f"{WORKSPACE}/jobs/j", b"", {"content-length": str(100 * 1024 * 1024)}).status == 413


def test_a_body_that_does_not_say_how_long_it_is_is_cut_off_at_the_limit(house: Door) -> None:
    house.chunks = [b'{"a":' * 20_000] * 1000
    answer = house.call("PUT", f"{WORKSPACE}/jobs/j", None, {"content-length": ""})
    assert (answer.status, answer.error["code"]) == (413, "RequestEntityTooLarge")


def test_a_truncated_body_makes_nothing(house: Door) -> None:
    assert house.call("PUT", f"{WORKSPACE}/jobs/j", b'{"properties": {"comm').status == 400
    assert house.get(f"{WORKSPACE}/jobs/j").status == 404


def test_what_admit_refuses_names_the_path(house: Door) -> None:
    answer = house.put(f"{WORKSPACE}/jobs/j", {"properties": {"colour": "green"}})
    assert answer.status == 400
    assert answer.error["code"] == "InvalidColour"
    assert answer.error["target"] == "properties.colour"
    assert answer.error["details"] == [{"code": "InvalidColour", "message": "it must be red or blue", "target": "properties.colour"}]
    assert answer.headers["x-ms-error-code"] == "InvalidColour"


def test_a_failure_of_ours_is_recorded_under_an_id_and_told_by_the_id_only(house: Door, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR, "azurine.api"):
        answer = house.put(f"{WORKSPACE}/jobs/j", {"properties": {"explode": True}})
    assert (answer.status, answer.error["code"]) == (500, "InternalServerError")
    assert b"secret" not in answer.raw
    assert b"Traceback" not in answer.raw
    incident = answer.error["message"].split("incident ")[1].split(" ")[0]
    assert incident in caplog.text
    assert "secret words of the traceback" in caplog.text


def test_a_store_that_cannot_be_reached_is_503_and_worth_another_try(house: Door) -> None:
    class Unreachable(MemoryLog):
        def get(self, identifier: str) -> Resource | None:
            raise Temporary("the disk is full")

    answer = Door(create_app(Unreachable(), KINDS, sign_in=signed_in), house.log, house.clock).get(WORKSPACE)
    assert (answer.status, answer.error["code"], answer.headers["retry-after"]) == (503, "ServiceUnavailable", "1")


@pytest.mark.parametrize(
    "path",
    [
        "/nowhere",
        "/",
        "/subscriptions/s1/providers",
        f"{GROUP}/providers/",
        f"{GROUP}/providers/Microsoft.MachineLearningServices",
        f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w1/unknown/x",
        f"{GROUP}/workspaces/w1",
        f"{WORKSPACE}/data/d/jobs/j",
        f"{WORKSPACE}/jobs//x",
        f"{WORKSPACE}/jobs/a%0d%0ab",
        f"{WORKSPACE}/jobs/none",
    ],
)
def test_what_is_not_here_is_refused_in_azures_shape(house: Door, path: str) -> None:
    answer = house.get(path)
    assert answer.status in (400, 404)
    assert answer.error["code"]
    assert answer.error["message"]


def test_a_wrong_method_on_a_fixed_path_is_405_in_azures_shape(house: Door) -> None:
    answer = house.post("/healthz")
    assert (answer.status, answer.error["code"]) == (405, "MethodNotAllowed")


def test_who_may_not_is_told_what_he_may_not(house: Door) -> None:
    asked: list[str] = []

    def reader(principal: object, action: str, identifier: str) -> bool:
        asked.append(action)
        return action.endswith("/read")

    guarded = furnished()
    from api.toys import KINDS, signed_in
    from azurine.api.routes import create_app

    guarded.app = create_app(guarded.log, KINDS, clock=guarded.clock, sign_in=signed_in, authorize=reader)
    assert guarded.get(WORKSPACE).status == 200
    refused = guarded.put(f"{WORKSPACE}/jobs/j")
    assert (refused.status, refused.error["code"]) == (403, "AuthorizationFailed")
    assert "Microsoft.MachineLearningServices/workspaces/jobs/write" in refused.error["message"]
    assert guarded.call("DELETE", WORKSPACE).status == 403
    assert guarded.post(f"{WORKSPACE}/jobs/j/halt").status == 403
    assert asked[-1] == "Microsoft.MachineLearningServices/workspaces/jobs/halt/action"
