"""What the activities that move data have in common: how their datasets are told, and what goes into every output.

The work is that of the performers "factory.copy" (which may take long) and "factory.data" (which does not); an order says which activity's it is
with `do`. What fails there has a code and a message of its own; an activity that fails has Data Factory's number for its type (`CODES`).
"""

from collections.abc import Callable, Mapping
from typing import Any

from azurine.factory import connections, datasets
from azurine.factory.sight import SYSTEM, USER, Checking, Progress, Sight, Step, failed, succeeded, work
from azurine.model import errors, states
from azurine.model.resources import Json
from azurine.model.states import State

COPY, DATA = "factory.copy", "factory.data"
RUNTIME = "AutoResolveIntegrationRuntime (Local)"
CODES = {"copy": "2200", "lookup": "2100", "metadata": "2011", "delete": "2011", "script": "2011", "procedure": "2402"}
"""By what an order does: the errorCode of its activity when it fails."""
_OURS = ("InternalError", "MovementInterrupted", "ServiceUnavailable", "UserErrorUnclassified")


def carried_out(sight: Sight, name: str, order: Callable[[], tuple[Json, Json]], finished: Callable[[Json], Progress]) -> Progress:
    """The progress of such an activity. order, finished: as for `sight.work`."""
    outcome = sight.outcome()
    if (
        not sight.ending
        and sight.memory is not None
        and outcome is not None
        and states.is_final(outcome["state"])
        and outcome["state"] != State.SUCCEEDED
    ):
        error = outcome.get("error") or {}
        code, message = str(error.get("code") or ""), str(error.get("message") or "")
        said = message if "ErrorCode=" in message or not code else f"ErrorCode={code},Message={message}"
        return failed(CODES[str(sight.memory["arguments"]["do"])], said, SYSTEM if code in _OURS else USER)
    return work(sight, name, order, finished)


def with_service(property_: str) -> Callable[[Checking], None]:
    """The check of an activity that needs that property, and a linked service of its own."""

    def check(checking: Checking) -> None:
        checking.require(property_)
        if checking.activity.get("linkedServiceName") is None:
            checking.faults.note(
                f"{checking.path}.linkedServiceName", f"Activity '{checking.activity.get('name')}': 'linkedServiceName' is required."
            )

    return check


def step(order: Callable[[Sight], tuple[Json, Json]]) -> Step:
    """The step of an activity whose output is what its work tells. order: as for `sight.work`."""
    return lambda sight: carried_out(sight, DATA, lambda: order(sight), lambda said: output(sight, said))


def told(sight: Sight, reference: Any, kinds: tuple[str, ...] = ("files", "sql", "http")) -> dict[str, Any]:
    """The dataset of a reference, for an order. Raises errors.Invalid when it leads to nothing that holds data."""
    found = datasets.resolve(sight, reference)
    if found["connection"]["kind"] not in kinds:
        message = f"The dataset '{found['name']}' leads to {found['connection']['kind']}, which the activity '{sight.activity.name}' cannot use."
        raise errors.Invalid(message, code="UserErrorUnsupportedDataset")
    return found


def listed(sight: Sight, key: str) -> Any:
    """The only reference of `inputs` or `outputs`, as it is written."""
    given = sight.activity.written.get(key)
    if not isinstance(given, list) or len(given) != 1:
        raise errors.Invalid(f"The activity '{sight.activity.name}' needs one dataset in '{key}'.", code="UserErrorInvalidDatasets")
    return given[0]


def database(sight: Sight) -> dict[str, Any]:
    """The connection of the activity's own linked service, which must lead to a database."""
    found = connections.resolve(sight, sight.activity.written.get("linkedServiceName"))
    if found["kind"] != connections.SQL:
        message = f"The linked service '{found['name']}' leads to {found['kind']}; the activity '{sight.activity.name}' needs a database."
        raise errors.Invalid(message, code="UserErrorUnsupportedLinkedService")
    return found


def log(sight: Sight, said: Mapping[str, Any], folder: str) -> Json | None:
    """Where a log goes: {"linkedServiceName", "path"}, evaluated; None when none is wished."""
    if not said:
        return None
    service = said.get("linkedServiceName")
    connection = connections.resolve(sight, {"referenceName": service} if isinstance(service, str) else service)
    if connection["kind"] != connections.FILES:
        raise errors.Invalid(f"The log of '{sight.activity.name}' needs a linked service to files.", code="UserErrorInvalidLogLocation")
    parts = (str(said.get("path") or "").strip("/"), folder, sight.activity.name, f"{sight.id}.csv")
    return {"connection": connection, "path": "/".join(part for part in parts if part)}


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def output(sight: Sight, more: Mapping[str, Any]) -> Progress:
    """With what every output has."""
    seconds = max(0, round(sight.now - sight.began))
    return succeeded(
        {
            **more,
            "effectiveIntegrationRuntime": RUNTIME,
            "durationInQueue": {"integrationRuntimeQueue": 0},
            "executionDuration": seconds,
        }
    )
