"""Expressions of Data Factory per second, beside the PyPI package data-factory-testing-framework (1.4.4) on the same list.

The list is what pipelines in public repositories use most, weighted by nothing: each once. Those that the package cannot evaluate, or
whose value differs, are left out for both, and said. Ours are measured three ways: compiled once and evaluated often (what a run does), and
read, compiled and evaluated anew each time, with what was read kept (what the package's interface amounts to) and with nothing kept.

The package needs a .NET runtime and OpenSSL 1.1; both come from PyPI too (in dotnetcore2 and psycopg2-binary). `python benchmarks/expressions.py` prints the rows.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import peers
from measuring import Row, table

from azurine.expressions import factory

RUNS = 3
SECONDS = 2.0
NAME = "data-factory-testing-framework"
SCOPE: dict[str, Any] = {
    "pipeline": {
        "parameters": {"folder": "in/2024", "count": 3, "names": ["a", "b", "c"], "options": {"mode": "full", "limit": 10}},
        "globalParameters": {"env": "dev", "retention": 30},
        "Pipeline": "Training",
        "RunId": "0d3f6c1e-0000-4000-8000-000000000001",
        "DataFactory": "adf-dev",
        "TriggerTime": "2024-01-02T03:04:05.1234567Z",
    },
    "variables": {"file": "patients.csv", "counter": 7},
    "item": {"name": "orders", "schema": "dbo", "columns": ["id", "when"]},
    "activity": {
        "Lookup": {"output": {"firstRow": {"Id": 12, "Name": "x"}, "value": [{"q": 1}, {"q": 2}], "count": 2}, "status": "Succeeded"},
        "Copy": {"output": {"rowsCopied": 1000, "executionDetails": [{"status": "ok"}]}, "status": "Succeeded"},
    },
}
EXPRESSIONS = (
    "@pipeline().parameters.folder",
    "@pipeline().Pipeline",
    "@pipeline().globalParameters.env",
    "@pipeline().RunId",
    "@activity('Lookup').output.value",
    "@activity('Copy').output.executionDetails[0].status",
    "@activity('Lookup').output.firstRow.Id",
    "@variables('file')",
    "@item().name",
    "@concat('select * from ', item().schema, '.', item().name)",
    "@if(greater(activity('Copy').output.rowsCopied, 0), 'some', 'none')",
    "@replace(variables('file'), '.csv', '.parquet')",
    "@equals(pipeline().globalParameters.env, 'dev')",
    "@formatDateTime(pipeline().TriggerTime, 'yyyy-MM-dd')",
    "@concat(pipeline().parameters.folder, '/', formatDateTime('2024-01-02T03:04:05Z', 'yyyy/MM/dd'), '/', variables('file'))",
    "@string(pipeline().parameters.count)",
    "@trim('  a  ')",
    "@empty(pipeline().parameters.names)",
    "@split('a,b,c', ',')[1]",
    "@contains(pipeline().parameters.names, 'b')",
    '@json(\'{"a": [1, 2, {"b": true}]}\')',
    "@not(equals(variables('counter'), 7))",
    "@bool('true')",
    "@substring(variables('file'), 0, 8)",
    "@encodeUriComponent('a b/c?d=é')",
    "@greater(length(activity('Lookup').output.value), 1)",
    "@and(equals(1, 1), or(false, less(pipeline().parameters.count, 5)))",
    "@toLower('ABC')",
    "@toUpper('abc')",
    "@add(variables('counter'), 1)",
    "@int('12')",
    "@addDays('2024-01-02T00:00:00Z', 5)",
    "@addHours('2024-01-02T00:00:00Z', -3, 'yyyy-MM-dd HH:mm')",
    "@lastIndexOf(variables('file'), '.')",
    "@endsWith(variables('file'), '.CSV')",
    "@startsWith(variables('file'), 'pat')",
    "@join(pipeline().parameters.names, ';')",
    "@createArray(1, 'a', null)",
    "@first(pipeline().parameters.names)",
    "@last(pipeline().parameters.names)",
    "@startOfMonth('2024-02-29T13:14:15Z')",
    "@div(mul(sub(10, 4), 3), 2)",
    "@mod(-7, 3)",
    "@coalesce(null, 'x')",
    "@union(pipeline().parameters.names, createArray('c', 'd'))",
    "@take(skip(range(0, 10), 2), 3)",
    "@base64ToString(base64('hello'))",
    "@ticks('2018-01-01T00:00:00Z')",
    "@max(1, 2, 3)",
    "@convertFromUtc('2024-07-01T12:00:00Z', 'Pacific Standard Time')",
    "Run @{pipeline().RunId} of @{pipeline().Pipeline}",
    "@{pipeline().parameters.folder}/@{variables('file')}",
)


def measure() -> list[Row]:
    scope = factory.Scope.of(SCOPE)
    ours = {text: factory.evaluate(text, scope) for text in EXPRESSIONS}
    python = peers.install("dftf", f"{NAME}==1.4.4", "dotnetcore2==3.1.23", "psycopg2-binary==2.9.5")
    theirs: list[float] = []
    compared: Sequence[str] = EXPRESSIONS
    if python is not None:
        found = _peer(python, EXPRESSIONS, 0.0)
        values = found["values"]
        differing = [text for text in values if json.dumps(values[text], sort_keys=True) != json.dumps(ours[text], sort_keys=True)]
        compared = [text for text in EXPRESSIONS if text in values and text not in differing]
        print(
            f"{NAME} evaluates {len(values)} of {len(EXPRESSIONS)}, {len(compared)} of them to the same value; these are compared.", file=sys.stderr
        )
        for text in differing:
            print(f"  differs: {text}: {values[text]!r}; here {ours[text]!r}", file=sys.stderr)
    taken: list[list[float]] = [[], [], []]
    for _ in range(RUNS):
        if python is not None:
            theirs.append(_peer(python, compared, SECONDS)["rate"])
        for way, rates in zip((_compiled, _read, _anew), taken, strict=True):
            rates.append(way(compared, scope))
    name = NAME if theirs else ""
    what = f"{len(compared)} expressions of Data Factory, evaluations"
    return [
        Row(f"{what}: compiled once", "/s", taken[0], theirs, name, goal=20.0 if theirs else None, at_least=True),
        Row(f"{what}: from the text each time", "/s", taken[1], theirs, name, goal=20.0 if theirs else None, at_least=True),
        Row(f"{what}: from the text each time, nothing kept", "/s", taken[2], theirs, name),
    ]


def _peer(python: Path, expressions: Sequence[str], seconds: float) -> dict[str, Any]:
    asked = json.dumps({"expressions": expressions, "scope": SCOPE, "seconds": seconds})
    script = str(Path(__file__).with_name("dftf_peer.py"))
    ran = subprocess.run([str(python), script], input=asked, capture_output=True, text=True, check=False, env={**os.environ, **_footing(python)})
    if ran.returncode != 0:
        raise RuntimeError(f"{NAME} did not run: {ran.stderr[-2000:]}")
    if seconds == 0:
        for line in ran.stderr.splitlines():
            print(f"  not evaluated by it: {line}", file=sys.stderr)
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _footing(python: Path) -> dict[str, str]:
    """What .NET has to be told: where it is, that there are no languages, and where OpenSSL 1.1 is (under the names that it looks for)."""
    packages = next(python.parent.parent.glob("lib/python*/site-packages"))
    named = python.parent.parent / "openssl"
    named.mkdir(exist_ok=True)
    for library in ("ssl", "crypto"):
        link = named / f"lib{library}.so.1.1"
        link.unlink(missing_ok=True)
        link.symlink_to(next((packages / "psycopg2_binary.libs").glob(f"lib{library}-*.so.1.1")))
    return {
        "DOTNET_ROOT": str(packages / "dotnetcore2" / "bin"),
        "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1",
        "DOTNET_CLI_TELEMETRY_OPTOUT": "1",
        "LD_LIBRARY_PATH": f"{named}:{packages / 'psycopg2_binary.libs'}",
    }


def _rate(once: Callable[[], None], count: int) -> float:
    """Evaluations a second, where `once` makes `count` of them."""
    made, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS / 2:
        once()
        made += count
    return made / (time.perf_counter() - began)


def _compiled(expressions: Sequence[str], scope: factory.Scope) -> float:
    templates = [factory.compile(text) for text in expressions]

    def once() -> None:
        for template in templates:
            template.evaluate(scope)

    return _rate(once, len(expressions))


def _read(expressions: Sequence[str], scope: factory.Scope) -> float:
    def once() -> None:
        for text in expressions:
            factory.evaluate(text, scope)

    return _rate(once, len(expressions))


def _anew(expressions: Sequence[str], scope: factory.Scope) -> float:
    def once() -> None:
        for text in expressions:
            factory.forget()
            factory.evaluate(text, scope)

    return _rate(once, len(expressions))


if __name__ == "__main__":
    print(table(measure()))
