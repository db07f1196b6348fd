"""Run by the interpreter of data-factory-testing-framework's own environment (`expressions.py`): which expressions it evaluates, and how many a second.

In: JSON on stdin, {"expressions": […], "scope": …, "seconds": …}. Out: one JSON line, {"values": {expression: value}, "rate": …}.
Its way is what its own models do for each expression: the runtime is made anew and the state is handed over.
"""

import json
import sys
import time

from data_factory_testing_framework._expression_runtime.expression_runtime import ExpressionRuntime
from data_factory_testing_framework.state import ActivityResult, PipelineRunState, PipelineRunVariable, RunParameter, RunParameterType

SORTS = {"parameters": RunParameterType.Pipeline, "globalParameters": RunParameterType.Global}


def state(scope: dict) -> PipelineRunState:
    pipeline = scope["pipeline"]
    parameters = [RunParameter(sort, name, value) for key, sort in SORTS.items() for name, value in pipeline[key].items()]
    parameters += [RunParameter(RunParameterType.System, name, value) for name, value in pipeline.items() if name not in SORTS]
    variables = [PipelineRunVariable(name, value) for name, value in scope["variables"].items()]
    results = [ActivityResult(name, output=one["output"]) for name, one in scope["activity"].items()]
    return PipelineRunState(parameters, variables, results, scope["item"])


def main() -> None:
    asked = json.load(sys.stdin)
    seen = state(asked["scope"])
    runtime = ExpressionRuntime()
    values = {}
    for expression in asked["expressions"]:
        try:
            values[expression] = runtime.evaluate(expression, seen)
        except Exception as error:  # noqa: BLE001 — what it cannot do is left out of the comparison, whatever it raises
            print(f"{expression}: {str(error).splitlines()[0][:120]}", file=sys.stderr)
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < asked["seconds"]:
        for expression in values:
            runtime.evaluate(expression, seen)
        count += len(values)
    rate = count / (time.perf_counter() - began)
    print("\n" + json.dumps({"values": values, "rate": rate}))


main()
