"""Distributed steps on one machine: how many processes of the command there are, and what tells each its place.

    pytorch      process_count_per_instance processes per instance; RANK, LOCAL_RANK, WORLD_SIZE, MASTER_ADDR, …
    mpi          the same number, with the variables that Open MPI's launcher sets
    tensorflow   worker_count workers (default: the instances) and parameter_server_count servers; TF_CONFIG

The instances of a step are all on this machine: their processes run side by side. No distribution means one process.

https://learn.microsoft.com/azure/machine-learning/how-to-train-distributed-gpu
"""

import json
import socket
from collections.abc import Mapping
from typing import Any

from azurine.model.errors import Invalid

MOST = 256
"""Processes of one step; more is taken for a mistake."""


def places(distribution: Mapping[str, Any] | None, instances: int) -> list[dict[str, str]]:
    """The variables of each process, by rank. Raises Invalid for a distribution of an unknown kind, or a wrong count."""
    kind = str((distribution or {}).get("type") or (distribution or {}).get("distributionType") or "").lower()
    if not distribution or not kind:
        return [{"AZUREML_CR_NODE_RANK": "0"}]
    if kind == "tensorflow":
        return _tensorflow(distribution, instances)
    if kind not in ("pytorch", "mpi"):
        raise Invalid(f"distribution {kind!r} is not known; pytorch, mpi and tensorflow are", path="distribution.type")
    each = _count(distribution, ("process_count_per_instance", "processCountPerInstance"), 1)
    _check(each * instances)
    port = _free_port()
    return [_ranked(kind, rank, each, each * instances, port) for rank in range(each * instances)]


def _ranked(kind: str, rank: int, each: int, world: int, port: int) -> dict[str, str]:
    node, local = divmod(rank, each)
    if kind == "mpi":
        own = {"OMPI_COMM_WORLD_RANK": rank, "OMPI_COMM_WORLD_LOCAL_RANK": local, "OMPI_COMM_WORLD_SIZE": world, "OMPI_COMM_WORLD_LOCAL_SIZE": each}
    else:
        own = {"RANK": rank, "LOCAL_RANK": local, "WORLD_SIZE": world, "LOCAL_WORLD_SIZE": each, "NODE_RANK": node, "MASTER_PORT": port}
    return {name: str(value) for name, value in own.items()} | {"MASTER_ADDR": "127.0.0.1", "AZUREML_CR_NODE_RANK": str(node)}


def _tensorflow(distribution: Mapping[str, Any], instances: int) -> list[dict[str, str]]:
    workers = _count(distribution, ("worker_count", "workerCount"), instances)
    servers = _count(distribution, ("parameter_server_count", "parameterServerCount"), 0)
    _check(workers + servers)
    tasks = [("worker", index) for index in range(workers)] + [("ps", index) for index in range(servers)]
    cluster: dict[str, list[str]] = {}
    for kind, _ in tasks:
        cluster.setdefault(kind, []).append(f"127.0.0.1:{_free_port()}")
    configurations = [{"cluster": cluster, "task": {"type": kind, "index": index}} for kind, index in tasks]
    return [{"TF_CONFIG": json.dumps(one), "AZUREML_CR_NODE_RANK": str(rank)} for rank, one in enumerate(configurations)]


def _count(distribution: Mapping[str, Any], names: tuple[str, ...], default: int) -> int:
    found = next((distribution[name] for name in names if distribution.get(name) is not None), default)
    if isinstance(found, bool) or not isinstance(found, int) or found < 0:
        raise Invalid(f"distribution.{names[0]} should be a whole number, not {found!r}", path=f"distribution.{names[0]}")
    return found


def _check(count: int) -> None:
    if not 1 <= count <= MOST:
        raise Invalid(f"a step may have 1 to {MOST} processes, not {count}", path="distribution")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])
