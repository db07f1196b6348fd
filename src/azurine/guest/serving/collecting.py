"""Data of requests and answers, kept for monitoring: a sample of them, as JSON lines in one folder an hour.

    <collection>/YYYY/MM/DD/HH/<process>.jsonl        {"specversion", "id", "time", "data": [{…}, …], "correlationid", …}

What is collected: for an MLflow model its rows and predictions (`model_inputs`, `model_outputs`); for a script what it gives to a
`Collector` of `azureml.ai.monitoring`; and for a script that uses none, what can be read as rows in its requests and answers.
`request` and `response` are whole bodies. Whether a request is in the sample is decided once, for all its collections.

https://learn.microsoft.com/azure/machine-learning/how-to-collect-production-data
"""

from __future__ import annotations

import json
import os
import random
import time
import uuid
from typing import TYPE_CHECKING, Any

from . import inputs

if TYPE_CHECKING:
    from collections.abc import Callable

    from . import wire

INPUTS, OUTPUTS, BOTH, REQUEST, RESPONSE = "model_inputs", "model_outputs", "model_inputs_outputs", "request", "response"
_FOLDERS = {"year": "%Y", "month": "%Y/%m", "day": "%Y/%m/%d", "hour": "%Y/%m/%d/%H", "minute": "%Y/%m/%d/%H/%M"}


class Kept:
    """The collections of a deployment, as files."""

    def __init__(self, order: dict[str, Any]) -> None:
        given = order["collector"]
        self.rates: dict[str, float] = {name: float(one["rate"]) for name, one in given["collections"].items()}
        self.by_hand = False
        self._paths = {name: str(one["path"]) for name, one in given["collections"].items()}
        self._folder = _FOLDERS.get(str(given.get("rolling")), _FOLDERS["hour"])
        self._source = "/endpoints/{}/deployments/{}".format(order["endpoint"], order["deployment"])
        self._file = f"{os.getpid()}-{uuid.uuid4().hex[:8]}.jsonl"
        self._open: dict[str, tuple[str, int]] = {}

    def of_model(self, head: wire.Head, given: inputs.Given, result: Any) -> None:
        """A request to a model of ours, and what it predicted."""
        columns = given.columns
        rows = [dict(zip(columns or map(str, range(len(row))), row)) for row in given.rows or ()]  # noqa: B905
        self._both(head, rows, _rows(inputs.plain(result)))

    def of_script(self, head: wire.Head, body: bytes, answer: bytes) -> None:
        """A request to a script, and its answer."""
        chance = random.random()
        for name, content in ((REQUEST, body), (RESPONSE, answer)):
            if chance < self.rates.get(name, 0.0):
                self.write(name, _read(content), _correlation(head))
        if not self.by_hand and chance < max(self.rates.get(name, 0.0) for name in (INPUTS, OUTPUTS, BOTH)):
            self._both(head, _rows(_read(body)), _rows(_read(answer)), chance)

    def write(self, name: str, data: Any, correlation: str) -> None:
        """One line. A full disk must not end the answering."""
        line = {
            "specversion": "1.0",
            "id": str(uuid.uuid4()),
            "source": self._source,
            "type": "azureml.inference." + name,
            "datacontenttype": "application/json",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "data": data,
            "correlationid": correlation,
            "xrequestid": correlation,
            "modelversion": "default",
            "collectdatatype": "pandas.core.frame.DataFrame",
            "agent": "azurine",
        }
        try:
            os.write(self._descriptor(name), json.dumps(line, default=str).encode() + b"\n")
        except OSError:
            self._open.pop(name, None)

    def _both(self, head: wire.Head, given: list[Any], predicted: list[Any], chance: float | None = None) -> None:
        chance = random.random() if chance is None else chance
        correlation = _correlation(head)
        if chance < self.rates.get(INPUTS, 0.0) and given:
            self.write(INPUTS, given, correlation)
        if chance < self.rates.get(OUTPUTS, 0.0) and predicted:
            self.write(OUTPUTS, predicted, correlation)
        if chance < self.rates.get(BOTH, 0.0) and len(given) == len(predicted):
            self.write(BOTH, [{**row, **other} for row, other in zip(given, predicted)], correlation)  # noqa: B905

    def _descriptor(self, name: str) -> int:
        folder = time.strftime(self._folder, time.gmtime())
        standing = self._open.get(name)
        if standing is not None and standing[0] == folder:
            return standing[1]
        if standing is not None:
            os.close(standing[1])
        path = os.path.join(self._paths[name], folder)
        os.makedirs(path, exist_ok=True)
        descriptor = os.open(os.path.join(path, self._file), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        self._open[name] = (folder, descriptor)
        return descriptor


class Context:
    """What belongs together: the inputs and outputs of one request."""

    def __init__(self, id: str = "", chance: float | None = None) -> None:
        self._id = id or str(uuid.uuid4())
        self.chance = random.random() if chance is None else chance

    def get_id(self) -> str:
        return self._id


def collector(kept: Kept | None) -> type:
    """The class `Collector` that scripts know. Without collections it keeps nothing, and says nothing."""

    class Collector:
        def __init__(self, *, name: str, on_error: Callable[[Exception], Any] | None = None) -> None:
            self.name = name
            self._on_error = on_error
            if kept is not None:
                kept.by_hand = True

        def collect(self, df: Any, correlation_context: Context | None = None) -> Context:
            context = correlation_context or Context()
            if kept is None or context.chance >= kept.rates.get(self.name, 0.0):
                return context
            try:
                kept.write(self.name, inputs.plain(df), context.get_id())
            except Exception as problem:  # the script's own data, and its own way to be told
                if self._on_error is None:
                    raise
                self._on_error(problem)
            return context

    return Collector


def _correlation(head: wire.Head) -> str:
    return head.headers.get("x-request-id") or head.headers.get("x-ms-request-id") or str(uuid.uuid4())


def _read(content: bytes) -> Any:
    """A body as JSON, also where it was written twice; as text where it is none."""
    try:
        found = json.loads(content)
        return json.loads(found) if isinstance(found, str) else found
    except ValueError:
        return content.decode("utf-8", "replace")


def _rows(found: Any) -> list[dict[str, Any]]:
    """What reads as rows; none when nothing does."""
    if isinstance(found, dict) and len(found) == 1:
        return _rows(next(iter(found.values())))
    if isinstance(found, dict) and isinstance(found.get("data"), list) and isinstance(found.get("columns"), list):
        return [dict(zip(found["columns"], row)) for row in found["data"] if isinstance(row, list)]  # noqa: B905
    if isinstance(found, dict):
        return _rows(found.get("data") or found.get("input_data"))
    if not isinstance(found, list):
        return []
    if all(isinstance(one, dict) for one in found):
        return found
    if all(isinstance(one, list) for one in found):
        return [{str(place): value for place, value in enumerate(row)} for row in found]
    return [{"prediction": one} for one in found]
