"""Create Python Model: a learner that is a class of the user's own, AzureMLModel, run in a process of its own.

Train Model gives it the feature columns and the label as they are (pandas; nothing is rescaled). Score Model appends the columns that its
`predict` returns; those called Scored Labels, Scored Probabilities (or Scored Probabilities_<class>) are found by Evaluate Model. It cannot
be cross-validated or tuned.
"""

from collections.abc import Mapping

from azurine.designer.bench import Bench
from azurine.designer.components import Outputs
from azurine.designer.learning import learners
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Outputs:
    script = parameters.text("python_script")
    try:
        compile(script, "python_script", "exec")
    except (SyntaxError, ValueError) as error:
        line = f"line {error.lineno}: " if isinstance(error, SyntaxError) else ""
        raise bench.failing(f"python_script: {line}{error.msg if isinstance(error, SyntaxError) else error}") from error
    return {"untrained_model": learners.untrained("create_python_model", "python", parameters)}
