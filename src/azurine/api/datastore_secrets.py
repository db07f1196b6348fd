"""POST …/datastores/{n}/listSecrets: what opens the storage behind a datastore.

For an account of this server that is a fresh SAS on the container, valid for an hour or as long as asked for up to a week; a client that
asks for a secret that does not expire gets the account's key. For an account elsewhere it is what the user registered.
https://learn.microsoft.com/rest/api/azureml/datastores/list-secrets
"""

from collections.abc import Callable
from typing import Any

from azurine.api.actions import Asked, Question
from azurine.api.stores import ALL, HOUR, Stores
from azurine.model import errors
from azurine.model.resources import Json, Resource

Of = Callable[[Resource], Json]
LONGEST = 7 * 24


def question(stores: Stores, location: Of, registered: Of) -> Question:
    """location: datastore → {"account", "container", …}. registered: datastore → its own secrets as Azure writes them."""

    def list_secrets(asked: Asked) -> dict[str, Any]:
        datastore = asked.resource
        place = location(datastore)
        account, container = str(place.get("account", "")), str(place.get("container", ""))
        if not stores.known(account):
            return dict(registered(datastore))
        if asked.body.get("expirableSecret") is False:
            return {"secretsType": "AccountKey", "key": stores.keys(account)[0]}
        stores.ensure(account, container)
        return {"secretsType": "Sas", "sasToken": stores.sign(account, container, ALL, _lifetime(asked.body))}

    return list_secrets


def _lifetime(body: Json) -> float:
    hours = body.get("expireAfterHours", 1)
    if not isinstance(hours, int | float) or isinstance(hours, bool) or not 0 < hours <= LONGEST:
        raise errors.Invalid(f"expireAfterHours must be a number of hours above 0, at most {LONGEST}", path="expireAfterHours")
    return hours * HOUR
