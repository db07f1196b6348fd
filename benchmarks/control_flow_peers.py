"""A row of steps that do next to nothing, by another engine: prints the milliseconds of one. Runs in the engine's own environment.

python control_flow_peers.py dbos|kedro STEPS
"""

import logging
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

TIMES = 3


def dbos(steps: int) -> Callable[[], None]:
    from dbos import DBOS

    logging.disable(logging.CRITICAL)
    Path("dbos.sqlite").unlink(missing_ok=True)
    DBOS(config={"name": "bench", "system_database_url": "sqlite:///dbos.sqlite", "run_admin_server": False})

    @DBOS.step()
    def step(number: int) -> int:
        return number + 1

    @DBOS.workflow()
    def flow() -> int:
        number = 0
        for _ in range(steps):
            number = step(number)
        return number

    DBOS.launch()

    def run() -> None:
        assert flow() == steps

    return run


def kedro(steps: int) -> Callable[[], None]:
    from kedro.io import DataCatalog, MemoryDataset
    from kedro.pipeline import node, pipeline
    from kedro.runner import SequentialRunner

    logging.disable(logging.CRITICAL)
    row = pipeline([node(_next, f"d{number}", f"d{number + 1}", name=f"n{number}") for number in range(steps)])

    def run() -> None:
        SequentialRunner().run(row, DataCatalog({"d0": MemoryDataset(0)}))

    return run


def _next(number: int) -> int:
    return number + 1


def main(engine: str, steps: int) -> None:
    run = {"dbos": dbos, "kedro": kedro}[engine](steps)
    run()
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        run()
        taken.append(time.perf_counter() - began)
    print(sorted(taken)[TIMES // 2] * 1000 / steps, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
    sys.stdout.flush()
    os._exit(0)  # DBOS keeps threads of its own
