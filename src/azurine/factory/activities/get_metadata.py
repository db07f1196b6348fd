"""GetMetadata: tells what a file, a folder or a table is. https://learn.microsoft.com/azure/data-factory/control-flow-get-metadata-activity

With `exists` among its fields, what is not there is no failure.
"""

from azurine.factory import moving, refusals
from azurine.factory.sight import Checking, Sight, Sort
from azurine.model import errors
from azurine.model.resources import Json


def check(checking: Checking) -> None:
    checking.require("dataset")


def _order(sight: Sight) -> tuple[Json, Json]:
    shown = {key: value for key, value in sight.properties().items() if key != "dataset"}
    refusals.check("GetMetadata", shown)
    fields = shown.get("fieldList") or []
    if not isinstance(fields, list) or not all(isinstance(one, str) for one in fields):
        raise errors.Invalid(f"The fieldList of the activity '{sight.activity.name}' must be a list of texts.", code="UserErrorInvalidField")
    order = {
        "do": "metadata",
        "dataset": moving.told(sight, sight.activity.properties.get("dataset"), ("files", "sql")),
        "fields": fields,
        "settings": {key: moving.mapping(shown.get(key)) for key in ("storeSettings", "formatSettings")},
    }
    return order, {**shown, "dataset": sight.activity.properties.get("dataset")}


SORT = Sort("GetMetadata", moving.step(_order), check, raw=("dataset",), works=True)
