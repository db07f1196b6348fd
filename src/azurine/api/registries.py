"""Where a registry is, and the front through which clients speak to it.

A client that is given a registry's name asks discovery for its region, subscription and group, and then sends the same requests as for a
workspace to `/mferp/managementfrontend` there. Here that is this server, and the registry is the same from every subscription.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from azurine.api import answers, resources
from azurine.api.arm import Arm
from azurine.api.house import House, read_only
from azurine.model import ids

REGISTRIES = "registries"
FRONT = "/mferp/managementfrontend"
METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "POST"]


def routes(house: House, arm: Arm) -> list[BaseRoute]:
    async def discovered(request: Request) -> Response:
        found = resources.get(house, ids.child("", REGISTRIES, request.path_params["registry"]))
        house.ask(answers.principal(request), house.kinds[REGISTRIES], "read", found.id)
        location = str(found.spec["location"])
        told: dict[str, Any] = {
            "registryName": found.name,
            "tenantId": getattr(answers.principal(request), "tenant", ""),
            "primaryRegion": location,
            "regions": [location],
            "registryFqdns": {},
            # The paths that follow name a subscription and a group, which mean nothing for what is the same from all of them.
            "subscriptionId": "00000000-0000-0000-0000-000000000000",
            "resourceGroup": "registries",
            "workspaceName": None,
            "primaryRegionResourceProviderUri": answers.root(request) + "/",
        }
        return answers.answered(told)

    async def front(request: Request) -> Response:
        if request.method not in ("GET", "HEAD"):
            # Before it is said that there is no place for uploads: the client asks for one first.
            raise read_only("A registry")
        scope = {**request.scope, "raw_path": answers.raw_path(request).removeprefix(FRONT).encode("latin-1")}
        return await arm(Request(scope, request.receive))

    return [
        Route("/registrymanagement/v1.0/registries/{registry}/discovery", discovered),
        Route(FRONT + "/subscriptions/{rest:path}", front, methods=METHODS),
    ]
