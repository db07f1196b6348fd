"""An untrained learner: which component builds it, with which values, and the ranges that a sweep tries.

    {"task": "binary", "values": {"l2_regularization_weight": 1.0, …}, "ranges": {"l2_regularization_weight": [0.01, 0.1, 1.0], …}}

Ranges are there in the mode Parameter Range only. A range is written into the parameter `range_for_<parameter>` as a list with
semicolons. Training without a sweep uses the single values in either mode. A seed that is not given is 0: the same pipeline learns the
same model.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from azurine.designer import components
from azurine.designer import parameters as reading
from azurine.designer.parameters import Parameters, Value
from azurine.designer.ports import Learner, Port
from azurine.model.errors import Invalid

MODE, RANGED, PREFIX = "create_trainer_mode", "Parameter Range", "range_for_"
SEED = "random_number_seed"
TASKS = ("binary", "multiclass", "regression", "clustering", "python")
Json = Mapping[str, Any]


def untrained(component: str, task: str, parameters: Parameters, idle: Iterable[str] = ()) -> Learner:
    """The learner that a component's parameters describe. idle: parameters that change nothing, whose ranges are not tried."""
    declared = components.find(component).parameters
    values = {name: value for name, value in parameters.values.items() if name != MODE and not name.startswith(PREFIX)}
    settings: dict[str, Any] = {"task": task, "values": values}
    if parameters.text(MODE) == RANGED:
        names = [name.removeprefix(PREFIX) for name in declared if name.startswith(PREFIX)]
        names = [name for name in names if name not in frozenset(idle)]
        settings["ranges"] = {name: _range(parameters, name, declared[name]) for name in names}
    return Learner(component, settings)


def learner_of(inputs: Mapping[str, Port], name: str, tasks: Iterable[str] = TASKS) -> Learner:
    """The untrained learner at an input, if it does one of the tasks."""
    found = inputs[name]
    if not isinstance(found, Learner):
        raise Invalid(f"{name}: an untrained model is wanted here", path=name)
    task, allowed = found.settings["task"], tuple(tasks)
    if task not in allowed:
        raise Invalid(f"{name}: a learner for {' or '.join(allowed)} is wanted here; {found.component} is one for {task}", path=name)
    return found


def build(learner: Learner, rows: Any, answers: Any) -> Any:
    """A fresh estimator. rows, answers: what it is going to learn from, for those that begin from it."""
    return components.module(components.find(learner.component).folder).build(learner.settings["values"], rows, answers)


def grid(learner: Learner) -> list[dict[str, Any]]:
    """Every combination of the ranges, the last parameter changing fastest; one empty combination when there are no ranges."""
    ranges: Mapping[str, Sequence[Any]] = learner.settings.get("ranges") or {}
    return [dict(zip(ranges, chosen, strict=True)) for chosen in itertools.product(*ranges.values())]


def changed(learner: Learner, values: Mapping[str, Any]) -> Learner:
    """The learner with these values instead of its own."""
    settings = {name: one for name, one in learner.settings.items() if name != "ranges"}
    return Learner(learner.component, settings | {"values": {**learner.settings["values"], **values}})


def seed(said: Json) -> int:
    return int(said.get(SEED) or 0)


def _range(parameters: Parameters, name: str, declared: Mapping[str, Any]) -> list[Value]:
    title = PREFIX + name
    single = {key: value for key, value in declared.items() if key != "default"}
    found: list[Value] = []
    for one in filter(None, (text.strip() for text in parameters.text(title).split(";"))):
        try:
            found.append(reading.read(parameters.component, {title: single}, {title: one}).values[title])
        except Invalid as error:
            raise parameters.wrong(title, f"{one!r} in the list: {error.message.split(': ', 2)[-1]}", error.code) from error
    if not found:
        raise parameters.wrong(title, "write values separated by semicolons, such as 0.01;0.1;1")
    return list(dict.fromkeys(found))
