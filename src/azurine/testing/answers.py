"""What a mock answers in the place of an activity, and what is wrong when none does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from azurine.factory.sight import Progress, failed, succeeded

Json = Any


class Unmocked(AssertionError):
    """A run met an activity that works outside, and no mock answers for it."""


class Stuck(AssertionError):
    """A run waits for something that will never come, or for longer than a test should."""


@dataclass(frozen=True, slots=True)
class Failure:
    """The activity fails, as `activity('X').error` tells it."""

    code: str = "2100"
    message: str = "The activity failed."
    type: str = "UserError"


@dataclass(frozen=True, slots=True)
class Takes:
    """The activity takes so long, by the moving clock, and then ends so."""

    seconds: float
    then: "Json | Failure" = field(default_factory=dict)


Answer = Json | Failure | Takes
"""A JSON object is the activity's output."""
Mock = Answer | Sequence[Answer] | Callable[[Mapping[str, Json]], Answer]
"""A list has one answer for each call, in order (attempts and iterations are calls); a function is given the evaluated properties."""


def ended(answer: Answer) -> Progress:
    """How an activity is over that was answered so. Raises TypeError for what is no answer."""
    if isinstance(answer, Failure):
        return failed(answer.code, answer.message, answer.type)
    if not isinstance(answer, Mapping):
        raise TypeError(f"a mock answers a JSON object (the activity's output), a Failure or Takes; here it is {answer!r:.80}")
    return succeeded(answer)
