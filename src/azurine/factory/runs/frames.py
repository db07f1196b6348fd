"""How far a run is: the lists that are being walked, each with what is over and what is going, as JSON and as what one look works on.

    frame  {"d": {activity: result}, "g": {activity: going}, "i": [item], "l": name of its list, "h": iteration hash}
    going  {} before its attempt has begun, then {"i": activity run, "n": attempt, "s": began, "m": memory, "in": input, "out": output so far, "w": wake, …}
    result "Succeeded", or {"s": "Succeeded", "o": output, …} when the pipeline speaks of the activity

Only what is going is carried along in full: a frame that has ended leaves one word in the frame above. So what a look must read and
write does not grow with the number of iterations that are over.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from azurine.expressions.factory import ABSENT, Scope
from azurine.factory.definitions import Line
from azurine.factory.sight import Ended
from azurine.model.resources import Json

LOOPS = ("foreach", "until")


@dataclass(slots=True, eq=False)
class Going:
    """An activity that is decided to run. id: of the attempt, "" before it began. retry_at: when the next attempt begins. ending: what it
    will be recorded as when its work is gone."""

    id: str = ""
    attempt: int = 0
    began: float = 0.0
    memory: Json | None = None
    input: Json | None = None
    output: Json | None = None
    wake_at: float | None = None
    deadline: float | None = None
    retry_at: float | None = None
    ending: str = ""
    ended: dict[str, Ended] = field(default_factory=dict)
    branches: "dict[str, Frame]" = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Frame:
    """One walk of one list. above: the frame and the activity that it belongs to, and its branch there; None for the pipeline's own."""

    line: Line
    path: str
    hash: str = ""
    item: Any = ABSENT
    list_name: str = ""
    above: "tuple[Frame, str, str] | None" = None
    over: dict[str, Any] = field(default_factory=dict)
    going: dict[str, Going] = field(default_factory=dict)
    scope: Scope | None = None

    def results(self) -> Mapping[str, str]:
        return {name: one if isinstance(one, str) else one["s"] for name, one in self.over.items()}

    def result(self, name: str) -> str:
        found = self.over[name]
        return found if isinstance(found, str) else str(found["s"])


def below(above: Frame, name: str, key: str, list_name: str, item: Any) -> Frame:
    """The frame of a branch that an activity opens."""
    activity = above.line.activities[name]
    path = f"{above.path}/{name}[{key}]"
    hash_ = sha256(path.encode()).hexdigest()[:32] if activity.type in LOOPS else above.hash
    return Frame(activity.lists[list_name], path, hash_, above.item if item is ABSENT else item, list_name, (above, name, key))


def thaw(line: Line, written: Json) -> Frame:
    """The frames of a run as they stand, to be worked on; nothing of `written` is changed."""
    root = Frame(line, "", over=dict(written.get("d", {})))
    pending = [(root, written)]
    while pending:
        frame, said = pending.pop()
        for name, one in said.get("g", {}).items():
            frame.going[name] = going = _going(one)
            for key, inner in one.get("b", {}).items():
                item = inner["i"][0] if "i" in inner else ABSENT
                made = going.branches[key] = below(frame, name, key, str(inner["l"]), item)
                made.over = dict(inner.get("d", {}))
                pending.append((made, inner))
    return root


def freeze(frame: Frame) -> dict[str, Any]:
    """The JSON of a frame and of all below it: as deep as the pipeline's lists are nested, which its publishing bounds."""
    said: dict[str, Any] = {"d": frame.over}
    if frame.going:
        said["g"] = {name: _said(going) for name, going in frame.going.items()}
    if frame.above is not None:
        said["l"] = frame.list_name
        if frame.item is not ABSENT and frame.item is not frame.above[0].item:
            said["i"] = [frame.item]
    return said


_FIELDS = (("i", "id"), ("n", "attempt"), ("s", "began"), ("m", "memory"), ("in", "input"), ("out", "output"))
_OTHERS = (("w", "wake_at"), ("t", "deadline"), ("r", "retry_at"), ("x", "ending"))


def _said(going: Going) -> dict[str, Any]:
    said: dict[str, Any] = {}
    if going.id:
        said = {short: value for short, name in _FIELDS if (value := getattr(going, name)) is not None}
    said.update({short: value for short, name in _OTHERS if (value := getattr(going, name)) not in (None, "")})
    if going.attempt:
        said["n"] = going.attempt
    if going.ended:
        said["e"] = {key: [ended.failed, ended.message, ended.seen] for key, ended in going.ended.items()}
    if going.branches:
        said["b"] = {key: freeze(inner) for key, inner in going.branches.items()}
    return said


def _going(said: Json) -> Going:
    going = Going(**{name: said[short] for short, name in (*_FIELDS, *_OTHERS) if short in said})
    going.ended = {key: Ended(*one) for key, one in said.get("e", {}).items()}
    return going
