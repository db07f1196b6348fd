"""The data-factory wing: what factories, pipelines, datasets, linked services, triggers and runs mean. One file per kind, activity, trigger.

Pipelines are checked when they are published (`pipelines`) and walked when they are run (`runs`), activity by activity (`activities`).
"""

from azurine.factory import callbacks, documents, factories, global_parameters, mappings, pipelines, runs, triggers
from azurine.model.kinds import Kind

KINDS: tuple[Kind, ...] = (
    factories.KIND,
    global_parameters.KIND,
    *documents.KINDS,
    mappings.KIND,
    pipelines.KIND,
    *triggers.KINDS,
    *runs.KINDS,
    callbacks.KIND,
)
