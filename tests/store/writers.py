"""A process that writes to a store for as long as it lives, to be killed: forked anew for each line on its standard input.

A line holds a round's number and how many threads are to write. Each writes batches of a Create and a Report, and says on
standard output what was acknowledged, after it was. The importing is done once, before the first fork.
"""

import os
import sys
from itertools import count
from threading import Thread

from azurine.model.resources import Resource
from azurine.store.log import Create, Log, Report
from azurine.store.sql import open_log


def write(log: Log, prefix: str) -> None:
    for number in count():
        identifier = f"w/w/jobs/{prefix}-{number}"
        answers = log.write([Create(identifier, "workspaces/jobs", "w/w", {"text": "x" * 500}), Report(identifier, {"n": number})], 1.0)
        for answer in answers:
            assert isinstance(answer, Resource)
        os.write(1, f"{identifier}\n".encode())


def write_until_killed(url: str, round_number: str, threads: int) -> None:
    log = open_log(url)
    os.write(1, f"pid {os.getpid()}\n".encode())
    for thread in range(threads):
        Thread(target=write, args=(log, f"{round_number}-{thread}")).start()


def main() -> None:
    for line in sys.stdin:
        round_number, threads = line.split()
        child = os.fork()
        if child == 0:
            write_until_killed(sys.argv[1], round_number, int(threads))
            return
        os.waitpid(child, 0)
        os.write(1, b"dead\n")


if __name__ == "__main__":
    main()
