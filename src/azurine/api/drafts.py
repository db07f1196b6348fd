"""What is asked of drafts and of runs beside each other: POST on a draft (`validate`, `clone`, `submit`), POST on a job (`compare`).

    validate   {"inputs": {…}}?                                       → {"valid", "problems": [{"node", "input", "kind", "path", "message", …}]}
    clone      {"name": "mine"}?                                      → the new draft
    submit     {"name"?, "experimentName"?, "displayName"?, "tags"?, "parameters": {"rate": 0.1}, "inputs": {…}}  → the job
    compare    {"with": "other_run"}                                  → how the two runs differ

A submitted draft is a pipeline job like any other; the job knows its draft (`azureml.pipelinedraftid`) and the draft its last job.
"""

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from azurine.api import resources
from azurine.api.actions import Asked, Table
from azurine.api.body import mapping
from azurine.model import errors, ids
from azurine.model.kinds import References
from azurine.model.resources import Json, Resource
from azurine.store import admission
from azurine.store.references import LogReferences

JOBS, DRAFTS = "workspaces/jobs", "workspaces/pipelineDrafts"
NOTE = "azureml.pipelinedraftid"
Check = Callable[[Resource, References], list[dict[str, Any]]]
Compare = Callable[[Resource, Resource], Mapping[str, Any]]
_TEXTS = ("experimentName", "displayName", "description")


def table(check: Check, compare: Compare) -> Table:
    """check: what is wrong with a draft. compare: two runs."""
    return {
        (DRAFTS, "validate"): lambda asked: _validated(asked, check),
        (DRAFTS, "clone"): _cloned,
        (DRAFTS, "submit"): _submitted,
        (JOBS, "compare"): lambda asked: compare(asked.resource, _other(asked)),
    }


def _validated(asked: Asked, check: Check) -> dict[str, Any]:
    draft = asked.resource
    given = {**draft.spec["properties"]["job"], **({"inputs": _inputs(asked, draft)} if asked.body else {})}
    drafted = Resource(draft.id, draft.kind, {**draft.spec, "properties": {**draft.spec["properties"], "job": given}})
    problems = check(drafted, LogReferences(asked.house.log))
    return {"valid": not problems, "problems": problems}


def _cloned(asked: Asked) -> dict[str, Any]:
    draft = asked.resource
    name = asked.body.get("name") or f"{draft.name[:200]}-{uuid.uuid4().hex[:8]}"
    body = {"properties": {"draftName": draft.name, "displayName": asked.body.get("displayName") or draft.spec["properties"].get("displayName")}}
    made = _put(asked, _named(asked, "pipelineDrafts", name), body)
    return asked.house.answer(made)


def _submitted(asked: Asked) -> dict[str, Any]:
    draft = asked.resource
    job: Mapping[str, Any] = draft.spec["properties"]["job"]
    said = {key: asked.body[key] for key in _TEXTS if asked.body.get(key) is not None}
    shown = draft.spec["properties"].get("displayName")
    body = {
        **({"displayName": shown} if shown and not job.get("displayName") else {}),
        **job,
        **said,
        "jobType": job.get("jobType") or "Pipeline",
        "inputs": _inputs(asked, draft),
        "tags": {**(job.get("tags") or {}), **mapping(dict(asked.body), "tags")},
        "properties": {**(job.get("properties") or {}), NOTE: draft.name},
    }
    try:
        made = _put(asked, _named(asked, "jobs", asked.body.get("name") or str(uuid.uuid4())), {"properties": body})
    except errors.Invalid as error:
        details = [errors.Detail(one.code, one.message, _place(one.path)) for one in error.details]
        raise errors.Invalid(error.message, code=error.code, path=_place(error.path), details=details) from error
    resources.change(asked.house, draft.id, lambda current: _noted(current, made.name), asked.by)
    return asked.house.answer(made)


def _inputs(asked: Asked, draft: Resource) -> dict[str, Any]:
    """The pipeline's inputs with what the request says instead: plain values as `parameters`, anything as `inputs`."""
    drafted = draft.spec["properties"]["job"].get("inputs")
    found = dict(drafted) if isinstance(drafted, Mapping) else {}
    for name, value in mapping(dict(asked.body), "parameters").items():
        if name not in found:
            known = ", ".join(found) or "none"
            raise errors.Invalid(
                f"the draft has no parameter {name[:80]!r}; it has: {known}", code="UnknownParameter", path=f"parameters.{name[:80]}"
            )
        found[name] = _assigned(found[name], value, name)
    return {**found, **mapping(dict(asked.body), "inputs")}


def _assigned(before: Any, value: Any, name: str) -> Any:
    if isinstance(value, Mapping | list):
        raise errors.Invalid("a plain value would be right here; anything else goes into inputs", code="InvalidType", path=f"parameters.{name[:80]}")
    if isinstance(before, Mapping) and str(before.get("jobInputType") or "literal").lower() != "literal":
        return {**before, "uri": value}
    return {"jobInputType": "literal", "value": value}


def _other(asked: Asked) -> Resource:
    name = asked.body.get("with")
    if not isinstance(name, str) or not name:
        raise errors.Invalid("with must name the other run", code="MissingField", path="with")
    return resources.get(asked.house, _named(asked, "jobs", name))


def _named(asked: Asked, collection: str, name: Any) -> str:
    if not isinstance(name, str) or "/" in name:
        raise errors.Invalid("name must be a name", code="InvalidName", path="name")
    return ids.child(ids.up_to(asked.id, ids.WORKSPACES), collection, name)


def _put(asked: Asked, identifier: str, body: Json) -> Resource:
    """Refuses what is there already: nothing is submitted or cloned over another."""
    if asked.house.log.get(identifier) is not None:
        raise errors.Conflict(f"{ids.name(identifier)} exists already; choose another name", code="UserError", path="name")
    request = admission.Request(identifier, lambda _: body, by=asked.by)
    return admission.admit(asked.house.log, asked.house.kinds, request, asked.house.clock()).resource


def _place(path: str) -> str:
    """From the job's body to the draft's."""
    return path.replace("properties", "properties.job", 1) if path.startswith("properties") else path


def _noted(draft: Resource, job: str) -> Json:
    return {**draft.spec, "properties": {**draft.spec["properties"], "lastSubmittedJobName": job}}
