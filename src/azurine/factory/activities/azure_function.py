"""Azure Function: calls a function of a function app, which answers with a JSON object.
https://learn.microsoft.com/azure/data-factory/control-flow-azure-function-activity

The linked service (AzureFunction) has the app's address and key; what is called is its `/api/{functionName}`. A function has 230 seconds.
"""

from collections.abc import Mapping
from typing import Any

from azurine.factory import connections, exchanges, secrets
from azurine.factory.sight import Checking, Progress, Sight, Sort, failed, succeeded, work
from azurine.model import errors
from azurine.model.resources import Json

SECONDS = 230.0
NOT_JSON, NO_NAME, CALL_FAILED, NO_SERVICE, WRONG_SERVICE = "3603", "3607", "3608", "3612", "2110"


def check(checking: Checking) -> None:
    checking.require("functionName", "method")
    exchanges.check_method(checking)


def step(sight: Sight) -> Progress:
    return work(sight, exchanges.WORK, lambda: _wish(sight), lambda answer: _finished(sight, answer))


def _wish(sight: Sight) -> tuple[Json, Json]:
    given = sight.properties()
    name = given.get("functionName")
    if not isinstance(name, str) or not name.strip("/ "):
        raise errors.Invalid("Azure function activity missing function name.", code=NO_NAME)
    reference = sight.activity.written.get("linkedServiceName")
    if reference is None:
        raise errors.Invalid("Azure function activity missing LinkedService definition in activity.", code=NO_SERVICE)
    connection = connections.resolve(sight, reference)
    if connection["kind"] != connections.HTTP:
        message = f"The linked service type '{connection['type']}' is not supported for 'AzureFunctionActivity' activities."
        raise errors.Invalid(message, code=WRONG_SERVICE)
    if not isinstance(connection["url"], str):
        raise errors.Invalid(
            f"The address of the linked service '{connection['name']}' must be plain text; its key belongs into a header.", code="2104"
        )
    url = f"{connection['url'].rstrip('/')}/api/{name.strip().lstrip('/')}"
    asked = exchanges.request(sight, given, url, headers=connection["headers"])
    return {**asked, "seconds": SECONDS, "verify": connection["verify"], "authentication": connection["authentication"]}, secrets.masked(given)


def _finished(sight: Sight, answer: Json) -> Progress:
    said = exchanges.content(answer)
    made: dict[str, Any] = {**(said if isinstance(said, Mapping) else {}), **exchanges.envelope(answer)}
    if not exchanges.is_good(answer):
        word = exchanges.status_word(int(answer["status"]))
        name = str((sight.memory or {})["arguments"]["url"]).rpartition("/api/")[2]
        message = (
            f"Call to provided Azure function '{name}' failed with status-'{word}' and message - '{str(answer['body'])[: exchanges.MOST_SAID]}'."
        )
        return failed(CALL_FAILED, message, output=made)
    if not isinstance(said, Mapping):
        return failed(NOT_JSON, "Response Content is not a valid JObject.", output=made)
    return succeeded(made)


SORT = Sort("AzureFunctionActivity", step, check, works=True)
