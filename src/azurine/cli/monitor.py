"""`azurine monitor …`: monitors of drift, and their alerts."""

from azurine.cli import commands, monitor_alerts

app = commands.noun("Monitors of drift, and their alerts.")
monitor_alerts.register(app)
