"""Script: statements of SQL, and what comes of them. https://learn.microsoft.com/azure/data-factory/transform-data-using-script"""

from collections.abc import Mapping

from azurine.factory import moving, refusals
from azurine.factory.sight import Sight, Sort
from azurine.model import errors
from azurine.model.resources import Json


def _order(sight: Sight) -> tuple[Json, Json]:
    shown = sight.properties()
    refusals.check("Script", shown)
    scripts = shown.get("scripts")
    if not isinstance(scripts, list) or not all(isinstance(one, Mapping) for one in scripts):
        raise errors.Invalid(f"The scripts of the activity '{sight.activity.name}' must be a list of objects.", code="UserErrorInvalidScript")
    return {
        "do": "script",
        "key": sight.key,
        "connection": moving.database(sight),
        "scripts": scripts,
        "timeout": shown.get("scriptBlockExecutionTimeout"),
    }, shown


SORT = Sort("Script", moving.step(_order), moving.with_service("scripts"), works=True)
