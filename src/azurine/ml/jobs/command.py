"""A command job: one script, run once, with inputs, outputs and an environment; alone or as a pipeline's step.

Its life: reuse of an earlier result when nothing that counts has changed (`reuse`) → its environment is made ready → its
command runs on its compute, attempt after attempt when nodes are lost → outputs and named assets stand → final.

https://learn.microsoft.com/azure/machine-learning/reference-yaml-job-command
"""

import re
from collections.abc import Mapping
from typing import Any

from azurine.expressions import bindings, tree
from azurine.ml import environments
from azurine.ml import references as assets
from azurine.ml.jobs import inputs, outputs, reuse
from azurine.model import errors, ids
from azurine.model.decisions import Cease, Decision, Perform
from azurine.model.errors import AzurineError, Detail
from azurine.model.kinds import Admission, Look
from azurine.model.resources import Json, Resource
from azurine.model.states import State

MOST_ATTEMPTS = 4
"""A step whose node is lost is tried again this often in all; a step that fails by itself is not tried again."""

MOST_INSTANCES = 64
_DURATION = re.compile(r"P(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+(?:\.\d+)?)S)?)?")
_LOCAL = ("", "local", "serverless")


def plan(request: Admission, properties: Mapping[str, Any], common: Json, wrong: list[Detail]) -> Json:
    """What will be run, every reference pinned. Everything wrong goes on the list `wrong`, with its JSON path.

    properties: the body's `properties`. common: what the job kind planned for any job (experiment, root, datastore, …).
    """
    component = _component(request, properties, common, wrong)
    given = {**component, **{name: value for name, value in _own(properties).items() if value is not None}}
    command = given.get("command")
    if not isinstance(command, str) or not command.strip():
        wrong.append(Detail("MissingCommand", "a command job needs a command", "properties.command"))
        command = ""
    declared = component.get("inputs") if component else None
    planned = {
        **common,
        "type": "command",
        "command": command,
        "code": _code(request, given.get("code"), common, wrong),
        **_environment(request, given.get("environment"), common, wrong),
        "compute": compute(request, properties.get("computeId"), common["workspace"], "properties.computeId", wrong),
        "inputs": inputs.plan(_mapping(properties, "inputs", wrong), declared, request.references, common["workspace"], "properties.inputs", wrong),
        "outputs": outputs.plan(
            _declared_outputs(component, _mapping(properties, "outputs", wrong), wrong),
            ids.name(request.id),
            common["datastore"],
            "properties.outputs",
            wrong,
        ),
        "variables": {name: str(value) for name, value in (given.get("variables") or {}).items()},
        "timeout": seconds((properties.get("limits") or {}).get("timeout"), "properties.limits.timeout", wrong),
        "distribution": given.get("distribution"),
        "instances": _instances(properties, given, wrong),
        "deterministic": bool(component) and str(component.get("is_deterministic", True)).lower() == "true",
    }
    _check_expressions(planned, declared or {}, wrong)
    planned["fingerprint"] = reuse.fingerprint(planned)
    return planned


def decide(look: Look) -> Decision:
    """What a command job needs next."""
    job = look.resource
    if job.spec.get("cancel") or job.deleting:
        return _cancelled(look)
    earlier = reuse.earlier(look)
    if earlier is not None:
        return reuse.take_over(look, earlier)
    environment, python = _prepared(look)
    if python is None:
        return environment
    attempt = int(job.status.get("attempt", 1))
    outcome = look.outcome(step_key(job, attempt))
    if outcome is not None and outcome["output"].get("lost") and outcome["state"] == State.FAILED and attempt < MOST_ATTEMPTS:
        attempt += 1
        outcome = look.outcome(step_key(job, attempt))
    wish = Perform(step_key(job, attempt), "step", _order(job, python))
    if outcome is None:
        return Decision({**job.status, "state": State.PENDING, "phase": "queued", "attempt": attempt}, (wish,))
    return _follow(look, attempt, outcome, wish)


def step_key(job: Resource, attempt: int) -> str:
    """Names one attempt for ever; a job that was deleted and made again under its name is another job."""
    return f"{job.id}#{job.created_at:.6f}#run#{attempt}"


def seconds(duration: Any, path: str, wrong: list[Detail]) -> float | None:
    """An ISO 8601 duration (`PT1M40S`) or a number as seconds; None when there is none."""
    if duration in (None, ""):
        return None
    if isinstance(duration, int | float) and not isinstance(duration, bool):
        return float(duration)
    match = _DURATION.fullmatch(str(duration))
    if match is None or not any(match.groups()):
        wrong.append(Detail("InvalidDuration", f"{duration!r} is not an ISO 8601 duration; PT90S would be right", path))
        return None
    parts = {unit: float(amount) for unit, amount in match.groupdict().items() if amount}
    return parts.get("days", 0) * 86400 + parts.get("hours", 0) * 3600 + parts.get("minutes", 0) * 60 + parts.get("seconds", 0)


def compute(request: Admission, given: Any, workspace: str, path: str, wrong: list[Detail]) -> str:
    """The compute's id; "local" for the machine the server runs on (also for `serverless`)."""
    name = str(given or "").removeprefix("azureml:").rstrip("/")
    name = name.rsplit("/", 1)[-1] if "/" in name else name
    if name in _LOCAL:
        return "local"
    identifier = ids.child(workspace, "computes", name)
    found = request.references.get(identifier)
    if found is None or found.deleting:
        wrong.append(Detail("ComputeNotFound", f"there is no compute {name!r} in this workspace; `azurine compute list` shows what there is", path))
    return identifier


def _own(properties: Mapping[str, Any]) -> dict[str, Any]:
    """What the job's own body says of its program, in the component's words."""
    return {
        "command": properties.get("command"),
        "code": properties.get("codeId"),
        "environment": properties.get("environmentId"),
        "variables": properties.get("environmentVariables"),
        "distribution": properties.get("distribution"),
    }


def _component(request: Admission, properties: Mapping[str, Any], common: Json, wrong: list[Detail]) -> dict[str, Any]:
    identifier = properties.get("componentId")
    if not identifier:
        return {}
    try:
        found = assets.find_version(request.references, common["workspace"], "components", str(identifier))
    except AzurineError as error:
        wrong.append(Detail(error.code, error.message, "properties.componentId"))
        return {}
    spec = found.spec.get("properties", {}).get("componentSpec", {})
    return {**spec, "variables": spec.get("environment_variables"), "inputs": spec.get("inputs") or {}, "outputs": spec.get("outputs") or {}}


def _declared_outputs(component: Mapping[str, Any], given: Mapping[str, Any], wrong: list[Detail]) -> dict[str, Any]:
    if not component:
        return dict(given)
    declared = component.get("outputs") or {}
    for name in given:
        if name not in declared and name != "default":
            known = ", ".join(declared) or "none"
            wrong.append(Detail("UnknownOutput", f"the component has no output {name!r}; it has: {known}", f"properties.outputs.{name}"))
    return {name: {**(declaration or {}), **_stated(given.get(name))} for name, declaration in declared.items()}


def _stated(output: Any) -> dict[str, Any]:
    return {name: value for name, value in (output or {}).items() if value is not None} if isinstance(output, Mapping) else {}


def _mapping(properties: Mapping[str, Any], name: str, wrong: list[Detail]) -> Mapping[str, Any]:
    found = properties.get(name) or {}
    if not isinstance(found, Mapping):
        wrong.append(Detail("InvalidType", f"{name} should be an object of named {name}", f"properties.{name}"))
        return {}
    return {key: value for key, value in found.items() if key != "default"} if name == "outputs" else found


def _code(request: Admission, given: Any, common: Json, wrong: list[Detail]) -> str | None:
    """The address of the code folder; None when the job has none."""
    if not given:
        return None
    text = str(given)
    if text.startswith("azureml://") and "/codes/" not in text:
        return text
    try:
        found = assets.find_version(request.references, common["workspace"], "codes", text)
    except AzurineError as error:
        wrong.append(Detail(error.code, error.message, "properties.codeId"))
        return None
    return str(found.spec.get("properties", {}).get("codeUri", ""))


def _environment(request: Admission, given: Any, common: Json, wrong: list[Detail]) -> Json:
    if not given:
        wrong.append(Detail("MissingEnvironment", "a command job needs an environment", "properties.environmentId"))
        return {"environment": {}, "environment_id": ""}
    try:
        found = assets.find_version(request.references, common["workspace"], "environments", str(given))
    except AzurineError as error:
        wrong.append(Detail(error.code, error.message, "properties.environmentId"))
        return {"environment": {}, "environment_id": ""}
    properties = found.spec.get("properties", {})
    wanted = (
        {"host": True}
        if environments.on_host(found)
        else {name: properties[name] for name in ("image", "condaFile", "build") if properties.get(name)}
    )
    return {"environment": wanted, "environment_id": str(given)}


def _instances(properties: Mapping[str, Any], given: Mapping[str, Any], wrong: list[Detail]) -> int:
    resources = properties.get("resources") or given.get("resources") or {}
    count = resources.get("instanceCount", resources.get("instance_count", 1)) or 1
    try:
        number = int(count)
    except (TypeError, ValueError):
        number = 0
    if not 1 <= number <= MOST_INSTANCES:
        wrong.append(
            Detail("InvalidInstanceCount", f"{count!r} is not a number of instances from 1 to {MOST_INSTANCES}", "properties.resources.instanceCount")
        )
        return 1
    return number


def _check_expressions(planned: Mapping[str, Any], declared: Mapping[str, Any], wrong: list[Detail]) -> None:
    """Every `${{inputs.x}}` and `${{outputs.y}}` of the command must be there; optional ones only inside `$[[ ]]`."""
    texts = [("properties.command", planned["command"])]
    texts += [(f"properties.environmentVariables.{name}", value) for name, value in planned["variables"].items()]
    for path, text in texts:
        try:
            template = bindings.parse(text) if bindings.has_expression(text) else None
            bindings.check(text, bindings.STEP, path)
        except errors.Invalid as error:
            wrong.append(Detail(error.code, error.message, path))
            continue
        for part in template.parts if template else ():
            blocked = isinstance(part, tree.Block)
            for reference in part.parts if isinstance(part, tree.Block) else (part,):
                if isinstance(reference, bindings.Reference):
                    _check_reference(reference, blocked, planned, declared, path, wrong)


def _check_reference(
    reference: bindings.Reference, blocked: bool, planned: Mapping[str, Any], declared: Mapping[str, Any], path: str, wrong: list[Detail]
) -> None:
    side, name = reference.names[0], ".".join(reference.names[1:])
    if side not in ("inputs", "outputs") or name in planned[side]:
        return
    if side == "inputs" and name in declared:
        if not blocked and inputs.is_optional(declared[name]):
            wrong.append(Detail("OptionalInput", f"the input {name!r} is optional, so it may only stand inside $[[ … ]]", path))
        return
    if blocked:
        return
    known = ", ".join(planned[side]) or "none"
    wrong.append(Detail("UnknownReference", f"{reference} is not there; {side}: {known}", path))


def _prepared(look: Look) -> tuple[Decision, str | None]:
    """The interpreter of the job's environment when it is ready ("": the server's own); until then, or when it cannot be made, what to do."""
    job = look.resource
    definition = job.spec["plan"]["environment"]
    if definition.get("host"):
        return Decision(job.status), ""
    key = f"{job.id}#environment"
    wish = Perform(key, "environment", {"definition": definition, "run": job.name, "workspace": job.spec["plan"]["workspace"]})
    outcome = look.outcome(key)
    if outcome is not None and outcome["state"] == State.SUCCEEDED:
        return Decision(job.status), str(outcome["output"]["python"])
    if outcome is not None and outcome["state"] == State.FAILED:
        return failed(look, outcome.get("error") or {}), None
    return Decision({**job.status, "state": State.PENDING, "phase": "preparing"}, (wish,)), None


def _order(job: Resource, python: str) -> Json:
    plan = job.spec["plan"]
    wanted = (
        "command",
        "code",
        "inputs",
        "outputs",
        "variables",
        "timeout",
        "distribution",
        "instances",
        "compute",
        "workspace",
        "experiment",
        "root",
    )
    return {**{name: plan.get(name) for name in wanted}, "python": python, "run": job.name}


def _follow(look: Look, attempt: int, outcome: Json, wish: Perform) -> Decision:
    """The step is under way or over."""
    job = look.resource
    output = outcome["output"]
    started = job.status.get("started") or output.get("started")
    status: dict[str, Any] = {**job.status, "attempt": attempt}
    if started:
        status["started"] = started
    match outcome["state"]:
        case State.PENDING:
            return Decision({**status, "state": State.PENDING, "phase": output.get("phase", "queued")}, (wish,))
        case State.RUNNING:
            status["started"] = started or look.now
            return Decision({**status, "state": State.RUNNING, "phase": output.get("phase", "running")}, (wish,))
        case State.SUCCEEDED:
            return succeed(look, {**status, "ended": output.get("ended") or look.now})
        case State.CANCELLED:
            problem = outcome.get("error")
            return Decision(_ended(status | ({"error": problem} if problem else {}), State.CANCELLED, output.get("ended") or look.now), settled=True)
        case _:
            return failed(look, outcome.get("error") or {}, status, output.get("ended"))


def succeed(look: Look, status: Mapping[str, Any]) -> Decision:
    """The work is done: named outputs become assets, the result is kept for reuse, and the job is final when all of it stands."""
    job = look.resource
    plan = job.spec["plan"]
    made, effects = outputs.registrations(job, look.references, plan["workspace"])
    refusals = [one for one in (look.outcome(f"create:{identifier}") for identifier in made.values()) if one]
    if refusals:
        return failed(look, refusals[0]["error"], status)
    named = {
        name: {"uri": one["uri"], "type": one["type"]} | ({"asset": made[name]} if name in made else {}) for name, one in plan["outputs"].items()
    }
    if effects:
        return Decision({**status, "state": State.RUNNING, "phase": "finalizing", "outputs": named}, tuple(effects))
    final = _ended({**status, "outputs": named}, State.SUCCEEDED, status.get("ended") or look.now)
    return Decision(final, reuse.remember(look), settled=True)


def failed(look: Look, error: Json, status: Mapping[str, Any] | None = None, ended: float | None = None) -> Decision:
    problem = {"code": error.get("code") or "UserError", "message": error.get("message") or "the job failed"}
    return Decision(_ended({**(status or look.resource.status), "error": problem}, State.FAILED, ended or look.now), settled=True)


def _ended(status: Mapping[str, Any], state: State, at: float) -> dict[str, Any]:
    final = {**status, "state": state, "ended": at}
    final.pop("phase", None)
    return final


def _cancelled(look: Look) -> Decision:
    """Cancel is a wish: the work is told to end, and the job is cancelled when it has ended."""
    job = look.resource
    preparing = Cease(f"{job.id}#environment", "environment")
    if job.status.get("attempt"):
        key = step_key(job, int(job.status["attempt"]))
        outcome = look.outcome(key)
        if outcome is None or outcome["state"] in (State.PENDING, State.RUNNING):
            return Decision(job.status, (Cease(key, "step"),))
        if outcome["state"] == State.SUCCEEDED:
            return succeed(look, {**job.status, "ended": outcome["output"].get("ended") or look.now})
    ended = Decision(_ended(job.status, State.CANCELLED, look.now), settled=True)
    return Decision(ended.status, (preparing,), settled=True) if job.status.get("phase") == "preparing" else ended
