"""What a job is given: plain values, checked against the component's declaration, and data, pinned at submission.

A data input names an asset, a datastore path, another job's output, a tracked artifact or a public address; what it
names is looked up once, when the job is admitted, and its address is kept. So `@latest` means the latest of that moment.

https://learn.microsoft.com/azure/machine-learning/how-to-read-write-data-v2
"""

from collections.abc import Mapping
from typing import Any

from azurine.expressions import bindings
from azurine.ml import interfaces, names, references, uris
from azurine.ml.jobs import words
from azurine.ml.reading import Reader, clipped
from azurine.model import ids
from azurine.model.errors import AzurineError, Invalid
from azurine.model.kinds import References
from azurine.model.resources import Json, Resource

LITERAL = "literal"
LONGEST = 100_000
"""Characters of a plain value: what still fits into a command line."""
_PLAIN_MODES = ("ro_mount", "rw_mount", "download", "direct")
_TABLE_MODES = ("eval_mount", "eval_download")
_MODES = {
    "readonlymount": "ro_mount",
    "readwritemount": "rw_mount",
    "evalmount": "eval_mount",
    "evaldownload": "eval_download",
    "mount": "ro_mount",
} | {mode: mode for mode in (*_PLAIN_MODES, *_TABLE_MODES)}


def type_of(entry: Mapping[str, Any]) -> str:
    """What an input says it is; "literal" when it says nothing."""
    return str(entry.get("jobInputType") or entry.get("job_input_type") or entry.get("type") or LITERAL)


def plan(given: Reader, declared: Mapping[str, Json] | None, known: References, workspace: str) -> dict[str, Json]:
    """The given inputs become {name: {"value"} or {"type", "mode", "uri", "asset"?}}; an optional one without value, {"value": None}.

    given: at the `inputs` of the body. declared: the component's inputs; None for a job without one (then anything goes).
    """
    planned: dict[str, Json] = {}
    present = {name: one for name, one in given.value.items() if not _is_nothing(one)}
    for name, one in present.items():
        declaration = _declaration(given, name, declared)
        found = _planned(given, name, one, declaration, known, workspace) if declaration is not None else None
        if found is not None:
            planned[name] = found
    for name, declaration in (declared or {}).items():
        if name in present:
            continue
        default = declaration.get("default")
        found = {"value": None} if default is None else _literal(given, name, default, declaration)
        planned |= {name: found} if found is not None else {}
    for name in interfaces.missing(declared or {}, present):
        given.fault(name, f"the required input {name} is not given", "MissingInput")
    return planned


def place(job: Resource, name: str) -> str:
    """Where the data that a job was given lies, as it was found at submission; "" for a plain value, or when there is no such input."""
    found = ((job.spec.get("plan") or {}).get("inputs") or {}).get(name) or {}
    return str(found.get("uri") or "")


def _is_nothing(one: Any) -> bool:
    """Null, or an input whose value is null: an optional input that is left out is sent either way."""
    return one is None or (isinstance(one, dict | Mapping) and type_of(one).lower() == LITERAL and one.get("value") is None)


def _declaration(given: Reader, name: str, declared: Mapping[str, Json] | None) -> Json | None:
    """What the input must be; {} when nothing says so; None (and a note) when there may be no such input."""
    if declared is not None:
        if name not in declared:
            given.fault(name, f"the component has no input {clipped(name)}; it has: {', '.join(declared) or 'none'}", "UnknownInput")
        return declared.get(name)
    if check_name(given, name):
        return {}
    return None


def check_name(given: Reader, name: str) -> bool:
    """Notes a name that no input or output can have."""
    if not all(names.fits(part, names.NODE) for part in name.split(".")):
        given.fault(name, f"{clipped(name)} cannot be a name here; a name has {names.NODE.words}", "InvalidName")
        return False
    if name.lower() in interfaces.RESERVED:
        given.fault(name, f"{name} is reserved, because inputs and outputs become environment variables", "InvalidName")
        return False
    return True


def _planned(given: Reader, name: str, one: Any, declaration: Json, known: References, workspace: str) -> Json | None:
    entry: Json = one if isinstance(one, dict | Mapping) else {"value": one}
    wanted = str(declaration.get("type") or "").lower()
    if type_of(entry).lower() != LITERAL:
        return _data(given, name, entry, declaration, known, workspace)
    if wanted in interfaces.DATA:
        # A component's data input may be given as nothing but its address.
        return _data(given, name, {"jobInputType": wanted, "uri": entry.get("value")}, declaration, known, workspace)
    return _literal(given, name, entry.get("value"), declaration)


def _literal(given: Reader, name: str, value: Any, declaration: Json) -> Json | None:
    if isinstance(value, str) and (len(value) > LONGEST or "\0" in value):
        given.fault(name, f"the value is {len(value)} characters long; at most {LONGEST} are taken, none of them a zero character")
        return None
    if isinstance(value, Mapping | list):
        given.fault(name, f"a plain value or data (jobInputType and uri) would be right here, not {clipped(value)}", "InvalidType")
        return None
    wanted = str(declaration.get("type") or "").lower()
    try:
        return {"value": interfaces.literal(declaration if wanted in interfaces.PLAIN else {}, value, given.at(name))}
    except Invalid as error:
        given.include(error)
        return None


def _data(given: Reader, name: str, entry: Json, declaration: Json, known: References, workspace: str) -> Json | None:
    """What is wrong is noted; then there is no plan for it."""
    noted = len(given.faults)
    below = Reader(entry, name, given.faults, given)
    sort, wanted = type_of(entry).lower(), str(declaration.get("type") or "").lower()
    if sort not in (*interfaces.DATA, interfaces.ANY_PATH):
        given.fault(name, f"{clipped(type_of(entry))} is not a type of input; one of {', '.join(interfaces.DATA)} would be right", "InvalidType")
    elif wanted in interfaces.PLAIN:
        given.fault(name, f"the component wants a {wanted} here, not data ({sort})", "InvalidType")
    elif "uri_file" in (wanted, sort) and wanted not in ("", sort, interfaces.ANY_PATH) and sort != interfaces.ANY_PATH:
        given.fault(name, f"the component wants {wanted} here, not {sort}", "InvalidType")
    mode = _mode(below, sort, str(declaration.get("mode") or "ro_mount"))
    where = "uri" if below.has("uri") else "path" if below.has("path") else "uri"
    address = below.text(where, required=True)
    if len(given.faults) > noted:
        return None
    try:
        return {"type": "uri_folder" if sort == interfaces.ANY_PATH else sort, "mode": mode, **pin(address, sort, known, workspace)}
    except AzurineError as error:
        below.fault(where, error.message, error.code)
        return None


def _mode(below: Reader, sort: str, default: str) -> str:
    said = below.text("mode") or default
    mode = _MODES.get(said.lower(), "")
    if not mode:
        below.fault("mode", f"{clipped(said)} is not a mode of an input; {', '.join(_PLAIN_MODES[:1] + _PLAIN_MODES[2:])} would be right")
    elif mode in _TABLE_MODES and sort != "mltable":
        below.fault("mode", f"{said} is for tables (mltable); for {sort}, ro_mount or download would be right")
    return mode


def pinned(one: Any, declaration: Json, known: References, workspace: str) -> Any:
    """The input of a pipeline's node with the asset that a label means now; as it is when it names none, or nothing that is there."""
    entry: Json = one if isinstance(one, dict | Mapping) else {"value": one}
    wanted = str(declaration.get("type") or "").lower()
    sort = type_of(entry).lower()
    if sort == LITERAL and wanted not in interfaces.DATA:
        return one
    key = next((name for name in ("uri", "path", "value") if entry.get(name)), "")
    text = entry.get(key)
    if not isinstance(text, str) or bindings.has_expression(text):
        return one
    try:
        asset = pin(text, wanted if sort == LITERAL else sort, known, workspace).get("asset")
    except AzurineError:
        return one
    return {**entry, key: words.address(asset)} if asset else one


def pin(address: str, sort: str, known: References, workspace: str) -> dict[str, str]:
    """The address behind what is named, and the asset it is when it is one.

    Raises errors.Invalid when there is no such asset, datastore, job or output.
    """
    if bindings.has_expression(address):
        raise Invalid(f"{clipped(address)}: an expression may not stand here", code="InvalidExpression")
    match uris.read(address, workspace):
        case uris.Elsewhere():
            return {"uri": address}
        case uris.InDatastore(datastore, path):
            _check_path(address, path)
            if known.get(datastore) is None:
                raise Invalid(f"there is no datastore {clipped(ids.name(datastore))}: {clipped(address)}", code="ResourceNotFound")
            return {"uri": address}
        case uris.OfJob(job, output, path):
            _check_path(address, path)
            return {"uri": _below(_output(job, output, known, workspace), path)}
        case uris.OfRun(run, path):
            _check_path(address, path)
            if known.get(ids.child(workspace, "jobs", run)) is None:
                raise Invalid(f"there is no run {clipped(run)} in the workspace", code="ResourceNotFound")
            return {"uri": _below(words.artifacts_uri(run), path)}
    collection = "models" if sort.endswith("_model") or "/models/" in address else "data"
    asset = references.find_version(known, workspace, collection, address)
    properties = asset.spec.get("properties") or {}
    # An asset may itself stand for another job's output or a run's artifact.
    return {**pin(str(properties.get("dataUri") or properties.get("modelUri") or ""), sort, known, workspace), "asset": asset.id}


def _check_path(address: str, path: str) -> None:
    if uris.climbs(path):
        raise Invalid(f"{clipped(address)} leaves its root; a path may not hold ..", code="InvalidPath")


def _output(name: str, output: str, known: References, workspace: str) -> str:
    job = known.get(ids.child(workspace, "jobs", name))
    if job is None:
        raise Invalid(f"there is no job {clipped(name)} in the workspace", code="ResourceNotFound")
    made = job.status.get("outputs", {}).get(output) or job.spec.get("plan", {}).get("outputs", {}).get(output)
    if made is not None:
        return str(made["uri"])
    if output in words.STORE_NAMES:
        return words.artifacts_uri(str(job.status.get("reused") or name))
    has = ", ".join([*job.spec.get("plan", {}).get("outputs", {}), words.STORE_NAMES[0]])
    raise Invalid(f"the job {clipped(name)} has no output {clipped(output)}; it has: {has}", code="ResourceNotFound")


def _below(address: str, path: str) -> str:
    return f"{address.rstrip('/')}/{path}" if path else address
