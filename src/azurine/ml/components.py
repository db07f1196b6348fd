"""Components: a step written once and used in many pipelines, under a name and a version.

A command component is a command with declared inputs and outputs; a parallel component is a script that is called with part after
part of one input; a pipeline component is a small pipeline with inputs and outputs of its own. The definition travels as the YAML file's content, as JSON (`componentSpec`). What a pipeline writes inline is
registered without a name of its own: `azureml_anonymous`, its version the hash of its definition.
https://learn.microsoft.com/azure/machine-learning/concept-component
"""

from collections.abc import Mapping
from typing import Any

from azurine.ml import assets, names, parallel, references
from azurine.ml.commands import check_command
from azurine.ml.interfaces import check_inputs, check_outputs
from azurine.ml.reading import Reader, clipped
from azurine.ml.wiring import check_nodes
from azurine.model import errors, ids
from azurine.model.kinds import Admission, Kind
from azurine.model.resources import Json, Resource

TYPES = ("command", "parallel", "pipeline")
_SAID = frozenset({"_source", "$schema", "tags", "description", "display_name", "version", "name", "id"})
"""Fields of a definition that only say something about it."""


def admit(admission: Admission) -> Json:
    names.check_version(admission.id)
    body, properties = assets.begin(admission)
    spec = properties.mapping("componentSpec", required=True)
    if spec.value:
        _check(spec, admission)
    body.finish()
    return assets.keep_version(admission, definition=_definition)


def show(resource: Resource) -> Json:
    """The definition says its name and version, also when they were left out: the official client reads them there (parity)."""
    body = dict(assets.show_version(provisioningState="Succeeded")(resource))
    known = {"name": ids.name(ids.parent(resource.id)), "version": resource.name}
    spec = {**known, **(body["properties"].get("componentSpec") or {})}
    return {**body, "properties": {**body["properties"], "componentSpec": spec}}


def _check(spec: Reader, admission: Admission) -> None:
    sort = spec.text("type") or "command"
    if sort not in TYPES:
        spec.fault("type", f"components of type {clipped(sort)} do not run here; {', '.join(TYPES[:-1])} and {TYPES[-1]} do", "NotSupported")
        return
    check_inputs(spec.mapping("inputs"))
    check_outputs(spec.mapping("outputs"))
    _flag(spec, "is_deterministic")
    if sort == "command":
        _check_step(spec, admission)
    elif sort == "parallel":
        _check_parallel(spec, admission)
    else:
        spec.mapping("jobs", required=True)
        check_nodes(spec, admission.references, ids.up_to(admission.id, ids.WORKSPACES))


def _check_step(spec: Reader, admission: Admission) -> None:
    declared = spec.value.get("inputs") or {}, spec.value.get("outputs") or {}
    command = spec.text("command", required=True)
    if all(isinstance(one, Mapping) for one in declared):
        check_command(spec, "command", command, *declared)
        variables = spec.mapping("environment_variables")
        for name, value in variables.value.items():
            check_command(variables, str(name), value if isinstance(value, str) else "", *declared)
    _check_reference(spec, "environment", "environments", admission, required=True)
    code = spec.value.get("code")
    if isinstance(code, str) and not _elsewhere(code):
        _check_reference(spec, "code", "codes", admission)
    spec.mapping("resources").whole("instance_count", least=1)
    distribution = spec.mapping("distribution")
    if distribution.value:
        distribution.choice("type", ("pytorch", "mpi", "tensorflow", "ray"), required=True)


def _check_parallel(spec: Reader, admission: Admission) -> None:
    parallel.check(spec)
    task = spec.mapping("task")
    # A model may bring its environment.
    _check_reference(task, "environment", "environments", admission, required=not task.has("model"))
    _check_reference(task, "model", "models", admission, required=task.text("type") == parallel.MODEL)
    code = task.value.get("code")
    if isinstance(code, str) and not _elsewhere(code):
        _check_reference(task, "code", "codes", admission)
    spec.mapping("resources").whole("instance_count", least=1)


def _check_reference(spec: Reader, key: str, collection: str, admission: Admission, required: bool = False) -> None:
    if isinstance(spec.value.get(key), Mapping):
        spec.fault(key, f"{key} must be registered first and be named here", "InvalidType")
        return
    text = spec.text(key, required)
    if not text:
        return
    try:
        references.find_version(admission.references, ids.up_to(admission.id, ids.WORKSPACES), collection, text, spec.at(key))
    except errors.Invalid as error:
        spec.include(error)


def _elsewhere(code: str) -> bool:
    """Code that is not an asset: a repository, or an address in a datastore."""
    return code.startswith(("git+", "https://", "http://", "azureml://datastores/")) or ("/datastores/" in code and code.startswith("azureml://"))


def _flag(spec: Reader, key: str) -> None:
    """The client writes booleans of a definition as booleans or as text."""
    found = spec.value.get(key)
    if found is not None and str(found).lower() not in ("true", "false"):
        spec.fault(key, f"{key} must be true or false, not {clipped(found)}", "InvalidType")


def _definition(properties: Json) -> Json:
    spec: dict[str, Any] = dict(properties.get("componentSpec") or {})
    kept = {f"componentSpec.{key}": value for key, value in spec.items() if key not in _SAID and value not in (None, {}, [], "")}
    return {**assets.without(assets.definition_of(properties), {"componentSpec"}), **kept}


CONTAINER = assets.container("workspaces/components")
KIND = Kind(name="workspaces/components/versions", admit=admit, show=show, archivable=True)
