"""Writes `docs/parity.md`: what of Azure's and MLflow's contracts is there, from the record of what the tests have shown and from the server's tables.

    python docs/parity.py            write the page
    make docs                        run the tests that speak to the doors with the official clients, then write the page

`docs/parity.json` is that record (`tests/witness.py` makes it); nothing on the page is claimed by hand but the names of the commands of
`az ml`. A tick means that a test that passes did it with the official client. A circle: the server's tables have it, and no
such test does it. A cross: it is not there.
"""

import importlib
import inspect
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import Mock, patch

DOCS = Path(__file__).parent
READ_ONLY = "read only"
"""Stands among the actions of a kind that users can only read."""
RECORD, PAGE = DOCS / "parity.json", DOCS / "parity.md"
SHOWN, SERVED, ABSENT = "✓", "○", "✗"

AZ_ML = {
    "batch-deployment": "create delete list list-jobs show update",
    "batch-endpoint": "create delete invoke list list-jobs show update",
    "component": "archive create list restore show update",
    "compute": "attach connect-ssh create delete detach enable-sso list list-nodes list-sizes list-usage restart show start stop update",
    "connection": "create delete list show update",
    "data": "archive create import list list-materialization-status mount restore share show update",
    "datastore": "create delete list mount show update",
    "environment": "archive create list restore share show update",
    "feature-set": "archive backfill create get-feature list list-features list-materialization-operation restore show update",
    "feature-store": "create delete list provision-network show update",
    "feature-store-entity": "archive create list restore show update",
    "job": "archive cancel connect-ssh create download list restore show show-services stream update validate",
    "model": "archive create download list package restore share show update",
    "online-deployment": "create delete get-logs list show update",
    "online-endpoint": "create delete get-credentials invoke list regenerate-keys show update",
    "registry": "create delete list show update",
    "schedule": "create delete disable enable list show trigger update",
    "serverless-endpoint": "create delete get-credentials list regenerate-keys show update",
    "workspace": "create delete diagnose list list-keys provision-network show sync-keys update",
}
"""The commands of the extension `ml` of Azure's command line. https://learn.microsoft.com/cli/azure/ml"""

FUNCTIONS = {
    "String": "concat endsWith guid indexOf lastIndexOf replace split startsWith substring toLower toUpper trim",
    "Collection": "contains empty first intersection join last length skip take union",
    "Logical": "and equals greater greaterOrEquals if less lessOrEquals not or",
    "Conversion": "array base64 base64ToBinary base64ToString binary bool coalesce createArray dataUri dataUriToBinary dataUriToString "
    "decodeBase64 decodeDataUri decodeUriComponent encodeUriComponent float int json string uriComponent uriComponentToBinary "
    "uriComponentToString xml xpath",
    "Math": "add div max min mod mul rand range sub",
    "Date and time": "addDays addHours addMinutes addSeconds addToTime convertFromUtc convertTimeZone convertToUtc dayOfMonth dayOfWeek dayOfYear "
    "formatDateTime getFutureTime getPastTime startOfDay startOfHour startOfMonth subtractFromTime ticks utcNow",
    "Surroundings": "activity dataset item linkedService pipeline trigger triggerBody variables",
}
"""What Data Factory documents of its expressions. https://learn.microsoft.com/azure/data-factory/control-flow-expression-language-functions"""

Marks = dict[str, dict[str, str]]
"""{group: {operation: mark}}"""


@dataclass(frozen=True, slots=True)
class Side:
    """One contract. key: its name in the record, "" when no test speaks for it. operation: how an operation is named there."""

    title: str
    note: str
    marks: Marks
    key: str = ""
    operation: str = ""

    def files(self, shown: Mapping[str, Mapping[str, str]], group: str) -> str:
        """Links to the tests that show operations of a group."""
        names = (self.operation.format(group, name) for name in self.marks[group])
        found = sorted({shown[self.key][name].partition("::")[0] for name in names if name in shown[self.key]}) if self.key else []
        return ", ".join(f"[{Path(file).stem.removeprefix('test_')}](../{file})" for file in found)


def render(record: Mapping[str, Any]) -> str:
    known, shown = record["known"], record["shown"]
    versions = known["versions"]
    sides = (
        Side(
            f"`MLClient` (azure-ai-ml {versions['azure-ai-ml']})",
            "The public methods of the operation groups of the official client. ✗ here means: not shown by a test.",
            _client(known["ml"], shown["ml"]),
            "ml",
            "{0}.{1}",
        ),
        Side(
            "Azure ML control plane (ARM)",
            "Every operation that Azure's generated client has a path for, by type.",
            _arm(known["arm"], shown["arm"]),
            "arm",
            "{0} {1}",
        ),
        Side(
            f"Data Factory (azure-mgmt-datafactory {versions['azure-mgmt-datafactory']})",
            "The public methods of the operation groups of the official client. ✗ here means: not shown by a test.",
            _client(known["adf"], shown["adf"]),
            "adf",
            "{0}.{1}",
        ),
        Side(
            f"MLflow REST (mlflow {versions['mlflow']})",
            "The tracking and registry calls of the MLflow client. Traces, prompts, scorers, gateway and review queues are not there.",
            _mlflow(known["mlflow"], shown["mlflow"]),
            "mlflow",
            "{1}",
        ),
        Side(
            f"Blob REST (azure-storage-blob {versions['azure-storage-blob']})",
            "The operations of the generated storage client. Page blobs, leases, snapshots and tiers are not kept here.",
            _blobs(known["blobs"], shown["blobs"]),
            "blobs",
            "{0}.{1}",
        ),
        Side(
            "Command line, beside `az ml`",
            "The nouns and verbs of `az ml`. ✓: `azurine` has the command (what it does goes through the official client).",
            _commands(),
        ),
        Side(
            "Data Factory: the functions of expressions",
            "✓: the function is there, and rows of [cases](../tests/cases/expressions) show what it answers and refuses. `azurine expr` tries one.",
            _functions(),
        ),
    )
    parts = [_HEAD, _numbers(sides)]
    for side in sides:
        parts += [f"## {side.title}\n", f"{side.note}\n", _table(side, shown)]
    return "\n".join(parts)


_HEAD = """# Parity: what is there, and what is not

Made by `make docs` from a run of the tests and from the server's own tables; not written by hand.

| mark | means |
|---|---|
| ✓ | a test that passes does it with the official client, and the server answers |
| ○ | the server has it; no test with the official client does it |
| ✗ | not there: the client gets a clear error in Azure's form |

## In numbers
"""


def _client(known: Mapping[str, list[str]], shown: Mapping[str, str]) -> Marks:
    return {group: {name: SHOWN if f"{group}.{name}" in shown else ABSENT for name in names} for group, names in known.items()}


def _arm(known: Mapping[str, str], shown: Mapping[str, str]) -> Marks:
    served = _served_in_arm()
    marks: Marks = {}
    for name in known:
        kind, _, operation = name.partition(" ")
        marks.setdefault(kind, {})[operation] = SHOWN if name in shown else SERVED if served(kind, operation) else ABSENT
    return marks


def _served_in_arm() -> Callable[[str, str], bool]:
    """From the kinds and actions that the server is wired with, and the routes that stand for themselves."""
    from azurine.api import locations

    kinds = wired()
    places = {str(getattr(route, "path", "")).rsplit("/", 1)[-1].lower() for route in locations.routes(lambda: ())}
    plain = {"create or update", "delete", "get", "list", "list in the subscription", "update"}

    def served(kind: str, operation: str) -> bool:
        if kind.startswith("locations/"):
            return kind.rsplit("/", 1)[-1].lower() in places
        if READ_ONLY in kinds.get(kind, ()):
            return operation.startswith(("get", "list"))
        return kind == "operations" or (kind in kinds and (operation in plain or operation.lower() in kinds[kind]))

    return served


@cache
def wired() -> dict[str, list[str]]:
    """{kind: its actions, in small letters} of a server. A process of its own looks, so that this one stays as it is."""
    looking = subprocess.run([sys.executable, __file__, "wired"], capture_output=True, text=True, check=True)
    found: dict[str, list[str]] = json.loads(looking.stdout)
    return found


def _wired() -> dict[str, list[str]]:
    """A house is built in a folder of its own, and what it tells its door is looked at."""
    from azurine import app
    from azurine.settings import Settings

    with tempfile.TemporaryDirectory() as home, patch.object(app.routes, "create_app") as door:
        house = app.House(Settings(Path(home)), "https://localhost:8443")
        house.app()
        house.close()
    asked = door.call_args.kwargs["table"]
    return {name: [*_actions(name, kind, asked), *([READ_ONLY] if kind.shared else [])] for name, kind in house.kinds.items()}


def _actions(name: str, kind: Any, asked: Any) -> list[str]:
    return sorted({*map(str.lower, kind.wishes), *(word.lower() for of, word in asked if of == name)})


def _mlflow(known: Mapping[str, str], shown: Mapping[str, str]) -> Marks:
    # Their functions are not called; what is wanted are the names.
    from azurine.api.mlflow import table

    parts = (table.experiments, table.runs, table.registry, table.logged_models)
    served = {f"{method} {name}" for part in parts for method, name in part(*(Mock() for _ in inspect.signature(part).parameters))}
    rest = {"": "", "/params": "/params", "/tags": "/tags", "/tags/*": "/tags/{tag_key}", "/artifacts/directories": "/artifacts/directories"}
    served |= {f"{method} logged-models/{{model_id}}{rest[name]}" for method, name in table.one_logged_model(Mock())}
    marks: Marks = {}
    for name in known:
        group = name.split(" ")[1].split("/")[0]
        marks.setdefault(group, {})[name] = SHOWN if name in shown else SERVED if name in served else ABSENT
    return {group: marks[group] for group in sorted(marks)}


def _blobs(known: Mapping[str, Mapping[str, list[str]]], shown: Mapping[str, str]) -> Marks:
    from azurine.api.blobs.door import OPERATIONS

    def served(group: str, call: list[str]) -> bool:
        level = "blob" if group in ("block_blob", "append_blob") else group
        return (level, *call) in OPERATIONS

    def mark(group: str, name: str, call: list[str]) -> str:
        # Whether bytes may come from a URL, or go as Arrow, is not said by the table; only a test can show it.
        return SHOWN if f"{group}.{name}" in shown else SERVED if served(group, call) and not name.endswith(("_from_url", "_arrow")) else ABSENT

    return {group: {name: mark(group, name, call) for name, call in calls.items()} for group, calls in known.items()}


def _commands() -> Marks:
    import typer

    from azurine import cli

    have = {noun: set(typer.main.get_command(importlib.import_module(module).app).commands) for noun, (module, _) in cli.NOUNS.items()}  # type: ignore[attr-defined]
    return {noun: {verb: SHOWN if verb in have.get(noun, ()) else ABSENT for verb in verbs.split()} for noun, verbs in AZ_ML.items()}


def _functions() -> Marks:
    from azurine.expressions.functions import TABLE

    rows = "".join(path.read_text(encoding="utf-8").lower() for path in (DOCS.parent / "tests" / "cases" / "expressions").glob("*.json"))

    def mark(name: str) -> str:
        known = TABLE.get(name.lower())
        return ABSENT if known is None or known.name != name else SHOWN if f"{name.lower()}(" in rows else SERVED

    return {family: {name: mark(name) for name in names.split()} for family, names in FUNCTIONS.items()}


def _table(side: Side, shown: Mapping[str, Mapping[str, str]]) -> str:
    lines = ["| | there | operations |" + (" shown by |" if side.key else ""), "|---|---|---|" + ("---|" if side.key else "")]
    for group, names in side.marks.items():
        there = sum(mark != ABSENT for mark in names.values())
        told = " · ".join(f"{mark} `{name}`" for name, mark in sorted(names.items(), key=_order))
        lines.append(f"| `{group}` | {there} of {len(names)} | {told} |" + (f" {side.files(shown, group)} |" if side.key else ""))
    return "\n".join(lines) + "\n"


def _order(item: tuple[str, str]) -> tuple[int, str]:
    return "✓○✗".index(item[1]), item[0]


def _numbers(sides: Iterable[Side]) -> str:
    lines = ["| | ✓ | ○ | ✗ | of |", "|---|---|---|---|---|"]
    for side in sides:
        marks = [mark for names in side.marks.values() for mark in names.values()]
        lines.append(f"| {side.title} | {' | '.join(str(marks.count(mark)) for mark in (SHOWN, SERVED, ABSENT))} | {len(marks)} |")
    return "\n".join(lines) + "\n"


def current() -> bool:
    """Is the page what the record and the server say today?"""
    return PAGE.read_text(encoding="utf-8") == render(json.loads(RECORD.read_text(encoding="utf-8")))


if __name__ == "__main__":
    if sys.argv[1:] == ["wired"]:
        sys.stdout.write(json.dumps(_wired()))
    else:
        PAGE.write_text(render(json.loads(RECORD.read_text(encoding="utf-8"))), encoding="utf-8")
