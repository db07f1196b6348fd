"""What anyone may read: is the server up, where are a workspace's data planes. And what ARM lists about itself.

`PUBLIC` names the paths that need no token; the sign-in layer is given it.
"""

from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from azurine.api import answers
from azurine.api.house import House
from azurine.model import errors
from azurine.model.version import __version__

PUBLIC = ("/healthz", "/discovery", "/discovery/**")


def routes(house: House, ready: Callable[[], bool]) -> list[BaseRoute]:
    async def healthz(request: Request) -> Response:
        if not ready():
            raise errors.Temporary("The server is starting or stopping")
        return answers.answered({"status": "ok", "version": __version__})

    async def discovered(request: Request) -> Response:
        return answers.answered(data_planes(answers.root(request)))

    async def providers(request: Request) -> Response:
        return answers.answered({"value": _providers(house, request.path_params.get("subscription", ""))})

    async def operations(request: Request) -> Response:
        return answers.answered({"value": _operations(house, request.path_params["provider"])})

    async def tenants(request: Request) -> Response:
        found = getattr(answers.principal(request), "tenant", "")
        return answers.answered({"value": [{"id": f"/tenants/{found}", "tenantId": found}] if found else []})

    return [
        Route("/healthz", healthz),
        Route("/discovery", discovered),
        Route("/discovery/{rest:path}", discovered),
        Route("/tenants", tenants),
        Route("/providers", providers),
        Route("/providers/{provider}/operations", operations),
    ]


def data_planes(root: str) -> dict[str, str]:
    """The hosts of a workspace's data planes: all of them are this one."""
    services = ("api", "catalog", "experimentation", "gallery", "history", "hyperdrive", "labeling", "modelmanagement", "pipelines", "studio")
    return {name: root for name in services}


def _providers(house: House, subscription: str) -> list[dict[str, Any]]:
    names = sorted({kind.provider for kind in house.kinds.values()})
    prefix = f"/subscriptions/{subscription}" if subscription else ""
    return [
        {
            "id": f"{prefix}/providers/{name}",
            "namespace": name,
            "registrationState": "Registered",
            "resourceTypes": [{"resourceType": kind.name, "locations": ["local"]} for kind in house.kinds.values() if kind.provider == name],
        }
        for name in names
    ]


def _operations(house: House, provider: str) -> list[dict[str, Any]]:
    """Every action word that may be asked for, as roles will name them."""
    found: list[dict[str, Any]] = []
    for kind in house.kinds.values():
        if kind.provider.lower() != provider.lower():
            continue
        for verb in ("read", "write", "delete", *(f"{word}/action" for word in kind.wishes)):
            display = {"provider": kind.provider, "resource": kind.name, "operation": verb}
            found.append({"name": f"{kind.provider}/{kind.name}/{verb}", "isDataAction": False, "display": display})
    return found
