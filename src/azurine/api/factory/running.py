"""Beginning and cancelling runs: `createRun` on a pipeline, `cancel` on a run.

    POST …/pipelines/{p}/createRun?referencePipelineRunId&isRecovery&startActivityName&startFromFailure    body: the parameters
    POST …/pipelineruns/{r}/cancel?isRecursive

https://learn.microsoft.com/rest/api/datafactory/pipelines/create-run
"""

import uuid
from typing import Any

from azurine.api import resources
from azurine.api.actions import Asked, Table
from azurine.model import ids
from azurine.model.kinds import Wish
from azurine.store import admission


def table(pipelines: str, runs: str, cancel: Wish) -> Table:
    """pipelines, runs: names of the kinds. cancel: the wish of a run."""
    return {(pipelines, "createRun"): lambda asked: _created(asked, runs), (runs, "cancel"): lambda asked: _cancelled(asked, cancel)}


def _created(asked: Asked, runs: str) -> dict[str, Any]:
    pipeline = asked.resource
    body: dict[str, Any] = {"pipeline": pipeline.name, "parameters": asked.body}
    earlier = asked.query.get("referencepipelinerunid", "")
    if earlier:
        body["recovery"] = {
            "run": earlier,
            "from": asked.query.get("startactivityname", ""),
            "failed": _is_true(asked.query.get("startfromfailure", "")),
            "recovers": _is_true(asked.query.get("isrecovery", "")),
        }
    run = str(uuid.uuid4())
    identifier = ids.child(ids.parent(pipeline.id), runs.rpartition("/")[2], run)
    request = admission.Request(identifier, lambda _: body, by=asked.by, only_new=True)
    admission.admit(asked.house.log, asked.house.kinds, request, asked.house.clock())
    return {"runId": run}


def _cancelled(asked: Asked, cancel: Wish) -> None:
    # parity: the runs that this one has begun go on unless it is said otherwise.
    recursive = _is_true(asked.query.get("isrecursive", ""))
    resources.change(asked.house, asked.id, lambda current: cancel(current, {"recursive": recursive}), asked.by)


def _is_true(text: str) -> bool:
    return text.lower() == "true"
