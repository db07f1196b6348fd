"""Linear models of scikit-learn as the arithmetic that they are: `X @ coefficients + intercept`, after the scaling before it.

`predict` of scikit-learn spends nearly all of its time on looking at its input. Here that is looked at as it is read, and
the arithmetic of all requests of a turn is done at once. Results are equal to the bit:

A class is decided by a sign (or the greatest of several scores). However the sums are rounded, a score is off by less than a bound
that is computed with it; where the bound leaves a doubt, the request goes to scikit-learn itself. Numbers (regression)
are computed for each request by itself, by the same operation on an array that lies in memory as scikit-learn's own would; and when a
model is loaded, it is tried out that both give equal results, else it is not compiled.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from . import inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CLASSIFIES = "LinearClassifierMixin.predict"
_REGRESSES = ("LinearModel.predict", "LinearRegression.predict", "MultiOutputLinearModel.predict", "Ridge.predict")
_SCALERS = ("StandardScaler", "MinMaxScaler")
_TRIED = (1, 2, 3, 7, 32, 65)
"""Numbers of rows with which a regression is tried out."""


def compiled(estimator: Any, signature: inputs.Signature) -> Linear | None:
    """The model as arithmetic; None when it is no linear model that is known here, or takes anything but numbers."""
    if any(kind not in ("long", "integer", "double") for kind in signature.types):
        return None
    steps = [step for _, step in estimator.steps] if type(estimator).__name__ == "Pipeline" else [estimator]
    if not all(type(one).__module__.startswith("sklearn.") for one in steps):
        return None
    *scalers, last = steps
    name = getattr(type(last).predict, "__qualname__", "")
    if name not in (_CLASSIFIES, *_REGRESSES) or any(type(one).__name__ not in _SCALERS or getattr(one, "clip", False) for one in scalers):
        return None
    if getattr(last.coef_, "dtype", None) != "float64" or hasattr(last.coef_, "toarray"):
        return None
    made = Linear(estimator, last, [_scaling(one) for one in scalers], signature, classifies=name == _CLASSIFIES)
    return made if made.classifies or made.is_exact() else None


class Linear:
    def __init__(self, estimator: Any, last: Any, scalings: list[Callable[[Any], Any]], signature: inputs.Signature, classifies: bool) -> None:
        self._numpy = sys.modules["numpy"]
        self._estimator = estimator
        self._scalings = scalings
        self._signature = signature
        self._weights = last.coef_.T
        self._intercept = last.intercept_
        self._width = last.coef_.shape[-1]
        self._whole = [place for place, kind in enumerate(signature.types) if kind in inputs.WHOLE]
        self.classifies = classifies
        if classifies:
            self._classes = last.classes_
            self._texts = [json.dumps(one).encode() for one in inputs.plain(last.classes_)]
            self._sizes = self._numpy.abs(last.coef_.T)
            # Each of the sums has `width` products and is scaled before; twice that many roundings are more than there are.
            self._doubt = (2 * self._width + 8) * self._numpy.finfo("float64").eps

    def predict(self, given: list[inputs.Given]) -> Iterator[tuple[Any, bytes | None] | None]:
        """For each request its result, and that as JSON where it is at hand; None for one that scikit-learn had better see itself (it may have

        to refuse it).
        """
        if self.classifies and len(given) > 1:
            return self._classified_together(given)
        return iter([self._by_itself(one) for one in given])

    def is_exact(self) -> bool:
        """Whether a regression gives the same numbers as scikit-learn, to the bit."""
        numbers = self._numpy.random.default_rng(0)
        for count in _TRIED:
            rows = (numbers.normal(size=(count, self._width)) * 100).tolist()
            if self._whole:
                rows = [[float(round(cell)) if place in self._whole else cell for place, cell in enumerate(row)] for row in rows]
            given = inputs.Given(self._signature.columns, rows)
            expected = self._estimator.predict(self._signature.enforced(given))
            found, _ = self._by_itself(given) or (None, None)
            if found is None or found.dtype != expected.dtype or found.tobytes() != expected.tobytes():
                return False
        return True

    def _classified_together(self, given: list[inputs.Given]) -> Iterator[tuple[Any, bytes | None] | None]:
        try:
            table = self._table([row for one in given for row in one.rows or ()]) if all(one.rows for one in given) else None
        except (ValueError, TypeError, OverflowError):
            table = None
        if table is None:
            # One of them is not what it should be: each by itself, so that only that one is refused.
            return iter([self._by_itself(one) for one in given])
        labels, places, is_sure = self._classified(table)
        results, start = [], 0
        is_all_sure = bool(is_sure.all())
        for one in given:
            end = start + len(one.rows or ())
            is_answer = is_all_sure or is_sure[start:end].all()
            results.append((labels[start:end], self._text(places[start:end])) if is_answer else None)
            start = end
        return iter(results)

    def _by_itself(self, given: inputs.Given) -> tuple[Any, bytes | None] | None:
        if not given.rows:
            return None
        try:
            table = self._table(given.rows)
        except (ValueError, TypeError, OverflowError):
            return None
        if table is None:
            return None
        if self.classifies:
            labels, places, is_sure = self._classified(table)
            return (labels, self._text(places)) if is_sure.all() else None
        return self._scaled(table) @ self._weights + self._intercept, None

    def _text(self, places: list[int]) -> bytes:
        """The classes at these places as a list in JSON."""
        texts = self._texts
        return b"[%b]" % (texts[places[0]] if len(places) == 1 else b", ".join([texts[place] for place in places]))

    def _table(self, rows: list[Any]) -> Any:
        """The rows as numbers, lying in memory as those of a frame do; None when scikit-learn or the signature would refuse them."""
        found = self._numpy.array(rows, dtype="float64")
        if found.ndim != 2 or found.shape[1] != self._width or not self._numpy.isfinite(found.sum()):
            return None
        if self._whole:
            whole = found[:, self._whole]
            if (whole != self._numpy.trunc(whole)).any() or (self._numpy.abs(whole) > 2**53).any():
                return None
        if self._signature.columns is None:
            return found
        turned = self._numpy.empty((self._width, len(rows)))
        turned[:] = found.T
        return turned.T

    def _scaled(self, table: Any) -> Any:
        for scaling in self._scalings:
            table = scaling(table)
        return table

    def _classified(self, table: Any) -> tuple[Any, list[int], Any]:
        """The class of each row, its place among the classes, and whether no rounding could make it another."""
        table = self._scaled(table)
        scores = table @ self._weights + self._intercept
        bounds = (self._numpy.abs(table) @ self._sizes + self._numpy.abs(self._intercept)) * self._doubt
        if scores.shape[1] == 1:
            scores, bounds = scores[:, 0], bounds[:, 0]
            best = (scores > 0).astype(int)
            return self._classes[best], best.tolist(), self._numpy.abs(scores) > bounds
        order = self._numpy.argsort(scores, axis=1)
        rows = self._numpy.arange(len(scores))
        best, second = order[:, -1], order[:, -2]
        margin = scores[rows, best] - scores[rows, second]
        return self._classes[best], best.tolist(), margin > 2 * bounds.max(axis=1)


def _scaling(scaler: Any) -> Callable[[Any], Any]:
    """What a scaler does to a table, operation by operation as it does it."""
    if type(scaler).__name__ == "MinMaxScaler":
        return lambda table: table * scaler.scale_ + scaler.min_

    def standard(table: Any) -> Any:
        if scaler.with_mean:
            table = table - scaler.mean_
        return table / scaler.scale_ if scaler.with_std else table

    return standard
