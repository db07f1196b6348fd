"""What is asked of dataset monitors: POST on a monitor (`run`, `backfill`, `results`), and on a run of one (`report`).

    run        {"targetDate", "featureList"?, "driftThreshold"?, "compute"?, "name"?}   → {"run", "experimentName", "type", "status", "start", "end", …}
    backfill   {"startDate", "endDate", …}                                              → the same
    results    {"run"?, "startDate"?, "endDate"?}                                       → {"windows", "results", "metrics"}
    report     {}                                                                       → {"page": the report's HTML}

A run and its job are there when they are answered; asked for under a `name` of the caller's own, a run is made once. `results` are those of each
window's newest run; beside the windows as the runs tell them, in the shape in which the v1 package gives them back.
"""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azurine.api.actions import Asked, Table
from azurine.model import errors, ids
from azurine.model.kinds import Admission, References
from azurine.model.resources import Json, Resource
from azurine.store import admission
from azurine.store.references import LogReferences

JOBS = "workspaces/jobs"
Request = Callable[[Resource, str, Json, str, References], Json]
"""(monitor, type, what is asked, name, references) → the body of the run. Raises errors.Invalid."""
Locate = Callable[[str, str], Path | None]


@dataclass(frozen=True, slots=True)
class Monitors:
    """name: of the kind of monitors; runs: of that of their runs. request: see above. locate: (workspace, address) → where that is here."""

    name: str
    runs: str
    request: Request
    locate: Locate

    def table(self) -> Table:
        return {
            (self.name, "run"): lambda asked: self._begun(asked, "Adhoc"),
            (self.name, "backfill"): lambda asked: self._begun(asked, "BackFill"),
            (self.name, "results"): self._results,
            (self.runs, "report"): self._report,
        }

    def _begun(self, asked: Asked, type: str) -> dict[str, Any]:
        monitor, house = asked.resource, asked.house
        name = asked.body.get("name") or f"{monitor.name}-{type.lower()}-{uuid.uuid4().hex[:8]}"
        if not isinstance(name, str) or "/" in name:
            raise errors.Invalid("name must be a name", code="InvalidName", path="name")
        body = self.request(monitor, type, asked.body, name, LogReferences(house.log))
        job = ids.child(ids.up_to(monitor.id, ids.WORKSPACES), "jobs", name)
        run = ids.child(monitor.id, "runs", name)
        if house.log.get(job) is not None and house.log.get(run) is None:
            raise errors.Conflict(f"there is another job {name!r}; choose another name", code="UserError", path="name")
        # Refused here, nothing was made; made, nothing is refused any more but what changes in between, and that the run will tell.
        wanted = {"properties": body["job"]}
        house.kinds[JOBS].admit(Admission(job, wanted, LogReferences(house.log), None, house.clock(), asked.by))
        made = admission.admit(house.log, house.kinds, admission.Request(run, lambda _: body, by=asked.by, only_new=True), house.clock()).resource
        admission.admit(house.log, house.kinds, admission.Request(job, lambda _: wanted, by=asked.by), house.clock())
        shown = house.show(made)["properties"]
        return {key: shown[key] for key in ("run", "experimentName", "type", "status", "start", "end", "frequency", "threshold")}

    def _results(self, asked: Asked) -> dict[str, Any]:
        monitor, said = asked.resource, asked.body
        begin, end = str(said.get("startDate") or ""), str(said.get("endDate") or "~")
        seen: dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]] = {}
        for run in self._completed(asked, monitor):
            if said.get("run") in (None, run["run"]):
                for window in run["windows"]:
                    if begin <= window["start"] and window["start"][: len(end)] <= end:
                        seen.setdefault(window["start"], (run, window))
        found = [seen[start] for start in sorted(seen)]
        details = {run["run"]: self._document(monitor, str(run["run"])) for run, _ in found}
        told = [_told(run, window, details[run["run"]]) for run, window in found if window["driftPercentage"] is not None]
        windows = [{**window, **_about(run, window, details[run["run"]])} for run, window in found]
        return {"windows": windows, "results": [result for result, _ in told], "metrics": [metric for _, metric in told]}

    def _completed(self, asked: Asked, monitor: Resource) -> Iterator[dict[str, Any]]:
        """What the completed runs show, the newest first."""
        for run in _all(asked, self.runs, monitor.id):
            shown: dict[str, Any] = asked.house.show(run)["properties"]
            if shown["status"] == "Completed":
                yield shown

    def _document(self, monitor: Resource, run: str) -> Mapping[str, Any]:
        """What the run left in the lake; nothing when it is not there any more."""
        path = self._left(monitor.id, run, "drift.json")
        if path is None:
            return {}
        found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found

    def _report(self, asked: Asked) -> dict[str, Any]:
        run = asked.resource
        path = self._left(ids.parent(run.id), run.name, "report.html")
        if path is None:
            raise errors.Missing(f"the run {run.name} has left no report", code="ReportNotFound")
        return {"page": path.read_text(encoding="utf-8")}

    def _left(self, monitor: str, run: str, name: str) -> Path | None:
        job = f"azureml://datastores/workspaceblobstore/paths/azureml/{run}/result/"
        folder = self.locate(ids.up_to(monitor, ids.WORKSPACES), job)
        return folder / name if folder is not None and (folder / name).is_file() else None


def _about(run: Mapping[str, Any], window: Mapping[str, Any], details: Mapping[str, Any]) -> dict[str, Any]:
    """What the run says of a window beside its numbers, and each feature's part in it, the worst first."""
    features = [feature for one in details.get("windows", ()) if one["start"] == window["start"] for feature in one["features"]]
    shares = sorted(((one["contribution"], one["name"]) for one in features if one.get("contribution") is not None), reverse=True)
    told = [{"feature": name, "value": share} for share, name in shares]
    return {"run": run["run"], "type": run["type"], "threshold": run["threshold"], "contributions": told}


def _all(asked: Asked, kind: str, parent: str) -> Iterator[Resource]:
    after: int | None = None
    while True:
        page = asked.house.log.page(kind, parent, after=after, limit=500)
        yield from page
        if len(page) < 500:
            return
        after = page[-1].created


def _told(run: Mapping[str, Any], window: Mapping[str, Any], details: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(result, metrics) of a window, as `DataDriftDetector.get_output` has them."""
    about = {"start_date": window["start"][:10], "end_date": window["end"][:10], **_datasets(details)}
    result = {**about, "has_drift": window["hasDrift"], "drift_threshold": run["threshold"]}
    same: Sequence[Mapping[str, Any]] = [one for one in details.get("windows", ()) if one["start"] == window["start"]]
    columns = [{feature["name"]: _measures(feature)} for one in same for feature in one["features"]]
    coefficient = [{"name": "datadrift_coefficient", "value": window["driftPercentage"] / 100}]
    metrics = {**about, "schema_version": "0.1", "dataset_metrics": coefficient, "column_metrics": columns}
    return {"drift_type": "DatasetBased", "result": [result]}, {"drift_type": "DatasetBased", "metrics": [metrics]}


def _measures(feature: Mapping[str, Any]) -> list[dict[str, Any]]:
    found = [{"name": one["name"], "value": one["value"]} for one in feature["measures"] if one["value"] is not None]
    share = feature.get("contribution")
    return ([{"name": "datadrift_contribution", "value": share}] if share is not None else []) + found


def _datasets(details: Mapping[str, Any]) -> dict[str, Any]:
    sides = {"baseline": "base_dataset_id", "target": "target_dataset_id"}
    return {key: ":".join(str(details[side][part]) for part in ("name", "version") if details[side][part]) for side, key in sides.items() if details}
