"""The contract of tracking, run over memory, SQLite and (where its programs are found) PostgreSQL."""

import math
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from azurine.model import errors
from azurine.tracking import contract
from azurine.tracking.contract import Facts, Link, LoggedModel, Metric, Only, Sort, Tracking
from azurine.tracking.memory import Memory
from azurine.tracking.sql import Sql

RUN = "subscriptions/s/resourceGroups/g/workspaces/w/jobs/one"
OTHER = "subscriptions/s/resourceGroups/g/workspaces/w/jobs/two"
THIRD = "subscriptions/s/resourceGroups/g/workspaces/other/jobs/one"


@pytest.fixture
def url(new_url: Callable[[str], str], sort: str) -> str:
    return new_url(sort)


@pytest.fixture
def tracking(url: str, sort: str) -> Iterator[Tracking]:
    opened: Tracking = Memory() if sort == "memory" else Sql(url)
    yield opened
    opened.close()


def test_what_was_recorded_is_told(tracking: Tracking) -> None:
    tracking.record(RUN, [Metric("auc", 0.5, 10, 1)], {"depth": "3"}, {"team": "blue", "a/b": "✓ ünï"})
    tracking.record(RUN, [Metric("loss", 2.0, 11)], {"width": ""})
    assert tracking.latest([RUN, OTHER]) == {
        RUN: Facts(
            {"auc": Metric("auc", 0.5, 10, 1), "loss": Metric("loss", 2.0, 11)}, {"depth": "3", "width": ""}, {"team": "blue", "a/b": "✓ ünï"}
        ),
        OTHER: Facts(),
    }


def test_nothing_is_asked(tracking: Tracking) -> None:
    tracking.record(RUN)
    assert tracking.latest([]) == {}
    assert tracking.latest([RUN]) == {RUN: Facts()}
    assert tracking.column(Sort.TAGS, "x", []) == {}
    assert tracking.find_models("w", []) == []
    assert tracking.model_metrics([]) == {}


def test_runs_of_one_name_in_two_workspaces_are_two(tracking: Tracking) -> None:
    tracking.record(RUN, params={"p": "1"})
    tracking.record(THIRD, params={"p": "2"})
    assert tracking.column(Sort.PARAMS, "p", [RUN, THIRD]) == {RUN: "1", THIRD: "2"}


@pytest.mark.parametrize(
    ("points", "latest"),
    [
        pytest.param([(1.0, 10, 0), (2.0, 9, 1)], (2.0, 9, 1), id="the greater step, though earlier"),
        pytest.param([(2.0, 9, 1), (1.0, 10, 0)], (2.0, 9, 1), id="whatever the order of coming"),
        pytest.param([(1.0, 10, 0), (2.0, 11, 0), (3.0, 9, 0)], (2.0, 11, 0), id="then the later time"),
        pytest.param([(1.0, 10, 0), (3.0, 10, 0), (2.0, 10, 0)], (3.0, 10, 0), id="then the greater value"),
        pytest.param([(1.0, 10, -5)], (1.0, 10, -5), id="a negative step"),
        pytest.param([(math.inf, 10, 0), (-math.inf, 10, 1)], (-math.inf, 10, 1), id="infinities"),
    ],
)
def test_the_latest_point(tracking: Tracking, points: list[tuple[float, int, int]], latest: tuple[float, int, int]) -> None:
    for point in points:
        tracking.record(RUN, [Metric("m", *point)])
    tracking.record(OTHER, [Metric("m", *point) for point in points])
    told = tracking.latest([RUN, OTHER])
    assert told[RUN].metrics["m"] == told[OTHER].metrics["m"] == Metric("m", *latest)


def test_nan_is_a_value(tracking: Tracking) -> None:
    tracking.record(RUN, [Metric("m", math.nan, 5, 0), Metric("m", 0.0, 5, 0), Metric("m", math.nan, 5, 0), Metric("m", 1.0, 6, 0)])
    history = tracking.history(RUN, "m")
    assert [point.value for point in history if not math.isnan(point.value)] == [0.0, 1.0]
    assert len(history) == 3
    tracking.record(RUN, [Metric("m", math.nan, 7, 1)])
    assert math.isnan(tracking.latest([RUN])[RUN].metrics["m"].value)
    value = tracking.column(Sort.METRICS, "m", [RUN])[RUN]
    assert isinstance(value, float) and math.isnan(value)


def test_the_history_is_in_order_and_comes_in_pages(tracking: Tracking) -> None:
    points = [Metric("m", float(step % 3), 1000 + step // 4, step) for step in range(50)]
    tracking.record(RUN, list(reversed(points)))
    tracking.record(RUN, [Metric("n", 1.0, 1)])
    assert tracking.history(RUN, "m") == points
    seen: list[Metric] = []
    while page := tracking.history(RUN, "m", after=seen[-1] if seen else None, limit=7):
        seen += page
    assert seen == points
    assert tracking.history(RUN, "none") == tracking.history(OTHER, "m") == []


def test_a_point_sent_twice_is_one(tracking: Tracking) -> None:
    points = [Metric("m", 1.0, 1), Metric("m", 1.0, 1), Metric("m", 1.0, 1, 1), Metric("m", 1.5, 1)]
    tracking.record(RUN, points)
    tracking.record(RUN, points)
    assert len(tracking.history(RUN, "m")) == 3


def test_extremes(tracking: Tracking) -> None:
    point = Metric("k" * 250, 1.7976931348623157e308, 2**63 - 1, -(2**63))
    tracking.record(RUN, [point, Metric("tiny", 5e-324, 0)], {"p": "x" * 6000}, {"t": "y" * 8000})
    told = tracking.latest([RUN])[RUN]
    assert told.metrics == {point.key: point, "tiny": Metric("tiny", 5e-324, 0)}
    assert (len(told.params["p"]), len(told.tags["t"] or "")) == (6000, 8000)


def test_a_param_is_written_once_and_a_refused_batch_leaves_nothing(tracking: Tracking) -> None:
    tracking.record(RUN, params={"p": "1"})
    tracking.record(RUN, params={"p": "1"})
    with pytest.raises(errors.Invalid, match=r"key='p' was already logged with value='1' for run ID='one'.*'2'"):
        tracking.record(RUN, [Metric("m", 1.0, 1)], {"new": "x", "p": "2"}, {"t": "x"})
    assert tracking.latest([RUN])[RUN] == Facts(params={"p": "1"})
    assert tracking.history(RUN, "m") == []


def test_a_tag_is_replaced_and_taken_away(tracking: Tracking) -> None:
    tracking.record(RUN, tags={"t": "1", "u": "1"})
    tracking.record(RUN, tags={"t": "2", "u": None})
    assert tracking.latest([RUN])[RUN].tags == {"t": "2", "u": None}
    assert tracking.column(Sort.TAGS, "u", [RUN]) == {RUN: None}


def test_links(tracking: Tracking) -> None:
    tracking.link(RUN, [Link("dataset", "d", {"name": "d", "tags": [1]}), Link("model_output", "d", {"step": 1})])
    tracking.link(RUN, [Link("dataset", "d", {"name": "new"}), Link("dataset", "e", {})])
    tracking.link(RUN, [])
    assert {(one.sort, one.key): one.body for one in tracking.latest([RUN])[RUN].links} == {
        ("dataset", "d"): {"name": "new"},
        ("dataset", "e"): {},
        ("model_output", "d"): {"step": 1},
    }


@pytest.mark.parametrize("many", [3, 1200])
def test_a_column_of_many_runs(tracking: Tracking, many: int) -> None:
    runs = [f"{RUN}-{number}" for number in range(many)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda run: tracking.record(run, [Metric("m", float(len(run)), 1)]), runs))
    tracking.record("another", [Metric("m", 7.0, 1)])
    assert tracking.column(Sort.METRICS, "m", [*runs, "unknown"]) == {run: float(len(run)) for run in runs}
    assert set(tracking.latest(runs)) == set(runs)
    assert all(facts.metrics["m"].value == len(run) for run, facts in tracking.latest(runs).items())


@pytest.mark.parametrize("many", [0, 600])
def test_a_column_of_what_fits(tracking: Tracking, many: int) -> None:
    values = {"a": 1.0, "b": 2.0, "c": math.nan, "d": math.inf}
    for run, value in values.items():
        tracking.record(run, [Metric("m", value, 1)], {"p": run})
    runs = [*values, *(f"unknown-{number}" for number in range(many))]

    def fitting(operator: str, value: float) -> str:
        return "".join(sorted(tracking.column(Sort.METRICS, "m", runs, Only(operator, value))))

    assert [fitting(operator, 2.0) for operator in ("=", "!=", ">", ">=", "<", "<=")] == ["b", "acd", "d", "bd", "a", "ab"]
    assert tracking.column(Sort.PARAMS, "p", runs, Only("=", "a")) == {"a": "a"}
    assert set(tracking.column(Sort.PARAMS, "p", runs, Only("!=", "a"))) == {"b", "c", "d"}


def test_an_interval_is_thinned(tracking: Tracking) -> None:
    tracking.record(RUN, [Metric("m", float(step), step, step) for step in range(100)])
    tracking.record(OTHER, [Metric("m", 1.0, 1, 3), Metric("m", 2.0, 2, 3)])
    found = tracking.interval([RUN, OTHER, "unknown"], "m", None, None, 5)
    assert [point.step for run, point in found if run == RUN] == [0, 25, 50, 74, 99]
    assert [point.value for run, point in found if run == OTHER] == [1.0, 2.0]
    assert [point.step for _, point in tracking.interval([RUN], "m", 10, 12, 5)] == [10, 11, 12]
    assert [point.step for _, point in tracking.interval([RUN], "m", None, None, 1)] == [99]


def test_a_run_is_copied(tracking: Tracking) -> None:
    tracking.record(RUN, [Metric("m", 1.0, 1, 1), Metric("m", 2.0, 2, 2)], {"p": "1"}, {"mine": "x", "mlflow.user": "me"})
    tracking.link(RUN, [Link("dataset", "d", {"a": 1})])
    tracking.copy(RUN, OTHER)
    tracking.copy(RUN, OTHER)
    tracking.copy("unknown", OTHER)
    tracking.copy(RUN, RUN)
    assert tracking.history(OTHER, "m") == tracking.history(RUN, "m")
    told = tracking.latest([RUN, OTHER])
    assert told[OTHER] == replace(told[RUN], tags={"mine": "x"})


def test_a_run_is_forgotten(tracking: Tracking) -> None:
    tracking.record(RUN, [Metric("m", 1.0, 1, model="m-1")], {"p": "1"}, {"t": "x"})
    tracking.link(RUN, [Link("dataset", "d", {})])
    tracking.record(OTHER, params={"p": "2"})
    tracking.forget(RUN)
    tracking.forget("unknown")
    assert tracking.latest([RUN, OTHER]) == {RUN: Facts(), OTHER: Facts(params={"p": "2"})}
    assert tracking.history(RUN, "m") == []
    assert tracking.model_metrics(["m-1"]) == {"m-1": []}
    tracking.record(RUN, params={"p": "3"})
    assert tracking.latest([RUN])[RUN].params == {"p": "3"}


def model(number: int, **changes: object) -> LoggedModel:
    return replace(LoggedModel(f"m-{number}", "w", "1", "model", "one", number, {"n": number}), **changes)  # type: ignore[arg-type]


def test_logged_models(tracking: Tracking) -> None:
    models = [model(1), model(2), model(3, experiment="2"), model(4, name="other", run=""), model(5, scope="v")]
    for one in models:
        tracking.add_model(one)
    with pytest.raises(errors.Conflict):
        tracking.add_model(model(1))
    assert tracking.get_model("w", "m-4") == models[3]
    assert tracking.get_model("w", "m-5") is None
    assert tracking.get_model("w", "m-9") is None
    assert [one.id for one in tracking.find_models("w", ["1", "2"])] == ["m-4", "m-3", "m-2", "m-1"]
    assert [one.id for one in tracking.find_models("w", ["1"], "model")] == ["m-2", "m-1"]
    assert tracking.change_model("w", "m-1", lambda body: {**body, "x": [1, None]}) == model(1, body={"n": 1, "x": [1, None]})
    assert tracking.get_model("w", "m-1") == model(1, body={"n": 1, "x": [1, None]})
    assert tracking.change_model("w", "m-9", lambda body: body) is None
    with pytest.raises(errors.Invalid):
        tracking.change_model("w", "m-2", refuse)
    assert tracking.get_model("w", "m-2") == model(2)


def refuse(body: object) -> dict[str, object]:
    raise errors.Invalid("no")


def test_nobody_gets_between_changes_of_a_model(tracking: Tracking) -> None:
    tracking.add_model(model(1, body={"n": 0}))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: tracking.change_model("w", "m-1", lambda body: {"n": body["n"] + 1}), range(100)))
    changed = tracking.get_model("w", "m-1")
    assert changed is not None and changed.body == {"n": 100}


def test_metrics_of_models(tracking: Tracking) -> None:
    tracking.record(RUN, [Metric("auc", 0.5, 1, 0, "m-1", "d", "x"), Metric("auc", 0.6, 2, 0, "m-1", "d", "x"), Metric("auc", 0.7, 1, 0, "m-1")])
    tracking.record(OTHER, [Metric("auc", math.inf, 1, 3, "m-1"), Metric("auc", 1.0, 1)])
    found = tracking.model_metrics(["m-1", "m-2"])
    assert found["m-2"] == []
    assert sorted((run, point.value, point.dataset) for run, point in found["m-1"]) == sorted(
        [(RUN, 0.6, "d"), (RUN, 0.7, ""), (OTHER, math.inf, "")]
    )
    assert tracking.latest([RUN])[RUN].metrics["auc"] == Metric("auc", 0.6, 2), "a run's own metric says nothing of models"


def test_many_writers_at_once(tracking: Tracking) -> None:
    start = threading.Barrier(16)

    def write(number: int) -> None:
        start.wait()
        for step in range(20):
            tracking.record(RUN, [Metric("m", float(number), step, number)], tags={f"t{number}": str(step)})

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(write, range(16)))
    assert len(tracking.history(RUN, "m")) == 320
    assert tracking.latest([RUN])[RUN].tags == {f"t{number}": "19" for number in range(16)}


def test_a_refusal_does_not_touch_who_writes_at_the_same_time(tracking: Tracking) -> None:
    tracking.record(RUN, params={"p": "0"})

    def write(number: int) -> bool:
        try:
            tracking.record(RUN, [Metric("m", 1.0, number)], {"p": str(number % 2)})
        except errors.Invalid:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(write, range(200)))
    assert done == [number % 2 == 0 for number in range(200)]
    assert [point.timestamp for point in tracking.history(RUN, "m")] == list(range(0, 200, 2))


def test_it_is_there_after_reopening(url: str, sort: str, tracking: Tracking) -> None:
    if sort == "memory":
        return
    tracking.record(RUN, [Metric("m", 1.0, 1)], {"p": "1"})
    tracking.close()
    again = Sql(url)
    assert again.latest([RUN])[RUN].params == {"p": "1"}
    again.record(RUN, params={"q": "2"})
    assert again.latest([RUN])[RUN].params == {"p": "1", "q": "2"}
    again.close()
    with pytest.raises(errors.Temporary):
        again.record(RUN, params={"r": "3"})


def test_thinning_keeps_the_ends() -> None:
    assert contract.thinned([1, 2, 3], 5) == {1, 2, 3}
    assert contract.thinned(list(range(10)), 2) == {0, 9}
    assert contract.thinned([], 0) == set()
