"""What a location offers: machine sizes, use and quota of a subscription. The one location there is is this machine."""

from collections.abc import Callable, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from azurine.api import answers
from azurine.model.resources import Json

PLACE = "/subscriptions/{subscription}/providers/Microsoft.MachineLearningServices/locations/{location}"


def routes(sizes: Callable[[], Sequence[Json]]) -> list[BaseRoute]:
    """sizes: the machine sizes as Azure lists them."""

    async def vm_sizes(request: Request) -> Response:
        return answers.answered({"value": [dict(one) for one in sizes()]})

    async def usages(request: Request) -> Response:
        return answers.answered({"value": [_usage(dict(one), request.path_params) for one in sizes()]})

    return [Route(f"{PLACE}/vmSizes", vm_sizes), Route(f"{PLACE}/usages", usages), Route(f"{PLACE}/quotas", usages)]


def _usage(size: dict[str, Any], path: dict[str, Any]) -> dict[str, Any]:
    family = str(size.get("family") or size.get("name"))
    kind = "Microsoft.MachineLearningServices/vmFamily/dedicatedCores/usages"
    return {
        "id": f"/subscriptions/{path['subscription']}/providers/Microsoft.MachineLearningServices/locations/{path['location']}/usages/{family}",
        "amlWorkspaceLocation": path["location"],
        "type": kind,
        "unit": "Count",
        "currentValue": 0,
        "limit": -1,
        "name": {"value": family, "localizedValue": family},
    }
