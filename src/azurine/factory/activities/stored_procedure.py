"""SqlServerStoredProcedure: calls a procedure of a database. https://learn.microsoft.com/azure/data-factory/transform-data-using-stored-procedure"""

from azurine.factory import moving
from azurine.factory.sight import Checking, Progress, Sight, Sort
from azurine.model.resources import Json


def check(checking: Checking) -> None:
    checking.require("storedProcedureName")
    if checking.activity.get("linkedServiceName") is None:
        checking.note("", f"Activity '{checking.activity.get('name')}': 'linkedServiceName' is required.")


def step(sight: Sight) -> Progress:
    return moving.carried_out(sight, moving.DATA, lambda: _order(sight), lambda told: moving.output(sight, told))


def _order(sight: Sight) -> tuple[Json, Json]:
    shown = sight.properties()
    order = {
        "do": "procedure",
        "key": sight.key,
        "connection": moving.database(sight),
        "procedure": str(shown.get("storedProcedureName") or ""),
        "parameters": moving.mapping(shown.get("storedProcedureParameters")),
    }
    return order, shown


SORT = Sort("SqlServerStoredProcedure", step, check, works=True)
