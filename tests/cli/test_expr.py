"""`azurine expr`: one expression, and lines of them."""

import io
import json
import sys
from types import SimpleNamespace

import pytest

from azurine import cli

ROWS = [
    {"expression": "@concat('a', 1)"},
    {"expression": "@pipeline().parameters.x", "scope": {"pipeline": {"parameters": {"x": [1, None]}}}},
    {"expression": "@item().n", "scope": {"item": {"n": 1.0}}},
    {"expression": "@activity('A').error.message", "scope": {"activity": {"A": {"output": None, "status": "Failed", "error": {"message": "no"}}}}},
    {"expression": {"deep": ["@{variables('v')}é"]}, "scope": {"variables": {"v": True}}},
    {"expression": "plain"},
]
VALUES = ["a1", [1, None], 1.0, "no", {"deep": ["Trueé"]}, "plain"]


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["@concat('a', 1)"], "a1"),
        (["@add(pipeline().parameters.n, 1)", "-p", "n=2"], 3),
        (["@{pipeline().parameters.name}!", "-p", "name=Anna=B"], "Anna=B!"),
        (["@pipeline().parameters.n", "--scope", '{"pipeline": {"parameters": {"n": 1, "m": 2}}}', "-p", "n=5"], 5),
        (["@variables('v')", "--scope", '{"variables": {"v": null}}'], None),
        (["no expression"], "no expression"),
    ],
)
def test_one_expression_is_printed_as_json(capsys, words, printed):
    assert cli.main(["expr", *words]) == 0
    assert json.loads(capsys.readouterr().out) == printed


def test_what_is_wrong_is_said_with_the_place_marked(capsys):
    assert cli.main(["expr", "@add(1, 'x')"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "expects its second parameter to be an integer or a decimal number" in said.err
    line, caret = said.err.splitlines()[1:3]
    assert line[caret.index("^") :].startswith("'x'")


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        ([], 2, "Give one expression"),
        (["@add(1,2)", "-f", "x"], 2, "Give one expression"),
        (["@add(1,2)", "-p", "x"], 2, "name=value"),
        (["@add(1,2)", "--scope", "{"], 2, "no JSON"),
        (["@add(1,2)", "--scope", '{"variables": 3}'], 1, "variables in a scope is an object"),
        (["@add(1,2)", "--scope", "nowhere.json"], 1, "There is no file nowhere.json"),
        (["-f", "nowhere.jsonl"], 1, "There is no file nowhere.jsonl"),
    ],
)
def test_wrong_use(capsys, words, code, sentence):
    assert cli.main(["expr", *words]) == code
    assert sentence in capsys.readouterr().err


def lines_of(text):
    return [json.loads(line) for line in text.splitlines()]


def test_a_file_is_answered_line_by_line(tmp_path, capsys):
    file = tmp_path / "rows.jsonl"
    file.write_text("\n\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    assert cli.main(["expr", "-f", str(file)]) == 0
    assert lines_of(capsys.readouterr().out) == [{"value": value} for value in VALUES]


def test_standard_input_is_read_and_an_error_is_an_answer(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(b'{"expression": "@foo()"}\n{"expression": "@add(1,2)"}\n')))
    assert cli.main(["expr", "-f", "-"]) == 0
    wrong, right = lines_of(capsys.readouterr().out)
    assert wrong == {"error": {"code": "InvalidTemplate", "message": "The template function 'foo' is not defined or not valid.", "position": 0}}
    assert right == {"value": 3}


def test_check_tells_by_the_exit_code_that_an_answer_is_an_error(tmp_path, capsys):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"expression": "@foo()"}\n', encoding="utf-8")
    assert cli.main(["expr", "-f", str(file), "--check"]) == 4
    assert "error" in capsys.readouterr().out


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"expr": 1}', '{"expression": "@1", "scope": 3}', '{"expression": "@1", "scope": {"now": "x"}}', "[" * 100_000, "\ud800"]
)
def test_a_line_that_asks_for_nothing(tmp_path, capsys, line):
    file = tmp_path / "rows.jsonl"
    file.write_text(line + '\n{"expression": "@1"}\n', encoding="utf-8", errors="surrogatepass")
    assert cli.main(["expr", "-f", str(file)]) == 1
    wrong, right = lines_of(capsys.readouterr().out)
    assert wrong["error"]["code"] == "BadRequest"
    assert right == {"value": 1}


def test_parameters_given_beside_a_file_are_known_to_every_line(tmp_path, capsys):
    file = tmp_path / "rows.jsonl"
    file.write_text('{"expression": "@pipeline().parameters.x"}\n{"expression": "@item()", "scope": {"item": 1}}\n', encoding="utf-8")
    assert cli.main(["expr", "-f", str(file), "-p", "x=7"]) == 0
    assert lines_of(capsys.readouterr().out) == [{"value": 7}, {"value": 1}]
