import pytest

from azurine.designer import trying

VISITS = {"Id": [1, 1, 2, None, None, 2], "Day": [1, 2, 3, 4, 5, 6]}


@pytest.mark.parametrize(("first", "days"), [("true", [1, 3, 4, 5]), ("false", [2, 4, 5, 6])])
def test_one_of_each_stays_and_missing_keys_are_never_alike(first, days):
    given = {"key_column_selection_filter_expression": "Id", "retain_first_duplicate_row": first}
    found = trying.outputs("remove_duplicate_rows", {"dataset": trying.table(VISITS)}, given)
    assert trying.rows(found["results_dataset"])["Day"] == days


def test_several_keys_count_together():
    found = trying.outputs("remove_duplicate_rows", {"dataset": trying.table(VISITS)}, {"key_column_selection_filter_expression": "Id, Day"})
    assert trying.rows(found["results_dataset"]) == VISITS
