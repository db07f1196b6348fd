"""The drift magnitude of dataset monitors: a classifier learns which of the two tables a row is from, on half of the rows, and is asked about the others.

The recovered algorithm: missing numbers are the baseline's mean, missing categories a category; one stratified half split; LightGBM with its defaults;
Matthews' correlation of what it says. The same rows give the same number: the seed is fixed, the fit deterministic. Of a table with more than
`rows` rows a sample is taken, always the same one, and its size is told.

It needs LightGBM, scikit-learn and pandas (the extra `ml`), and runs in a process of its own, never in the server.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from azurine.drift import magnitude
from azurine.drift.magnitude import Column
from azurine.drift.roles import CATEGORICAL
from azurine.guest.drift import columns, lines, opening, reading, windows
from azurine.guest.drift.sources import PARQUET, Source, named
from azurine.guest.drift.windows import Window
from azurine.model.errors import Invalid

SPLIT_SEED = 33
ROWS = 100_000
"""Of each side, about; fewer are all taken."""
FEW = 100_000
"""Rows of both sides: fewer are learned from by one thread."""
GOLDEN, SCALE = 2_654_435_769, 1 << 32
"""The golden ratio's share of the scale: multiples of it fall evenly, whatever repeats in the rows."""


@dataclass(frozen=True, slots=True)
class Magnitude:
    """coefficient: None when `why` says why there is none. contributions: by feature. left: features that the model was not shown, and why.
    baseline, target: how many rows of either the model was shown."""

    coefficient: float | None
    contributions: Mapping[str, float]
    left: Mapping[str, str]
    baseline: int
    target: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """The rows of one side that the model is shown: a data frame, and the types of its columns."""

    rows: Any
    types: Mapping[str, str]


def taken(path: str, features: Sequence[str] | None = None, rows: int = ROWS, stamp: str | None = None) -> Taken:
    """A baseline, to be measured against several windows. stamp: the timestamp's column, which is no feature."""
    return Taken(*_taken(path, features, rows, None, stamp))


def measure(
    baseline: str | Taken,
    target: str,
    features: Sequence[str] | None = None,
    time: tuple[str, Window] | None = None,
    rows: int = ROWS,
    least: int = magnitude.LEAST,
    threads: int | None = None,
) -> Magnitude:
    """baseline, target: paths. features: all that both have, when None. time: the target's timestamp column, and which window of it.
    threads: to learn with; as many as the machine has cores, when None."""
    side = baseline if isinstance(baseline, Taken) else taken(baseline, features, rows, time[0] if time else None)
    mine, types = side.rows, side.types
    other, others = _taken(target, features, rows, time, time[0] if time else None)
    few = [f"the {side} has {len(frame)}" for side, frame in (("baseline", mine), ("target", other)) if len(frame) < least]
    if few:
        return Magnitude(None, {}, {}, len(mine), len(other), f"not enough rows: {', '.join(few)}, and {least} would be needed")
    known, left = {}, {name: "only one side has it" for name in types.keys() ^ others.keys()}
    for name in types:
        if name in others and "text" in (types[name], others[name]) and types[name] != others[name]:
            left[name] = f"it is {types[name]} in the baseline and {others[name]} in the target"
        elif name in others:
            known[name] = Column(types[name], len(mine), int(mine[name].isna().sum()), int(mine[name].nunique()))
    roles, unfit = magnitude.shown(known)
    if not roles:
        return Magnitude(None, {}, left | unfit, len(mine), len(other), "there is no feature that a model could be shown")
    if _same(mine, other):
        return Magnitude(0.0, dict.fromkeys(roles, 0.0), left | unfit, len(mine), len(other))
    coefficient, splits = _told_apart(mine, other, roles, threads)
    return Magnitude(coefficient, magnitude.contributions(splits), left | unfit, len(mine), len(other))


def _taken(path: str, features: Sequence[str] | None, rows: int, time: tuple[str, Window] | None, stamp: str | None) -> tuple[Any, dict[str, str]]:
    """The rows as a data frame, and the types of its columns."""
    import duckdb
    import pandas

    source = opening.find(path)
    if not source.files:
        return pandas.DataFrame(), {}
    # One thread: only so is a sample of many rows always the same.
    with reading.engine(threads=1, ordered=True) as engine:
        try:
            relation = opening.opened(engine, source)
            stored = lines.described(engine, relation)
            types = {name: type for name, type in reading.wished(source, stored).items() if name != stamp and (features is None or name in features)}
            try:
                values = engine.execute(_asked(engine, source, relation, stored, types, rows, time)).fetchnumpy()
            except duckdb.Error:
                if source.format == PARQUET:
                    raise
                # A value of another type than the first rows: what does not fit is missing.
                relation = opening.opened(engine, source, as_text=True)
                stored = lines.described(engine, relation)
                values = engine.execute(_asked(engine, source, relation, stored, types, rows, time)).fetchnumpy()
        except duckdb.Error as error:
            raise Invalid(reading.first_line(error), path=path) from error
    return pandas.DataFrame({name: _series(pandas, values[name], type) for name, type in types.items()}), types


def _asked(
    engine: Any,
    source: Source,
    relation: str,
    stored: Mapping[str, str],
    types: Mapping[str, str],
    rows: int,
    time: tuple[str, Window] | None,
) -> str:
    """All rows in the order of the files, which is part of the recovered algorithm; of too many, those that the golden ratio picks: evenly, in order."""
    where = ""
    if time is not None:
        if time[0] not in stored:
            raise Invalid(f"there is no column {time[0]!r}; there are: {', '.join(stored)}", path=source.path)
        where = f" WHERE {windows.cut(time[0], [time[1]]).place(stored[time[0]])} = 0"
    values = [f"{columns.Column(name, type, stored[name]).value()} AS {named(name)}" for name, type in types.items()]
    chosen = f"SELECT {', '.join(values) or '1 AS nothing'} FROM {relation}{where}"
    total = engine.execute(f"SELECT count(*) FROM ({chosen})").fetchone()[0]
    if total <= rows:
        return chosen
    picked = f"(row_number() OVER () * {GOLDEN}) % {SCALE} < {rows * SCALE // total}"
    return f"SELECT * EXCLUDE (picked) FROM (SELECT *, {picked} AS picked FROM ({chosen})) WHERE picked"


def _series(pandas: Any, values: Any, type: str) -> Any:
    """Numbers as doubles with NaN for the missing, all else as objects with None."""
    return pandas.Series(values.tolist(), dtype="float64" if type in ("integer", "number") else "object")


def _same(baseline: Any, target: Any) -> bool:
    """The same rows, in whatever order: there a model could only learn what chance has put into one half and not into the other."""
    import numpy
    from pandas.util import hash_pandas_object

    if len(baseline) != len(target) or set(baseline.columns) != set(target.columns):
        return False
    first, second = (numpy.sort(hash_pandas_object(frame[sorted(frame.columns)], index=False).to_numpy()) for frame in (baseline, target))
    return bool(numpy.array_equal(first, second))


def _told_apart(baseline: Any, target: Any, roles: Mapping[str, str], threads: int | None) -> tuple[float, dict[str, int]]:
    """The coefficient, and how often the model split by each feature."""
    import numpy
    from lightgbm import LGBMClassifier
    from sklearn.metrics import confusion_matrix
    from sklearn.model_selection import StratifiedShuffleSplit

    rows = _stacked(baseline, target, roles)
    sides: Any = numpy.repeat([0, 1], [len(baseline), len(target)])
    ((learned, asked),) = StratifiedShuffleSplit(n_splits=1, test_size=0.5, random_state=SPLIT_SEED).split(rows, sides)
    # None of these changes what is learned: they make it as quiet and as repeatable as it can be. On few rows its threads mostly wait for each other.
    jobs = 1 if len(rows) < FEW else threads
    model = LGBMClassifier(verbosity=-1, deterministic=True, force_row_wise=True, n_jobs=jobs)
    model.fit(rows.iloc[learned], sides[learned])
    (right_baseline, wrong_target), (wrong_baseline, right_target) = confusion_matrix(
        sides[asked], model.predict(rows.iloc[asked]), labels=[0, 1]
    ).tolist()
    splits = dict(zip(roles, map(int, model.feature_importances_), strict=True))
    return magnitude.coefficient(right_target, right_baseline, wrong_target, wrong_baseline), splits


def _stacked(baseline: Any, target: Any, roles: Mapping[str, str]) -> Any:
    """What the model is shown, under names that no library minds: its features are only ever counted by their place."""
    import pandas

    columns = {}
    for place, (name, role) in enumerate(roles.items()):
        both = pandas.concat([baseline[name], target[name]], ignore_index=True)
        columns[f"f{place}"] = _categories(pandas, both) if role == CATEGORICAL else both.fillna(baseline[name].mean())
    return pandas.DataFrame(columns)


def _categories(pandas: Any, values: Any) -> Any:
    """The sorted union of both sides; what is missing is a category too."""
    known = sorted(values.dropna().unique())
    named = values.astype("object").where(values.notna(), magnitude.NULL)
    kinds = [*known, magnitude.NULL] if values.isna().any() else known
    return pandas.Categorical(named, categories=kinds)
