"""The loop that the demo closes: new visits come in, the monitor finds them drifted, a better model is trained, and the week after nothing is.

Whatever should have happened and did not, fails the demo.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import monitoring
import orchestration
from telling import Failed, done, row, shown


def closed(connection: Any, data: Path, folder: Path) -> "Loop":
    """Two weeks of visits come in: the first one has drifted from what the model knows, the second one is as the first."""
    done("monitor", f"{monitoring.watched(connection, data)}, patients by week")
    weeks = []
    for place, begin in enumerate(monitoring.WEEKS):
        count = monitoring.arrived(connection, data, folder / "weeks", place)
        done("visits", f"{count} in the week of {begin}")
        weeks.append(monitoring.week(connection, begin, count, folder / "results" / f"drift-{begin}"))
    first = weeks[0].begin
    scored = orchestration.followed(
        connection, "Scoring", raw=f"0-raw/diabetes-{first}", bronze=f"1-bronze/diabetes-{first}", silver=f"2-silver/diabetes-{first}"
    )
    versions = sorted(int(one.version) for one in connection.ml.models.list(name="diabetes"))
    return Loop(weeks[0], weeks[1], scored, monitoring.alerts(connection), versions)


@dataclass(frozen=True, slots=True)
class Loop:
    """What became of two weeks of visits. scored: Scoring of the first one's. alerts: newest first. versions: of the model, in the end."""

    first: monitoring.Week
    second: monitoring.Week
    scored: orchestration.Ran
    alerts: list[dict[str, Any]]
    versions: list[int]

    @property
    def runs(self) -> list[orchestration.Ran]:
        return [one for one in (self.first.drift, self.first.retrain, self.second.drift, self.second.retrain, self.scored) if one is not None]

    def show(self, training: orchestration.Ran, scoring: orchestration.Ran) -> None:
        """Sees for itself that it went round as it should; then tells how, step by step."""
        first, second, alert = self.first, self.second, self._right()
        retrained = first.retrain.result if first.retrain is not None else {}
        print()
        row("1 trained", f"version 1, accuracy {training.result['accuracy']:.4f}; it is in service")
        row("2 scored", f"{scoring.result['patients']:.0f} patients, by version {scoring.result['modelVersion']}")
        row("3 new data", f"{first.visits} visits in the week of {first.begin}; {', '.join(monitoring.visits.SHIFTED)} have shifted")
        row("4 drift", f"{first.percentage:.1f} % (threshold {monitoring.THRESHOLD:.0f} %): {', '.join(first.features)}")
        row("5 told", ", ".join(f"{one['type'].lower()} to {one['to'].rpartition('/')[2]}: {one['state']}" for one in alert["deliveries"]))
        old, new = retrained["publishedAccuracy"], retrained["accuracy"]
        row("6 retrained", f"accuracy {new:.4f} on the new visits; version {retrained['publishedVersion']} has {old:.4f} on them")
        row("7 better", f"registered as version {retrained['version']}, and in service")
        row("8 scored", f"{self.scored.result['patients']:.0f} visits, by version {self.scored.result['modelVersion']}")
        row("9 next week", f"{second.visits} visits, drift {second.percentage:.1f} %: nothing was trained, version {self.versions[-1]} stays")
        row("report page", f"{shown(first.report)} (open it in a browser)")
        row("next week's", shown(second.report))

    def _right(self) -> dict[str, Any]:
        """The alert of the first week. Raises Failed for whatever did not happen."""
        first, second = self.first, self.second
        if not first.percentage > monitoring.THRESHOLD or first.window["hasDrift"] is not True:
            raise Failed(f"the week of {first.begin} has shifted, and the monitor says {first.percentage:.1f} %")
        if first.retrain is None or not first.retrain.result["accuracy"] > first.retrain.result["publishedAccuracy"]:
            raise Failed(f"the week of {first.begin} has drifted, and no better model came of it: {first.retrain and first.retrain.result}")
        if int(first.retrain.result["version"]) != 2 or self.versions != [1, 2]:
            raise Failed(f"one better model was trained, and there are the versions {self.versions}")
        if self.scored.result["modelVersion"] != 2 or self.scored.result["patients"] != first.visits:
            raise Failed(f"version 2 should have scored {first.visits} visits: {self.scored.result}")
        if not second.percentage <= monitoring.THRESHOLD or second.retrain is not None:
            raise Failed(f"the week of {second.begin} is as the one before, and the monitor says {second.percentage:.1f} %")
        told = [one for one in self.alerts if one["run"] == first.drift.result["run"]]
        if len(self.alerts) != 1 or not told or told[0]["state"] != "Delivered":
            raise Failed(f"one alert, of the first week, should have arrived: {self.alerts}")
        return told[0]
