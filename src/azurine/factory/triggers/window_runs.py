"""The run of one window: waits for what it needs and for its turn, runs the pipeline, tries again, and ends as its pipeline did.

    waiting ─▶ waiting on dependency ─▶ running ─▶ succeeded, failed, cancelled
        ▲                                  │
        └──── after a pause, when the pipeline failed and may be tried again

Whoever waits for another window looks at it now and then: after a second at first, more seldom the longer it takes. Who waits for a
turn is called by the one that has ended. Nobody waits longer than a week.

https://learn.microsoft.com/azure/data-factory/how-to-create-tumbling-window-trigger
"""

from dataclasses import dataclass
from typing import Any

from azurine.expressions.factory import ExpressionError
from azurine.factory import kinds
from azurine.factory.triggers import dependencies, firing, tumbling
from azurine.factory.triggers.sorts import is_started
from azurine.factory.triggers.tumbling import Tumbling
from azurine.model import ids, states
from azurine.model.decisions import Create, Decision, Delete, Effect, Update
from azurine.model.kinds import Look
from azurine.model.resources import Resource
from azurine.model.states import State

WAITING, ON_DEPENDENCY = "Waiting", "Waiting on dependency"
LONGEST = 7 * 86_400.0
_SELDOM = 60.0


def decide(look: Look) -> Decision:
    run = look.resource
    trigger = look.references.get(ids.parent(run.id))
    if trigger is None:
        return Decision(run.status, settled=True)
    status = {key: value for key, value in run.status.items() if key != "outcomes"}
    if status.get("attempt") != firing.attempt(run):
        status = {"attempt": firing.attempt(run), "state": State.PENDING, "why": WAITING, "tries": 0, "since": look.now}
    return _Window(look, trigger, tumbling.of(trigger, look.references), status).decided()


@dataclass(slots=True)
class _Window:
    look: Look
    trigger: Resource
    definition: Tumbling | None
    status: dict[str, Any]

    def decided(self) -> Decision:
        if states.is_final(self.status["state"]):
            return self._at_rest()
        run = self.look.resource
        is_unwanted = run.spec.get("cancel") == firing.attempt(run) or run.deleting
        if self.status["state"] == State.RUNNING:
            return self._watched(is_unwanted)
        if is_unwanted:
            return self._over(State.CANCELLED)
        if self.definition is None:
            return self._over(State.CANCELLED, f"The trigger '{self.trigger.name}' has no such windows any more.")
        return self._waited(self.definition)

    def _waited(self, definition: Tumbling) -> Decision:
        now = self.look.now
        if not is_started(self.trigger.spec["properties"]) and not firing.attempt(self.look.resource):
            return self._waits(WAITING, None)
        if now < self.status.get("until", 0.0):
            return self._waits(WAITING, float(self.status["until"]))
        lacking = dependencies.lacking(self.look.resource, self.trigger, definition, self.look.references)
        self.status["dependencies"] = lacking
        if lacking:
            began = float(self.status["since"])
            if now >= began + LONGEST:
                return self._over(State.FAILED, f"It has waited for 7 days for {', '.join(lacking)}.")
            return self._waits(ON_DEPENDENCY, min(now + min(max((now - began) / 10, 1.0), _SELDOM), began + LONGEST))
        if self._running() >= definition.concurrency:
            return self._waits(WAITING, now + _SELDOM)
        return self._begun()

    def _waits(self, why: str, wake_at: float | None) -> Decision:
        self.status["why"] = why
        return Decision(self.status, self._ticket(), wake_at)

    def _begun(self) -> Decision:
        try:
            [wanted] = self._wanted()
        except ExpressionError as error:
            return self._over(State.FAILED, f"{error.path}: {error.message}")
        self.status |= {"state": State.RUNNING, "why": "", "pipelines": {str(wanted.body["pipeline"]): ids.name(wanted.id)}}
        return Decision(self.status, (*self._ticket(), wanted))

    def _watched(self, is_unwanted: bool) -> Decision:
        [wanted] = self._wanted()
        refused = self.look.outcome(f"create:{wanted.id}")
        if refused is not None:
            return self._over(State.FAILED, str((refused.get("error") or {}).get("message")))
        pipeline = self.look.references.get(wanted.id)
        if pipeline is None:
            return Decision(self.status, (wanted,))
        state = str(pipeline.status.get("state", State.PENDING))
        if not states.is_final(state):
            wish = {"cancel": {"recursive": True}}
            return Decision(self.status, (Update(pipeline.id, wish),) if is_unwanted and not pipeline.spec.get("cancel") else ())
        retries = self.definition.retries if self.definition is not None else 0
        if state == State.FAILED and not is_unwanted and self.status["tries"] < retries and self.definition is not None:
            until = self.look.now + self.definition.pause
            self.status |= {"state": State.PENDING, "tries": self.status["tries"] + 1, "until": until}
            return self._waits(WAITING, until)
        return self._over(State(state), str(pipeline.status.get("message") or ""))

    def _over(self, state: State, message: str = "") -> Decision:
        self.status |= {"state": state, "why": "", "message": message, "ended": self.look.now}
        return self._at_rest()

    def _at_rest(self) -> Decision:
        """The ticket goes, and those who wait for a turn are called; only when that is done it settles."""
        own = tumbling.ticket_id(self.look.resource)
        outcomes = frozenset(self.look.resource.status.get("outcomes", {}))
        if self.look.references.get(own) is None:
            return Decision(self.status, settled=True, taken=outcomes)
        free = max(0, (self.definition.concurrency if self.definition else 0) - self._running())
        ready = [one for one in self._standing() if (status := one.status).get("state") == State.PENDING and status.get("why") == WAITING]
        name = f"{self.look.resource.name}#{self.status['attempt']}"
        calls = [Update(one.id, {"called": name}) for one in ready[:free]]
        return Decision(self.status, (Delete(own), *calls), wake_at=self.look.now, taken=outcomes)

    def _wanted(self) -> list[Create]:
        pipelines = tumbling.pipelines(self.trigger, self.look.references)
        return firing.creates(self.look.resource, pipelines, f"{self.status['attempt']}.{self.status['tries']}")

    def _ticket(self) -> tuple[Effect, ...]:
        """One that is run again needs a ticket of its own."""
        run = self.look.resource
        own = tumbling.ticket_id(run)
        if self.look.references.get(own) is not None:
            return ()
        return (Create(own, kinds.OPEN_WINDOWS, {"run": run.id, "number": run.spec["number"]}),)

    def _running(self) -> int:
        return sum(1 for one in self._standing() if one.status.get("state") == State.RUNNING)

    def _standing(self) -> list[Resource]:
        """The other windows that are open, oldest first."""
        tickets = self.look.references.children(self.trigger.id, kinds.OPEN_WINDOWS)
        named = [str(one.spec["run"]) for one in sorted(tickets, key=lambda one: int(one.spec["number"])) if not one.deleting]
        found = [self.look.references.get(name) for name in named if name != self.look.resource.id]
        return [one for one in found if one is not None]
