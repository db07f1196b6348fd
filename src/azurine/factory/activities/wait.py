"""Wait: lets some seconds pass. https://learn.microsoft.com/azure/data-factory/control-flow-wait-activity"""

from azurine.factory.sight import INVALID, Checking, Progress, Sight, Sort, failed, succeeded


def check(checking: Checking) -> None:
    checking.require("waitTimeInSeconds")


def step(sight: Sight) -> Progress:
    if sight.memory is not None:
        return _waited(sight, float(sight.memory["until"]))
    seconds = _number(sight.value("waitTimeInSeconds"))
    if seconds is None or not 0 <= seconds < 2**31:
        message = f"The value of 'waitTimeInSeconds' of the activity '{sight.activity.name}' must be a number of seconds, 0 or more."
        return failed(INVALID, message)
    if seconds == 0:
        return succeeded({}, input={"waitTimeInSeconds": 0})
    return Progress(input={"waitTimeInSeconds": seconds}, memory={"until": sight.now + seconds}, wake_at=sight.now + seconds)


def _waited(sight: Sight, until: float) -> Progress:
    return succeeded() if sight.now >= until else Progress(wake_at=until)


def _number(value: object) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    try:
        return int(value) if isinstance(value, str) and len(value) < 20 else None
    except ValueError:
        return None


SORT = Sort("Wait", step, check)
