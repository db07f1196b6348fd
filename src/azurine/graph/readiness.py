"""Which nodes may start now, which must wait, and which never will.

Each node that was started has a state. A node may start when everything it needs has succeeded. A node that needs
something which failed, was cancelled or skipped can never start, and neither can those that need it. Two wishes soften
this: an *optional* edge only asks that its producer be over with, however it went; and `continue_on_failure` decides
whether branches that have nothing to do with a failure go on (true) or nothing new starts after one (false).

One walk in topological order, so the cost is the number of nodes and edges. A `Graph` is drawn once and asked each time one of
its nodes moves. Nothing is started here.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from azurine.graph import order
from azurine.model.states import FINAL, State

STOPPING = frozenset({State.FAILED, State.CANCELLED})
_ENDED_BADLY = FINAL - {State.SUCCEEDED}


@dataclass(frozen=True, slots=True)
class Readiness:
    """Nodes without a state yet, in the order given. What was started, or is over, is in none of the three."""

    ready: tuple[str, ...]
    waiting: tuple[str, ...]
    unreachable: tuple[str, ...]


class Graph:
    """Nodes and what each needs. `edges`: (producer, consumer). `optional`: those of the edges that do not insist.

    Raises ValueError when the edges form a ring or speak of a node that is not there.
    """

    def __init__(self, nodes: Sequence[str], edges: Iterable[order.Edge], optional: Collection[order.Edge] = ()) -> None:
        edges = tuple(edges)
        producers = order.successors(nodes, [(consumer, producer) for producer, consumer in edges])
        soft = frozenset(optional)
        self.nodes = tuple(dict.fromkeys(nodes))
        self._needs = [
            (
                node,
                tuple(one for one in producers[node] if (one, node) not in soft),
                tuple(one for one in producers[node] if (one, node) in soft),
            )
            for node in order.topological(nodes, edges)
        ]
        self._wanted = [(node, frozenset(producers[node])) for node in self.nodes]

    def classify(self, states: Mapping[str, str], continue_on_failure: bool = False) -> Readiness:
        """Sorts the nodes that have no state."""
        if _ENDED_BADLY.isdisjoint(states.values()):
            return self._while_all_goes_well(states)
        halted = not continue_on_failure and not STOPPING.isdisjoint(states.values())
        verdicts: dict[str, str] = {}
        for node, insisting, obliging in self._needs:
            state = states.get(node)
            if state is not None:
                verdicts[node] = "done" if state == State.SUCCEEDED else "never" if state in FINAL else "wait"
            elif halted:
                verdicts[node] = "never"
            else:
                verdicts[node] = _of_unstarted([verdicts[one] for one in insisting], [verdicts[one] for one in obliging])
        sorted_: dict[str, list[str]] = {"ready": [], "wait": [], "never": []}
        for node in self.nodes:
            if node not in states:
                sorted_[verdicts[node]].append(node)
        return Readiness(tuple(sorted_["ready"]), tuple(sorted_["wait"]), tuple(sorted_["never"]))

    def _while_all_goes_well(self, states: Mapping[str, str]) -> Readiness:
        """The usual case, and so the quick way: as long as nothing ended badly, no verdict depends on that of a node that was not started."""
        done = {node for node, state in states.items() if state == State.SUCCEEDED}
        ready: list[str] = []
        waiting: list[str] = []
        for node, wanted in self._wanted:
            if node not in states:
                (ready if wanted <= done else waiting).append(node)
        return Readiness(tuple(ready), tuple(waiting), ())


def classify(
    nodes: Sequence[str],
    edges: Iterable[order.Edge],
    states: Mapping[str, str],
    continue_on_failure: bool = False,
    optional: Collection[order.Edge] = (),
) -> Readiness:
    """As a `Graph` that is asked once."""
    return Graph(nodes, edges, optional).classify(states, continue_on_failure)


def _of_unstarted(insisting: Sequence[str], obliging: Sequence[str]) -> str:
    """`done` and `never` are both over with; only an edge that insists wants `done`."""
    if "never" in insisting:
        return "never"
    over = all(one == "done" for one in insisting) and all(one in ("done", "never") for one in obliging)
    return "ready" if over else "wait"
