"""`azurine monitor alerts`, `silence`, `retry`: who was told of a drift, and who is to be left alone."""

from typing import Annotated, Any
from urllib.parse import quote

import typer

from azurine.cli import asking, commands
from azurine.cli.commands import Here
from azurine.cli.printing import Column

_COLUMNS = (
    Column("alert", "name"),
    Column("monitor", "monitor"),
    Column("drift", "drift"),
    Column("state", "state"),
    Column("told", "told"),
    Column("error", "error"),
    Column("created", "created"),
)
Alert = Annotated[str, typer.Option("--alert", "-a", help="The alert's name.", show_default=False)]
SomeMonitor = Annotated[str | None, typer.Option("--name", "-n", help="Only those of this monitor.", show_default=False)]


def register(app: typer.Typer) -> None:
    """Adds the verbs to the noun `monitor`."""
    commands.command(app, "alerts", _COLUMNS)(alerts)
    commands.command(app, "silence", _COLUMNS)(silence)
    commands.command(app, "retry", _COLUMNS)(retry)


def alerts(here: Here, name: SomeMonitor = None) -> Any:
    """The alerts, newest first: what they are of, and whether they arrived."""
    found = [_shown(one) for one in asking.pages(here, "driftAlerts")]
    return [one for one in found if name in (None, one["monitor"])]


def silence(
    here: Here,
    alert: Alert,
    length: Annotated[str, typer.Option("--for", help="For how long, such as PT4H or P1D; PT0S ends it.", show_default=False)],
) -> Any:
    """Stops an alert that has not arrived, and keeps its monitor quiet for a while."""
    return _wished(here, alert, "silence", {"for": length})


def retry(here: Here, alert: Alert) -> Any:
    """Tries now to tell those who could not be told."""
    return _wished(here, alert, "retry", {})


def _wished(here: Here, alert: str, word: str, body: dict[str, Any]) -> dict[str, Any]:
    path = f"driftAlerts/{quote(alert, safe='')}"
    asking.arm(here, "POST", f"{path}/{word}", body)
    return _shown(asking.arm(here, "GET", path))


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    said = found["properties"]
    much, deliveries = said.get("driftPercentage"), said["deliveries"]
    errors = [f"{one['to']}: {one['lastError']}" for one in deliveries if one.get("lastError")]
    return {
        "name": found["name"],
        "monitor": said["monitor"].rpartition("/")[2],
        "run": said["run"],
        "window": said["window"],
        "drift": f"{much:.1f} %" if much is not None else None,
        "state": said["state"],
        "told": f"{sum(one['state'] == 'Delivered' for one in deliveries)} of {len(deliveries)}",
        "error": "; ".join(errors) or said.get("reason"),
        "silenced_until": said.get("silencedUntil"),
        "deliveries": deliveries,
        "created": said["createdTime"],
    }
