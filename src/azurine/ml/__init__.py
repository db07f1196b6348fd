"""The machine-learning wing: what workspaces, data, models, environments, components and computes mean. One file per kind.

Jobs, which know many of these, are a folder of their own (`ml.jobs`) with kinds of their own.
"""

from azurine.ml import codes, components, computes, data, datastores, environments, experiments, models, registries, workspaces
from azurine.model.kinds import Kind


def kinds(address: str) -> tuple[Kind, ...]:
    """The kinds, for a server that is reached at `address` (`https://localhost:8443`): a workspace tells clients where it is."""
    return (
        workspaces.kind(address),
        datastores.KIND,
        data.CONTAINER,
        data.KIND,
        environments.CONTAINER,
        environments.KIND,
        components.CONTAINER,
        components.KIND,
        codes.CONTAINER,
        codes.KIND,
        models.CONTAINER,
        models.KIND,
        computes.KIND,
        experiments.KIND,
        *registries.KINDS,
    )


KINDS: tuple[Kind, ...] = kinds("")
