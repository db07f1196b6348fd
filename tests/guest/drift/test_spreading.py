"""Shares of a table, counted apart and merged, say what the whole says: the same counts, whatever the number of shares."""

import json
from datetime import UTC, datetime, timedelta

import polars
import pytest

from azurine.drift import categories, numbers
from azurine.guest.drift import spreading
from azurine.guest.drift.reading import read
from azurine.guest.drift.windows import Window
from azurine.model.errors import Invalid
from drift_samples import sample

ROWS = 12_000
START = datetime(2026, 3, 1)
FRAME = polars.DataFrame(
    {
        "when": [START + timedelta(minutes=place) for place in range(ROWS)],
        "Age": [21 + place * place % 57 for place in range(ROWS)],
        "BMI": [value if place % 7 else None for place, value in enumerate(sample({"law": ["normal", 31.5, 9.7, ROWS]}))],
        "Late": [0.5] * 8_000 + sample({"law": ["lognormal", 1, 1, 4_000]}),
        "City": [["Oslo", "Rome", None][place % 3] for place in range(ROWS)],
        "Patient": [f"patient {place}" for place in range(ROWS)],
        "Code": ["01"] * 6_000 + ["x"] * 6_000,
    }
)
DAYS = [Window(*((START + timedelta(days=day + more)).replace(tzinfo=UTC) for more in (0, 1))) for day in (0, 1, 20)]


@pytest.fixture(params=["parquet", "folder of parquet", "folder of csv", "folder of lines"])
def path(request, tmp_path):
    if request.param == "parquet":
        FRAME.write_parquet(tmp_path / "x.parquet", row_group_size=1_000)
        return str(tmp_path / "x.parquet")
    for place in range(6):
        part = FRAME[place * 2_000 : place * 2_000 + 2_000]
        part = part.drop("City") if place == 5 else part
        if "parquet" in request.param:
            part.write_parquet(tmp_path / f"{place}.parquet", row_group_size=700)
        elif "csv" in request.param:
            part.write_csv(tmp_path / f"{place}.csv")
        else:
            part.write_ndjson(tmp_path / f"{place}.jsonl")
    return str(tmp_path)


def spread(path, number, folder, **asked):
    plan = json.loads(json.dumps(spreading.plan(path, number, **asked)))
    for share in range(number):
        spreading.save(spreading.count(plan, share, asked.get("time")), folder / f"{share}.sketch")
    return spreading.merged([spreading.load(folder / f"{share}.sketch") for share in range(number)])


def without_sums(feature):
    return {
        name: value for name, value in (numbers if isinstance(feature, numbers.Numbers) else categories).as_dict(feature).items() if name != "total"
    }


@pytest.mark.parametrize(("number", "time"), [(3, None), (4, ("when", DAYS))], ids=["whole", "windows"])
def test_shares_count_what_the_whole_counts(path, number, time, tmp_path_factory):
    whole, together = read(path, time=time), spread(path, number, tmp_path_factory.mktemp("sketches"), time=time)
    assert (together.types, together.unplaced, together.absent) == (whole.types, whole.unplaced, whole.absent)
    assert [one.rows for one in together.tables] == [one.rows for one in whole.tables]
    for mine, other in zip(together.tables, whole.tables, strict=True):
        assert {name: without_sums(one) for name, one in mine.features.items()} == {name: without_sums(one) for name, one in other.features.items()}
        totals = {name: one.total for name, one in other.features.items() if isinstance(one, numbers.Numbers)}
        assert {name: mine.features[name].total for name in totals} == pytest.approx(totals)


def test_more_shares_than_pieces_and_none_at_all(tmp_path):
    polars.DataFrame({"Age": [1, 2]}).write_csv(tmp_path / "x.csv")
    (tmp_path / "out").mkdir()
    assert spread(str(tmp_path / "x.csv"), 3, tmp_path / "out").table == read(str(tmp_path / "x.csv")).table
    (tmp_path / "none").mkdir()
    assert spread(str(tmp_path / "none"), 2, tmp_path / "out", features=["Age"]).absent == ("Age",)


def test_a_sketch_that_is_not_whole_is_told(tmp_path):
    spreading.save(read(str(tmp_path)), tmp_path / "0.sketch")
    half = (tmp_path / "0.sketch").read_bytes()[:-4]
    (tmp_path / "0.sketch").write_bytes(half)
    with pytest.raises(Invalid, match="is no sketch of a share"):
        spreading.load(tmp_path / "0.sketch")
    with pytest.raises(Invalid, match="version 7"):
        spreading.count({"version": 7}, 0)
