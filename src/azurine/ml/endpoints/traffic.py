"""Traffic: which share of an endpoint's requests each deployment gets, and which share of them another gets a copy of.

Live traffic is whole percents that sum to 100, or to 0 when no deployment takes any. A copy (mirror) goes to one deployment, of at
most half of the requests, and not to one that takes live traffic; what it answers is dropped.
https://learn.microsoft.com/azure/machine-learning/how-to-safely-rollout-online-endpoints
"""

from collections.abc import Mapping, Sequence

from azurine.ml.reading import Reader, clipped

MOST_MIRRORED = 50


def check(properties: Reader, deployments: Sequence[str]) -> None:
    """Notes what is wrong with the traffic of an endpoint. deployments: those that there are."""
    live = _percents(properties.mapping("traffic"), deployments)
    total = sum(live.values())
    if total not in (0, 100):
        properties.fault("traffic", f"the percents of traffic sum to {total}; they must sum to 100, or to 0", "InvalidTraffic")
    mirrored = {name: share for name, share in _percents(properties.mapping("mirrorTraffic"), deployments).items() if share}
    if len(mirrored) > 1:
        properties.fault("mirrorTraffic", f"traffic can be mirrored to one deployment, not to {len(mirrored)}", "InvalidTraffic")
    for name, share in mirrored.items():
        if share > MOST_MIRRORED:
            properties.fault("mirrorTraffic", f"{share} percent of the traffic cannot be mirrored; at most {MOST_MIRRORED} can", "InvalidTraffic")
        if live.get(name):
            properties.fault("mirrorTraffic", f"{clipped(name)} takes live traffic, so it cannot get mirrored traffic too", "InvalidTraffic")


def shares(given: object) -> dict[str, int]:
    """Of what was admitted: deployment → percent, without the zeroes."""
    found = given if isinstance(given, Mapping) else {}
    return {str(name).lower(): int(share) for name, share in found.items() if share}


def _percents(reader: Reader, deployments: Sequence[str]) -> dict[str, int]:
    known = {name.lower() for name in deployments}
    found: dict[str, int] = {}
    for name in reader.value:
        share = reader.whole(str(name), least=0, most=100)
        if share and str(name).lower() not in known:
            there = ", ".join(deployments) or "none"
            reader.fault(str(name), f"there is no deployment {clipped(name)} in this endpoint; there are: {there}", "DeploymentNotFound")
        if share is not None:
            found[str(name).lower()] = share
    return found
