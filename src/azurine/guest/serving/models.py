"""An MLflow model without a script: the requests of one turn become one call of `predict`, where that makes no difference.

A scikit-learn model is loaded by itself, without the rest of MLflow, which takes longer to import than everything else together.
Where its arithmetic is known (`linear`), that is done in place of its `predict`, with equal results. Any other flavour is
loaded by MLflow and called once for each request.

What comes: {"input_data": …} or the words of MLflow's own server (`inputs`); what goes back is a JSON list. What does not fit the
model's signature is refused with 400 and the name of the column.

https://learn.microsoft.com/azure/machine-learning/how-to-deploy-mlflow-models
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import sys
import traceback
from typing import TYPE_CHECKING, Any

from . import inputs, journal, linear, service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from . import wire

    Scored = tuple[int, bytes, bytes, bool]

_JSON = service.JSON
_FAILED = b'{"message": "An unexpected error occurred while the model predicted. Check the logs for more info."}'
ROW_BY_ROW = ("Tree", "Forest", "Boosting")
"""Parts of the names of models that give each row its own numbers, exactly, whatever rows stand beside it."""


class Model(service.Scorer):
    def __init__(self, path: str, environ: dict[str, str]) -> None:
        """path: the folder with the file MLmodel. Raises what loading raises."""
        described = about(path)
        self.name = "MLflow model " + os.path.basename(path)
        self._signature = inputs.Signature.of(described)
        estimator = sklearn_model(path, described)
        self._fast = linear.compiled(estimator, self._signature) if estimator is not None else None
        self._predict = _predict_of(path, estimator, self._signature)
        self._joins = estimator is not None and is_row_by_row(estimator)
        self.together = self._joins or self._fast is not None
        self.collect: Callable[[wire.Head, inputs.Given, Any], None] | None = None

    def described(self) -> dict[str, Any]:
        return self._signature.schemas()

    def score(self, requests: list[tuple[wire.Head, bytes]]) -> Iterator[Scored]:
        if self._fast is not None:
            return self._score_fast(requests)
        return self._score(requests)

    def _score_fast(self, requests: list[tuple[wire.Head, bytes]]) -> Iterator[Scored]:
        assert self._fast is not None
        read = [self._read(head, body) for head, body in requests]
        results = self._fast.predict([one for one in read if not isinstance(one, inputs.Unfit)])
        for (head, _), one in zip(requests, read):  # noqa: B905 not in Python 3.8
            if isinstance(one, inputs.Unfit):
                yield _refused(one)
                continue
            found = next(results)
            yield self._one(head, one) if found is None else self._answered(head, one, *found)

    def _score(self, requests: list[tuple[wire.Head, bytes]]) -> Iterator[Scored]:
        read = [self._read(head, body) for head, body in requests]
        fitting = [one for one in read if not isinstance(one, inputs.Unfit)]
        parts = self._together(fitting) if self._joins and len(fitting) > 1 else None
        for (head, _), one in zip(requests, read):  # noqa: B905 not in Python 3.8
            if isinstance(one, inputs.Unfit):
                yield _refused(one)
            elif parts is not None:
                yield self._answered(head, one, next(parts))
            else:
                yield self._one(head, one)

    def _together(self, given: list[inputs.Given]) -> Iterator[Any] | None:
        """The predictions for each request, from one call; None when it is better to call for each."""
        joined = inputs.joined(given)
        if joined is None:
            return None
        try:
            result = self._predict(joined)
        except Exception:  # noqa: BLE001 one request spoils it for all: each is tried by itself, and the one is told
            return None
        return iter(inputs.parted(result, given))

    def _one(self, head: wire.Head, given: inputs.Given) -> Scored:
        try:
            result = self._predict(given)
        except inputs.Unfit as unfit:
            return _refused(unfit)
        except Exception as problem:  # noqa: BLE001 it is the model's own, and is told
            text = "".join(traceback.format_exception(type(problem), problem, problem.__traceback__))
            journal.say("Encountered Exception: " + text, "E")
            return 500, _FAILED, _JSON, True
        return self._answered(head, given, result)

    def _answered(self, head: wire.Head, given: inputs.Given, result: Any, text: bytes | None = None) -> Scored:
        """text: the result as JSON, where it is at hand."""
        if self.collect is not None:
            self.collect(head, given, result)
        return 200, json.dumps(inputs.plain(result)).encode() if text is None else text, _JSON, False

    def _read(self, head: wire.Head, body: bytes) -> inputs.Given | inputs.Unfit:
        try:
            return self._signature.read(body)
        except inputs.Unfit as unfit:
            return unfit


def _refused(unfit: inputs.Unfit) -> Scored:
    return 400, json.dumps({"message": unfit.message}).encode(), _JSON, False


def about(path: str) -> dict[str, Any]:
    import yaml  # here: it comes with MLflow, so it is where MLflow models can be loaded

    with open(os.path.join(path, "MLmodel"), "rb") as file:
        found: dict[str, Any] = yaml.safe_load(file)
    return found


def sklearn_model(path: str, described: dict[str, Any]) -> Any:
    """The scikit-learn model by itself; None when it is of another flavour, or wants to be called otherwise than by `predict`."""
    flavors = described.get("flavors") or {}
    own, general = flavors.get("sklearn"), flavors.get("python_function") or {}
    if not own or general.get("loader_module") != "mlflow.sklearn" or general.get("predict_fn", "predict") != "predict":
        return None
    if own.get("code"):
        sys.path.insert(0, os.path.join(path, own["code"]))
    file = os.path.join(path, own.get("pickled_model") or general.get("model_path") or "model.pkl")
    try:
        return _deserialized(file, own)
    except ImportError as problem:
        journal.say(f"The model is loaded by MLflow: {problem}", "W")
        return None


def _deserialized(file: str, flavor: dict[str, Any]) -> Any:
    if flavor.get("serialization_format") == "skops":
        skops = importlib.import_module("skops.io")
        return skops.load(file, trusted=flavor.get("skops_trusted_types"))
    if flavor.get("serialization_format") == "cloudpickle":
        # Registers itself with pickle, which then reads what it wrote.
        importlib.import_module("cloudpickle")
    with open(file, "rb") as opened:
        return pickle.load(opened)


def _predict_of(path: str, estimator: Any, signature: inputs.Signature) -> Callable[[inputs.Given], Any]:
    if estimator is not None:
        return lambda given: estimator.predict(signature.enforced(given))
    import mlflow.pyfunc

    loaded = mlflow.pyfunc.load_model(path)

    def predict(given: inputs.Given) -> Any:
        try:
            return loaded.predict(signature.enforced(given), params=given.params)
        except mlflow.exceptions.MlflowException as problem:
            if problem.error_code in ("BAD_REQUEST", "INVALID_PARAMETER_VALUE"):
                raise inputs.Unfit(str(problem.message)) from problem
            raise

    return predict


def is_row_by_row(estimator: Any) -> bool:
    """May rows of several requests be predicted in one call, with equal results for each?"""
    steps = [step for _, step in estimator.steps] if hasattr(estimator, "steps") else [estimator]
    if not all(type(one).__module__.startswith("sklearn.") and type(one).__name__ != "FunctionTransformer" for one in steps):
        return False
    last = steps[-1]
    if any(part in type(last).__name__ for part in ROW_BY_ROW):
        return True
    return getattr(last, "_estimator_type", "") == "classifier" or hasattr(last, "classes_")
