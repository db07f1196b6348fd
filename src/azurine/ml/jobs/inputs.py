"""What a job is given: literals, checked against the component's declaration, and data, pinned at submission.

A data input names an asset, a datastore path, another job's output, a tracked artifact or a public address; what it
names is looked up once, when the job is admitted, and its address is kept. So `@latest` means the latest of that moment.

https://learn.microsoft.com/azure/machine-learning/how-to-read-write-data-v2
"""

from collections.abc import Mapping
from typing import Any

from azurine.ml import references as assets
from azurine.ml.jobs import words
from azurine.model import ids
from azurine.model.errors import AzurineError, Detail, Invalid
from azurine.model.kinds import References
from azurine.model.resources import Json

DATA_TYPES = ("uri_folder", "uri_file", "mltable", "custom_model", "mlflow_model", "triton_model", "path")
MODES = {
    "ReadOnlyMount": "ro_mount",
    "ReadWriteMount": "rw_mount",
    "Download": "download",
    "Direct": "direct",
    "EvalMount": "eval_mount",
    "EvalDownload": "eval_download",
} | {mode: mode for mode in ("ro_mount", "rw_mount", "download", "direct", "eval_mount", "eval_download")}


def type_of(given: Json) -> str:
    return str(given.get("jobInputType") or given.get("job_input_type") or given.get("type") or "literal")


def plan(
    given: Mapping[str, Any], declared: Mapping[str, Any] | None, references: References, workspace: str, path: str, wrong: list[Detail]
) -> dict[str, Json]:
    """Given inputs become {name: {"value"} | {"type", "mode", "uri", "asset"?}}.

    given: as PUT. declared: the component's `inputs`, None for a job without component (then anything goes).
    path: JSON path of `given`; what is wrong goes on the list `wrong`, all of it.
    """
    planned: dict[str, Json] = {}
    for name, one in given.items():
        here = f"{path}.{name}"
        if declared is not None and name not in declared:
            known = ", ".join(declared) or "none"
            wrong.append(Detail("UnknownInput", f"the component has no input {name!r}; it has: {known}", here))
            continue
        if one is None:
            continue
        entry = one if isinstance(one, Mapping) else {"value": one}
        declaration = (declared or {}).get(name) or {}
        if type_of(entry) == "literal":
            if entry.get("value") is None:
                continue
            if declaration.get("type") in DATA_TYPES:
                planned[name] = _data({"uri": entry["value"], "jobInputType": declaration["type"]}, declaration, references, workspace, here, wrong)
            else:
                planned[name] = {"value": literal(entry["value"], declaration, here, wrong)}
        else:
            planned[name] = _data(entry, declaration, references, workspace, here, wrong)
    for name, declaration in (declared or {}).items():
        if name in planned or (name in given and given[name] is not None):
            continue
        if declaration.get("default") is not None:
            planned[name] = {"value": literal(declaration["default"], declaration, f"{path}.{name}", wrong)}
        elif not is_optional(declaration):
            wrong.append(Detail("MissingInput", f"the required input {name!r} is not given", f"{path}.{name}"))
    return planned


def is_optional(declaration: Json) -> bool:
    return str(declaration.get("optional", "")).lower() == "true"


def literal(value: Any, declaration: Json, path: str, wrong: list[Detail]) -> str:
    """The value as it will stand in the command: numbers as written, booleans as `True` and `False`."""
    kind = declaration.get("type", "string")
    text = str(value)
    if kind == "boolean":
        if text.lower() not in ("true", "false"):
            wrong.append(Detail("InvalidLiteral", f"{text!r} is not a boolean; true or false would be right", path))
        return text.capitalize() if text.lower() in ("true", "false") else text
    if kind in ("integer", "number"):
        _check_number(text, kind, declaration, path, wrong)
    allowed = declaration.get("enum")
    if allowed and text not in [str(one) for one in allowed]:
        wrong.append(Detail("InvalidLiteral", f"{text!r} is not one of {', '.join(map(str, allowed))}", path))
    return text


def _check_number(text: str, kind: str, declaration: Json, path: str, wrong: list[Detail]) -> None:
    try:
        number = int(text) if kind == "integer" else float(text)
    except ValueError:
        wrong.append(Detail("InvalidLiteral", f"{text!r} is not {'a whole number' if kind == 'integer' else 'a number'}", path))
        return
    least, most = declaration.get("min"), declaration.get("max")
    if least is not None and number < float(least):
        wrong.append(Detail("InvalidLiteral", f"{text} is out of bounds: at least {least} would be right", path))
    if most is not None and number > float(most):
        wrong.append(Detail("InvalidLiteral", f"{text} is out of bounds: at most {most} would be right", path))


def _data(given: Json, declaration: Json, references: References, workspace: str, path: str, wrong: list[Detail]) -> Json:
    kind = type_of(given)
    if kind not in DATA_TYPES:
        wrong.append(Detail("InvalidInputType", f"{kind!r} is not a type of input; one of {', '.join(DATA_TYPES)} would be right", path))
        return {"value": ""}
    wanted = declaration.get("type")
    if wanted in ("string", "number", "integer", "boolean"):
        wrong.append(Detail("InvalidInputType", f"the component wants a {wanted} here, not data ({kind})", path))
    if wanted and "uri_file" in (wanted, kind) and wanted != kind and "path" not in (wanted, kind):
        wrong.append(Detail("InvalidInputType", f"the component wants {wanted} here, not {kind}", path))
    mode = given.get("mode") or declaration.get("mode") or "ro_mount"
    if mode not in MODES:
        wrong.append(
            Detail("InvalidInputMode", f"{mode!r} is not a mode of an input; one of ro_mount, download, direct would be right", f"{path}.mode")
        )
    uri = str(given.get("uri") or given.get("path") or "")
    if not uri:
        wrong.append(Detail("MissingInput", "the input names no data: `uri` is empty", f"{path}.uri"))
        return {"value": ""}
    planned = {"type": kind if kind != "path" else "uri_folder", "mode": MODES.get(mode, "ro_mount")}
    try:
        return planned | _pin(uri, kind, references, workspace)
    except AzurineError as error:
        wrong.append(Detail(error.code, error.message, f"{path}.uri"))
        return {"value": ""}


def _pin(uri: str, kind: str, references: References, workspace: str) -> dict[str, str]:
    """The address behind what was named, and the asset it is, when it is one.

    Raises errors.Invalid or errors.Missing when there is no such asset, job or output.
    """
    if uri.startswith(("azureml://jobs/", "runs:/")):
        return {"uri": _of_job(uri, references, workspace)}
    if uri.startswith("azureml://datastores/") or "/datastores/" in uri or not _names_asset(uri):
        return {"uri": uri}
    collection = "models" if kind.endswith("_model") or "/models/" in uri else "data"
    asset = assets.find_version(references, workspace, collection, uri)
    properties = asset.spec.get("properties", {})
    return {"uri": str(properties.get("dataUri") or properties.get("modelUri") or properties.get("modelPath") or ""), "asset": asset.id}


def _names_asset(uri: str) -> bool:
    return uri.startswith(("azureml:", "/subscriptions/")) or "://" not in uri


def _of_job(uri: str, references: References, workspace: str) -> str:
    """`azureml://jobs/<job>/outputs/<output>[/paths/<path>]` and `runs:/<run>/<path>` as an address in a datastore."""
    if uri.startswith("runs:/"):
        run, _, rest = uri.removeprefix("runs:/").lstrip("/").partition("/")
        return words.artifacts_uri(run) + rest
    name, _, rest = uri.removeprefix("azureml://jobs/").partition("/outputs/")
    output, _, tail = rest.partition("/paths/")
    job = references.get(ids.child(workspace, "jobs", name))
    if job is None:
        raise Invalid(f"there is no job {name!r}")
    if output in ("artifacts", "default"):
        return words.artifacts_uri(job.status.get("reused") or name) + tail
    made = job.status.get("outputs", {}).get(output) or job.spec.get("plan", {}).get("outputs", {}).get(output)
    if made is None:
        raise Invalid(f"the job {name!r} has no output {output!r}")
    return str(made["uri"]).rstrip("/") + "/" + tail if tail else str(made["uri"])
