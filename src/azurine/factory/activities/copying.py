"""Copy: moves data from one dataset to another. https://learn.microsoft.com/azure/data-factory/copy-activity-overview

The datasets stand in `inputs` and `outputs`. Its output is Data Factory's: dataRead, dataWritten, filesRead, rowsCopied, …, executionDetails.
"""

from typing import Any

from azurine.factory import moving, refusals
from azurine.factory.sight import Checking, Progress, Sight, Sort, succeeded
from azurine.model import clock
from azurine.model.resources import Json


def check(checking: Checking) -> None:
    checking.require("source", "sink")
    for key in ("inputs", "outputs"):
        given = checking.activity.get(key)
        if not isinstance(given, list) or len(given) != 1:
            checking.faults.note(
                f"{checking.path}.{key}", f"Activity '{checking.activity.get('name')}': '{key}' must hold one reference to a dataset."
            )


def step(sight: Sight) -> Progress:
    return moving.carried_out(sight, moving.COPY, lambda: _order(sight), lambda told: _finished(sight, told))


def _order(sight: Sight) -> tuple[Json, Json]:
    shown = sight.properties()
    refusals.check("Copy", shown)
    source, sink = moving.mapping(shown.get("source")), moving.mapping(shown.get("sink"))
    order = {
        "do": "copy",
        "key": sight.key,
        "name": sight.id,
        "source": {"dataset": moving.told(sight, moving.listed(sight, "inputs")), "settings": source},
        "sink": {"dataset": moving.told(sight, moving.listed(sight, "outputs")), "settings": sink},
        "translator": shown.get("translator"),
        "skip": bool(shown.get("enableSkipIncompatibleRow")),
        "skipErrorFile": moving.mapping(shown.get("skipErrorFile")),
        "verify": str(shown.get("validateDataConsistency")).lower() == "true",
        "log": _log(sight, shown),
    }
    return order, {**shown, "inputs": sight.activity.written.get("inputs"), "outputs": sight.activity.written.get("outputs")}


def _log(sight: Sight, shown: Json) -> Json | None:
    """Where rows that are left out are written, in either of the ways that it can be said."""
    older = moving.mapping(shown.get("redirectIncompatibleRowSettings")) or moving.mapping(shown.get("logStorageSettings"))
    newer = moving.mapping(shown.get("logSettings"))
    said = older or (moving.mapping(newer.get("logLocationSettings")) if newer.get("enableCopyActivityLog") else {})
    log = moving.log(sight, said, "copyactivity-logs")
    return {**log, "level": moving.mapping(newer.get("copyActivityLogSettings")).get("logLevel")} if log else None


def _finished(sight: Sight, told: Json) -> Progress:
    shown = {key: value for key, value in told.items() if key not in ("seconds", "log", "kinds", "verified")}
    seconds = float(told["seconds"])
    kinds = [moving.mapping(one) for one in told["kinds"]]
    detail: dict[str, Any] = {
        "source": kinds[0],
        "sink": kinds[1],
        "status": "Succeeded",
        "start": clock.iso(sight.began),
        "duration": round(seconds),
        "usedDataIntegrationUnits": 4,
        "usedParallelCopies": 1,
        "profile": {"queue": {"status": "Completed", "duration": 0}, "transfer": {"status": "Completed", "duration": round(seconds)}},
        "detailedDurations": {"queuingDuration": 0, "transferDuration": round(seconds)},
    }
    log = {"logFilePath": told["log"], "redirectRowPath": told["log"]} if told.get("log") else {}
    return succeeded(
        {
            **shown,
            **log,
            "sourcePeakConnections": 1,
            "sinkPeakConnections": 1,
            "copyDuration": max(1, round(seconds)),
            "throughput": round(float(told["dataRead"]) / 1024 / max(seconds, 0.001), 3),
            "errors": [],
            "effectiveIntegrationRuntime": moving.RUNTIME,
            "usedDataIntegrationUnits": 4,
            "billingReference": {
                "activityType": "DataMovement",
                "billableDuration": [{"meterType": "AzureIR", "duration": seconds / 3600, "unit": "DIUHours"}],
            },
            "usedParallelCopies": 1,
            "executionDetails": [detail],
            "dataConsistencyVerification": {"VerificationResult": "Verified" if told.get("verified") else "NotVerified"},
            "durationInQueue": {"integrationRuntimeQueue": 0},
        }
    )


SORT = Sort("Copy", step, check, works=True)
