"""The performer of `graph`: nodes of a pipeline that run together, each a wish of its own, become one task.

    wishes of all members ── gathered ──▶ one order ──▶ `steps` ──▶ what is seen of the task ──▶ each member's outcome, filed under its key

A member is waited for until its wish is there, or it has come to rest (it was done by an earlier attempt, cancelled, or never was). A task
that was begun already, before a restart of the server, waits for nobody: it is adopted with the first wish, and the others hear of it as
they come. How each node went stands in the task's folder (`tasks.told`) as soon as it is done.

When the task is lost or was stopped because some of its nodes were cancelled, those that are not done are lost too: they come again with
the next attempt, without the cancelled ones and without those that need them.
"""

import hashlib
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from azurine.compute import tasks
from azurine.model import ids, states
from azurine.model.decisions import Outcome
from azurine.model.resources import Json
from azurine.model.states import State
from azurine.reconcile.performers import File, Request
from azurine.reconcile.steps import Steps

_logger = logging.getLogger(__name__)

COMMAND = "python -m azurine.guest.graph"
_OF_THE_GRAPH = ("workspace", "experiment", "root", "compute", "python")
"""What is the same for all members."""


@dataclass(slots=True)
class _Member:
    request: Request
    file: File
    is_told: bool = False


@dataclass(slots=True)
class _Group:
    """key: of the task. names: of the members' jobs, by node. ceased: nodes that were cancelled."""

    key: str
    run: str
    names: Mapping[str, str]
    members: dict[str, _Member] = field(default_factory=dict)
    ceased: set[str] = field(default_factory=set)
    is_begun: bool = False
    newest: Outcome | None = None


class Graphs:
    """rests: has the job (its id) come to rest, or is it not there?"""

    def __init__(self, steps: Steps, rests: Callable[[str], bool]) -> None:
        self._steps = steps
        self._rests = rests
        self._lock = threading.RLock()
        self._groups: dict[str, _Group] = {}
        self._of: dict[str, tuple[str, str]] = {}

    def perform(self, request: Request, file: File) -> None:
        said = request.arguments
        with self._lock:
            key = _key(said)
            group = self._groups.get(key)
            if group is None:
                group = self._groups[key] = _Group(key, ids.name(str(said["pipeline"])), said["fused"]["members"])
            node = str(said["node"])
            group.members[node] = _Member(request, file)
            self._of[request.key] = (key, node)
            self._look(group)

    def cease(self, key: str, file: File) -> None:
        with self._lock:
            found = self._of.get(key)
            group = self._groups.get(found[0]) if found is not None else None
            if found is None or group is None:
                file(Outcome(State.CANCELLED))
                return
            group.ceased.add(found[1])
            if group.is_begun:
                self._steps.cease(group.key, lambda outcome: self._seen(group, outcome))
            else:
                self._look(group)

    def _look(self, group: _Group) -> None:
        """Begins the task when everybody is there; tells who comes late."""
        if not group.is_begun:
            is_known = (self._steps.task_folder(group.run, group.key) / tasks.ORDER).exists()
            if not is_known and not all(self._is_there(group, node) for node in group.names):
                return
            order = self._order(group)
            if not is_known and not order["nodes"]:
                self._seen(group, Outcome(State.CANCELLED))
                return
            group.is_begun = True
            self._steps.perform(Request(ids.parent(group.key), group.key, order), lambda outcome: self._seen(group, outcome))
        if group.newest is not None:
            self._seen(group, group.newest)

    def _is_there(self, group: _Group, node: str) -> bool:
        if node in group.members or node in group.ceased:
            return True
        said = next(iter(group.members.values())).request.arguments
        earlier = (_key({**said, "attempt": attempt}) for attempt in range(1, int(said["attempt"])))
        if any(node in tasks.told(self._steps.task_folder(group.run, key)) for key in earlier):
            return True
        return self._rests(ids.child(str(said["workspace"]), "jobs", group.names[node]))

    def _order(self, group: _Group) -> dict[str, Any]:
        """The wish for the whole: the nodes that are there, without the cancelled ones and those that need them."""
        arguments = {node: one.request.arguments for node, one in group.members.items()}
        some = next(iter(arguments.values()))
        left_out = group.ceased | _lost(group).keys()
        return {
            **{name: some.get(name) for name in _OF_THE_GRAPH},
            "run": group.run,
            "command": COMMAND,
            "nodes": [_node(node, arguments[node], arguments) for node in group.names if node in arguments and node not in left_out],
            "halt": some["fused"]["halt"],
            "timeout": None,
            "distribution": None,
            "instances": 1,
        }

    def _seen(self, group: _Group, outcome: Outcome) -> None:
        """What is known of the task, told to every member that does not know how it went."""
        with self._lock:
            group.newest = outcome
            told = tasks.told(self._steps.task_folder(group.run, group.key))
            is_over = states.is_final(outcome.state)
            lost = _lost(group) if is_over else {}
            for node, member in group.members.items():
                if member.is_told:
                    continue
                found = _of_node(node, told, lost, group.ceased, outcome)
                member.is_told = states.is_final(found.state)
                member.file(found)
            if is_over:
                for member in group.members.values():
                    self._of.pop(member.request.key, None)
                self._groups.pop(group.key, None)


def _key(said: Json) -> str:
    """Of the task: the same for all members, another for another attempt. Begins with the pipeline's id, as those of steps do with the job's."""
    names = hashlib.sha256("\n".join(sorted(said["fused"]["members"].values())).encode()).hexdigest()[:16]
    return f"{said['pipeline']}#graph-{names}#run#{said['attempt']}"


def _node(node: str, said: Json, all_of_them: Mapping[str, Json]) -> dict[str, Any]:
    sources = {port: source for port, source in said["fused"]["sources"].items() if source[0] in all_of_them}
    wanted = said["fused"]["wanted"]
    return {
        "name": node,
        "component": said["fused"]["component"],
        "run": said["run"],
        "sources": sources,
        "inputs": {port: one for port, one in said["inputs"].items() if port not in sources},
        "outputs": {port: one for port, one in said["outputs"].items() if port in wanted},
        "spare": {port: one for port, one in said["outputs"].items() if port not in wanted},
    }


def _lost(group: _Group) -> dict[str, str]:
    """Nodes that cannot run, as something that they need was cancelled: what that is."""
    lost: dict[str, str] = {}
    grown = bool(group.ceased)
    while grown:
        grown = False
        for node, member in group.members.items():
            needs = [source[0] for source in member.request.arguments["fused"]["sources"].values()]
            cause = next((lost.get(one, one) for one in needs if one in group.ceased or one in lost), None)
            if cause is not None and node not in lost and node not in group.ceased:
                lost[node] = cause
                grown = True
    return lost


def _of_node(node: str, told: Mapping[str, Json], lost: Mapping[str, str], ceased: set[str], outcome: Outcome) -> Outcome:
    """What is known of a node, from what is known of the task."""
    if node in told:
        return _result(told[node])
    if not states.is_final(outcome.state):
        return Outcome(outcome.state, {name: one for name, one in outcome.output.items() if name != "phase"} | {"phase": _phase(outcome)})
    if node in ceased:
        return Outcome(State.CANCELLED, {}, {"code": "Canceled", "message": "The step was cancelled."})
    if node in lost:
        return _skipped(f"it needs {lost[node]}, which was cancelled")
    if outcome.state == State.CANCELLED and ceased:
        # Stopped because of others: it comes again with those that are left.
        return Outcome(State.FAILED, {"lost": True}, {"code": "Interrupted", "message": "Another node of its group was cancelled."})
    if outcome.state == State.SUCCEEDED:
        return Outcome(State.FAILED, {}, {"code": "InternalError", "message": "the graph ended without a word about this node"})
    return Outcome(outcome.state, outcome.output, outcome.error)


def _result(told: Json) -> Outcome:
    seconds = float(told["seconds"])
    output = {"ended": told["ended"], "phases": {"prepare_s": 0.0, "run_s": seconds, "finalize_s": 0.0}, "seconds": seconds, "rows": told["rows"]}
    match told["state"]:
        case State.SUCCEEDED:
            return Outcome(State.SUCCEEDED, output)
        case State.SKIPPED:
            return _skipped(str(told["error"]))
        case _:
            return Outcome(State.FAILED, output, {"code": told["code"], "message": told["error"]})


def _skipped(why: str) -> Outcome:
    return Outcome(State.SKIPPED, {}, {"code": "NotRun", "message": f"Not run: {why}."})


def _phase(outcome: Outcome) -> str:
    """Where the task is; that some of its nodes are done is no phase of the others."""
    said = str(outcome.output.get("phase") or "")
    return "running" if said.startswith("told-") else said
