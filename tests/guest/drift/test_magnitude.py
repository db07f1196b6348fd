"""A classifier tells two tables apart: by nothing, by a little, by everything; always to the same number."""

from datetime import UTC, datetime, timedelta

import polars
import pytest

from azurine.drift import results
from azurine.guest.drift.magnitude import measure
from azurine.guest.drift.windows import Window
from drift_samples import sample

ROWS = 2_000


def table(shift=0.0, rows=ROWS):
    """BMI in a scrambled order, so that nothing but its law tells a row from another."""
    bmi = sample({"law": ["normal", 30 + shift, 5, rows]})
    return polars.DataFrame(
        {
            "BMI": [bmi[place * 997 % rows] for place in range(rows)],
            "Age": [21 + place * 31 % 50 for place in range(rows)],
            "City": [["Oslo", "Rome", None][place * 7 % 3] for place in range(rows)],
            "Note": [f"note {place}" for place in range(rows)],
            "when": [datetime(2026, 1, 1) + timedelta(minutes=place) for place in range(rows)],
        }
    )


@pytest.fixture
def at(tmp_path):
    def write(name, frame):
        frame.write_parquet(tmp_path / name) if name.endswith("parquet") else frame.write_csv(tmp_path / name)
        return str(tmp_path / name)

    return write


def test_the_further_apart_the_greater_and_the_feature_that_shifted_is_named(at):
    baseline = at("baseline.csv", table())
    found = [measure(baseline, at("target.csv", table(shift)), ["BMI", "Age", "City"]) for shift in (0, 10, 80)]
    percentages = [results.percentage(one.coefficient) for one in found]
    assert percentages[0] == 0
    assert 20 < percentages[1] < 90
    assert percentages[2] == 100
    assert max(found[2].contributions, key=found[2].contributions.get) == "BMI"
    assert sum(found[1].contributions.values()) == pytest.approx(1)


def test_the_same_rows_give_the_same_number_in_either_format(at):
    baseline, target = at("baseline.csv", table()), table(3)
    first, again, other = (measure(baseline, at(name, target), ["BMI", "Age"]) for name in ("x.csv", "x.csv", "x.parquet"))
    assert first == again == other


def test_of_many_rows_a_sample_is_taken_always_the_same_and_its_size_is_told(at):
    baseline, target = at("baseline.parquet", table()), at("target.parquet", table(5))
    one, other = (measure(baseline, target, ["BMI"], rows=500) for _ in range(2))
    assert one == other
    assert one.baseline == pytest.approx(500, abs=3)
    assert one.target == pytest.approx(500, abs=3)


def test_what_the_model_is_not_shown_is_told(at):
    found = measure(at("baseline.parquet", table()), at("target.parquet", table(5).drop("Age")))
    assert found.left == {"Age": "only one side has it", "Note": "it is text with 2000 different values", "when": "it is of type timestamp"}
    assert found.contributions.keys() == {"BMI", "City"}


def test_only_the_window_counts(at):
    both = polars.concat([table(), table(40).with_columns(when=polars.col("when") + timedelta(days=10))])
    baseline, target = at("baseline.parquet", table()), at("target.parquet", both)
    start = datetime(2026, 1, 11, tzinfo=UTC)
    found = measure(baseline, target, ["BMI"], ("when", Window(start, start + timedelta(days=3))))
    assert (found.coefficient, found.target) == (1.0, ROWS)
    before = measure(baseline, target, ["BMI"], ("when", Window(start - timedelta(days=10), start)))
    assert results.percentage(before.coefficient) == 0
    after = measure(baseline, target, ["BMI"], ("when", Window(start + timedelta(days=9), start + timedelta(days=10))))
    assert (after.coefficient, after.why) == (None, "not enough rows: the target has 0, and 50 would be needed")


def test_without_a_feature_to_show_there_is_a_sentence(at):
    found = measure(at("baseline.parquet", table()), at("target.parquet", table()), ["Note"])
    assert (found.coefficient, found.why) == (None, "there is no feature that a model could be shown")
