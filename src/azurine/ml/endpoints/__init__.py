"""Endpoints: addresses at which models answer, and the deployments behind them. One file per kind."""

from azurine.ml.endpoints import batch, batch_deployments, online, online_deployments
from azurine.model.kinds import Kind


def kinds(address: str, default: str = "") -> tuple[Kind, ...]:
    """address: where clients reach the server. default: id of the workspace whose endpoints have the short addresses."""
    return (online.kind(address, default), online_deployments.KIND, batch.kind(address, default), batch_deployments.KIND)
