"""The monitor of the demo, and the loop that it closes: data assets and a monitor from the files of `drift/`, weeks of visits, what the factory made of them.

    visits come in ──► Drift asks the monitor ── too far ──► Retrain ── better ──► registered, in service, the new baseline
                                              └─ else ─────► nothing

Data assets are made by the official client. Dataset monitors have none any more: theirs is plain REST.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import lake
import orchestration
import visits
import yaml

FILES = Path(__file__).resolve().parent / "drift"
WEEKS = (date(2026, 3, 8), date(2026, 3, 15))
"""Both begin on a Sunday, as the monitor's weeks do. The patients of the second one are as those of the first."""
THRESHOLD = 10.0
"""Percent."""


@dataclass(frozen=True, slots=True)
class Week:
    """What became of a week of visits. drift: the run of that pipeline. retrain: the one that it has called, if it has. window: what the monitor says."""

    begin: date
    visits: int
    drift: orchestration.Ran
    retrain: orchestration.Ran | None
    window: Mapping[str, Any]
    report: Path

    @property
    def percentage(self) -> float:
        return float(self.drift.result["driftPercentage"])

    @property
    def features(self) -> list[str]:
        """Those that tell the week from the baseline, the most telling one first."""
        found = sorted(self.window["features"], key=lambda one: -(one["contribution"] or 0))
        return [f"{one['name']} {one['contribution']:.0%}" for one in found if (one["contribution"] or 0) >= 0.05]


def watched(connection: Any, data: Path) -> str:
    """Makes the monitor, with the patients of the data folder as the first version of its baseline; its name."""
    from azure.ai.ml import load_data

    lake.upload(connection, sorted(data.glob("*.csv")), "0-raw/diabetes-patients")
    for name in ("baseline", "visits"):
        connection.ml.data.create_or_update(load_data(FILES / f"{name}.yml"))
    monitor = yaml.safe_load((FILES / "monitor.yml").read_text())
    name = str(monitor.pop("name"))
    asked(connection, "PUT", f"datasetMonitors/{name}", {"properties": monitor})
    return name


def week(connection: Any, begin: date, count: int, into: Path) -> Week:
    """Has the factory ask the monitor about a week that has come in, and gathers what came of it."""
    drift = orchestration.followed(connection, "Drift", targetDate=begin.isoformat(), threshold=THRESHOLD, pause=1)
    called = [one for one in drift.activities if one.activity_name == "Retrain"]
    retrain = orchestration.looked(connection, called[0].output["pipelineRunId"]) if called else None
    run = str(drift.result["run"])
    connection.ml.jobs.download(run, output_name="result", download_path=into)
    folder = into / "named-outputs" / "result"
    document = yaml.safe_load((folder / "drift.json").read_text())
    return Week(begin, count, drift, retrain, document["windows"][-1], folder / "report.html")


def arrived(connection: Any, data: Path, into: Path, place: int) -> int:
    """The visits of a week come in: of all patients in the first one, of every second in the next."""
    return visits.arrive(connection, data, into / str(WEEKS[place]), WEEKS[place], every=place + 1)


def alerts(connection: Any) -> list[dict[str, Any]]:
    """Newest first."""
    return [one["properties"] for one in asked(connection, "GET", "driftAlerts")["value"]]


def asked(connection: Any, method: str, path: str, body: Any = None) -> Any:
    address = f"{connection.url}{connection.workspace_id}/{path}"
    answer = connection.http.request(method, address, params={"api-version": "2024-04-01"}, json=body)
    if answer.status_code >= 400:
        raise RuntimeError(f"{path} answered {answer.status_code}: {answer.text}")
    return answer.json()
