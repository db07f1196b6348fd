"""Following a pipeline run: what is seen of it while it goes, those that it called within it."""

from typing import Any

from azurine.cli import faults
from azurine.cli.factory_runs import Follower


def ran(name: str, status: str, **more: Any) -> dict[str, Any]:
    return {"activityName": name, "activityRunId": f"{name}-1", "status": status, "activityRunStart": "2024-01-01T00:00:00Z", **more}


class Factory:
    """A run of `outer`, which has called `inner`; the inner run is there from the second look on, and all is over at the third."""

    def __init__(self) -> None:
        self.looks = 0

    def ask(self, method: str, path: str, body: Any) -> Any:
        if path == "pipelineruns/1":
            self.looks += 1
            return {"runId": "1", "pipelineName": "outer", "status": "Succeeded" if self.looks > 2 else "InProgress"}
        if path == "pipelineruns/2":
            if self.looks < 2:
                raise faults.Failure("There is no run 2.", code=faults.MISSING)
            return {"runId": "2", "pipelineName": "inner", "status": "InProgress"}
        if path.startswith("pipelines/"):
            return {"properties": {"activities": [{"name": "If", "typeProperties": {"ifTrueActivities": [{"name": "Call"}]}}, {"name": "Rest"}]}}
        status = "Succeeded" if self.looks > 2 else "InProgress"
        found = [ran("Rest", status)] if "/2/" in path else [ran("If", status), ran("Call", status, output={"pipelineRunId": "2"})]
        return {"value": found}


def test_what_a_call_has_begun_stands_under_it_while_it_goes() -> None:
    factory = Factory()
    sights = list(Follower(factory.ask, "1").looks(wait=lambda _: None))
    seen = [[(step.title, step.status, step.depth) for step in sight.steps] for sight in sights]
    going = [("If", "InProgress", 1), ("Call", "InProgress", 2)]
    assert seen[:2] == [going, [*going, ("Rest", "InProgress", 3)]]
    assert seen[2] == [("If", "Succeeded", 1), ("Call", "Succeeded", 2), ("Rest", "Succeeded", 3)]
