"""Scoring scripts of every style, as they are called: what reaches run(), what becomes of what it gives, what is refused."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from azurine.guest.serving import scripts, service, wire


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Any]:
    """Makes a service of a script's text. What the script imports of ours is gone afterwards."""
    before = dict(sys.modules)

    def made(text: str, **environ: str) -> service.Service:
        path = tmp_path / "score.py"
        path.write_text(text)
        return service.Service(scripts.Script(str(path), environ), environ)

    yield made
    for name in [name for name in sys.modules if name not in before and name.split(".")[0] in ("inference_schema", "azureml", "entry_module")]:
        del sys.modules[name]


def ask(made: service.Service, body: Any = b"", method: str = "POST", path: str = "/score", **headers: str) -> tuple[int, dict[str, str], Any]:
    given = {"content-length": "1", "content-type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    raw = f"{method} {path} HTTP/1.1\r\n" + "\r\n".join(f"{name}: {value}" for name, value in given.items())
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = next(iter(made.answer([(wire.head(raw.encode()), content)])))
    head, _, said = answer.partition(b"\r\n\r\n")
    line, *lines = head.decode().split("\r\n")
    return int(line.split()[1]), {one.split(": ")[0].lower(): one.split(": ", 1)[1] for one in lines}, said


PLAIN = "def init(): pass\ndef run(data): return {}\n"


@pytest.mark.parametrize(
    ("result", "said"),
    [("data", '"x"'), ("[1, 2.5]", "[1, 2.5]"), ("None", "{}"), ("{'a': True}", '{"a": true}'), ("__import__('json').dumps([1])", '"[1]"')],
)
def test_what_run_gives_is_written_as_json(served: Any, result: str, said: str) -> None:
    status, headers, body = ask(served(PLAIN.format(result)), b"x")
    assert (status, body.decode(), headers["content-type"]) == (200, said, "application/json")


def test_numbers_of_numpy_are_not_written_by_themselves(served: Any) -> None:
    status, headers, _ = ask(served(PLAIN.format("__import__('numpy').int64(1)")), b"x")
    assert (status, headers["x-ms-run-function-failed"]) == (500, "True")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("def run(data): pass", "no function init"),
        ("def init(): pass", "no function run"),
        ("def init(): pass\ndef run(*data): pass", r"may not have the parameter \*data"),
        ("def init(): pass\ndef run(**data): pass", "may not have the parameter"),
        ("def init(): pass\ndef run(data, /): pass", "may not have the parameter data"),
        ("def init(): pass\ndef run(): pass", "must have a parameter"),
        ("def init(): pass\ndef run(request_headers): pass", "must have a parameter"),
        ("def init(): pass\ndef run(a, b): pass", "without defaults: b"),
    ],
)
def test_a_script_that_cannot_be_called(served: Any, text: str, why: str) -> None:
    with pytest.raises(scripts.Broken, match=why):
        served(text)


def test_an_exception_may_say_how_to_answer(served: Any) -> None:
    text = "class Oops(Exception):\n    status_code = 422\n    message = 'mend it'\ndef init(): pass\ndef run(data): raise Oops\n"
    status, _, body = ask(served(text), b"x")
    assert (status, json.loads(body)) == (422, {"message": "mend it"})


def test_the_time_limit(served: Any) -> None:
    status, headers, body = ask(served("import time\ndef init(): pass\ndef run(data): time.sleep(5)\n", SCORING_TIMEOUT_MS="50"), b"x")
    assert (status, json.loads(body)["message"], headers["x-ms-run-function-failed"]) == (500, "Scoring timeout after 50 ms", "True")


def test_ids_that_are_too_long(served: Any) -> None:
    assert ask(served(PLAIN.format("1")), b"x", x_request_id="x" * 101)[0] == 431


def test_cross_origin(served: Any) -> None:
    made = served(PLAIN.format("1"), AML_CORS_ORIGINS="https://a.example, https://b.example")
    assert ask(made, b"x", origin="https://b.example")[1]["access-control-allow-origin"] == "https://b.example"
    assert "access-control-allow-origin" not in ask(made, b"x", origin="https://c.example")[1]
    assert ask(made, method="OPTIONS", origin="https://a.example", access_control_request_headers="x")[1]["access-control-allow-headers"] == "x"


DECLARED = """
import numpy as np
import pandas as pd
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.pandas_parameter_type import PandasParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema
def init(): pass
@input_schema("data", NumpyParameterType(np.array([[1.0, 2.0]])))
@input_schema("table", PandasParameterType(pd.DataFrame({"age": [1], "name": ["x"]})))
@input_schema("factor", StandardPythonParameterType(2))
@output_schema(NumpyParameterType(np.array([1.0])))
def run(data, table, factor=3):
    assert data.dtype == "float64" and list(table.columns) == ["age", "name"]
    return data.sum(axis=1) * factor + table["age"].to_numpy()
"""
RIGHT = {"data": [[1, 2], [3, 4]], "table": [{"age": 1, "name": "a"}, {"age": 2, "name": "b"}]}


def test_declared_parameters_are_converted(served: Any) -> None:
    made = served(DECLARED)
    assert ask(made, RIGHT)[2] == b"[10.0, 23.0]"
    assert ask(made, {**RIGHT, "factor": 1})[2] == b"[4.0, 9.0]"
    described = json.loads(ask(made, method="GET", path="/swagger.json")[2])["definitions"]["ServiceInput"]
    assert set(described["properties"]) == {"data", "table", "factor"} and described["example"]["data"] == [[1.0, 2.0]]


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (RIGHT, "text/plain", 415),
        (b"{", "application/json", 400),
        ([], "application/json", 400),
        ({"data": [[1, 2]]}, "application/json", 400),
        ({**RIGHT, "data": [[1, 2, 3]]}, "application/json", 400),
        ({**RIGHT, "data": "x"}, "application/json", 400),
        ({**RIGHT, "factor": "x"}, "application/json", 400),
    ],
)
def test_what_does_not_fit_the_declaration(served: Any, body: Any, kind: str, status: int) -> None:
    assert ask(served(DECLARED), body, content_type=kind)[0] == status


MANY = """
calls = []
def init(): pass
def run(data):
    calls.append(1)
    return int(data)
def run_many(texts):
    calls.append(len(texts))
    return BODY
"""


def ask_together(made: service.Service, bodies: list[bytes]) -> list[tuple[int, Any]]:
    head = wire.head(b"POST /score HTTP/1.1\r\nhost: x\r\ncontent-length: 1")
    said = [answer.partition(b"\r\n\r\n") for answer in made.answer([(head, body) for body in bodies])]
    return [(int(head.split()[1]), json.loads(body)) for head, _, body in said]


def calls() -> list[int]:
    found: list[int] = sys.modules["entry_module"].calls
    return found


def test_requests_that_come_together_are_given_together_to_a_script_that_wants_it(served: Any) -> None:
    made = served(MANY.replace("BODY", "[int(one) * 10 for one in texts]"))
    assert ask_together(made, [b"1", b"2", b"3"]) == [(200, 10), (200, 20), (200, 30)]
    assert ask_together(made, [b"4"]) == [(200, 4)]
    assert calls() == [3, 1]


def test_one_that_is_wrong_is_the_only_one_that_hears_of_it(served: Any) -> None:
    made = served(MANY.replace("BODY", "[int(one) for one in texts]"))
    assert [status for status, _ in ask_together(made, [b"1", b"two", b"3"])] == [200, 500, 200]
    assert [status for status, _ in ask_together(made, [b"1", b"\xff", b"3"])] == [200, 400, 200]
    assert calls() == [3, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("body", ["[]", "None", "1 / 0", "exit()", "[object()] * len(texts)"])
def test_without_an_answer_for_each_they_are_asked_one_by_one(served: Any, body: str) -> None:
    assert ask_together(served(MANY.replace("BODY", body)), [b"1", b"2"]) == [(200, 1), (200, 2)]


def test_run_many_beside_a_run_that_wants_more_than_a_text(served: Any) -> None:
    with pytest.raises(scripts.Broken, match=r"run_many\(\) is a function beside"):
        served("def init(): pass\ndef run(data, request_headers): pass\ndef run_many(texts): pass\n")
