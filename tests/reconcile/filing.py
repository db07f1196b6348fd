"""What performers are given in plays: somewhere to file, which can be waited on."""

import queue

from azurine.model.decisions import Outcome

PATIENCE = 10.0


class Filed:
    """Outcomes in the order in which they were filed."""

    def __init__(self) -> None:
        self._outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()

    def __call__(self, outcome: Outcome) -> None:
        self._outcomes.put(outcome)

    def next(self) -> Outcome:
        return self._outcomes.get(timeout=PATIENCE)

    def nothing(self) -> bool:
        return self._outcomes.empty()
