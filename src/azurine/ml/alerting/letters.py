"""What is said of an alert: the subject and text of a mail, the JSON of a webhook, the event.

Each is said with an id that is the same however often it is tried: who hears something twice can tell. The event is the one that Azure raises for
dataset monitors, with the same names in its data (parity), and more of ours.

https://learn.microsoft.com/azure/event-grid/event-schema-machine-learning
"""

import uuid
from collections.abc import Mapping
from typing import Any

from azurine.model import clock, ids
from azurine.model.resources import Json, Resource

TYPE = "Microsoft.MachineLearningServices.DatasetDriftDetected"
NAMED = 10
"""Breaches that a mail names."""
_SPACE = uuid.UUID("6d0b9f6c-6b1e-5c52-9f49-a2e000000005")


def mark(alert: Resource, delivery: str) -> str:
    """The id of a delivery, for ever."""
    return str(uuid.uuid5(_SPACE, f"{alert.id}#{delivery}"))


def subject(alert: Resource) -> str:
    """One line, whatever names are in it."""
    said = alert.spec["properties"]
    much = said.get("driftPercentage")
    amount = f"{much:.1f} %" if much is not None else f"{len(said.get('breaches') or ())} breaches"
    return " ".join(f"Drift in {ids.name(str(said['monitor']))}: {amount}".split())[:200]


def text(alert: Resource) -> str:
    said = alert.spec["properties"]
    lines = [sentence(said), "", f"Monitor: {ids.name(str(said['monitor']))}", f"Run: {said['run']}"]
    lines += [f"Window: {said['window']['start']} to {said['window']['end']}"]
    if said.get("report"):
        lines.append(f"Report: {said['report']}")
    breaches = said.get("breaches") or ()
    if breaches:
        lines += ["", "Beyond their threshold:", *(f"  {_breach(one)}" for one in breaches[:NAMED])]
    if len(breaches) > NAMED:
        lines.append(f"  and {len(breaches) - NAMED} more")
    return "\n".join([*lines, "", f"To be left alone for a day: azurine monitor silence --alert {alert.name} --for P1D", ""])


def sentence(said: Json) -> str:
    if said.get("sentence"):
        return str(said["sentence"])
    name, since = ids.name(str(said["monitor"])), str(said["window"]["start"])[:10]
    much, most = said.get("driftPercentage"), said.get("threshold")
    if much is None:
        return f"{name}: {len(said.get('breaches') or ())} measures are beyond their thresholds in the window from {since}."
    over = f", over the threshold of {100 * most:g} %" if most is not None else ""
    return f"{name}: {much:.1f} % drift in the window from {since}{over}."


def hook(alert: Resource, delivery: str) -> dict[str, Any]:
    """`text` is what chat programs show of it."""
    said = alert.spec["properties"]
    told = {key: said.get(key) for key in ("run", "window", "driftPercentage", "threshold", "breaches", "report")}
    about = {"id": mark(alert, delivery), "alert": alert.name, "monitor": ids.name(str(said["monitor"])), "monitorId": said["monitor"]}
    return {**about, **told, "time": clock.iso(alert.created_at), "text": sentence(said)}


def event(alert: Resource, delivery: str) -> dict[str, Any]:
    said = alert.spec["properties"]
    name, much = ids.name(str(said["monitor"])), said.get("driftPercentage")
    data = {
        "DataDriftId": said["monitor"],
        "DataDriftName": name,
        "RunId": said["run"],
        "BaseDatasetId": said.get("baseline"),
        "TargetDatasetId": said.get("target"),
        "DriftCoefficient": None if much is None else much / 100,
        "StartTime": said["window"]["start"],
        "EndTime": said["window"]["end"],
    }
    more = {key: said.get(key) for key in ("driftPercentage", "threshold", "breaches", "report")}
    return {
        "id": mark(alert, delivery),
        "topic": said["to"]["topic"],
        "subject": f"datadrifts/{name}/runs/{said['run']}",
        "eventType": TYPE,
        "eventTime": clock.iso(alert.created_at),
        "dataVersion": "1.0",
        "metadataVersion": "1",
        "data": {**data, **more, "monitor": name, "run": said["run"], "alert": alert.name},
    }


def _breach(one: Mapping[str, Any]) -> str:
    value, threshold = one.get("value"), one.get("threshold")
    number = f" {value:.5g}" if isinstance(value, int | float) else ""
    bound = f" (threshold {threshold:.5g})" if isinstance(threshold, int | float) else ""
    return " ".join(f"{one.get('feature') or ''}: {one.get('measure') or ''}{number}{bound}".split())
