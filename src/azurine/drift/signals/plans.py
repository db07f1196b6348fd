"""What one signal is to do, as plain values: whoever reads a monitor's definition writes them, whoever runs it reads them. As JSON and back without loss."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

DATA_DRIFT, PREDICTION_DRIFT, DATA_QUALITY = "data_drift", "prediction_drift", "data_quality"
ATTRIBUTION, PERFORMANCE = "feature_attribution_drift", "model_performance"
HERE = (DATA_DRIFT, PREDICTION_DRIFT, DATA_QUALITY, ATTRIBUTION, PERFORMANCE)
ELSEWHERE = ("custom", "generation_safety_quality", "generation_token_statistics")
"""Kept as they were written, and never run here."""

TARGET, PREDICTION, PROBABILITY, CORRELATION, TIMESTAMP = (
    "target_column",
    "prediction_column",
    "prediction_probability_column",
    "correlation_id",
    "timestamp_column",
)
ROLES = (TARGET, PREDICTION, PROBABILITY, CORRELATION, TIMESTAMP)
"""What a column may be named as; every other column is a feature."""


@dataclass(frozen=True, slots=True)
class Data:
    """One side of a signal. input: the name under which the run is given it. start, end: ISO 8601; "" when all of it counts. columns: by role."""

    input: str
    uri: str
    context: str = ""
    start: str = ""
    end: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """production: one, or several that are joined by their correlation ids. features: by name; None for all, or for the `top` ones by attribution.
    thresholds: by role, by measure. segment: only rows whose column has one of the values. hindrance: why it is not run here, "" when it is."""

    name: str
    type: str
    production: Sequence[Data] = ()
    reference: Data | None = None
    thresholds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    features: Sequence[str] | None = None
    top: int | None = None
    overrides: Mapping[str, str] = field(default_factory=dict)
    segment: tuple[str, Sequence[str]] | None = None
    alert: bool = False
    task: str = ""
    hindrance: str = ""


def as_dict(plan: Plan) -> dict[str, Any]:
    return asdict(plan)


def from_dict(words: Mapping[str, Any]) -> Plan:
    reference = words.get("reference")
    segment = words.get("segment")
    return Plan(
        **{
            **words,
            "production": [Data(**one) for one in words.get("production", ())],
            "reference": Data(**reference) if reference else None,
            "segment": (segment[0], segment[1]) if segment else None,
        }
    )
