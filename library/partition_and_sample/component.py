"""Partition and Sample: folds, one fold, a sample, or the first rows.

Folds are a column that the user does not see and that Pick Fold and Cross Validate Model find. They are of equal size as far as the number
of rows allows, the first ones being larger; or of given shares, what is missing to 1 being one more fold.
"""

from collections.abc import Mapping
from dataclasses import replace

import polars as pl

from azurine.designer import drawing, tables
from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import Table

_LIST = "list_of_proportions_separated_by_comma"
FOLD = "Fold"


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    table = table_of(inputs, "dataset")
    make = {"Assign to Folds": _assigned, "Pick Fold": _picked, "Sampling": _sampled, "Head": _head}[parameters.text("partition_or_sample_mode")]
    return {"results_dataset": make(table, parameters)}


def _assigned(table: Table, parameters: Parameters) -> Table:
    even = parameters.text("specify_the_partitioner_method") == "Partition evenly"
    suffix = "" if even else "_for_customized_fold_assignment"
    by = parameters.column("stratification_key_column" + suffix, table) if parameters.text("stratified_split" + suffix) == "True" else ""
    seed = parameters.whole("random_seed")
    frame = table.visible()
    if parameters.flag("use_replacement_in_the_partitioning"):
        drawn = pl.int_range(pl.len()).sample(fraction=1.0, with_replacement=True, seed=seed)
        frame = frame.select(pl.all().gather(drawn))
    place = drawing.places(seed if parameters.flag("randomized_split") else None, by)
    rows = pl.len().over(by) if by else pl.len()
    if even:
        fold = place % parameters.whole("specify_number_of_folds_to_split_evenly_into") + 1
    else:
        # Where the place lies among all places says which share it belongs to.
        fold = pl.lit(1)
        for limit in _limits(parameters):
            fold = fold + (place >= (rows * limit).round(0, mode="half_to_even").cast(pl.Int64)).cast(pl.Int32)
    hidden = tables.free_name(FOLD, table.names)
    return replace(table, frame=frame.with_columns(fold.cast(pl.Int32).alias(hidden)), fold=hidden)


def _limits(parameters: Parameters) -> list[float]:
    """Where each fold but the last ends, as a share of all rows."""
    said = [one.strip() for one in parameters.text(_LIST).split(",") if one.strip()]
    try:
        shares = [float(one) for one in said]
    except ValueError as error:
        raise parameters.wrong(_LIST, "proportions are numbers, separated by commas, such as 0.2, 0.3, 0.5") from error
    if not shares or min(shares) <= 0 or sum(shares) > 1 + 1e-9:
        raise parameters.wrong(_LIST, "proportions are above 0, and together at most 1")
    limits = [sum(shares[: count + 1]) for count in range(len(shares))]
    return limits if limits[-1] < 1 - 1e-9 else limits[:-1]


def _picked(table: Table, parameters: Parameters) -> Table:
    if not table.fold:
        raise parameters.wrong("partition_or_sample_mode", "the table has no folds; assign them with another Partition and Sample first")
    wanted = pl.col(table.fold) == parameters.whole("specify_which_fold_to_be_sampled_from")
    chosen = ~wanted if parameters.flag("pick_complement_of_the_selected_fold") else wanted
    return replace(table, frame=table.frame.filter(chosen).select(table.names), fold="")


def _sampled(table: Table, parameters: Parameters) -> Table:
    """The rows that are drawn stay in their order."""
    by = parameters.column("stratification_key_column_for_sampling", table) if parameters.text("stratified_split_for_sampling") == "True" else ""
    share = parameters.number("rate_of_sampling")
    if not 0 < share <= 1:
        raise parameters.wrong("rate_of_sampling", "it must be above 0 and at most 1")
    drawn = drawing.places(parameters.whole("random_seed_for_sampling"), by) < drawing.count(share, by)
    return table.on(table.frame.filter(drawn))


def _head(table: Table, parameters: Parameters) -> Table:
    return table.on(table.frame.head(parameters.whole("number_of_rows_to_select")))
