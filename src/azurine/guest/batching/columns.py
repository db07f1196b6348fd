"""A linear classifier of two classes as a sum over columns, done by the reader of the file itself (polars), streamed from file to file.

scikit-learn decides by the sign of `((x - mean) / scale) @ w + b`; here that of `x @ (w / scale) + rest` is taken. Both are off by
roundings only, and by less than a bound that is computed with the greatest values in the file: a row whose sum is not above the bound, or
is no finite number, gets no prediction here, and then scikit-learn predicts the whole file. So predictions are equal, all of them.

Not here: several classes, and numbers as results (which would differ in their last digit).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

_SCALERS = ("StandardScaler", "MinMaxScaler")
_PLAIN = (bool, int, float, str)
EPSILON = 2.0**-52
ROW = " row"
"""What no column is called."""


class Sum:
    """weights: of the columns, in their order. size: of what was subtracted before, column by column, for the bound."""

    def __init__(self, columns: Sequence[str], weights: Sequence[float], offsets: Sequence[float], rest: float, labels: Sequence[Any]) -> None:
        self.columns, self.weights, self.offsets, self.rest, self.labels = columns, weights, offsets, rest, labels

    def bound(self, greatest: Sequence[float]) -> float:
        """What a sum may be off by. greatest: the largest absolute value in each column."""
        terms = ((value + offset) * abs(weight) for value, offset, weight in zip(greatest, self.offsets, self.weights))  # noqa: B905 not in Python 3.8
        return (8 * len(self.columns) + 64) * EPSILON * (sum(terms) + abs(self.rest))


def compiled(estimator: Any, signature: Any) -> Sum | None:
    """The model as a sum; None when it is no model of this sort, or polars is not installed."""
    try:
        importlib.import_module("polars")
    except ImportError:
        return None
    if signature.columns is None or any(kind not in ("long", "integer", "double") for kind in signature.types):
        return None
    steps = [step for _, step in estimator.steps] if type(estimator).__name__ == "Pipeline" else [estimator]
    *scalers, last = steps
    if not all(type(one).__module__.startswith("sklearn.") for one in steps):
        return None
    if getattr(type(last).predict, "__qualname__", "") != "LinearClassifierMixin.predict":
        return None
    if any(type(one).__name__ not in _SCALERS or getattr(one, "clip", False) for one in scalers) or len(scalers) > 1:
        return None
    coefficients: Any = getattr(last, "coef_", None)
    if getattr(coefficients, "dtype", None) != "float64" or hasattr(coefficients, "toarray") or coefficients.shape != (1, len(signature.columns)):
        return None
    labels = last.classes_.tolist()
    if len(labels) != 2 or not all(isinstance(one, _PLAIN) for one in labels):
        return None
    factors, offsets = _scaling(scalers[0] if scalers else None, len(signature.columns))
    weights = [float(weight) * factor for weight, factor in zip(coefficients[0], factors)]  # noqa: B905
    rest = float(last.intercept_[0]) - sum(weight * offset for weight, offset in zip(weights, offsets))  # noqa: B905
    if not all(abs(one) < 1e100 for one in (*weights, rest)):
        return None
    return Sum(signature.columns, weights, [abs(one) for one in offsets], rest, labels)


def scored(path: str, model: Sum, target: str, name: str, *, parquet: bool) -> int | None:
    """Writes the predictions of a Parquet file; answers how many rows there are, None when scikit-learn has to look at it itself."""
    polars = importlib.import_module("polars")
    # Rows are numbered as they are read: numbered later, in a stream, they may be in another order.
    table = polars.scan_parquet(path, row_index_name=None if parquet else ROW)
    schema = table.collect_schema()
    if any(column not in schema or not schema[column].is_numeric() for column in model.columns):
        return None
    greatest = _greatest(path, model.columns)
    if greatest is None:
        return None
    total = polars.lit(model.rest)
    for column, weight in zip(model.columns, model.weights):  # noqa: B905
        total = total + polars.col(column).cast(polars.Float64) * weight
    first, second = model.labels
    label = polars.when(total > 0).then(polars.lit(second)).otherwise(polars.lit(first))
    is_sure = total.is_finite() & (total.abs() > model.bound(greatest))
    prediction = polars.when(is_sure).then(label).otherwise(None).alias("prediction")
    if parquet:
        others = [polars.col(column) for column in schema.names() if column not in model.columns]
        table.select(*others, prediction).sink_parquet(target, statistics=True, compression="lz4")
        written = importlib.import_module("pyarrow.parquet").ParquetFile(target).metadata
        return int(written.num_rows) if _nulls(written, "prediction") == 0 else None
    table.select(ROW, prediction, polars.lit(name).alias("file")).sink_csv(target, include_header=False, null_value="\x00")
    return _counted(target)


def _scaling(scaler: Any, width: int) -> tuple[list[float], list[float]]:
    """Of `(x - offset) * factor`, column by column."""
    if scaler is None:
        return [1.0] * width, [0.0] * width
    if type(scaler).__name__ == "MinMaxScaler":
        factors = scaler.scale_.tolist()
        return factors, [-least / factor for least, factor in zip(scaler.min_.tolist(), factors)]  # noqa: B905
    factors = (1.0 / scaler.scale_).tolist() if scaler.with_std else [1.0] * width
    return factors, scaler.mean_.tolist() if scaler.with_mean else [0.0] * width


def _greatest(path: str, columns: Sequence[str]) -> list[float] | None:
    """The largest absolute value of each column, as the file itself says; None when it does not."""
    try:
        about = importlib.import_module("pyarrow.parquet").ParquetFile(path).metadata
    except ImportError:
        return None
    places = {about.schema.column(place).path: place for place in range(about.num_columns)}
    found = dict.fromkeys(columns, 0.0)
    for group in range(about.num_row_groups):
        for column in columns:
            part = about.row_group(group).column(places[column]).statistics if column in places else None
            if part is None or not part.has_min_max:
                return None
            found[column] = max(found[column], abs(float(part.min)), abs(float(part.max)))
    return [found[column] for column in columns]


def _nulls(about: Any, column: str) -> int:
    place = next(place for place in range(about.num_columns) if about.schema.column(place).path == column)
    parts = [about.row_group(group).column(place).statistics for group in range(about.num_row_groups)]
    return sum(1 if part is None or not part.has_null_count else part.null_count for part in parts)


def _counted(target: str) -> int | None:
    """How many lines were written; None when one of them has no prediction."""
    count = 0
    with open(target, "rb") as file:
        while piece := file.read(1 << 22):
            if b"\x00" in piece:
                return None
            count += piece.count(b"\n")
    return count
