"""Train Model: a learner sees rows with a label and becomes a model.

Rows without a label are left out. What numbers are rescaled by, and which categories there are, is learned here too and kept in the model
(azurine.designer.learning.features). A learner in the mode Parameter Range is trained with its single values.
"""

from collections.abc import Mapping

from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.learning import custom, examples, learners, models
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, table_of


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    learner = learners.learner_of(inputs, "untrained_model", ("binary", "multiclass", "regression", custom.TASK))
    asked = examples.plan(table_of(inputs, "dataset"), learner.settings["task"], parameters, bench)
    frame = yield asked.question
    settled = examples.settle(asked, frame)
    own = learner.settings["task"] == custom.TASK
    return {"trained_model": custom.train(learner, settled, bench) if own else models.train(learner, settled, bench.say)}
