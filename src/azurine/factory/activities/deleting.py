"""Delete: removes files and folders, and may log what went. https://learn.microsoft.com/azure/data-factory/delete-activity"""

from azurine.factory import moving, refusals
from azurine.factory.sight import Checking, Progress, Sight, Sort
from azurine.model.resources import Json


def check(checking: Checking) -> None:
    checking.require("dataset")


def step(sight: Sight) -> Progress:
    return moving.carried_out(sight, moving.DATA, lambda: _order(sight), lambda told: _finished(sight, told))


def _order(sight: Sight) -> tuple[Json, Json]:
    shown = {key: value for key, value in sight.properties().items() if key != "dataset"}
    refusals.check("Delete", shown)
    settings = dict(moving.mapping(shown.get("storeSettings")))
    if shown.get("recursive") is not None:
        settings.setdefault("recursive", shown["recursive"])
    logged = moving.mapping(shown.get("logStorageSettings")) if shown.get("enableLogging") else {}
    order = {
        "do": "delete",
        "key": sight.key,
        "dataset": moving.told(sight, sight.activity.properties.get("dataset"), ("files",)),
        "settings": settings,
        "log": moving.log(sight, logged, "deleteactivity-logs"),
    }
    return order, {**shown, "dataset": sight.activity.properties.get("dataset")}


def _finished(sight: Sight, told: Json) -> Progress:
    order = (sight.memory or {})["arguments"]
    dataset, log = order["dataset"], order["log"]
    return moving.output(
        sight,
        {
            "datasetName": dataset["name"],
            "type": dataset["type"],
            "prefix": dataset["location"]["path"],
            "maxConcurrentConnections": int(sight.value("maxConcurrentConnections", 0)),
            **told,
            "logPath": log["path"] if log else "",
        },
    )


SORT = Sort("Delete", step, check, raw=("dataset",), works=True)
