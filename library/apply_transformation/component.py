"""Apply Transformation: does to a table what another component has learned to do.

The component that made the transformation is asked to apply it; it may ask for numbers of the new table first.
"""

from collections.abc import Generator, Mapping

from azurine.designer import components
from azurine.designer.bench import Bench
from azurine.designer.components import Asking
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port, Transformation, table_of


def run(inputs: Mapping[str, Port], parameters: Parameters, bench: Bench) -> Asking:
    transformation = inputs["transformation"]
    if not isinstance(transformation, Transformation):
        raise bench.failing("transformation: a transformation is wanted here")
    applied = components.find(transformation.component).applying()(transformation.settings, table_of(inputs, "dataset"), bench)
    return {"transformed_dataset": (yield from applied) if isinstance(applied, Generator) else applied}
