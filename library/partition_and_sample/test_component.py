import pytest

from azurine.designer import trying
from azurine.model.errors import Invalid

MODE = "partition_or_sample_mode"
NUMBERS = {"n": list(range(10)), "k": ["a"] * 6 + ["b"] * 4}


def taken(table=None, **given):
    return trying.outputs("partition_and_sample", {"dataset": table or trying.table(NUMBERS)}, given)["results_dataset"]


def folds(table):
    return table.frame.collect()[table.fold].to_list()


def test_head_takes_the_first_rows():
    assert trying.rows(taken(**{MODE: "Head", "number_of_rows_to_select": 3}))["n"] == [0, 1, 2]


def test_a_sample_has_its_share_of_rows_in_their_order():
    found = trying.rows(taken(rate_of_sampling="0.3", random_seed_for_sampling=1))["n"]
    assert len(found) == 3
    assert found == sorted(found)


def test_a_stratified_sample_has_its_share_of_each_value():
    given = {"stratified_split_for_sampling": "True", "stratification_key_column_for_sampling": "k", "rate_of_sampling": "0.5"}
    assert sorted(trying.rows(taken(**given))["k"]) == ["a"] * 3 + ["b"] * 2


def test_folds_are_hidden_and_of_equal_size():
    table = taken(**{MODE: "Assign to Folds", "specify_number_of_folds_to_split_evenly_into": 5})
    assert table.names == ("n", "k")
    assert sorted(folds(table)) == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]


def test_folds_without_chance_and_of_given_shares():
    given = {MODE: "Assign to Folds", "randomized_split": "false"}
    assert folds(taken(**given, specify_number_of_folds_to_split_evenly_into=2)) == [1, 2] * 5
    customized = {"specify_the_partitioner_method": "Partition with customized proportions"}
    assert folds(taken(**given, **customized, list_of_proportions_separated_by_comma="0.2, 0.3")) == [1, 1, 2, 2, 2, 3, 3, 3, 3, 3]


def test_a_fold_is_picked_and_its_complement():
    table = taken(**{MODE: "Assign to Folds", "randomized_split": "false", "specify_number_of_folds_to_split_evenly_into": 5})
    picked = taken(table, **{MODE: "Pick Fold", "specify_which_fold_to_be_sampled_from": 2})
    assert (trying.rows(picked)["n"], picked.fold) == ([1, 6], "")
    others = taken(table, **{MODE: "Pick Fold", "specify_which_fold_to_be_sampled_from": 2, "pick_complement_of_the_selected_fold": "true"})
    assert trying.rows(others)["n"] == [0, 2, 3, 4, 5, 7, 8, 9]


def test_with_replacement_rows_are_drawn_again():
    found = trying.rows(taken(**{MODE: "Assign to Folds", "use_replacement_in_the_partitioning": "true", "random_seed": 3}))
    assert len(found["n"]) == 10
    assert len(set(found["n"])) < 10
    assert all(("a" if n < 6 else "b") == k for n, k in zip(found["n"], found["k"], strict=True))


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({MODE: "Pick Fold"}, "the table has no folds"),
        ({"rate_of_sampling": "0"}, "it must be above 0"),
        (
            {
                MODE: "Assign to Folds",
                "specify_the_partitioner_method": "Partition with customized proportions",
                "list_of_proportions_separated_by_comma": "0.9,0.9",
            },
            "proportions are above 0, and together at most 1",
        ),
    ],
)
def test_wrong_parameters_are_named(given, message):
    with pytest.raises(Invalid, match=message):
        taken(**given)
