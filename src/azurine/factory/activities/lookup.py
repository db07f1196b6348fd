"""Lookup: reads rows of a dataset, for later activities. https://learn.microsoft.com/azure/data-factory/control-flow-lookup-activity

With firstRowOnly (the default) its output has `firstRow`, and no such member when there is none; else `count` and `value`.
"""

from azurine.factory import moving, refusals
from azurine.factory.sight import Checking, Sight, Sort
from azurine.model.resources import Json


def check(checking: Checking) -> None:
    checking.require("dataset", "source")


def _order(sight: Sight) -> tuple[Json, Json]:
    shown = {key: value for key, value in sight.properties().items() if key != "dataset"}
    refusals.check("Lookup", shown)
    dataset = moving.told(sight, sight.activity.properties.get("dataset"))
    first = shown.get("firstRowOnly")
    order = {
        "do": "lookup",
        "source": {"dataset": dataset, "settings": moving.mapping(shown.get("source"))},
        "first": True if first is None else str(first).lower() == "true",
    }
    return order, {**shown, "dataset": sight.activity.properties.get("dataset")}


SORT = Sort("Lookup", moving.step(_order), check, raw=("dataset",), works=True)
