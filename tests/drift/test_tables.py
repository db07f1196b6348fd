"""Tables of sketches: merged by feature, kept as JSON and as rows; categories beyond the limit are counted in buckets."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azurine.drift import categories, numbers, tables
from azurine.drift.tables import Table
from azurine.model.errors import Invalid

MANY = [f"patient {place}" for place in range(categories.LIMIT + 10)]


@given(st.lists(st.lists(st.one_of(st.none(), st.sampled_from("abcdé")), max_size=20), max_size=4))
def test_categories_merge_into_what_all_rows_would_have_been(parts):
    whole = categories.of([value for part in parts for value in part])
    for order in itertools.islice(itertools.permutations(parts), 6):
        together = categories.of([])
        for part in order:
            together = categories.merged(together, categories.of(part))
        assert together == whole


def test_many_categories_are_counted_in_buckets_in_whatever_order():
    whole = categories.of(MANY * 2)
    assert not whole.exact
    assert len(whole.counts) <= categories.BUCKETS
    few, many = categories.of(MANY[:50]), categories.of(MANY[50:] + MANY)
    assert few.exact
    assert categories.merged(few, many) == categories.merged(many, few) == whole


def test_a_table_goes_into_json_and_back():
    table = Table(3, {"Age": numbers.of([1, 2, None], "integer"), "City": categories.of(["Oslo", None, "Rome"]), "Id": categories.of(MANY)})
    assert tables.from_dict(json.loads(json.dumps(tables.as_dict(table)))) == table
    assert table.types() == {"Age": "integer", "City": "text", "Id": "text"}


def test_a_sketch_of_another_version_is_not_read():
    with pytest.raises(Invalid, match="version 99"):
        tables.from_dict({"version": 99, "rows": 0, "features": {}})


def test_rows_to_look_at():
    table = Table(3, {"Age": numbers.of([1, 2, 2], "integer"), "City": categories.of(["Oslo", None, "Rome"])})
    assert [tuple(row.values()) for row in tables.as_rows(table)] == [
        ("Age", 1, 1, None, 1),
        ("Age", 2, 2, None, 2),
        ("City", None, None, "Oslo", 1),
        ("City", None, None, "Rome", 1),
    ]


def test_a_feature_that_one_part_lacks_keeps_its_own_rows():
    together = tables.merged([Table(2, {"Age": numbers.of([1, 2])}), Table(1, {"Age": numbers.of([3]), "BMI": numbers.of([30.5])})])
    assert (together.rows, together.features["Age"].rows, together.features["BMI"].rows) == (3, 3, 1)


def test_parts_of_different_types_are_told():
    with pytest.raises(Invalid, match="is number in one part and text in another") as raised:
        tables.merged([Table(1, {"Age": numbers.of([1])}), Table(1, {"Age": categories.of(["old"])})])
    assert raised.value.path == "Age"
