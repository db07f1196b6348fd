"""Unit tests of Data Factory pipelines: no server, no sleeping. For pytest, and for anything else that knows `assert`.

    from azurine.testing import Factory, Failure, evaluate

    def test_a_failed_copy_is_told():
        factory = Factory.load("my-factory")                       # the folder that Git integration saves
        run = factory.run("Nightly", {"day": "2024-01-02"}, mocks={"Copy": Failure("2200", "no disk"), "Tell": {"statusCode": 200}})
        assert run.order == ["Copy", "Tell"]
        assert run["Tell"].input["body"] == "no disk"
        assert run.status == "Succeeded"

    def test_the_name_of_a_file():
        assert evaluate("@concat(pipeline().parameters.day, '.csv')", {"day": "2024-01-02"}) == "2024-01-02.csv"

Pipelines run through the server's own control flow, on a store in memory and a clock that jumps to the next moment at which something is
due: retries, waits and time-outs of days take no time. Control activities and calls of other pipelines are real; whatever would do work
outside is answered by a mock under its name, and a run that meets one without a mock is an error (`Unmocked`), never a silent success.
Any activity may be mocked, control activities too.

What it does not do: look at datasets and linked services (what they need is made up), fire triggers, run a notebook or a query.
"""

from azurine.expressions.factory import ExpressionError
from azurine.testing.answers import Failure, Stuck, Takes, Unmocked
from azurine.testing.evaluating import evaluate
from azurine.testing.factories import Factory
from azurine.testing.results import Ran, Run

__all__ = ["ExpressionError", "Factory", "Failure", "Ran", "Run", "Stuck", "Takes", "Unmocked", "evaluate"]
