"""Jobs: what a user runs. One kind, three types: `command`, `pipeline`, and runs that only track themselves.

`admit` turns the body into a plan in which every reference is pinned; the body itself is kept as it was PUT. A job that
was admitted never changes, but for its display name, description, tags, properties and archive mark. Cancel is a wish in
the spec.

https://learn.microsoft.com/azure/machine-learning/how-to-train-model
"""

import re
from collections.abc import Mapping
from typing import Any

from azurine.ml.jobs import command, outputs, pipeline, reuse, words
from azurine.model import ids, states
from azurine.model.decisions import Decision
from azurine.model.errors import Conflict, Detail, Invalid
from azurine.model.kinds import Admission, Kind, Look
from azurine.model.resources import Json, Resource

TYPES = {"Command": "command", "Pipeline": "pipeline"}
MUTABLE = ("displayName", "description", "tags", "properties", "isArchived", "status", "services", "outputs")
"""What a second PUT may differ in; `status` and the like come back from clients that send what they were shown, and do not count."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")


def admit(request: Admission) -> Json:
    """Checks the body and plans the work.

    Raises errors.Invalid with everything that is wrong, each with its JSON path; errors.Conflict when the job exists and
    the body differs in what cannot change.
    """
    properties = request.body.get("properties")
    if not isinstance(properties, Mapping):
        raise Invalid("the body needs an object `properties`", path="properties")
    if not _NAME.fullmatch(ids.name(request.id)):
        raise Invalid(f"{ids.name(request.id)!r} is not a name for a job: letters, digits, '-', '_' and '.' are", path="name")
    if request.previous is not None:
        return _revised(request.previous, request.body)
    wrong: list[Detail] = []
    plan = _plan(request, wrong)
    if wrong:
        raise _invalid(wrong)
    return {**request.body, "plan": plan}


def decide(look: Look) -> Decision:
    job = look.resource
    if states.is_final(job.status.get("state", "")):
        return Decision(job.status, settled=True)
    match job.spec["plan"]["type"]:
        case "pipeline":
            return pipeline.decide(look)
        case "command":
            return command.decide(look)
        case _:
            return Decision(job.status, settled=True)


def cancel(job: Resource, body: Json) -> Json:
    """The wish to cancel. Raises errors.Conflict when the job has ended already, as Azure does."""
    if states.is_final(job.status.get("state", "")):
        raise Conflict(f"the job {job.name!r} is {words.status(job)} and cannot be cancelled any more", code="UserError")
    return {**job.spec, "cancel": True}


def _plan(request: Admission, wrong: list[Detail], depth: int = 0) -> Json:
    properties = request.body["properties"]
    if depth > pipeline.DEEPEST:
        wrong.append(Detail("TooDeep", f"pipelines are nested more than {pipeline.DEEPEST} deep", "properties.componentId"))
        return {}
    common = _common(request, properties)
    match properties.get("jobType"):
        case "Command":
            return command.plan(request, properties, common, wrong)
        case "Pipeline":
            return pipeline.plan(request, properties, common, lambda child, mine: _plan(child, mine, depth + 1), wrong)
        case "Tracked":
            return {**common, "type": "tracked"}
        case other:
            known = " and ".join(TYPES)
            wrong.append(Detail("InvalidJobType", f"{other!r} is not a type of job that runs here; {known} are", "properties.jobType"))
            return {}


def _common(request: Admission, properties: Mapping[str, Any]) -> dict[str, Any]:
    """What any job's plan holds; a child takes after the job that asked for it."""
    workspace = ids.up_to(request.id, ids.WORKSPACES)
    owner = request.references.get(request.owner) if request.owner else None
    parent: Mapping[str, Any] = owner.spec.get("plan", {}) if owner is not None else {}
    return {
        "workspace": workspace,
        "experiment": properties.get("experimentName") or parent.get("experiment") or "Default",
        "root": parent.get("root") or ids.name(request.id),
        "datastore": parent.get("datastore") or outputs.DEFAULT_STORE,
        "compute": parent.get("compute"),
        "reuse": bool(parent.get("reuse")),
        "reuse_allowed": bool(parent.get("reuse", True)),
        "continue": bool(parent.get("continue", True)),
    }


def _revised(previous: Resource, body: Json) -> Json:
    """The spec after a second PUT: what may change is changed, the rest must be the same."""
    before, after = previous.spec["properties"], dict(body["properties"])
    fixed = {name for name in {*before, *after} if name not in MUTABLE and before.get(name) != after.get(name) and after.get(name) is not None}
    shown = words.show(previous)["properties"]
    differing = sorted(name for name in fixed if after[name] != shown.get(name) and (before.get(name) is not None or after[name] not in ({}, [], "")))
    if differing:
        raise Conflict(f"a job cannot be changed once it is submitted: {', '.join(differing)}", code="UserError", path=f"properties.{differing[0]}")
    changes = {name: after[name] for name in ("displayName", "description", "tags", "properties", "isArchived") if name in after}
    return {**previous.spec, "properties": {**before, **changes}}


def _invalid(wrong: list[Detail]) -> Invalid:
    first = wrong[0]
    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
    return Invalid(f"{first.message}{more}", path=first.path, details=wrong)


def _show(job: Resource) -> Json:
    shown = words.show(job)
    if job.spec.get("plan", {}).get("type") == "tracked":
        return {
            "properties": {**shown["properties"], "jobType": "Command", "command": shown["properties"].get("command") or "(tracked from outside)"}
        }
    return shown


KIND = Kind(name="workspaces/jobs", admit=admit, show=_show, decide=decide, wishes={"cancel": cancel}, archivable=True)
KINDS = (KIND, reuse.KIND)
