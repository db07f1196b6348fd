"""A run of a model monitor, whole: an order and folders in, files out. Numbers against scipy and scikit-learn."""

import csv
import json
import random
from datetime import UTC, datetime

import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from azurine.guest.drift import model_monitoring
from azurine.ml.model_monitors import firing

AT = datetime(2026, 5, 3, tzinfo=UTC).timestamp()
TRIGGER = {"triggerType": "Recurrence", "frequency": "Day", "interval": 1}
PRODUCTION = {"inputDataType": "Trailing", "jobInputType": "uri_folder", "uri": "azureml:requests:1", "windowSize": "P1D", "windowOffset": "P0D"}
TRAINING = {"inputDataType": "Fixed", "jobInputType": "uri_file", "uri": "azureml:training:1", "columns": {"target_column": "Ill"}}


def rows(seed, shift, number):
    chance = random.Random(seed)
    people = [
        {"Age": round(chance.gauss(40 + shift, 8), 2), "BMI": round(chance.gauss(30, 4), 2), "City": chance.choice("aab")} for _ in range(number)
    ]
    return [{**one, "Ill": int(one["Age"] > 45)} for one in people]


BASELINE, RECENT = rows(1, 0, 400), rows(2, 5, 300)


@pytest.fixture
def run(tmp_path):
    """Runs a monitor of these signals; answers its exit code, and the folder of its files."""
    with (tmp_path / "training.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, list(BASELINE[0]))
        writer.writeheader()
        writer.writerows(BASELINE)
    folder = tmp_path / "requests" / "2026/05/02/10"
    folder.mkdir(parents=True)
    lines = [{"time": "2026-05-02T10:00:00Z", "data": RECENT[place : place + 5], "correlationid": f"r{place}"} for place in range(0, len(RECENT), 5)]
    (folder / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    places = {"azureml:training:1": "training.csv", "azureml:requests:1": "requests", "azureml:nothing:1": "nothing"}

    def run(**signals):
        job = firing.run("watch", "watch-1", {"action": {"monitorDefinition": {"signals": signals}}, "trigger": TRIGGER}, AT)["job"]
        inputs = {f"AZURE_ML_INPUT_{name}": str(tmp_path / places[one["uri"]]) for name, one in job["inputs"].items()}
        out = {"AZURE_ML_OUTPUT_result": str(tmp_path / "out"), "AZURE_ML_OUTPUT_summary": str(tmp_path / "summary.json")}
        return model_monitoring.main({**job["environmentVariables"], **inputs, **out}), tmp_path / "out"

    return run


def signal(sort, **more):
    return {"signalType": sort, "mode": "Enabled", "productionData": PRODUCTION, "referenceData": TRAINING, **more}


def threshold(role, metric, value):
    return {"dataType": role, "metric": metric, "threshold": {"value": value}}


def features(out, name="inputs"):
    found = json.loads((out / "signals" / f"{name}.json").read_text())
    return found["metrics"]["features"]


def column(some, name):
    return [one[name] for one in some]


def test_drift_by_every_test_that_there_is(run):
    both = [threshold("Numerical", "TwoSampleKolmogorovSmirnovTest", 0.05), threshold("Numerical", "normalizedWassersteinDistance", 0.1)]
    both += [threshold("Categorical", "pearsonsChiSquaredTest", 0.01), threshold("Categorical", "jensen_shannon_distance", 0.1)]
    code, out = run(inputs=signal("DataDrift", metricThresholds=both))
    assert code == 0
    found = features(out)
    assert list(found) == ["Age", "BMI", "City"]
    ages = column(BASELINE, "Age"), column(RECENT, "Age")
    wanted = stats.wasserstein_distance(*ages) / stats.tstd(ages[0])
    assert found["Age"]["NormalizedWassersteinDistance"]["value"] == pytest.approx(wanted, rel=1e-9)
    assert found["Age"]["TwoSampleKolmogorovSmirnovTest"]["value"] == pytest.approx(stats.ks_2samp(*ages).pvalue, rel=1e-6)
    shares = [[column(some, "City").count(name) / len(some) for name in "ab"] for some in (BASELINE, RECENT)]
    assert found["City"]["JensenShannonDistance"]["value"] == pytest.approx(jensenshannon(*shares, base=2), rel=1e-9)
    counts = [column(RECENT, "City").count(name) for name in "ab"]
    expected = [share * len(RECENT) for share in shares[0]]
    assert found["City"]["PearsonsChiSquaredTest"]["value"] == pytest.approx(stats.chisquare(counts, expected).pvalue, rel=1e-9)
    (window,) = json.loads((out / "drift.json").read_text())["windows"]
    breached = {(one["name"], row["name"]) for one in window["features"] for row in one["measures"] if row["breached"]}
    assert breached == {("Age", "normalized_wasserstein_distance"), ("Age", "two_sample_kolmogorov_smirnov_test")}
    assert {path.name for path in out.iterdir()} == {"drift.json", "measures.parquet", "report.html", "manifest.json", "signals"}


def test_the_top_features_are_those_that_the_target_needs(run):
    _, out = run(inputs=signal("DataDrift", features={"filterType": "TopNByAttribution", "top": 1}))
    found = features(out)
    assert list(found) == ["Age"]
    assert found["Age"]["BaselineFeatureImportance"]["value"] > 0


def test_a_segment_leaves_the_other_rows_out_of_both_sides(run):
    _, out = run(inputs=signal("DataDrift", dataSegment={"feature": "City", "values": ["b"]}))
    counts = json.loads((out / "signals" / "inputs.json").read_text())["metrics"]["rowCount"]
    assert counts == {"baselineCount": column(BASELINE, "City").count("b"), "targetCount": column(RECENT, "City").count("b")}


def test_quality_is_what_the_reference_data_would_not_have(run, tmp_path):
    low, high = min(column(BASELINE, "Age")), max(column(BASELINE, "Age"))
    odd = [
        {"Age": None, "BMI": "much", "City": "z"},
        {"Age": high + 1, "BMI": 30.5, "City": "a"},
        {"Age": low, "BMI": 31.5, "City": None},
        {"Age": 40.5, "BMI": 29.5, "City": "a"},
    ]
    (tmp_path / "requests" / "2026/05/02/10" / "a.jsonl").write_text(
        json.dumps({"time": "2026-05-02T10:00:00Z", "data": odd, "correlationid": "x"}) + "\n"
    )
    _, out = run(quality=signal("DataQuality"))
    found = features(out, "quality")
    rates = {
        name: {rate: found[name][rate]["value"] for rate in ("NullValueRate", "DataTypeErrorRate", "OutOfBoundsRate")}
        for name in ("Age", "BMI", "City")
    }
    assert rates == {
        "Age": {"NullValueRate": 0.25, "DataTypeErrorRate": 0.0, "OutOfBoundsRate": 0.25},
        "BMI": {"NullValueRate": 0.0, "DataTypeErrorRate": 0.25, "OutOfBoundsRate": 0.0},
        "City": {"NullValueRate": 0.25, "DataTypeErrorRate": 0.0, "OutOfBoundsRate": 0.25},
    }


def test_predictions_drift_by_their_own_column(run):
    columns = {"columns": {"prediction_column": "Ill"}}
    given = signal("PredictionDrift", productionData={**PRODUCTION, **columns}, referenceData={**TRAINING, **columns})
    _, out = run(outputs=given)
    assert list(features(out, "outputs")) == ["Ill"]


def test_what_matters_is_compared_between_training_and_production(run):
    production = [{**PRODUCTION, "columns": {"prediction": "Ill"}}]
    threshold = {"metric": "NormalizedDiscountedCumulativeGain", "threshold": {"value": 0.9}}
    _, out = run(attribution=signal("FeatureAttributionDrift", productionData=production, metricThreshold=threshold))
    found = json.loads((out / "signals" / "attribution.json").read_text())["metrics"]
    assert found["NormalizedDiscountedCumulativeGain"]["value"] == pytest.approx(1.0, abs=0.05)
    assert found["NormalizedDiscountedCumulativeGain"]["threshold"] == 0.9
    (window,) = json.loads((out / "drift.json").read_text())["windows"]
    assert [one["name"] for one in window["features"]] == ["(all features)"]
    assert "normalized_discounted_cumulative_gain" in (out / "report.html").read_text()


def test_predictions_are_joined_with_their_truth(run, tmp_path):
    (tmp_path / "training.csv").write_text(
        "id,Outcome\n" + "".join(f"r{place}_{row},{int(row > 1)}\n" for place in range(0, 300, 5) for row in range(5))
    )
    truth = {**TRAINING, "columns": {"target_column": "Outcome", "correlation_id": "id"}}
    thresholds = '[{"modelType":"classification","metric":"Accuracy","threshold":{"value":0.99}}]'
    given = signal(
        "ModelPerformance", productionData=[{**PRODUCTION, "columns": {"prediction": "Ill", "correlation_id": "correlationid"}}], referenceData=truth
    )
    _, out = run(performance={**given, "properties": {"azureml.modelmonitor.model_performance_thresholds": thresholds}})
    found = json.loads((out / "signals" / "performance.json").read_text())["metrics"]["Accuracy"]
    right = sum(one["Ill"] == int(place % 5 > 1) for place, one in enumerate(RECENT))
    assert found == {"value": pytest.approx(right / len(RECENT)), "threshold": 0.99}
    marks = json.loads((tmp_path / "summary.json").read_text())["tags"]
    assert "performance" in marks["azureml_modelmonitor_threshold_breached"]


def test_what_cannot_be_computed_is_told_by_name_and_stops_no_other(run, tmp_path):
    late = {**PRODUCTION, "windowOffset": "P30D"}
    prepared = {**PRODUCTION, "preprocessingComponentId": "azureml:x/components/prepare/versions/2"}
    code, out = run(
        inputs=signal("DataDrift"),
        late=signal("DataDrift", productionData=late),
        prepared=signal("DataDrift", productionData=prepared),
        own=signal("Custom"),
        lacking=signal("DataDrift", features={"filterType": "FeatureSubset", "features": ["Weight"]}),
        blind=signal("DataDrift", referenceData={**TRAINING, "columns": {}}, features={"filterType": "TopNFeaturesByAttribution"}),
    )
    assert code == 0
    windows = json.loads((out / "drift.json").read_text())["windows"]
    told = {one["name"]: one["sentence"] for window in windows for one in window["signals"]}
    assert told["inputs"] is None
    assert told["late"] == "no data in the window from 2026-04-02T00:00:00+00:00 to 2026-04-03T00:00:00+00:00 of azureml:requests:1"
    assert "prepare/versions/2 is not run here" in told["prepared"]
    assert told["own"] == "signals of type custom are not run here"
    assert "must name its target_column" in told["blind"]
    (lacking,) = [one for window in windows for one in window["features"] if one["signal"] == "lacking"]
    assert lacking["measures"][0]["sentence"] == "the baseline has no such feature"
    marks = json.loads((tmp_path / "summary.json").read_text())["tags"]
    assert {"late", "prepared", "own", "blind"} == {part.partition(":")[0] for part in marks["azureml_modelmonitor_error"].split("; ")}


def test_a_type_that_changed_is_told(run, tmp_path):
    texts = [{**one, "Age": f"{one['Age']} years"} for one in RECENT]
    (tmp_path / "requests" / "2026/05/02/10" / "a.jsonl").write_text(
        json.dumps({"time": "2026-05-02T10:00:00Z", "data": texts, "correlationid": "x"}) + "\n"
    )
    _, out = run(inputs=signal("DataDrift"))
    assert features(out)["Age"]["NormalizedWassersteinDistance"]["sentence"] == "it is number in the baseline and text in the target"


def test_a_run_of_which_nothing_could_be_computed_fails_and_says_why(run, capsys):
    code, out = run(inputs=signal("DataDrift", referenceData={**TRAINING, "uri": "azureml:nothing:1"}))
    assert code == 1
    said = capsys.readouterr().out
    assert "inputs: there is no file or folder azureml:nothing:1" in said
    assert str(out.parent) not in said


def test_data_that_nobody_has_collected_yet_is_named_and_what_to_do(run, tmp_path):
    (tmp_path / "nothing").mkdir()
    for side in ({"productionData": {**PRODUCTION, "uri": "azureml:nothing:1"}}, {"referenceData": {**TRAINING, "uri": "azureml:nothing:1"}}):
        _, out = run(inputs=signal("DataDrift", **side))
        [window] = json.loads((out / "drift.json").read_text())["windows"]
        said = {one["name"]: one["sentence"] for one in window["signals"]}["inputs"]
        assert said.startswith("there are no files in azureml:nothing:1; check the path, or wait until something has been written or collected")


def test_a_monitor_of_which_nothing_is_run_here_fails(run, capsys):
    code, _ = run(own=signal("Custom"), prepared=signal("DataDrift", productionData={**PRODUCTION, "preprocessingComponentId": "azureml:prepare:2"}))
    assert code == 1
    assert "own: signals of type custom are not run here" in capsys.readouterr().out


def test_the_same_data_has_not_drifted_at_all(run):
    reference = {**PRODUCTION, "inputDataType": "Static", "windowStart": "2026-05-02T00:00:00Z", "windowEnd": "2026-05-03T00:00:00Z"}
    _, out = run(inputs=signal("DataDrift", referenceData=reference))
    assert {metric["value"] for one in features(out).values() for metric in one.values() if isinstance(metric, dict)} == {0.0}
