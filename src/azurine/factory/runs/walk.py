"""One look at a run: what has moved is taken up, and all that can go on goes on, as far as one look should go.

A queue holds the activities to be asked. Each is asked with its sight (`factory.sight`); its progress is applied, which may end it, and
then those that depend on it are decided, and so on. A look ends a bounded number of activities, so that no run keeps the others
waiting; what is left is asked at the next look, at once. Nothing here is kept but what `freeze` writes down.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from azurine.expressions import factory as formulas
from azurine.expressions.factory import ExpressionError, Scope
from azurine.factory import activities, definitions, kinds, variables
from azurine.factory.definitions import Activity
from azurine.factory.runs import frames, records, scopes, verdicts
from azurine.factory.runs.frames import Frame, Going
from azurine.factory.sight import INVALID, SYSTEM, USER, Ended, Error, Progress, Run, Sight, Sort, failed
from azurine.model import errors, states
from azurine.model.decisions import Create, Effect
from azurine.model.kinds import Look
from azurine.model.resources import Json
from azurine.model.states import State

AT_ONCE = 250
"""Activities that one look ends. More in a long list, for with a list grows what a look writes."""
CANCELLED, TIMED_OUT, CLOSING = "Cancelled", "TimedOut", "Closing"
"""What an attempt is about to end as; closing: a container that is over, and whose inner activities have not all ended yet."""
GRACE = 60.0
"""Seconds that work is given to end once it is told to."""
NOT_HERE = "ActivityTypeNotSupported"


@dataclass(slots=True)
class Walk:
    look: Look
    run: Run
    root: Frame
    scope: Scope
    values: dict[str, Any]
    ending: str = ""
    recursive: bool = True
    table: Mapping[str, Sort] = field(default_factory=lambda: activities.TABLE)
    effects: list[Effect] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    wake_at: float | None = None
    returned: Json | None = None
    _queue: deque[tuple[Frame, str]] = field(default_factory=deque)
    _left: int = 0
    _fresh: dict[str, Json] = field(default_factory=dict)
    _own: set[str] = field(default_factory=set)

    def enter(self, frame: Frame) -> None:
        """Begins a list: what depends on nothing is decided."""
        self._decide(frame, frame.line.roots)

    def follow(self, frame: Frame, name: str) -> None:
        """An activity is over without having run here: who depends on it is decided."""
        self._decide(frame, frame.line.followers[name])

    def advance(self) -> None:
        self._left = AT_ONCE + self.run.definition.size // 4
        self._gather()
        while self._queue and self._left > 0:
            frame, name = self._queue.popleft()
            going = frame.going.get(name)
            if going is not None:
                self._ask(frame, name, going)
        if self._queue:
            self.wake(self.look.now)

    @property
    def is_over(self) -> bool:
        return not self.root.going

    def wake(self, at: float | None) -> None:
        if at is not None and (self.wake_at is None or at < self.wake_at):
            self.wake_at = at

    def live(self) -> list[tuple[Frame, str, Going]]:
        """All that is going, outer ones first."""
        return all_of(self.root)

    def _gather(self) -> None:
        """Puts into the queue whoever may have something to say; a container with lists under way is asked when one of them ends."""
        for frame, name, going in self.live():
            if not going.branches or going.ended or going.ending or self.ending or (going.wake_at is not None and going.wake_at <= self.look.now):
                self._queue.append((frame, name))
            else:
                self.wake(going.wake_at)

    def _ask(self, frame: Frame, name: str, going: Going) -> None:
        activity = frame.line.activities[name]
        if going.ending == CLOSING and not self.ending:
            self._close_container(frame, activity, going)
            return
        if (self.ending or _is_closing(frame)) and not self._still_ends(frame, activity, going):
            return
        if going.retry_at is not None:
            if self.look.now < going.retry_at:
                self.wake(going.retry_at)
                return
            going.retry_at = None
        sort = self.table.get(activity.type)
        if not going.id and not self._begin(frame, activity, going, sort):
            return
        self._check_time(going)
        self._apply(frame, activity, going, self._progress(frame, activity, going, sort))

    def _close_container(self, frame: Frame, activity: Activity, going: Going) -> None:
        """A container that was over before its inner activities were: over for good once they are."""
        if not going.branches and going.memory is not None:
            going.ending = ""
            code, message, kind = going.memory["error"]
            self._finish(frame, activity, going, verdicts.FAILED, failed(code, message, kind))

    def _begin(self, frame: Frame, activity: Activity, going: Going, sort: Sort | None) -> bool:
        """Begins an attempt. False: it is over already."""
        going.id = str(uuid5(NAMESPACE_URL, f"{self.run.id}#{self.look.resource.created_at}{frame.path}/{activity.name}#{going.attempt}"))
        going.began = self.look.now
        going.memory = going.input = going.output = None
        if activity.mark:
            self._record(frame, activity, going, records.INACTIVE)
            self._close(frame, activity, activity.mark, {"s": activity.mark, "i": going.id})
            return False
        if sort is None or activity.wrong:
            word = str(activity.written.get("type"))
            problem = Error(INVALID, activity.wrong) if activity.wrong else Error(NOT_HERE, f"Activities of type '{word}' cannot run on this server.")
            self._finish(frame, activity, going, verdicts.FAILED, Progress(State.FAILED, error=problem))
            return False
        if sort.works and sort.timed:
            try:
                length = self._time_out(frame, activity)
            except ExpressionError as problem:
                self._finish(frame, activity, going, verdicts.FAILED, failed(INVALID, problem.message))
                return False
            going.deadline = self.look.now + length
        return True

    def _time_out(self, frame: Frame, activity: Activity) -> float:
        said = activity.policy.timeout
        if said is None:
            return definitions.TIMEOUT
        found = definitions.seconds(formulas.evaluate(said, scopes.of(frame, self.scope)))
        if found is None:
            raise ExpressionError(f"The time-out of the activity '{activity.name}' must be written like 0.12:00:00, not '{said}'.")
        return found

    def _check_time(self, going: Going) -> None:
        if going.deadline is None:
            return
        if not going.ending and self.look.now >= going.deadline:
            going.ending, going.deadline = TIMED_OUT, self.look.now + GRACE
        self.wake(going.deadline)

    def _still_ends(self, frame: Frame, activity: Activity, going: Going) -> bool:
        """The run is being cancelled. True: it has work that must be told to end, and may take its time."""
        if going.branches:
            return False
        sort = self.table.get(activity.type)
        if sort is not None and sort.works and going.id and going.retry_at is None and (sort.timed or self.recursive):
            if not going.ending:
                going.ending, going.deadline = CANCELLED, self.look.now + GRACE
            return True
        self._cancel(frame, activity, going)
        return False

    def _cancel(self, frame: Frame, activity: Activity, going: Going) -> None:
        """What had not begun never appears."""
        if going.id and going.retry_at is None:
            self._record(frame, activity, going, CANCELLED)
        del frame.going[activity.name]
        if not frame.going and frame.above is not None:
            above, name, key = frame.above
            del above.going[name].branches[key]
            self._queue.append((above, name))

    def _progress(self, frame: Frame, activity: Activity, going: Going, sort: Sort | None) -> Progress:
        assert sort is not None
        scope = scopes.of(frame, self.scope)
        if activity.chance:
            scope = scopes.drawing(scope, going.id)
        sight = Sight(
            activity,
            self.run,
            going.id,
            f"{self.run.id}#{going.id}",
            self.look.now,
            going.began,
            scope,
            self.look.references,
            going.attempt,
            going.memory,
            self.look.resource.status.get("outcomes", {}),
            going.ended,
            bool(going.ending),
            self._fresh,
        )
        try:
            return sort.step(sight)
        except ExpressionError as problem:
            return failed(INVALID, problem.message)
        except errors.AzurineError as problem:
            return failed(problem.code, problem.message, SYSTEM if isinstance(problem, errors.Temporary) else USER)

    def _apply(self, frame: Frame, activity: Activity, going: Going, progress: Progress) -> None:
        going.ended = {}
        if progress.input is not None:
            going.input = progress.input
        if progress.output is not None:
            going.output = progress.output
        if progress.memory is not None:
            going.memory = progress.memory
        self.effects.extend(progress.effects)
        for page, content in progress.pages.items():
            identifier = f"{self.run.id}/pages/{going.id}-{page}"
            known = self.look.references.get(identifier)
            self._fresh[identifier] = content if known is None else known.spec["content"]
            self.effects.append(Create(identifier, kinds.PAGES, {"content": content}, owned=False))
        if going.ending:
            if progress.state != State.RUNNING or (going.deadline is not None and self.look.now >= going.deadline):
                self._has_ended(frame, activity, going)
            return
        if states.is_final(progress.state) and going.branches and progress.error is not None:
            going.ending, going.memory = CLOSING, {"error": [progress.error.code, progress.error.message, progress.error.failure_type]}
            self._queue.extend((inner, name) for branch in going.branches.values() for inner, name, _ in all_of(branch))
            return
        if states.is_final(progress.state):
            self._take(progress)
            result = verdicts.SUCCEEDED if progress.state == State.SUCCEEDED else verdicts.FAILED
            self._finish(frame, activity, going, result, progress, progress.word)
            return
        going.wake_at = progress.wake_at
        self.wake(progress.wake_at)
        for branch in progress.open:
            inner = going.branches[branch.key] = frames.below(frame, activity.name, branch.key, branch.line, branch.item)
            self.enter(inner)

    def _has_ended(self, frame: Frame, activity: Activity, going: Going) -> None:
        if going.ending == CANCELLED:
            self._cancel(frame, activity, going)
            return
        message = f"The activity '{activity.name}' was timed out after {round(self.look.now - going.began)} seconds."
        going.ending, going.deadline = "", None
        self._finish(frame, activity, going, verdicts.FAILED, failed("ActivityTimedOut", message), TIMED_OUT)

    def _take(self, progress: Progress) -> None:
        """What it does to the variables, and to what the pipeline returns."""
        definition = self.run.definition
        for name, value in progress.variables:
            known = variables.spelled(definition, name)
            self.values[known] = value
            self._own.discard(known)
        for name, value in progress.append:
            known = variables.spelled(definition, name)
            if known not in self._own:
                self.values[known] = list(self.values[known])
                self._own.add(known)
            self.values[known].append(value)
        if progress.returned is not None:
            self.returned = progress.returned

    def _finish(self, frame: Frame, activity: Activity, going: Going, result: str, progress: Progress, status: str = "") -> None:
        """An attempt is over: once more, or for good."""
        error = records.error_of(progress.error, activity) if progress.error is not None else None
        self._record(frame, activity, going, status or result, output=progress.output, error=error)
        if result == verdicts.FAILED and going.attempt < activity.policy.retry:
            frame.going[activity.name] = Going(attempt=going.attempt + 1, retry_at=self.look.now + activity.policy.interval)
            self.wake(self.look.now + activity.policy.interval)
            return
        told: Any = {
            "s": result,
            "o": progress.output,
            "e": error or records.error_of(None, activity),
            "i": going.id,
            "p": self.run.definition.name,
            "b": going.began,
            "f": self.look.now,
        }
        self._close(frame, activity, result, told, error["message"] if error else "")

    def _record(self, frame: Frame, activity: Activity, going: Going, status: str, **more: Any) -> None:
        self._left -= 1
        self.records.append(
            records.record(
                activity,
                status,
                id=going.id,
                began=going.began,
                ended=self.look.now,
                attempt=going.attempt,
                hash=frame.hash,
                input=going.input,
                user=self._user_properties(frame, activity),
                **more,
            )
        )

    def _user_properties(self, frame: Frame, activity: Activity) -> dict[str, Any] | None:
        given = activity.written.get("userProperties")
        if not given:
            return None
        said = {}
        for one in given:
            try:
                said[str(one.get("name"))] = variables.text(formulas.evaluate(one.get("value"), scopes.of(frame, self.scope)))
            except ExpressionError as problem:
                said[str(one.get("name"))] = problem.message
        return said

    def _close(self, frame: Frame, activity: Activity, result: str, told: Any, message: str = "") -> None:
        """It is over for good: who depends on it is decided, and the list it stands in may have ended."""
        # A failure is remembered with its words, for whoever has to say why the list failed.
        frame.over[activity.name] = told if activity.speaks or result == verdicts.FAILED else result
        frame.going.pop(activity.name, None)
        self._decide(frame, frame.line.followers[activity.name])
        if not frame.going and frame.above is not None:
            self._end_of(frame)

    def _decide(self, frame: Frame, names: tuple[str, ...]) -> None:
        """Of those that may be decided now: who runs, and who is skipped, and who is skipped because of that."""
        pending = deque(names)
        while pending:
            name = pending.popleft()
            activity = frame.line.activities[name]
            if name in frame.over or name in frame.going or any(needed not in frame.over for needed, _ in activity.needs):
                continue
            results = {needed: frame.result(needed) for needed, _ in activity.needs}
            if verdicts.may_run(activity, results):
                frame.going[name] = Going()
                self._queue.append((frame, name))
            else:
                frame.over[name] = verdicts.SKIPPED
                pending.extend(frame.line.followers[name])

    def _end_of(self, frame: Frame) -> None:
        """An inner list has ended: its activity is told."""
        assert frame.above is not None
        above, name, key = frame.above
        owner = above.going[name]
        del owner.branches[key]
        failed_one = verdicts.culprit(frame.line, frame.results())
        sort = self.table.get(above.line.activities[name].type)
        seen = {one: scopes.told(result) for one, result in frame.over.items()} if sort is not None and sort.inward else {}
        owner.ended = {**owner.ended, key: Ended(failed_one, message_of(frame.over.get(failed_one)), seen)}
        self._queue.append((above, name))


def all_of(root: Frame) -> list[tuple[Frame, str, Going]]:
    """All that is going in a frame and below it, outer ones first."""
    found = []
    pending = [root]
    while pending:
        frame = pending.pop()
        for name, going in frame.going.items():
            found.append((frame, name, going))
            pending.extend(going.branches.values())
    return found


def _is_closing(frame: Frame) -> bool:
    """Does it lie in a container that is over?"""
    while frame.above is not None:
        above, name, _ = frame.above
        if above.going[name].ending == CLOSING:
            return True
        frame = above
    return False


def message_of(result: Any) -> str:
    error: Mapping[str, Any] = (result.get("e") or {}) if isinstance(result, Mapping) else {}
    return str(error.get("message") or "")
