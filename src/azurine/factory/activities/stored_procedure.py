"""SqlServerStoredProcedure: calls a procedure of a database. https://learn.microsoft.com/azure/data-factory/transform-data-using-stored-procedure"""

from azurine.factory import moving
from azurine.factory.sight import Sight, Sort
from azurine.model.resources import Json


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


SORT = Sort("SqlServerStoredProcedure", moving.step(_order), moving.with_service("storedProcedureName"), works=True)
