"""What a dataset monitor says of itself, read: its data, features, threshold, compute and times. What is wrong is noted with its path.

A side is an asset or an address, as a text, or as `data` of an object; the target's object (or the asset's property of the same name) has the
column of timestamps too: {"data": "azureml:patients@latest", "timestampColumn": "date"}.
"""

from datetime import UTC, datetime
from typing import Any

from azurine.ml import references
from azurine.ml.jobs import inputs, parts, words
from azurine.ml.reading import Reader, as_number, clipped
from azurine.model import ids
from azurine.model.errors import AzurineError, Invalid
from azurine.model.kinds import References
from azurine.recurrence import reading

MOST_FEATURES = 200
STAMP = "timestampColumn"
_FILES = (".csv", ".tsv", ".txt", ".parquet", ".pqt")
_LAST = 250_000_000_000
"""Seconds since 1970: times after that have years of more than four digits."""


def sides(properties: Reader, known: References, workspace: str) -> dict[str, dict[str, Any]]:
    """Baseline and target, as `data` answers them, those that could be read."""
    found = {side: data(properties, side, known, workspace) for side in ("baseline", "target")}
    target = found["target"]
    if target is not None and not target["timestamp"]:
        message = f"a target needs a column of timestamps: target.{STAMP} names it, or the asset's property {STAMP}"
        place(properties, "target").fault(STAMP, message, "MissingTimestamp")
    return {side: one for side, one in found.items() if one is not None}


def data(properties: Reader, side: str, known: References, workspace: str) -> dict[str, Any] | None:
    """{"name", "version", "uri", "type", "address", "timestamp"} of the baseline or the target; None when something was noted."""
    said = place(properties, side)
    is_text = isinstance(properties.value.get(side), str)
    text = properties.text(side, required=True) if is_text or not properties.has(side) else said.text("data", required=True)
    stamp = said.text(STAMP)
    if not text.strip():
        return None
    try:
        pinned = inputs.pin(text, "uri_folder", known, workspace)
    except AzurineError as error:
        properties.fault(side if is_text else f"{side}.data", error.message, error.code)
        return None
    asset = known.get(pinned["asset"]) if "asset" in pinned else None
    if asset is None:
        sort = "uri_file" if text.lower().endswith(_FILES) else "uri_folder"
        return {"name": text.rstrip("/").rpartition("/")[2], "version": None, "uri": pinned["uri"], "type": sort, "address": text, "timestamp": stamp}
    shown = asset.spec["properties"]
    named = {"name": ids.name(ids.parent(asset.id)), "version": asset.name, "type": str(shown.get("dataType") or "uri_folder")}
    noted = (shown.get("properties") or {}).get(STAMP) or (shown.get("tags") or {}).get(STAMP) or ""
    return {**named, "uri": pinned["uri"], "address": words.address(asset.id), "timestamp": stamp or str(noted)}


def place(properties: Reader, side: str) -> Reader:
    """A reader of what a side says beside its data; of nothing, when it is only a text."""
    found = properties.value.get(side)
    if found is None or isinstance(found, str):
        return Reader({}, properties.at(side), properties.faults)
    return properties.mapping(side)


def features(properties: Reader) -> None:
    given = properties.items("featureList")
    if len(given) > MOST_FEATURES:
        properties.fault("featureList", f"{len(given)} features are too many; at most {MOST_FEATURES} are possible")
        return
    for number, one in enumerate(given):
        if not isinstance(one, str) or not one or len(one) > 1000:
            properties.fault(f"featureList[{number}]", f"a feature is the name of a column, not {clipped(one)}", "InvalidType")
        elif one in given[:number]:
            properties.fault(f"featureList[{number}]", f"the feature {clipped(one)} is there twice")


def threshold(properties: Reader) -> None:
    said = properties.value.get("driftThreshold")
    number = as_number(said)
    if said is not None and (number is None or not 0 <= number <= 1):
        properties.fault("driftThreshold", f"driftThreshold is a number from 0 to 1 (0.2 when it is not said), not {clipped(said)}")


def compute(properties: Reader, known: References, workspace: str) -> None:
    """Whether there is such a compute; that it is started counts when it is to run."""
    text = properties.text("compute")
    named = references.read(text, workspace, "computes") if text else None
    if not text or (named is not None and named.name.lower() in (parts.HERE, "serverless")):
        return
    try:
        references.find(known, workspace, "computes", text, properties.at("compute"))
    except Invalid as error:
        properties.include(error)


def moment(given: Reader, key: str, required: bool = True) -> datetime | None:
    text = given.text(key, required)
    found = reading.moment(text) if text else None
    if text and (found is None or not 0 <= found < _LAST):
        given.fault(key, f"{key} must be a date or a time such as 2024-01-31T08:00:00Z, not {clipped(text)}")
        return None
    return at(found) if found is not None else None


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
