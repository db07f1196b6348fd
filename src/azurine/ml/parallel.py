"""Parallel steps: a script whose `run(mini_batch)` is called with part after part of one input, by many processes at once.

What is said of one is the same in a component, in a pipeline's node and for a batch deployment; here it is read and checked.
The parts are files (`mini_batch_size` of them) or the rows of a table (about as many as make `mini_batch_size` bytes).

https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-parallel
"""

import json
import re
import shlex
from collections.abc import Mapping
from typing import Any

from azurine.expressions import bindings
from azurine.ml.reading import Reader, clipped
from azurine.model.errors import Invalid
from azurine.model.resources import Json

SETTINGS = (
    "task",
    "input_data",
    "mini_batch_size",
    "partition_keys",
    "mini_batch_error_threshold",
    "error_threshold",
    "max_concurrency_per_instance",
    "retry_settings",
    "logging_level",
)
"""What a parallel step says beside what every step says."""
MODEL, FUNCTION = "model", "run_function"
MOST_PROCESSES = 256
LONGEST = 259_200
"""Seconds that a mini-batch may take at most."""
LEVELS = ("INFO", "WARNING", "DEBUG", "ERROR")
_TYPES = (FUNCTION, "function", MODEL)
_SIZE = re.compile(r"(\d{1,15})\s*([kmg]b)?", re.IGNORECASE)
_UNITS = {"": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3}


def merged(component: Json, node: Json) -> dict[str, Any]:
    """What holds: what the node says, else what its component does; of the task, word by word."""
    found = {name: component.get(name) for name in SETTINGS} | {name: node[name] for name in SETTINGS if node.get(name) not in (None, "", {})}
    tasks = [one for one in (component.get("task"), node.get("task")) if isinstance(one, Mapping)]
    if tasks:
        found["task"] = {name: value for one in tasks for name, value in one.items() if value is not None}
    return {name: value for name, value in found.items() if value is not None}


def plan(given: Reader, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the guest is told. given: at the settings; what is wrong is noted there. inputs, outputs: those that the step has."""
    task = given.mapping("task", required=True)
    sort = task.choice("type", _TYPES) or FUNCTION
    retries = given.mapping("retry_settings")
    size = _size(given)
    return {
        "script": _script(task, required=sort != MODEL),
        "arguments": _arguments(task, inputs, outputs),
        "input": _port(given, "input_data", "inputs", inputs),
        "append_to": _port(task, "append_row_to", "outputs", outputs) if task.has("append_row_to") else "",
        "append_name": task.text("append_row_file_name"),
        "batch_size": size,
        "keys": _keys(given),
        "error_threshold": _threshold(given, "error_threshold"),
        "batch_error_threshold": _threshold(given, "mini_batch_error_threshold"),
        "concurrency": given.whole("max_concurrency_per_instance", least=1, most=MOST_PROCESSES) or 0,
        "retries": _or(retries.whole("max_retries", least=0, most=1000), 2),
        "timeout": _or(retries.whole("timeout", least=1, most=LONGEST), 60),
        "level": given.choice("logging_level", LEVELS) or "INFO",
    }


def check(spec: Reader) -> None:
    """Notes what is wrong with the settings of a component."""
    declared = spec.value.get("inputs") or {}, spec.value.get("outputs") or {}
    if all(isinstance(one, Mapping) for one in declared):
        plan(spec, *declared)


def _or(number: int | None, default: int) -> int:
    return default if number is None else number


def _script(task: Reader, *, required: bool) -> str:
    script = task.text("entry_script", required)
    if script and (script.startswith("/") or ".." in script.split("/") or "\\" in script or "\0" in script):
        task.fault("entry_script", f"{clipped(script)} is not a path inside the code folder")
    return script.removeprefix("./")


def _port(given: Reader, key: str, side: str, declared: Mapping[str, Any]) -> str:
    """The name in `${{inputs.x}}`."""
    text = given.text(key, required=True)
    if not text:
        return ""
    try:
        reference = bindings.whole(text, given.at(key))
    except Invalid as error:
        given.include(error)
        return ""
    name = ".".join(reference.names[1:]) if reference is not None and reference.names[0] == side else ""
    if name not in declared:
        there = ", ".join(declared) or "none"
        given.fault(key, f"{clipped(text)} should read ${{{{{side}.<name>}}}}; {side} are: {there}", "InvalidBinding")
    return name


def _arguments(task: Reader, inputs: Mapping[str, Any], outputs: Mapping[str, Any]) -> str:
    text = task.text("program_arguments", longest=100_000)
    try:
        bindings.check(text, bindings.STEP, task.at("program_arguments"))
        for reference in bindings.references(text):
            there = {"inputs": inputs, "outputs": outputs}.get(reference.names[0])
            if there is not None and ".".join(reference.names[1:]) not in there:
                known = ", ".join(there) or "none"
                task.fault("program_arguments", f"there is no {reference}; {reference.names[0]} are: {known}", "InvalidBinding")
        shlex.split(text)
    except Invalid as error:
        task.include(error)
    except ValueError as error:
        task.fault("program_arguments", f"{clipped(text)} cannot be taken apart into words: {error}")
    return text


def _size(given: Reader) -> int:
    """A number of files, or of bytes; 0 when it is not said."""
    said = given.value.get("mini_batch_size")
    if said is None:
        return 0
    found = _SIZE.fullmatch(str(said).strip()) if not isinstance(said, bool) else None
    size = int(found.group(1)) * _UNITS[(found.group(2) or "").lower()] if found else 0
    if size < 1:
        given.fault("mini_batch_size", f"{clipped(said)} is no size of a mini-batch; a number of files such as 10, or 10kb or 1mb of a table is")
    return size


def _keys(given: Reader) -> list[str]:
    """The client sends the list as a text."""
    said = given.value.get("partition_keys")
    if isinstance(said, str) and said:
        try:
            said = json.loads(said)
        except ValueError:
            said = [said]
    if said in (None, ""):
        return []
    if not isinstance(said, list) or not all(isinstance(one, str) and one for one in said):
        given.fault("partition_keys", f"partition keys are a list of names, not {clipped(said)}", "InvalidType")
        return []
    return said


def _threshold(given: Reader, key: str) -> int:
    return _or(given.whole(key, least=-1), -1)
