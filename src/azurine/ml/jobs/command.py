"""A command job: one script, run once, with inputs, outputs and an environment; alone or as a pipeline's step.

Here its body becomes a plan, in which every reference is pinned and every expression checked. How it then goes: `attempts`.

https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-command
"""

from collections.abc import Mapping
from typing import Any

from azurine.expressions import bindings
from azurine.ml import reading
from azurine.ml.commands import check_command
from azurine.ml.jobs import inputs, outputs, parts
from azurine.ml.reading import Reader, clipped
from azurine.model import ids
from azurine.model.kinds import Admission
from azurine.model.resources import Json

MOST_INSTANCES = 64
LONGEST = 100_000
"""Characters of a command: what a machine takes as one argument of a program, with room for values."""
SPREAD = "azurine.spread"
"""Among the properties of a job's resources: its command asks for its other instances itself, when it has enough for them to do (`shares`)."""
_DISTRIBUTIONS = ("pytorch", "mpi", "tensorflow")
_COUNTS = ("process_count_per_instance", "processCountPerInstance", "worker_count", "workerCount", "parameter_server_count", "parameterServerCount")


def plan(request: Admission, given: Reader, common: Json) -> dict[str, Any]:
    """What will be run. What is wrong is noted at its path.

    given: at the body's `properties`. common: what is planned for any job (workspace, experiment, datastore, …).
    """
    known, workspace = request.references, str(common["workspace"])
    component = parts.component(given, known, workspace, "command")
    declared = component.get("inputs") if component else None
    command = given.text("command", longest=LONGEST) or str(component.get("command") or "")
    if not command.strip() and not given.faults:
        given.fault("command", "a command job needs a command, such as: python train.py", "MissingField")
    planned = {
        **common,
        "type": "command",
        **parts.code(given, known, workspace, str(component.get("code") or "")),
        **parts.environment(given, known, workspace, str(component.get("environment") or "")),
        "compute": parts.compute(given, "computeId", known, workspace, str(common.get("compute") or parts.HERE)),
        "inputs": inputs.plan(given.mapping("inputs"), declared, known, workspace),
        "outputs": outputs.plan(
            given.mapping("outputs"),
            component.get("outputs") if component else None,
            ids.name(request.id),
            str(common["datastore"]),
            known,
            workspace,
        ),
        "timeout": _timeout(given.mapping("limits")),
        "distribution": _distribution(given, component),
        "instances": instances(given, component),
        "deterministic": bool(component) and str(component.get("is_deterministic", True)).lower() == "true",
    }
    if planned["instances"] > 1 and given.mapping("resources").mapping("properties").value.get(SPREAD) is True:
        planned["spread"] = True
    own = {**(component.get("environment_variables") or {}), **variables(given.mapping("environmentVariables"))}
    _check_expressions(given, command, own, declared, planned)
    planned |= {"command": command, "variables": rendered(own)}
    return planned


def _timeout(limits: Reader) -> float | None:
    """Seconds the command may run; None when it may run for ever. An ISO 8601 duration, or a number of seconds."""
    said = limits.value.get("timeout")
    if said is None or said == "":
        return None
    seconds = reading.duration(said) if isinstance(said, str) else reading.as_number(said)
    if seconds is None or seconds <= 0:
        limits.fault("timeout", f"{clipped(said)} is not a duration; write it like PT90S, PT2M or P1DT1H", "InvalidDuration")
    return seconds


def instances(given: Reader, component: Mapping[str, Any]) -> int:
    own = given.mapping("resources")
    resources = own if own.value else Reader(component.get("resources"), own.path, own.faults)
    key = next((one for one in ("instanceCount", "instance_count") if resources.has(one)), "")
    return resources.whole(key, least=1, most=MOST_INSTANCES) or 1 if key else 1


def _distribution(given: Reader, component: Mapping[str, Any]) -> Json | None:
    own = given.mapping("distribution")
    distribution = own if own.value else Reader(component.get("distribution"), own.path, own.faults)
    if not distribution.value:
        return None
    key = "distributionType" if distribution.has("distributionType") else "type"
    said = distribution.text(key, required=True).lower()
    if said and said not in _DISTRIBUTIONS:
        distribution.fault(key, f"distribution {clipped(said)} does not run here; one of {', '.join(_DISTRIBUTIONS)} would be right", "NotSupported")
    counts = {name: distribution.whole(name, least=0, most=256) for name in _COUNTS if distribution.has(name)}
    return {**distribution.value, **counts}


def variables(given: Reader) -> dict[str, Any]:
    for name, value in given.value.items():
        if not name or "=" in name or "\0" in name:
            given.fault(name, f"{clipped(name)} cannot be the name of an environment variable", "InvalidName")
        elif isinstance(value, Mapping | list):
            given.fault(name, f"an environment variable is a text, not {clipped(value)}", "InvalidType")
        elif isinstance(value, str) and (len(value) > LONGEST or "\0" in value):
            given.fault(name, f"the value has {len(value)} characters; at most {LONGEST} are taken, none of them a zero character")
    return dict(given.value)


def rendered(own: Mapping[str, Any]) -> dict[str, str]:
    return {name: bindings.render(value) for name, value in own.items() if value is not None}


def _check_expressions(given: Reader, command: str, own: Mapping[str, Any], declared: Mapping[str, Json] | None, planned: Mapping[str, Any]) -> None:
    """Every expression must lead to an input or output; an optional input may stand only inside `$[[ ]]`."""
    if "\0" in command:
        given.fault("command", "a command cannot hold a zero character")
    side = {**planned["inputs"], **stated(given, "inputs"), **(declared or {})}, {**planned["outputs"], **stated(given, "outputs")}
    check_command(given, "command", command, *side)
    below = given.mapping("environmentVariables")
    for name, value in own.items():
        check_command(below, name, value if isinstance(value, str) else "", *side)


def stated(given: Reader, side: str) -> dict[str, Any]:
    """What the body speaks of, wrong or not: an input that is wrong is told once, not again wherever it is used."""
    found = given.value.get(side)
    return {name: {} for name in found} if isinstance(found, Mapping) else {}
