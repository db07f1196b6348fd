"""Which nodes may start: tables, and laws that hold for any graph."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from azurine.graph import readiness
from azurine.model.states import State, is_final

CHAIN = (["prep", "train", "evaluate"], [("prep", "train"), ("train", "evaluate")])
FORK = (["prep", "left", "right", "join"], [("prep", "left"), ("prep", "right"), ("left", "join"), ("right", "join")])


@pytest.mark.parametrize(
    ("graph", "states", "goes_on", "ready", "waiting", "unreachable"),
    [
        (CHAIN, {}, False, ["prep"], ["train", "evaluate"], []),
        (CHAIN, {"prep": "running"}, False, [], ["train", "evaluate"], []),
        (CHAIN, {"prep": "succeeded"}, False, ["train"], ["evaluate"], []),
        (CHAIN, {"prep": "failed"}, False, [], [], ["train", "evaluate"]),
        (CHAIN, {"prep": "cancelled"}, True, [], [], ["train", "evaluate"]),
        (CHAIN, {"prep": "skipped"}, True, [], [], ["train", "evaluate"]),
        (CHAIN, {"prep": "succeeded", "train": "succeeded", "evaluate": "succeeded"}, False, [], [], []),
        (FORK, {"prep": "succeeded"}, False, ["left", "right"], ["join"], []),
        (FORK, {"prep": "succeeded", "left": "failed"}, True, ["right"], [], ["join"]),
        (FORK, {"prep": "succeeded", "left": "failed"}, False, [], [], ["right", "join"]),
        (FORK, {"prep": "succeeded", "left": "succeeded", "right": "running"}, True, [], ["join"], []),
    ],
)
def test_what_may_start(graph, states, goes_on, ready, waiting, unreachable):
    found = readiness.classify(*graph, states, goes_on)
    assert (list(found.ready), list(found.waiting), list(found.unreachable)) == (ready, waiting, unreachable)


@pytest.mark.parametrize(("state", "ready"), [("failed", True), ("succeeded", True), ("running", False)])
def test_an_optional_edge_only_asks_that_its_producer_is_over(state, ready):
    found = readiness.classify(["a", "b"], [("a", "b")], {"a": state}, True, optional=[("a", "b")])
    assert found.ready == (("b",) if ready else ())
    assert found.unreachable == ()


def test_an_optional_edge_from_a_node_that_never_runs_does_not_stop_its_consumer():
    found = readiness.classify(["a", "b", "c"], [("a", "b"), ("b", "c")], {"a": "failed"}, True, optional=[("b", "c")])
    assert found == readiness.Readiness(ready=("c",), waiting=(), unreachable=("b",))


def test_a_required_edge_insists_even_beside_optional_ones():
    found = readiness.classify(["a", "b", "c"], [("a", "c"), ("b", "c")], {"a": "failed", "b": "failed"}, True, optional=[("b", "c")])
    assert found.unreachable == ("c",)


def test_a_ring_is_refused():
    with pytest.raises(ValueError, match="a → b → a"):
        readiness.classify(["a", "b"], [("a", "b"), ("b", "a")], {})


@st.composite
def graphs(draw):
    nodes = [str(one) for one in range(draw(st.integers(1, 12)))]
    pairs = [(a, b) for place, a in enumerate(nodes) for b in nodes[place + 1 :]]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=30)) if pairs else []
    return nodes, edges


@given(graphs(), st.data(), st.booleans())
def test_a_run_always_comes_to_an_end_with_every_node_accounted_for(graph, data, goes_on):
    nodes, edges = graph
    soft = data.draw(st.lists(st.sampled_from(edges), max_size=5)) if edges else []
    states: dict[str, str] = {}
    while (found := readiness.classify(nodes, edges, states, goes_on, soft)).ready:
        assert not set(found.ready) & set(states)
        assert len({*found.ready, *found.waiting, *found.unreachable}) == len(nodes) - len(states)
        node = data.draw(st.sampled_from(found.ready))
        assert all(is_final(states[a]) for a, b in edges if b == node and (a, b) not in soft)
        states[node] = data.draw(st.sampled_from([State.SUCCEEDED, State.FAILED]))
    assert not found.waiting
    assert set(states) | set(found.unreachable) == set(nodes)


@given(graphs())
def test_when_nothing_fails_everything_runs(graph):
    nodes, edges = graph
    states: dict[str, str] = {}
    while (found := readiness.classify(nodes, edges, states)).ready:
        states.update(dict.fromkeys(found.ready, State.SUCCEEDED))
    assert set(states) == set(nodes)
