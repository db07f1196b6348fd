"""The rows that a learner learns from: which column is the label, which columns are features, and whether that can be learned.

`plan` asks for nothing; its `question` is what has to be collected (features and label, rows with a label only), and `settle` looks at
the answer: enough rows, enough classes. Who needs the other columns too collects the `known` rows and selects the `values` from them. Features are all columns that are not the label, a weight, a score or cleared as features.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import polars as pl

from azurine.designer.bench import Bench
from azurine.designer.learning import features
from azurine.designer.parameters import Parameters
from azurine.designer.tables import Column, Table

LABEL = "label_column"
MOST_CLASSES = 1000
_STORED = {"Integer": pl.Int64, "Double": pl.Float64, "String": pl.String, "Boolean": pl.Boolean}


@dataclass(frozen=True, slots=True)
class Examples:
    """columns: the features. known: whether a row has a label. values: features and label as learners take them. wrong: makes an error about the label; failing: about anything else."""

    task: str
    columns: tuple[Column, ...]
    label: Column
    table: Table
    known: pl.Expr
    values: tuple[pl.Expr, ...]
    wrong: Callable[[str], Exception]
    failing: Callable[[str], Exception]

    @property
    def question(self) -> pl.LazyFrame:
        return self.table.frame.filter(self.known).select(self.values)


@dataclass(frozen=True, slots=True)
class Settled:
    """frame: features and label. classes: in order, for classification; none otherwise."""

    asked: Examples
    frame: pl.DataFrame
    classes: tuple[Any, ...]

    @property
    def label(self) -> pl.Series:
        return self.frame[self.asked.label.name]

    def answers(self) -> Any:
        """What is to be learned, as a numpy array: the number of the class, or the value."""
        if not self.classes:
            return self.label.cast(pl.Float64).to_numpy()
        return self.label.replace_strict(list(self.classes), range(len(self.classes)), return_dtype=pl.Int64).to_numpy()

    def part(self, rows: Any) -> "Settled":
        """Some of the rows, by number. Classes are those of all rows."""
        return Settled(self.asked, self.frame[rows], self.classes)


def plan(table: Table, task: str, parameters: Parameters, bench: Bench) -> Examples:
    label = table[parameters.column(LABEL, table)]
    columns = tuple(one for one in table.features if one.name != label.name)

    def wrong(message: str) -> Exception:
        return parameters.wrong(LABEL, message)

    if not columns:
        raise wrong(f"besides the label {label.name!r} there is no column to learn from")
    if label.primitive not in _STORED:
        raise wrong(f"column {label.name!r} is {label.kind}; a label is a number, text, or true and false")
    if task == "regression" and not label.numeric:
        raise wrong(f"column {label.name!r} is {label.kind}; a regression learns numbers")
    value = pl.col(label.name).cast(_STORED[label.primitive])
    known = value.is_finite() if label.primitive == "Double" else value.is_not_null()
    return Examples(task, columns, label, table, known, (*features.plain(columns), value), wrong, bench.failing)


def settle(asked: Examples, frame: pl.DataFrame) -> Settled:
    """Raises Invalid when nothing can be learned from these rows."""
    name = asked.label.name
    if frame.height == 0:
        raise asked.wrong(f"there is no row with a value in the label {name!r}")
    if asked.task not in ("binary", "multiclass"):
        return Settled(asked, frame, ())
    classes = tuple(frame[name].unique().sort().to_list())
    shown = ", ".join(repr(one) for one in classes[:5]) + (", …" if len(classes) > 5 else "")
    if asked.task == "binary" and len(classes) != 2:
        raise asked.wrong(f"a two-class learner needs exactly two values in the label {name!r}, which has {len(classes)}: {shown}")
    if len(classes) < 2:
        raise asked.wrong(f"a learner needs at least two values in the label {name!r}, which has only {shown}")
    if len(classes) > MOST_CLASSES:
        raise asked.wrong(f"the label {name!r} has {len(classes)} different values, more than {MOST_CLASSES} classes; a regression learns numbers")
    return Settled(asked, frame, classes)
