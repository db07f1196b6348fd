"""A table between two components: a lazy plan (Polars) and what is known about its columns beyond their type.

The plan is not run by looking at it. What the designer knows of a column besides its values travels beside the plan, as frozen values:
its kind (Numeric, String, Boolean, Categorical, DateTime, TimeSpan), whether it is a feature, the label or a weight, and which score
it holds. A categorical column keeps its primitive type in the plan; being categorical is an attribute, so unmaking it gives the
primitive type back.

`fold` names a column of the plan that the user does not see: which fold a row was put into by Partition and Sample.

Columns of types that a table cannot hold (lists, structures) are refused by name; categories of foreign files become text that is
categorical; a column of nothing but nulls is Double; NaN is missing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import polars as pl

from azurine.model.errors import Invalid


class Kind(StrEnum):
    NUMERIC = "Numeric"
    STRING = "String"
    BOOLEAN = "Boolean"
    CATEGORICAL = "Categorical"
    DATETIME = "DateTime"
    TIMESPAN = "TimeSpan"


SCORED_LABELS = "Scored Labels"
SCORED_PROBABILITIES = "Scored Probabilities"
ASSIGNMENTS = "Assignments"


@dataclass(frozen=True, slots=True)
class Column:
    """score: "" or which score the column holds, such as "Scored Labels"; a score column is not a feature."""

    name: str
    type: pl.DataType
    categorical: bool = False
    feature: bool = True
    label: bool = False
    weight: bool = False
    score: str = ""

    @property
    def kind(self) -> Kind:
        return Kind.CATEGORICAL if self.categorical else Kind(_kind_of(self.type))

    @property
    def primitive(self) -> str:
        """Integer, Double, String, Boolean, DateTime or TimeSpan: the type below being categorical."""
        return primitive_of(self.type)

    @property
    def numeric(self) -> bool:
        """Can be counted with: a number, categorical or not."""
        return self.type.is_numeric()


@dataclass(frozen=True, slots=True)
class Table:
    """columns: those the user sees, in order. fold: name of a further column in the frame, or "". format: how a port writes it."""

    frame: pl.LazyFrame
    columns: tuple[Column, ...]
    fold: str = ""
    format: str = "Parquet"

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise Invalid(f"there is no column {name!r}; there are {listed(self.names)}", code="ColumnNotFound", path=name)

    def __contains__(self, name: str) -> bool:
        return any(column.name == name for column in self.columns)

    @property
    def label(self) -> Column | None:
        return next((column for column in self.columns if column.label), None)

    @property
    def features(self) -> tuple[Column, ...]:
        return tuple(one for one in self.columns if one.feature and not one.label and not one.weight and not one.score)

    def select(self, names: Iterable[str]) -> "Table":
        """These columns in this order; the fold stays with the rows."""
        chosen = tuple(self[name] for name in names)
        hidden = [self.fold] if self.fold else []
        return replace(self, frame=self.frame.select([column.name for column in chosen] + hidden), columns=chosen)

    def on(self, frame: pl.LazyFrame, changed: Iterable[Column] = ()) -> "Table":
        """The same rows or some of them, with another plan: columns keep what is known of them, those in changed are said anew."""
        said = {column.name: column for column in self.columns} | {column.name: column for column in changed}
        found = of(frame, said, hidden=[self.fold] if self.fold else ())
        return replace(found, fold=self.fold if self.fold in frame.collect_schema() else "", format=self.format)

    def visible(self) -> pl.LazyFrame:
        """The plan without what the user does not see."""
        return self.frame.select(self.names) if self.fold else self.frame


def of(frame: pl.LazyFrame | pl.DataFrame, known: Mapping[str, Column] | None = None, hidden: Sequence[str] = ()) -> Table:
    """A table of a plan. known: what is known of columns by name; their types are read from the plan."""
    lazy, known = frame.lazy(), known or {}
    schema = lazy.collect_schema()
    mended = [mend for name, type_ in schema.items() if (mend := _mended(name, type_)) is not None]
    if mended:
        lazy = lazy.with_columns(mended)
    columns = []
    for name, type_ in schema.items():
        if name in hidden:
            continue
        settled = _settled(type_)
        before = known.get(name)
        column = replace(before, name=name, type=settled) if before else Column(name, settled, categorical=type_ in (pl.Categorical, pl.Enum))
        columns.append(column)
    return Table(lazy, tuple(columns))


def without_nan(table: Table) -> Table:
    """NaN means missing: for tables that come from outside."""
    floats = [column.name for column in table.columns if column.type.is_float()]
    return replace(table, frame=table.frame.with_columns(pl.col(floats).fill_nan(None))) if floats else table


def unique_names(names: Iterable[str], taken: Iterable[str] = ()) -> list[str]:
    """Names made distinct in order: the second `a` becomes `a (2)`, the third `a (3)`."""
    seen, found = set(taken), []
    for name in names:
        made, number = name, 1
        while made in seen:
            number += 1
            made = f"{name} ({number})"
        seen.add(made)
        found.append(made)
    return found


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """wanted, or wanted (2), (3) … when it is taken."""
    return unique_names([wanted], taken)[0]


def primitive_of(type_: pl.DataType) -> str:
    if type_.is_integer():
        return "Integer"
    if type_.is_numeric():
        return "Double"
    return _kind_of(type_)


def listed(names: Sequence[str], most: int = 20) -> str:
    """Names for a message: all when they are few, else the first of them."""
    shown = ", ".join(repr(name) for name in names[:most])
    return (f"{shown} and {len(names) - most} more" if len(names) > most else shown) or "none"


def _kind_of(type_: pl.DataType) -> str:
    if type_.is_numeric():
        return "Numeric"
    if type_ == pl.Boolean:
        return "Boolean"
    if type_ in (pl.Date, pl.Datetime):
        return "DateTime"
    if type_ in (pl.Duration, pl.Time):
        return "TimeSpan"
    return "String"


def _settled(type_: pl.DataType) -> pl.DataType:
    """The type that a column of this type has in a table."""
    if type_ == pl.Null:
        return pl.Float64()
    if type_ in (pl.Categorical, pl.Enum):
        return pl.String()
    if type_ == pl.Decimal:
        return pl.Float64()
    return type_


def _mended(name: str, type_: pl.DataType) -> pl.Expr | None:
    if type_.is_nested() or type_ in (pl.Object, pl.Binary):
        raise Invalid(f"column {name!r} holds {type_}; a table holds numbers, text, true and false, dates and time spans", path=name)
    settled = _settled(type_)
    return pl.col(name).cast(settled) if settled != type_ else None
