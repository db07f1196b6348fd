"""Runs one component to its outputs, answering what it asks on the way.

Alone this serves tests and single steps; a graph answers the questions of all its components together (`fusing`).
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import polars as pl

from azurine.designer.bench import Bench
from azurine.designer.components import Asking, Component, Outputs, Question, Spool
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port

Answer = pl.DataFrame | Path | tuple["pl.DataFrame | Path", ...]


def run(component: Component, inputs: Mapping[str, Port], given: Parameters, bench: Bench) -> Outputs:
    begun = component.begin(inputs, given, bench)
    if isinstance(begun, Mapping):
        return begun
    return _asked(begun, bench)


def _asked(asking: Asking, bench: Bench) -> Outputs:
    numbers = iter(range(1_000_000))
    try:
        question = next(asking)
        while True:
            question = asking.send(answer(question, bench.folder, numbers))
    except StopIteration as end:
        found: Outputs = end.value
        return found


def answer(question: Question, folder: Path, numbers: Iterator[int]) -> Answer:
    """numbers: names for the files that are spooled into folder."""
    several = question if isinstance(question, tuple) else (question,)
    lazy, places = [], []
    for one in several:
        place = folder / f"spool-{next(numbers)}.parquet" if isinstance(one, Spool) else None
        lazy.append(one.frame.sink_parquet(place, compression="lz4", lazy=True) if isinstance(one, Spool) and place else one)
        places.append(place)
    frames = pl.collect_all([one for one in lazy if isinstance(one, pl.LazyFrame)], engine="streaming")
    found = tuple(place or frame for place, frame in zip(places, frames, strict=True))
    return found if isinstance(question, tuple) else found[0]
