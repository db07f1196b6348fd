"""What a monitor's run has to find out of its two tables, by one process, or by several instances that take pieces of it.

    listed once ──▶ join ──▶ take a piece, do it, put it down … ──▶ nothing is left ──▶ the one that sees all done has everything

A piece is a share of a table (`spreading`), or a window for the model. Who has which stands in the ledger that instances of parallel jobs use
(`guest.batch.ledger`), so what a lost instance had taken is free again when its successor joins. What came of a piece is a file of its own name, whole or
not there: each counts once, whoever did it, and however often. What is found is the same to the last bit, however many had a part in it.

Tables of few bytes are not worth it: another node would begin when the first has ended.
"""

import json
import os
import socket
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from azurine.compute import tasks
from azurine.guest import instances
from azurine.guest.batch import ledger
from azurine.guest.batch.ledger import Batch, Done, Ledger, Limits
from azurine.guest.drift import magnitude, opening, reading, rewriting, spreading
from azurine.guest.drift.magnitude import Magnitude
from azurine.guest.drift.reading import Reading
from azurine.guest.drift.windows import Window
from azurine.guest.instances import Instance

LEAST = 128 << 20
"""Bytes of both tables from which on other nodes are asked for."""
EACH = 2
"""Shares of a table for each instance that there may be."""
BASELINE, TARGET, WINDOW = "baseline", "target", "window"
PLANS = "plans.json"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Question:
    """baseline, target: paths. features: all of the baseline, when None. stamp: the target's timestamp column, which is no feature."""

    baseline: str
    target: str
    features: Sequence[str] | None
    stamp: str
    windows: Sequence[Window]

    def names(self, types: Mapping[str, str]) -> list[str]:
        """The features, where those of the baseline are known."""
        return list(dict.fromkeys(self.features or [name for name in types if name != self.stamp]))


@dataclass(frozen=True, slots=True)
class Found:
    """magnitude: of the window in that place."""

    baseline: Reading
    target: Reading
    magnitude: Callable[[int], Magnitude]
    how: str = ""


def is_worth_it(asked: Question, least: int = LEAST) -> bool:
    return sum(opening.find(path).size for path in (asked.baseline, asked.target)) >= least


def by_one(asked: Question, stack: ExitStack) -> Found:
    """stack: until it is closed, windows can be asked for."""
    mine = _without(spreading.settled(reading.read(asked.baseline, asked.features), asked.baseline), asked.stamp)
    names = asked.names(mine.types)
    other = reading.read(asked.target, names, mine.types, time=(asked.stamp, asked.windows))
    return Found(mine, spreading.settled(other, asked.target), _Model(asked, names, stack).measure)


def by_many(asked: Question, instance: Instance, say: Say) -> Found | None:
    """None when another instance has what was found, or will have it."""
    shared = Path(instance.shared)
    with instances.alone(shared / "list.lock"):
        if not (shared / ledger.LIST).exists():
            _list(asked, shared, EACH * instance.most)
    say(f"node {instance.share} has come")
    instance.ask(min(instance.most, len(_pieces(shared))))
    taking = Ledger(shared, instance.peer, socket.gethostname(), tasks.boot(), Limits())
    try:
        taking.join()
        with ExitStack() as stack:
            return _gathered(asked, shared) if _all_done(taking, _Worker(asked, shared, stack), instance, say) else None
    finally:
        taking.close()


def _all_done(taking: Ledger, worker: "_Worker", instance: Instance, say: Say) -> bool:
    turn = taking.turn(wanted=1)
    while turn.batches:
        [piece] = turn.batches
        worker.do(piece, max(1, (os.cpu_count() or 1) // taking.beside()))
        say(f"node {instance.share}: {_name(piece.what)}")
        turn = taking.turn([Done(piece.number)], wanted=1)
    return turn.complete


def _list(asked: Question, shared: Path, number: int) -> None:
    """The list of pieces, the longest first; the list itself last of all."""
    mine = spreading.plan(asked.baseline, number, asked.features)
    types = {one["name"]: one["type"] for one in mine["columns"] if one["name"] != asked.stamp}
    other = spreading.plan(asked.target, number, asked.names(types), types, time=(asked.stamp, asked.windows))
    instances.put(shared / PLANS, json.dumps({BASELINE: mine, TARGET: other, "names": asked.names(types)}))
    pieces = [{"what": WINDOW, "place": place} for place in range(len(asked.windows))]
    for what, plan in ((TARGET, other), (BASELINE, mine)):
        filled = [place for place, share in enumerate(plan["shares"]) if share] or [0]
        pieces += [{"what": what, "place": place} for place in filled]
    instances.put(shared / ledger.LIST, "".join(json.dumps(one) + "\n" for one in pieces))


class _Worker:
    """One instance: what it needs for its pieces is made when the first such piece comes."""

    def __init__(self, asked: Question, shared: Path, stack: ExitStack) -> None:
        self._asked, self._shared, self._stack = asked, shared, stack
        self._plans = _plans(shared)

    def do(self, piece: Batch, threads: int) -> None:
        what, place = piece.what["what"], piece.what["place"]
        if what == WINDOW:
            instances.put(self._shared / _name(piece.what), json.dumps(asdict(self._model.measure(place, threads))))
            return
        time = (self._asked.stamp, self._asked.windows) if what == TARGET else None
        spreading.save(spreading.count(self._plans[what], place, time, threads), self._shared / _name(piece.what))

    @cached_property
    def _model(self) -> "_Model":
        return _Model(self._asked, self._plans["names"], self._stack)


class _Model:
    """What it is shown for window after window: always the same rows of the baseline, and the target's, from where they are quickly taken."""

    def __init__(self, asked: Question, names: Sequence[str], stack: ExitStack) -> None:
        self._asked, self._names, self._stack = asked, names, stack

    def measure(self, place: int, threads: int | None = None) -> Magnitude:
        time = self._asked.stamp, self._asked.windows[place]
        return magnitude.measure(self._taken, self._rows, self._names, time, threads=threads)

    @cached_property
    def _taken(self) -> magnitude.Taken:
        return magnitude.taken(self._asked.baseline, self._names, stamp=self._asked.stamp)

    @cached_property
    def _rows(self) -> str:
        asked = self._asked
        return self._stack.enter_context(rewriting.quick(asked.target, self._names, asked.stamp, asked.windows))


def _gathered(asked: Question, shared: Path) -> Found:
    pieces = _pieces(shared)
    tables = {
        what: spreading.settled(spreading.merged([spreading.load(shared / _name(one)) for one in pieces if one["what"] == what]), path)
        for what, path in ((BASELINE, asked.baseline), (TARGET, asked.target))
    }
    magnitudes = [Magnitude(**json.loads((shared / _name(one)).read_text("utf-8"))) for one in pieces if one["what"] == WINDOW]
    return Found(_without(tables[BASELINE], asked.stamp), tables[TARGET], magnitudes.__getitem__, _how(shared, len(pieces)))


def _how(shared: Path, pieces: int) -> str:
    did = Counter(str(one["by"]).partition(".")[0] for one in ledger.done_lines(shared))
    each = ", ".join(f"node {share}: {number}" for share, number in sorted(did.items()))
    return f"in {pieces} pieces on {len(did)} node{'s' if len(did) > 1 else ''} ({each})"


def _plans(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / PLANS).read_text("utf-8"))
    return found


def _pieces(shared: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (shared / ledger.LIST).read_text("utf-8").splitlines()]


def _name(piece: Mapping[str, Any]) -> str:
    return f"{piece['what']}.{piece['place']}"


def _without(read: Reading, name: str) -> Reading:
    """The baseline may have the timestamp's column, too."""
    tables = [type(one)(one.rows, {feature: kept for feature, kept in one.features.items() if feature != name}) for one in read.tables]
    return Reading(tables, {feature: sort for feature, sort in read.types.items() if feature != name}, read.files, read.unplaced, read.absent)
