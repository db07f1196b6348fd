"""The files of a run: the layout of the manifest, of a signal and of a histogram, what the run is marked with, and the result document."""

import json
from datetime import UTC, datetime

import pytest

from azurine.drift import categories, numbers
from azurine.drift.signals import documents, evaluating, plans
from azurine.drift.signals.evaluating import Evaluated
from azurine.drift.signals.plans import Data, Plan
from azurine.drift.tables import Table

AT = datetime(2026, 5, 3, tzinfo=UTC)
BASELINE = Table(4, {"Age": numbers.of([30, 40, 50, 60.5]), "City": categories.of(list("aabb"))})
TARGET = Table(4, {"Age": numbers.of([50, 60, 70, 80.5]), "City": categories.of(list("aabb"))})


def plan(name="inputs", **more):
    production = Data("data_0", "azureml:requests:1", "model_inputs", "2026-05-02T00:00:00+00:00", "2026-05-03T00:00:00+00:00")
    thresholds = {"numerical": {"normalized_wasserstein_distance": 0.3}, "categorical": {"jensen_shannon_distance": 0.3}}
    given = {
        "type": plans.DATA_DRIFT,
        "production": [production],
        "reference": Data("data_1", "azureml:training:1"),
        "thresholds": thresholds,
        "alert": True,
    }
    return Plan(name, **{**given, **more})


def evaluated(name="inputs", **more):
    given = plan(name, **more)
    rows = evaluating.evaluate(given, BASELINE, TARGET, evaluating.features(given, BASELINE.types(), TARGET.types()))
    return Evaluated(given, rows, BASELINE, TARGET)


def test_a_plan_goes_through_json_without_loss():
    given = plan(segment=("City", ["a"]), features=["Age"], overrides={"Age": "categorical"})
    assert plans.from_dict(json.loads(json.dumps(plans.as_dict(given)))) == given


def test_manifest_and_signal():
    assert documents.manifest(["inputs", "outputs"]) == {
        "version": "1.0.0",
        "metricsFiles": {"inputs": "signals/inputs.json", "outputs": "signals/outputs.json"},
    }
    found = documents.signal(evaluated())
    assert (found["signalName"], found["signalType"], found["metrics"]["rowCount"]) == ("inputs", "DataDrift", {"baselineCount": 4, "targetCount": 4})
    age, city = (found["metrics"]["features"][name] for name in ("Age", "City"))
    assert age["histogram"] == "signals/inputs/Age.histogram.json"
    assert city["JensenShannonDistance"] == {"value": 0.0, "threshold": 0.3}
    # Both sides are twenty apart; the standard deviation of the baseline's sample is 13.07….
    assert age["NormalizedWassersteinDistance"]["value"] == pytest.approx(20 / numbers_deviation([30, 40, 50, 60.5]))


def numbers_deviation(values):
    mean = sum(values) / len(values)
    return (sum((value - mean) ** 2 for value in values) / (len(values) - 1)) ** 0.5


def test_histograms_of_numbers_and_of_categories():
    one = evaluated()
    ages = documents.histogram("Age", evaluating.histogram(one.plan, "Age", BASELINE, TARGET))
    # ⌈log₂ 4 + 1⌉ bins from the least to the greatest of both.
    assert [(place["lowerBound"], place["baselineCount"], place["targetCount"]) for place in ages["histogram"]] == [
        (30.0, 2, 0),
        (pytest.approx(46.8333333), 2, 2),
        (pytest.approx(63.6666667), 0, 2),
    ]
    cities = documents.histogram("City", evaluating.histogram(one.plan, "City", BASELINE, TARGET))
    assert cities == {"featureName": "City", "histogram": [{"category": name, "baselineCount": 2, "targetCount": 2} for name in "ab"]}


def test_a_run_is_marked_with_what_breached_and_with_what_could_not_be_computed():
    empty = Evaluated(plan("late"), sentence="no data in the window")
    marks = documents.tags([evaluated(), empty])
    assert marks == {
        "azureml_modelmonitor_threshold_breached": "The signal 'inputs' has failed due to one or more features violating metric thresholds.",
        "azureml_modelmonitor_error": "late: no data in the window",
    }
    assert documents.tags([evaluated(thresholds={"numerical": {"normalized_wasserstein_distance": 9.0}})]) == {}


def test_the_result_document_and_its_summary():
    found = [evaluated(), evaluated("quiet", alert=False), Evaluated(plan("mine", production=[], type="custom"), sentence="not run here")]
    document = documents.result("watch", "watch-1", "Day", AT, found)
    (window,) = document["windows"]
    assert (document["kind"], document["monitor"], document["run"], document["frequency"]) == ("ModelMonitor", "watch", "watch-1", "Day")
    assert (window["start"], window["rows"], window["hasDrift"], window["driftPercentage"]) == ("2026-05-02T00:00:00+00:00", 4, True, None)
    assert window["sentence"] == "mine: not run here"
    assert [(one["name"], one["breached"]) for one in window["signals"]] == [("inputs", True), ("quiet", True), ("mine", False)]
    summary = documents.summary(document, found)
    assert [(one["signal"], one["feature"]) for one in summary["windows"][0]["breaches"]] == [("inputs", "Age")]
    assert "features" not in summary["windows"][0]
    json.dumps([document, summary], allow_nan=False)


def test_many_categories_are_shown_as_a_hundred_and_the_others():
    names = [f"city {place:04}" for place in range(300)]
    side = Table(300, {"City": categories.of(names)})
    given = plan()
    one = Evaluated(given, evaluating.evaluate(given, side, side, ["City"]), side, side)
    shown = documents.result("watch", "watch-1", None, AT, [one])["windows"][0]["features"][0]["histogram"]
    assert (len(shown["categories"]), shown["categories"][-1], shown["target"][-1]) == (101, "(others)", 200)


def test_a_feature_may_be_called_anything():
    assert documents.histogram_path("inputs", "a/../b") == "signals/inputs/a_.._b.histogram.json"
    assert documents.key("inputs", "größe/m²", "null_value_rate") == "inputs/gr__e_m_/null_value_rate"


@pytest.mark.parametrize(
    ("given", "chosen"),
    [
        (plan(), ["Age", "City", "Outcome"]),
        (plan(reference=Data("data_1", "b", columns={plans.TARGET: "Outcome"})), ["Age", "City"]),
        (plan(features=["City"]), ["City"]),
        (plan(type=plans.PREDICTION_DRIFT, reference=Data("data_1", "b", columns={plans.PREDICTION: "Outcome"})), ["Outcome"]),
    ],
)
def test_which_columns_a_signal_looks_at(given, chosen):
    types = {"Age": "number", "City": "text"}
    assert evaluating.features(given, types, {**types, "Outcome": "integer", "correlationid": "text"}) == chosen
