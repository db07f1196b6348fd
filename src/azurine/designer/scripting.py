"""A user's Python script, run for a component in a process of its own (`script_host`), its output line by line in the node's log.

What goes wrong in the script is told with the line inside the script. A script that ends its process, or is killed, is an error too. The
process works in a folder of its own inside the bench's, and has the variables and the Python of the step.
"""

import json
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from azurine.designer import script_host, tables
from azurine.designer.bench import Bench
from azurine.designer.tables import Column, Table
from azurine.model.errors import Invalid

MODEL = script_host.MODEL


@dataclass(frozen=True, slots=True)
class Given:
    """A table for the script. path: a Parquet file with the columns."""

    path: Path
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Done:
    """folder: what the script left behind."""

    folder: Path
    outputs: tuple[Table, ...]


def call(
    function: str,
    script: str,
    given: Sequence[Given | None],
    bench: Bench,
    bundle: Path | None = None,
    files: Mapping[str, bytes] | None = None,
) -> Done:
    """function: azureml_main, train or predict. files: what is put beside the script before it starts."""
    folder = Path(tempfile.mkdtemp(prefix="script-", dir=bench.folder))
    work = folder / "work"
    work.mkdir()
    for name, content in {**(files or {}), script_host.SCRIPT: script.encode("utf-8")}.items():
        (folder / name).write_bytes(content)
    request = {"call": function, "inputs": [_said(one) for one in given], "bundle": str(bundle.resolve()) if bundle else None}
    (folder / script_host.REQUEST).write_text(json.dumps(request), "utf-8")
    code = _run([sys.executable, "-u", "-m", "azurine.designer.script_host", str(folder)], work, bench)
    answer = folder / script_host.ANSWER
    if not answer.exists():
        raise bench.failing(f"python_script: {_ended(code)} before {function} had returned")
    found = json.loads(answer.read_text("utf-8"))
    if "refused" in found:
        raise bench.failing(found["refused"])
    if "failed" in found:
        raise bench.failing(_failed(found["failed"], script))
    return Done(folder, tuple(_table(folder / f"result-{place}.parquet", one, bench) for place, one in enumerate(found["outputs"])))


def _run(command: list[str], work: Path, bench: Bench) -> int:
    with subprocess.Popen(
        command, cwd=work, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                bench.say(line.rstrip("\n"))
        except BaseException:
            process.kill()
            raise
    return process.returncode


def _said(given: Given | None) -> dict[str, Any] | None:
    if given is None:
        return None
    if not given.columns:
        return {"path": None, "rows": 0, "categorical": []}
    return {"path": str(given.path.resolve()), "categorical": [one.name for one in given.columns if one.categorical]}


def _ended(code: int) -> str:
    if code >= 0:
        return f"the script ended its process (exit code {code})"
    name = signal.Signals(-code).name if -code in set(signal.Signals) else str(-code)
    return f"the process of the script was ended by {name}" + (" (was there too little memory?)" if name == "SIGKILL" else "")


def _failed(found: Mapping[str, Any], script: str) -> str:
    lines, number = script.splitlines(), found["line"]
    place = f"line {number}: " if number else ""
    source = lines[number - 1].strip() if number and number <= len(lines) else ""
    message = ": ".join(filter(None, (found["error"], found["message"])))
    return f"python_script: {place}{message}" + (f" in: {source}" if source else "")


def _table(path: Path, said: Mapping[str, Any], bench: Bench) -> Table:
    if not said["columns"]:
        return tables.of(pl.DataFrame())
    try:
        found = tables.of(pl.scan_parquet(path, glob=False))
    except Invalid as error:
        raise bench.failing(f"python_script: what it returned is no table: {error.message}") from error
    known = [Column(one.name, one.type, categorical=one.name in said["categorical"]) for one in found.columns]
    return tables.without_nan(Table(found.frame, tuple(known)))
