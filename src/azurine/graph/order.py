"""In what order may nodes come, and is there a ring?

Nodes are names; an edge (a, b) says that b needs a. Both functions walk every node and edge once, without recursion, so
a chain of a hundred thousand nodes is as good as one of ten. The answers depend only on the order in which nodes and
edges are given: the same graph always gives the same answer. What a node does is none of this room's business.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

Edge = tuple[str, str]


def topological(nodes: Sequence[str], edges: Iterable[Edge]) -> list[str]:
    """All nodes, each after everything it needs; where the edges leave a choice, in the order given.

    Raises ValueError when there is a ring, naming it, or when an edge speaks of a node that is not there.
    """
    following = successors(nodes, edges)
    needs = dict.fromkeys(following, 0)
    for consumers in following.values():
        for consumer in consumers:
            needs[consumer] += 1
    free = deque(node for node, count in needs.items() if count == 0)
    ordered = []
    while free:
        node = free.popleft()
        ordered.append(node)
        for consumer in following[node]:
            needs[consumer] -= 1
            if needs[consumer] == 0:
                free.append(consumer)
    if len(ordered) < len(following):
        raise ValueError("the nodes form a ring: " + ring_as_text(_ring(following)))
    return ordered


def find_cycle(nodes: Sequence[str], edges: Iterable[Edge]) -> list[str]:
    """The names of one ring, in the order of its edges and each once; empty when there is none."""
    return _ring(successors(nodes, edges))


def ring_as_text(ring: Sequence[str]) -> str:
    """`a → b → a`, for messages."""
    return " → ".join([*ring, *ring[:1]])


def successors(nodes: Sequence[str], edges: Iterable[Edge]) -> dict[str, list[str]]:
    """Who needs this node, for every node in the order given. Said twice counts once."""
    following: dict[str, dict[str, None]] = {node: {} for node in nodes}
    for producer, consumer in edges:
        for name in (producer, consumer):
            if name not in following:
                raise ValueError(f"an edge speaks of {name!r}, which is not among the nodes")
        following[producer][consumer] = None
    return {node: list(consumers) for node, consumers in following.items()}


def _ring(following: Mapping[str, Sequence[str]]) -> list[str]:
    """Depth first, with a trail kept by hand: the first edge that leads back onto the trail closes a ring."""
    done: set[str] = set()
    for start in following:
        if start in done:
            continue
        trail = {start: iter(following[start])}
        while trail:
            node, ahead = next(reversed(trail.items()))
            step = next((one for one in ahead if one not in done), None)
            if step is None:
                done.add(node)
                del trail[node]
            elif step in trail:
                names = list(trail)
                return names[names.index(step) :]
            else:
                trail[step] = iter(following[step])
    return []
