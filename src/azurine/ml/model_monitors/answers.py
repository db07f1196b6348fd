"""A monitor's definition as clients expect to get it back: what was written, and the fields that they read without asking whether they are there."""

from collections.abc import Mapping
from typing import Any

from azurine.model.resources import Json

_COMPUTE = {"computeType": "ServerlessSpark", "runtimeVersion": "3.4", "instanceType": "standard_e4s_v3"}
_SIDE = {"dataContext": None, "columns": None}
_TRAILING = {"windowSize": "P7D", "windowOffset": "P0D"}


def shown(definition: Json) -> dict[str, Any]:
    signals = definition.get("signals")
    found = {name: _signal(one) for name, one in signals.items()} if isinstance(signals, Mapping) else {}
    return {**definition, "computeConfiguration": definition.get("computeConfiguration") or _COMPUTE, "signals": found}


def _signal(one: Any) -> Any:
    if not isinstance(one, Mapping):
        return one
    sides: dict[str, Any] = {}
    for key in ("productionData", "referenceData"):
        side = one.get(key)
        if isinstance(side, list):
            sides[key] = [_side(each) for each in side]
        elif side is not None:
            sides[key] = _side(side)
    listed: dict[str, Any] = {"metricThresholds": []} if one.get("metricThresholds") is None and "metricThreshold" not in one else {}
    if str(one.get("signalType", "")).lower() == "custom":
        listed |= {"inputAssets": one.get("inputAssets") or {}}
    return {**one, **sides, **listed}


def _side(one: Any) -> Any:
    if not isinstance(one, Mapping):
        return one
    trailing = _TRAILING if one.get("inputDataType") in ("Trailing", "Rolling") else {}
    return {**_SIDE, **trailing, **one}
