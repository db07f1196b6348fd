"""The metrics of all endpoints, as Prometheus reads them.

azurine_requests_total{endpoint, deployment, status}           azurine_request_errors_total{…}
azurine_request_duration_seconds_bucket|_sum|_count{…}         azurine_requests_pending, azurine_requests_waiting, azurine_workers
"""

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass, field

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(slots=True)
class Tally:
    """Of one deployment."""

    statuses: dict[int, int] = field(default_factory=dict)
    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def count(self, status: int, seconds: float) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


@dataclass(frozen=True, slots=True)
class Gauge:
    """How a deployment stands now."""

    pending: int
    waiting: int
    workers: int


Labels = tuple[str, str, str]
"""workspace, endpoint, deployment."""


def page(tallies: Iterable[tuple[Labels, Tally]], gauges: Iterable[tuple[Labels, Gauge]]) -> str:
    counted, standing = sorted(tallies, key=lambda one: one[0]), sorted(gauges, key=lambda one: one[0])
    lines = ["# HELP azurine_requests_total Requests answered.", "# TYPE azurine_requests_total counter"]
    for labels, tally in counted:
        lines += [f"azurine_requests_total{_braces(labels, status=str(status))} {number}" for status, number in sorted(tally.statuses.items())]
    lines += ["# HELP azurine_request_errors_total Requests answered with a status of 400 or more.", "# TYPE azurine_request_errors_total counter"]
    for labels, tally in counted:
        lines.append(f"azurine_request_errors_total{_braces(labels)} {sum(number for status, number in tally.statuses.items() if status >= 400)}")
    lines += [
        "# HELP azurine_request_duration_seconds Time from the whole request to the answer.",
        "# TYPE azurine_request_duration_seconds histogram",
    ]
    for labels, tally in counted:
        lines += _histogram(labels, tally)
    for name, text in (("pending", "Requests being worked on or waiting."), ("waiting", "Requests waiting for a process.")):
        lines += [f"# HELP azurine_requests_{name} {text}", f"# TYPE azurine_requests_{name} gauge"]
        lines += [f"azurine_requests_{name}{_braces(labels)} {getattr(gauge, name)}" for labels, gauge in standing]
    lines += ["# HELP azurine_workers Processes that serve.", "# TYPE azurine_workers gauge"]
    lines += [f"azurine_workers{_braces(labels)} {gauge.workers}" for labels, gauge in standing]
    return "\n".join(lines) + "\n"


def _histogram(labels: Labels, tally: Tally) -> list[str]:
    name = "azurine_request_duration_seconds"
    lines, total = [], 0
    for bound, number in zip([*(f"{bound:g}" for bound in BOUNDS), "+Inf"], tally.buckets, strict=True):
        total += number
        lines.append(f"{name}_bucket{_braces(labels, le=bound)} {total}")
    return [*lines, f"{name}_sum{_braces(labels)} {tally.seconds:.6f}", f"{name}_count{_braces(labels)} {total}"]


def _braces(labels: Labels, **more: str) -> str:
    named = {"workspace": labels[0], "endpoint": labels[1], "deployment": labels[2], **more}
    return "{" + ",".join(f'{name}="{value}"' for name, value in named.items()) + "}"
