"""Evaluate Model: how good predictions are. One row of measures per scored table; for groups, one per group and one for all.

What a column holds travels with a scored table: the label, and which score. Where that was lost (a script, a file), score columns are found
by their names, and the label has to be marked with Edit Metadata. The measures are in azurine.designer.learning.metrics; they are logged as
metrics of the run too, those of the second table with `_2` at the end of their names.
"""

from collections.abc import Generator, Mapping
from typing import Any

import polars as pl

from azurine.designer import tables
from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.learning import metrics, models, recording
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of
from azurine.designer.tables import ASSIGNMENTS, SCORED_LABELS, SCORED_PROBABILITIES, Table

Measuring = Generator[pl.LazyFrame, pl.DataFrame, list[dict[str, Any]]]
PORTS = ("scored_dataset", "scored_dataset_to_compare")
DESCRIPTION = "Result Description"


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    found: list[list[dict[str, Any]]] = []
    for port in PORTS:
        if port in inputs:
            found.append((yield from _measured(port, table_of(inputs, port), bench)))
    for number, rows in enumerate(found):
        if list(rows[0]) != list(found[0][0]):
            raise bench.failing(f"{PORTS[1]}: {_task_of(rows)} cannot be compared with {_task_of(found[0])}")
        measures = {name: value for name, value in rows[0].items() if name != DESCRIPTION}
        recording.record({_logged(name, number): value for name, value in measures.items()}, bench.say, bench.variables)
    rows = [row for one in found for row in one]
    return {"evaluation_results": tables.of(pl.DataFrame(rows, infer_schema_length=None))}


def _logged(name: str, number: int) -> str:
    return name if number == 0 else f"{name}_{number + 1}"


def _task_of(rows: list[dict[str, Any]]) -> str:
    known = {"AUC": "a prediction of two classes", "Overall_Accuracy": "a prediction of several classes", DESCRIPTION: "groups"}
    return next((name for key, name in known.items() if key in rows[0]), "a prediction of numbers")


def _measured(port: str, table: Table, bench: Bench) -> Measuring:
    def wrong(message: str) -> Exception:
        return bench.failing(f"{port}: {message}")

    scores = _scores(table)
    if ASSIGNMENTS in scores:
        return (yield from _groups(table, scores, wrong))
    if SCORED_LABELS not in scores:
        raise wrong(f"there is no column {SCORED_LABELS!r}; evaluate what Score Model has made; there are {tables.listed(table.names)}")
    if table.label is None:
        raise wrong("no column is marked as the label; mark the one with the true values with Edit Metadata")
    return [dict((yield from _predictions(table, scores, wrong)))]


def _scores(table: Table) -> dict[str, str]:
    """Which score → its column: as marked, or else by name. Of several, the last."""
    marked = {one.score: one.name for one in table.columns if one.score}
    if marked:
        return marked
    names = (SCORED_LABELS, SCORED_PROBABILITIES, ASSIGNMENTS)
    return {name: name for name in table.names if name.startswith((*names, models.DISTANCE))}


def _predictions(table: Table, scores: Mapping[str, str], wrong: Any) -> Generator[pl.LazyFrame, pl.DataFrame, metrics.Measures]:
    label = table.label
    assert label is not None
    guess = table[scores[SCORED_LABELS]]
    several = any(score.startswith(SCORED_PROBABILITIES + "_") for score in scores)
    two = SCORED_PROBABILITIES in scores
    columns = [pl.col(label.name).alias("truth"), pl.col(guess.name).alias("guess")]
    if two:
        columns.append(pl.col(scores[SCORED_PROBABILITIES]).alias("probability"))
    if label.numeric != guess.numeric:
        raise wrong(f"the label {label.name!r} is {label.kind}, and {guess.name!r} is {guess.kind}; they cannot be compared")
    if not two and not several and not label.numeric:
        raise wrong(f"the label {label.name!r} is {label.kind}, and there are no probabilities of classes; numbers are compared with numbers")
    if two and not table[scores[SCORED_PROBABILITIES]].numeric:
        raise wrong(f"column {scores[SCORED_PROBABILITIES]!r} is not a number")
    frame = (yield table.frame.select(columns)).drop_nulls()
    if frame.is_empty():
        raise wrong(f"there is no row with a value in both {label.name!r} and {guess.name!r}")
    if several:
        return metrics.multiclass(frame["truth"], frame["guess"])
    if not two:
        return metrics.regression(frame["truth"], frame["guess"])
    positive = _positive(frame, label.name, wrong)
    return metrics.binary(frame["truth"].eq_missing(positive), frame["guess"].eq_missing(positive), frame["probability"])


def _positive(frame: pl.DataFrame, label: str, wrong: Any) -> Any:
    """The class the probability speaks of: the one predicted above one half, or else the one that was never predicted."""
    classes = sorted(set(frame["truth"].to_list()) | set(frame["guess"].to_list()))
    if len(classes) > 2:
        raise wrong(f"the label {label!r} and the predictions have {len(classes)} values together, and two classes are wanted: {classes[:5]}")
    high = frame.filter(pl.col("probability") > 0.5)["guess"].unique().to_list()
    low = frame.filter(pl.col("probability") <= 0.5)["guess"].unique().to_list()
    if len(high) > 1 or len(low) > 1:
        return classes[-1]
    if high:
        return high[0]
    return next((one for one in classes if one not in low), None)


def _groups(table: Table, scores: Mapping[str, str], wrong: Any) -> Measuring:
    distances = [name for score, name in scores.items() if score.startswith(models.DISTANCE)]
    if not distances:
        raise wrong(f"there are no columns {models.DISTANCE}0, …; evaluate what Assign Data to Clusters has made")
    group = pl.col(scores[ASSIGNMENTS])
    own = pl.min_horizontal(distances)
    other = (pl.sum_horizontal(distances) - own) / max(len(distances) - 1, 1)
    rows = table.frame.select(group.alias("group"), own.alias("own"), other.alias("other"))
    measures = [
        pl.col("other").mean().alias("Average_Distance_to_Other_Center"),
        pl.col("own").mean().alias("Average_Distance_to_Cluster_Center"),
        pl.len().cast(pl.Int64).alias("Number_of_Points"),
        pl.col("own").max().alias("Maximal_Distance_to_Cluster_Center"),
    ]
    each = yield rows.group_by("group").agg(measures).sort("group")
    together = yield rows.select(measures)
    if each.is_empty():
        raise wrong("there are no rows")
    found = [{DESCRIPTION: "Combined Evaluation"} | row for row in together.to_dicts()]
    return found + [{DESCRIPTION: f"Evaluation For Cluster No.{row.pop('group')}"} | row for row in each.to_dicts()]
