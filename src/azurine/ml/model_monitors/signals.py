"""One signal of a monitor: what it compares, which features, by which measures and thresholds. What is wrong is noted at its path."""

import json
from collections.abc import Mapping
from typing import Any

from azurine.drift.measures import MEASURES
from azurine.drift.roles import CATEGORICAL, NUMERICAL
from azurine.drift.signals import plans
from azurine.drift.signals.plans import Plan
from azurine.ml.model_monitors import data
from azurine.ml.model_monitors.data import Room
from azurine.ml.reading import Reader, as_number, clipped

TYPES = (*plans.HERE, *plans.ELSEWHERE)
TOP = 10
_BY_ATTRIBUTION = ("TopNByAttribution", "TopNFeaturesByAttribution")
"""parity: the service's word, and its model's."""
_DISTANCES = ("jensen_shannon_distance", "population_stability_index")
_RATES = ("null_value_rate", "data_type_error_rate", "out_of_bounds_rate")
_DRIFT = {
    NUMERICAL: ("normalized_wasserstein_distance", *_DISTANCES, "two_sample_kolmogorov_smirnov_test"),
    CATEGORICAL: (*_DISTANCES, "pearsons_chi_squared_test"),
}
MEASURED: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    plans.DATA_DRIFT: _DRIFT,
    plans.PREDICTION_DRIFT: _DRIFT,
    plans.DATA_QUALITY: {NUMERICAL: _RATES, CATEGORICAL: _RATES},
}
DEFAULTS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    plans.DATA_DRIFT: {NUMERICAL: ("normalized_wasserstein_distance",), CATEGORICAL: ("jensen_shannon_distance",)},
    plans.PREDICTION_DRIFT: {NUMERICAL: ("normalized_wasserstein_distance",), CATEGORICAL: ("jensen_shannon_distance",)},
    plans.DATA_QUALITY: MEASURED[plans.DATA_QUALITY],
}
"""What is measured when nothing is said."""
_UNBOUNDED = ("normalized_wasserstein_distance", "population_stability_index", "mae", "mse", "rmse")
NDCG = "normalized_discounted_cumulative_gain"
CLASSIFICATION, REGRESSION = ("accuracy", "precision", "recall"), ("mae", "mse", "rmse")
_SPELLED = {"meanabsoluteerror": "mae", "meansquarederror": "mse", "rootmeansquarederror": "rmse"}
PERFORMANCE_THRESHOLDS = "azureml.modelmonitor.model_performance_thresholds"
"""parity: where the official client says the thresholds of model performance; its `metricThreshold` is always the same."""


def read(name: str, given: Reader, room: Room, task: str) -> Plan:
    """task: what the model does, classification or regression; "" when it is not said."""
    sort = _type(given)
    alert = given.choice("mode", ("Enabled", "Disabled")) == "Enabled"
    if sort in plans.ELSEWHERE or not sort:
        return Plan(name, sort, alert=alert, hindrance=f"signals of type {sort} are not run here")
    production = _production(given, sort, room)
    reference = data.read(given.mapping("referenceData", required=True), room)
    components = [one for one in (*(data.component(one) for one in _sides(given)),) if one]
    return Plan(
        name,
        sort,
        production,
        reference if given.has("referenceData") else None,
        _thresholds(given, sort, task),
        *_features(given.mapping("features")),
        _overrides(given.mapping("featureDataTypeOverride")),
        _segment(given.mapping("dataSegment")),
        alert,
        task,
        f"its pre-processing component {components[0].rpartition('/components/')[2]} is not run here" if components else "",
    )


def _type(given: Reader) -> str:
    spelled = {one.replace("_", ""): one for one in TYPES}
    said = given.text("signalType", required=True).lower().replace("_", "")
    if said and said not in spelled:
        given.fault("signalType", f"{clipped(given.value['signalType'])} is not a type of signal; there are {', '.join(TYPES)}")
    return spelled.get(said, "")


def _production(given: Reader, sort: str, room: Room) -> list[plans.Data]:
    if isinstance(given.value.get("productionData"), list):
        some = given.items("productionData", required=True)
        readers = [Reader(one, given.at(f"productionData[{place}]"), given.faults) for place, one in enumerate(some)]
    else:
        readers = [given.mapping("productionData", required=True)]
        if not given.has("productionData"):
            return []
    if len(readers) > 1 and sort not in (plans.ATTRIBUTION, plans.PERFORMANCE):
        given.fault("productionData", f"a signal of type {sort} has one set of production data, not {len(readers)}")
    return [data.read(one, room, trailing=True) for one in readers]


def _sides(given: Reader) -> list[Reader]:
    found = given.value.get("productionData")
    some = found if isinstance(found, list) else [found]
    return [Reader(one) for one in (*some, given.value.get("referenceData"))]


def _thresholds(given: Reader, sort: str, task: str) -> dict[str, dict[str, float]]:
    if sort == plans.ATTRIBUTION:
        said = given.mapping("metricThreshold")
        return {plans.ATTRIBUTION: {NDCG: _threshold(said, NDCG, 0.9)}}
    if sort == plans.PERFORMANCE:
        return _performance(given)
    found: dict[str, dict[str, float]] = {}
    for place, one in enumerate(given.items("metricThresholds")):
        below = Reader(one, given.at(f"metricThresholds[{place}]"), given.faults)
        role = below.choice("dataType", (NUMERICAL, CATEGORICAL), required=True)
        measure = _measure(below, MEASURED[sort].get(role, ())) if role else ""
        if measure:
            found.setdefault(role, {})[measure] = _threshold(below, measure, MEASURES[measure].threshold)
    usual = {role: {one: MEASURES[one].threshold for one in wanted} for role, wanted in DEFAULTS[sort].items()}
    return found or usual


def _performance(given: Reader) -> dict[str, dict[str, float]]:
    text = given.mapping("properties").text(PERFORMANCE_THRESHOLDS)
    try:
        said = json.loads(text) if text else [given.value.get("metricThreshold")]
    except ValueError:
        given.mapping("properties").fault(PERFORMANCE_THRESHOLDS, f"{clipped(text)} is not JSON")
        return {}
    found: dict[str, dict[str, float]] = {}
    for one in said if isinstance(said, list) else [said]:
        below = Reader(one, given.at("metricThreshold"), given.faults)
        task = below.choice("modelType", ("classification", "regression"), required=True)
        measure = _measure(below, CLASSIFICATION if task == "classification" else REGRESSION) if task else ""
        if measure:
            found.setdefault(task, {})[measure] = _threshold(below, measure, 0.0)
    return found


def _measure(given: Reader, known: tuple[str, ...]) -> str:
    """Any spelling: NormalizedWassersteinDistance, normalizedWassersteinDistance, normalized_wasserstein_distance."""
    said = given.text("metric", required=True)
    plain = said.lower().replace("_", "")
    found = next((one for one in known if one.replace("_", "") in (plain, _SPELLED.get(plain))), "")
    if said and not found:
        given.fault("metric", f"{clipped(said)} is not measured here; one of {', '.join(known)} would be right", "UnknownMetric")
    return found


def _threshold(given: Reader, measure: str, default: float) -> float:
    said: Any = given.mapping("threshold").value.get("value")
    if said is None:
        return default
    number = as_number(said)
    most = None if measure in _UNBOUNDED else 1.0
    if number is None or number < 0 or (most is not None and number > most):
        bounds = "a number from 0 on" if most is None else "a number from 0 to 1"
        given.mapping("threshold").fault("value", f"the threshold of {measure} is {bounds}, not {clipped(said)}")
        return default
    return number


def _features(given: Reader) -> tuple[list[str] | None, int | None]:
    """(names, None): these. (None, number): so many, by attribution. (None, None): all."""
    sort = given.choice("filterType", ("AllFeatures", "FeatureSubset", *_BY_ATTRIBUTION), required=bool(given.value))
    if sort == "FeatureSubset":
        names = [str(one) for one in given.items("features", required=True)]
        if not names:
            given.fault("features", "a subset of the features has at least one")
        return names, None
    if sort in _BY_ATTRIBUTION:
        return None, given.whole("top", least=1, most=10_000) or TOP
    return None, None


def _overrides(given: Reader) -> dict[str, str]:
    return {str(name): given.choice(str(name), (NUMERICAL, CATEGORICAL)) for name in given.value}


def _segment(given: Reader) -> tuple[str, list[str]] | None:
    if not given.value:
        return None
    values = [str(one) for one in given.items("values", required=True)]
    if not values:
        given.fault("values", "a data segment names the values whose rows count")
    return given.text("feature", required=True), values
