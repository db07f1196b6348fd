"""Who may run, and how a list of activities has gone: Data Factory's two rules.

An activity is decided once all that it depends on is over. It runs when for each of these one of the wanted conditions holds
(Completed: succeeded or failed, not skipped); otherwise it is skipped.

A list is judged by its leaves, on which nobody depends. For a leaf that was skipped its parents count instead, and so on. The list
has succeeded when all that count have. A root that is skipped (it is inactive, and says so) has no parents: it counts for nothing.
https://learn.microsoft.com/azure/data-factory/tutorial-pipeline-failure-error-handling
"""

from collections.abc import Mapping

from azurine.factory.definitions import Activity, Line

SUCCEEDED, FAILED, SKIPPED = "Succeeded", "Failed", "Skipped"
_HOLDS = {SUCCEEDED: frozenset({SUCCEEDED, "Completed"}), FAILED: frozenset({FAILED, "Completed"}), SKIPPED: frozenset({SKIPPED})}


def may_run(activity: Activity, results: Mapping[str, str]) -> bool:
    """results: how each activity that is over went. Everything that this one needs is there."""
    return all(not wanted.isdisjoint(_HOLDS[results[needed]]) for needed, wanted in activity.needs)


def culprit(line: Line, results: Mapping[str, str]) -> str:
    """The activity because of which the list has failed; "" when it has succeeded."""
    seen: set[str] = set()
    pending = list(reversed(line.leaves))
    while pending:
        name = pending.pop()
        if name in seen:
            continue
        seen.add(name)
        if results[name] == FAILED:
            return name
        if results[name] == SKIPPED:
            pending.extend(needed for needed, _ in reversed(line.activities[name].needs))
    return ""
