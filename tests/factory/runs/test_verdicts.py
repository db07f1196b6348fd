"""The documented patterns of error handling, each as a pipeline that is run: who ran, who was skipped, how it ended."""

import pytest

from factory_plays import Json, Play, activity, broken, done

OK, BAD, NOT = "Succeeded", "Failed", "Skipped"


def pipeline(edges: dict[str, dict[str, str]], failing: str) -> list[Json]:
    """edges: {activity: {needed: conditions}}. failing: letters of those that fail."""
    return [(broken if name in failing else done)(name, *needs.items()) for name, needs in edges.items()]


TRY_CATCH = {"A": {}, "H": {"A": BAD}}
DO_IF_ELSE = {"A": {}, "B": {"A": OK}, "H": {"A": BAD}}
DO_IF_SKIP_ELSE = {"A": {}, "B": {"A": OK}, "H": {"A": BAD}, "N": {"B": NOT}}
PROCEED = {"A": {}, "H": {"A": BAD}, "C": {"H": f"{OK},{NOT}"}}
GENERIC = {"A": {}, "B": {"A": OK}, "C": {"B": OK}, "H": {"C": f"{BAD},{NOT}"}}
BOTH = {"A": {}, "B": {}, "C": {"A": OK, "B": OK}}
EITHER = {"A": {}, "C": {"A": f"{OK},{BAD}"}}
ALWAYS = {"A": {}, "C": {"A": "Completed"}}
TWO_PARENTS = {"A": {}, "B": {}, "C": {"A": OK, "B": BAD}}
CHAIN = {"A": {}, "B": {"A": OK}, "C": {"B": "Completed"}, "D": {"C": NOT}}

ROWS = [
    # name, edges, who fails, who succeeded, who failed, how the run ended
    ("try-catch, A ok", TRY_CATCH, "", "A", "", OK),
    ("try-catch, A fails", TRY_CATCH, "A", "H", "A", OK),
    ("try-catch, both fail", TRY_CATCH, "AH", "", "AH", BAD),
    ("do-if-else, A ok", DO_IF_ELSE, "", "AB", "", OK),
    ("do-if-else, A fails: B is a skipped leaf", DO_IF_ELSE, "A", "H", "A", BAD),
    ("do-if-else, B fails", DO_IF_ELSE, "B", "A", "B", BAD),
    ("do-if-skip-else, A ok", DO_IF_SKIP_ELSE, "", "AB", "", OK),
    ("do-if-skip-else, A fails", DO_IF_SKIP_ELSE, "A", "HN", "A", OK),
    ("do-if-skip-else, A and H fail", DO_IF_SKIP_ELSE, "AH", "N", "AH", BAD),
    ("try-catch-proceed, A ok", PROCEED, "", "AC", "", OK),
    ("try-catch-proceed, A fails", PROCEED, "A", "HC", "A", OK),
    ("generic handler, all ok", GENERIC, "", "ABC", "", OK),
    ("generic handler, A fails: C is skipped", GENERIC, "A", "H", "A", OK),
    ("generic handler, C fails", GENERIC, "C", "ABH", "C", OK),
    ("generic handler, A and H fail", GENERIC, "AH", "", "AH", BAD),
    ("needs both, both ok", BOTH, "", "ABC", "", OK),
    ("needs both, one fails", BOTH, "B", "A", "B", BAD),
    ("one of two conditions, ok", EITHER, "", "AC", "", OK),
    ("one of two conditions, failed", EITHER, "A", "C", "A", OK),
    ("completed, ok", ALWAYS, "", "AC", "", OK),
    ("completed, failed", ALWAYS, "A", "C", "A", OK),
    ("a skipped leaf with a failed parent among two", TWO_PARENTS, "AB", "", "AB", BAD),
    ("a skipped leaf whose parents are both ok", TWO_PARENTS, "", "AB", "", OK),
    ("a skipped activity is not completed", CHAIN, "A", "D", "A", OK),
]


@pytest.mark.parametrize(("edges", "failing", "good", "bad", "end"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_pattern(edges: dict[str, dict[str, str]], failing: str, good: str, bad: str, end: str) -> None:
    play = Play()
    run = play.go(*pipeline(edges, failing))
    assert play.statuses(run) == {**dict.fromkeys(good, OK), **dict.fromkeys(bad, BAD)}
    assert run.status["state"] == end.lower()
    if end == BAD:
        assert run.status["message"].startswith("Operation on target ")


@pytest.mark.parametrize(("edges", "failing", "good", "bad", "end"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_inner_lists_go_by_the_same_rule(edges: dict[str, dict[str, str]], failing: str, good: str, bad: str, end: str) -> None:
    play = Play()
    run = play.go(activity("each", "ForEach", items=["x"], activities=pipeline(edges, failing)))
    assert play.statuses(run) == {**dict.fromkeys(good, OK), **dict.fromkeys(bad, BAD), "each": end}
    assert run.status["state"] == end.lower()
