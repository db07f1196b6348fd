"""What a job leaves behind: where each output goes, and the assets made of it.

An output without a path goes to `azureml://datastores/<default>/paths/azureml/<job>/<output>/`; a path may hold
`${{name}}`, `${{output_name}}` and `${{default_datastore}}`. The output `artifacts` is the job's own artifact store. An output
with a name becomes a data asset (or a model) of that name when the job succeeds.

An output of type string, number, integer or boolean is a value: the command writes it, as JSON or as it stands, into the file whose path
it is given, and who is bound to the output is given the value.

https://learn.microsoft.com/azure/machine-learning/how-to-read-write-data-v2
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azurine.expressions import bindings
from azurine.ml import interfaces, names, uris
from azurine.ml.jobs import inputs, words
from azurine.ml.reading import Reader, clipped
from azurine.model import ids
from azurine.model.decisions import Create, Effect
from azurine.model.errors import Invalid
from azurine.model.kinds import Look, References
from azurine.model.resources import Json, Resource

DEFAULT_STORE = "workspaceblobstore"
BOUND = "bound"
"""Marks the output of a pipeline's node that goes where an output of the pipeline goes: the place is not a setting of its own."""
_MODES = {"readwritemount": "rw_mount", "rw_mount": "rw_mount", "mount": "rw_mount", "upload": "upload", "direct": "direct"}
_SERVED = ("wasb", "abfs", "adl", "s3", "gs")
"""Storages elsewhere that can be written to (what begins so)."""


def plan(given: Reader, declared: Mapping[str, Json] | None, job_name: str, datastore: str, known: References, workspace: str) -> dict[str, Json]:
    """The outputs become {name: {"type", "mode", "uri", "path"?, "asset_name"?, "asset_version"?, "control"?}}; `path` is the one asked for.

    control: of which type the value is, when the output is one; its file is then a uri_file.

    given: at the `outputs` of the body. declared: the component's outputs, None for a job without one. datastore: the default one's name.
    """
    planned: dict[str, Json] = {}
    stated = {name: one for name, one in given.value.items() if name != words.DEFAULT_OUTPUT}
    for name in stated:
        if declared is None:
            inputs.check_name(given, name)
        elif name not in declared and name not in words.STORE_NAMES:
            given.fault(name, f"the component has no output {clipped(name)}; it has: {', '.join(declared) or 'none'}", "UnknownOutput")
    for name in stated if declared is None else declared:
        below = given.mapping(name)
        found = _planned(below, (declared or {}).get(name) or {}, _Site(name, job_name, datastore), known, workspace)
        if found is not None:
            planned[name] = found
    return planned


def sort_of(given: Mapping[str, Any]) -> str:
    """The type an output says it has; "" when it says none."""
    said = str(given.get("jobOutputType") or given.get("job_output_type") or given.get("type") or "").lower()
    return "" if said == inputs.LITERAL else said


@dataclass(frozen=True, slots=True)
class _Site:
    """Whose output it is."""

    output: str
    job: str
    datastore: str

    @property
    def scope(self) -> dict[str, str]:
        return {"name": self.job, "output_name": self.output, "default_datastore": self.datastore}

    def usual(self, sort: str) -> str:
        folder = f"azureml://datastores/{self.datastore}/paths/azureml/{self.job}/{self.output}"
        return folder if sort == "uri_file" else f"{folder}/"


def _planned(below: Reader, declaration: Json, site: _Site, known: References, workspace: str) -> Json | None:
    noted = len(below.faults)
    stated, declared = sort_of(below.value), sort_of(declaration)
    control = next((one for one in (declared, stated) if one in interfaces.PLAIN), "")
    sort = "uri_file" if control else stated or declared or "uri_folder"
    if control and str(below.text("mode")).lower() == "direct":
        below.fault("mode", f"the value ({control}) is read from its file when the step has ended; rw_mount or upload would be right")
    if sort not in (*interfaces.DATA, interfaces.ANY_PATH):
        below.fault("", f"{clipped(sort)} is not a type of output; one of {', '.join(interfaces.DATA)} would be right", "InvalidType")
    said = below.text("mode") or str(declaration.get("mode") or "rw_mount")
    if said.lower() not in _MODES:
        below.fault("mode", f"{clipped(said)} is not a mode of an output; rw_mount, upload or direct would be right")
    where = "uri" if below.has("uri") else "path"
    asked = below.text(where)
    uri = _resolved(below, where, asked, site, known, workspace) if asked else site.usual(sort)
    if site.output == words.STORE_NAMES[0] and not asked:
        uri = words.artifacts_uri(site.job)
    named = _named(below)
    if len(below.faults) > noted:
        return None
    planned = {"type": "uri_folder" if sort == interfaces.ANY_PATH else sort, "mode": _MODES[said.lower()], "uri": uri, **named}
    planned |= {"control": control} if control else {}
    return {**planned, "path": asked} if asked and not below.value.get(BOUND) else planned


def _resolved(below: Reader, where: str, asked: str, site: _Site, known: References, workspace: str) -> str:
    """The address asked for, its expressions replaced; a place that can be written to."""
    try:
        bindings.check(asked, bindings.LOCATION, below.at(where))
        uri = bindings.substitute(asked, site.scope, below.at(where))
    except Invalid as error:
        below.include(error)
        return ""
    found = uris.read(uri, workspace)
    if isinstance(found, uris.InDatastore):
        if uris.climbs(found.path):
            below.fault(where, f"{clipped(uri)} leaves its root; a path may not hold ..", "InvalidPath")
        elif known.get(found.datastore) is None:
            below.fault(where, f"there is no datastore {clipped(ids.name(found.datastore))}: {clipped(uri)}", "ResourceNotFound")
    elif not isinstance(found, uris.Elsewhere) or not uri.lower().startswith(_SERVED):
        below.fault(where, f"{clipped(uri)} cannot be written to; azureml://datastores/<datastore>/paths/<path> would be right", "InvalidPath")
    return uri


def _named(below: Reader) -> dict[str, str]:
    """The asset that is to be made: `name` and `version` in files, `assetName` and `assetVersion` on the wire."""
    found = {}
    for ours, rule, keys in (("asset_name", names.ASSET, ("assetName", "name")), ("asset_version", names.VERSION, ("assetVersion", "version"))):
        key = next((one for one in keys if below.has(one)), "")
        text = below.text(key) if key else ""
        if text and not names.fits(text, rule):
            below.fault(key, f"{clipped(text)} cannot be the {keys[1]} of an asset; it has {rule.words}", "InvalidName")
        if text:
            found[ours] = text
    return found if "asset_name" in found else {}


@dataclass(frozen=True, slots=True)
class Registered:
    """The assets of a job's named outputs: `assets` by output once all of them stand; until then `effects`, or why it cannot be."""

    assets: Mapping[str, str]
    effects: tuple[Effect, ...] = ()
    waiting: bool = False
    problem: Json | None = None


def register(job: Resource, planned: Mapping[str, Json], look: Look) -> Registered:
    """Which asset each named output has become, or should.

    Two jobs may want the same next version at the same moment: the store takes one of them, and the other looks again and takes
    the one after. So an asset counts only when it stands in the store and is this job's own.
    """
    made: dict[str, str] = {}
    effects: list[Effect] = []
    waiting = False
    for name, output in planned.items():
        if "asset_name" not in output:
            continue
        collection = "models" if output["type"].endswith("_model") else "data"
        container = ids.child(str(job.spec["plan"]["workspace"]), collection, output["asset_name"])
        family = look.references.children(container, f"workspaces/{collection}/versions")
        mine = _mine(job, output, family)
        version = mine.name if mine is not None else output.get("asset_version") or _next(family)
        made[name] = ids.child(container, "versions", version)
        if mine is None:
            why = _standing_in_the_way(look, container, version, family)
            if why:
                return Registered({}, problem=_refusal(name, output, version, why))
            # Assets stay when their job is deleted.
            effects.append(Create(container, f"workspaces/{collection}", {"properties": {}}, owned=False))
            effects.append(Create(made[name], f"workspaces/{collection}/versions", {"properties": _asset(collection, output, job)}, owned=False))
        # What was created in this very round has no revision yet: whether the store takes it is known in the next.
        waiting = waiting or mine is None or mine.revision == 0
    return Registered(made, tuple(effects), waiting)


def results(planned: Mapping[str, Json], registered: Mapping[str, str], values: Mapping[str, str] | None = None) -> dict[str, Json]:
    """What a job that is done shows of its outputs: {name: {"uri", "type", "asset"?, "value"?}}. values: see `spoken`."""
    found: dict[str, Json] = {}
    for name, one in planned.items():
        asset = {"asset": registered[name]} if name in registered else {}
        value = (values or {}).get(name, one.get("value"))
        found[name] = {"uri": one["uri"], "type": one["type"], **asset, **({"value": value} if value is not None else {})}
    return found


def spoken(planned: Mapping[str, Json], written: Mapping[str, str | None]) -> dict[str, str]:
    """The values of those outputs that are values. written: what is in their files, None where there is no file.

    Raises errors.Invalid when one was not written, or is not of its type.
    """
    found: dict[str, str] = {}
    for name, one in planned.items():
        if "control" in one:
            text = written.get(name)
            if text is None:
                message = f"the step wrote no value of the output {name} ({one['control']}); it is written into the file ${{{{outputs.{name}}}}}"
                raise Invalid(message, code="OutputNotWritten", path=f"outputs.{name}")
            found[name] = interfaces.literal({"type": one["control"]}, _value(text), f"outputs.{name}")
    return found


def _value(text: str) -> object:
    """JSON, or what is no JSON as it stands."""
    try:
        value = json.loads(text)
    except ValueError:
        return text.strip()
    return value if isinstance(value, str | bool | int | float) else text.strip()


def _mine(job: Resource, output: Json, family: Sequence[Resource]) -> Resource | None:
    """The version that this job has made of this output."""
    place = "modelUri" if output["type"].endswith("_model") else "dataUri"
    for one in family:
        said = one.spec["properties"]
        if said.get("jobName") == job.name and said.get(place) == output["uri"] and one.created_at >= job.created_at:
            return one
    return None


def _standing_in_the_way(look: Look, container: str, version: str, family: Sequence[Resource]) -> str:
    """Why this version cannot be made; "" when it can."""
    if any(one.name == version for one in family):
        return "this version exists already; choose another, or leave it out"
    for identifier in (container, ids.child(container, "versions", version)):
        refused = look.outcome(f"create:{identifier}")
        if refused is not None:
            return str((refused.get("error") or {}).get("message"))
    return ""


def _next(family: Sequence[Resource]) -> str:
    numbers = [int(one.name) for one in family if one.name.isascii() and one.name.isdigit() and len(one.name) < 10]
    return str(max(numbers, default=0) + 1)


def _asset(collection: str, output: Json, job: Resource) -> Json:
    if collection == "models":
        return {"modelType": output["type"], "modelUri": output["uri"], "jobName": job.name}
    return {"dataType": output["type"], "dataUri": output["uri"], "jobName": job.name}


def _refusal(name: str, output: Json, version: str, why: str) -> Json:
    return {"code": "OutputNotRegistered", "message": f"the output {name} cannot be registered as {output['asset_name']}:{version}: {why}"}
