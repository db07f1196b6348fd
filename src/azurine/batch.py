"""Where the rooms of batch endpoints meet: what a call becomes, and the door that takes it.

    a call ─▶ door ─▶ `ml.endpoints.batch_jobs` ─▶ a pipeline job, which goes like any other

A part of `app`, which puts its routes among the others.
"""

from collections.abc import Callable, Mapping

from starlette.routing import BaseRoute

from azurine.api.batch.door import Batch
from azurine.api.envelope import Addresses
from azurine.api.house import Authorize, Finish, House
from azurine.ml.endpoints import batch, batch_jobs
from azurine.model import clock
from azurine.model.kinds import Kind
from azurine.store.log import Log


def routes(
    log: Log, kinds: Mapping[str, Kind], may: Authorize, finish: Mapping[str, Finish], workspace_of: Callable[[str], str | None]
) -> list[BaseRoute]:
    """workspace_of: number of a workspace ("": the default one) → its id. finish: see `api.house.House`."""
    house = House(log, kinds, clock.system, Addresses(kinds), may, finish=finish)
    return Batch(house, batch_jobs.body, batch.default_deployment, batch_jobs.of_endpoint, workspace_of).routes()
