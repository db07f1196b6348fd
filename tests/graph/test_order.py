"""Order and rings, in tables, for any graph, and for one too deep for recursion."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azurine.graph import order

NAMES = "abcdef"


@pytest.mark.parametrize(
    ("nodes", "edges", "expected"),
    [
        ("", [], []),
        ("abc", [], ["a", "b", "c"]),
        ("abc", ["ca", "ab"], ["c", "a", "b"]),
        ("abcd", ["ab", "ac", "bd", "cd"], ["a", "b", "c", "d"]),
        ("ab", ["ab", "ab"], ["a", "b"]),
    ],
)
def test_each_node_comes_after_what_it_needs(nodes, edges, expected):
    assert order.topological(list(nodes), [(one[0], one[1]) for one in edges]) == expected


@pytest.mark.parametrize(
    ("nodes", "edges", "ring"),
    [
        ("ab", ["ab"], ""),
        ("a", ["aa"], "a"),
        ("ab", ["ab", "ba"], "ab"),
        ("abcd", ["ab", "bc", "cd", "db"], "bcd"),
        ("abcd", ["ab", "ac", "bd", "cd"], ""),
    ],
)
def test_a_ring_is_found_and_named(nodes, edges, ring):
    assert order.find_cycle(list(nodes), [(one[0], one[1]) for one in edges]) == list(ring)


def test_a_ring_has_no_order():
    with pytest.raises(ValueError, match="a → b → a"):
        order.topological(["a", "b"], [("a", "b"), ("b", "a")])


def test_an_unknown_node_is_named():
    with pytest.raises(ValueError, match="'ghost'"):
        order.topological(["a"], [("ghost", "a")])


def test_a_long_chain_is_no_deeper_than_a_short_one():
    nodes = [str(one) for one in range(50_000)]
    edges = list(itertools.pairwise(nodes))
    assert order.topological(nodes, edges) == nodes
    assert order.find_cycle(nodes, edges) == []
    assert len(order.find_cycle(nodes, [*edges, (nodes[-1], nodes[0])])) == len(nodes)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)), max_size=20))
def test_there_is_either_an_order_or_a_ring(edges):
    nodes = list(NAMES)
    ring = order.find_cycle(nodes, edges)
    if ring:
        assert all(edge in edges for edge in zip(ring, [*ring[1:], ring[0]], strict=True))
        with pytest.raises(ValueError, match="ring"):
            order.topological(nodes, edges)
    else:
        placed = {node: place for place, node in enumerate(order.topological(nodes, edges))}
        assert all(placed[a] < placed[b] for a, b in edges)
