"""`azurine expr "@concat('a', 1)"`: expressions of Data Factory, evaluated without any server.

One expression: its value as JSON, or what is wrong and where. `-f FILE`: JSON lines in, JSON lines out, one answer for each line:
{"expression": …, "scope": {…}} becomes {"value": …} or {"error": {"code", "message", "position"}}. An error is an answer too: the exit code
is 0, with `--check` 4. A line that asks for nothing (it is no JSON object with an expression) is answered with an error, and the exit code is 1.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from azurine.cli import faults
from azurine.model import errors


def register(app: typer.Typer) -> None:
    app.command("expr", help="Evaluates an expression of Data Factory.")(expr)


def expr(
    expression: Annotated[str | None, typer.Argument(help="Such as \"@concat('a', 1)\".", show_default=False)] = None,
    file: Annotated[str, typer.Option("--file", "-f", help="JSON lines to answer, line by line; - for standard input.", show_default=False)] = "",
    scope: Annotated[
        str,
        typer.Option(
            "--scope", help="A file with what may be spoken of: pipeline, variables, activity, item, …; or the JSON itself.", show_default=False
        ),
    ] = "",
    parameters: Annotated[list[str] | None, typer.Option("--parameter", "-p", help="name=value, as JSON or text.", show_default=False)] = None,
    check: Annotated[bool, typer.Option("--check", help="With -f: exit code 4 when any answer is an error.")] = False,
) -> None:
    """Evaluates one expression, or those of a file."""
    if (expression is None) == (file == ""):
        raise faults.Failure("Give one expression, or a file with -f.", code=faults.USAGE)
    known = _scope(scope, parameters or ())
    if expression is not None:
        sys.stdout.write(_written(_value(expression, known)) + "\n")
        return
    with _opened(file) as lines:
        code = _answered(lines, known, check)
    if code:
        raise typer.Exit(code)


def _value(expression: str, known: Mapping[str, Any]) -> Any:
    # Here: `azurine --help` need not wait for the language.
    from azurine.expressions import factory

    try:
        return factory.evaluate(expression, factory.Scope.of(known))
    except factory.ExpressionError as error:
        raise faults.Failure(error.message, *(line.removeprefix("  ") for line in error.excerpt.splitlines())) from None


def _written(value: Any) -> str:
    shown = json.dumps(value, ensure_ascii=False)
    # A lone half of a surrogate pair cannot be written but as an escape.
    return shown if shown.isprintable() else json.dumps(value)


def _answered(lines: Iterable[bytes], known: Mapping[str, Any], check: bool) -> int:
    """Answers every line; the exit code."""
    code = 0
    for line in lines:
        if not line.strip():
            continue
        answer, asked = _answer(line, known)
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
        if not asked:
            code = faults.FAILED
        elif check and "error" in answer:
            code = code or faults.CHECK
    return code


def _answer(line: bytes, known: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The answer, and whether the line asked for anything."""
    from azurine.expressions import factory

    try:
        row = json.loads(line.decode("utf-8-sig"))
        if not isinstance(row, dict) or "expression" not in row:
            return _error("BadRequest", 'a line reads {"expression": …, "scope": {…}}'), False
        scope = row.get("scope")
        if scope is not None and not isinstance(scope, dict):
            return _error("BadRequest", "scope is a JSON object"), False
        seen = factory.Scope.of({**known, **(scope or {})})
    except (ValueError, RecursionError) as error:
        return _error("BadRequest", f"the line is no JSON: {error}"), False
    except errors.Invalid as error:
        return _error("BadRequest", error.message), False
    try:
        return {"value": factory.evaluate(row["expression"], seen)}, True
    except factory.ExpressionError as error:
        return _error(error.code, error.message, position=error.place), True


def _error(code: str, message: str, **more: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, **more}}


def _scope(written: str, parameters: Iterable[str]) -> dict[str, Any]:
    found = _object(written) if written else {}
    given = dict(_parameter(one) for one in parameters)
    if given:
        pipeline = found.get("pipeline") or {}
        found["pipeline"] = {**pipeline, "parameters": {**(pipeline.get("parameters") or {}), **given}}
    return found


def _object(written: str) -> dict[str, Any]:
    inline = written.lstrip().startswith("{")
    try:
        found = json.loads(written if inline else _text(Path(written)))
    except ValueError as error:
        raise faults.Failure(f"The scope is no JSON: {error}.", code=faults.USAGE) from None
    if not isinstance(found, dict):
        raise faults.Failure('The scope is a JSON object, such as {"pipeline": {"parameters": {"x": 1}}}.', code=faults.USAGE)
    return found


def _text(path: Path) -> str:
    if not path.is_file():
        raise faults.Failure(f"There is no file {path}.")
    return path.read_text(encoding="utf-8-sig")


def _parameter(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise faults.Failure(f"-p {text!r} is not of the form name=value.", code=faults.USAGE)
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value


@contextmanager
def _opened(name: str) -> Iterator[IO[bytes]]:
    if name == "-":
        yield sys.stdin.buffer
        return
    path = Path(name)
    if not path.is_file():
        raise faults.Failure(f"There is no file {path}.")
    with path.open("rb") as lines:
        yield lines
