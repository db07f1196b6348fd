"""Runs one component to its outputs, answering what it asks on the way; and computes plans, one or many, in one pass.

Alone this serves tests and single steps; a graph answers the questions of all its components together (`fusing`).

Plans are streamed, so that tables need not fit into memory. A plan that answers hundreds of numbers is not: the streaming engine takes
seconds to prepare one where the other takes milliseconds, and its answer is small.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import polars as pl

from azurine.designer.bench import Bench
from azurine.designer.components import Asking, Component, Outputs, Question, Spool
from azurine.designer.parameters import Parameters
from azurine.designer.ports import Port

Answer = pl.DataFrame | Path | tuple["pl.DataFrame | Path", ...]
_WIDE = 40


def run(component: Component, inputs: Mapping[str, Port], given: Parameters, bench: Bench) -> Outputs:
    begun = component.begin(inputs, given, bench)
    if isinstance(begun, Mapping):
        return begun
    return _asked(begun, bench)


class Questions:
    """A question as plans to compute, and the answer from what they gave."""

    def __init__(self, question: Question, folder: Path, numbers: Iterator[int]) -> None:
        """numbers: names for the files that are spooled into folder."""
        self.single = not isinstance(question, tuple)
        self.plans: list[pl.LazyFrame] = []
        self.places: list[Path | None] = []
        for one in question if isinstance(question, tuple) else (question,):
            place = folder / f"spool-{next(numbers)}.parquet" if isinstance(one, Spool) else None
            self.plans.append(spooled(one.frame, place) if isinstance(one, Spool) and place else one)  # type: ignore[arg-type]
            self.places.append(place)

    def answer(self, frames: Sequence[pl.DataFrame]) -> Answer:
        found = tuple(place or frame for place, frame in zip(self.places, frames, strict=True))
        return found[0] if self.single else found


def spooled(frame: pl.LazyFrame, place: Path) -> pl.LazyFrame:
    """A sink for a table that is read again soon."""
    return frame.sink_parquet(place, compression="lz4", statistics=False, lazy=True)


def compute(plans: Sequence[pl.LazyFrame]) -> list[pl.DataFrame]:
    """What each plan gives; parts that plans share are computed once."""
    wide = [len(plan.collect_schema()) > _WIDE for plan in plans]
    many = iter(pl.collect_all([plan for plan, is_wide in zip(plans, wide, strict=True) if is_wide], engine="in-memory"))
    few = iter(pl.collect_all([plan for plan, is_wide in zip(plans, wide, strict=True) if not is_wide], engine="streaming"))
    return [next(many) if is_wide else next(few) for is_wide in wide]


def _asked(asking: Asking, bench: Bench) -> Outputs:
    numbers = iter(range(1_000_000))
    try:
        question = next(asking)
        while True:
            questions = Questions(question, bench.folder, numbers)
            question = asking.send(questions.answer(compute(questions.plans)))
    except StopIteration as end:
        found: Outputs = end.value
        return found
