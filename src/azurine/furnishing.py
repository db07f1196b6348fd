"""What every home begins with: the subscription, the resource group, the workspace with its datastores, and the registry of the library.

A part of `app`, done at every start: what is there stays as it is.
"""

from collections.abc import Callable, Mapping

from azurine import registry
from azurine.ml import datastores, workspaces
from azurine.model import clock
from azurine.model.kinds import Kind
from azurine.model.resources import Json
from azurine.reconcile.loop import HOUSE
from azurine.settings import Settings
from azurine.storage.accounts import Accounts
from azurine.store import admission
from azurine.store.log import Log


def furnish(log: Log, kinds: Mapping[str, Kind], accounts: Accounts, chosen: Settings) -> None:
    subscription = f"subscriptions/{chosen.subscription}"
    group = f"{subscription}/resourceGroups/{chosen.resource_group}"
    workspace = f"{group}/workspaces/{chosen.workspace}"
    account = {"storageAccount": chosen.account}
    wanted: list[tuple[str, Json]] = [
        (subscription, {}),
        (group, {"location": chosen.location}),
        (workspace, {"location": chosen.location, "properties": {"description": "The workspace of this home", **account}}),
        *((identifier, body) for identifier, _, body in workspaces.defaults(workspace, chosen.account)),
    ]
    for identifier, body in wanted:
        if log.get(identifier) is None:
            admission.admit(log, kinds, admission.Request(identifier, _always(body), by=HOUSE), clock.system())
    registry.fill(log, chosen.location, HOUSE, clock.system())
    for datastore in log.page(datastores.KIND.name, workspace):
        place = datastores.location(datastore)
        if accounts.exists(str(place["account"])):
            accounts.ensure_container(str(place["account"]), str(place["container"]))


def _always(body: Json) -> Callable[[object], Json]:
    return lambda _: body
