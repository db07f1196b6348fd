"""Which nodes may start now, which must wait, and which never will.

Each node that was started has a state. A node may start when everything it needs has succeeded. A node that needs
something which failed, was cancelled or skipped can never start, and neither can those that need it. Two wishes soften
this: an *optional* edge only asks that its producer be over with, however it went; and `continue_on_failure` decides
whether branches that have nothing to do with a failure go on (true) or nothing new starts after one (false).

One walk in topological order, so the cost is the number of nodes and edges. The order of the graphs asked for last is
remembered, because the same graph is asked about each time one of its nodes moves. Nothing is started here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from azurine.graph import order
from azurine.model.states import State, is_final

STOPPING = frozenset({State.FAILED, State.CANCELLED})


@dataclass(frozen=True, slots=True)
class Readiness:
    """Nodes without a state yet, in the order given. What was started, or is over, is in none of the three."""

    ready: tuple[str, ...]
    waiting: tuple[str, ...]
    unreachable: tuple[str, ...]


def classify(
    nodes: Sequence[str],
    edges: Iterable[order.Edge],
    states: Mapping[str, str],
    continue_on_failure: bool = False,
    optional: Collection[order.Edge] = (),
) -> Readiness:
    """Sorts the nodes that have no state. `edges`: (producer, consumer). `optional`: those of the edges that do not insist.

    Raises ValueError when the edges form a ring or speak of a node that is not there.
    """
    ordered, producers = _arranged(tuple(nodes), tuple(edges))
    halted = not continue_on_failure and any(states.get(node) in STOPPING for node in nodes)
    soft = frozenset(optional)
    verdicts: dict[str, str] = {}
    for node in ordered:
        if node in states:
            verdicts[node] = _of_started(states[node])
        elif halted:
            verdicts[node] = "never"
        else:
            insisting = {verdicts[one] for one in producers[node] if (one, node) not in soft}
            obliging = {verdicts[one] for one in producers[node] if (one, node) in soft}
            verdicts[node] = _of_unstarted(insisting, obliging)
    unstarted = [node for node in dict.fromkeys(nodes) if node not in states]
    return Readiness(
        ready=tuple(node for node in unstarted if verdicts[node] == "ready"),
        waiting=tuple(node for node in unstarted if verdicts[node] == "wait"),
        unreachable=tuple(node for node in unstarted if verdicts[node] == "never"),
    )


@lru_cache(maxsize=32)
def _arranged(nodes: tuple[str, ...], edges: tuple[order.Edge, ...]) -> tuple[list[str], Mapping[str, list[str]]]:
    """The nodes in topological order, and what each needs."""
    producers = order.successors(nodes, [(consumer, producer) for producer, consumer in edges])
    return order.topological(nodes, edges), producers


def _of_started(state: str) -> str:
    if not is_final(state):
        return "wait"
    return "done" if state == State.SUCCEEDED else "never"


def _of_unstarted(insisting: set[str], obliging: set[str]) -> str:
    """`done` and `never` are both over with; only an edge that insists wants `done`."""
    if "never" in insisting:
        return "never"
    over = insisting <= {"done"} and obliging <= {"done", "never"}
    return "ready" if over else "wait"
