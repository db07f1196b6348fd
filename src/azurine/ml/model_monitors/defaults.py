"""What a monitor watches that names a deployment and no signals: data drift, prediction drift and data quality of what the deployment collects, the last
window against the two before it. They are written into the schedule, so who reads it sees them (parity: the official client does the same)."""

from typing import Any

from azurine.drift.signals import windows
from azurine.ml.reading import Reader, clipped
from azurine.model import ids
from azurine.model.kinds import References
from azurine.model.resources import Json, Resource

INPUTS, OUTPUTS = "model_inputs", "model_outputs"
_ALL = {"filterType": "AllFeatures"}
_SIGNALS = (
    ("data-drift-signal", "DataDrift", INPUTS),
    ("prediction-drift-signal", "PredictionDrift", OUTPUTS),
    ("data-quality-signal", "DataQuality", INPUTS),
)


def filled(definition: Reader, period: str, workspace: str, known: References) -> Json:
    """The definition, with signals. What is missing for them is noted."""
    target = definition.mapping("monitoringTarget")
    said = target.text("deploymentId")
    if definition.value.get("signals") or not said:
        return definition.value
    deployment = _deployment(said, workspace, known)
    if deployment is None:
        target.fault("deploymentId", f"there is no deployment {clipped(said)}", "ResourceNotFound")
        return definition.value
    collections = ((deployment.spec.get("plan") or {}).get("collector") or {}).get("collections") or {}
    missing = [name for name in (INPUTS, OUTPUTS) if name not in collections]
    if missing:
        target.fault("deploymentId", f"{clipped(said)} does not collect {' and '.join(missing)}; without signals, both are needed")
        return definition.value
    return {**definition.value, "signals": {name: _signal(sort, collections[one]["uri"], one, period) for name, sort, one in _SIGNALS}}


def _signal(sort: str, uri: str, context: str, period: str) -> dict[str, Any]:
    data = {"inputDataType": "Trailing", "jobInputType": "uri_folder", "uri": uri, "dataContext": context}
    features = {} if sort == "PredictionDrift" else {"features": _ALL}
    return {
        "signalType": sort,
        "mode": "Enabled",
        "productionData": {**data, "windowSize": period, "windowOffset": "P0D"},
        "referenceData": {**data, "windowSize": _twice(period), "windowOffset": period},
        "metricThresholds": [],
        **features,
    }


def _twice(period: str) -> str:
    found = windows.duration(period)
    return f"P{int(2 * found.seconds // 86_400)}D" if found else period


def _deployment(said: str, workspace: str, known: References) -> Resource | None:
    """By its address, or as `azureml:<endpoint>:<deployment>`."""
    parts = said.removeprefix("azureml:").strip("/").split("/")
    if len(parts) == 1:
        endpoint, _, name = parts[0].partition(":")
    else:
        named = dict(zip((one.lower() for one in parts[::2]), parts[1::2], strict=False))
        endpoint, name = named.get("onlineendpoints", ""), named.get("deployments", "")
    return known.get(ids.child(workspace, f"onlineEndpoints/{endpoint}/deployments", name)) if endpoint and name else None
