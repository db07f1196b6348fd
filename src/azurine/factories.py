"""Where the rooms of data factories meet: the kinds of the wing, and the doors by which its runs are begun and asked about.

A part of `app`, which puts the kinds, the table and the performers among the others.
"""

from azurine import factory
from azurine.api.actions import Table
from azurine.api.factory import monitoring, running
from azurine.factory import integration_runtimes, runs
from azurine.factory import kinds as names

KINDS = factory.KINDS
_NAMES = monitoring.Names(names.FACTORIES, names.RUNS, names.PAGES, names.TRIGGERS, names.TRIGGER_RUNS)


def table() -> Table:
    """The questions that are asked of factories, pipelines, runs and triggers."""
    status: Table = {(names.INTEGRATION_RUNTIMES, "getStatus"): lambda asked: integration_runtimes.status(asked.resource)}
    return {**status, **running.table(names.PIPELINES, names.RUNS, runs.cancel), **monitoring.table(_NAMES, runs.told)}
