"""What matters for a target: for classes, for numbers, whatever the features are; and what nothing can be learnt from."""

import random

import pytest

from azurine.guest.drift.attribution import importance
from azurine.model.errors import Invalid

CHANCE = random.Random(5)
NOISE = [[f"{CHANCE.random():.6f}", CHANCE.choice("xy"), f"2026-01-{place % 28 + 1:02}", CHANCE.choice(["true", "false"])] for place in range(200)]


@pytest.fixture
def file(tmp_path):
    def write(target, rows=NOISE):
        path = tmp_path / "table.csv"
        path.write_text(
            "noise,city,day,smoker,target\n" + "".join(",".join([*row, str(target(row, place))]) + "\n" for place, row in enumerate(rows))
        )
        return str(path)

    return write


FEATURES = ["noise", "city", "day", "smoker"]
TARGETS = [
    pytest.param(lambda row, place: "ill" if float(row[0]) > 0.5 else "well", "noise", "", id="two classes"),
    pytest.param(lambda row, place: int(float(row[0]) * 3), "noise", "", id="three classes"),
    pytest.param(lambda row, place: float(row[0]) * 10, "noise", "", id="numbers"),
    pytest.param(lambda row, place: int(row[1] == "x"), "city", "classification", id="a category matters"),
    pytest.param(lambda row, place: 2.5 if row[3] == "true" else 7.5, "smoker", "regression", id="a boolean matters"),
]


@pytest.mark.parametrize(("target", "first", "task"), TARGETS)
def test_what_makes_the_target_matters_most(file, target, first, task):
    found = importance(file(target), "target", FEATURES, task)
    assert list(found) == FEATURES
    assert max(found, key=lambda name: found[name]) == first


def test_the_same_rows_say_the_same(file):
    target = TARGETS[0].values[0]
    assert importance(file(target), "target", FEATURES) == importance(file(target), "target", FEATURES)


def test_where_the_target_is_always_the_same_nothing_matters(file):
    assert set(importance(file(lambda row, place: 1), "target", FEATURES).values()) == {0.0}


@pytest.mark.parametrize(
    ("target", "rows", "task", "says"),
    [
        (lambda row, place: 1, NOISE[:10], "", "not enough rows to learn 'target' from: 10"),
        (lambda row, place: f"patient {place}", NOISE, "", "has 200 different values; as classes, at most 100"),
        (lambda row, place: row[1], NOISE, "regression", "is text, and a regression learns numbers"),
    ],
)
def test_what_nothing_can_be_learnt_from(file, target, rows, task, says):
    with pytest.raises(Invalid, match=says):
        importance(file(target, rows), "target", FEATURES, task)


def test_a_target_that_is_not_there(file):
    with pytest.raises(Invalid, match="there is no column 'Outcome'"):
        importance(file(lambda row, place: 1), "Outcome", FEATURES)
