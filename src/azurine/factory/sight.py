"""What an activity is given (a sight) and what it answers (progress): the contract of `factory.activities`.

An activity is one function from a sight to progress. It is called when its attempt begins, and again whenever something that it
may wait for has moved, until it answers that it is over. It has no I/O and no clock; between two calls it remembers what it put
into `memory`, and nothing else. What the walker does with progress (records, retries, time-outs, masks, what follows): `factory.runs`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from azurine.expressions import factory as formulas
from azurine.expressions.factory import ABSENT, Scope
from azurine.factory.definitions import Activity, Definition
from azurine.factory.faults import Faults
from azurine.model import states
from azurine.model.decisions import Cease, Effect, Perform
from azurine.model.kinds import References
from azurine.model.resources import Json, Resource
from azurine.model.states import State

USER = "UserError"
SYSTEM = "SystemError"
INVALID = "InvalidTemplate"
"""The errorCode of an expression that cannot be evaluated."""


@dataclass(frozen=True, slots=True)
class Error:
    """code, message and whose fault it is, as `activity('X').error` and monitoring tell it."""

    code: str
    message: str
    failure_type: str = USER


@dataclass(frozen=True, slots=True)
class Ended:
    """How an inner list of activities went. failed: the name of the activity because of which it failed, "" when it succeeded.

    seen: what `activity('X')` answers for those of its activities that are spoken of.
    """

    failed: str = ""
    message: str = ""
    seen: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Branch:
    """An inner list to be walked: `line` names one of the activity's lists (see `Sort.lists`), key tells this walk of it from others."""

    key: str
    line: str
    item: Any = ABSENT


@dataclass(frozen=True, slots=True)
class Run:
    """The run that the activity belongs to. id: the resource. parameters: the pipeline's arguments, coerced."""

    id: str
    factory: str
    definition: Definition
    parameters: Mapping[str, Any]
    name: str = ""
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Sight:
    """One look at one attempt of an activity.

    id: the activity run's (another one for each attempt). key: names this attempt's work for ever: the key of its `Perform`.
    attempt: 0 for the first. began: when this attempt began. memory: what the last progress of this attempt left; None at the first call.
    outcomes: what was filed in the run, by key. ended: inner lists that have ended since the last call, by branch.
    fresh: pages put aside in this look. ending: it was cancelled or is out of time: wish what ends its work (`Cease`, …), and answer `over` once that is gone.
    """

    activity: Activity
    run: Run
    id: str
    key: str
    now: float
    began: float
    scope: Scope
    references: References
    attempt: int = 0
    memory: Json | None = None
    outcomes: Mapping[str, Json] = field(default_factory=dict)
    ended: Mapping[str, Ended] = field(default_factory=dict)
    ending: bool = False
    fresh: Mapping[str, Json] = field(default_factory=dict)

    def value(self, key: str, default: Any = None) -> Any:
        """A property (of `typeProperties`), evaluated. Raises ExpressionError. default: when it is not there, or null."""
        found = self.activity.templates.get(key)
        if found is None:
            return default
        made = found.evaluate(self.scope)
        return default if made is None else made

    def evaluate(self, value: Any, scope: Scope | None = None) -> Any:
        """Any JSON, evaluated here; with another scope for what speaks of `dataset()` or `linkedService()`."""
        return formulas.evaluate(value, scope or self.scope)

    def properties(self) -> dict[str, Any]:
        """All properties, evaluated: what monitoring shows as the input of most activities."""
        return {key: template.evaluate(self.scope) for key, template in self.activity.templates.items()}

    def document(self, kind: str, name: str) -> Resource | None:
        """A dataset, linked service, pipeline, … of the same factory."""
        return self.references.get(f"{self.run.factory}/{kind.partition('/')[2]}/{name}")

    def outcome(self, key: str = "") -> Json | None:
        """What is filed under this attempt's key (or one that begins with it): {"state", "output", "error"}."""
        return self.outcomes.get(key or self.key)

    def page(self, name: str) -> Json | None:
        """What an earlier progress of this attempt put aside with `pages`."""
        identifier = self.page_id(name)
        fresh = self.fresh.get(identifier)
        if fresh is not None:
            return fresh
        found = self.references.get(identifier)
        return found.spec["content"] if found is not None else None

    def page_id(self, name: str) -> str:
        return f"{self.run.id}/pages/{self.id}-{name}"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an attempt stands. state: running, or one of the final ones (succeeded, failed, cancelled).

    input: after evaluation, as monitoring shows it; may be said at any call, the last word counts. output: of what is over; while it is
    running, what monitoring shows of it meanwhile. memory: what the next call is given
    (None leaves it as it was). effects: everything that should be so now, each time (the loop leaves out what is done). wake_at: call
    again then at the latest. open: inner lists to walk from now on. variables: (name, value) to set, in order; append: to append.
    returned: what the pipeline returns to its caller. word: how monitoring calls a failure that has a status of its own. pages: what is too long to be carried along in memory, kept for `Sight.page`.
    """

    state: State = State.RUNNING
    input: Json | None = None
    output: Json | None = None
    error: Error | None = None
    memory: Json | None = None
    effects: tuple[Effect, ...] = ()
    wake_at: float | None = None
    open: tuple[Branch, ...] = ()
    variables: tuple[tuple[str, Any], ...] = ()
    append: tuple[tuple[str, Any], ...] = ()
    returned: Json | None = None
    word: str = ""
    pages: Mapping[str, Json] = field(default_factory=dict)


def succeeded(output: Json | None = None, **more: Any) -> Progress:
    return Progress(State.SUCCEEDED, output=output or {}, **more)


def failed(code: str, message: str, failure_type: str = USER, **more: Any) -> Progress:
    return Progress(State.FAILED, error=Error(code, message, failure_type), **more)


def over() -> Progress:
    """Nothing is left of it, after `ending`."""
    return Progress(State.CANCELLED)


def work(sight: Sight, name: str, arguments: Callable[[], tuple[Json, Json]], finished: Callable[[Json], Progress] | None = None) -> Progress:
    """The progress of an activity that is one piece of work of the performer `name`: all that most work activities need.

    arguments: called once per attempt; answers (what the performer is given, what monitoring shows as input), evaluated. finished: what
    the performer's output becomes; by default it is the activity's output as it is. An outcome's error is {"code", "message"} and may
    say {"failureType": "SystemError"}.
    """
    if sight.ending:
        return end(sight, name)
    outcome = sight.outcome()
    if outcome is not None and states.is_final(outcome["state"]):
        return _finished(outcome, finished)
    if sight.memory is not None:
        return Progress(effects=(Perform(sight.key, name, sight.memory["arguments"]),))
    given, shown = arguments()
    return Progress(input=shown, memory={"arguments": given}, effects=(Perform(sight.key, name, given),))


def end(sight: Sight, name: str) -> Progress:
    """The progress of such an activity when it is ending."""
    outcome = sight.outcome()
    if sight.memory is None or (outcome is not None and states.is_final(outcome["state"])):
        return over()
    return Progress(effects=(Cease(sight.key, name),))


def _finished(outcome: Json, finished: Callable[[Json], Progress] | None) -> Progress:
    if outcome["state"] == State.SUCCEEDED:
        return finished(outcome["output"]) if finished is not None else succeeded(outcome["output"])
    error = outcome.get("error") or {}
    return failed(str(error.get("code") or "ActivityFailed"), str(error.get("message") or "The work failed."), str(error.get("failureType") or USER))


Step = Callable[[Sight], Progress]
Lists = Callable[[Json], Mapping[str, tuple[str, Any]]]
"""typeProperties → {name of an inner list: (its path below typeProperties, the list)}."""


@dataclass(frozen=True, slots=True)
class Checking:
    """A publish: the activity, where it stands, what is wrong so far, and what the pipeline declares."""

    activity: Json
    path: str
    faults: Faults
    parameters: Mapping[str, Json]
    variables: Mapping[str, Json]
    within: tuple[str, ...] = ()

    @property
    def properties(self) -> Json:
        found = self.activity.get("typeProperties")
        return found if isinstance(found, Mapping) else {}

    def note(self, key: str, message: str) -> None:
        self.faults.note(f"{self.path}.typeProperties.{key}" if key else self.path, message)

    def require(self, *keys: str) -> None:
        for key in keys:
            if self.properties.get(key) is None:
                self.note(key, f"Activity '{self.activity.get('name')}': '{key}' is required.")


@dataclass(frozen=True, slots=True)
class Sort:
    """One type of activity: what a file of `factory.activities` ends with.

    type: Data Factory's word. step: a sight becomes progress. check: what can be said before anything runs. lists: its inner lists.
    raw: properties that are not evaluated as they stand (inner lists are never). works: does it something outside of the run (an
    execution activity)? Then it has a time-out (unless `timed` is false), and is called with `ending`; without it the walker ends it by
    itself. inward: may its own properties speak of the activities in its lists?
    """

    type: str
    step: Step
    check: Callable[[Checking], None] = lambda checking: None
    lists: Lists = lambda properties: {}
    raw: Sequence[str] = ()
    works: bool = False
    timed: bool = True
    inward: bool = False
