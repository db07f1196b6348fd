"""Result documents of monitors' runs, as plays for what is made of them."""

from typing import Any

HOSTILE = '"><script>alert(1)</script>\x00\u202e&amp;\ud800'


def feature(
    name: str | None, contribution: float | None = None, value: float | None = 1.0, threshold: float | None = None, **more: Any
) -> dict[str, Any]:
    breached = value is not None and threshold is not None and value > threshold
    measured = {"name": "wasserstein_distance", "value": value, "threshold": threshold, "breached": breached, "sentence": None}
    return {
        "name": name,
        "role": "numerical",
        "contribution": contribution,
        "measures": [measured],
        "baseline": {"type": "number", "rows": 1000, "missing": 3, "wrong": 0, "min": 0, "max": 9, "mean": 4.5},
        "target": {"type": "number", "rows": 200, "missing": 0, "wrong": 0, "min": 2, "max": 12, "mean": 7.25},
        "histogram": {"edges": [0, 4, 8, 12], "baseline": [500, 497, 0], "target": [20, 80, 100]},
        **more,
    }


def window(start: int, percentage: float | None, /, *features: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A week of March 2026 that begins on that day."""
    return {
        "start": f"2026-03-{start:02}T00:00:00Z",
        "end": f"2026-03-{start + 7:02}T00:00:00Z",
        "daysFromStart": start - 1,
        "rows": 200,
        "driftPercentage": percentage,
        "hasDrift": None if percentage is None else percentage > 20,
        "sentence": None,
        "features": list(features),
        **more,
    }


def document(*windows: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "monitor": "watch",
        "kind": "DatasetMonitor",
        "run": "watch-1",
        "frequency": "Week",
        "threshold": 0.2,
        "baseline": {"name": "then", "version": "1", "rows": 1000, "uri": "azureml://datastores/workspaceblobstore/paths/then"},
        "target": {"name": "now", "version": "2", "uri": "azureml://datastores/workspaceblobstore/paths/now"},
        "windows": list(windows),
        **more,
    }
